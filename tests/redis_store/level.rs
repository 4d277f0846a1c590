//! What an answer stands for.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use hookgate::{
    clock::{Clock, SystemClock, UnixTime},
    store::redis::deadpool_redis::Config,
};

use super::*;

#[tokio::test]
async fn the_level_is_volatile_unless_one_is_set() {
    let server = RedisServer::start();
    let store = RedisStore::new(server.pool());
    assert_eq!(store.level(), Level::Volatile);
    assert_eq!(store.with_level(Level::Local).level(), Level::Local);
    assert!(
        RedisStore::new(server.pool())
            .with_namespace("{x}")
            .is_err()
    );
}

/// Refused with a message that names this, unless somebody vouches for it.
async fn refused(server: &RedisServer, level: Level, kind: StoreErrorKind, names: &str) {
    let store = RedisStore::new(server.pool()).with_level(level);
    let err = store.connect().await.expect_err(names);
    assert_eq!(err.kind(), kind, "{err}");
    assert!(err.to_string().contains(names), "{err}");
    let err = store.accept(entry(1, &["a"])).await.expect_err(names);
    assert_eq!(err.kind(), kind, "{err}");
    let store = RedisStore::new(server.pool()).with_asserted_level(level);
    store.connect().await.expect("somebody vouches for it");
    assert_eq!(store.level(), level);
}

#[tokio::test]
async fn a_server_that_evicts_is_refused_at_every_level() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let _: () = ask(&mut redis, "CONFIG SET maxmemory-policy allkeys-lru").await;
    let invalid = StoreErrorKind::Invalid;
    refused(&server, Level::Volatile, invalid, "maxmemory-policy").await;
    refused(&server, Level::Local, invalid, "maxmemory-policy").await;
    let _: () = ask(&mut redis, "CONFIG SET maxmemory-policy noeviction").await;
    RedisStore::new(server.pool()).connect().await.unwrap();
}

#[tokio::test]
async fn local_asks_for_a_sync_of_every_write() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let invalid = StoreErrorKind::Invalid;
    refused(&server, Level::Local, invalid, "appendonly").await;
    let _: () = ask(&mut redis, "CONFIG SET appendonly yes").await;
    refused(&server, Level::Local, invalid, "appendfsync").await;
    let _: () = ask(&mut redis, "CONFIG SET appendfsync always").await;
    let store = RedisStore::new(server.pool()).with_level(Level::Local);
    store.connect().await.unwrap();
    store.declare(&handlers()).await.unwrap();
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
}

#[tokio::test]
async fn where_the_server_does_not_say_somebody_has_to_vouch() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    for (forbidden, level, allowed) in [
        ("info", Level::Volatile, false),
        ("config", Level::Volatile, true),
        ("config", Level::Local, false),
    ] {
        let rule = format!("ACL SETUSER app reset on >secret ~* &* +@all -{forbidden}");
        let _: () = ask(&mut redis, &rule).await;
        let pool = || {
            let url = format!("redis://app:secret@127.0.0.1:{}/", server.port());
            Config::from_url(url).create_pool(None).unwrap()
        };
        let connected = RedisStore::new(pool()).with_level(level).connect().await;
        if allowed {
            connected.unwrap();
        } else {
            let _: () = ask(&mut redis, "CONFIG SET appendonly yes").await;
            let err = connected.expect_err(forbidden);
            assert_eq!(err.kind(), StoreErrorKind::Invalid);
            assert!(err.to_string().contains("with_asserted_level"), "{err}");
        }
        let asserted = RedisStore::new(pool()).with_asserted_level(level);
        asserted.connect().await.unwrap();
    }
}

#[tokio::test]
async fn replicated_asks_for_replicas_and_waits_for_them() {
    let server = RedisServer::start();
    let level = Level::Replicated(1);
    let unavailable = StoreErrorKind::Unavailable;
    refused(&server, level, unavailable, "fewer than 1 replicas").await;
    let replica = server.replica();
    let demoted = RedisStore::new(replica.pool()).connect().await;
    assert_eq!(kind(demoted), unavailable);

    let store = RedisStore::new(server.pool()).with_level(level);
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(why) = store.declare(&handlers()).await {
        assert_eq!(why.kind(), StoreErrorKind::Ambiguous, "{why}");
        assert!(Instant::now() < until, "{why}");
    }
    assert!(eventually(&store, 1).await.is_ok());
    // Another process, whose own writes are all there.
    let other = RedisStore::new(server.pool()).with_level(level);
    other.connect().await.unwrap();
    // The answers that it is there, or these bytes are, stand for the same, and so have to wait as well.
    replica.signal("-STOP");
    let guarded = |n| Entry {
        replay_guard: ReplayGuard::Reject(entry(3, &[]).key),
        ..entry(n, &["a"])
    };
    let entries = [entry(2, &["a"]), entry(1, &["a"]), guarded(3)].map(|entry| (&store, entry));
    for (store, entry) in entries.into_iter().chain([(&other, guarded(4))]) {
        let started = Instant::now();
        let err = store.accept(entry).await.unwrap_err();
        assert_eq!(err.kind(), StoreErrorKind::Ambiguous);
        assert!(err.to_string().contains("0 of 1 replicas"), "{err}");
        assert!(
            started.elapsed().as_millis() >= 800,
            "it was not waited for"
        );
    }
    // Work goes on: what is lost of it is done again.
    let job = lease_one(&store).await;
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    replica.signal("-CONT");
    let answer = eventually(&store, 2).await.unwrap();
    assert!(matches!(answer, Accepted::Duplicate { .. }));
}

/// Accepts, as often as a sender would: a replica on a busy machine may be late.
async fn eventually(store: &RedisStore, n: u32) -> Result<Accepted, StoreError> {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = store.accept(entry(n, &["a"])).await;
        let late = matches!(&answer, Err(why) if why.kind() == StoreErrorKind::Ambiguous);
        if !late || Instant::now() > until {
            return answer;
        }
    }
}

#[tokio::test]
async fn evicted_keys_are_noticed_while_connected() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let store = declared(&server).await;
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    for n in 0..200 {
        let _: () = ask(
            &mut redis,
            &format!("SET other:{n} {} EX 999", "x".repeat(10_000)),
        )
        .await;
    }
    let _: () = ask(&mut redis, "CONFIG SET maxmemory-policy volatile-random").await;
    let memory = server.info("memory");
    let used = memory
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    let used: u64 = used.unwrap().trim().parse().unwrap();
    let limit = format!("CONFIG SET maxmemory {}", used - 500_000);
    let _: () = ask(&mut redis, &limit).await;
    let _: () = ask(&mut redis, "SET one more").await;
    let _: () = ask(&mut redis, "CONFIG SET maxmemory 0").await;
    let _: () = ask(&mut redis, "CONFIG SET maxmemory-policy noeviction").await;
    assert!(!server.info("stats").contains("evicted_keys:0\r"));
    // Looked for every 5 s, here by calls whose answers are no receipts: the next receipt tells.
    let until = Instant::now() + Duration::from_secs(7);
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
        store.registry().await.unwrap();
    }
    let err = store.accept(entry(2, &["a"])).await.unwrap_err();
    assert_eq!(err.kind(), StoreErrorKind::Ambiguous);
    assert!(err.to_string().contains("evicted"), "{err}");
    // Said once: it is set right again, and what is gone is gone.
    store.connect().await.unwrap();
}

#[tokio::test]
async fn the_clocks_of_one_machine_agree() {
    let server = RedisServer::start();
    let skew = RedisStore::new(server.pool()).clock_skew().await.unwrap();
    assert!((-50..=50).contains(&skew), "{skew} ms");
}

/// A clock that goes, but is so many milliseconds ahead.
#[derive(Clone, Debug)]
struct Ahead(Arc<AtomicI64>);

impl Clock for Ahead {
    fn now(&self) -> UnixTime {
        UnixTime::from_millis(SystemClock.now().as_millis() + self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn another_time_than_ours_is_warned_of_at_the_start_and_at_every_reconnect() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let ahead = Ahead(Arc::new(AtomicI64::new(5_000)));
    let store = RedisStore::new(server.pool()).with_clock(ahead.clone());
    assert!(store.warnings().is_empty(), "nobody knows yet");
    store.connect().await.unwrap();
    let warnings = store.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let text = "ms behind this machine's";
    assert!(warnings[0].contains(text), "{warnings:?}");
    let skew = store.clock_skew().await.unwrap();
    assert!((-6_000..-4_000).contains(&skew), "{skew} ms");
    for (ours, warns) in [(0, None), (-9_000, Some("ahead of")), (300, None)] {
        ahead.0.store(ours, Ordering::SeqCst);
        let _: () = ask(&mut redis, "CLIENT KILL TYPE normal").await;
        // Both connections are made again, one after the other.
        for _ in 0..4 {
            let _: Result<_, _> = store.registry().await;
        }
        store.registry().await.unwrap();
        let warnings = store.warnings().concat();
        assert_eq!(warnings.is_empty(), warns.is_none(), "{ours}: {warnings}");
        assert!(warnings.contains(warns.unwrap_or_default()), "{warnings}");
    }
}
