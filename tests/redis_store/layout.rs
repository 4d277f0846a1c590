//! What is stored, and what somebody else has stored there.

use super::*;

#[tokio::test]
async fn a_finished_event_takes_176_bytes_at_the_most_and_leaves_nothing_else() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let store = declared(&server).await;
    let untouched: Vec<Vec<u8>> = ask(&mut redis, "KEYS *").await;
    assert_eq!(store.accept(entry(1, &["a", "b"])).await.unwrap(), NEW);
    for handler in ["a", "b"] {
        let request = LeaseRequest {
            handler,
            max: 1,
            lease: LONG,
            wait: Duration::ZERO,
        };
        let job = store.lease(request).await.unwrap().pop().unwrap();
        assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    }
    let key = [b"{hookgate:0}d:".as_slice(), &[1], &[0; 15]].concat();
    let usage = redis::cmd("MEMORY")
        .arg("USAGE")
        .arg(&key)
        .query_async(&mut redis)
        .await;
    let usage: u64 = usage.unwrap();
    println!("MEMORY USAGE of a finished event's record: {usage} bytes");
    assert!(usage <= 176, "{usage}");
    let ttl: i64 = redis::cmd("PTTL")
        .arg(&key)
        .query_async(&mut redis)
        .await
        .unwrap();
    assert!((3_590_000..=3_600_000).contains(&ttl), "{ttl}");
    let left: Vec<Vec<u8>> = ask(&mut redis, "KEYS *").await;
    assert_eq!(left.len(), untouched.len() + 1);
}

/// Bytes of `used_memory` for each of 2,000 events that wait.
async fn waiting(routes: &[&str], guarded: bool) -> i64 {
    const EVENTS: u32 = 2_000;
    let server = RedisServer::start();
    let store = declared(&server).await;
    let used = || {
        let info = server.info("memory");
        let mut lines = info.lines();
        let used = lines.find_map(|line| line.strip_prefix("used_memory:"));
        used.unwrap().trim().parse::<i64>().unwrap()
    };
    let before = used();
    for n in 0..EVENTS {
        let mut entry = entry(n, routes);
        entry.body = vec![b'x'; 1_024].into();
        entry.head = vec![b'h'; 250].into();
        if guarded {
            let mut bytes = entry.key;
            bytes.0[15] = 1;
            entry.replay_guard = ReplayGuard::Flag(bytes);
        }
        assert_eq!(store.accept(entry).await.unwrap(), NEW);
    }
    (used() - before) / i64::from(EVENTS) - 1_024 - 250
}

#[tokio::test]
async fn a_waiting_event_takes_what_the_guide_says_besides_head_and_body() {
    let (one, two) = (
        waiting(&["a"], false).await,
        waiting(&["a", "b"], false).await,
    );
    let guarded = waiting(&["a"], true).await;
    println!(
        "besides head and body: {one} bytes, {two} for two handlers, {guarded} with the guard"
    );
    assert!(
        one <= 650 && two - one <= 100 && guarded - one <= 180,
        "{one} {two} {guarded}"
    );
}

#[tokio::test]
async fn another_format_or_partition_count_is_refused_and_left_alone() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    declared(&server).await;
    for (field, value) in [
        ("format", "3"),
        ("format", "1"),
        ("partitions", "4"),
        ("format", ""),
    ] {
        let _: () = ask(&mut redis, "HSET {hookgate:0}m format 2 partitions 1").await;
        let set = redis::cmd("HSET")
            .arg("{hookgate:0}m")
            .arg(field)
            .arg(value)
            .clone();
        let _: () = set.query_async(&mut redis).await.unwrap();
        let before = everything(&mut redis).await;
        let store = RedisStore::new(server.pool());
        assert_eq!(kind(store.connect().await), StoreErrorKind::Corrupt);
        assert_eq!(
            kind(store.declare(&handlers()).await),
            StoreErrorKind::Corrupt
        );
        assert_eq!(
            kind(store.accept(entry(1, &["a"])).await),
            StoreErrorKind::Corrupt
        );
        assert!(everything(&mut redis).await == before, "{field} {value:?}");
    }
    // A store that was connected before notices too.
    let _: () = ask(&mut redis, "HSET {hookgate:0}m format 2 partitions 1").await;
    let store = RedisStore::new(server.pool());
    store.connect().await.unwrap();
    let _: () = ask(&mut redis, "HSET {hookgate:0}m format 3").await;
    assert_eq!(
        kind(store.accept(entry(1, &["a"])).await),
        StoreErrorKind::Corrupt
    );
    assert_eq!(
        kind(store.declare(&handlers()).await),
        StoreErrorKind::Corrupt
    );
}

#[tokio::test]
async fn a_job_whose_payload_somebody_removed_is_seen_among_the_dead() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let store = declared(&server).await;
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    assert_eq!(store.accept(entry(2, &["a"])).await.unwrap(), NEW);
    let _: () = ask(
        &mut redis,
        "DEL {hookgate:0}e:01000000000000000000000000000000",
    )
    .await;
    let request = LeaseRequest {
        handler: "a",
        max: 9,
        lease: LONG,
        wait: Duration::ZERO,
    };
    let jobs = store.lease(request).await.unwrap();
    assert_eq!(
        jobs.iter().map(|job| job.key).collect::<Vec<_>>(),
        [entry(2, &[]).key]
    );
    let a = &store.stats().await.unwrap().handlers[0];
    assert_eq!([a.queued, a.processing, a.delayed, a.dead], [0, 1, 0, 1]);
}
