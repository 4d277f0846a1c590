//! An inbox without handlers, as tools build it: it looks, it repairs, and it declares nothing.

use hookgate::{clock::UnixTime, error::StoreErrorKind, testing::FixedClock};

use super::*;

/// Every store's `crm` has six dead letters, three of them with another reason.
async fn six_dead(store: Arc<dyn Store>) -> Setting {
    let setting = setting(store).await;
    let running = run(&setting.inbox);
    for n in 0..6 {
        let kind = if n % 2 == 0 { "invoice.paid" } else { "charge" };
        deliver(&setting.inbox, &format!("evt_{n}"), kind).await;
    }
    dead_is(&setting.inbox, 6).await;
    running.stop().await;
    setting
}

async fn it_looks_and_repairs_what_others_run(store: Arc<dyn Store>) {
    let setting = six_dead(Arc::clone(&store)).await;
    let before = (store.registry().await.unwrap(), setting.inbox.stats().await);
    let looking = Inbox::builder_over(Arc::clone(&store))
        .build()
        .await
        .unwrap();
    let declared = looking.declared().await.unwrap();
    assert_eq!(declared.revision, before.0.revision);
    let told: Vec<_> = declared.handlers.iter().map(|h| &*h.name).collect();
    assert_eq!(told, ["crm", "sound"]);
    assert_eq!(declared.handlers[0].filter, on("*"));
    let all = DeadFilter::all();
    let letters = looking.dead_letters("crm", &all, None, 10).await.unwrap();
    assert_eq!(letters.len(), 6);
    let first = &letters[0];
    let one = looking.dead_letter("crm", first.entry()).await.unwrap();
    assert_eq!(one.unwrap().key(), first.key());
    assert!(looking.dead_letter("crm", "no").await.unwrap().is_none());
    let event = looking.event(first.key()).await.unwrap().unwrap();
    assert_eq!(event.body(), first.event().unwrap().body());
    assert!(looking.event(&"0".repeat(32)).await.unwrap().is_none());
    let after = (store.registry().await.unwrap(), looking.stats().await);
    assert_eq!(
        (after.0, after.1.unwrap()),
        (before.0, before.1.unwrap()),
        "looking changes nothing"
    );

    // Repairs, with how far they are.
    let invoices = DeadFilter::all().of(on("invoice.*")).because("no route");
    let other = DeadFilter::all().because("No Route");
    let fast = ReplayOptions::new().with_rate(10_000);
    let mut told = Vec::new();
    let tell = |report: ReplayReport| told.push((report.matched, report.replayed));
    let report = looking.replay_each("crm", &invoices, fast, tell).await;
    let done = ReplayReport {
        matched: 3,
        replayed: 3,
    };
    assert_eq!(report.unwrap(), done);
    assert_eq!(told, [(1, 1), (2, 2), (3, 3)]);
    let none = looking.discard_each("crm", &other, |_| ()).await;
    assert_eq!(none.unwrap(), 0);
    let mut told = Vec::new();
    let gone = looking.discard_each("crm", &all, |count| told.push(count));
    assert_eq!(gone.await.unwrap(), 3);
    assert_eq!(told, [1, 2, 3]);
    let crm = &looking.stats().await.unwrap().handlers[0];
    assert_eq!((crm.queued, crm.dead), (3, 0));

    // What it queued is handled by whoever runs the handler.
    setting.broken.store(false, Ordering::SeqCst);
    let again = super::setting(store).await;
    again.broken.store(false, Ordering::SeqCst);
    let running = run(&again.inbox);
    for _ in 0..500 {
        if looking.stats().await.unwrap().bytes == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.stop().await;
    assert_eq!(again.keys.lock().unwrap().len(), 3);
    assert!(looking.event(first.key()).await.unwrap().is_none());
}

async fn it_finds_an_event_that_nobody_wanted(store: Arc<dyn Store>) {
    let secret = Secret::new("s3cret").unwrap();
    let source = Source::builder("stripe", provider::STRIPE).add_secret(secret);
    let inbox = Inbox::builder_over(store)
        .source(source.build().unwrap())
        .handler("picky", on("nothing"), |_: Job| async { Ok(()) })
        .build()
        .await
        .unwrap();
    for n in 0..3 {
        deliver(&inbox, &format!("evt_{n}"), "a").await;
    }
    let unrouted = inbox.unrouted(None, 10).await.unwrap();
    for copy in &unrouted {
        let event = inbox.event(&copy.key).await.unwrap().unwrap();
        assert_eq!(event.body(), copy.event.as_ref().unwrap().body());
        let status = inbox.status(&copy.key).await.unwrap();
        assert_eq!(status, Some(Vec::new()));
    }
    assert_eq!(unrouted.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_into_memory() {
    it_looks_and_repairs_what_others_run(Arc::new(MemoryStore::new())).await;
    it_finds_an_event_that_nobody_wanted(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_into_a_file() {
    let [one, two] = [(); 2].map(|()| place::Place::file());
    it_looks_and_repairs_what_others_run(place::open(&one.name())).await;
    it_finds_an_event_that_nobody_wanted(place::open(&two.name())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_into_redis() {
    let server = redis::RedisServer::start();
    let store = |name| Arc::new(RedisStore::new(server.pool()).with_namespace(name).unwrap());
    it_looks_and_repairs_what_others_run(store("one")).await;
    it_finds_an_event_that_nobody_wanted(store("two")).await;
}

#[tokio::test]
async fn a_clock_that_is_behind_hides_no_dead_letter() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let setting = six_dead(Arc::clone(&store)).await;
    let behind = UnixTime::from_millis(SystemClock.now().as_millis() - 60_000);
    let inbox = Inbox::builder_over(store)
        .with_clock(FixedClock::new(behind))
        .build()
        .await
        .unwrap();
    let fast = ReplayOptions::new().with_rate(10_000);
    let (all, some) = (DeadFilter::all(), DeadFilter::all().of(on("charge")));
    let report = inbox.replay_all("crm", &some, fast).await.unwrap();
    assert_eq!((report.matched, report.replayed), (3, 3));
    // Nobody runs the handler, so nothing dies anew.
    assert_eq!(inbox.discard_each("crm", &all, |_| ()).await.unwrap(), 3);
    let nobody = inbox.replay_all("nobody", &all, fast).await;
    assert_eq!(nobody.unwrap_err().kind(), StoreErrorKind::Invalid);
    drop(setting);
}
