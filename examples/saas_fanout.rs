//! One event, four systems: a mail, the CRM, the database, analytics. One that is down holds up
//! none of the others.
//!
//! ```text
//! DEMO=1 cargo run --features full,test-util --example saas_fanout
//! STRIPE_WEBHOOK_SECRET=whsec_... MAIL_URL=http://... CRM_URL=http://... ANALYTICS_URL=http://... \
//!     cargo run --features full,test-util --example saas_fanout
//! ```
//!
//! | handler | attempts after | breaker | at once | the same event again |
//! | --- | --- | --- | --- | --- |
//! | `mail` | 5 s, 30 s, 5 min ... 12 h | 5 failures, 30 s | 8 | the mail service drops the key |
//! | `crm` | 5 s, 30 s, 5 min ... 12 h | 3 failures, 120 s | 1 | writes the same fields |
//! | `database` | 1 s, 4 s, 16 s | 5 failures, 30 s | 64 | one row for each key |
//! | `analytics` | 1 s, 4 s, 16 s | 3 failures, 120 s | 8 | dropped there by the key |
//!
//! The numbers are a judgement for each system. A slow and fragile one (here the CRM) gets few jobs
//! at once, so that few attempts are under way when its breaker opens, and a long pause, so that it
//! is not knocked on while it starts. What nobody will miss (analytics) is given up early.
//!
//! While a breaker is open its jobs wait in the store and use up no attempts. Watch
//! `webhook_breaker_open`, and how long the oldest job waits.

mod support;

use std::{
    collections::BTreeSet,
    env,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::post};
use hookgate::{
    Inbox, Source,
    inbox::{Breaker, BreakerState, Failure, HandlerOptions, Job, Retry, on},
    provider,
    store::{HandlerStats, MemoryStore},
};
use serde::Deserialize;
use serde_json::{Value, json};
use support::{Failed, Sender, downstream};

const STURDY: Breaker = Breaker::after(5, Duration::from_secs(30));
const FRAGILE: Breaker = Breaker::after(3, Duration::from_secs(120));

const MAIL: HandlerOptions = HandlerOptions::new()
    .with_retry(Retry::PATIENT)
    .with_breaker(STURDY)
    .with_concurrency(8);
const CRM: HandlerOptions = HandlerOptions::new()
    .with_retry(Retry::PATIENT)
    .with_breaker(FRAGILE)
    .with_concurrency(1);
const DATABASE: HandlerOptions = HandlerOptions::new()
    .with_retry(Retry::FAST)
    .with_breaker(STURDY);
const ANALYTICS: HandlerOptions = HandlerOptions::new()
    .with_retry(Retry::FAST)
    .with_breaker(FRAGILE)
    .with_concurrency(8);

/// The fields of a customer that are of use here.
#[derive(Deserialize)]
struct Customer {
    id: String,
    email: String,
}

/// Another company's system: a URL that takes JSON.
#[derive(Clone)]
struct System {
    client: reqwest::Client,
    url: String,
}

impl System {
    /// Done when it says so. The key lets it drop what it has had.
    async fn tell(self, job: Job, body: fn(&Customer) -> Value) -> Result<(), Failure> {
        let customer: Customer = job.json_at("/data/object")?;
        let request = self.client.post(self.url);
        let request = request.header("idempotency-key", job.key());
        downstream::settled(request.json(&body(&customer)).send().await)?;
        Ok(())
    }
}

/// The rows of a table whose primary key is the job's.
type Rows = Arc<Mutex<BTreeSet<String>>>;

async fn database(job: Job, rows: Rows) -> Result<(), Failure> {
    let _: Customer = job.json_at("/data/object")?;
    // INSERT ... ON CONFLICT DO NOTHING
    let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
    rows.insert(job.key().to_owned());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let asked = Asked::default();
    let [mail, crm, analytics] = systems(&asked).await?;
    let rows = Rows::default();
    let table = Arc::clone(&rows);

    let secret = support::secret("STRIPE_WEBHOOK_SECRET")?;
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret.clone());
    let created = || on("customer.created");
    // Over an `EmbeddedStore` or Redis events outlive this process.
    let inbox = Inbox::builder(MemoryStore::new())
        .allow_unrouted() // everything else that the webhook was subscribed to
        .source(stripe.build()?)
        .handler_with("mail", created(), MAIL, move |job| {
            let body = |c: &Customer| json!({"to": c.email, "template": "welcome"});
            mail.clone().tell(job, body)
        })
        .handler_with("crm", created(), CRM, move |job| {
            let body = |c: &Customer| json!({"external_id": c.id, "email": c.email});
            crm.clone().tell(job, body)
        })
        .handler_with("database", created(), DATABASE, move |job| {
            database(job, Arc::clone(&table))
        })
        .handler_with("analytics", created(), ANALYTICS, move |job| {
            let body = |c: &Customer| json!({"event": "signup", "customer": c.id});
            analytics.clone().tell(job, body)
        })
        .build()
        .await?;
    let app = Router::new().route_service("/webhooks/stripe", inbox.endpoint("stripe")?);
    let (listener, address) = support::listen().await?;
    let sender = Sender::new(provider::STRIPE, &secret, address);
    let play = play(inbox.clone(), sender, asked, rows);
    support::serve(listener, app, inbox, play).await
}

/// Where the systems are: configured, or played by the demo, whose CRM is down.
async fn systems(asked: &Asked) -> Result<[System; 3], Failed> {
    let client = downstream::client(Duration::from_secs(10))?;
    let system = |url: String| System {
        client: client.clone(),
        url,
    };
    if !support::is_demo() {
        let url = |name| env::var(name).map_err(|_| format!("{name} must be a URL"));
        let urls = [url("MAIL_URL")?, url("CRM_URL")?, url("ANALYTICS_URL")?];
        return Ok(urls.map(system));
    }
    let route = |system: usize, status: StatusCode| {
        let asked = Arc::clone(asked);
        post(async move || {
            asked[system].fetch_add(1, Ordering::SeqCst);
            status
        })
    };
    let app = Router::new()
        .route("/mail", route(0, StatusCode::ACCEPTED))
        .route("/crm", route(1, StatusCode::BAD_GATEWAY))
        .route("/analytics", route(2, StatusCode::NO_CONTENT));
    let base = support::stand_in(app).await?;
    Ok(["mail", "crm", "analytics"].map(|path| system(format!("{base}/{path}"))))
}

/// How often the demo's mail service, CRM and analytics were asked.
type Asked = Arc<[AtomicU64; 3]>;

/// What the demo shows.
async fn play(inbox: Inbox, sender: Sender, asked: Asked, rows: Rows) -> Result<(), Failed> {
    const CUSTOMERS: u64 = 20;
    for n in 0..CUSTOMERS {
        let customer = json!({"id": format!("cus_{n}"), "email": "someone@example.com"});
        let data = json!({"object": customer});
        let body = json!({"id": format!("evt_{n}"), "type": "customer.created", "data": data});
        let status = sender.deliver("", "", body.to_string()).await?;
        if status != 200 {
            return Err(format!("evt_{n}: {status}").into());
        }
    }
    println!("sender: {CUSTOMERS} events, all 200");
    support::until("all but the CRM are done", async || {
        let stats = inbox.stats().await?.handlers;
        let rest = stats.iter().filter(|of| of.handler != "crm");
        let waiting: u64 = rest.map(HandlerStats::backlog).sum();
        let mut breakers = inbox.breakers().into_iter();
        Ok(waiting == 0 && breakers.any(|of| of.state == BreakerState::Open))
    })
    .await?;

    let [mail, crm, analytics] = [0, 1, 2].map(|n| asked[n].load(Ordering::SeqCst));
    let rows = rows.lock().unwrap_or_else(PoisonError::into_inner).len();
    println!("mail: {mail} sent; database: {rows} rows; analytics: {analytics} signups");
    println!("crm: asked {crm} times, then its breaker opened");
    for of in inbox.breakers() {
        println!("breaker of {}: {:?}", of.handler, of.state);
    }
    for of in inbox.stats().await?.handlers {
        println!("{}: {} wait, {} dead", of.handler, of.backlog(), of.dead);
    }
    Ok(())
}
