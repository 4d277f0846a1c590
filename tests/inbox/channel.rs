//! How long a channel's jobs may wait and be held, and what becomes of them then.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// An inbox whose channel has this many jobs.
async fn audit(store: &Arc<MemoryStore>, jobs: usize) -> Inbox {
    let inbox = Inbox::builder_over(Arc::clone(store) as Arc<dyn Store>)
        .source(source(provider::STRIPE))
        .channel("audit", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    for n in 0..jobs {
        let request = stripe(&format!("evt_{n}"), "a");
        assert_eq!(status(&endpoint, request).await, 200);
    }
    inbox
}

/// What anybody would get of the channel's jobs, at once.
async fn leased(store: &MemoryStore) -> Vec<Leased> {
    let request = LeaseRequest {
        handler: "audit",
        max: 100,
        lease: MINUTE,
        wait: Duration::ZERO,
    };
    store.lease(request).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_slow_taker_has_each_job_once_and_the_whole_time_for_it() {
    let inbox = audit(&Arc::new(MemoryStore::new()), 40).await;
    let mut audit = inbox.channel("audit").unwrap();
    for n in 0..40 {
        let job = audit.recv().await.unwrap();
        assert_eq!(job.id().unwrap().value, format!("evt_{n}"));
        assert_eq!(job.deadline() - tokio::time::Instant::now(), 15 * MINUTE);
        // Sixteen are leased ahead: the last of them waits for a quarter of an hour.
        tokio::time::sleep(Duration::from_secs(58)).await;
        assert_eq!(job.done().await.unwrap(), Held::Applied, "{n}");
    }
    assert_eq!(inbox.stats().await.unwrap().bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_held_for_15_minutes_and_longer_on_request() {
    let inbox = audit(&Arc::new(MemoryStore::new()), 1).await;
    let mut audit = inbox.channel("audit").unwrap();
    let job = audit.recv().await.unwrap();
    for _ in 0..3 {
        tokio::time::sleep(14 * MINUTE).await;
        assert_eq!(job.extend().await.unwrap(), Held::Applied);
        assert_eq!(job.deadline() - tokio::time::Instant::now(), 15 * MINUTE);
    }
    // A little late: its lease has not ended yet.
    tokio::time::sleep(15 * MINUTE + Duration::from_secs(10)).await;
    assert_eq!(job.extend().await.unwrap(), Held::Applied);
    tokio::time::sleep(14 * MINUTE).await;
    assert_eq!(job.extend().await.unwrap(), Held::Applied);

    tokio::time::sleep(16 * MINUTE).await;
    let again = audit.recv().await.unwrap();
    assert_eq!(again.key(), job.key());
    assert_eq!(job.extend().await.unwrap(), Held::Lost);
    assert_eq!(job.done().await.unwrap(), Held::Lost);
    assert_eq!(again.done().await.unwrap(), Held::Applied);
}

#[tokio::test(start_paused = true)]
async fn what_waits_behind_a_taker_that_hangs_goes_to_others_uncounted() {
    let store = Arc::new(MemoryStore::new());
    let inbox = audit(&store, 3).await;
    let mut audit = inbox.channel("audit").unwrap();
    let stuck = audit.recv().await.unwrap();
    tokio::time::sleep(14 * MINUTE).await;
    assert!(leased(&store).await.is_empty());
    tokio::time::sleep(2 * MINUTE).await;
    let found = leased(&store).await;
    let key = key_of(stuck.key());
    let mut counts: Vec<_> = found.iter().map(|l| (l.key == key, l.deliveries)).collect();
    counts.sort_unstable();
    // The one in its hands was tried, and counts.
    assert_eq!(counts, [(false, 1), (false, 1), (true, 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_channel_had_leased_ahead_is_there_at_once() {
    let store = Arc::new(MemoryStore::new());
    let inbox = audit(&store, 3).await;
    let mut audit = inbox.channel("audit").unwrap();
    let job = audit.recv().await.unwrap();
    assert!(leased(&store).await.is_empty());
    drop(audit);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let found = leased(&store).await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|leased| leased.deliveries == 1));
    assert_eq!(job.done().await.unwrap(), Held::Applied);
}

fn key_of(text: &str) -> DedupKey {
    let bytes: Vec<u8> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect();
    DedupKey(bytes.try_into().unwrap())
}
