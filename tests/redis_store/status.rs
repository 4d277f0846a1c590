//! What became of an event, while others change that.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use super::*;

const DEDUP: &[u8] = b"{hookgate:0}d:\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Whose keys are to be looked at is read before they are looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_accepted_anew_for_others_between_two_looks_is_looked_at_again() {
    let server = RedisServer::start();
    let store = declared(&server).await;
    let mut redis = connection(&server).await;
    let mut records = Vec::new();
    for (n, route) in [(1, "a"), (2, "b")] {
        let entry = Entry {
            key: entry(1, &[]).key,
            ..entry(n, &[route])
        };
        assert_eq!(store.accept(entry).await.unwrap(), NEW);
        let mut take = redis::cmd("GETDEL");
        let record = take.arg(DEDUP).query_async(&mut redis).await;
        records.push(record.unwrap());
    }
    let set = async |redis: &mut MultiplexedConnection, record: &Vec<u8>| {
        let mut set = redis::cmd("SET");
        let () = set.arg(DEDUP).arg(record).query_async(redis).await.unwrap();
    };
    set(&mut redis, &records[0]).await;
    // So few changes during one status that it cannot be outrun.
    let changes = Arc::new((AtomicU32::new(0), AtomicBool::new(false)));
    let left = Arc::clone(&changes);
    let changing = tokio::spawn(async move {
        for record in records.iter().cycle().skip(1) {
            while left.0.load(Ordering::Relaxed) == 0 {
                if left.1.load(Ordering::Relaxed) {
                    return;
                }
                tokio::task::yield_now().await;
            }
            set(&mut redis, record).await;
            left.0.fetch_sub(1, Ordering::Relaxed);
        }
    });
    let mut seen = BTreeSet::new();
    for _ in 0..500 {
        changes.0.store(3, Ordering::Relaxed);
        let found = store.status(entry(1, &[]).key).await.unwrap();
        let found = found.expect("remembered");
        let [(handler, state)] = &*found.jobs else {
            panic!("one job: {found:?}");
        };
        assert_eq!(state.name(), "queued");
        seen.insert((found.acceptance.0[0], handler.to_string()));
        while changes.0.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
    }
    changes.1.store(true, Ordering::Relaxed);
    changing.await.unwrap();
    let right = [(1, "a".to_owned()), (2, "b".to_owned())];
    assert_eq!(seen, BTreeSet::from(right));
}

/// It is not taken for one that waits.
#[tokio::test]
async fn a_job_that_was_removed_from_outside_is_corrupt() {
    let server = RedisServer::start();
    let store = declared(&server).await;
    let mut redis = connection(&server).await;
    let there = atomic::There::new(&store).await;
    for (n, state, key) in [(2, "dead", "x:a"), (3, "delayed", "z:a")] {
        let status = async || store.status(entry(n, &[]).key).await;
        let jobs = status().await.unwrap().unwrap().jobs;
        assert_eq!(jobs[0].1.name(), state);
        let () = ask(&mut redis, &format!("DEL {{hookgate:0}}{key}")).await;
        let why = status().await.unwrap_err();
        assert_eq!(why.kind(), StoreErrorKind::Corrupt);
        assert!(why.to_string().contains("is missing"), "{why}");
    }
    let leased = store.status(there.job.key).await.unwrap().unwrap();
    assert_eq!(leased.jobs[0].1.name(), "processing");
}
