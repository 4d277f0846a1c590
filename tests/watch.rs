//! What an inbox tells about itself: figures, journal, health and probes.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use bytes::Bytes;
use hookgate::{
    Inbox, RejectionKind, Secret, Source,
    clock::{Clock, SystemClock, UnixTime},
    inbox::{BreakerState, Failure, Job, Outcome, RunState, on},
    provider,
    store::{Level, MemoryStore},
    testing::Signer,
    verify::{ReplyBody, VerifiedBody},
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use tower::{Layer, Service, ServiceExt, service_fn};

const SECRET: &str = "whsec_watch";

fn stripe() -> Source {
    let secret = Secret::new(SECRET).unwrap().with_label("new").unwrap();
    let old = Secret::new("other").unwrap().with_label("old").unwrap();
    let day = 86_400;
    let since = UnixTime::from_secs(SystemClock.now().as_secs() - 7 * day);
    Source::builder("stripe", provider::STRIPE)
        .add_secret(secret)
        .add_secret(old.with_since(since))
        .build()
        .unwrap()
}

fn signed(id: &str, secret: &str, now: UnixTime) -> Request<ReplyBody> {
    let body = format!(r#"{{"id":"{id}","type":"invoice.paid"}}"#);
    let signer = Signer::new(provider::STRIPE, &Secret::new(secret).unwrap()).unwrap();
    signer.sign(body, now).map(ReplyBody::from)
}

async fn send<S, B>(service: &S, request: Request<ReplyBody>) -> StatusCode
where
    S: Service<Request<ReplyBody>, Response = Response<B>> + Clone,
    S::Error: std::fmt::Debug,
{
    let reply = service.clone().oneshot(request).await.unwrap();
    reply.status()
}

async fn quiet(_: Job) -> Result<(), Failure> {
    Ok(())
}

#[tokio::test]
async fn the_journal_keeps_verified_deliveries_and_counts_the_others() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe())
        .handler("quiet", on("*"), quiet)
        .with_journal(3)
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    assert_eq!(inbox.journal(9), Some(Vec::new()));
    let now = SystemClock.now();
    for _ in 0..3 {
        assert_eq!(send(&endpoint, signed("evt_1", SECRET, now)).await, 200);
    }
    assert_eq!(send(&endpoint, signed("evt_2", "forged", now)).await, 401);
    let stale = UnixTime::from_secs(now.as_secs() - 400);
    assert_eq!(send(&endpoint, signed("evt_3", SECRET, stale)).await, 401);

    let entries = inbox.journal(9).unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.outcome, entry.duplicates))
        .collect();
    use Outcome::{Accepted, Duplicate};
    assert_eq!(told, [(Duplicate, 0), (Duplicate, 0), (Accepted, 2)]);
    let first = &entries[2];
    assert_eq!((&*first.source, &*first.secret), ("stripe", "new"));
    assert_eq!(first.id.as_deref(), Some("evt_1"));
    assert_eq!(first.event_type.as_deref(), Some("invoice.paid"));
    assert_eq!((first.status, first.size), (StatusCode::OK, 36));
    assert!(first.took < Duration::from_secs(60) && first.at >= now);
    let key = first.key.as_deref().unwrap();
    assert!(inbox.status(key).await.unwrap().is_some());

    let [figures] = &inbox.source_figures()[..] else {
        panic!("one source")
    };
    assert_eq!((figures.accepted, figures.duplicates), (1, 2));
    assert_eq!(figures.refused_in_a_row, 2);
    assert_eq!(figures.disables, provider::STRIPE.sender.disables);
    assert_eq!(
        figures.refused,
        [(RejectionKind::Stale, 1), (RejectionKind::BadSignature, 1)]
    );
    assert_eq!((figures.recent.answered, figures.recent.failed), (3, 0));
    assert_eq!(figures.recent.success_rate(), Some(1.0));
    assert!(figures.recent.p50 <= figures.recent.p99 && figures.recent.p50.is_some());
    assert_eq!(inbox.figures(), figures.recent);
    assert!(figures.clock_skew.unwrap() < 60.0);
    let [new, old] = &figures.secrets[..] else {
        panic!("two secrets")
    };
    assert!(new.age < Duration::from_secs(3_600) && new.last_matched.is_some());
    assert!(old.age >= Duration::from_secs(7 * 86_400) && old.last_matched.is_none());
    assert_eq!(send(&endpoint, signed("evt_4", SECRET, now)).await, 200);
    assert_eq!(inbox.source_figures()[0].refused_in_a_row, 0);

    inbox.remove_source("stripe");
    assert!(inbox.source_figures().is_empty());
}

#[tokio::test]
async fn replies_of_the_users_own_and_refusals_after_verification_are_in_the_journal() {
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe())
        .with_journal(9)
        .build()
        .await
        .unwrap();
    let teapot =
        inbox
            .layer("stripe")
            .unwrap()
            .layer(service_fn(|_: Request<VerifiedBody>| async {
                let mut reply = Response::new(ReplyBody::default());
                *reply.status_mut() = StatusCode::IM_A_TEAPOT;
                Ok::<_, std::convert::Infallible>(reply)
            }));
    let now = SystemClock.now();
    assert_eq!(send(&teapot, signed("evt_1", SECRET, now)).await, 503);
    let [refused] = &inbox.journal(9).unwrap()[..] else {
        panic!("one entry")
    };
    assert_eq!(refused.outcome, Outcome::Refused(RejectionKind::NoHandler));
    assert_eq!((refused.status.as_u16(), &refused.key), (503, &None));
    assert!(!inbox.health().await.is_ready(), "it has no handler");

    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe())
        .allow_unrouted()
        .with_journal(9)
        .build()
        .await
        .unwrap();
    let teapot =
        inbox
            .layer("stripe")
            .unwrap()
            .layer(service_fn(|_: Request<VerifiedBody>| async {
                let mut reply = Response::new(ReplyBody::default());
                *reply.status_mut() = StatusCode::IM_A_TEAPOT;
                Ok::<_, std::convert::Infallible>(reply)
            }));
    assert_eq!(send(&teapot, signed("evt_1", SECRET, now)).await, 418);
    let [entry] = &inbox.journal(9).unwrap()[..] else {
        panic!("one entry")
    };
    assert_eq!(
        (entry.outcome, entry.status.as_u16()),
        (Outcome::Accepted, 418)
    );
    let figures = inbox.figures();
    assert_eq!((figures.answered, figures.failed), (0, 1));
    assert_eq!(inbox.source_figures()[0].refused_in_a_row, 1);
    assert!(inbox.health().await.is_ready(), "it may do without");
}

#[tokio::test]
async fn without_being_asked_it_keeps_no_journal() {
    let inbox = Inbox::builder(MemoryStore::new()).source(stripe());
    let inbox = inbox
        .handler("quiet", on("*"), quiet)
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let now = SystemClock.now();
    assert_eq!(send(&endpoint, signed("evt_1", SECRET, now)).await, 200);
    assert_eq!(inbox.journal(9), None);
    assert_eq!(inbox.figures().answered, 1);
}

async fn ask(inbox: &Inbox) -> [(u16, Bytes); 2] {
    let mut answers = Vec::new();
    for probe in [inbox.liveness(), inbox.readiness()] {
        let reply = probe.oneshot(Request::get("/").body(()).unwrap()).await;
        let reply = reply.unwrap();
        assert_eq!(reply.headers()["cache-control"], "no-store");
        assert_eq!(reply.headers()["content-type"], "application/json");
        let status = reply.status().as_u16();
        answers.push((
            status,
            reply.into_body().collect().await.unwrap().to_bytes(),
        ));
    }
    answers.try_into().unwrap()
}

#[tokio::test]
async fn probes_follow_the_inbox_from_its_start_to_its_end() {
    let inbox = Inbox::builder(MemoryStore::new().with_max_bytes(1_000))
        .handler("fails", on("*"), |_: Job| async {
            Err(Failure::permanent("no"))
        })
        .source(stripe())
        .build()
        .await
        .unwrap();
    let (good, bad) = (
        r#"{"status":"ok"}"#.into(),
        r#"{"status":"unavailable"}"#.into(),
    );
    let good: (u16, Bytes) = (200, good);
    assert_eq!(ask(&inbox).await, [good.clone(), good.clone()]);
    let health = inbox.health().await;
    assert_eq!(
        (health.run, health.level),
        (RunState::NotRunning, Level::Volatile)
    );
    assert_eq!(health.breakers[0].handler, "fails");
    assert_eq!(health.breakers[0].state, BreakerState::Closed);

    let endpoint = inbox.endpoint("stripe").unwrap();
    assert_eq!(
        send(&endpoint, signed("evt_1", SECRET, SystemClock.now())).await,
        200
    );
    let (stop, stopped) = oneshot::channel::<()>();
    let (runs, inbox_too) = (inbox.clone(), inbox.clone());
    let runs = tokio::spawn(async move { runs.run(async { drop(stopped.await) }).await });
    tokio::time::timeout(Duration::from_secs(15), async {
        while inbox_too.health().await.dead() != Some(1) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    let health = inbox.health().await;
    assert_eq!(health.run, RunState::Running);
    assert!(health.store.unwrap().fill().unwrap() > 0.0);
    assert_eq!(ask(&inbox).await, [good.clone(), good.clone()]);

    drop(stop);
    runs.await.unwrap().unwrap();
    assert_eq!(inbox.run_state(), RunState::Ended);
    assert_eq!(ask(&inbox).await, [good, (503, bad)]);
    let post = Request::post("/").body(()).unwrap();
    let reply = inbox.liveness().oneshot(post).await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
}
