//! How fast the store in Redis is, next to its own script driven by hand, and what the work on an
//! event costs Redis besides its acceptance.
//!
//! ```text
//! cargo bench --features redis,test-util --bench redis -- --rounds 5
//! ```
//!
//! Starts a redis-server for each `appendfsync` on a free port. CPU is the server's own, as its
//! `INFO cpu` tells it.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/support/redis.rs"]
mod server;

use std::{
    env,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use hookgate::store::{
    Accept, AcceptanceId, Accepted, DedupKey, Entry, HandlerDecl, Held, Jobs, LeaseRequest,
    RedisStore, ReplayGuard,
};
use redis::{Cmd, Script, aio::MultiplexedConnection};
use server::RedisServer;
use tokio::{sync::Semaphore, task::JoinSet};

const IN_FLIGHT: [usize; 3] = [1, 64, 256];
const FOR: Duration = Duration::from_secs(1);
const SYNCED: [(&str, &[&str]); 3] = [
    ("no persistence", &["--appendonly", "no"]),
    (
        "everysec",
        &["--appendonly", "yes", "--appendfsync", "everysec"],
    ),
    (
        "always",
        &["--appendonly", "yes", "--appendfsync", "always"],
    ),
];

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let rounds = arguments.iter().position(|a| a == "--rounds");
    let rounds = rounds.map_or(3, |at| arguments[at + 1].parse().expect("a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (name, arguments) in SYNCED {
        let server = RedisServer::start_with(arguments);
        if rounds > 0 {
            runtime.block_on(accepts(name, &server, rounds));
        }
        for handlers in [1, 4] {
            runtime.block_on(works(name, &server, handlers));
            runtime.block_on(steps(name, &server, handlers));
        }
    }
}

/// The store and the same script by hand, in turn.
async fn accepts(name: &str, server: &RedisServer, rounds: usize) {
    let by_hand = ByHand::new(server).await;
    for in_flight in IN_FLIGHT {
        let (mut of_store, mut of_hand) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            flush(server).await;
            let store = opened(server, 1).await;
            let run = measure(server, in_flight, || {
                let store = Arc::clone(&store);
                async move {
                    let answer = store.accept(entry(1)).await.expect("accept");
                    assert!(matches!(answer, Accepted::New { .. }));
                }
            });
            of_store.push(run.await);
            flush(server).await;
            let store = opened(server, 1).await;
            let run = measure(server, in_flight, || by_hand.accept());
            of_hand.push(run.await);
            let queued = store.stats().await.expect("stats").handlers[0].queued;
            assert!(queued > 0, "by hand nothing was accepted");
        }
        let ratio = of_store.iter().zip(&of_hand).map(|(a, b)| a.rate / b.rate);
        let (store, hand) = (median(&of_store), median(&of_hand));
        println!(
            "{name}: accept, 1 KiB, {in_flight:>3} in flight: store {store}; by hand {hand}; \
             ratio {:.2}",
            middle(ratio.collect())
        );
    }
}

/// Accepts, and then works off what was accepted.
async fn works(name: &str, server: &RedisServer, handlers: usize) {
    const EVENTS: usize = 30_000;
    flush(server).await;
    let store = opened(server, handlers).await;
    let (begun, cpu) = (Instant::now(), cpu_of(server));
    let room = Arc::new(Semaphore::new(64));
    let mut tasks = JoinSet::new();
    for _ in 0..EVENTS {
        let place = Arc::clone(&room).acquire_owned().await.expect("open");
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            store.accept(entry(handlers)).await.expect("accept");
            drop(place);
        });
    }
    tasks.join_all().await;
    let (accepted, accepting) = (begun.elapsed(), cpu_of(server) - cpu);
    let (begun, cpu) = (Instant::now(), cpu_of(server));
    let mut workers = JoinSet::new();
    for handler in 0..handlers {
        workers.spawn(work(Arc::clone(&store), handler_name(handler)));
    }
    workers.join_all().await;
    let (worked, working) = (begun.elapsed(), cpu_of(server) - cpu);
    let stats = store.stats().await.expect("stats");
    assert_eq!((stats.bytes, stats.handlers[0].queued), (0, 0));
    let each = |micros: f64| micros / EVENTS as f64;
    println!(
        "{name}: {handlers} handlers: {:.0} events/s accepted, {:.0} jobs/s leased and done; \
         Redis' CPU per event: accept {:.1} us, work {:.1} us ({:.0} %)",
        EVENTS as f64 / accepted.as_secs_f64(),
        (EVENTS * handlers) as f64 / worked.as_secs_f64(),
        each(accepting),
        each(working),
        100.0 * working / accepting
    );
}

/// What each step costs Redis: all are accepted, then all leased, then all ended.
async fn steps(name: &str, server: &RedisServer, handlers: usize) {
    const EVENTS: usize = 20_000;
    flush(server).await;
    let store = opened(server, handlers).await;
    let mut used = vec![cpu_of(server)];
    let room = Arc::new(Semaphore::new(64));
    for _ in 0..EVENTS {
        let place = Arc::clone(&room).acquire_owned().await.expect("open");
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store.accept(entry(handlers)).await.expect("accept");
            drop(place);
        });
    }
    drop(room.acquire_many(64).await.expect("open"));
    used.push(cpu_of(server));
    let mut leased = Vec::new();
    for handler in (0..handlers).map(handler_name) {
        loop {
            let request = LeaseRequest {
                handler: &handler,
                max: 64,
                lease: Duration::from_secs(600),
                wait: Duration::ZERO,
            };
            let jobs = store.lease(request).await.expect("lease");
            if jobs.is_empty() {
                break;
            }
            leased.extend(jobs.into_iter().map(|job| job.fence));
        }
    }
    assert_eq!(leased.len(), EVENTS * handlers);
    used.push(cpu_of(server));
    for fence in leased {
        let place = Arc::clone(&room).acquire_owned().await.expect("open");
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let done = store.done(&fence).await.expect("done");
            assert_eq!(done, Held::Applied);
            drop(place);
        });
    }
    drop(room.acquire_many(64).await.expect("open"));
    used.push(cpu_of(server));
    let each = |at: usize| (used[at + 1] - used[at]) / EVENTS as f64;
    println!(
        "{name}: {handlers} handlers: Redis' CPU per event: accept {:.1} us, lease and read {:.1} us \
         ({:.0} %), done {:.1} us ({:.0} %)",
        each(0),
        each(1),
        100.0 * each(1) / each(0),
        each(2),
        100.0 * each(2) / each(0)
    );
}

/// Leases for 64 jobs at a time, as an inbox does it.
async fn work(store: Arc<RedisStore>, handler: String) {
    let room = Arc::new(Semaphore::new(64));
    loop {
        drop(room.acquire().await.expect("open"));
        tokio::task::yield_now().await;
        let request = LeaseRequest {
            handler: &handler,
            max: room.available_permits().max(1),
            lease: Duration::from_secs(60),
            wait: Duration::ZERO,
        };
        let jobs = store.lease(request).await.expect("lease");
        if jobs.is_empty() {
            let _all = room.acquire_many(64).await.expect("open");
            return;
        }
        for job in jobs {
            let place = Arc::clone(&room).acquire_owned().await.expect("open");
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let done = store.done(&job.fence).await.expect("done");
                assert_eq!(done, Held::Applied);
                drop(place);
            });
        }
    }
}

async fn opened(server: &RedisServer, handlers: usize) -> Arc<RedisStore> {
    let store = RedisStore::new(server.pool());
    let handlers: Vec<_> = (0..handlers)
        .map(|n| HandlerDecl {
            max_backlog: None,
            name: handler_name(n),
            filter: Bytes::new(),
        })
        .collect();
    store.declare(&handlers).await.expect("declare");
    Arc::new(store)
}

async fn flush(server: &RedisServer) {
    let mut connection = server.pool().get().await.expect("a connection");
    let mut flush = redis::cmd("FLUSHALL");
    let flushed = flush.arg("SYNC").exec_async(&mut connection).await;
    flushed.expect("flush");
}

/// Microseconds that the server has used so far.
fn cpu_of(server: &RedisServer) -> f64 {
    let info = server.info("cpu");
    let seconds = |name: &str| -> f64 {
        let mut values = info.lines().filter_map(|line| line.strip_prefix(name));
        values
            .next()
            .expect("a line")
            .trim()
            .parse()
            .expect("seconds")
    };
    (seconds("used_cpu_user:") + seconds("used_cpu_sys:")) * 1e6
}

fn handler_name(n: usize) -> String {
    format!("h{n}")
}

fn fresh() -> [u8; 16] {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let n = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id
}

const BODY: [u8; 1024] = [7; 1024];

fn entry(handlers: usize) -> Entry {
    let id = fresh();
    Entry {
        key: DedupKey(id),
        acceptance: AcceptanceId(id),
        digest: [7; 8],
        head: Bytes::new(),
        body: Bytes::from_static(&BODY),
        window: Duration::from_secs(86_400),
        revision: 1,
        routes: (0..handlers).map(|n| handler_name(n).into()).collect(),
        replay_guard: ReplayGuard::Off,
    }
}

/// The store's own script, called through one connection that pipelines by itself.
struct ByHand {
    connection: MultiplexedConnection,
    hash: Arc<str>,
}

impl ByHand {
    async fn new(server: &RedisServer) -> Self {
        let client = redis::Client::open(server.url()).expect("a client");
        let connection = client.get_multiplexed_async_connection().await;
        let script = Script::new(include_str!("../src/store/redis/scripts/accept.lua"));
        Self {
            connection: connection.expect("a connection"),
            hash: script.get_hash().into(),
        }
    }

    /// What the store sends for one [`entry`] with one handler; it sends several in one call.
    fn accept(&self) -> impl Future<Output = ()> + Send + 'static {
        let (mut connection, hash) = (self.connection.clone(), Arc::clone(&self.hash));
        async move {
            let id = fresh();
            let key = |kind: &str, name: &[u8]| [b"{hookgate:0}", kind.as_bytes(), name].concat();
            let mut event = String::new();
            for byte in id {
                event += &format!("{byte:02x}");
            }
            let dedup = key("d:", &id);
            let mut job = [id, id].concat();
            for number in [0_u32, 0, 0, 1024] {
                job.extend_from_slice(&number.to_be_bytes());
            }
            let record = [b"A", &id[..], &[7; 8], b"0000086400000"].concat();
            let payload = [&[0; 4][..], &BODY].concat();
            let mut call: Cmd = redis::cmd("EVALSHA");
            call.arg(&*hash).arg(5).arg(key("m", b"")).arg(&dedup);
            call.arg(key("e:", event.as_bytes())).arg(&dedup);
            call.arg(key("q:", b"h0")).arg("2");
            call.arg(1).arg(0).arg("1").arg(job).arg(record);
            call.arg(payload).arg("").arg("").arg("h0");
            let answers: Vec<(String, u8, u8)> =
                call.query_async(&mut connection).await.expect("accept");
            assert_eq!(answers[0].0, "new");
        }
    }
}

#[derive(Clone, Copy)]
struct Run {
    rate: f64,
    p50: Duration,
    p99: Duration,
    /// Microseconds of Redis' CPU for one.
    cpu: f64,
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rate,
            p50,
            p99,
            cpu,
        } = self;
        write!(
            f,
            "{rate:.0}/s, p50 {p50:.0?}, p99 {p99:.0?}, {cpu:.1} us of Redis"
        )
    }
}

fn median(runs: &[Run]) -> Run {
    let mut runs = runs.to_vec();
    runs.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    runs[runs.len() / 2]
}

fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

async fn measure<F, R>(server: &RedisServer, in_flight: usize, call: F) -> Run
where
    F: Fn() -> R,
    R: Future<Output = ()> + Send + 'static,
{
    // One round of all of them first, so that connections are there.
    let mut tasks = JoinSet::new();
    (0..in_flight).for_each(|_| drop(tasks.spawn(call())));
    tasks.join_all().await;
    let (begun, cpu) = (Instant::now(), cpu_of(server));
    let mut times = Vec::new();
    let mut tasks = JoinSet::new();
    let timed = |call: R| async move {
        let begun = Instant::now();
        call.await;
        begun.elapsed()
    };
    (0..in_flight).for_each(|_| drop(tasks.spawn(timed(call()))));
    while let Some(done) = tasks.join_next().await {
        times.push(done.expect("no panic"));
        if begun.elapsed() < FOR {
            tasks.spawn(timed(call()));
        }
    }
    let (count, span) = (times.len() as f64, begun.elapsed().as_secs_f64());
    let cpu = cpu_of(server) - cpu;
    times.sort_unstable();
    Run {
        rate: count / span,
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
        cpu: cpu / count,
    }
}
