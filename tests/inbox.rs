//! The inbox over the in-memory store: accept, dedup, hand off, and what goes wrong on the way.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hookgate::{
    Inbox, Rejection, RejectionKind, Secret, Source, StoreError,
    clock::{Clock, SystemClock},
    error::StoreErrorKind,
    inbox::{Breaker, BreakerState, Endpoint, Failure, HandlerOptions, Job, Receipt, on},
    provider::{self, NoId, Provider},
    source::{ReplayPolicy, SourceBuilder},
    store::{
        Accept, AcceptanceId, Accepted, Admin, Control, DeadLetter, DedupKey, Entry, Fence,
        HandlerDecl, Held, Jobs, LeaseRequest, Leased, Level, MemoryStore, Payload, Promoted,
        Registry, Remembered, Removal, Stats, Store, StoreFuture, Unrouted,
    },
    testing::Signer,
    verify::{ReplyBody, ResponseBody},
};
use http::{Request, Response};
use tokio::{sync::oneshot, task::JoinHandle};
use tower::{Layer, ServiceExt, service_fn};

#[path = "inbox/alerts.rs"]
mod alerts;
#[path = "inbox/breakers.rs"]
mod breakers;
#[path = "inbox/channel.rs"]
mod channel;
#[path = "inbox/control.rs"]
mod control;
#[path = "inbox/options.rs"]
mod options;
#[path = "inbox/replies.rs"]
mod replies;
#[path = "inbox/requeue.rs"]
mod requeue;
#[path = "inbox/spelling.rs"]
mod spelling;
#[path = "inbox/spikes.rs"]
mod spikes;
#[path = "inbox/versions.rs"]
mod versions;

fn source(row: Provider) -> Source {
    builder(row).build().unwrap()
}

fn builder(row: Provider) -> hookgate::source::SourceBuilder {
    Source::builder(row.slug, row).add_secret(Secret::new("s3cret").unwrap())
}

fn signer(row: Provider) -> Signer {
    Signer::new(row, &Secret::new("s3cret").unwrap()).unwrap()
}

fn stripe(id: &str, kind: &str) -> Request<ReplyBody> {
    let body = format!(r#"{{"id":"{id}","type":"{kind}","data":{{"object":{{"n":7}}}}}}"#);
    signer(provider::STRIPE)
        .sign(body, SystemClock.now())
        .map(ReplyBody::from)
}

fn github(id: &str, body: &str) -> Request<ReplyBody> {
    let signer = signer(provider::GITHUB).with_id(id).with_type("push");
    signer
        .sign(body.to_owned(), SystemClock.now())
        .map(ReplyBody::from)
}

type Reply = Response<ResponseBody<ReplyBody>>;

async fn send(endpoint: &Endpoint, request: Request<ReplyBody>) -> Reply {
    endpoint.clone().oneshot(request).await.unwrap()
}

async fn status(endpoint: &Endpoint, request: Request<ReplyBody>) -> u16 {
    send(endpoint, request).await.status().as_u16()
}

fn kind(reply: &Reply) -> Option<RejectionKind> {
    reply.extensions().get::<Rejection>().map(Rejection::kind)
}

/// What handlers saw: (handler, id, attempt).
type Seen = Arc<Mutex<Vec<(String, String, u32)>>>;

fn note(seen: &Seen, job: &Job) {
    let id = job.id().map(|id| id.value.clone()).unwrap_or_default();
    seen.lock()
        .unwrap()
        .push((job.handler().to_owned(), id, job.attempt()));
}

fn noting(seen: &Seen) -> impl hookgate::inbox::Handler {
    let seen = Arc::clone(seen);
    move |job: Job| {
        note(&seen, &job);
        async { Ok(()) }
    }
}

/// Runs an inbox until it is stopped.
struct Running(oneshot::Sender<()>, JoinHandle<Result<(), StoreError>>);

fn run(inbox: &Inbox) -> Running {
    let (stop, stopped) = oneshot::channel::<()>();
    let inbox = inbox.clone();
    Running(
        stop,
        tokio::spawn(async move { inbox.run(async { drop(stopped.await) }).await }),
    )
}

impl Running {
    async fn stop(self) {
        drop(self.0);
        self.1.await.unwrap().unwrap();
    }
}

/// Waits until what is asked for is true; a test that waits in vain fails.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..5_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

async fn until_stats(inbox: &Inbox, what: &str, is_so: impl Fn(&Stats) -> bool) -> Stats {
    for _ in 0..20_000 {
        let stats = inbox.stats().await.unwrap();
        if is_so(&stats) {
            return stats;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}: {:?}", inbox.stats().await);
}

#[tokio::test]
async fn an_event_is_handled_once_however_often_it_is_delivered() {
    let seen = Seen::default();
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler("billing", on("invoice.*"), noting(&seen))
        .handler("audit", on("*"), noting(&seen))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let running = run(&inbox);
    for _ in 0..3 {
        let reply = send(&endpoint, stripe("evt_1", "invoice.paid")).await;
        assert_eq!((reply.status().as_u16(), kind(&reply)), (200, None));
    }
    assert_eq!(
        status(&endpoint, stripe("evt_2", "charge.failed")).await,
        200
    );
    until("three jobs", || seen.lock().unwrap().len() == 3).await;
    running.stop().await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    let expected = [
        ("audit", "evt_1", 1),
        ("audit", "evt_2", 1),
        ("billing", "evt_1", 1),
    ];
    assert_eq!(
        seen,
        expected.map(|(h, id, n)| (h.to_owned(), id.to_owned(), n))
    );
    let stats = inbox.stats().await.unwrap();
    assert_eq!((stats.bytes, stats.unrouted), (0, 0));
}

#[tokio::test]
async fn two_racing_deliveries_are_one_event() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    for n in 0..200 {
        let id = format!("evt_{n}");
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (endpoint, request) = (endpoint.clone(), stripe(&id, "a"));
                tokio::spawn(async move { status(&endpoint, request).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 200);
        }
    }
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 200);
}

#[tokio::test]
async fn refused_deliveries_and_handshakes_never_reach_the_store() {
    let store = Arc::new(Faulty::new([]));
    let token = Secret::new("token").unwrap();
    let inbox = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .source(
            builder(provider::META)
                .with_verify_token(token)
                .build()
                .unwrap(),
        )
        .source(source(provider::SLACK))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let endpoints = inbox.endpoints();
    let mut wrong = stripe("evt_1", "a");
    wrong
        .headers_mut()
        .insert("stripe-signature", "t=1,v1=00".parse().unwrap());
    let handshake = "/hooks/meta?hub.mode=subscribe&hub.verify_token=token&hub.challenge=123";
    let slack = signer(provider::SLACK)
        .sign(
            r#"{"type":"url_verification","challenge":"3eZbrw1aB"}"#,
            SystemClock.now(),
        )
        .map(ReplyBody::from);
    for (path, request, expected) in [
        ("/hooks/stripe", wrong, 401),
        (
            "/hooks/stripe",
            Request::post("/").body(ReplyBody::default()).unwrap(),
            401,
        ),
        (
            handshake,
            Request::get("/").body(ReplyBody::default()).unwrap(),
            200,
        ),
        ("/hooks/slack", slack, 200),
        ("/hooks/nope", stripe("evt_1", "a"), 404),
        ("/hooks/", stripe("evt_1", "a"), 404),
    ] {
        let mut request = request;
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(status(&endpoints, request).await, expected, "{path}");
    }
    assert_eq!(store.accepts.load(Ordering::SeqCst), 0);
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 0);
}

#[tokio::test]
async fn without_a_handler_nothing_is_acknowledged_unless_that_is_wanted() {
    let store = Arc::new(MemoryStore::new());
    let bare = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .build()
        .await;
    let bare = bare.unwrap();
    let endpoint = bare.endpoint("stripe").unwrap();
    let reply = send(&endpoint, stripe("evt_1", "a")).await;
    assert_eq!(
        (reply.status().as_u16(), kind(&reply)),
        (503, Some(RejectionKind::NoHandler))
    );

    // Another process declares one: this one learns it at the next delivery.
    let other = Inbox::builder_over(store.clone())
        .channel("late", on("b"))
        .build()
        .await
        .unwrap();
    assert_eq!(status(&endpoint, stripe("evt_2", "b")).await, 200);
    assert_eq!(other.stats().await.unwrap().handlers[0].queued, 1);

    // Declared but not interested: kept as unrouted.
    assert_eq!(status(&endpoint, stripe("evt_3", "a")).await, 200);
    let stats = bare.stats().await.unwrap();
    assert_eq!((stats.unrouted, stats.handlers[0].queued), (1, 1));

    let open = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .allow_unrouted();
    let open = open.build().await.unwrap();
    let endpoint = open.endpoint("stripe").unwrap();
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    assert_eq!(open.stats().await.unwrap().unrouted, 1);
}

#[tokio::test]
async fn a_process_with_old_routes_serves_handlers_that_were_declared_later() {
    let store = Arc::new(MemoryStore::new());
    let old = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .channel("one", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = old.endpoint("stripe").unwrap();
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    let _new = Inbox::builder_over(store)
        .channel("one", on("b"))
        .channel("two", on("*"))
        .build()
        .await
        .unwrap();
    assert_eq!(status(&endpoint, stripe("evt_2", "a")).await, 200);
    let queued: Vec<_> = old
        .stats()
        .await
        .unwrap()
        .handlers
        .iter()
        .map(|h| (h.handler.clone(), h.queued))
        .collect();
    assert_eq!(queued, [("one".to_owned(), 1), ("two".to_owned(), 1)]);
}

#[tokio::test]
async fn an_unsigned_id_identifies_nothing_without_its_bytes() {
    let build = |policy| {
        Inbox::builder(MemoryStore::new())
            .source(
                builder(provider::GITHUB)
                    .with_replay_policy(policy)
                    .build()
                    .unwrap(),
            )
            .channel("all", on("*"))
            .build()
    };
    for (policy, queued) in [
        (ReplayPolicy::Off, 3),
        (ReplayPolicy::Flag, 3),
        (ReplayPolicy::Reject, 2),
    ] {
        let inbox = build(policy).await.unwrap();
        let endpoint = inbox.endpoint("github").unwrap();
        // A delivery, its repetition, other bytes under its id, its bytes under another id.
        for (id, body) in [("d1", "{}"), ("d1", "{}"), ("d1", "{ }"), ("d2", "{}")] {
            assert_eq!(status(&endpoint, github(id, body)).await, 200);
        }
        assert_eq!(
            inbox.stats().await.unwrap().handlers[0].queued,
            queued,
            "{policy:?}"
        );
    }
}

/// A GET has all of its data in the URL.
#[tokio::test]
async fn no_event_is_taken_for_another_because_both_have_no_body() {
    let zendesk = |id: &str| {
        let signer = signer(provider::ZENDESK).with_id(id);
        let mut request = signer.sign("", SystemClock.now()).map(ReplyBody::from);
        *request.method_mut() = http::Method::GET;
        request
    };
    let nameless = |id: &str| {
        let mut request = zendesk(id);
        request
            .headers_mut()
            .remove("x-zendesk-webhook-invocation-id");
        request
    };
    let rejecting = |b: SourceBuilder| b.with_replay_policy(ReplayPolicy::Reject);
    let by_digest = |b: SourceBuilder| b.with_no_id(NoId::BodyDigest);
    type Change = fn(SourceBuilder) -> SourceBuilder;
    for change in [rejecting as Change, by_digest] {
        let inbox = Inbox::builder(MemoryStore::new())
            .source(change(builder(provider::ZENDESK)).build().unwrap())
            .channel("all", on("*"))
            .build()
            .await
            .unwrap();
        let endpoint = inbox.endpoint("zendesk").unwrap();
        for request in [
            zendesk("1"),
            zendesk("2"),
            nameless("3"),
            nameless("4"),
            zendesk("1"),
        ] {
            assert_eq!(status(&endpoint, request).await, 200);
        }
        assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 4);
    }
}

#[tokio::test]
async fn whoever_replays_a_capture_under_other_headers_takes_nothing_from_the_honest_delivery() {
    let build = |policy| {
        Inbox::builder(MemoryStore::new())
            .source(
                builder(provider::GITHUB)
                    .with_replay_policy(policy)
                    .build()
                    .unwrap(),
            )
            .channel("pushes", on("push"))
            .build()
    };
    // First under another type: the honest one is still new.
    let inbox = build(ReplayPolicy::Flag).await.unwrap();
    let endpoint = inbox.endpoint("github").unwrap();
    let mut forged = github("d1", "{}");
    forged
        .headers_mut()
        .insert("x-github-event", "nonsense".parse().unwrap());
    assert_eq!(status(&endpoint, forged).await, 200);
    assert_eq!(status(&endpoint, github("d1", "{}")).await, 200);
    let stats = inbox.stats().await.unwrap();
    assert_eq!((stats.handlers[0].queued, stats.unrouted), (1, 1));
    let unrouted = inbox.unrouted(None, 10).await.unwrap();
    assert_eq!(unrouted.len(), 1);
    assert!(inbox.route(&unrouted[0].entry, &[]).await.unwrap());
    assert_eq!(inbox.stats().await.unwrap().unrouted, 0);

    // Without an id, again and again: the same bytes are noticed all the same.
    let inbox = build(ReplayPolicy::Reject).await.unwrap();
    let endpoint = inbox.endpoint("github").unwrap();
    assert_eq!(status(&endpoint, github("d1", "{}")).await, 200);
    for _ in 0..3 {
        let mut nameless = github("d1", "{}");
        nameless.headers_mut().remove("x-github-delivery");
        assert_eq!(status(&endpoint, nameless).await, 200);
    }
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 1);
}

#[tokio::test]
async fn a_filter_that_decides_about_security_is_not_fooled_by_a_replay_under_another_type() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::GITHUB))
        .source(source(provider::STRIPE))
        .channel("trusting", on("paid"))
        .channel("strict", on("paid").only_signed())
        .build()
        .await
        .unwrap();
    let (github_in, stripe_in) = (
        inbox.endpoint("github").unwrap(),
        inbox.endpoint("stripe").unwrap(),
    );
    let queued = async || {
        let stats = inbox.stats().await.unwrap();
        let [trusting, strict] = [0, 1].map(|i| stats.handlers[i].queued);
        (trusting, strict, stats.unrouted)
    };
    assert_eq!(status(&github_in, github("d1", "{}")).await, 200);
    assert_eq!(queued().await, (0, 0, 1), "a push");
    // Captured, and sent again as something else, or as nothing in particular.
    let mut forged = github("d1", "{}");
    let headers = forged.headers_mut();
    headers.insert("x-github-event", "paid".parse().unwrap());
    assert_eq!(status(&github_in, forged).await, 200);
    let mut forged = github("d2", "{}");
    forged.headers_mut().remove("x-github-event");
    assert_eq!(status(&github_in, forged).await, 200);
    assert_eq!(queued().await, (2, 0, 1));
    // Stripe signs its types.
    assert_eq!(status(&stripe_in, stripe("evt_1", "paid")).await, 200);
    assert_eq!(queued().await, (3, 1, 1));
}

#[tokio::test]
async fn an_objects_id_is_not_taken_for_the_events() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::X_SIGNATURE))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("x-signature").unwrap();
    let order = |event: &str, status: &str| {
        let body = format!(r#"{{"id":"order_1","type":"order","status":"{status}"}}"#);
        let signer = signer(provider::X_SIGNATURE).with_id(event);
        signer.sign(body, SystemClock.now()).map(ReplyBody::from)
    };
    for (event, state) in [
        ("e1", "new"),
        ("e2", "paid"),
        ("e3", "sent"),
        ("e3", "sent"),
    ] {
        assert_eq!(status(&endpoint, order(event, state)).await, 200);
    }
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 3);
}

#[tokio::test]
async fn a_signed_id_is_the_same_event_whatever_else_the_body_says() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    for kind in ["a", "a", "b"] {
        assert_eq!(status(&endpoint, stripe("evt_1", kind)).await, 200);
    }
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 1);
}

#[tokio::test]
async fn the_store_failing_is_503_and_nothing_is_lost_or_doubled() {
    let faults = [
        Fault::LoseReply,
        Fault::None,
        Fault::Refuse(StoreErrorKind::Unavailable),
        Fault::LoseReply,
        Fault::LoseReply,
        Fault::Refuse(StoreErrorKind::Full),
        Fault::Refuse(StoreErrorKind::Corrupt),
    ];
    let store = Arc::new(Faulty::new(faults));
    let inbox = Inbox::builder_over(store)
        .source(source(provider::STRIPE))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    for (id, expected) in [
        // Taken, reply lost, taken again as its own duplicate.
        ("evt_1", None),
        ("evt_2", Some(RejectionKind::StoreUnavailable)),
        // Both replies lost: the sender has to come back, and finds it stored.
        ("evt_3", Some(RejectionKind::StoreUnavailable)),
        ("evt_4", Some(RejectionKind::StoreFull)),
        ("evt_5", Some(RejectionKind::StoreUnavailable)),
        ("evt_3", None),
        ("evt_4", None),
    ] {
        let reply = send(&endpoint, stripe(id, "a")).await;
        assert_eq!(kind(&reply), expected, "{id}");
        assert_eq!(
            reply.status().as_u16(),
            if expected.is_some() { 503 } else { 200 }
        );
        assert_eq!(
            reply.headers().contains_key("retry-after"),
            expected.is_some()
        );
    }
    // 1, 3 and 4, once each.
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 3);
}

/// An endpoint of this source over a store whose first calls hang.
async fn over_one_that_hangs<const N: usize>(source: Source, calls: [Fault; N]) -> Endpoint {
    let inbox = Inbox::builder_over(Arc::new(Faulty::new(calls)))
        .source(source)
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    inbox.endpoint("stripe").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_503_before_the_sender_gives_up() {
    let calls = [Fault::Hang, Fault::Hang];
    let endpoint = over_one_that_hangs(source(provider::STRIPE), calls).await;
    let begun = tokio::time::Instant::now();
    let reply = send(&endpoint, stripe("evt_1", "a")).await;
    assert_eq!(kind(&reply), Some(RejectionKind::StoreUnavailable));
    assert!(
        begun.elapsed() <= Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_handler_is_retried_after_1_4_and_16_seconds_and_then_dead() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let (noted, seen) = (Arc::clone(&times), Seen::default());
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler("flaky", on("*"), move |job: Job| {
            noted
                .lock()
                .unwrap()
                .push((job.attempt(), tokio::time::Instant::now()));
            async { Err(Failure::retry("no route to host")) }
        })
        .handler("sound", on("*"), noting(&seen))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let running = run(&inbox);
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    let stats = until_stats(&inbox, "dead", |stats| stats.handlers[0].dead == 1).await;
    assert_eq!(
        seen.lock().unwrap().len(),
        1,
        "the other handler never noticed"
    );
    assert!(stats.bytes > 0, "a dead letter keeps its payload");
    running.stop().await;
    let times = times.lock().unwrap();
    assert_eq!(
        times
            .iter()
            .map(|(attempt, _)| *attempt)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    for (pair, delay) in times.windows(2).zip([1.0, 4.0, 16.0]) {
        let waited = (pair[1].1 - pair[0].1).as_secs_f64();
        assert!(
            (delay * 0.8..=delay * 1.2 + 0.1).contains(&waited),
            "{waited} for {delay}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_get_better_is_dead_at_once_and_a_panic_or_time_out_is_a_failed_attempt() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler("permanent", on("*"), |_: Job| async {
            Err(Failure::permanent("gone"))
        })
        .handler("unreadable", on("*"), |job: Job| async move {
            job.json_at::<String>("/data/object/n")?;
            Ok(())
        })
        .handler("panics", on("*"), move |job: Job| {
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(job.attempt() > 2, "a handler's panic is its own");
                Ok(())
            }
        })
        .handler("hangs", on("*"), |job: Job| async move {
            if job.attempt() == 1 {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let running = run(&inbox);
    let begun = tokio::time::Instant::now();
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    let settled = |stats: &Stats| {
        stats
            .handlers
            .iter()
            .all(|h| h.queued + h.processing + h.delayed == 0)
    };
    let stats = until_stats(&inbox, "all settled", settled).await;
    let dead: Vec<_> = stats
        .handlers
        .iter()
        .map(|h| (h.handler.as_str(), h.dead))
        .collect();
    assert_eq!(
        dead,
        [
            ("permanent", 1),
            ("unreadable", 1),
            ("panics", 0),
            ("hangs", 0)
        ]
    );
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    assert!(
        begun.elapsed() >= Duration::from_secs(60),
        "the hanging attempt has a minute"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_duration_or_count_is_too_large() {
    let options = HandlerOptions::new()
        .with_timeout(Duration::MAX)
        .with_concurrency(usize::MAX)
        .with_breaker(Breaker::after(1, Duration::MAX));
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler_with("far", on("*"), options, |_: Job| async {
            Err(Failure::retry_after(Duration::MAX, "come back never"))
        })
        .channel("channel", on("*"))
        .with_drain_deadline(Duration::MAX)
        .build()
        .await
        .unwrap();
    status(&inbox.endpoint("stripe").unwrap(), stripe("evt_1", "a")).await;
    let running = run(&inbox);
    let stats = until_stats(&inbox, "delayed", |stats| stats.handlers[0].delayed == 1).await;
    assert_eq!(stats.handlers[0].processing, 0);
    let mut channel = inbox.channel("channel").unwrap();
    let job = channel.recv().await.unwrap();
    assert_eq!(job.retry(Duration::MAX).await.unwrap(), Held::Applied);
    drop(channel);
    assert!(inbox.channel("channel").is_ok(), "it may be taken again");
    assert!(
        inbox.run(std::future::ready(())).await.is_err(),
        "it runs already"
    );
    running.stop().await;
    // What a store that forgets took now would be lost.
    let reply = send(&inbox.endpoint("stripe").unwrap(), stripe("evt_2", "a")).await;
    assert_eq!(kind(&reply), Some(RejectionKind::ShuttingDown));
}

#[tokio::test(start_paused = true)]
async fn a_tower_service_is_a_handler_and_a_panic_before_its_future_is_caught() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let service = tower::ServiceBuilder::new()
        .timeout(Duration::from_secs(1))
        .service(service_fn(move |job: Job| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match job.attempt() {
                    1 => std::future::pending().await,
                    2 => Err(Failure::permanent("gone")),
                    _ => Ok("ignored"),
                }
            }
        }));
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler_service("service", on("*"), HandlerOptions::new(), service)
        .handler("panics", on("*"), |job: Job| {
            assert!(job.attempt() > 1, "before there is a future");
            async { Ok(()) }
        })
        .build()
        .await
        .unwrap();
    let running = run(&inbox);
    status(&inbox.endpoint("stripe").unwrap(), stripe("evt_1", "a")).await;
    let settled = |stats: &Stats| {
        stats
            .handlers
            .iter()
            .all(|h| h.queued + h.processing + h.delayed == 0)
    };
    let stats = until_stats(&inbox, "settled", settled).await;
    let dead: Vec<_> = stats.handlers.iter().map(|h| h.dead).collect();
    assert_eq!((dead, calls.load(Ordering::SeqCst)), (vec![1, 0], 2));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_gets_a_verdict_is_taken_for_poison() {
    // Five workers die with it: their leases run out.
    let store = Arc::new(MemoryStore::new());
    let inbox = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    status(&inbox.endpoint("stripe").unwrap(), stripe("evt_1", "a")).await;
    let lease = Duration::from_secs(1);
    for _ in 0..5 {
        let request = LeaseRequest {
            handler: "all",
            max: 1,
            lease,
            wait: Duration::from_secs(5),
        };
        assert_eq!(store.lease(request).await.unwrap().len(), 1);
    }
    let seen = Seen::default();
    let again = Inbox::builder_over(store)
        .handler("all", on("*"), noting(&seen))
        .build()
        .await;
    let again = again.unwrap();
    let running = run(&again);
    until_stats(&again, "dead", |stats| stats.handlers[0].dead == 1).await;
    assert!(seen.lock().unwrap().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_slow_handler_delays_nobody_else() {
    let seen = Seen::default();
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler("slow", on("*"), |_: Job| std::future::pending())
        .handler("fast", on("*"), noting(&seen))
        .with_drain_deadline(Duration::from_millis(50))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let running = run(&inbox);
    for n in 0..300 {
        assert_eq!(
            status(&endpoint, stripe(&format!("evt_{n}"), "a")).await,
            200
        );
    }
    until("the fast one is done", || seen.lock().unwrap().len() == 300).await;
    // What still runs when the drain is over is handed back, uncounted.
    running.stop().await;
    let stats = inbox.stats().await.unwrap();
    let (slow, fast) = (&stats.handlers[0], &stats.handlers[1]);
    assert_eq!((slow.queued, slow.processing), (300, 0));
    assert_eq!((fast.queued, fast.processing), (0, 0));
}

#[tokio::test]
async fn shutdown_lets_running_jobs_finish() {
    let seen = Seen::default();
    let (note_it, gate) = (Arc::clone(&seen), Arc::new(tokio::sync::Notify::new()));
    let (waits, started) = (Arc::clone(&gate), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&started);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler("one", on("*"), move |job: Job| {
            let (seen, gate) = (Arc::clone(&note_it), Arc::clone(&waits));
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                gate.notified().await;
                note(&seen, &job);
                Ok(())
            }
        })
        .build()
        .await
        .unwrap();
    let running = run(&inbox);
    status(&inbox.endpoint("stripe").unwrap(), stripe("evt_1", "a")).await;
    until("it runs", || started.load(Ordering::SeqCst) == 1).await;
    let Running(stop, task) = running;
    drop(stop);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!task.is_finished(), "it waits for the job");
    gate.notify_one();
    task.await.unwrap().unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
    assert_eq!(inbox.stats().await.unwrap().bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_channel_hands_out_jobs_that_come_back_unless_they_are_settled() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .channel("audit", on("*"))
        .build()
        .await
        .unwrap();
    assert!(inbox.channel("nope").is_err());
    let mut audit = inbox.channel("audit").unwrap();
    assert!(inbox.channel("audit").is_err(), "taken");
    let endpoint = inbox.endpoint("stripe").unwrap();
    status(&endpoint, stripe("evt_1", "a")).await;

    let job = audit.recv().await.unwrap();
    assert_eq!(
        (job.attempt(), job.key().len(), job.source()),
        (1, 32, "stripe")
    );
    let key = job.key().to_owned();
    // Held for longer than its lease, it is still ours ...
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(job.extend().await.unwrap(), Held::Applied);
    // ... and dropped it comes back.
    drop(job);
    let job = audit.recv().await.unwrap();
    assert_eq!((job.attempt(), job.key()), (1, &*key));
    assert_eq!(
        job.retry(Duration::from_secs(1)).await.unwrap(),
        Held::Applied
    );
    let job = audit.recv().await.unwrap();
    assert_eq!(job.attempt(), 2);
    assert_eq!(job.bury("no").await.unwrap(), Held::Applied);
    assert_eq!(inbox.stats().await.unwrap().handlers[0].dead, 1);

    status(&endpoint, stripe("evt_2", "a")).await;
    let job = audit.recv().await.unwrap();
    assert_eq!(job.done().await.unwrap(), Held::Applied);

    inbox.run(std::future::ready(())).await.unwrap();
    assert!(audit.recv().await.is_none(), "the inbox has stopped");
    audit.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_asks_a_channel_in_vain_again_and_again_loses_no_job_by_that() {
    let slow = Faulty {
        slow: Duration::from_millis(20),
        ..Faulty::new([])
    };
    let inbox = Inbox::builder_over(Arc::new(slow))
        .source(source(provider::STRIPE))
        .channel("audit", on("*"))
        .build()
        .await
        .unwrap();
    let mut audit = inbox.channel("audit").unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    status(&endpoint, stripe("evt_1", "a")).await;
    let mut job = None;
    for _ in 0..8 {
        // As in `select!`, with something else that is ready sooner.
        let too_short = Duration::from_millis(10);
        if let Ok(asked) = tokio::time::timeout(too_short, audit.recv()).await {
            job = asked;
            break;
        }
        tokio::time::sleep(Duration::from_secs(40)).await;
    }
    let job = job.expect("a job, if only at the second time");
    assert_eq!(job.done().await.unwrap(), Held::Applied);
    let audit_stats = &inbox.stats().await.unwrap().handlers[0];
    assert_eq!((audit_stats.dead, audit_stats.backlog()), (0, 0));
}

#[tokio::test]
async fn sources_come_and_go_while_endpoints_stay_mounted() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let (fixed, any) = (inbox.endpoint("stripe").unwrap(), inbox.endpoints());
    assert!(inbox.endpoint("github").is_err());
    let push = |id: &str| {
        let mut request = github(id, "{}");
        *request.uri_mut() = "/hooks/github".parse().unwrap();
        request
    };
    assert_eq!(status(&any, push("d1")).await, 404);
    inbox.set_source(source(provider::GITHUB));
    assert_eq!(status(&any, push("d1")).await, 200);
    inbox.remove_source("stripe");
    assert_eq!(status(&fixed, stripe("evt_1", "a")).await, 404);
    inbox.set_source(source(provider::STRIPE));
    assert_eq!(status(&fixed, stripe("evt_1", "a")).await, 200);
}

#[tokio::test]
async fn a_service_of_ones_own_only_writes_the_reply() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let service = inbox.layer("stripe").unwrap().layer(service_fn(
        move |request: Request<hookgate::verify::VerifiedBody>| {
            counted.fetch_add(1, Ordering::SeqCst);
            let receipt = request.extensions().get::<Receipt>().copied();
            let text = format!("{receipt:?}");
            async move { Ok::<_, Infallible>(Response::builder().status(202).body(text).unwrap()) }
        },
    ));
    for expected in ["Some(Accepted)", "Some(Duplicate)"] {
        let reply = service.clone().oneshot(stripe("evt_1", "a")).await.unwrap();
        assert_eq!(reply.status(), 202);
        let body = http_body_util::BodyExt::collect(reply.into_body())
            .await
            .unwrap()
            .to_bytes();
        assert_eq!(body, expected);
    }
    let mut unsigned = stripe("evt_2", "a");
    unsigned.headers_mut().remove("stripe-signature");
    assert_eq!(service.oneshot(unsigned).await.unwrap().status(), 401);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn events_verified_elsewhere_can_be_stored_as_well() {
    let stripe_source = source(provider::STRIPE);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe_source.clone())
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let (parts, body) = stripe("evt_1", "a").into_parts();
    let event = stripe_source
        .verify(&parts, body.into_bytes(), SystemClock.now())
        .unwrap();
    assert_eq!(inbox.accept(&event).await.unwrap(), Receipt::Accepted);
    assert_eq!(inbox.accept(&event).await.unwrap(), Receipt::Duplicate);
}

#[tokio::test]
async fn configuration_mistakes_surface_at_build() {
    let twice = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .source(source(provider::STRIPE))
        .build()
        .await;
    assert_eq!(
        twice.unwrap_err().to_string(),
        "source \"stripe\" is configured twice"
    );
    let twice = Inbox::builder(MemoryStore::new())
        .channel("a", on("*"))
        .handler("a", on("*"), |_: Job| async { Ok(()) })
        .build()
        .await;
    assert_eq!(
        twice.unwrap_err().to_string(),
        "handler \"a\" is configured twice"
    );
    let bad = Inbox::builder(MemoryStore::new())
        .channel("a b", on("*"))
        .build()
        .await;
    assert!(bad.is_err());
}

/// What goes wrong with an accept.
#[derive(Clone, Copy)]
enum Fault {
    None,
    /// It is taken, and nobody hears of it.
    LoseReply,
    /// It is not taken.
    Refuse(StoreErrorKind),
    /// It never answers.
    Hang,
}

/// A real store behind a bad connection.
#[derive(Debug)]
struct Faulty {
    store: MemoryStore,
    faults: Mutex<VecDeque<Fault>>,
    /// The same for `requeue`.
    requeues: Mutex<VecDeque<Fault>>,
    accepts: AtomicUsize,
    /// How long it takes from a lease to its answer.
    slow: Duration,
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fault")
    }
}

impl Faulty {
    fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        let faults = Mutex::new(faults.into_iter().collect());
        Self {
            store: MemoryStore::new(),
            faults,
            requeues: Mutex::default(),
            accepts: AtomicUsize::new(0),
            slow: Duration::ZERO,
        }
    }
}

impl Store for Faulty {
    fn level(&self) -> Level {
        self.store.level()
    }
}

impl Accept for Faulty {
    fn declare<'a>(&'a self, handlers: &'a [HandlerDecl]) -> StoreFuture<'a, Registry> {
        self.store.declare(handlers)
    }

    fn registry(&self) -> StoreFuture<'_, Registry> {
        self.store.registry()
    }

    fn accept(&self, entry: Entry) -> StoreFuture<'_, Accepted> {
        self.accepts.fetch_add(1, Ordering::SeqCst);
        Box::pin(under(&self.faults, self.store.accept(entry)))
    }
}

/// What comes of a call whose turn it is to meet the next fault.
async fn under<T>(
    faults: &Mutex<VecDeque<Fault>>,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let fault = faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
    match fault {
        Fault::None => call.await,
        Fault::LoseReply => {
            call.await?;
            Err(StoreError::new(
                StoreErrorKind::Ambiguous,
                "connection reset",
            ))
        }
        Fault::Refuse(kind) => Err(StoreError::new(kind, "refused")),
        Fault::Hang => std::future::pending().await,
    }
}

impl Jobs for Faulty {
    fn lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Vec<Leased>> {
        Box::pin(async move {
            let leased = self.store.lease(request).await;
            tokio::time::sleep(self.slow).await;
            leased
        })
    }

    fn extend<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        self.store.extend(fence)
    }

    fn done<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        self.store.done(fence)
    }

    fn retry<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        self.store.retry(fence, delay)
    }

    fn bury<'a>(&'a self, fence: &'a Fence, reason: &'a str) -> StoreFuture<'a, Held> {
        self.store.bury(fence, reason)
    }

    fn hand_back<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        self.store.hand_back(fence)
    }

    fn postpone<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        self.store.postpone(fence, delay)
    }

    fn promote<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, Promoted> {
        self.store.promote(handler, max)
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        self.store.stats()
    }
}

impl Admin for Faulty {
    fn dead<'a>(
        &'a self,
        handler: &'a str,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<DeadLetter>> {
        self.store.dead(handler, after, max)
    }

    fn dead_letter<'a>(
        &'a self,
        handler: &'a str,
        entry: &'a str,
    ) -> StoreFuture<'a, Option<DeadLetter>> {
        self.store.dead_letter(handler, entry)
    }

    fn payload(&self, key: DedupKey) -> StoreFuture<'_, Option<Payload>> {
        self.store.payload(key)
    }

    fn replay<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        self.store.replay(handler, entry)
    }

    fn discard<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        self.store.discard(handler, entry)
    }

    fn requeue(&self, key: DedupKey, acceptance: AcceptanceId) -> StoreFuture<'_, usize> {
        let call = self.store.requeue(key, acceptance);
        Box::pin(under(&self.requeues, call))
    }

    fn alerted<'a>(&'a self, handler: &'a str) -> StoreFuture<'a, Option<String>> {
        self.store.alerted(handler)
    }

    fn set_alerted<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, ()> {
        self.store.set_alerted(handler, entry)
    }

    fn status(&self, key: DedupKey) -> StoreFuture<'_, Option<Remembered>> {
        self.store.status(key)
    }

    fn erase(&self, key: DedupKey) -> StoreFuture<'_, bool> {
        self.store.erase(key)
    }

    fn unrouted<'a>(
        &'a self,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<Unrouted>> {
        self.store.unrouted(after, max)
    }

    fn route<'a>(&'a self, entry: &'a str, routes: &'a [Arc<str>]) -> StoreFuture<'a, bool> {
        self.store.route(entry, routes)
    }

    fn sweep(&self, older_than: Duration, max: usize) -> StoreFuture<'_, usize> {
        self.store.sweep(older_than, max)
    }
}

impl Control for Faulty {
    fn set_paused<'a>(&'a self, handler: &'a str, paused: bool) -> StoreFuture<'a, bool> {
        self.store.set_paused(handler, paused)
    }

    fn remove<'a>(&'a self, handler: &'a str, removal: Removal) -> StoreFuture<'a, bool> {
        self.store.remove(handler, removal)
    }

    fn bury_removed<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, usize> {
        self.store.bury_removed(handler, max)
    }
}
