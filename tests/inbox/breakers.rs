//! Broken downstreams.

use std::sync::atomic::AtomicBool;

use hookgate::{Event, inbox::Retry};

use super::*;

#[tokio::test(start_paused = true)]
async fn an_open_breaker_pauses_its_handler_burns_no_attempts_and_is_visible() {
    let down = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let (is_down, attempts, seen) = (
        Arc::clone(&down),
        Arc::<AtomicUsize>::default(),
        Seen::default(),
    );
    let most = Arc::clone(&attempts);
    let noted = Arc::clone(&seen);
    let options = HandlerOptions::new()
        .with_breaker(Breaker::after(3, Duration::from_secs(30)))
        .with_concurrency(1);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler_with("crm", on("*"), options, move |job: Job| {
            most.fetch_max(job.attempt() as usize, Ordering::SeqCst);
            note(&noted, &job);
            let down = is_down.load(Ordering::SeqCst);
            async move {
                if down {
                    Err(Failure::retry("503"))
                } else {
                    Ok(())
                }
            }
        })
        .handler("sound", on("*"), noting(&Seen::default()))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let running = run(&inbox);
    for n in 0..50 {
        assert_eq!(
            status(&endpoint, stripe(&format!("evt_{n}"), "a")).await,
            200
        );
    }
    let state = || inbox.breakers()[0].state;
    until("it opens", || state() == BreakerState::Open).await;
    tokio::time::sleep(Duration::from_secs(25)).await;
    assert_eq!(
        seen.lock().unwrap().len(),
        3,
        "nothing is leased while it is open"
    );
    // Probes fail for ten minutes: one attempt each.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tried = seen.lock().unwrap().len();
    assert!((20..=26).contains(&tried), "{tried}");
    assert_eq!(inbox.breakers()[1].state, BreakerState::Closed);
    down.store(false, Ordering::SeqCst);
    let stats = until_stats(&inbox, "all done", |stats| stats.bytes == 0).await;
    assert_eq!((stats.handlers[0].dead, state()), (0, BreakerState::Closed));
    assert!(attempts.load(Ordering::SeqCst) <= 4);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_ends_without_a_verdict_makes_room_for_another() {
    let store = Arc::new(MemoryStore::new());
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let options = HandlerOptions::new().with_breaker(Breaker::after(1, Duration::from_secs(5)));
    let inbox = Inbox::builder_over(store.clone())
        .source(source(provider::STRIPE))
        .handler_with("one", on("*"), options, move |_: Job| {
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if first {
                    Err(Failure::retry("down"))
                } else {
                    Ok(())
                }
            }
        })
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    // A job that has killed five workers will be the probe.
    assert_eq!(status(&endpoint, stripe("evt_poison", "a")).await, 200);
    for _ in 0..5 {
        let (lease, wait) = (Duration::from_secs(1), Duration::from_secs(5));
        let request = LeaseRequest {
            handler: "one",
            max: 1,
            lease,
            wait,
        };
        assert_eq!(store.lease(request).await.unwrap().len(), 1);
    }
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    let running = run(&inbox);
    let stats = until_stats(&inbox, "settled", |stats| {
        let one = &stats.handlers[0];
        one.queued + one.processing + one.delayed == 0
    })
    .await;
    assert_eq!(
        (stats.handlers[0].dead, runs.load(Ordering::SeqCst)),
        (1, 2)
    );
    running.stop().await;
}

/// Probes use attempts; none of the jobs is to die of them, nor to wait for long.
const OFTEN: [Duration; 30] = [Duration::from_secs(5); 30];

/// Fails for these types of events while it is told to, and calls each type's a downstream.
struct Downstreams {
    inbox: Inbox,
    down: Arc<AtomicBool>,
    seen: Seen,
}

impl Downstreams {
    async fn new(name: fn(&Event) -> Option<String>) -> Self {
        let (down, seen) = (Arc::new(AtomicBool::new(true)), Seen::default());
        let (is_down, noted) = (Arc::clone(&down), Arc::clone(&seen));
        let options = HandlerOptions::new()
            .with_breaker(Breaker::after(3, Duration::from_secs(30)))
            .with_retry(Retry::after(&OFTEN))
            .with_concurrency(4)
            .with_downstream(name);
        let inbox = Inbox::builder(MemoryStore::new())
            .source(source(provider::STRIPE))
            .handler_with("forward", on("*"), options, move |job: Job| {
                note(&noted, &job);
                let broken = job.event_type().is_some_and(|kind| kind.value == "broken");
                let down = broken && is_down.load(Ordering::SeqCst);
                async move {
                    if down {
                        Err(Failure::retry("503"))
                    } else {
                        Ok(())
                    }
                }
            })
            .build()
            .await
            .unwrap();
        Self { inbox, down, seen }
    }

    async fn deliver(&self, count: usize, kind: &str) {
        let endpoint = self.inbox.endpoint("stripe").unwrap();
        for n in 0..count {
            let request = stripe(&format!("{kind}_{n}"), kind);
            assert_eq!(status(&endpoint, request).await, 200);
        }
    }

    fn runs(&self, kind: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|(_, id, _)| id.starts_with(kind))
            .count()
    }

    /// The keys of the breakers that are open, and whether the handler's own is.
    fn open(&self) -> Vec<Option<String>> {
        let breakers = self.inbox.breakers().into_iter();
        let open = breakers.filter(|breaker| breaker.state == BreakerState::Open);
        open.map(|breaker| breaker.downstream).collect()
    }
}

fn by_type(event: &Event) -> Option<String> {
    event.event_type().map(|kind| kind.value.clone())
}

#[tokio::test(start_paused = true)]
async fn one_broken_downstream_stops_no_other_and_its_jobs_wait_without_being_counted() {
    let downstreams = Downstreams::new(by_type).await;
    let running = run(&downstreams.inbox);
    downstreams.deliver(40, "broken").await;
    let broken = || downstreams.open() == [Some("broken".to_owned())];
    until("its breaker opens", broken).await;
    // With a concurrency of 4, as many may have been under way.
    let tried = downstreams.runs("broken");
    assert!((3..=7).contains(&tried), "{tried}");
    let begun = tokio::time::Instant::now();
    downstreams.deliver(200, "good").await;
    until("the good ones are done", || downstreams.runs("good") == 200).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "they waited");
    assert_eq!(downstreams.runs("broken"), tried, "none while it is open");

    // Ten minutes of probes, one each half a minute, for all of which every job is leased many
    // times: had it been counted, they would be taken for poison.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let probes = downstreams.runs("broken") - tried;
    assert!((14..=21).contains(&probes), "{probes}");
    let stats = downstreams.inbox.stats().await.unwrap();
    let forward = &stats.handlers[0];
    assert_eq!((forward.delayed, forward.dead), (40, 0));

    downstreams.down.store(false, Ordering::SeqCst);
    until_stats(&downstreams.inbox, "all done", |stats| stats.bytes == 0).await;
    assert!(downstreams.open().is_empty());
    let breakers = downstreams.inbox.breakers();
    assert_eq!(
        breakers.len(),
        1,
        "what is closed needs no entry: {breakers:?}"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_without_a_downstream_of_their_own_count_for_the_handler() {
    fn panics_or_none(event: &Event) -> Option<String> {
        assert!(
            event.id().is_none_or(|id| id.value != "broken_0"),
            "its own fault"
        );
        None
    }
    let downstreams = Downstreams::new(panics_or_none).await;
    let running = run(&downstreams.inbox);
    downstreams.deliver(20, "broken").await;
    until("it opens", || downstreams.open() == [None]).await;
    let tried = downstreams.runs("broken");
    assert!((3..=7).contains(&tried), "{tried}");
    downstreams.deliver(5, "good").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(downstreams.runs("good"), 0, "nothing is leased");
    downstreams.down.store(false, Ordering::SeqCst);
    until_stats(&downstreams.inbox, "all done", |stats| stats.bytes == 0).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_cut_where_a_letter_ends() {
    fn long(event: &Event) -> Option<String> {
        by_type(event).map(|kind| "\u{1f980}".repeat(31) + "abc\u{1f980}" + &kind)
    }
    let downstreams = Downstreams::new(long).await;
    let running = run(&downstreams.inbox);
    downstreams.deliver(5, "broken").await;
    let cut = "\u{1f980}".repeat(31) + "abc";
    until("it opens", || downstreams.open() == [Some(cut.clone())]).await;
    running.stop().await;
}
