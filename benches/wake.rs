//! How long an event takes from the store's answer to the start of its handler, on an inbox that was
//! idle: how prompt the wake-up is.
//!
//! `cargo bench --bench wake --features full,test-util`; starts a redis-server of its own, and puts
//! its file into the folder for temporary files.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/support/around.rs"]
mod around;
#[path = "../tests/support/place.rs"]
mod place;
#[path = "../tests/support/redis.rs"]
mod redis;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{Job, on},
    provider,
    store::{MemoryStore, Store},
    testing::Signer,
    verify::ReplyBody,
};
use tokio::sync::mpsc;
use tower::ServiceExt;

use around::{Around, Call, Wrapped};
use place::Place;

const EVENTS: usize = 1_000;

/// Between events: long enough for every worker to wait again.
const PAUSE: Duration = Duration::from_millis(3);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    measure("memory", Arc::new(MemoryStore::new())).await;
    let file = Place::file();
    measure("the file", place::open(&file.name())).await;
    let server = redis::RedisServer::start();
    measure("Redis, no persistence", place::open(&server.url())).await;
    let synced = Place::redis();
    measure("Redis, appendfsync always", place::open(&synced.name())).await;
}

/// When the store answered last.
#[derive(Debug)]
struct Accepted(Arc<Mutex<Instant>>);

impl Around for Accepted {
    fn after(&self, call: Call<'_>) {
        if call.verb == "accept" {
            *self.0.lock().unwrap() = Instant::now();
        }
    }
}

async fn measure(name: &str, store: Arc<dyn Store>) {
    let accepted = Arc::new(Mutex::new(Instant::now()));
    let around = Accepted(Arc::clone(&accepted));
    let (started, mut starts) = mpsc::unbounded_channel();
    let secret = Secret::new("s3cret").unwrap();
    let signer = Signer::new(provider::STRIPE, &secret).unwrap();
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret);
    let inbox = Inbox::builder(Wrapped { store, around })
        .source(stripe.build().unwrap())
        .handler("only", on("*"), move |_: Job| {
            started.send(Instant::now()).unwrap();
            async { Ok(()) }
        })
        .build()
        .await
        .unwrap();
    let run = inbox.clone();
    let workers = tokio::spawn(async move { run.run(std::future::pending()).await });
    let endpoint = inbox.endpoint("stripe").unwrap();
    let (mut whole, mut wake) = (Vec::new(), Vec::new());
    for n in 0..EVENTS {
        tokio::time::sleep(PAUSE).await;
        let body = format!(r#"{{"id":"evt_{n}","type":"a.b"}}"#);
        let request = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
        let asked = Instant::now();
        let reply = endpoint.clone().oneshot(request).await.unwrap();
        assert_eq!(reply.status(), 200);
        let begun = starts.recv().await.unwrap();
        whole.push(begun.duration_since(asked));
        // It may have begun before the answer was heard: no time then.
        wake.push(begun.saturating_duration_since(*accepted.lock().unwrap()));
    }
    workers.abort();
    println!(
        "{name}: accepted to handler start p50 {:.0?}, p99 {:.0?}; delivered to handler start p50 {:.0?}, p99 {:.0?}",
        at(&mut wake, 50),
        at(&mut wake, 99),
        at(&mut whole, 50),
        at(&mut whole, 99),
    );
}

fn at(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[times.len() * percent / 100]
}
