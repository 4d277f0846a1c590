//! A primary that dies, a replica that is promoted, and a Sentinel that says so.

use std::{collections::HashSet, time::Instant};

use hookgate::store::redis::deadpool_redis::sentinel::{Config, Pool, SentinelServerType};

use super::*;

fn pool(sentinel: &RedisServer) -> Pool {
    let config = Config {
        urls: Some(vec![sentinel.url()]),
        connections: None,
        master_name: "primary".to_owned(),
        server_type: SentinelServerType::Master,
        ..Config::default()
    };
    config.create_pool(None).unwrap()
}

/// Kills the primary under load, with a replica that was stalled for the last moments, and returns
/// how many acknowledged events were lost, and how many were acknowledged.
async fn lost_in_a_failover(level: Level) -> (usize, usize) {
    let mut primary = RedisServer::start();
    let replica = primary.replica();
    let sentinel = primary.sentinel();
    let until = Instant::now() + Duration::from_secs(30);
    while !sentinel.info("sentinel").contains("slaves=1")
        || !replica
            .info("replication")
            .contains("master_link_status:up")
    {
        assert!(Instant::now() < until, "the Sentinel sees no replica");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let store = RedisStore::new(pool(&sentinel)).with_level(level);
    let store = Arc::new(store);
    while let Err(why) = store.declare(&handlers()).await {
        assert_eq!(why.kind(), StoreErrorKind::Ambiguous, "{why}");
        assert!(Instant::now() < until, "{why}");
    }
    // On a busy machine the first copy takes its time; what is lost is to be lost later.
    while !replica.info("keyspace").contains("db0") {
        assert!(Instant::now() < until, "nothing reaches the replica");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let body = Bytes::from(vec![7; 64 << 10]);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let (store, body) = (Arc::clone(&store), body.clone());
        tasks.spawn(async move {
            let mut acknowledged = HashSet::new();
            for n in 0.. {
                // Large: what fits into the sockets' buffers reaches a stalled replica after all.
                let entry = Entry {
                    body: body.clone(),
                    ..entry(task * 1_000_000 + n, &["a"])
                };
                let key = entry.key;
                match store.accept(entry).await {
                    Ok(_) => acknowledged.insert(key),
                    Err(_) => break,
                };
            }
            acknowledged
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    replica.signal("-STOP");
    tokio::time::sleep(Duration::from_millis(300)).await;
    primary.kill();
    replica.signal("-CONT");
    let acknowledged: HashSet<_> = tasks.join_all().await.into_iter().flatten().collect();

    // The same store finds the new primary. It has no replica, so that only a store of a lower
    // level works with it.
    let until = Instant::now() + Duration::from_secs(30);
    if level == Level::Volatile {
        while store.accept(entry(900_000_000, &["a"])).await.is_err() {
            assert!(Instant::now() < until, "no new primary");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    } else {
        while replica.info("replication").contains("role:slave") {
            assert!(Instant::now() < until, "no new primary");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let refused = kind(store.accept(entry(900_000_000, &["a"])).await);
        assert_eq!(refused, StoreErrorKind::Unavailable);
    }
    let store = RedisStore::new(pool(&sentinel));
    while store.connect().await.is_err() {
        assert!(Instant::now() < until, "no new primary");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut lost = 0;
    for key in &acknowledged {
        lost += usize::from(store.status(*key).await.unwrap().is_none());
    }
    // What is there is there whole: as many jobs as records.
    let queued = store.stats().await.unwrap().handlers[0].queued;
    assert!(queued as usize >= acknowledged.len() - lost);
    (lost, acknowledged.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_replica_waited_for_nothing_acknowledged_is_lost_in_a_failover() {
    let (lost, of) = lost_in_a_failover(Level::Replicated(1)).await;
    println!("Replicated(1): {lost} of {of} acknowledged events lost");
    assert!(of > 100, "{of}");
    assert_eq!(lost, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_waiting_a_failover_loses_the_last_moments_and_the_store_goes_on() {
    let (lost, of) = lost_in_a_failover(Level::Volatile).await;
    println!("Volatile: {lost} of {of} acknowledged events lost");
    assert!(of > 100 && lost < of, "{lost} of {of}");
}
