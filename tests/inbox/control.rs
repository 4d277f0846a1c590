//! Pausing and removing handlers.

use hookgate::inbox::{DeadFilter, DeadLetter, ReplayOptions};

use super::*;

/// Two handlers that nobody runs, and a process that receives for them.
async fn old_and_new(store: &Arc<MemoryStore>) -> (Inbox, Endpoint) {
    let inbox = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .channel("old", on("*"))
        .channel("new", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    (inbox, endpoint)
}

async fn deliver(endpoint: &Endpoint, ids: std::ops::Range<usize>) {
    for n in ids {
        let request = stripe(&format!("evt_{n}"), "a");
        assert_eq!(status(endpoint, request).await, 200);
    }
}

/// Queued, delayed and dead ones of a handler; `None` when it is not listed.
async fn has(inbox: &Inbox, handler: &str) -> Option<[u64; 3]> {
    let stats = inbox.stats().await.unwrap();
    let mut handlers = stats.handlers.into_iter();
    let found = handlers.find(|stats| stats.handler == handler);
    found.map(|stats| [stats.queued, stats.delayed, stats.dead])
}

type Told = Arc<Mutex<Vec<DeadLetter>>>;

fn noting_dead(told: &Told) -> impl hookgate::inbox::Alert {
    let told = Arc::clone(told);
    move |dead: Vec<DeadLetter>| {
        told.lock().unwrap().extend(dead);
        async { Ok(()) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_buried_handlers_jobs_are_told_of_and_come_back_with_it() {
    let store = Arc::new(MemoryStore::new());
    let (inbox, endpoint) = old_and_new(&store).await;
    deliver(&endpoint, 0..250).await;
    assert_eq!(
        inbox.remove_handler("old", Removal::Bury).await.unwrap(),
        250
    );
    assert_eq!(inbox.remove_handler("old", Removal::Bury).await.unwrap(), 0);
    // The receiving process learns it at its next delivery.
    deliver(&endpoint, 250..260).await;
    assert_eq!(has(&inbox, "old").await, Some([0, 0, 250]));
    assert_eq!(has(&inbox, "new").await, Some([260, 0, 0]));
    assert!(inbox.remove_handler("odl", Removal::Bury).await.is_err());

    // Another process, in whose code it is not any more, says so and tells people.
    let (told, seen) = (Told::default(), Seen::default());
    let other = Inbox::builder_over(store.clone())
        .handler("new", on("*"), noting(&seen))
        .on_dead(noting_dead(&told))
        .build()
        .await
        .unwrap();
    let orphans = other.orphans().await.unwrap();
    assert_eq!(orphans.len(), 1, "{orphans:?}");
    let old = (&*orphans[0].handler, orphans[0].dead, orphans[0].removal);
    assert_eq!(old, ("old", 250, Some(Removal::Bury)));
    let running = run(&other);
    until("people are told", || told.lock().unwrap().len() == 250).await;
    let removed = |dead: &DeadLetter| (dead.handler(), dead.reason()) == ("old", "removed");
    assert!(told.lock().unwrap().iter().all(removed));
    until("the other one is done", || {
        seen.lock().unwrap().len() == 260
    })
    .await;
    running.stop().await;

    let late = Seen::default();
    let back = Inbox::builder_over(store)
        .source(source(provider::STRIPE))
        .handler("old", on("*"), noting(&late))
        .build()
        .await
        .unwrap();
    let running = run(&back);
    let fast = ReplayOptions::new().with_rate(10_000);
    let report = back.replay_all("old", &DeadFilter::all(), fast).await;
    assert_eq!(report.unwrap().replayed, 250);
    deliver(&endpoint, 260..261).await;
    until("all are done", || late.lock().unwrap().len() == 251).await;
    running.stop().await;
    assert_eq!(has(&back, "old").await, Some([0, 0, 0]));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_burying_is_buried_by_whoever_runs() {
    let store = Arc::new(MemoryStore::new());
    let (inbox, endpoint) = old_and_new(&store).await;
    deliver(&endpoint, 0..3).await;
    let mut channel = inbox.channel("old").unwrap();
    let held = channel.recv().await.unwrap();
    // Whoever removes it dies half-way.
    assert!(store.remove("old", Removal::Bury).await.unwrap());
    let other = Inbox::builder_over(store.clone())
        .handler("new", on("*"), noting(&Seen::default()))
        .build()
        .await
        .unwrap();
    let running = run(&other);
    // It holds on to what it leased before, one of which comes back later.
    assert_eq!(
        held.retry(Duration::from_secs(60)).await.unwrap(),
        Held::Applied
    );
    let next = channel.recv().await.unwrap();
    assert_eq!(next.done().await.unwrap(), Held::Applied);
    channel.close().await.unwrap();
    let left = |stats: &Stats| stats.handlers[0].dead == 2 && stats.handlers[0].backlog() == 0;
    let stats = until_stats(&other, "all buried", left).await;
    assert_eq!(stats.handlers[0].handler, "old");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_drained_handler_finishes_what_it_has_and_is_gone() {
    let store = Arc::new(MemoryStore::new());
    let (gate, seen) = (Arc::new(tokio::sync::Semaphore::new(0)), Seen::default());
    let (waits, noted) = (Arc::clone(&gate), Arc::clone(&seen));
    let options = HandlerOptions::new().without_breaker();
    let inbox = Inbox::builder_over(store)
        .source(source(provider::STRIPE))
        .handler_with("old", on("*"), options, move |job: Job| {
            let (waits, noted) = (Arc::clone(&waits), Arc::clone(&noted));
            async move {
                waits.acquire().await.unwrap().forget();
                note(&noted, &job);
                match job.attempt() {
                    1 => Err(Failure::retry("once more")),
                    _ => Ok(()),
                }
            }
        })
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let running = run(&inbox);
    deliver(&endpoint, 0..100).await;
    assert_eq!(
        inbox.remove_handler("old", Removal::Drain).await.unwrap(),
        0
    );
    let reply = send(&endpoint, stripe("evt_100", "a")).await;
    assert_eq!(
        kind(&reply),
        Some(RejectionKind::NoHandler),
        "there is no other"
    );
    assert_eq!(inbox.orphans().await.unwrap()[0].backlog(), 100);
    gate.add_permits(1_000);
    until_stats(&inbox, "it is gone", |stats| stats.handlers.is_empty()).await;
    assert_eq!(
        seen.lock().unwrap().len(),
        200,
        "each of the hundred, twice"
    );
    assert!(inbox.orphans().await.unwrap().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_handler_waits_while_the_others_work() {
    let store = Arc::new(MemoryStore::new());
    let (one, two) = (Seen::default(), Seen::default());
    let build = |one: &Seen| {
        let builder = Inbox::builder_over(store.clone()).source(source(provider::STRIPE));
        let builder = builder.handler("one", on("*"), noting(one));
        builder.handler("two", on("*"), noting(&two)).build()
    };
    let inbox = build(&one).await.unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    deliver(&endpoint, 0..1).await;
    // Somebody died with one of its jobs, whose lease ends while it is paused.
    let request = LeaseRequest {
        handler: "one",
        max: 1,
        lease: Duration::from_secs(2),
        wait: Duration::ZERO,
    };
    assert_eq!(store.lease(request).await.unwrap().len(), 1);
    assert!(inbox.pause("one").await.unwrap());
    assert!(!inbox.pause("one").await.unwrap());
    let running = run(&inbox);
    deliver(&endpoint, 1..50).await;
    until("the other one is done", || two.lock().unwrap().len() == 50).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    running.stop().await;
    // It is the handler that is paused, not a process.
    let other = build(&one).await.unwrap();
    let running = run(&other);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(one.lock().unwrap().is_empty());
    let paused = &inbox.stats().await.unwrap().handlers[0];
    assert_eq!((paused.paused, paused.backlog()), (true, 50));
    assert!(inbox.resume("one").await.unwrap());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(one.lock().unwrap().len(), 50, "prompt enough");
    assert!(!inbox.resume("one").await.unwrap());
    assert!(inbox.pause("nobody").await.is_err());
    running.stop().await;
}
