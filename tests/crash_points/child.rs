//! The receiver that dies at a named point, in a process of its own.

use std::{
    collections::HashMap,
    env,
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use hookgate::{
    Event, Inbox, Secret, Source,
    inbox::{DeadLetter, Failure, HandlerOptions, Job, Retry, on},
    provider,
    store::{DedupKey, Entry, LeaseRequest, Store},
    verify::{ReplyBody, VerifiedBody},
};
use tokio::{net::TcpListener, signal::unix, sync::oneshot};
use tower::service_fn;

use super::{
    around::{Around, Call, Wrapped},
    place,
    sender::SECRET,
};

/// The variables that say where to die, at which time of getting there, and with which store.
pub(crate) const POINT: &str = "HOOKGATE_CRASH_POINT";
pub(crate) const NTH: &str = "HOOKGATE_CRASH_NTH";
pub(crate) const STORE: &str = "HOOKGATE_CRASH_STORE";

/// How long leases last here: a killed worker's jobs come back soon.
pub(crate) const LEASE: Duration = Duration::from_secs(2);

/// After which a failed attempt is made again.
const RETRY: Duration = Duration::from_millis(500);

/// Not a test: what the tests run in a process of its own.
#[test]
#[ignore = "a part of others"]
fn child() {
    let Ok(point) = env::var(POINT) else { return };
    let nth = env::var(NTH).unwrap().parse().unwrap();
    let crash = Arc::new(Crash {
        point,
        left: AtomicI64::new(nth),
        ids: Mutex::default(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(serve(crash));
}

#[derive(Debug)]
struct Crash {
    point: String,
    left: AtomicI64,
    /// What is in the entries that were to be accepted.
    ids: Mutex<HashMap<DedupKey, String>>,
}

impl Crash {
    /// Dies if this is the point, and the time.
    fn at(&self, point: &str, id: &str, handler: &str) {
        if self.point == point && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            say(&format!("dying {id} {handler}"));
            std::process::abort();
        }
    }

    fn id(&self, call: Call<'_>) -> String {
        let ids = self.ids.lock().unwrap();
        let id = call.key.and_then(|key| ids.get(&key).cloned());
        id.unwrap_or_else(|| "-".to_owned())
    }
}

impl Around for Arc<Crash> {
    fn before(&self, call: Call<'_>) {
        self.at(
            &format!("before {}", call.verb),
            &self.id(call),
            call.handler,
        );
    }

    fn after(&self, call: Call<'_>) {
        if call.verb == "accept" {
            say(&format!("new {}", self.id(call)));
        }
        self.at(
            &format!("after {}", call.verb),
            &self.id(call),
            call.handler,
        );
    }

    fn lost(&self, call: Call<'_>) {
        say(&format!("lost {} {}", call.verb, self.id(call)));
    }

    fn accepting(&self, entry: &Entry) {
        let body: serde_json::Value = serde_json::from_slice(&entry.body).unwrap();
        let id = body["id"].as_str().unwrap().to_owned();
        let key: String = entry.key.0.iter().map(|b| format!("{b:02x}")).collect();
        say(&format!("accepting {id} {key}"));
        self.ids.lock().unwrap().insert(entry.key, id);
    }

    fn request<'a>(&self, request: LeaseRequest<'a>) -> LeaseRequest<'a> {
        LeaseRequest {
            lease: LEASE,
            ..request
        }
    }
}

/// Two handlers: one that is sound, one that fails once an event and for good on `doomed` ones.
async fn serve(crash: Arc<Crash>) {
    let store: Arc<dyn Store> = Arc::new(Wrapped {
        store: place::open(&env::var(STORE).unwrap()),
        around: Arc::clone(&crash),
    });
    let stripe = Source::builder("stripe", provider::STRIPE)
        .add_secret(Secret::new(SECRET).unwrap())
        .build()
        .unwrap();
    let options = HandlerOptions::new()
        .with_retry(Retry::after(&[RETRY]))
        .without_breaker();
    let [sound, flaky, reply, request] = [(); 4].map(|()| Arc::clone(&crash));
    let inbox = Inbox::builder_over(store)
        .source(stripe)
        .handler_with("sound", on("*"), options, move |job: Job| {
            work(Arc::clone(&sound), job)
        })
        .handler_with("flaky", on("*"), options, move |job: Job| {
            fail_or_work(Arc::clone(&flaky), job)
        })
        .on_dead(|dead: Vec<DeadLetter>| async move {
            for letter in dead {
                say(&format!("told {}", id(letter.event().unwrap())));
            }
            Ok(())
        })
        .build()
        .await
        .unwrap();

    let acknowledge = service_fn(move |request: axum::http::Request<VerifiedBody>| {
        reply.at("before reply", id(request.extensions().get().unwrap()), "");
        async { Ok::<_, std::convert::Infallible>(Response::new(ReplyBody::default())) }
    });
    let endpoint = tower::Layer::layer(&inbox.layer("stripe").unwrap(), acknowledge);
    let before_all = move |asked: Request, next: Next| {
        request.at("before verify", "-", "");
        next.run(asked)
    };
    let asked = inbox.clone();
    let open_jobs = move || async move {
        let handlers = asked.stats().await.unwrap().handlers;
        let open = handlers.iter().map(|h| h.queued + h.processing + h.delayed);
        open.sum::<u64>().to_string()
    };
    let app = Router::new()
        .route_service("/webhooks/stripe", endpoint)
        .route("/open", get(open_jobs))
        .layer(middleware::from_fn(before_all));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Before anything else is said: what comes before it is not read.
    say(&format!("\nlistening on http://{address}"));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let (stop, stopped) = oneshot::channel::<()>();
    let workers = tokio::spawn(async move {
        if crash.point == "after reply" {
            // Jobs stay queued.
            drop(stopped.await);
        } else {
            inbox.run(async { drop(stopped.await) }).await.unwrap();
        }
    });
    let mut term = unix::signal(unix::SignalKind::terminate()).unwrap();
    term.recv().await;
    server.abort();
    drop(stop);
    workers.await.unwrap();
}

async fn work(crash: Arc<Crash>, job: Job) -> Result<(), Failure> {
    crash.at("in handler", id(&job), job.handler());
    if crash.point == "stall" && crash.left.fetch_sub(1, Ordering::SeqCst) == 1 {
        say(&format!("stalling {}", id(&job)));
        tokio::time::sleep(LEASE / 4).await;
    }
    say(&format!(
        "ran {} {} {}",
        job.handler(),
        id(&job),
        job.attempt()
    ));
    Ok(())
}

async fn fail_or_work(crash: Arc<Crash>, job: Job) -> Result<(), Failure> {
    let kind = job.event_type().map(|kind| kind.value.clone());
    match kind.as_deref() {
        Some("doomed") => Err(Failure::permanent("doomed")),
        _ if job.attempt() == 1 => Err(Failure::retry("the first time")),
        _ => work(crash, job).await,
    }
}

fn id(event: &Event) -> &str {
    &event.id().unwrap().value
}

/// A line at once, whole: the process may be about to die.
fn say(line: &str) {
    let line = format!("{line}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}
