//! What only the Redis store can get wrong: foreign keys, a full, slow, dead, demoted or foreign
//! server, and other processes.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hookgate::{
    StoreError,
    error::StoreErrorKind,
    store::{
        Accept, AcceptanceId, Accepted, DedupKey, Entry, HandlerDecl, Held, Jobs, LeaseRequest,
        Leased, Level, RedisStore, ReplayGuard, Store,
        redis::redis::{self, Cmd, FromRedisValue, aio::MultiplexedConnection},
    },
};

use support::RedisServer;

#[path = "support/redis.rs"]
mod support;

const NEW: Accepted = Accepted::New {
    repeated_bytes: false,
};
const LONG: Duration = Duration::from_secs(600);

fn handlers() -> [HandlerDecl; 2] {
    ["a", "b"].map(|name| HandlerDecl {
        name: name.to_owned(),
        filter: Bytes::new(),
    })
}

async fn declared(server: &RedisServer) -> RedisStore {
    let store = RedisStore::new(server.pool());
    assert_eq!(store.declare(&handlers()).await.unwrap().revision, 1);
    store
}

fn entry(n: u32, routes: &[&str]) -> Entry {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_le_bytes());
    Entry {
        key: DedupKey(id),
        acceptance: AcceptanceId(id),
        digest: [0; 8],
        head: Bytes::from_static(b"head"),
        body: Bytes::from_static(b"body"),
        window: Duration::from_secs(3_600),
        revision: 1,
        routes: routes.iter().map(|name| Arc::from(*name)).collect(),
        replay_guard: ReplayGuard::Off,
    }
}

async fn lease_one(store: &RedisStore) -> Leased {
    let request = LeaseRequest {
        handler: "a",
        max: 1,
        lease: LONG,
        wait: Duration::ZERO,
    };
    store.lease(request).await.unwrap().pop().expect("a job")
}

/// As the inbox does it: one repetition when it is not known what became of the first try.
async fn accept(store: &RedisStore, entry: Entry) -> Accepted {
    match store.accept(entry.clone()).await {
        Err(err) if err.kind() == StoreErrorKind::Ambiguous => store.accept(entry).await.unwrap(),
        answer => answer.unwrap(),
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.expect_err("this must be refused").kind()
}

/// A connection past the store.
async fn connection(server: &RedisServer) -> MultiplexedConnection {
    let client = redis::Client::open(server.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn ask<T: FromRedisValue>(connection: &mut MultiplexedConnection, command: &str) -> T {
    let mut words = command.split_ascii_whitespace();
    let mut cmd: Cmd = redis::cmd(words.next().unwrap());
    cmd.arg(words.collect::<Vec<_>>());
    cmd.query_async(connection).await.unwrap()
}

/// Every key with its dump and whether it has a time to live.
async fn everything(connection: &mut MultiplexedConnection) -> Vec<(Vec<u8>, Vec<u8>, bool)> {
    let mut keys: Vec<Vec<u8>> = ask(connection, "KEYS *").await;
    keys.sort();
    let mut all = Vec::new();
    for key in keys {
        let dump = redis::cmd("DUMP")
            .arg(&key)
            .query_async(connection)
            .await
            .unwrap();
        let ttl: i64 = redis::cmd("PTTL")
            .arg(&key)
            .query_async(connection)
            .await
            .unwrap();
        all.push((key, dump, ttl >= 0));
    }
    all
}

async fn try_verb(store: &RedisStore, verb: &str, job: &Leased) -> Result<(), StoreError> {
    let held = match verb {
        "accept" => {
            let replay_guard = ReplayGuard::Flag(DedupKey(*b"guarded-guarded-"));
            let new = Entry {
                replay_guard,
                ..entry(0x7777_7777, &["a", "b"])
            };
            return store.accept(new).await.map(drop);
        }
        "accept unrouted" => return store.accept(entry(0x7777_7777, &[])).await.map(drop),
        "declare" => return store.declare(&handlers()).await.map(drop),
        "registry" => return store.registry().await.map(drop),
        "lease" => {
            let request = LeaseRequest {
                handler: "a",
                max: 1,
                lease: LONG,
                wait: Duration::ZERO,
            };
            return store.lease(request).await.map(drop);
        }
        "promote" => return store.promote("a", 1).await.map(drop),
        "stats" => return store.stats().await.map(drop),
        "extend" => store.extend(&job.fence).await,
        "done" => store.done(&job.fence).await,
        "retry" => store.retry(&job.fence, Duration::ZERO).await,
        "bury" => store.bury(&job.fence, "why").await,
        "hand_back" => store.hand_back(&job.fence).await,
        other => panic!("no verb {other}"),
    };
    held.map(|held| assert_eq!(held, Held::Applied))
}

#[tokio::test]
async fn a_key_of_another_type_is_corrupt_and_nothing_changes() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let new = b"wwww\0\0\0\0\0\0\0\0\0\0\0\0";
    let (new_dedup, new_event) = (
        [b"d:", &new[..]].concat(),
        "e:77777777000000000000000000000000",
    );
    let old_dedup = [b"d:".as_slice(), &[1], &[0; 15]].concat();
    let old_event = "e:01000000000000000000000000000000";
    let cases: &[(&str, &[&[u8]])] = &[
        (
            "accept",
            &[
                b"m",
                b"q:a",
                b"q:b",
                b"g:guarded-guarded-",
                new_event.as_bytes(),
                &new_dedup,
            ],
        ),
        (
            "accept unrouted",
            &[b"m", b"u", new_event.as_bytes(), &new_dedup],
        ),
        ("declare", &[b"m", b"q:a", b"q:b"]),
        ("registry", &[b"m"]),
        ("lease", &[b"q:a"]),
        ("promote", &[b"q:a", b"z:a"]),
        ("stats", &[b"m", b"u", b"q:a", b"z:b", b"x:b"]),
        ("extend", &[b"q:a"]),
        ("done", &[b"q:a", b"m", old_event.as_bytes(), &old_dedup]),
        ("retry", &[b"q:a", b"z:a", old_event.as_bytes()]),
        ("bury", &[b"q:a", b"x:a", old_event.as_bytes(), &old_dedup]),
        ("hand_back", &[b"q:a"]),
    ];
    for (verb, keys) in cases {
        // Without the foreign key each succeeds: it is that key which makes it fail.
        for key in [None].into_iter().chain(keys.iter().map(Some)) {
            let _: () = ask(&mut redis, "FLUSHALL").await;
            let store = RedisStore::new(server.pool());
            store.declare(&handlers()).await.unwrap();
            assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
            let job = lease_one(&store).await;
            if *verb == "lease" {
                assert_eq!(store.accept(entry(2, &["a"])).await.unwrap(), NEW);
            }
            let Some(key) = key else {
                try_verb(&store, verb, &job).await.unwrap();
                continue;
            };
            let key = [b"{hookgate:0}", *key].concat();
            let mut foreign = redis::pipe();
            foreign.del(&key).rpush(&key, "foreign");
            let _: () = foreign.query_async(&mut redis).await.unwrap();
            let before = everything(&mut redis).await;
            let what = format!("{verb} with {}", String::from_utf8_lossy(&key));
            let err = try_verb(&store, verb, &job).await.expect_err(&what);
            assert_eq!(err.kind(), StoreErrorKind::Corrupt, "{what}: {err}");
            assert!(
                everything(&mut redis).await == before,
                "{what} has changed something"
            );
        }
    }
}

#[tokio::test]
async fn at_maxmemory_nothing_is_half_written_and_work_goes_on() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let store = declared(&server).await;
    for n in 0..8 {
        assert_eq!(store.accept(entry(n, &["a"])).await.unwrap(), NEW);
    }
    let jobs = [
        lease_one(&store).await,
        lease_one(&store).await,
        lease_one(&store).await,
    ];
    let retried = lease_one(&store).await;
    assert_eq!(
        store.retry(&retried.fence, Duration::ZERO).await.unwrap(),
        Held::Applied
    );
    let _: () = ask(&mut redis, "CONFIG SET maxmemory 1").await;
    let before = everything(&mut redis).await;
    let guard = ReplayGuard::Flag(DedupKey([9; 16]));
    for routes in [&["a", "b"][..], &["b"], &[]] {
        let refused = Entry {
            replay_guard: guard,
            ..entry(99, routes)
        };
        assert_eq!(kind(store.accept(refused).await), StoreErrorKind::Full);
    }
    let more = [HandlerDecl {
        name: "c".into(),
        filter: Bytes::new(),
    }];
    assert_eq!(kind(store.declare(&more).await), StoreErrorKind::Full);
    assert!(
        everything(&mut redis).await == before,
        "something was written"
    );
    let answer = store.accept(entry(0, &["a"])).await.unwrap();
    assert!(matches!(answer, Accepted::Duplicate { .. }));

    assert_eq!(store.promote("a", 9).await.unwrap().moved, 1);
    assert_eq!(store.extend(&jobs[0].fence).await.unwrap(), Held::Applied);
    assert_eq!(
        store.hand_back(&jobs[0].fence).await.unwrap(),
        Held::Applied
    );
    assert_eq!(
        store.bury(&jobs[1].fence, "why").await.unwrap(),
        Held::Applied
    );
    assert_eq!(
        store.retry(&jobs[2].fence, LONG).await.unwrap(),
        Held::Applied
    );
    let job = lease_one(&store).await;
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    let stats = store.stats().await.unwrap();
    let a = &stats.handlers[0];
    assert_eq!([a.queued, a.processing, a.delayed, a.dead], [5, 0, 1, 1]);

    let _: () = ask(&mut redis, "CONFIG SET maxmemory 0").await;
    assert_eq!(store.accept(entry(99, &["a", "b"])).await.unwrap(), NEW);
}

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
                "two_processes_racing_for_the_same_ids_accept_each_once",
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

#[tokio::test]
async fn another_format_or_partition_count_is_refused_and_left_alone() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    declared(&server).await;
    for (field, value) in [("format", "2"), ("partitions", "4"), ("format", "")] {
        let _: () = ask(&mut redis, "HSET {hookgate:0}m format 1 partitions 1").await;
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
    let _: () = ask(&mut redis, "HSET {hookgate:0}m format 1 partitions 1").await;
    let store = RedisStore::new(server.pool());
    store.connect().await.unwrap();
    let _: () = ask(&mut redis, "HSET {hookgate:0}m format 2").await;
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

#[tokio::test]
async fn the_level_is_volatile_unless_somebody_gives_their_word() {
    let server = RedisServer::start();
    let store = RedisStore::new(server.pool());
    assert_eq!(store.level(), Level::Volatile);
    assert_eq!(
        store.with_asserted_level(Level::Local).level(),
        Level::Local
    );
    assert!(
        RedisStore::new(server.pool())
            .with_namespace("{x}")
            .is_err()
    );
}
