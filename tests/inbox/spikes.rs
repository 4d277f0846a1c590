//! More than the handlers can do at once.

use hookgate::{Event, inbox::DeadLetter};

use super::*;

/// Without the way over HTTP, which is not what these are about. Without an id every delivery is
/// an event of its own.
fn event(source: &Source, id: Option<&str>) -> Event {
    let mut body = String::from("{}");
    if let Some(id) = id {
        body = format!(r#"{{"id":"{id}"}}"#);
    }
    let request = signer(provider::STRIPE).sign(body, SystemClock.now());
    let (parts, body) = request.into_parts();
    let event = source.verify(&parts, body, SystemClock.now());
    event.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_spike_of_a_hundred_thousand_events_waits_its_turn_and_none_is_lost() {
    const EVENTS: usize = 100_000;
    let builder = builder(provider::STRIPE).with_replay_policy(ReplayPolicy::Off);
    let stripe = builder.build().unwrap();
    let event = event(&stripe, None);
    let handled = Arc::new(Mutex::new(std::collections::HashSet::new()));
    let (note, now) = (Arc::clone(&handled), Arc::new(AtomicUsize::new(0)));
    let most = Arc::<AtomicUsize>::default();
    let at_once = Arc::clone(&most);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe)
        .handler_with(
            "slow",
            on("*"),
            HandlerOptions::new().with_concurrency(50),
            move |job: Job| {
                let (note, now) = (Arc::clone(&note), Arc::clone(&now));
                at_once.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    let key = job.key().to_owned();
                    assert!(note.lock().unwrap().insert(key), "{job:?} twice");
                    Ok(())
                }
            },
        )
        .build()
        .await
        .unwrap();
    let running = run(&inbox);
    for _ in 0..EVENTS {
        let receipt = inbox.accept(&event).await.unwrap();
        assert_eq!(receipt, Receipt::Accepted);
    }
    let stats = inbox.stats().await.unwrap();
    let waiting = stats.handlers[0].queued as usize;
    assert!(waiting > EVENTS / 2, "no spike: {waiting}");
    until_stats(&inbox, "all done", |stats| stats.bytes == 0).await;
    assert_eq!(handled.lock().unwrap().len(), EVENTS);
    assert_eq!(most.load(Ordering::SeqCst), 50);
    assert_eq!(inbox.stats().await.unwrap().handlers[0].dead, 0);
    running.stop().await;
}

#[tokio::test]
async fn past_its_bound_a_handlers_jobs_are_dead_told_of_and_can_be_replayed() {
    let stripe = source(provider::STRIPE);
    let (gate, seen, told) = (
        Arc::new(tokio::sync::Semaphore::new(0)),
        Seen::default(),
        Arc::new(Mutex::new(Vec::new())),
    );
    let (waits, fast, tell) = (Arc::clone(&gate), Seen::default(), Arc::clone(&told));
    let noted = Arc::clone(&seen);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe.clone())
        .handler_with(
            "slow",
            on("*"),
            HandlerOptions::new().with_max_backlog(10),
            move |job: Job| {
                let (waits, noted) = (Arc::clone(&waits), Arc::clone(&noted));
                async move {
                    waits.acquire().await.unwrap().forget();
                    super::note(&noted, &job);
                    Ok(())
                }
            },
        )
        .handler("fast", on("*"), noting(&fast))
        .on_dead(move |dead: Vec<DeadLetter>| {
            tell.lock().unwrap().extend(dead);
            async { Ok(()) }
        })
        .build()
        .await
        .unwrap();
    let running = run(&inbox);
    for n in 0..30 {
        let receipt = inbox
            .accept(&event(&stripe, Some(&n.to_string())))
            .await
            .unwrap();
        assert_eq!(receipt, Receipt::Accepted);
    }
    until("the fast one is done", || fast.lock().unwrap().len() == 30).await;
    until("people are told", || told.lock().unwrap().len() == 20).await;
    let (first, last) = {
        let told = told.lock().unwrap();
        let overflow = |dead: &DeadLetter| (dead.handler(), dead.reason()) == ("slow", "overflow");
        assert!(told.iter().all(overflow));
        let id = |dead: &DeadLetter| dead.event().unwrap().id().unwrap().value.clone();
        (id(&told[0]), id(&told[19]))
    };
    assert_eq!((&*first, &*last), ("10", "29"), "the newest are too many");

    gate.add_permits(30);
    until("the waiting ones are done", || {
        seen.lock().unwrap().len() == 10
    })
    .await;
    let all = hookgate::inbox::DeadFilter::all();
    let fast_enough = hookgate::inbox::ReplayOptions::new().with_rate(10_000);
    let report = inbox.replay_all("slow", &all, fast_enough).await.unwrap();
    assert_eq!(report.replayed, 20);
    until_stats(&inbox, "all done", |stats| stats.bytes == 0).await;
    assert_eq!(seen.lock().unwrap().len(), 30);
    running.stop().await;
}
