//! How fast the store in a file is, next to what the same disk can do with one plain log, and to the
//! store in memory.
//!
//! `cargo bench --no-default-features --features embedded,test-util --bench stores`; the files go
//! to `HOOKGATE_BENCH_DIR`, or the folder for temporary files. `HOOKGATE_BENCH_IDS` is how many
//! remembered events the restart is measured with (1,000,000).
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a bench")]

use std::{
    env,
    fs::File,
    future::Future,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use hookgate::store::{
    AcceptanceId, Accepted, DedupKey, EmbeddedStore, Entry, HandlerDecl, Jobs, LeaseRequest,
    MemoryStore, ReplayGuard, Store,
};
use tokio::sync::{mpsc, oneshot};

const FOR: Duration = Duration::from_secs(4);
const IN_FLIGHT: [u64; 3] = [1, 64, 256];
const HANDLERS: [&str; 4] = ["a", "b", "c", "d"];

/// Without a bound: what is measured is not how it refuses.
fn memory() -> MemoryStore {
    MemoryStore::new().with_max_bytes(u64::MAX)
}

fn main() {
    if let Ok(path) = env::var("HOOKGATE_BENCH_FILL") {
        return fill_and_die(Path::new(&path));
    }
    let folder = env::var_os("HOOKGATE_BENCH_DIR").map_or_else(env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    runtime().block_on(async {
        let file = |name: String| EmbeddedStore::open(folder.path().join(name)).expect("open");
        for in_flight in IN_FLIGHT {
            raw(&folder.path().join(format!("raw{in_flight}")), in_flight).await;
            let store = declared(file(format!("{in_flight}.redb")), 1).await;
            accepts("the file", store, in_flight).await;
            accepts("memory", declared(memory(), 1).await, in_flight).await;
        }
        for handlers in [1, 4] {
            let store = declared(file(format!("jobs{handlers}.redb")), handlers).await;
            jobs("the file", store, handlers).await;
            jobs("memory", declared(memory(), handlers).await, handlers).await;
        }
    });
    restart(&folder.path().join("ids.redb"));
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The floor: one thread that appends what is waiting and syncs it.
async fn raw(path: &Path, in_flight: u64) {
    let mut file = File::create(path).expect("a file");
    let (sender, mut receiver) = mpsc::channel::<oneshot::Sender<()>>(8_192);
    let thread = std::thread::spawn(move || {
        let mut waiting = Vec::new();
        while receiver.blocking_recv_many(&mut waiting, 512) > 0 {
            file.write_all(&vec![7; 1_024 * waiting.len()])
                .expect("write");
            file.sync_data().expect("sync");
            for reply in waiting.drain(..) {
                let _ = reply.send(());
            }
        }
    });
    let one = sender.clone();
    measure("raw append + fdatasync", in_flight, move || {
        let sender = one.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            sender.send(reply).await.expect("the thread lives");
            answer.await.expect("the thread lives");
        }
    })
    .await;
    drop(sender);
    thread.join().expect("no panic");
}

async fn accepts(name: &str, store: Arc<dyn Store>, in_flight: u64) {
    let name = format!("{name}: accept, 1 KiB, 1 handler");
    measure(&name, in_flight, move || {
        let store = Arc::clone(&store);
        async move {
            let answer = store.accept(entry(1_024, 1)).await.expect("accept");
            assert!(matches!(answer, Accepted::New { .. }));
        }
    })
    .await;
}

/// Everything that was accepted is leased by 8 workers, 32 at a time, and done one by one.
async fn jobs(name: &str, store: Arc<dyn Store>, handlers: usize) {
    const JOBS: u64 = 50_000;
    for _ in 0..JOBS / 500 {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..500 {
            let store = Arc::clone(&store);
            tasks.spawn(async move { store.accept(entry(1_024, handlers)).await.expect("accept") });
        }
        tasks.join_all().await;
    }
    let started = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for (_, handler) in (0..8).zip(HANDLERS[..handlers].iter().copied().cycle()) {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            let (lease, wait) = (Duration::from_secs(60), Duration::ZERO);
            let request = LeaseRequest {
                handler,
                max: 32,
                lease,
                wait,
            };
            loop {
                let jobs = store.lease(request).await.expect("lease");
                if jobs.is_empty() {
                    return;
                }
                let mut ends = tokio::task::JoinSet::new();
                for job in jobs {
                    let store = Arc::clone(&store);
                    ends.spawn(async move { store.done(&job.fence).await.expect("done") });
                }
                ends.join_all().await;
            }
        });
    }
    workers.join_all().await;
    let all = JOBS as f64 * handlers as f64;
    let rate = all / started.elapsed().as_secs_f64();
    println!("{name}: lease + done, {handlers} handlers, 8 workers of 32: {rate:.0} jobs/s");
    let stats = store.stats().await.expect("stats");
    assert_eq!((stats.bytes, stats.handlers[0].queued), (0, 0));
}

fn restart(path: &Path) {
    let started = Instant::now();
    let me = env::current_exe().expect("a path");
    let status = std::process::Command::new(me)
        .env("HOOKGATE_BENCH_FILL", path)
        .status();
    assert!(!status.expect("a child").success(), "it dies");
    let filled = started.elapsed();
    let size = path.metadata().expect("a file").len() >> 20;
    for how in ["after a crash", "after a drop"] {
        let started = Instant::now();
        let store = EmbeddedStore::open(path).expect("open");
        let opened = started.elapsed();
        let stats = runtime().block_on(store.stats()).expect("stats");
        let unrouted = stats.unrouted;
        println!(
            "restart {how}, {unrouted} ids, {size} MiB: open {opened:.1?}, first answer {:.1?}",
            started.elapsed()
        );
    }
    println!("(filled in {filled:.0?})");
}

/// Remembers many events and is killed.
fn fill_and_die(path: &Path) {
    let ids = env::var("HOOKGATE_BENCH_IDS").map_or(1_000_000, |n| n.parse().expect("a number"));
    runtime().block_on(async {
        let store = declared(EmbeddedStore::open(path).expect("open"), 1).await;
        let left = Arc::new(AtomicU64::new(ids));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..1_024 {
            let (store, left) = (Arc::clone(&store), Arc::clone(&left));
            tasks.spawn(async move {
                let one_less = |n: u64| n.checked_sub(1);
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                    .is_ok()
                {
                    store.accept(entry(0, 0)).await.expect("accept");
                }
            });
        }
        tasks.join_all().await;
        std::process::abort();
    });
}

async fn declared(store: impl Store, handlers: usize) -> Arc<dyn Store> {
    for why in store.warnings() {
        println!("warning: {why}");
    }
    let handlers = HANDLERS[..handlers].iter().map(|name| HandlerDecl {
        max_backlog: None,
        name: (*name).to_owned(),
        filter: Bytes::new(),
    });
    let handlers: Vec<_> = handlers.collect();
    store.declare(&handlers).await.expect("declare");
    Arc::new(store)
}

fn entry(bytes: usize, handlers: usize) -> Entry {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let n = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    Entry {
        key: DedupKey(id),
        acceptance: AcceptanceId(id),
        digest: [7; 8],
        head: Bytes::new(),
        body: vec![7; bytes].into(),
        window: Duration::from_secs(86_400),
        revision: 1,
        routes: HANDLERS[..handlers]
            .iter()
            .map(|name| (*name).into())
            .collect(),
        replay_guard: ReplayGuard::Off,
    }
}

async fn measure<F, R>(name: &str, in_flight: u64, call: F)
where
    F: Fn() -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..in_flight {
        let call = call.clone();
        tasks.spawn(async move {
            let mut times = Vec::new();
            while started.elapsed() < FOR {
                let started = Instant::now();
                call().await;
                times.push(started.elapsed());
            }
            times
        });
    }
    let mut times = tasks.join_all().await.concat();
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times[times.len() * share / 100];
    println!(
        "{name}, {in_flight:>3} in flight: {rate:>6.0}/s, p50 {:.2?}, p99 {:.2?}",
        at(50),
        at(99)
    );
}
