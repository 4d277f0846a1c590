//! Jobs that end in one call.

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

/// How many calls of scripts the server has had.
fn evals(server: &RedisServer) -> u64 {
    let stats = server.info("commandstats");
    let line = stats
        .lines()
        .find_map(|l| l.strip_prefix("cmdstat_evalsha:calls="));
    let (calls, _) = line.unwrap().split_once(',').unwrap();
    calls.parse().unwrap()
}
