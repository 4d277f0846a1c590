//! What can be configured of sources and inboxes, and what each choice changes.

use hookgate::{
    provider::{Envelope, NoId},
    source::SourceBuilder,
};

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// An inbox over a store in memory whose handler does what it is told to, and how often it ran.
async fn counting(
    source: SourceBuilder,
    answer: impl Fn() -> Result<(), Failure> + Clone + Send + Sync + 'static,
    configure: impl FnOnce(hookgate::inbox::InboxBuilder) -> hookgate::inbox::InboxBuilder,
) -> (Inbox, Running, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let builder = Inbox::builder(MemoryStore::new())
        .source(source.build().unwrap())
        .handler("counts", on("*"), move |_: Job| {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer();
            async move { answer }
        });
    let inbox = configure(builder).build().await.unwrap();
    let running = run(&inbox);
    (inbox, running, runs)
}

fn dies() -> Result<(), Failure> {
    Err(Failure::permanent("no"))
}

async fn dead(inbox: &Inbox) -> u64 {
    inbox.stats().await.unwrap().handlers[0].dead
}

#[tokio::test(start_paused = true)]
async fn dead_letters_are_given_up_after_their_time_or_never() {
    let stripe_source = || builder(provider::STRIPE);
    let (default, running, _) = counting(stripe_source(), dies, |inbox| inbox).await;
    let (shorter, short, _) = counting(stripe_source(), dies, |inbox| {
        inbox.with_dead_retention(HOUR)
    })
    .await;
    let (kept, keeping, _) = counting(stripe_source(), dies, |inbox| {
        inbox.without_dead_retention()
    })
    .await;
    for inbox in [&default, &shorter, &kept] {
        let endpoint = inbox.endpoint("stripe").unwrap();
        assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    }
    // Every ten minutes somebody looks.
    for (time, expected) in [(HOUR / 2, [1, 1, 1]), (HOUR, [1, 0, 1])] {
        tokio::time::sleep(time).await;
        let found = [
            dead(&default).await,
            dead(&shorter).await,
            dead(&kept).await,
        ];
        assert_eq!(found, expected);
    }
    assert_eq!(
        shorter.stats().await.unwrap().bytes,
        0,
        "its payload went with it"
    );
    for running in [running, short, keeping] {
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_event_stays_dead_where_nothing_is_queued_again() {
    let leave = |inbox: hookgate::inbox::InboxBuilder| inbox.without_requeue_on_redelivery();
    let (inbox, running, runs) = counting(builder(provider::STRIPE), dies, leave).await;
    let endpoint = inbox.endpoint("stripe").unwrap();
    for _ in 0..3 {
        assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
        tokio::time::sleep(2 * HOUR).await;
    }
    assert_eq!((runs.load(Ordering::SeqCst), dead(&inbox).await), (1, 1));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_is_remembered_for_the_window_and_not_less_than_the_sender_tries() {
    // Stripe tries for three days.
    let short = builder(provider::STRIPE).with_dedup_window(3 * DAY).build();
    let why = short.unwrap_err().to_string();
    assert!(why.contains("dangerous"), "{why}");
    let default = builder(provider::STRIPE);
    let longer = builder(provider::STRIPE).with_dedup_window(10 * DAY);
    let shorter = builder(provider::STRIPE)
        .dangerous()
        .with_shorter_window(HOUR);
    for (source, window) in [(default, 4 * DAY), (longer, 10 * DAY), (shorter, HOUR)] {
        let inbox = Inbox::builder(MemoryStore::new())
            .source(source.build().unwrap())
            .channel("all", on("*"));
        let inbox = inbox.build().await.unwrap();
        let endpoint = inbox.endpoint("stripe").unwrap();
        assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
        // Dropped, since whoever waits for work looks every second.
        let job = inbox.channel("all").unwrap().recv().await.unwrap();
        assert_eq!(job.done().await.unwrap(), Held::Applied);
        let minute = Duration::from_secs(60);
        for (wait, expected) in [(window - minute, 0), (2 * minute, 1)] {
            tokio::time::sleep(wait).await;
            assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
            let queued = inbox.stats().await.unwrap().handlers[0].queued;
            assert_eq!(queued, expected, "{window:?} {wait:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_id_is_always_new_or_known_by_its_bytes() {
    const NAMELESS: Provider = Provider {
        envelope: Envelope::NONE,
        ..provider::GITHUB
    };
    for (rule, expected) in [(NoId::AcceptAll, 3), (NoId::BodyDigest, 2)] {
        let source = builder(NAMELESS).with_no_id(rule);
        let (inbox, running, runs) = counting(source, || Ok(()), |inbox| inbox).await;
        let endpoint = inbox.endpoint("github").unwrap();
        for body in ["one", "one", "two"] {
            assert_eq!(status(&endpoint, github("", body)).await, 200);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(runs.load(Ordering::SeqCst), expected, "{rule:?}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_answer_is_there_by_the_deadline_of_the_source() {
    let deadline = Duration::from_millis(700);
    for refused in [Duration::ZERO, Duration::from_secs(61)] {
        let builder = builder(provider::STRIPE).with_reply_deadline(refused);
        assert!(builder.build().is_err(), "{refused:?}");
    }
    let quick = builder(provider::STRIPE).with_reply_deadline(deadline);
    let endpoint = over_one_that_hangs(quick.build().unwrap(), [Fault::Hang]).await;
    let begun = tokio::time::Instant::now();
    let reply = send(&endpoint, stripe("evt_1", "a")).await;
    assert_eq!(kind(&reply), Some(RejectionKind::StoreUnavailable));
    let took = begun.elapsed();
    assert!(
        (deadline..deadline + Duration::from_millis(50)).contains(&took),
        "{took:?}"
    );
}
