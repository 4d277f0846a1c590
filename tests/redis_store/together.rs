//! Deliveries that are accepted in one call, and jobs that end in one.

use hookgate::store::redis::redis::AsyncCommands;
use tokio::task::JoinSet;

use super::*;

#[tokio::test]
async fn jobs_that_end_together_end_each_for_itself() {
    let server = RedisServer::start();
    let (store, mut redis) = (Arc::new(declared(&server).await), connection(&server).await);
    const EVENTS: u32 = 300;
    for n in 0..EVENTS {
        store.accept(entry(n, &["a", "b"])).await.unwrap();
    }
    let request = LeaseRequest {
        handler: "a",
        max: 512,
        lease: LONG,
        wait: Duration::ZERO,
    };
    let jobs = store.lease(request).await.unwrap();
    assert_eq!(jobs.len(), EVENTS as usize);
    let which = |job: &Leased| u32::from_le_bytes(*job.key.0.first_chunk().unwrap()) % 10;
    for job in &jobs {
        match which(job) {
            // Somebody else's key is where the record was.
            0 => {
                let name = [b"{hookgate:0}d:".as_slice(), &job.key.0].concat();
                let mut foreign = redis::pipe();
                foreign.del(&name).rpush(&name, "foreign");
                foreign.exec_async(&mut redis).await.unwrap();
            }
            // Not ours any more.
            1 => assert_eq!(store.hand_back(&job.fence).await.unwrap(), Held::Applied),
            _ => {}
        }
    }
    let calls = evals(&server);
    let mut ends = JoinSet::new();
    for (at, job) in jobs.iter().enumerate() {
        // Twice, as one who got no answer to the first.
        for _ in 0..if which(job) == 2 { 2 } else { 1 } {
            let (store, fence) = (Arc::clone(&store), job.fence.clone());
            ends.spawn(async move { (at, store.done(&fence).await) });
        }
    }
    let mut applied = vec![0; jobs.len()];
    for (at, answer) in ends.join_all().await {
        match (which(&jobs[at]), answer) {
            (0, answer) => assert_eq!(kind(answer), StoreErrorKind::Corrupt),
            (_, answer) => applied[at] += u32::from(answer.unwrap() == Held::Applied),
        }
    }
    for (job, applied) in jobs.iter().zip(applied) {
        assert_eq!(applied, u32::from(which(job) > 1), "{}", job.fence.entry);
    }
    let calls = evals(&server) - calls;
    assert!(calls <= 30, "{calls} calls for {EVENTS} jobs");
    let stats = store.stats().await.unwrap();
    let of = |at: usize| (stats.handlers[at].queued, stats.handlers[at].processing);
    assert_eq!((of(0), of(1)), ((30, 30), (300, 0)));
}

#[tokio::test]
async fn deliveries_that_arrive_together_are_accepted_each_for_itself() {
    let server = RedisServer::start();
    let store = declared(&server).await;
    let store = Arc::new(store.with_max_bytes(100 * 1_000));
    let mut redis = connection(&server).await;
    const EVENTS: u32 = 300;
    for n in (0..EVENTS).filter(|n| n % 10 < 3) {
        match n % 10 {
            // Somebody else's keys are where the record, and the payload, would be.
            0 => {
                let name = [b"{hookgate:0}d:".as_slice(), &entry(n, &[]).key.0].concat();
                redis.rpush::<_, _, ()>(name, "foreign").await.unwrap();
            }
            1 => {
                let name = format!("{{hookgate:0}}e:{:032x}", u128::from(n.swap_bytes()) << 96);
                redis.set::<_, _, ()>(name, "foreign").await.unwrap();
            }
            // There already.
            _ => drop(store.accept(entry(n, &["a"])).await.unwrap()),
        }
    }
    let calls = evals(&server);
    let mut accepts = JoinSet::new();
    for n in 0..EVENTS {
        let mut entry = entry(n, &["a", "b"]);
        match n % 10 {
            3 => entry.body = vec![7; 200_000].into(),
            4 => entry.revision += 1,
            5 => entry.routes.clear(),
            7 => entry.routes.insert(1, "full".into()),
            8 => entry.replay_guard = ReplayGuard::Reject(entry.key),
            _ => {}
        }
        // Twice, as from a sender that is in a hurry.
        for _ in 0..if n % 10 == 6 { 2 } else { 1 } {
            let (store, entry) = (Arc::clone(&store), entry.clone());
            accepts.spawn(async move { (n, store.accept(entry).await) });
        }
    }
    let mut new = vec![0; EVENTS as usize];
    for (n, answer) in accepts.join_all().await {
        match (n % 10, answer) {
            (0 | 1, answer) => assert_eq!(kind(answer), StoreErrorKind::Corrupt, "{n}"),
            (2, answer) => assert!(matches!(answer, Ok(Accepted::Duplicate { .. })), "{n}"),
            (3, answer) => assert_eq!(kind(answer), StoreErrorKind::Full, "{n}"),
            (4, answer) => assert!(matches!(answer, Ok(Accepted::StaleRoutes)), "{n}"),
            (at, Ok(Accepted::New { overflowed, .. })) => {
                assert_eq!(overflowed, at == 7, "{n}");
                new[n as usize] += 1;
            }
            (6, Ok(Accepted::Duplicate { .. })) => {}
            (_, other) => panic!("{n}: {other:?}"),
        }
    }
    for (n, new) in new.into_iter().enumerate() {
        assert_eq!(new, u32::from(n % 10 > 4), "{n}");
    }
    let calls = evals(&server) - calls;
    // Those with large bodies go alone.
    assert!(calls <= 100, "{calls} calls for {EVENTS} deliveries");
    let stats = store.stats().await.unwrap();
    // One in ten went to `a` alone before, and one in ten to nobody.
    let queued = |at: usize| stats.handlers[at].queued;
    assert_eq!((queued(0), queued(1), queued(2)), (150, 120, 0));
    assert_eq!((stats.handlers[2].dead, stats.unrouted), (30, 30));
    assert_eq!(stats.bytes, 180 * 8);
}

/// How many calls of scripts the server has had.
fn evals(server: &RedisServer) -> u64 {
    let stats = server.info("commandstats");
    let line = stats
        .lines()
        .find_map(|l| l.strip_prefix("cmdstat_evalsha:calls="));
    let (calls, _) = line.unwrap().split_once(',').unwrap();
    calls.parse().unwrap()
}
