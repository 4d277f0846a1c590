//! One event, two handlers: one is sound, one is flaky. Watch retries, a dead letter, the alert and
//! the replay after the bug is mended.
//!
//! ```text
//! cargo run --features full,test-util --example inbox_worker
//! ```
//!
//! It delivers to itself, so that it needs nothing else. The retries come after 0.1 s and 0.4 s
//! here instead of 1 s, 4 s and 16 s, for want of patience.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{DeadFilter, DeadLetter, Failure, HandlerOptions, Job, ReplayOptions, Retry, on},
    provider,
    store::MemoryStore,
    testing::Signer,
    verify::ReplyBody,
};
use tokio::sync::Notify;
use tower::ServiceExt;

const QUICK: Retry = Retry::after(&[Duration::from_millis(100), Duration::from_millis(400)]);

async fn ledger(job: Job) -> Result<(), Failure> {
    let cents: u64 = job.json_at("/data/object/amount_due")?;
    println!("ledger: {cents} cents, booked under {}", job.key());
    Ok(())
}

static PAGED: Notify = Notify::const_new();

async fn page_somebody(dead: Vec<DeadLetter>) -> Result<(), Failure> {
    for dead in &dead {
        println!(
            "ALERT: {} is dead for {}: {}",
            dead.key(),
            dead.handler(),
            dead.reason()
        );
    }
    PAGED.notify_one();
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::new("whsec_test")?;
    let stripe = Source::builder("stripe", provider::STRIPE)
        .add_secret(secret.clone())
        .build()?;
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe)
        .handler("ledger", on("invoice.*"), ledger)
        .handler_with(
            "crm",
            on("*"),
            HandlerOptions::new().with_retry(QUICK),
            move |job: Job| {
                let mended = is_mended.load(Ordering::SeqCst);
                async move {
                    println!(
                        "crm:    attempt {} of replay {}",
                        job.attempt(),
                        job.replays()
                    );
                    if mended {
                        Ok(())
                    } else {
                        Err(Failure::retry("the CRM answers 502"))
                    }
                }
            },
        )
        .on_dead(page_somebody)
        .build()
        .await?;

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::spawn({
        let inbox = inbox.clone();
        async move { inbox.run(async { drop(stopped.await) }).await }
    });

    let body = r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"amount_due":4200}}}"#;
    let delivery = Signer::new(provider::STRIPE, &secret)?.sign(body, SystemClock.now());
    let reply = inbox
        .endpoint("stripe")?
        .oneshot(delivery.map(ReplyBody::from))
        .await?;
    println!("sender: {}", reply.status());

    PAGED.notified().await; // within a second of the death
    println!("somebody mends the CRM ...");
    mended.store(true, Ordering::SeqCst);
    let all = DeadFilter::all();
    let report = inbox.replay_all("crm", &all, ReplayOptions::new()).await?;
    println!("replayed {} of {}", report.replayed, report.matched);
    while inbox.stats().await?.bytes > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("nothing is left");
    drop(stop);
    Ok(worker.await??)
}
