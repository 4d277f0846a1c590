//! Dead letters, replay, alerts and what became of an event, on each store.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "repair/always_failing.rs"]
mod always_failing;
#[path = "repair/looking.rs"]
mod looking;
#[path = "support/place.rs"]
mod place;
#[path = "support/redis.rs"]
mod redis;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{
        DeadFilter, DeadLetter, Failure, HandlerOptions, Job, ReplayOptions, ReplayReport, Retry,
        on,
    },
    provider,
    store::{JobState, MemoryStore, RedisStore, Store},
    testing::Signer,
    verify::ReplyBody,
};
use tokio::{sync::oneshot, task::JoinHandle};
use tower::ServiceExt;

async fn deliver(inbox: &Inbox, id: &str, kind: &str) {
    let secret = Secret::new("s3cret").unwrap();
    let body = format!(r#"{{"id":"{id}","type":"{kind}"}}"#);
    let signer = Signer::new(provider::STRIPE, &secret).unwrap();
    let request = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
    let reply = inbox
        .endpoint("stripe")
        .unwrap()
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
}

struct Running(oneshot::Sender<()>, JoinHandle<()>);

fn run(inbox: &Inbox) -> Running {
    let (stop, stopped) = oneshot::channel::<()>();
    let inbox = inbox.clone();
    let task = tokio::spawn(async move { inbox.run(async { drop(stopped.await) }).await.unwrap() });
    Running(stop, task)
}

impl Running {
    async fn stop(self) {
        drop(self.0);
        self.1.await.unwrap();
    }
}

async fn dead_is(inbox: &Inbox, count: u64) {
    for _ in 0..1_000 {
        if inbox.stats().await.unwrap().handlers[0].dead == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never {count} dead: {:?}", inbox.stats().await);
}

/// A handler that fails while it is told to, and one that is always sound.
struct Setting {
    inbox: Inbox,
    broken: Arc<AtomicBool>,
    keys: Arc<Mutex<Vec<(String, u32)>>>,
    sound: Arc<AtomicUsize>,
    alerts: Arc<Mutex<Vec<DeadLetter>>>,
    alert_fails: Arc<AtomicBool>,
}

async fn setting(store: Arc<dyn Store>) -> Setting {
    let source = Source::builder("stripe", provider::STRIPE)
        .add_secret(Secret::new("s3cret").unwrap().with_label("2026").unwrap())
        .build()
        .unwrap();
    let broken = Arc::new(AtomicBool::new(true));
    let keys = Arc::new(Mutex::new(Vec::new()));
    let sound = Arc::new(AtomicUsize::new(0));
    let alerts = Arc::new(Mutex::new(Vec::new()));
    let alert_fails = Arc::new(AtomicBool::new(false));
    let (is_broken, noted, count) = (Arc::clone(&broken), Arc::clone(&keys), Arc::clone(&sound));
    let (told, fails) = (Arc::clone(&alerts), Arc::clone(&alert_fails));
    let options = HandlerOptions::new()
        .with_retry(Retry::after(&[]))
        .without_breaker();
    let inbox = Inbox::builder_over(store)
        .source(source)
        .handler_with("crm", on("*"), options, move |job: Job| {
            noted
                .lock()
                .unwrap()
                .push((job.key().to_owned(), job.replays()));
            let broken = is_broken.load(Ordering::SeqCst);
            async move {
                if broken {
                    Err(Failure::retry("no route to host"))
                } else {
                    Ok(())
                }
            }
        })
        .handler("sound", on("*"), move |_: Job| {
            count.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
        .on_dead(move |dead: Vec<DeadLetter>| {
            let fail = fails.load(Ordering::SeqCst);
            if !fail {
                told.lock().unwrap().extend(dead);
            }
            async move {
                if fail {
                    Err(Failure::retry("pager is down"))
                } else {
                    Ok(())
                }
            }
        })
        .build()
        .await
        .unwrap();
    Setting {
        inbox,
        broken,
        keys,
        sound,
        alerts,
        alert_fails,
    }
}

async fn dead_letters_are_listed_alerted_replayed_and_drained(store: Arc<dyn Store>) {
    let setting = setting(store).await;
    let inbox = &setting.inbox;
    let running = run(inbox);
    for n in 0..30 {
        let kind = if n % 3 == 0 {
            "invoice.paid"
        } else {
            "charge.failed"
        };
        deliver(inbox, &format!("evt_{n}"), kind).await;
    }
    dead_is(inbox, 30).await;

    // Pages, oldest first; what each of them says.
    let all = DeadFilter::all();
    let first = inbox.dead_letters("crm", &all, None, 20).await.unwrap();
    let rest = inbox
        .dead_letters("crm", &all, Some(first[19].entry()), 20)
        .await
        .unwrap();
    assert_eq!((first.len(), rest.len()), (20, 10));
    let dead = &first[0];
    assert_eq!(
        (dead.handler(), dead.attempts(), dead.replays()),
        ("crm", 1, 0)
    );
    assert_eq!(dead.reason(), "handler failed: no route to host");
    assert_eq!(dead.event().unwrap().secret_label(), "2026");
    assert!(inbox.dead_letters("nobody", &all, None, 1).await.is_err());
    let invoices = DeadFilter::all().of(on("invoice.*"));
    assert_eq!(
        inbox
            .dead_letters("crm", &invoices, None, 100)
            .await
            .unwrap()
            .len(),
        10
    );
    let none = DeadFilter::all().signed_with("2025");
    assert_eq!(
        inbox
            .dead_letters("crm", &none, None, 100)
            .await
            .unwrap()
            .len(),
        0
    );
    let none = DeadFilter::all().until(dead.died_at());
    assert_eq!(
        inbox
            .dead_letters("crm", &none, None, 100)
            .await
            .unwrap()
            .len(),
        0
    );

    // People are told of each.
    for _ in 0..500 {
        if setting.alerts.lock().unwrap().len() >= 30 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(setting.alerts.lock().unwrap().len(), 30);

    // One by hand, while it is still broken: it dies again, and says so.
    let key = dead.key().to_owned();
    let (entry, states) = (
        dead.entry().to_owned(),
        inbox.status(&key).await.unwrap().unwrap(),
    );
    assert_eq!(
        states,
        [
            (
                "crm".to_owned(),
                JobState::Dead {
                    reason: "handler failed: no route to host".to_owned()
                }
            ),
            ("sound".to_owned(), JobState::Done)
        ]
    );
    assert!(inbox.replay("crm", &entry).await.unwrap());
    assert!(
        !inbox.replay("crm", &entry).await.unwrap(),
        "twice queues it once"
    );
    dead_is(inbox, 30).await;
    let again = inbox.dead_letters("crm", &all, None, 100).await.unwrap();
    let again = again.iter().find(|dead| dead.key() == key).unwrap();
    assert_eq!((again.replays(), again.attempts()), (1, 1));

    // The sender delivers a dead event again: it is tried again.
    let before = setting.keys.lock().unwrap().len();
    deliver(inbox, "evt_7", "charge.failed").await;
    for _ in 0..500 {
        if setting.keys.lock().unwrap().len() > before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(setting.keys.lock().unwrap().len(), before + 1);
    dead_is(inbox, 30).await;

    // Mended: first a dry run, then for real.
    let dry = ReplayOptions::new().dry_run();
    let report = inbox.replay_all("crm", &invoices, dry).await.unwrap();
    assert_eq!(
        report,
        ReplayReport {
            matched: 10,
            replayed: 0
        }
    );
    setting.broken.store(false, Ordering::SeqCst);
    let fast = ReplayOptions::new().with_rate(10_000);
    let report = inbox.replay_all("crm", &invoices, fast).await.unwrap();
    assert_eq!(
        report,
        ReplayReport {
            matched: 10,
            replayed: 10
        }
    );
    dead_is(inbox, 20).await;
    let one = &inbox.dead_letters("crm", &all, None, 1).await.unwrap()[0];
    assert!(inbox.discard("crm", one.entry()).await.unwrap());
    assert!(!inbox.discard("crm", one.entry()).await.unwrap());
    let two = &inbox.dead_letters("crm", &all, None, 1).await.unwrap()[0];
    assert!(inbox.erase(two.key()).await.unwrap());
    assert!(!inbox.erase(two.key()).await.unwrap());
    let begun = std::time::Instant::now();
    let slow = ReplayOptions::new().with_rate(100);
    let report = inbox.replay_all("crm", &all, slow).await.unwrap();
    assert_eq!(
        report,
        ReplayReport {
            matched: 18,
            replayed: 18
        }
    );
    assert!(
        begun.elapsed() >= Duration::from_millis(170),
        "{:?}",
        begun.elapsed()
    );
    dead_is(inbox, 0).await;
    for _ in 0..500 {
        if inbox.stats().await.unwrap().bytes == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(inbox.stats().await.unwrap().bytes, 0);
    running.stop().await;
    assert_eq!(
        setting.sound.load(Ordering::SeqCst),
        30,
        "the other handler never noticed"
    );

    // Every attempt of one event had one key, whatever its replay number.
    let keys = setting.keys.lock().unwrap().clone();
    let tries: Vec<_> = keys
        .iter()
        .filter(|(tried, _)| *tried == key)
        .map(|(_, n)| *n)
        .collect();
    assert!(tries.windows(2).all(|pair| pair[0] < pair[1]), "{tries:?}");
    assert_eq!(inbox.status("no key").await.unwrap(), None);
    assert_eq!(inbox.status(&"0".repeat(32)).await.unwrap(), None);
}

async fn an_alert_that_fails_is_tried_again_by_whoever_runs_next(store: Arc<dyn Store>) {
    let first = setting(Arc::clone(&store)).await;
    first.alert_fails.store(true, Ordering::SeqCst);
    let running = run(&first.inbox);
    deliver(&first.inbox, "evt_1", "a").await;
    dead_is(&first.inbox, 1).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    running.stop().await;
    assert!(first.alerts.lock().unwrap().is_empty());

    // Another process, after this one died before it could tell anybody.
    let second = setting(store).await;
    let running = run(&second.inbox);
    for _ in 0..500 {
        if !second.alerts.lock().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(second.alerts.lock().unwrap().len(), 1);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(second.alerts.lock().unwrap().len(), 1, "once is enough");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    dead_letters_are_listed_alerted_replayed_and_drained(Arc::new(MemoryStore::new())).await;
    an_alert_that_fails_is_tried_again_by_whoever_runs_next(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn file() {
    let [one, two] = [(); 2].map(|()| place::Place::file());
    dead_letters_are_listed_alerted_replayed_and_drained(place::open(&one.name())).await;
    an_alert_that_fails_is_tried_again_by_whoever_runs_next(place::open(&two.name())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis() {
    let server = redis::RedisServer::start();
    let store = |name| Arc::new(RedisStore::new(server.pool()).with_namespace(name).unwrap());
    dead_letters_are_listed_alerted_replayed_and_drained(store("one")).await;
    an_alert_that_fails_is_tried_again_by_whoever_runs_next(store("two")).await;
}
