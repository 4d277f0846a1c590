//! Other processes.

use std::process::{Command, Stdio};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_racing_for_one_id_accept_it_once() {
    let server = RedisServer::start();
    let stores = [declared(&server).await, RedisStore::new(server.pool())];
    for n in 0..1_000 {
        // Each with an acceptance of its own, as two receivers would.
        let acceptance = AcceptanceId(entry(n + 1_000_000, &[]).key.0);
        let (a, b) = (
            entry(n, &["a", "b"]),
            Entry {
                acceptance,
                ..entry(n, &["a", "b"])
            },
        );
        let (a, b) = tokio::join!(stores[0].accept(a), stores[1].accept(b));
        let new = [a.unwrap(), b.unwrap()]
            .into_iter()
            .filter(|answer| *answer == NEW)
            .count();
        assert_eq!(new, 1, "round {n}");
    }
    let stats = stores[1].stats().await.unwrap();
    assert_eq!(
        (stats.handlers[0].queued, stats.handlers[1].queued),
        (1_000, 1_000)
    );
}

/// A mistyped namespace is an error, and leaves nothing behind.
#[tokio::test]
async fn where_only_what_exists_is_opened_nothing_is_prepared() {
    let server = RedisServer::start();
    let mut connection = connection(&server).await;
    let existing = || RedisStore::new(server.pool()).existing_only();
    let store = existing().with_level(Level::Volatile);
    assert_eq!(kind(store.connect().await), StoreErrorKind::Invalid);
    assert_eq!(kind(store.stats().await), StoreErrorKind::Invalid);
    assert_eq!(
        kind(store.declare(&handlers()).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(everything(&mut connection).await, []);
    declared(&server).await;
    let before = everything(&mut connection).await;
    let store = existing();
    store.connect().await.unwrap();
    assert_eq!(store.stats().await.unwrap().handlers.len(), 3);
    assert_eq!(everything(&mut connection).await, before);
}

#[tokio::test]
async fn what_one_store_does_to_a_handler_holds_for_all() {
    let server = RedisServer::start();
    let (store, other) = (declared(&server).await, RedisStore::new(server.pool()));
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    assert!(other.set_paused("a", true).await.unwrap());
    let request = LeaseRequest {
        handler: "a",
        max: 1,
        lease: LONG,
        wait: Duration::from_millis(300),
    };
    assert!(store.lease(request).await.unwrap().is_empty());
    assert!(other.set_paused("a", false).await.unwrap());
    assert_eq!(store.lease(request).await.unwrap().len(), 1);
    assert!(other.remove("b", Removal::Drain).await.unwrap());
    let (routes, b) = (&["a", "b"], store.accept(entry(2, &["b"])).await);
    assert_eq!(b.unwrap(), Accepted::StaleRoutes);
    let late = Entry {
        revision: 2,
        ..entry(2, routes)
    };
    let refused = store.accept(late).await;
    assert_eq!(kind(refused), StoreErrorKind::Invalid);
    let registry = other.registry().await.unwrap();
    assert_eq!((registry.revision, registry.handlers.len()), (2, 2));
}

/// Runs itself as two more processes, told by the environment which server to race on.
#[tokio::test]
async fn two_processes_racing_for_the_same_ids_accept_each_once() {
    const URL: &str = "HOOKGATE_TEST_RACE";
    if let Ok(url) = std::env::var(URL) {
        let pool = hookgate::store::redis::deadpool_redis::Config::from_url(url)
            .create_pool(None)
            .unwrap();
        let store = RedisStore::new(pool);
        let mut new = 0;
        for n in 0..1_000 {
            new += u32::from(store.accept(entry(n, &["a"])).await.unwrap() == NEW);
        }
        println!("accepted as new: {new}");
        return;
    }
    let server = RedisServer::start();
    let store = declared(&server).await;
    let racers = [0, 1].map(|_| {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "sharing::two_processes_racing_for_the_same_ids_accept_each_once",
            ])
            .arg("--nocapture")
            .env(URL, server.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    });
    let counts = racers.map(|racer| {
        let output = racer.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, count) = text
            .split_once("accepted as new: ")
            .expect("a racer's count");
        count
            .split_whitespace()
            .next()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    });
    assert_eq!(counts[0] + counts[1], 1_000, "{counts:?}");
    assert_eq!(store.stats().await.unwrap().handlers[0].queued, 1_000);
}
