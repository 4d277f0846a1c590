//! Hands every event on to the next hop. A job is done only when that has answered 2xx.
//!
//! ```text
//! DEMO=1 cargo run --features full,test-util --example forward
//! STRIPE_WEBHOOK_SECRET=whsec_... NEXT_HOP=http://127.0.0.1:5678/webhook/abc \
//!     cargo run --features full,test-util --example forward
//! ```
//!
//! The sender gets its 200 as soon as the event is stored. From then on it is this process that
//! tries again: after 5 s, 30 s, 5 min ... 12 h, and not before the next hop's `Retry-After`. While
//! the next hop is down the breaker is open and no attempts are used up. What it refuses for good
//! (4xx) is a dead letter at once: mend it there, then replay.
//!
//! The next hop may get an event twice: this process may die between its 2xx and the end of the
//! job. So each request carries the job's key as `Idempotency-Key`, the same every time.
//!
//! # Other next hops
//!
//! The pattern is the same everywhere: wait for the broker's word, let `job.key()` be the id of
//! the message, and return `Failure::retry` for everything else.
//!
//! - *n8n*, a workflow tool: the URL of a Webhook node that responds "When Last Node Finishes", so
//!   that 2xx means done and an error is tried again. With "Immediately" it means taken, and n8n
//!   has to do the rest. The URL is a secret: keep it out of logs (`without_url`).
//! - *A serverless function:* its URL, with a time-out a little above the function's own. Behind a
//!   queue-like trigger (asynchronous invocation) 2xx means taken only. The function keeps
//!   `Idempotency-Key` where it keeps its effects, in one transaction with them.
//! - *Kafka:* `acks=all`, `enable.idempotence=true`; the key goes into a header and, as record key,
//!   keeps an event's copies in one partition; consumers drop what they have seen. Done when the
//!   delivery future of the producer is.
//! - *SQS:* a FIFO queue with the key as `MessageDeduplicationId`: it drops copies for 5 minutes,
//!   which is less than the attempts here take, so consumers look at the key as well. Done when
//!   `SendMessage` has answered.
//! - *RabbitMQ:* publisher confirms on, `mandatory` set, `delivery_mode` 2, the key as
//!   `message_id`. Done when the broker has confirmed and returned nothing: an unroutable message
//!   is confirmed too.
//! - *NATS JetStream:* the key as `Nats-Msg-Id`: the stream drops copies within its duplicate window
//!   (2 minutes unless configured). Done when the publish ack has come; core NATS has none.
//!
//! `Failure::permanent` is for what the broker will never take, such as a message over its limit.

mod support;

use std::{
    env,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::post,
};
use hookgate::{
    Inbox, Source,
    inbox::{Breaker, BreakerState, DeadFilter, Failure, HandlerOptions, Job, Retry, on},
    provider,
    store::MemoryStore,
};
use serde_json::{Value, json};
use support::{Failed, Sender, downstream};
use tokio::time::Instant;

/// Longer than the next hop takes, shorter than an attempt may take.
const ANSWER: Duration = Duration::from_secs(10);

fn options() -> HandlerOptions {
    let options = HandlerOptions::new().with_timeout(Duration::from_secs(15));
    if support::is_demo() {
        const QUICK: Retry = Retry::after(&[Duration::from_millis(200); 5]);
        let breaker = Breaker::after(3, Duration::from_secs(2));
        return options
            .with_retry(QUICK)
            .with_breaker(breaker)
            .with_concurrency(1);
    }
    options
        .with_retry(Retry::PATIENT)
        .with_breaker(Breaker::DEFAULT)
}

/// The handler.
async fn forward(job: Job, client: reqwest::Client, next_hop: String) -> Result<(), Failure> {
    let mut request = client
        .post(next_hop)
        .header("idempotency-key", job.key())
        .header("webhook-source", job.source())
        .body(job.body().clone());
    if let Some(kind) = job.event_type() {
        request = request.header("webhook-type", &kind.value);
    }
    if let Some(content_type) = job.header("content-type") {
        request = request.header("content-type", content_type);
    }
    downstream::settled(request.send().await)?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let hop = Arc::new(Hop::default());
    let next_hop = if support::is_demo() {
        let app = Router::new()
            .route("/", post(take))
            .with_state(Arc::clone(&hop));
        support::stand_in(app).await?
    } else {
        env::var("NEXT_HOP").map_err(|_| "NEXT_HOP must be the URL to hand events on to")?
    };
    let client = downstream::client(ANSWER)?;

    let secret = support::secret("STRIPE_WEBHOOK_SECRET")?;
    let stripe = Source::builder("stripe", provider::STRIPE)
        .add_secret(secret.clone())
        .add_kept_header("content-type");
    // Over an `EmbeddedStore` or Redis events outlive this process.
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe.build()?)
        .handler_with("forward", on("*"), options(), move |job| {
            forward(job, client.clone(), next_hop.clone())
        })
        .build()
        .await?;
    let app = Router::new().route_service("/webhooks/stripe", inbox.endpoint("stripe")?);
    let (listener, address) = support::listen().await?;
    let sender = Sender::new(provider::STRIPE, &secret, address);
    support::serve(listener, app, inbox.clone(), play(inbox, sender, hop)).await
}

/// What the demo shows.
async fn play(inbox: Inbox, sender: Sender, hop: Arc<Hop>) -> Result<(), Failed> {
    let deliver = async |id: &str| {
        let body = json!({"id": id, "type": "invoice.paid"}).to_string();
        let status = sender.deliver(id, "", body).await?;
        println!("sender: {id} -> {status}");
        Ok::<_, Failed>(())
    };
    for id in ["evt_plain", "evt_busy", "evt_odd"] {
        deliver(id).await?;
    }
    support::idle(&inbox).await?;
    for dead in inbox
        .dead_letters("forward", &DeadFilter::all(), None, 10)
        .await?
    {
        println!("dead letter: {}", dead.reason());
    }

    println!("the next hop goes down ...");
    hop.down.store(true, Ordering::SeqCst);
    for n in 0..6 {
        deliver(&format!("evt_{n}")).await?;
    }
    support::until("the breaker opens", async || {
        let breakers = inbox.breakers();
        Ok(breakers.iter().any(|of| of.state == BreakerState::Open))
    })
    .await?;
    println!("breaker open: nothing is sent, and no attempts are used up");
    hop.down.store(false, Ordering::SeqCst);
    println!("... and comes back");
    support::idle(&inbox).await?;
    let dead = inbox.stats().await?.handlers[0].dead;
    println!("everything is handed on but {dead} dead letter");
    Ok(())
}

/// The next hop of the demo.
#[derive(Default)]
struct Hop {
    down: AtomicBool,
    /// Each key that it was asked with, and when.
    asked: Mutex<Vec<(String, Instant)>>,
}

async fn take(State(hop): State<Arc<Hop>>, headers: HeaderMap, event: Json<Value>) -> Response {
    let key = headers.get("idempotency-key").map(|key| key.to_str());
    let key = key.and_then(Result::ok).unwrap_or_default().to_owned();
    let (now, mut asked) = (
        Instant::now(),
        hop.asked.lock().unwrap_or_else(PoisonError::into_inner),
    );
    asked.push((key.clone(), now));
    let before: Vec<_> = asked.iter().filter(|(asked, _)| *asked == key).collect();
    let id = event["id"].as_str().unwrap_or_default();
    let response = match id {
        _ if hop.down.load(Ordering::SeqCst) => StatusCode::BAD_GATEWAY.into_response(),
        "evt_busy" if before.len() == 1 => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")]).into_response()
        }
        "evt_odd" => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        _ => StatusCode::OK.into_response(),
    };
    println!(
        "next hop: {id} -> {}, time {} with this key, {} ms after the first",
        response.status().as_u16(),
        before.len(),
        (now - before[0].1).as_millis()
    );
    response
}
