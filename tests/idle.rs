//! An inbox that has nothing to do costs next to nothing, and wakes up because it is told to, not
//! because it looks.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/around.rs"]
mod around;
#[path = "support/place.rs"]
mod place;
#[path = "support/redis.rs"]
mod redis;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{DeadLetter, Job, on},
    provider,
    store::{MemoryStore, Store},
    testing::Signer,
    verify::ReplyBody,
};
use tokio::sync::mpsc;
use tower::ServiceExt;

use around::{Around, Call, Wrapped};
use place::Place;

/// How long nothing happens: longer than one call waits for work.
const IDLE: Duration = Duration::from_secs(7);

/// How often each verb was called.
#[derive(Debug, Default)]
struct Counts(Mutex<BTreeMap<&'static str, u64>>);

impl Around for Arc<Counts> {
    fn before(&self, call: Call<'_>) {
        *self.0.lock().unwrap().entry(call.verb).or_default() += 1;
    }
}

impl Counts {
    fn of(&self, verb: &str) -> u64 {
        self.0
            .lock()
            .unwrap()
            .get(verb)
            .copied()
            .unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_memory() {
    idle(Arc::new(MemoryStore::new()), || 0, |_| 0).await;
}

/// It is not written to, not even for the looks that find nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_file() {
    let place = Place::file();
    let name = place.name();
    let last_written = || {
        let modified = Path::new(&name).metadata().unwrap().modified().unwrap();
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        u64::try_from(since.as_nanos()).unwrap()
    };
    idle(place::open(&name), last_written, |_| 0).await;
}

/// A call takes the server a few commands, those of its script counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis() {
    let server = redis::RedisServer::start();
    let store = place::open(&server.url());
    let commands = || {
        let stats = server.info("stats");
        let (_, count) = stats.split_once("total_commands_processed:").unwrap();
        count.split_whitespace().next().unwrap().parse().unwrap()
    };
    idle(store, commands, |calls| 4 * calls + 30).await;
}

/// An idle inbox with two handlers and an alert hook. `cost` is what else is counted, and may rise
/// by `most` for so many calls.
async fn idle(store: Arc<dyn Store>, cost: impl Fn() -> u64, most: fn(u64) -> u64) {
    let counts = Arc::new(Counts::default());
    let around = Arc::clone(&counts);
    let (started, mut starts) = mpsc::unbounded_channel();
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret());
    let inbox = Inbox::builder(Wrapped { store, around })
        .source(stripe.build().unwrap())
        .handler("one", on("one"), move |_: Job| {
            started.send(()).unwrap();
            async { Ok(()) }
        })
        .handler("two", on("two"), |_: Job| async { Ok(()) })
        .on_dead(|_: Vec<DeadLetter>| async { Ok(()) })
        .build()
        .await
        .unwrap();
    let run = inbox.clone();
    let workers = tokio::spawn(async move { run.run(std::future::pending()).await });
    tokio::time::sleep(Duration::from_millis(500)).await;

    let (before, cost_before, begun) = (counts.0.lock().unwrap().clone(), cost(), Instant::now());
    tokio::time::sleep(IDLE).await;
    let (after, cost_after) = (counts.0.lock().unwrap().clone(), cost());
    let seconds = begun.elapsed().as_secs_f64();
    let calls = |verb: &str| {
        after.get(verb).copied().unwrap_or_default() - before.get(verb).copied().unwrap_or_default()
    };
    let all: u64 = after.values().sum::<u64>() - before.values().sum::<u64>();
    println!(
        "idle for {seconds:.1} s: {all} calls, {} of them lease; cost {}",
        calls("lease"),
        cost_after - cost_before
    );
    // One every five seconds, for each of two handlers.
    assert!(calls("lease") <= 4, "{} leases", calls("lease"));
    // Every second: what is due, and whether somebody died. Nothing else.
    let others = (seconds.ceil() as u64 + 1) * 2;
    for verb in ["promote", "alerted", "dead"] {
        assert!(calls(verb) <= others, "{} times {verb}", calls(verb));
    }
    let known = ["lease", "promote", "alerted", "dead"]
        .map(calls)
        .iter()
        .sum::<u64>();
    assert_eq!(all, known, "{before:?} {after:?}");
    let spent = cost_after - cost_before;
    assert!(spent <= most(all), "{spent} for {all} calls");

    // The call that waits is the one that finds the job.
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let waiting = counts.of("lease");
        deliver(&inbox).await;
        starts.recv().await.unwrap();
        let since = counts.of("lease") - waiting;
        assert!(since <= 2, "{since} more leases until the job was found");
    }
    workers.abort();
}

async fn deliver(inbox: &Inbox) {
    let id = SystemClock.now().as_millis();
    let body = format!(r#"{{"id":"evt_{id}","type":"one"}}"#);
    let signer = Signer::new(provider::STRIPE, &secret()).unwrap();
    let request = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
    let endpoint = inbox.endpoint("stripe").unwrap();
    assert_eq!(endpoint.oneshot(request).await.unwrap().status(), 200);
}

fn secret() -> Secret {
    Secret::new("s3cret").unwrap()
}
