//! When the sender delivers a dead event again.

use super::*;

/// An inbox with one event that is dead, and how often its handler ran.
async fn dead(store: Arc<Faulty>) -> (Inbox, Running, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let inbox = Inbox::builder_over(store)
        .source(source(provider::STRIPE))
        .handler("fails", on("*"), move |_: Job| {
            count.fetch_add(1, Ordering::SeqCst);
            async { Err(Failure::permanent("no")) }
        })
        .build()
        .await
        .unwrap();
    let running = run(&inbox);
    let endpoint = inbox.endpoint("stripe").unwrap();
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    until_stats(&inbox, "dead", |stats| stats.handlers[0].dead == 1).await;
    (inbox, running, runs)
}

#[tokio::test(start_paused = true)]
async fn a_dead_event_is_queued_again_once_a_minute() {
    let (inbox, running, runs) = dead(Arc::new(Faulty::new([]))).await;
    let endpoint = inbox.endpoint("stripe").unwrap();
    for expected in [2, 2, 3] {
        assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert_eq!(runs.load(Ordering::SeqCst), expected);
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_queued_again_is_at_the_next_delivery() {
    let store = Arc::new(Faulty::new([]));
    let (inbox, running, runs) = dead(Arc::clone(&store)).await;
    let endpoint = inbox.endpoint("stripe").unwrap();
    let faults = [Fault::Refuse(StoreErrorKind::Unavailable), Fault::Hang];
    for fault in faults {
        store.requeues.lock().unwrap().push_back(fault);
        let begun = tokio::time::Instant::now();
        let reply = send(&endpoint, stripe("evt_1", "a")).await;
        assert_eq!(kind(&reply), Some(RejectionKind::StoreUnavailable));
        assert!(begun.elapsed() < Duration::from_millis(1_300));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }
    // A sender that gives up while the store is asked.
    store.requeues.lock().unwrap().push_back(Fault::Hang);
    let (caller, request) = (endpoint.clone(), stripe("evt_1", "a"));
    let asked = tokio::spawn(async move { status(&caller, request).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    asked.abort();
    assert!(asked.await.is_err(), "it has hung up");

    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    until("it is tried again", || runs.load(Ordering::SeqCst) == 2).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_redelivery_that_could_not_queue_a_dead_event_again_leaves_that_to_the_next() {
    let store = Arc::new(Faulty::new([]));
    let (inbox, running, runs) = dead(Arc::clone(&store)).await;
    let refused = Fault::Refuse(StoreErrorKind::Unavailable);
    store
        .requeues
        .lock()
        .unwrap()
        .extend([refused, Fault::Hang]);
    let endpoint = inbox.endpoint("stripe").unwrap();
    for expected in [503, 503, 200] {
        assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, expected);
    }
    until("it runs again", || runs.load(Ordering::SeqCst) == 2).await;
    until_stats(&inbox, "dead again", |stats| stats.handlers[0].dead == 1).await;
    // That was this minute's.
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    running.stop().await;
}
