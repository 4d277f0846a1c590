//! `VerifyLayer` around services, with bodies that behave and bodies that do not.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hookgate::{
    Event, Rejection, RejectionKind, Secret, Source, VerifyLayer,
    clock::{Clock, SystemClock, UnixTime},
    provider,
    testing::{FixedClock, Signer},
    verify::{
        BodyBudget, ReplyBody, RequestHead, Resolver, ResolverFuture, ResponseBody, Tenants,
        VerifiedBody,
    },
};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

#[path = "middleware/handshakes.rs"]
mod handshakes;
#[path = "middleware/replies.rs"]
mod replies;

const BODY: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;

fn secret() -> Secret {
    Secret::new("whsec_test").unwrap()
}

fn stripe() -> Source {
    Source::builder("stripe", provider::STRIPE)
        .add_secret(secret())
        .build()
        .unwrap()
}

/// A signed delivery whose body comes as this script says.
fn delivery(script: Script) -> Request<Script> {
    let signer = Signer::new(provider::STRIPE, &secret()).unwrap();
    signer.sign(BODY, SystemClock.now()).map(|_| script)
}

/// A body that does what it is told.
struct Script {
    steps: VecDeque<Step>,
    polls: Arc<AtomicUsize>,
}

#[derive(Clone)]
enum Step {
    Data(Bytes),
    Trailers,
    Fail,
    Hang,
    EmptyForEver,
    DataForEver(usize),
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            polls: Arc::default(),
        }
    }

    fn whole() -> Self {
        Self::new([Step::Data(BODY.into())])
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        match self.steps.front().cloned() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => {
                self.steps.pop_front();
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Step::Trailers) => {
                self.steps.pop_front();
                Poll::Ready(Some(Ok(Frame::trailers(http::HeaderMap::new()))))
            }
            Some(Step::Fail) => Poll::Ready(Some(Err(std::io::Error::other("reset")))),
            Some(Step::Hang) => Poll::Pending,
            Some(Step::EmptyForEver) => Poll::Ready(Some(Ok(Frame::data(Bytes::new())))),
            Some(Step::DataForEver(n)) => {
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; n])))))
            }
        }
    }

    // Never reports the end: what `is_end_stream` says must not matter.
    fn is_end_stream(&self) -> bool {
        false
    }
}

/// Counts its calls and echoes the body that it got.
#[derive(Clone, Default)]
struct Echo(Arc<AtomicUsize>);

impl Echo {
    fn calls(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Service<Request<VerifiedBody>> for Echo {
    type Response = Response<VerifiedBody>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<VerifiedBody>) -> Self::Future {
        assert!(
            request.extensions().get::<Event>().is_some(),
            "called without a verified event"
        );
        self.0.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(Response::new(request.into_body())))
    }
}

async fn status<B: Body>(layer: &VerifyLayer, request: Request<B>) -> (StatusCode, usize) {
    let echo = Echo::default();
    let response = layer.layer(echo.clone()).oneshot(request).await.unwrap();
    (response.status(), echo.calls())
}

fn kind<B>(response: &Response<B>) -> Option<RejectionKind> {
    response
        .extensions()
        .get::<Rejection>()
        .map(Rejection::kind)
}

#[tokio::test]
async fn a_genuine_delivery_reaches_the_service_with_its_raw_body() {
    let service = VerifyLayer::new(stripe()).layer(Echo::default());
    let response = service.oneshot(delivery(Script::whole())).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        BODY
    );
}

#[tokio::test]
async fn any_chunking_is_the_same_body() {
    let layer = VerifyLayer::new(stripe());
    for cut in 1..=BODY.len() {
        let mut steps: Vec<_> = Vec::new();
        for chunk in BODY.as_bytes().chunks(cut) {
            steps.push(Step::Data(Bytes::copy_from_slice(chunk)));
            steps.push(Step::Data(Bytes::new()));
        }
        steps.push(Step::Trailers);
        assert_eq!(
            status(&layer, delivery(Script::new(steps))).await,
            (StatusCode::OK, 1),
            "{cut}"
        );
    }
    // One byte less or more, wherever it is cut, is another body.
    for cut in 1..BODY.len() {
        let (start, end) = BODY.split_at(cut);
        let steps = [start, &end[..end.len() - 1]].map(|part| Step::Data(part.to_owned().into()));
        assert_eq!(
            status(&layer, delivery(Script::new(steps))).await,
            (StatusCode::UNAUTHORIZED, 0)
        );
    }
}

#[tokio::test]
async fn a_broken_body_is_400_and_reaches_nobody() {
    let layer = VerifyLayer::new(stripe());
    for steps in [vec![Step::Fail], vec![Step::Data(BODY.into()), Step::Fail]] {
        assert_eq!(
            status(&layer, delivery(Script::new(steps))).await,
            (StatusCode::BAD_REQUEST, 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_408_at_the_deadline() {
    let layer = VerifyLayer::new(stripe()).with_deadline(Duration::from_secs(2));
    let begun = tokio::time::Instant::now();
    let script = Script::new([Step::Data("{".into()), Step::Hang]);
    assert_eq!(
        status(&layer, delivery(script)).await,
        (StatusCode::REQUEST_TIMEOUT, 0)
    );
    assert_eq!(begun.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn endless_frames_cannot_outrun_the_deadline_or_the_limit() {
    let layer = VerifyLayer::new(stripe()).with_deadline(Duration::from_millis(100));
    let empty = Script::new([Step::EmptyForEver]);
    assert_eq!(
        status(&layer, delivery(empty)).await,
        (StatusCode::REQUEST_TIMEOUT, 0)
    );
    let data = Script::new([Step::DataForEver(100_000)]);
    let polls = data.polls.clone();
    assert_eq!(
        status(&layer, delivery(data)).await,
        (StatusCode::PAYLOAD_TOO_LARGE, 0)
    );
    assert_eq!(
        polls.load(Ordering::SeqCst),
        11,
        "one frame past the limit of 1 MiB"
    );
}

#[tokio::test]
async fn what_the_head_refuses_costs_no_byte_of_the_body() {
    let layer = VerifyLayer::new(stripe());
    let mut unsigned = delivery(Script::new([Step::DataForEver(1)]));
    unsigned.headers_mut().remove("stripe-signature");
    let polls = unsigned.body().polls.clone();
    assert_eq!(
        status(&layer, unsigned).await,
        (StatusCode::UNAUTHORIZED, 0)
    );
    assert_eq!(polls.load(Ordering::SeqCst), 0);

    let mut declared = delivery(Script::new([Step::DataForEver(1)]));
    declared
        .headers_mut()
        .insert("content-length", "1048577".parse().unwrap());
    let polls = declared.body().polls.clone();
    assert_eq!(
        status(&layer, declared).await,
        (StatusCode::PAYLOAD_TOO_LARGE, 0)
    );
    assert_eq!(polls.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_small_declared_body_is_drained_over_http_1_and_only_for_a_second() {
    let layer = VerifyLayer::new(stripe());
    let refused = |steps: Vec<Step>, length: usize, version| {
        let mut request = delivery(Script::new(steps));
        request.headers_mut().remove("stripe-signature");
        request
            .headers_mut()
            .insert("content-length", length.into());
        *request.version_mut() = version;
        request
    };
    let chunk = || Step::Data(vec![0; 100].into());
    let request = refused(vec![chunk(), chunk(), chunk()], 300, http::Version::HTTP_11);
    let polls = request.body().polls.clone();
    assert_eq!(status(&layer, request).await.0, 401);
    assert_eq!(polls.load(Ordering::SeqCst), 4, "read to its end");

    // More than was declared is not read.
    let request = refused(vec![Step::DataForEver(200)], 300, http::Version::HTTP_11);
    let polls = request.body().polls.clone();
    assert_eq!(status(&layer, request).await.0, 401);
    assert_eq!(polls.load(Ordering::SeqCst), 2);

    let begun = tokio::time::Instant::now();
    let request = refused(vec![chunk(), Step::Hang], 300, http::Version::HTTP_11);
    assert_eq!(status(&layer, request).await.0, 401);
    assert_eq!(begun.elapsed().as_secs(), 1);

    for (length, version) in [
        (300_000, http::Version::HTTP_11),
        (300, http::Version::HTTP_2),
    ] {
        let request = refused(vec![chunk()], length, version);
        let polls = request.body().polls.clone();
        assert_eq!(status(&layer, request).await.0, 401);
        assert_eq!(polls.load(Ordering::SeqCst), 0, "{version:?}");
    }
}

#[tokio::test]
async fn the_budget_turns_bodies_away_and_forgets_those_that_went() {
    let budget = BodyBudget::new(BODY.len() + 10);
    let layer = VerifyLayer::new(stripe()).with_body_budget(budget.clone());
    let held = Script::new([Step::Data(BODY.into()), Step::Hang]);
    let mut waiting = Box::pin(layer.layer(Echo::default()).oneshot(delivery(held)));
    assert!(futures_pending(&mut waiting).await);
    assert_eq!(budget.used(), BODY.len());

    let response = layer
        .layer(Echo::default())
        .oneshot(delivery(Script::whole()))
        .await
        .unwrap();
    assert_eq!(kind(&response), Some(RejectionKind::Overloaded));
    assert_eq!(response.status(), 503);
    let after: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((5..=20).contains(&after));

    // The client hangs up: the server drops the future.
    drop(waiting);
    assert_eq!(budget.used(), 0);
    assert_eq!(
        status(&layer, delivery(Script::whole())).await,
        (StatusCode::OK, 1)
    );
    assert_eq!(budget.used(), 0);
}

async fn futures_pending<F: Future + Unpin>(future: &mut F) -> bool {
    tokio::time::timeout(Duration::from_millis(20), future)
        .await
        .is_err()
}

#[tokio::test]
async fn slow_strangers_hold_no_permit() {
    let echo = Echo::default();
    let mut service = ServiceBuilder::new()
        .layer(VerifyLayer::new(stripe()))
        .concurrency_limit(2)
        .service(echo.clone());
    let mut strangers = Vec::new();
    for _ in 0..10 {
        let request = delivery(Script::new([Step::Hang]));
        let ready = ServiceExt::<Request<Script>>::ready(&mut service)
            .await
            .unwrap();
        let mut waiting = Box::pin(ready.call(request));
        assert!(futures_pending(&mut waiting).await);
        strangers.push(waiting);
    }
    let ready = ServiceExt::<Request<Script>>::ready(&mut service)
        .await
        .unwrap();
    let genuine = ready.call(delivery(Script::whole()));
    let response = tokio::time::timeout(Duration::from_secs(5), genuine)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((response.status(), echo.calls()), (StatusCode::OK, 1));
}

#[tokio::test]
async fn a_secret_that_is_revoked_while_the_body_arrives_does_not_count() {
    let old = Secret::new("old").unwrap().with_label("old").unwrap();
    let new = Secret::new("new").unwrap().with_label("new").unwrap();
    let source = Source::builder("stripe", provider::STRIPE)
        .add_secret(old.clone())
        .build()
        .unwrap();
    source.add_secret(&new).unwrap();
    let service = VerifyLayer::new(source.clone()).layer(Echo::default());
    let run = |secret: &Secret| {
        let (sender, body) = http_body_util::channel::Channel::<Bytes, Infallible>::new(4);
        let signer = Signer::new(provider::STRIPE, secret).unwrap();
        let request = signer.sign(BODY, SystemClock.now()).map(|_| body);
        (sender, Box::pin(service.clone().oneshot(request)))
    };
    let (mut old_sender, mut with_old) = run(&old);
    let (mut new_sender, mut with_new) = run(&new);
    assert!(futures_pending(&mut with_old).await && futures_pending(&mut with_new).await);
    source.remove_secret("old").unwrap();
    old_sender.send_data(BODY.into()).await.unwrap();
    new_sender.send_data(BODY.into()).await.unwrap();
    drop((old_sender, new_sender));
    assert_eq!(
        kind(&with_old.await.unwrap()),
        Some(RejectionKind::BadSignature)
    );
    assert_eq!(with_new.await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_hook_replaces_the_reply_and_the_reason_stays_in_the_extensions() {
    let clock = FixedClock::new(UnixTime::from_secs(1_500_000_000));
    let layer = VerifyLayer::new(stripe())
        .with_clock(clock)
        .with_response(|why: Rejection| {
            let mut response = Response::new(ReplyBody::from("no"));
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
            response
                .headers_mut()
                .insert("x-kind", why.kind().label().parse().unwrap());
            response
        });
    let response = layer
        .layer(Echo::default())
        .oneshot(delivery(Script::whole()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(response.headers()["x-kind"], "future");
    assert_eq!(kind(&response), Some(RejectionKind::Future));
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "no"
    );
}

struct Shops {
    lookups: AtomicUsize,
}

impl Resolver for Shops {
    fn tenant(&self, head: RequestHead<'_>) -> Option<String> {
        assert_eq!(head.host(), Some("hooks.example"));
        head.header("x-shop").map(str::to_owned)
    }

    fn secrets<'a>(&'a self, tenant: &'a str) -> ResolverFuture<'a> {
        Box::pin(async move {
            self.lookups.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            match tenant {
                "down" => Err("no database".into()),
                name if name.starts_with("shop") => Ok(Some(vec![Secret::new(name)?])),
                _ => Ok(None),
            }
        })
    }
}

fn shop_delivery(shop: &str, secret: &str) -> Request<ReplyBody> {
    let secret = Secret::new(secret).unwrap();
    let mut request = Signer::new(provider::STRIPE, &secret)
        .unwrap()
        .sign(BODY, SystemClock.now())
        .map(ReplyBody::from);
    request
        .headers_mut()
        .insert("host", "hooks.example".parse().unwrap());
    request
        .headers_mut()
        .insert("x-shop", shop.parse().unwrap());
    request
}

#[tokio::test]
async fn each_tenant_has_its_own_secret_looked_up_once() {
    let shops = Arc::new(Shops {
        lookups: AtomicUsize::new(0),
    });
    let tenants = Tenants::new(Arc::clone(&shops));
    let source = Source::builder("shops", provider::STRIPE)
        .with_tenants(tenants.clone())
        .build()
        .unwrap();
    let service = VerifyLayer::new(source).layer(Echo::default());
    let send = |request| {
        let service = service.clone();
        async move { kind(&service.oneshot(request).await.unwrap()) }
    };
    let many = (0..50).map(|_| tokio::spawn(send(shop_delivery("shop-a", "shop-a"))));
    for task in many.collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), None);
    }
    assert_eq!(
        shops.lookups.load(Ordering::SeqCst),
        1,
        "one look-up for all that waited"
    );

    // Somebody else's secret, made-up names, no name, an endless name.
    assert_eq!(
        send(shop_delivery("shop-b", "shop-a")).await,
        Some(RejectionKind::BadSignature)
    );
    for _ in 0..5 {
        let made_up = send(shop_delivery("nobody", "nobody")).await;
        assert_eq!(made_up, Some(RejectionKind::UnknownTenant));
    }
    assert_eq!(
        shops.lookups.load(Ordering::SeqCst),
        3,
        "absence is remembered as well"
    );
    let long = "x".repeat(257);
    assert_eq!(
        send(shop_delivery(&long, "x")).await,
        Some(RejectionKind::UnknownTenant)
    );
    let mut nameless = shop_delivery("shop-a", "shop-a");
    nameless.headers_mut().remove("x-shop");
    assert_eq!(send(nameless).await, Some(RejectionKind::UnknownTenant));
    assert_eq!(shops.lookups.load(Ordering::SeqCst), 3);

    // A look-up that fails is remembered for a moment only: the sender comes again.
    for (wait, lookups) in [(0, 4), (0, 4), (1_001, 5)] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let down = send(shop_delivery("down", "down")).await;
        assert_eq!(down, Some(RejectionKind::Resolver));
        assert_eq!(shops.lookups.load(Ordering::SeqCst), lookups);
    }
    tenants.forget("shop-a");
    assert_eq!(send(shop_delivery("shop-a", "shop-a")).await, None);
    assert_eq!(shops.lookups.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn made_up_tenants_push_no_real_one_out() {
    let shops = Arc::new(Shops {
        lookups: AtomicUsize::new(0),
    });
    let tenants = Tenants::with_limits(Arc::clone(&shops), 4, Duration::from_secs(60), 8);
    let source = Source::builder("shops", provider::STRIPE)
        .with_tenants(tenants)
        .build()
        .unwrap();
    let service = VerifyLayer::new(source).layer(Echo::default());
    for shop in ["shop-a".to_owned(), "shop-b".to_owned()]
        .into_iter()
        .chain((0..20).map(|n| format!("nobody-{n}")))
        .chain(["shop-a".to_owned(), "shop-b".to_owned()])
    {
        let _ = service
            .clone()
            .oneshot(shop_delivery(&shop, &shop))
            .await
            .unwrap();
    }
    assert_eq!(shops.lookups.load(Ordering::SeqCst), 22);
}

/// Compile tests: everything that people put a layer into.
#[tokio::test]
async fn it_fits_into_axum_and_tower_stacks() {
    use axum::{Router, routing::post};

    async fn handler(event: Event, body: Bytes) -> String {
        assert_eq!(event.body(), &body);
        event.id().map(|id| id.value.clone()).unwrap_or_default()
    }
    async fn without_layer(_: Event) {}

    let app = Router::new()
        .route("/router", post(handler))
        .layer(VerifyLayer::new(stripe()))
        .route("/method", post(handler).layer(VerifyLayer::new(stripe())))
        .route("/bare", post(without_layer))
        .merge(
            Router::new()
                .route("/merged", post(handler))
                .route_layer(VerifyLayer::new(stripe())),
        );
    for path in ["/router", "/method", "/merged"] {
        let mut request = delivery(Script::whole()).map(axum::body::Body::new);
        *request.uri_mut() = path.parse().unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            "evt_1"
        );
        let unsigned = Request::post(path).body(axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(unsigned).await.unwrap();
        assert_eq!(
            kind(&response),
            Some(RejectionKind::MissingSignature),
            "{path}"
        );
    }
    let bare = Request::post("/bare")
        .body(axum::body::Body::empty())
        .unwrap();
    let response = app.oneshot(bare).await.unwrap();
    assert_eq!(response.status(), 500);
    let text = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        text,
        "no verified event in this request; is VerifyLayer around this route?"
    );

    let stack = ServiceBuilder::new()
        .load_shed()
        .buffer(8)
        .timeout(Duration::from_secs(5))
        .layer(VerifyLayer::new(stripe()))
        .timeout(Duration::from_secs(5))
        .load_shed()
        .concurrency_limit(4)
        .service(service_fn(|request: Request<VerifiedBody>| async move {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        }));
    let response: Response<ResponseBody<VerifiedBody>> =
        stack.oneshot(delivery(Script::whole())).await.unwrap();
    assert_eq!(response.status(), 200);

    let rejection =
        axum::response::IntoResponse::into_response(Rejection::from(RejectionKind::Stale));
    assert_eq!(
        (rejection.status(), kind(&rejection)),
        (StatusCode::UNAUTHORIZED, Some(RejectionKind::Stale))
    );
}
