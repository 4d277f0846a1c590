//! What is logged and counted, and that nothing of a payload or a secret is.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use hookgate::{
    Inbox, Secret, Source, VerifyLayer,
    clock::{Clock, SystemClock, UnixTime},
    dedup::DedupLayer,
    inbox::{Failure, HandlerOptions, Job, on},
    provider::{self, Envelope, Provider},
    store::{MemoryStore, Removal, Stats, Store},
    telemetry,
    testing::Signer,
    verify::{ReplyBody, RequestHead, Resolver, ResolverFuture, Tenants, VerifiedBody},
};
use http::{Request, Response};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tokio::sync::Notify;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

/// Texts that would show up if anything of a payload or a secret were logged.
const SECRET: &str = "canary-secret-5eC7e7";
const PAYLOAD: &str = "canary-payload-9A11";
const HEADER: &str = "canary-header-4eAd";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn delivery(id: &str, secret: &str) -> Request<ReplyBody> {
    let body = format!(
        r#"{{"id":"{id}","type":"{PAYLOAD}-type","api_version":"{PAYLOAD}","secret":"{PAYLOAD}"}}"#
    );
    let secret = Secret::new(secret).unwrap();
    let signer = Signer::new(provider::STRIPE, &secret).unwrap();
    let mut request = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
    let headers = request.headers_mut();
    headers.insert("authorization", HEADER.parse().unwrap());
    headers.insert("x-kept", HEADER.parse().unwrap());
    headers.insert("traceparent", TRACE.parse().unwrap());
    *request.uri_mut() = format!("/stripe?token={HEADER}").parse().unwrap();
    request
}

#[test]
fn everything_is_counted_and_nothing_of_a_delivery_is_shown() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(deliver());
    runtime.block_on(look_up());
    runtime.block_on(oddities());
    runtime.block_on(copies());
    runtime.block_on(beginnings());

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for text in [
        "delivery refused",
        "delivery verified",
        "event accepted",
        "duplicate acknowledged",
        "job is dead",
        "the resolver failed",
        "accepts deliveries that nobody signed: it takes nothing but a host name",
        "events have no id: duplicates are not noticed",
        "shares a secret with hub",
        "this handler is declared in the store but not here: 1 jobs, 0 dead letters",
        "this handler was removed from the store: 1 jobs, 0 dead letters",
        "no handler is declared: every delivery will get 503",
    ] {
        assert!(log.contains(text), "{text} is not in the log:\n{log}");
    }
    assert_eq!(log.matches("the resolver failed").count(), 1, "{log}");
    let mut metrics = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<_> = key
            .key()
            .labels()
            .map(|l| format!("{}={}", l.key(), l.value()))
            .collect();
        let value = match value {
            DebugValue::Counter(n) => n,
            DebugValue::Histogram(seen) => {
                assert!(
                    seen.iter()
                        .all(|secs| (-1.0..60.0).contains(&secs.into_inner()))
                );
                seen.len() as u64
            }
            DebugValue::Gauge(value) => value.into_inner() as u64,
        };
        metrics.push((
            format!("{}{{{}}}", key.key().name(), labels.join(",")),
            value,
        ));
    }
    metrics.sort();
    let shown: String = metrics
        .iter()
        .map(|(name, value)| format!("{name} {value}\n"))
        .collect();
    for canary in [SECRET, PAYLOAD, HEADER, "evt_canary"] {
        assert!(!log.contains(canary), "{canary} is in the log:\n{log}");
        assert!(
            !shown.contains(canary),
            "{canary} is in the metrics:\n{shown}"
        );
    }
    for expected in [
        "webhook_received_total{source=stripe} 5",
        "webhook_accepted_total{source=stripe} 1",
        "webhook_duplicate_total{source=stripe} 1",
        "webhook_flagged_total{source=odd,kind=other_body} 1",
        "webhook_flagged_total{source=odd,kind=overflow} 1",
        "webhook_flagged_total{source=odd,kind=unrouted} 1",
        "webhook_flagged_total{source=hub,kind=repeated_bytes} 1",
        "webhook_handshake_total{source=chat} 1",
        "webhook_in_progress_total{source=inline} 1",
        "webhook_duplicate_total{source=inline} 1",
        "webhook_store_seconds{verb=claim} 3",
        "webhook_store_seconds{verb=settle} 1",
        "webhook_rejected_total{source=stripe,kind=bad_signature} 1",
        "webhook_rejected_total{source=stripe,kind=store_full} 1",
        "webhook_rejected_total{source=stripe,kind=missing_signature} 1",
        "webhook_secret_matched_total{source=stripe,secret=2026} 3",
        "webhook_reply_seconds{source=stripe} 5",
        "webhook_handled_total{handler=fails,outcome=dead} 1",
    ] {
        let (name, _) = expected.split_once('{').unwrap();
        assert!(telemetry::METRICS.iter().any(|metric| metric.name == name));
        assert!(
            shown.contains(&format!("{expected}\n")),
            "no {expected} in\n{shown}"
        );
    }
    for metric in telemetry::METRICS {
        // A layer in shadow mode is what tests/allowlist.rs has.
        assert!(
            shown.contains(metric.name) || metric.name == telemetry::SHADOWED,
            "{} is never recorded in\n{shown}",
            metric.name
        );
        let recorded = shown.lines().filter(|line| line.starts_with(metric.name));
        for line in recorded {
            let labels = line.split_once('{').unwrap().1.split_once('}').unwrap().0;
            let names: Vec<_> = labels
                .split(',')
                .filter_map(|label| Some(label.split_once('=')?.0))
                .collect();
            assert_eq!(names, metric.labels, "{line}");
        }
    }
    for (name, value) in &metrics {
        let known = telemetry::METRICS.iter();
        let known: Vec<_> = known
            .filter(|m| name.starts_with(&format!("{}{{", m.name)))
            .collect();
        assert_eq!(known.len(), 1, "{name} {value} is not in the table");
    }
    assert!(log.contains("secret 2026 is 200 days old"), "{log}");
    assert!(log.contains("% full"), "{log}");
    let trace = format!("traceparent=\"{TRACE}\"");
    for span in ["webhook_delivery{", "webhook_job{"] {
        let spans = log
            .split(span)
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap());
        let linked = spans.filter(|span| span.contains(&trace) && span.contains("key="));
        assert!(linked.count() > 0, "{span} has no {trace} and key:\n{log}");
    }
}

async fn deliver() {
    let made = SystemClock.now().as_secs() - 200 * 86_400;
    let secret = Secret::new(SECRET).unwrap().with_label("2026").unwrap();
    let secret = secret.with_since(UnixTime::from_secs(made));
    let stripe = Source::builder("stripe", provider::STRIPE)
        .add_secret(secret)
        .add_kept_header("x-kept")
        .build()
        .unwrap();
    assert!(!format!("{stripe:?}").contains("canary"));
    let lamp = Source::builder("lamp", provider::UNSIGNED)
        .dangerous()
        .accept_unsigned("it takes nothing but a host name");
    let inbox = Inbox::builder(MemoryStore::new().with_max_bytes(500))
        .source(stripe)
        .source(lamp.build().unwrap())
        .handler("fails", on("*"), |job: Job| async move {
            assert!(!format!("{job:?}").contains(SECRET));
            job.json_at::<u64>("/secret")?;
            Ok(())
        })
        .handler("tells", on("*"), |_: Job| async move {
            Err(Failure::permanent(format!("401 for token={SECRET}")))
        })
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let mut unsigned = delivery("evt_canary", SECRET);
    unsigned.headers_mut().remove("stripe-signature");
    let mut large = delivery("evt_canary_2", SECRET);
    let padding = format!(r#"{{"id":"evt_canary_2","pad":"{}"}}"#, PAYLOAD.repeat(60));
    let signer = Signer::new(provider::STRIPE, &Secret::new(SECRET).unwrap()).unwrap();
    let signed = signer.sign(padding, SystemClock.now()).map(ReplyBody::from);
    large.headers_mut().insert(
        "stripe-signature",
        signed.headers()["stripe-signature"].clone(),
    );
    *large.body_mut() = signed.into_body();
    for (request, status) in [
        (delivery("evt_canary", SECRET), 200),
        (delivery("evt_canary", SECRET), 200),
        (delivery("evt_canary", "other"), 401),
        (unsigned, 401),
        (large, 503),
    ] {
        let reply = endpoint.clone().oneshot(request).await.unwrap();
        assert_eq!(reply.status(), status);
    }
    let dead = async {
        let is_dead = |stats: Stats| stats.handlers.iter().all(|handler| handler.dead > 0);
        while !is_dead(inbox.stats().await.unwrap()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    inbox
        .run(async {
            tokio::time::timeout(Duration::from_secs(10), dead)
                .await
                .unwrap();
            // Sets the gauges.
            let health = inbox.health().await;
            assert_eq!(health.dead(), Some(2));
        })
        .await
        .unwrap();
}

/// A resolver whose errors say too much.
struct Indiscreet;

impl Resolver for Indiscreet {
    fn tenant(&self, head: RequestHead<'_>) -> Option<String> {
        head.header("x-shop").map(str::to_owned)
    }

    fn secrets<'a>(&'a self, tenant: &'a str) -> ResolverFuture<'a> {
        Box::pin(async move { Err(format!("{tenant}: no row for {SECRET}").into()) })
    }
}

/// Strangers who make the resolver fail, a name each.
async fn look_up() {
    let source = Source::builder("shops", provider::STRIPE)
        .with_tenants(Tenants::new(Indiscreet))
        .build()
        .unwrap();
    let service =
        VerifyLayer::new(source).layer(service_fn(|_: Request<VerifiedBody>| async move {
            Ok::<_, std::convert::Infallible>(Response::new(ReplyBody::default()))
        }));
    for n in 0..10 {
        let mut request = delivery("evt_canary", SECRET);
        let shop = format!("{HEADER}-{n}").parse().unwrap();
        request.headers_mut().insert("x-shop", shop);
        let reply = service.clone().oneshot(request).await.unwrap();
        assert_eq!(reply.status(), 503);
    }
}

/// A source of this name.
fn source(name: &str, row: Provider) -> Source {
    let builder = Source::builder(name, row).add_secret(Secret::new(SECRET).unwrap());
    builder.build().unwrap()
}

fn signed(row: Provider, id: &str, body: &str) -> Request<ReplyBody> {
    let signer = Signer::new(row, &Secret::new(SECRET).unwrap()).unwrap();
    let signer = signer.with_id(id).with_type("push");
    let request = signer.sign(body.to_owned(), SystemClock.now());
    request.map(ReplyBody::from)
}

/// What is accepted although it is odd, and a handshake.
async fn oddities() {
    let options = HandlerOptions::new().with_max_backlog(1);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source("odd", provider::STRIPE))
        .source(source("hub", provider::GITHUB))
        .source(source("chat", provider::SLACK))
        .handler_with("busy", on("invoice.*"), options, |_: Job| async { Ok(()) })
        .build()
        .await
        .unwrap();
    let event = |id: &str, kind: &str| {
        let body = format!(r#"{{"id":"evt_canary_{id}","type":"{kind}"}}"#);
        signed(provider::STRIPE, id, &body)
    };
    let chat = r#"{"type":"url_verification","challenge":"3eZbrw1aB"}"#;
    for (name, request) in [
        ("odd", event("1", "invoice.paid")),
        ("odd", event("1", "invoice.voided")),
        ("odd", event("2", "invoice.paid")),
        ("odd", event("3", "charge.failed")),
        ("hub", signed(provider::GITHUB, "d1", "{}")),
        ("hub", signed(provider::GITHUB, "d2", "{}")),
        ("chat", signed(provider::SLACK, "", chat)),
    ] {
        let endpoint = inbox.endpoint(name).unwrap();
        assert_eq!(endpoint.oneshot(request).await.unwrap().status(), 200);
    }
}

/// An event that is delivered while it is being worked on, and once more afterwards.
async fn copies() {
    let (started, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (start, go_on) = (Arc::clone(&started), Arc::clone(&goes_on));
    let service = ServiceBuilder::new()
        .layer(VerifyLayer::new(source("inline", provider::STRIPE)))
        .layer(DedupLayer::new(MemoryStore::new()))
        .service(service_fn(move |_: Request<VerifiedBody>| {
            let (start, go_on) = (Arc::clone(&start), Arc::clone(&go_on));
            async move {
                start.notify_one();
                go_on.notified().await;
                Ok::<_, std::convert::Infallible>(Response::new(ReplyBody::default()))
            }
        }));
    let request = || delivery("evt_canary_inline", SECRET);
    let first = tokio::spawn(service.clone().oneshot(request()));
    started.notified().await;
    let copy = service.clone().oneshot(request()).await.unwrap();
    assert_eq!(copy.status(), 409);
    goes_on.notify_one();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    assert_eq!(service.oneshot(request()).await.unwrap().status(), 200);
}

/// What is said when an inbox is built.
async fn beginnings() {
    let store = Arc::new(MemoryStore::new());
    let shared = || Arc::clone(&store) as Arc<dyn Store>;
    let bare = Inbox::builder_over(shared()).source(source("hub", provider::GITHUB));
    drop(bare.build().await.unwrap());
    let old = Inbox::builder_over(shared())
        .source(source("hub", provider::GITHUB))
        .channel("old", on("*"))
        .channel("gone", on("*"));
    let old = old.build().await.unwrap();
    let push = signed(provider::GITHUB, "d1", "{}");
    let reply = old.endpoint("hub").unwrap().oneshot(push).await.unwrap();
    assert_eq!(reply.status(), 200);
    old.remove_handler("gone", Removal::Drain).await.unwrap();
    let nameless = Provider {
        envelope: Envelope::NONE,
        ..provider::GITHUB
    };
    let new = Inbox::builder_over(shared())
        .source(source("hub", provider::GITHUB))
        .source(source("push", nameless))
        .source(source("hub-2", provider::GITHUB))
        .channel("new", on("*"));
    drop(new.build().await.unwrap());
}
