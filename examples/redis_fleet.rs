//! Many receivers and many workers on one Redis: each event is accepted once and each of its jobs
//! is run by one of the workers.
//!
//! ```text
//! redis-server --port 6390 --appendonly yes --appendfsync always &
//! REDIS_URL=redis://127.0.0.1:6390 cargo run --features full,test-util --example redis_fleet
//! ```
//!
//! Three receivers and two workers run in this one process to keep the example short; nothing
//! changes when each is a process or a machine of its own, since they share nothing but Redis.

use std::{
    env,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{Failure, Job, on},
    provider,
    store::redis::{
        RedisStore,
        deadpool_redis::{Config, Runtime},
    },
    testing::Signer,
    verify::ReplyBody,
};
use tokio::sync::watch;
use tower::ServiceExt;

const EVENTS: usize = 200;

/// One member of the fleet; each has a store of its own over the same Redis.
async fn member(
    url: &str,
    secret: &Secret,
    done: Arc<AtomicUsize>,
) -> Result<Inbox, Box<dyn Error>> {
    let pool = Config::from_url(url).create_pool(Some(Runtime::Tokio1))?;
    let store = RedisStore::new(pool).with_namespace("fleet-example")?;
    let source = Source::builder("stripe", provider::STRIPE)
        .add_secret(secret.clone())
        .build()?;
    let work = move |_: Job| {
        done.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Failure>(()) }
    };
    Ok(Inbox::builder(store)
        .source(source)
        .handler("work", on("*"), work)
        .build()
        .await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
    let secret = Secret::new("whsec_test")?;
    let done: [_; 2] = std::array::from_fn(|_| Arc::new(AtomicUsize::new(0)));

    let stop = watch::Sender::new(false);
    let mut workers = Vec::new();
    for done in &done {
        let inbox = member(&url, &secret, Arc::clone(done)).await?;
        let mut stopped = stop.subscribe();
        workers.push(tokio::spawn(async move {
            inbox
                .run(async { drop(stopped.wait_for(|stop| *stop).await) })
                .await
        }));
    }
    // A member that only receives: it never calls `run`.
    let mut receivers = Vec::new();
    for _ in 0..3 {
        receivers.push(
            member(&url, &secret, Arc::default())
                .await?
                .endpoint("stripe")?,
        );
    }

    // Every event is delivered to every receiver at once, as an anxious sender would.
    let run = SystemClock.now().as_millis();
    let signer = Signer::new(provider::STRIPE, &secret)?;
    for n in 0..EVENTS {
        let body = format!(r#"{{"id":"evt_{run}_{n}","type":"a.b"}}"#);
        let mut deliveries = Vec::new();
        for receiver in &receivers {
            let delivery = signer
                .sign(body.clone(), SystemClock.now())
                .map(ReplyBody::from);
            deliveries.push(tokio::spawn(receiver.clone().oneshot(delivery)));
        }
        for delivery in deliveries {
            assert_eq!(delivery.await??.status(), 200);
        }
    }
    let total = || {
        done.iter()
            .map(|done| done.load(Ordering::SeqCst))
            .sum::<usize>()
    };
    while total() < EVENTS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send_replace(true);
    for worker in workers {
        worker.await??;
    }
    let each: Vec<_> = done
        .iter()
        .map(|done| done.load(Ordering::SeqCst))
        .collect();
    println!(
        "{} deliveries, {} events done by two workers: {each:?}",
        EVENTS * 3,
        total()
    );
    Ok(())
}
