//! Tells people of dead letters through an incoming webhook as Slack, Mattermost and others have it:
//! the first at once, then at most one message a minute for each handler.
//!
//! ```text
//! cargo run --features full,test-util --example alerts
//! ALERT_URL=http://127.0.0.1:8065/hooks/xyz cargo run --features full,test-util --example alerts
//! ```
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `ALERT_URL` | where messages go, `http` only | a server of its own, which prints them |
//! | `ALERT_WINDOW` | seconds between two messages about one handler | 5, for want of patience |
//!
//! It delivers to itself: 17 events for a handler that refuses each for good, in two bursts. Each
//! dead letter is counted in a message at least once: what could not be told is not noted as told,
//! and comes again. With many processes on one store, each keeps its own minute.

use std::{
    collections::{BTreeMap, HashMap},
    env,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{Alert, AlertFuture, DeadLetter, Failure, Job, on},
    provider,
    store::MemoryStore,
    testing::Signer,
    verify::ReplyBody,
};
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{net::TcpListener, sync::watch, time::Instant};
use tower::ServiceExt;

/// A hook that posts `{"text": "..."}`. For `https` put a client with TLS here.
#[derive(Clone)]
struct Slack {
    url: Uri,
    window: Duration,
    client: Client<HttpConnector, Full<Bytes>>,
    told: Arc<Mutex<HashMap<String, Told>>>,
    /// How many dead letters were counted in messages, all in all.
    counted: watch::Sender<usize>,
}

/// What people have heard of one handler.
#[derive(Clone, Copy)]
struct Told {
    at: Instant,
    /// Dead letters that came in whole pages behind a message that said "or more".
    more: usize,
}

/// The hook gets up to this many at once; then there are more.
const PAGE: usize = 100;

impl Slack {
    fn new(url: Uri, window: Duration) -> Self {
        Self {
            url,
            window,
            client: Client::builder(TokioExecutor::new()).build_http(),
            told: Arc::default(),
            counted: watch::Sender::new(0),
        }
    }

    async fn tell(self, dead: Vec<DeadLetter>) -> Result<(), Failure> {
        let Some(first) = dead.first() else {
            return Ok(());
        };
        let handler = first.handler().to_owned();
        let last = self.last(&handler);
        if let Some(told) = last.filter(|told| told.at.elapsed() < self.window) {
            if dead.len() == PAGE {
                // The message has said that there are more.
                self.note(
                    &handler,
                    Told {
                        more: told.more + PAGE,
                        ..told
                    },
                );
                return Ok(());
            }
            // They come again, with those that die until then.
            let wait = self.window - told.at.elapsed();
            return Err(Failure::retry_after(
                wait,
                "told of this handler a moment ago",
            ));
        }
        let more = last.map_or(0, |told| told.more);
        self.post(&text(
            &handler,
            &dead,
            more,
            last.map(|told| told.at.elapsed()),
        ))
        .await?;
        self.note(
            &handler,
            Told {
                at: Instant::now(),
                more: 0,
            },
        );
        self.counted
            .send_modify(|counted| *counted += dead.len() + more);
        Ok(())
    }

    async fn post(&self, text: &str) -> Result<(), Failure> {
        let body = serde_json::json!({ "text": text }).to_string();
        let request = Request::post(self.url.clone()).header("content-type", "application/json");
        let request = request.body(Full::from(body)).map_err(Failure::retry)?;
        // Whoever reads the log need not know the URL: it is all that it takes to post there.
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|_| Failure::retry("the incoming webhook does not answer"))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(Failure::retry(format!(
                "the incoming webhook said {status}"
            ))),
        }
    }

    fn last(&self, handler: &str) -> Option<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(handler).copied()
    }

    fn note(&self, handler: &str, now: Told) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(handler.to_owned(), now);
    }
}

impl Alert for Slack {
    fn alert(&self, dead: Vec<DeadLetter>) -> AlertFuture {
        Box::pin(self.clone().tell(dead))
    }
}

/// `17 new dead letters in 1 min for handler crm`, with the commonest reasons. No payload.
fn text(handler: &str, dead: &[DeadLetter], more: usize, since: Option<Duration>) -> String {
    let count = dead.len() + more;
    let or_more = if dead.len() == PAGE { " or more" } else { "" };
    let noun = if count == 1 {
        "dead letter"
    } else {
        "dead letters"
    };
    let span = since.map_or(String::new(), |since| format!(" in {}", span(since)));
    let mut text = format!("{count}{or_more} new {noun}{span} for handler {handler}");
    let mut reasons = BTreeMap::<&str, usize>::new();
    for letter in dead {
        *reasons.entry(letter.reason()).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (reason, count) in reasons.iter().take(3) {
        // A reason has lost its tokens by now; here it loses what Slack would make links of.
        let reason: String = reason.chars().take(120).collect();
        let reason = reason
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        text.push_str(&format!("\n{count} × {reason}"));
    }
    text
}

fn span(span: Duration) -> String {
    match span.as_secs() {
        secs @ 0..60 => format!("{secs} s"),
        secs @ 60..7_200 => format!("{} min", secs / 60),
        secs => format!("{} h", secs / 3_600),
    }
}

async fn crm(_: Job) -> Result<(), Failure> {
    Err(Failure::permanent(
        "422 for a customer <unknown>, token=s3cret",
    ))
}

const EVENTS: usize = 17;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = match env::var("ALERT_URL") {
        Ok(url) => url.parse()?,
        Err(_) => own_server().await?,
    };
    let window = env::var("ALERT_WINDOW").unwrap_or_else(|_| "5".to_owned());
    let slack = Slack::new(url, Duration::from_secs(window.parse()?));
    let mut counted = slack.counted.subscribe();
    let secret = Secret::new("whsec_test")?;
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret.clone());
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe.build()?)
        .handler("crm", on("*"), crm)
        .on_dead(slack)
        .build()
        .await?;

    let sender = inbox.clone();
    let run = inbox.run(async move {
        if let Err(why) = deliver(&sender, &secret).await {
            eprintln!("could not deliver to itself: {why}");
        }
        // Until people know of all of them.
        let _ = counted.wait_for(|counted| *counted >= EVENTS).await;
    });
    Ok(run.await?)
}

/// Two bursts, so that the second is gathered.
async fn deliver(inbox: &Inbox, secret: &Secret) -> Result<(), Box<dyn Error>> {
    let (endpoint, signer) = (
        inbox.endpoint("stripe")?,
        Signer::new(provider::STRIPE, secret)?,
    );
    for n in 0..EVENTS {
        if n == 5 {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
        let body = format!(r#"{{"id":"evt_{n}","type":"customer.created"}}"#);
        let request = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
        let status = endpoint.clone().oneshot(request).await?.status();
        if !status.is_success() {
            return Err(status.to_string().into());
        }
    }
    Ok(())
}

/// Stands in for Slack: prints what it is sent.
async fn own_server() -> Result<Uri, Box<dyn Error>> {
    let print = |body: String| async move { println!("{body}") };
    let app = axum::Router::new().route("/hook", axum::routing::post(print));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hook", listener.local_addr()?).parse()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}
