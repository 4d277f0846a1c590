//! Many tenants on one source: look-ups under strangers, outages and withdrawals.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hookgate::{
    Rejection, RejectionKind, Secret, Source, VerifyLayer,
    clock::{Clock, SystemClock},
    provider::{self, Provider},
    testing::Signer,
    verify::{ReplyBody, RequestHead, Resolver, ResolverFuture, Tenants, VerifiedBody, Verify},
};
use http::{Request, Response};
use http_body_util::channel::Channel;
use tokio::{
    task::{JoinHandle, yield_now},
    time::{Instant, sleep},
};
use tower::{Layer, ServiceExt, service_fn};

const BODY: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;
const DEADLINE: Duration = Duration::from_secs(2);

/// Every tenant has one and the same secret; names with `nobody` in them are made up.
struct Database {
    secret: Mutex<&'static str>,
    lookups: AtomicUsize,
    millis: AtomicU64,
    down: AtomicBool,
    panics: AtomicBool,
}

impl Database {
    fn new(millis: u64) -> Arc<Self> {
        Arc::new(Self {
            secret: Mutex::new("old"),
            lookups: AtomicUsize::new(0),
            millis: AtomicU64::new(millis),
            down: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        })
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }

    fn set_millis(&self, millis: u64) {
        self.millis.store(millis, Ordering::SeqCst);
    }

    fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    fn set_secret(&self, secret: &'static str) {
        *self.secret.lock().unwrap() = secret;
    }
}

impl Resolver for Database {
    fn tenant(&self, head: RequestHead<'_>) -> Option<String> {
        head.header("x-shop").map(str::to_owned)
    }

    fn secrets<'a>(&'a self, tenant: &'a str) -> ResolverFuture<'a> {
        Box::pin(async move {
            self.lookups.fetch_add(1, Ordering::SeqCst);
            let read = *self.secret.lock().unwrap();
            sleep(Duration::from_millis(self.millis.load(Ordering::SeqCst))).await;
            assert!(!self.panics.load(Ordering::SeqCst), "as the test says");
            if self.down.load(Ordering::SeqCst) {
                return Err("no database".into());
            }
            if tenant.contains("nobody") {
                return Ok(None);
            }
            Ok(Some(vec![Secret::new(read)?]))
        })
    }
}

fn delivery(row: Provider, shop: &str, secret: &str) -> Request<ReplyBody> {
    let secret = Secret::new(secret).unwrap();
    let signer = Signer::new(row, &secret).unwrap();
    let mut request = signer.sign(BODY, SystemClock.now()).map(ReplyBody::from);
    let shop = shop.parse().unwrap();
    request.headers_mut().insert("x-shop", shop);
    request
}

/// Cheap to clone, and every send is a task, as in a server.
#[derive(Clone)]
struct Receiver {
    row: Provider,
    layer: VerifyLayer,
}

impl Receiver {
    fn new(tenants: &Tenants, row: Provider) -> Self {
        let source = Source::builder("shops", row)
            .with_tenants(tenants.clone())
            .build()
            .unwrap();
        Self {
            row,
            layer: VerifyLayer::new(source).with_deadline(DEADLINE),
        }
    }

    fn start(&self, shop: &str, secret: &str) -> JoinHandle<Option<RejectionKind>> {
        self.run(delivery(self.row, shop, secret))
    }

    fn run<B>(&self, request: Request<B>) -> JoinHandle<Option<RejectionKind>>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Send,
    {
        let layer = self.layer.clone();
        tokio::spawn(async move {
            let inner = service_fn(|_: Request<VerifiedBody>| async {
                Ok::<_, Infallible>(Response::new(ReplyBody::default()))
            });
            let service: Verify<_> = layer.layer(inner);
            let response = service.oneshot(request).await.unwrap();
            response
                .extensions()
                .get::<Rejection>()
                .map(Rejection::kind)
        })
    }

    async fn send(&self, shop: &str, secret: &str) -> Option<RejectionKind> {
        self.start(shop, secret).await.unwrap()
    }
}

async fn pass(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_look_up_is_503_and_serves_those_who_come_again() {
    let database = Database::new(3_000);
    let receiver = Receiver::new(&Tenants::new(database.clone()), provider::STRIPE);
    let begun = Instant::now();
    assert_eq!(
        receiver.send("a", "old").await,
        Some(RejectionKind::Resolver)
    );
    assert_eq!(begun.elapsed(), DEADLINE);
    assert_eq!(receiver.send("a", "old").await, None);
    assert_eq!(begun.elapsed().as_secs(), 3);
    assert_eq!(database.lookups(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_stops_no_look_up() {
    let database = Database::new(100);
    let receiver = Receiver::new(&Tenants::new(database.clone()), provider::STRIPE);
    let mut strangers = Vec::new();
    for _ in 0..40 {
        strangers.push(receiver.start("a", "wrong"));
        yield_now().await;
    }
    pass(1).await;
    let honest = receiver.start("a", "old");
    pass(1).await;
    for stranger in strangers {
        stranger.abort();
    }
    let begun = Instant::now();
    assert_eq!(honest.await.unwrap(), None);
    assert!(begun.elapsed() <= Duration::from_millis(100));
    assert_eq!(database.lookups(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_in_the_queue_takes_nobody_along() {
    let database = Database::new(100);
    let tenants = Tenants::with_limits(database.clone(), 9, Duration::from_secs(60), 1);
    let receiver = Receiver::new(&tenants, provider::STRIPE);
    let first = receiver.start("nobody", "x");
    pass(1).await;
    let stranger = receiver.start("a", "wrong");
    pass(1).await;
    let honest = receiver.start("a", "old");
    pass(1).await;
    stranger.abort();
    assert_eq!(honest.await.unwrap(), None);
    assert_eq!(first.await.unwrap(), Some(RejectionKind::UnknownTenant));
    assert_eq!(database.lookups(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_for_a_second() {
    let database = Database::new(200);
    database.set_down(true);
    let receiver = Receiver::new(&Tenants::new(database.clone()), provider::STRIPE);
    let begun = Instant::now();
    let many: Vec<_> = (0..50).map(|_| receiver.start("a", "old")).collect();
    for one in many {
        assert_eq!(one.await.unwrap(), Some(RejectionKind::Resolver));
    }
    assert_eq!(begun.elapsed().as_millis(), 200);
    pass(900).await;
    assert_eq!(
        receiver.send("a", "old").await,
        Some(RejectionKind::Resolver)
    );
    assert_eq!(database.lookups(), 1);
    database.set_down(false);
    pass(101).await;
    assert_eq!(receiver.send("a", "old").await, None);
    assert_eq!(database.lookups(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_panics_or_hangs_has_failed() {
    let database = Database::new(10);
    database.panics.store(true, Ordering::SeqCst);
    let tenants = Tenants::with_limits(database.clone(), 9, Duration::from_secs(60), 1);
    let receiver = Receiver::new(&tenants, provider::STRIPE);
    let begun = Instant::now();
    assert_eq!(
        receiver.send("a", "old").await,
        Some(RejectionKind::Resolver)
    );
    assert_eq!(begun.elapsed().as_millis(), 10);

    database.panics.store(false, Ordering::SeqCst);
    database.set_millis(1_000_000);
    pass(1_001).await;
    assert_eq!(
        receiver.send("a", "old").await,
        Some(RejectionKind::Resolver)
    );
    // Its time is up 10 s after it began; the failure counts for a second.
    database.set_millis(10);
    pass(9_100).await;
    assert_eq!(receiver.send("a", "old").await, None);
    assert_eq!(database.lookups(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_during_its_look_up_is_looked_up_again() {
    let database = Database::new(100);
    let tenants = Tenants::new(database.clone());
    let receiver = Receiver::new(&tenants, provider::STRIPE);
    let (old, new) = (receiver.start("a", "old"), receiver.start("a", "new"));
    pass(50).await;
    database.set_secret("new");
    tenants.forget("a");
    assert_eq!(old.await.unwrap(), Some(RejectionKind::BadSignature));
    assert_eq!(new.await.unwrap(), None);
    assert_eq!(database.lookups(), 2);
    assert_eq!(
        receiver.send("a", "old").await,
        Some(RejectionKind::BadSignature)
    );
    assert_eq!(receiver.send("a", "new").await, None);
    assert_eq!(database.lookups(), 2);

    // The same for a name that led to nothing.
    let nobody = receiver.start("nobody", "new");
    pass(50).await;
    tenants.forget("nobody");
    assert_eq!(nobody.await.unwrap(), Some(RejectionKind::UnknownTenant));
    assert_eq!(database.lookups(), 4);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_forgotten_while_the_body_arrives_is_refused() {
    let database = Database::new(0);
    let tenants = Tenants::with_limits(database.clone(), 1, Duration::from_secs(60), 8);
    let receiver = Receiver::new(&tenants, provider::STRIPE);
    let begin = || {
        let (sender, body) = Channel::<Bytes, Infallible>::new(4);
        let request = delivery(provider::STRIPE, "a", "old").map(|_| body);
        (sender, receiver.run(request))
    };

    // Pushed out by another: nothing was withdrawn.
    let (mut sender, task) = begin();
    pass(10).await;
    assert_eq!(receiver.send("b", "old").await, None);
    sender.send_data(BODY.into()).await.unwrap();
    drop(sender);
    assert_eq!(task.await.unwrap(), None);

    // Forgotten: it may be good or not.
    let (mut sender, task) = begin();
    pass(10).await;
    tenants.forget("a");
    sender.send_data(BODY.into()).await.unwrap();
    drop(sender);
    assert_eq!(task.await.unwrap(), Some(RejectionKind::Resolver));

    // Pushed out, then forgotten.
    let (mut sender, task) = begin();
    pass(10).await;
    assert_eq!(receiver.send("b", "old").await, None);
    tenants.forget("a");
    sender.send_data(BODY.into()).await.unwrap();
    drop(sender);
    assert_eq!(task.await.unwrap(), Some(RejectionKind::Resolver));

    // Forgotten and looked up anew, with the same secret and with another.
    for (now, outcome) in [("old", None), ("new", Some(RejectionKind::BadSignature))] {
        let (mut sender, task) = begin();
        pass(10).await;
        database.set_secret(now);
        tenants.forget("a");
        assert_eq!(receiver.send("a", now).await, None);
        sender.send_data(BODY.into()).await.unwrap();
        drop(sender);
        assert_eq!(task.await.unwrap(), outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn made_up_names_keep_no_known_tenant_waiting() {
    let database = Database::new(20);
    let tenants = Tenants::with_limits(database.clone(), 100, Duration::from_secs(60), 4);
    let receiver = Receiver::new(&tenants, provider::STRIPE);
    assert_eq!(receiver.send("a", "old").await, None);
    assert_eq!(receiver.send("b", "old").await, None);
    let flood = |from: usize| {
        for n in from..from + 1_000 {
            drop(receiver.start(&format!("nobody-{n}"), "x"));
        }
    };

    // Too old: served at once, and renewed all the same.
    pass(61_000).await;
    flood(0);
    pass(30).await;
    let begun = Instant::now();
    assert_eq!(receiver.send("a", "old").await, None);
    assert!(begun.elapsed() < Duration::from_millis(2));
    database.set_secret("new");
    pass(61_000).await;
    assert_eq!(receiver.send("a", "old").await, None, "renewed by its use");

    // Far too old: it waits for its look-up, but behind no stranger.
    flood(1_000);
    pass(30).await;
    let begun = Instant::now();
    assert_eq!(receiver.send("b", "new").await, None);
    assert!(begun.elapsed() < Duration::from_millis(60));
    // By now the renewal of the first has ended.
    assert_eq!(
        receiver.send("a", "old").await,
        Some(RejectionKind::BadSignature)
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_database_is_bridged_for_a_bounded_time() {
    let database = Database::new(20);
    let receiver = Receiver::new(&Tenants::new(database.clone()), provider::STRIPE);
    assert_eq!(receiver.send("a", "old").await, None);
    database.set_down(true);
    for _ in 0..119 {
        assert_eq!(receiver.send("a", "old").await, None);
        pass(1_000).await;
    }
    pass(1_000).await;
    assert_eq!(
        receiver.send("a", "old").await,
        Some(RejectionKind::Resolver)
    );
    assert!(
        (25..=62).contains(&database.lookups()),
        "one try a second at the most: {}",
        database.lookups()
    );
    database.set_down(false);
    pass(1_001).await;
    assert_eq!(receiver.send("a", "old").await, None);
}

#[tokio::test(start_paused = true)]
async fn sources_with_other_schemes_share_no_keys() {
    let database = Database::new(0);
    let secret = "whsec_AAECAwQFBgc=";
    database.set_secret(secret);
    let tenants = Tenants::new(database.clone());
    let text = Receiver::new(&tenants, provider::STRIPE);
    let base64 = Receiver::new(&tenants, provider::SVIX);
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(text.send("a", secret).await, None);
            assert_eq!(base64.send("a", secret).await, None);
        }
        assert_eq!(
            text.send("a", "old").await,
            Some(RejectionKind::BadSignature)
        );
        tenants.forget("a");
    }
    assert_eq!(database.lookups(), 4, "one for each kind of keys");
    // The same kind of keys under another name: GitHub's scheme differs in all else.
    let github = Receiver::new(&tenants, provider::GITHUB);
    assert_eq!(text.send("a", secret).await, None);
    assert_eq!(github.send("a", secret).await, None);
    assert_eq!(database.lookups(), 5);
}

#[tokio::test(start_paused = true)]
async fn any_limits_will_do() {
    for (tenants, keep, lookups) in [
        (0, Duration::ZERO, 0),
        (usize::MAX, Duration::MAX, usize::MAX),
    ] {
        let database = Database::new(1);
        let tenants = Tenants::with_limits(database.clone(), tenants, keep, lookups);
        let receiver = Receiver::new(&tenants, provider::STRIPE);
        for _ in 0..2 {
            assert_eq!(receiver.send("a", "old").await, None);
            let why = receiver.send("nobody", "old").await;
            assert_eq!(why, Some(RejectionKind::UnknownTenant));
        }
        let once = if keep.is_zero() { 4 } else { 2 };
        assert_eq!(database.lookups(), once);
    }
}
