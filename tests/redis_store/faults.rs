//! A dead, slow, demoted or forgetful server.

use std::time::Instant;

use super::*;

#[tokio::test]
async fn a_killed_server_is_found_again_when_it_is_back() {
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = declared(&server).await;
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    let job = lease_one(&store).await;
    server.kill();
    for n in 2..6 {
        let kind = kind(store.accept(entry(n, &["a"])).await);
        let expected = [StoreErrorKind::Ambiguous, StoreErrorKind::Unavailable];
        assert!(expected.contains(&kind), "{kind:?}");
    }
    assert_eq!(kind(store.stats().await), StoreErrorKind::Unavailable);
    server.restart();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(store.accept(entry(2, &["a"])).await.unwrap(), NEW);
    let answer = store.accept(entry(1, &["a"])).await.unwrap();
    assert!(matches!(answer, Accepted::Duplicate { .. }));
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    assert_eq!(lease_one(&store).await.key, entry(2, &[]).key);
}

#[tokio::test]
async fn one_who_waits_survives_a_restart_by_asking_again() {
    let mut server = RedisServer::start_with(&["--appendonly", "yes"]);
    let store = Arc::new(declared(&server).await);
    let waiting = {
        let store = Arc::clone(&store);
        let wait = Duration::from_secs(20);
        tokio::spawn(async move {
            store
                .lease(LeaseRequest {
                    handler: "a",
                    max: 1,
                    lease: LONG,
                    wait,
                })
                .await
        })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.kill();
    assert_eq!(kind(waiting.await.unwrap()), StoreErrorKind::Unavailable);
    server.restart();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(accept(&store, entry(1, &["a"])).await, NEW);
    lease_one(&store).await;
}

#[tokio::test]
async fn a_server_that_lost_everything_takes_no_event_before_it_knows_the_handlers() {
    let mut server = RedisServer::start();
    let store = declared(&server).await;
    server.restart();
    assert_eq!(
        accept(&store, entry(1, &["a"])).await,
        Accepted::StaleRoutes
    );
    assert_eq!(store.registry().await.unwrap().handlers, []);
    assert_eq!(store.declare(&handlers()).await.unwrap().revision, 1);
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
}

#[tokio::test]
async fn a_stalled_server_is_ambiguous_within_the_response_timeout() {
    let server = RedisServer::start();
    let store = declared(&server)
        .await
        .with_response_timeout(Duration::from_millis(300));
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    server.signal("-STOP");
    let started = Instant::now();
    let refused = kind(store.accept(entry(2, &["a"])).await);
    let took = started.elapsed();
    server.signal("-CONT");
    assert_eq!(refused, StoreErrorKind::Ambiguous);
    assert!((280..600).contains(&took.as_millis()), "{took:?}");
    // Whether it had been sent or not: afterwards it is there, once.
    tokio::time::sleep(Duration::from_millis(300)).await;
    accept(&store, entry(2, &["a"])).await;
    assert_eq!(store.stats().await.unwrap().handlers[0].queued, 2);
}

#[tokio::test]
async fn a_demoted_server_is_left_and_used_again_when_it_is_promoted() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let store = declared(&server).await;
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    let _: () = ask(&mut redis, "REPLICAOF 127.0.0.1 1").await;
    for n in 2..5 {
        assert_eq!(
            kind(store.accept(entry(n, &["a"])).await),
            StoreErrorKind::Unavailable
        );
    }
    let _: () = ask(&mut redis, "REPLICAOF NO ONE").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(store.accept(entry(2, &["a"])).await.unwrap(), NEW);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_scripts_are_loaded_again_and_nobody_notices() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let store = Arc::new(declared(&server).await);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in 0..200 {
                assert_eq!(
                    store.accept(entry(task * 1_000 + n, &["a"])).await.unwrap(),
                    NEW
                );
            }
        });
    }
    for _ in 0..30 {
        let _: () = ask(&mut redis, "SCRIPT FLUSH").await;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    tasks.join_all().await;
    assert_eq!(store.stats().await.unwrap().handlers[0].queued, 1_600);
    let _: () = ask(&mut redis, "SCRIPT FLUSH").await;
    let job = lease_one(&store).await;
    let _: () = ask(&mut redis, "SCRIPT FLUSH").await;
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
}

#[tokio::test]
async fn an_unreachable_server_is_unavailable_at_once() {
    let mut server = RedisServer::start();
    let pool = server.pool();
    server.kill();
    let store = RedisStore::new(pool);
    let started = Instant::now();
    assert_eq!(kind(store.connect().await), StoreErrorKind::Unavailable);
    assert_eq!(
        kind(store.accept(entry(1, &["a"])).await),
        StoreErrorKind::Unavailable
    );
    assert!(started.elapsed() < Duration::from_secs(1));
}
