//! Inline idempotency, over memory and Redis.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/redis.rs"]
mod redis;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::post};
use hookgate::{
    Event, Rejection, RejectionKind, Secret, Source, VerifyLayer,
    clock::{Clock, SystemClock},
    dedup::DedupLayer,
    provider::{self, Provider, Replies, Retries, Sender},
    store::{
        Claim, ClaimToken, Claims, DedupKey, Held, MemoryStore, RedisStore, StoreFuture, contract,
    },
    testing::Signer,
    verify::ReplyBody,
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::Notify;
use tower::ServiceExt;

fn secret() -> Secret {
    Secret::new("s3cret").unwrap()
}

fn delivery(id: &str) -> Request<axum::body::Body> {
    let body = format!(r#"{{"id":"{id}","type":"a"}}"#);
    let signer = Signer::new(provider::STRIPE, &secret()).unwrap();
    signer
        .sign(body, SystemClock.now())
        .map(axum::body::Body::from)
}

/// An app that answers with what `work` makes of the event's id, once for each event.
fn app<F, Fut>(claims: Arc<dyn Claims>, lease: Duration, work: F) -> Router
where
    F: Fn(String) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = (StatusCode, String)> + Send,
{
    app_for(provider::STRIPE, claims, lease, work)
}

fn app_for<F, Fut>(row: Provider, claims: Arc<dyn Claims>, lease: Duration, work: F) -> Router
where
    F: Fn(String) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = (StatusCode, String)> + Send,
{
    let source = Source::builder("stripe", row)
        .add_secret(secret())
        .build()
        .unwrap();
    let handler = move |event: Event| {
        let work = work.clone();
        async move { work(event.id().unwrap().value.clone()).await }
    };
    Router::new()
        .route("/", post(handler))
        .layer(DedupLayer::over(claims).with_lease(lease))
        .layer(VerifyLayer::new(source))
}

async fn send(app: &Router, id: &str) -> (u16, String) {
    let response = app.clone().oneshot(delivery(id)).await.unwrap();
    read(response).await
}

async fn read(response: Response<axum::body::Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const LEASE: Duration = Duration::from_millis(300);

async fn each_event_runs_once_and_later_deliveries_get_its_reply(claims: Arc<dyn Claims>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let app = app(claims, LEASE, move |id| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        async move { (StatusCode::CREATED, format!("{id} run {n}")) }
    });
    for _ in 0..3 {
        assert_eq!(
            send(&app, "evt_once").await,
            (201, "evt_once run 0".to_owned())
        );
    }
    assert_eq!(
        send(&app, "evt_other").await,
        (201, "evt_other run 1".to_owned())
    );
}

async fn what_failed_or_panicked_runs_again(claims: Arc<dyn Claims>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let app = app(claims, LEASE, move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        async move {
            match n {
                0 => (StatusCode::SERVICE_UNAVAILABLE, "down".to_owned()),
                1 => (StatusCode::BAD_REQUEST, "no".to_owned()),
                2 => panic!("a handler's panic"),
                _ => (StatusCode::OK, "yes".to_owned()),
            }
        }
    });
    for expected in [503, 400, 500, 200, 200] {
        assert_eq!(send(&app, "evt_fails").await.0, expected);
        // The claim is released in a task of its own.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(runs.load(Ordering::SeqCst), 4);
}

async fn a_copy_that_comes_meanwhile_is_409_and_a_hang_up_cancels_nothing(claims: Arc<dyn Claims>) {
    let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (count, wait) = (Arc::clone(&runs), Arc::clone(&gate));
    let app = app(claims, LEASE, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            (StatusCode::OK, "slow".to_owned())
        }
    });
    let first = tokio::spawn({
        let app = app.clone();
        async move { send(&app, "evt_slow").await }
    });
    while runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Longer than the lease: it is renewed.
    tokio::time::sleep(LEASE * 3).await;
    let copy = app.clone().oneshot(delivery("evt_slow")).await.unwrap();
    assert_eq!(copy.status(), 409);
    assert_eq!(copy.headers()["retry-after"], "1");
    first.abort();
    assert!(first.await.is_err(), "the client has hung up");
    gate.notify_one();
    let mut reply = (409, String::new());
    for _ in 0..200 {
        reply = send(&app, "evt_slow").await;
        if reply.0 != 409 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(reply, (200, "slow".to_owned()));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

async fn check(claims: Arc<dyn Claims>) {
    contract::claims(Arc::clone(&claims)).await;
    each_event_runs_once_and_later_deliveries_get_its_reply(Arc::clone(&claims)).await;
    what_failed_or_panicked_runs_again(Arc::clone(&claims)).await;
    a_copy_that_comes_meanwhile_is_409_and_a_hang_up_cancels_nothing(claims).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_holds_over_memory() {
    check(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_holds_over_redis() {
    let server = redis::RedisServer::start();
    check(Arc::new(RedisStore::new(server.pool()))).await;
}

#[tokio::test]
async fn a_store_that_is_gone_is_503_and_runs_nothing() {
    let mut server = redis::RedisServer::start();
    let store = Arc::new(RedisStore::new(server.pool()));
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let app = app(store, LEASE, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { (StatusCode::OK, String::new()) }
    });
    assert_eq!(send(&app, "evt_1").await.0, 200);
    server.kill();
    let response = app.clone().oneshot(delivery("evt_2")).await.unwrap();
    let why = response
        .extensions()
        .get::<Rejection>()
        .map(Rejection::kind);
    assert_eq!(why, Some(RejectionKind::StoreUnavailable));
    assert_eq!(
        (response.status().as_u16(), runs.load(Ordering::SeqCst)),
        (503, 1)
    );
}

/// What a sender that takes a 4xx as final gets, and one whose row has a status of its own.
#[tokio::test(start_paused = true)]
async fn replies_are_those_that_the_sender_comes_again_for() {
    let row = Provider {
        sender: Sender {
            retries: Retries::On5xx,
            ..provider::STRIPE.sender
        },
        replies: Replies {
            refusals: &[(RejectionKind::StoreUnavailable, 502)],
            ..Replies::DEFAULT
        },
        ..provider::STRIPE
    };
    let claims = Arc::new(Silent::default());
    let app = app_for(row, claims.clone(), LEASE, |_| async {
        std::future::pending::<()>().await;
        (StatusCode::OK, String::new())
    });
    let first = tokio::spawn({
        let app = app.clone();
        async move { send(&app, "evt_1").await }
    });
    tokio::time::sleep(LEASE).await;
    let copy = app.clone().oneshot(delivery("evt_1")).await.unwrap();
    assert_eq!(copy.status(), 503);
    assert_eq!(copy.headers()["retry-after"], "1");
    first.abort();

    // A store that never answers: the reply comes before the sender gives up.
    claims.is_silent.store(true, Ordering::SeqCst);
    let begun = tokio::time::Instant::now();
    let reply = app.oneshot(delivery("evt_2")).await.unwrap();
    let why = reply.extensions().get::<Rejection>().map(Rejection::kind);
    assert_eq!(
        (reply.status().as_u16(), why),
        (502, Some(RejectionKind::StoreUnavailable))
    );
    assert!(begun.elapsed() < Duration::from_secs(3));
}

/// What is done is answered although the store takes nothing any more: the event may run again.
#[tokio::test(start_paused = true)]
async fn a_reply_waits_for_a_store_that_hangs_for_a_bounded_time() {
    let claims = Arc::new(Silent::default());
    let silent = Arc::clone(&claims);
    let app = app(claims, LEASE, move |_| {
        silent.is_silent.store(true, Ordering::SeqCst);
        async { (StatusCode::OK, "done".to_owned()) }
    });
    let begun = tokio::time::Instant::now();
    assert_eq!(send(&app, "evt_1").await, (200, "done".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(3));
}

/// A store that stops answering when it is told to.
#[derive(Debug, Default)]
struct Silent {
    store: MemoryStore,
    is_silent: AtomicBool,
}

impl Silent {
    fn or_never<'a, T: 'a>(&self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        if self.is_silent.load(Ordering::SeqCst) {
            return Box::pin(std::future::pending());
        }
        answer
    }
}

impl Claims for Silent {
    fn claim(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Claim> {
        self.or_never(self.store.claim(key, token, lease))
    }

    fn renew(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Held> {
        self.or_never(self.store.renew(key, token, lease))
    }

    fn settle(
        &self,
        key: DedupKey,
        token: ClaimToken,
        keep: Duration,
        reply: bytes::Bytes,
    ) -> StoreFuture<'_, Held> {
        self.or_never(self.store.settle(key, token, keep, reply))
    }

    fn release(&self, key: DedupKey, token: ClaimToken) -> StoreFuture<'_, Held> {
        self.or_never(self.store.release(key, token))
    }
}

#[tokio::test]
async fn without_verification_in_front_nothing_runs() {
    let service = tower::Layer::layer(
        &DedupLayer::new(MemoryStore::new()),
        tower::service_fn(|_: Request<ReplyBody>| async {
            Ok::<_, Infallible>(Response::new(ReplyBody::default()))
        }),
    );
    let response = service
        .oneshot(Request::new(ReplyBody::default()))
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
}
