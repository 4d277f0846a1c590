//! A rolling deployment: an event that a newer version has stored.

use super::*;

/// The event's stored form is none that this version knows.
async fn accept_of_a_later_version(store: &MemoryStore, handler: &str) {
    let name = [7; 16];
    let entry = Entry {
        key: DedupKey(name),
        acceptance: AcceptanceId(name),
        digest: [0; 8],
        head: vec![250, 1, 2, 3].into(),
        body: "{}".into(),
        window: Duration::from_secs(60),
        revision: store.registry().await.unwrap().revision,
        routes: vec![handler.into()],
        replay_guard: hookgate::store::ReplayGuard::Off,
    };
    let answer = store.accept(entry).await.unwrap();
    assert!(matches!(answer, Accepted::New { .. }));
}

/// Its job, as it is found by whoever understands it: never counted.
async fn is_as_new(store: &MemoryStore, handler: &str) {
    let request = LeaseRequest {
        handler,
        max: 9,
        lease: Duration::from_secs(60),
        wait: Duration::ZERO,
    };
    let jobs = store.lease(request).await.unwrap();
    let [job] = &jobs[..] else {
        panic!("{} jobs", jobs.len())
    };
    assert_eq!(job.head[0], 250);
    assert_eq!((job.deliveries, job.attempt), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_a_later_version_stored_stays_queued_uncounted_while_others_are_handled() {
    let (store, seen) = (Arc::new(MemoryStore::new()), Seen::default());
    // The name of a downstream cannot be asked of it either.
    let options = HandlerOptions::new().with_downstream(|event| Some(event.source().to_owned()));
    let inbox = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .handler_with("work", on("*"), options, noting(&seen))
        .build()
        .await
        .unwrap();
    accept_of_a_later_version(&store, "work").await;
    let (endpoint, running) = (inbox.endpoint("stripe").unwrap(), run(&inbox));
    for n in 0..10 {
        let request = stripe(&format!("evt_{n}"), "a");
        assert_eq!(status(&endpoint, request).await, 200);
        // Far more leases than a job without a verdict may have.
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    running.stop().await;
    assert_eq!(seen.lock().unwrap().len(), 10);
    let stats = inbox.stats().await.unwrap();
    assert_eq!((stats.handlers[0].queued, stats.handlers[0].dead), (1, 0));
    is_as_new(&store, "work").await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_leaves_it_alone_as_well() {
    let store = Arc::new(MemoryStore::new());
    let inbox = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .channel("audit", on("*"))
        .build()
        .await
        .unwrap();
    accept_of_a_later_version(&store, "audit").await;
    let mut audit = inbox.channel("audit").unwrap();
    let ten_minutes = Duration::from_secs(600);
    let none = tokio::time::timeout(ten_minutes, audit.recv()).await;
    assert!(none.is_err(), "nothing that it could hand out");
    let endpoint = inbox.endpoint("stripe").unwrap();
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    let job = audit.recv().await.unwrap();
    assert_eq!(job.id().unwrap().value, "evt_1");
    assert_eq!(job.done().await.unwrap(), Held::Applied);
    drop(audit);
    tokio::time::sleep(Duration::from_secs(20)).await;
    is_as_new(&store, "audit").await;
}
