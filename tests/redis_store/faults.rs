//! A dead, slow, demoted or forgetful server.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use hookgate::store::redis::deadpool_redis;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

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

/// A way to the server on which 64 KiB of its answers take this many milliseconds.
async fn slow_way(server: &RedisServer, delay: &Arc<AtomicU64>) -> RedisStore {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    let (port, delay) = (server.port(), Arc::clone(delay));
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let delay = Arc::clone(&delay);
            tokio::spawn(async move {
                let mut piece = vec![0; 64 << 10];
                while let Ok(count @ 1..) = from_server.read(&mut piece).await {
                    let millis = delay.load(Ordering::Relaxed) * count as u64 / piece.len() as u64;
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                    if to_client.write_all(&piece[..count]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    let pool = deadpool_redis::Config::from_url(url);
    let pool = pool.create_pool(Some(deadpool_redis::Runtime::Tokio1));
    RedisStore::new(pool.unwrap()).with_response_timeout(Duration::from_millis(250))
}

#[tokio::test]
async fn a_link_too_slow_for_the_payloads_counts_no_deliveries_and_loses_nothing() {
    const EVENTS: u32 = 24;
    let server = RedisServer::start();
    let near = declared(&server).await;
    for n in 0..EVENTS {
        let body = Bytes::from(vec![n as u8; 512 << 10]);
        let large = Entry {
            body,
            ..entry(n, &["a"])
        };
        assert_eq!(near.accept(large).await.unwrap(), NEW);
    }
    let delay = Arc::new(AtomicU64::new(0));
    let store = slow_way(&server, &delay).await;
    let request = LeaseRequest {
        handler: "a",
        max: 64,
        lease: LONG,
        wait: Duration::ZERO,
    };
    // Not even one payload comes in time.
    delay.store(200, Ordering::Relaxed);
    for _ in 0..3 {
        let refused = kind(store.lease(request).await);
        assert_eq!(refused, StoreErrorKind::Unavailable);
    }
    let a = &near.stats().await.unwrap().handlers[0];
    assert_eq!([a.queued, a.processing], [u64::from(EVENTS), 0]);
    // A MiB in 160 ms: all of them at once would not come in time either.
    delay.store(10, Ordering::Relaxed);
    let mut done = 0;
    while done < EVENTS {
        let jobs = store.lease(request).await.unwrap();
        assert!((1..=8).contains(&jobs.len()), "4 MiB: {}", jobs.len());
        for job in jobs {
            assert_eq!((job.deliveries, job.body.len()), (1, 512 << 10));
            assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
            done += 1;
        }
    }
    assert_eq!(near.stats().await.unwrap().bytes, 0);
}

#[tokio::test]
async fn what_is_read_before_the_link_fails_is_leased_and_the_rest_goes_back() {
    let server = RedisServer::start();
    let near = declared(&server).await;
    for (n, size) in [(1, 1), (2, 1 << 20), (3, 1)] {
        let body = Bytes::from(vec![0; size]);
        let event = Entry {
            body,
            ..entry(n, &["a"])
        };
        assert_eq!(near.accept(event).await.unwrap(), NEW);
    }
    let store = slow_way(&server, &Arc::new(AtomicU64::new(100))).await;
    let lease = async |store: &RedisStore| {
        let request = LeaseRequest {
            handler: "a",
            max: 3,
            lease: LONG,
            wait: Duration::ZERO,
        };
        store.lease(request).await.unwrap()
    };
    let first = lease(&store).await;
    let found =
        |jobs: &[Leased]| -> Vec<_> { jobs.iter().map(|j| (j.key, j.deliveries)).collect() };
    assert_eq!(found(&first), [(entry(1, &[]).key, 1)]);
    let rest = lease(&near).await;
    assert_eq!(
        found(&rest),
        [(entry(2, &[]).key, 1), (entry(3, &[]).key, 1)]
    );
}

#[tokio::test]
async fn a_response_timeout_may_be_as_long_as_one_likes() {
    let primary = RedisServer::start();
    let _replica = primary.replica();
    let store = RedisStore::new(primary.pool())
        .with_level(Level::Replicated(1))
        .with_response_timeout(Duration::MAX);
    store.declare(&handlers()).await.unwrap();
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    let job = lease_one(&store).await;
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
}
