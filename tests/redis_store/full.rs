//! At maxmemory.

use super::{
    atomic::{There, try_verb},
    *,
};

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
    for routes in [&["a", "b"][..], &["b"], &["a", "full"], &[]] {
        let refused = Entry {
            replay_guard: guard,
            ..entry(99, routes)
        };
        assert_eq!(kind(store.accept(refused).await), StoreErrorKind::Full);
    }
    let more = [HandlerDecl {
        name: "c".into(),
        ..HandlerDecl::default()
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
    assert_eq!(
        store.postpone(&jobs[3].fence, LONG).await.unwrap(),
        Held::Applied
    );
    let job = lease_one(&store).await;
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    let stats = store.stats().await.unwrap();
    let a = &stats.handlers[0];
    assert_eq!([a.queued, a.processing, a.delayed, a.dead], [4, 0, 2, 1]);

    let _: () = ask(&mut redis, "CONFIG SET maxmemory 0").await;
    assert_eq!(store.accept(entry(99, &["a", "b"])).await.unwrap(), NEW);
}

#[tokio::test]
async fn at_maxmemory_dead_letters_and_unrouted_events_can_still_be_dealt_with() {
    const WRITES: [&str; 12] = [
        "pause",
        "resume",
        "remove",
        "bury removed",
        "promote",
        "replay",
        "discard",
        "requeue",
        "route",
        "forget",
        "erase leased",
        "erase delayed",
    ];
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    for verb in WRITES {
        let _: () = ask(&mut redis, "FLUSHALL").await;
        let store = RedisStore::new(server.pool());
        store.declare(&handlers()).await.unwrap();
        let there = There::new(&store).await;
        assert!(store.set_paused("full", true).await.unwrap());
        if verb == "bury removed" {
            assert!(store.remove("a", Removal::Bury).await.unwrap());
        }
        let _: () = ask(&mut redis, "CONFIG SET maxmemory 1").await;
        let before = everything(&mut redis).await;
        let refused = store.set_alerted("a", &there.dead).await;
        assert_eq!(kind(refused), StoreErrorKind::Full);
        assert!(everything(&mut redis).await == before);
        assert!(store.connect().await.is_ok());
        try_verb(&store, verb, &there).await.expect(verb);
        // Nothing is lost on the way: what is not gone for good is finished now.
        let _: () = ask(&mut redis, "CONFIG SET maxmemory 0").await;
        while store.promote("a", 9).await.unwrap().moved > 0 {}
        let letters = store.dead("a", None, 9).await.unwrap();
        for letter in letters {
            assert!(store.discard("a", &letter.entry).await.unwrap(), "{verb}");
        }
        for left in store.unrouted(None, 9).await.unwrap() {
            assert!(store.route(&left.entry, &[]).await.unwrap(), "{verb}");
        }
        let _: Held = store.done(&there.job.fence).await.unwrap();
        for handler in ["a", "b"] {
            let request = LeaseRequest {
                handler,
                max: 9,
                lease: LONG,
                wait: Duration::ZERO,
            };
            for job in store.lease(request).await.unwrap() {
                assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
            }
        }
        assert_eq!(store.stats().await.unwrap().bytes, 0, "{verb}");
        let events: Vec<Vec<u8>> = ask(&mut redis, "KEYS {hookgate:0}e:*").await;
        assert!(events.is_empty(), "{verb}");
    }
}

#[tokio::test]
async fn at_maxmemory_what_has_run_is_settled_all_the_same() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let store = declared(&server).await;
    let (key, token) = (DedupKey([7; 16]), ClaimToken([7; 16]));
    let granted = store.claim(key, token, LONG).await.unwrap();
    assert_eq!(granted, Claim::Granted);
    let _: () = ask(&mut redis, "CONFIG SET maxmemory 1").await;
    let other = store.claim(DedupKey([8; 16]), token, LONG).await;
    assert_eq!(kind(other), StoreErrorKind::Full);
    assert_eq!(store.renew(key, token, LONG).await.unwrap(), Held::Applied);
    let reply = Bytes::from_static(b"reply");
    let settled = store.settle(key, token, LONG, reply.clone()).await;
    assert_eq!(settled.unwrap(), Held::Applied);
    let _: () = ask(&mut redis, "CONFIG SET maxmemory 0").await;
    let again = store.claim(key, ClaimToken([9; 16]), LONG).await.unwrap();
    assert_eq!(again, Claim::Settled(reply));
}
