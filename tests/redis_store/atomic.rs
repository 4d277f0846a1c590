//! Nothing is ever half written.

use super::*;

/// One job in each place: event 1 leased, 2 dead, 3 delayed, 4 unrouted, 5 queued.
pub(crate) struct There {
    pub(crate) job: Leased,
    pub(crate) dead: String,
    pub(crate) unrouted: String,
}

impl There {
    pub(crate) async fn new(store: &RedisStore) -> Self {
        for n in [2, 3, 1] {
            assert_eq!(store.accept(entry(n, &["a"])).await.unwrap(), NEW);
        }
        let job = lease_one(store).await;
        assert_eq!(store.bury(&job.fence, "why").await.unwrap(), Held::Applied);
        let job = lease_one(store).await;
        let delayed = store.retry(&job.fence, Duration::ZERO).await.unwrap();
        assert_eq!(delayed, Held::Applied);
        let job = lease_one(store).await;
        assert_eq!(store.accept(entry(4, &[])).await.unwrap(), NEW);
        assert_eq!(store.accept(entry(5, &["a"])).await.unwrap(), NEW);
        // Old enough to be swept, and due.
        tokio::time::sleep(Duration::from_millis(3)).await;
        Self {
            job,
            dead: store.dead("a", None, 1).await.unwrap().remove(0).entry,
            unrouted: store.unrouted(None, 1).await.unwrap().remove(0).entry,
        }
    }
}

fn admin(answer: Result<bool, StoreError>) -> Result<(), StoreError> {
    answer.map(|found| assert!(found))
}

/// The name of the state in which the event's one job is.
async fn status(store: &RedisStore, event: u32, right: &str) -> Result<(), StoreError> {
    let found = store.status(entry(event, &[]).key).await?;
    let jobs = found.expect("remembered").jobs;
    assert_eq!((jobs.len(), jobs[0].1.name()), (1, right));
    Ok(())
}

pub(crate) async fn try_verb(
    store: &RedisStore,
    verb: &str,
    there: &There,
) -> Result<(), StoreError> {
    let job = &there.job;
    let held = match verb {
        "accept" => {
            let replay_guard = ReplayGuard::Flag(DedupKey(*b"guarded-guarded-"));
            let new = Entry {
                replay_guard,
                ..entry(0x7777_7777, &["a", "b"])
            };
            return store.accept(new).await.map(drop);
        }
        "accept one too many" => {
            let accepted = store.accept(entry(0x7777_7777, &["a", "full"])).await?;
            let overflowed = matches!(accepted, Accepted::New { overflowed, .. } if overflowed);
            assert!(overflowed, "{accepted:?}");
            return Ok(());
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
        "promote" => return store.promote("a", 1).await.map(|p| assert_eq!(p.moved, 1)),
        "dead" => {
            return store
                .dead("a", None, 9)
                .await
                .map(|dead| assert_eq!(dead.len(), 1));
        }
        "replay" => return admin(store.replay("a", &there.dead).await),
        "discard" => return admin(store.discard("a", &there.dead).await),
        "requeue" => {
            let dead = entry(2, &[]);
            let requeued = store.requeue(dead.key, dead.acceptance).await;
            return requeued.map(|requeued| assert_eq!(requeued, 1));
        }
        "alerted" => return store.alerted("a").await.map(drop),
        "set_alerted" => return store.set_alerted("a", &there.dead).await,
        "status leased" => return status(store, 1, "processing").await,
        "status dead" => return status(store, 2, "dead").await,
        "status delayed" => return status(store, 3, "delayed").await,
        "erase leased" => return admin(store.erase(entry(1, &[]).key).await),
        "erase dead" => return admin(store.erase(entry(2, &[]).key).await),
        "erase delayed" => return admin(store.erase(entry(3, &[]).key).await),
        "erase unrouted" => return admin(store.erase(entry(4, &[]).key).await),
        "unrouted" => {
            return store
                .unrouted(None, 9)
                .await
                .map(|list| assert_eq!(list.len(), 1));
        }
        "route" => {
            let routes = ["a", "b"].map(Arc::from);
            return admin(store.route(&there.unrouted, &routes).await);
        }
        "forget" => return admin(store.route(&there.unrouted, &[]).await),
        "sweep" => {
            return store
                .sweep(Duration::ZERO, 9)
                .await
                .map(|swept| assert_eq!(swept, 2, "dead and unrouted"));
        }
        "pause" => return admin(store.set_paused("b", true).await),
        "resume" => return admin(store.set_paused("full", false).await),
        "remove" => return admin(store.remove("b", Removal::Drain).await),
        "bury delayed" => {
            let buried = store.bury_removed("a", 1).await;
            return buried.map(|buried| assert_eq!(buried, 1));
        }
        "bury removed" => {
            let buried = store.bury_removed("a", 9).await;
            return buried.map(|buried| assert_eq!(buried, 2, "delayed and queued"));
        }
        "stats" => return store.stats().await.map(drop),
        "extend" => store.extend(&job.fence).await,
        "done" => store.done(&job.fence).await,
        "retry" => store.retry(&job.fence, Duration::ZERO).await,
        "postpone" => store.postpone(&job.fence, Duration::ZERO).await,
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
    let dedup = |n: u8| [b"d:".as_slice(), &[n], &[0; 15]].concat();
    let event = |n: u8| format!("e:{n:02x}{}", "0".repeat(30)).into_bytes();
    let (leased, dead, delayed, unrouted) = (dedup(1), dedup(2), dedup(3), dedup(4));
    let (leased_event, dead_event) = (event(1), event(2));
    let (delayed_event, unrouted_event) = (event(3), event(4));
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
            "accept one too many",
            &[
                b"m",
                b"q:a",
                b"q:full",
                b"z:full",
                b"x:full",
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
        ("lease", &[b"q:a", b"m"]),
        ("pause", &[b"m"]),
        ("resume", &[b"m"]),
        ("remove", &[b"m"]),
        ("bury delayed", &[b"m", b"z:a", b"x:a", &delayed]),
        ("bury removed", &[b"m", b"z:a", b"x:a", &delayed]),
        ("promote", &[b"q:a", b"z:a", &delayed]),
        ("stats", &[b"m", b"u", b"q:a", b"z:b", b"x:b"]),
        ("extend", &[b"q:a"]),
        ("done", &[b"q:a", b"m", &leased_event, &leased]),
        ("retry", &[b"q:a", b"z:a", &leased]),
        ("postpone", &[b"q:a", b"z:a", &leased]),
        ("bury", &[b"q:a", b"x:a", &leased]),
        ("hand_back", &[b"q:a", &leased]),
        ("dead", &[b"x:a", &dead_event]),
        ("replay", &[b"x:a", b"q:a", &dead]),
        ("discard", &[b"x:a", b"m", &dead_event, &dead]),
        ("requeue", &[b"x:a", b"q:a", &dead]),
        ("alerted", &[b"m"]),
        ("set_alerted", &[b"m"]),
        ("status leased", &[b"q:a", &leased]),
        ("status dead", &[b"x:a", &dead]),
        ("status delayed", &[b"z:a", &delayed]),
        (
            "erase leased",
            &[b"q:a", b"z:a", b"x:a", b"m", &leased_event, &leased],
        ),
        (
            "erase dead",
            &[b"q:a", b"z:a", b"x:a", b"m", &dead_event, &dead],
        ),
        (
            "erase delayed",
            &[b"q:a", b"z:a", b"x:a", b"m", &delayed_event, &delayed],
        ),
        ("erase unrouted", &[b"u", b"m", &unrouted_event, &unrouted]),
        ("unrouted", &[b"u", &unrouted_event]),
        (
            "route",
            &[b"u", b"q:a", b"q:b", b"m", &unrouted_event, &unrouted],
        ),
        ("forget", &[b"u", b"m", &unrouted_event, &unrouted]),
        ("sweep", &[b"m", b"x:a", b"x:b", b"u", &dead_event, &dead]),
    ];
    for (verb, keys) in cases {
        // Without the foreign key each succeeds: it is that key which makes it fail.
        for key in [None].into_iter().chain(keys.iter().map(Some)) {
            let _: () = ask(&mut redis, "FLUSHALL").await;
            let store = RedisStore::new(server.pool());
            store.declare(&handlers()).await.unwrap();
            let there = There::new(&store).await;
            assert!(store.set_paused("full", true).await.unwrap());
            if verb.starts_with("bury ") {
                assert!(store.remove("a", Removal::Bury).await.unwrap());
            }
            let Some(key) = key else {
                try_verb(&store, verb, &there).await.unwrap();
                continue;
            };
            let key = [b"{hookgate:0}", *key].concat();
            let mut foreign = redis::pipe();
            foreign.del(&key).rpush(&key, "foreign");
            let _: () = foreign.query_async(&mut redis).await.unwrap();
            let before = everything(&mut redis).await;
            let what = format!("{verb} with {}", String::from_utf8_lossy(&key));
            let err = try_verb(&store, verb, &there).await.expect_err(&what);
            assert_eq!(err.kind(), StoreErrorKind::Corrupt, "{what}: {err}");
            assert!(
                everything(&mut redis).await == before,
                "{what} has changed something"
            );
        }
    }
}
