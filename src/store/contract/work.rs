//! Declaring, leasing, retrying, burying.

use super::*;
use crate::store::Promoted;

/// The registry only grows, and says when it changed.
pub async fn declaring_twice_changes_nothing_and_another_filter_raises_the_revision(
    factory: &impl Factory,
) {
    let store = factory.open(ROOMY).await;
    assert_eq!(
        store.registry().await.expect("registry"),
        Default::default()
    );
    let mut declared = handlers(&[B, A]);
    let first = store.declare(&declared).await.expect("declare");
    assert_eq!((first.revision, &first.handlers), (1, &declared));
    assert_eq!(store.declare(&declared).await.expect("declare"), first);
    declared[1].filter = Bytes::from_static(b"\0\xff");
    let second = store.declare(&declared[1..]).await.expect("declare");
    assert_eq!((second.revision, &second.handlers), (2, &declared));
    let third = store.declare(&handlers(&["c", B])).await.expect("declare");
    let names: Vec<_> = third.handlers.iter().map(|h| h.name.as_str()).collect();
    assert_eq!((third.revision, names), (3, vec![B, A, "c"]));
    assert_eq!(store.registry().await.expect("registry"), third);
    for name in ["", "a b", "{a}", "ä", &"a".repeat(65)] {
        assert_eq!(
            kind(store.declare(&handlers(&[name])).await),
            StoreErrorKind::Invalid
        );
    }
    assert_eq!(store.registry().await.expect("registry"), third);
}

/// A typing mistake must not look like an empty queue.
pub async fn an_unknown_handler_is_invalid(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    let job = only(&*store, A, LONG).await;
    let before = stats(&*store).await;
    let request = LeaseRequest {
        handler: "x",
        max: 1,
        lease: LONG,
        wait: NOW,
    };
    assert_eq!(kind(store.lease(request).await), StoreErrorKind::Invalid);
    assert_eq!(kind(store.promote("x", 1).await), StoreErrorKind::Invalid);
    let fence = Fence {
        handler: Arc::from("x"),
        ..job.fence
    };
    assert_eq!(kind(store.extend(&fence).await), StoreErrorKind::Invalid);
    assert_eq!(kind(store.done(&fence).await), StoreErrorKind::Invalid);
    assert_eq!(
        kind(store.retry(&fence, NOW).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(
        kind(store.postpone(&fence, NOW).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(kind(store.bury(&fence, "").await), StoreErrorKind::Invalid);
    assert_eq!(kind(store.hand_back(&fence).await), StoreErrorKind::Invalid);
    assert_eq!(
        kind(store.accept(event(&[A, "x"])).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(
        kind(store.accept(event(&[A, A])).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(stats(&*store).await, before);
}

/// Handlers do not wait for each other.
pub async fn every_route_gets_its_own_job(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A, B])).await;
    accept_new(&*store, &event(&[B])).await;
    assert_eq!(counts(&*store, A).await, [1, 0, 0, 0]);
    assert_eq!(counts(&*store, B).await, [2, 0, 0, 0]);
    finish(&*store, A).await;
    assert_eq!(counts(&*store, A).await, [0; 4]);
    assert_eq!(counts(&*store, B).await, [2, 0, 0, 0]);
    assert_eq!(lease(&*store, B, 10, LONG).await.len(), 2);
    assert_eq!(counts(&*store, B).await, [0, 2, 0, 0]);
}

/// A worker is not given more than it can do.
pub async fn a_lease_takes_no_more_than_it_asked_for(factory: &impl Factory) {
    let store = opened(factory).await;
    for _ in 0..5 {
        accept_new(&*store, &event(&[A])).await;
    }
    assert_eq!(lease(&*store, A, 2, ms(100)).await.len(), 2);
    pause(ms(200)).await;
    // Two that ran out, and one more.
    let jobs = lease(&*store, A, 3, LONG).await;
    let mut deliveries: Vec<_> = jobs.iter().map(|job| job.deliveries).collect();
    deliveries.sort_unstable();
    assert_eq!(deliveries, [1, 2, 2]);
    assert_eq!(counts(&*store, A).await, [2, 3, 0, 0]);
}

/// A retry is a stored due time.
pub async fn a_retried_job_is_due_after_its_delay_with_one_attempt_more(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = event(&[A]);
    accept_new(&*store, &entry).await;
    for attempt in 0..3 {
        let job = only(&*store, A, LONG).await;
        assert_eq!(
            (job.attempt, job.fence.attempt, job.deliveries),
            (attempt, attempt, 1)
        );
        assert_eq!((job.key, &job.body), (entry.key, &entry.body));
        assert_eq!(
            store.retry(&job.fence, ms(300)).await.expect("retry"),
            Held::Applied
        );
        assert_eq!(counts(&*store, A).await, [0, 0, 1, 0]);
        let Promoted { moved, next_due } = store.promote(A, 10).await.expect("promote");
        assert_eq!(moved, 0, "not due yet");
        assert!(
            (ms(1)..=ms(300)).contains(&next_due.expect("one is delayed")),
            "{next_due:?}"
        );
        assert!(lease(&*store, A, 1, LONG).await.is_empty());
        pause(ms(350)).await;
        let promoted = store.promote(A, 10).await.expect("promote");
        assert_eq!(
            promoted,
            Promoted {
                moved: 1,
                next_due: None
            }
        );
    }
    finish(&*store, A).await;
    assert_eq!(counts(&*store, A).await, [0; 4]);
}

/// One call is bounded work.
pub async fn promote_moves_no_more_than_it_was_told_oldest_first(factory: &impl Factory) {
    let store = opened(factory).await;
    let mut due = Vec::new();
    for delay in [900, 600, 300, 0] {
        let entry = event(&[A]);
        accept_new(&*store, &entry).await;
        let job = only(&*store, A, LONG).await;
        assert_eq!(
            store.retry(&job.fence, ms(delay)).await.expect("retry"),
            Held::Applied
        );
        due.insert(0, entry.key);
    }
    pause(ms(1_200)).await;
    let promoted = store.promote(A, 3).await.expect("promote");
    assert_eq!(
        promoted,
        Promoted {
            moved: 3,
            next_due: Some(NOW)
        }
    );
    assert_eq!(counts(&*store, A).await, [3, 0, 1, 0]);
    let jobs = lease(&*store, A, 10, LONG).await;
    assert_eq!(jobs.iter().map(|job| job.key).collect::<Vec<_>>(), due[..3]);
    assert_eq!(
        store.promote(A, 3).await.expect("promote"),
        Promoted {
            moved: 1,
            next_due: None
        }
    );
    assert_eq!(
        store.promote(B, 3).await.expect("promote"),
        Promoted::default()
    );
}

/// Dead is dead until somebody replays it.
pub async fn a_buried_job_is_not_leased_again(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A, B])).await;
    let job = only(&*store, A, ms(50)).await;
    assert_eq!(
        store
            .bury(&job.fence, "\0 any \u{1f980} text")
            .await
            .expect("bury"),
        Held::Applied
    );
    pause(ms(100)).await;
    assert!(lease(&*store, A, 1, LONG).await.is_empty());
    assert_eq!(
        store.promote(A, 10).await.expect("promote"),
        Promoted::default()
    );
    assert_eq!(counts(&*store, A).await, [0, 0, 0, 1]);
    finish(&*store, B).await;
    assert_eq!(
        store.stats().await.expect("stats").bytes,
        9,
        "a dead job's payload stays"
    );
}

/// A worker that stops spoils nothing.
pub async fn a_job_that_was_handed_back_counts_as_never_leased(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    let job = only(&*store, A, LONG).await;
    assert_eq!(
        store.retry(&job.fence, NOW).await.expect("retry"),
        Held::Applied
    );
    assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
    only(&*store, A, ms(50)).await;
    pause(ms(100)).await;
    for _ in 0..3 {
        let job = only(&*store, A, LONG).await;
        assert_eq!((job.attempt, job.deliveries), (1, 2));
        assert_eq!(
            store.hand_back(&job.fence).await.expect("hand_back"),
            Held::Applied
        );
        all_lost(&*store, &job.fence).await;
        assert_eq!(counts(&*store, A).await, [1, 0, 0, 0]);
    }
}

/// What its downstream owes is not the job's fault.
pub async fn a_postponed_job_is_due_after_its_delay_and_counts_as_never_leased(
    factory: &impl Factory,
) {
    let store = opened(factory).await;
    let entry = event(&[A, B]);
    accept_new(&*store, &entry).await;
    let job = only(&*store, A, LONG).await;
    assert_eq!(held(store.retry(&job.fence, NOW).await), Held::Applied);
    assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
    // A delivery that does count, and a replay number, which stay what they are.
    only(&*store, A, ms(50)).await;
    pause(ms(100)).await;
    bury(&*store, A).await;
    let letter = dead(&*store, A).await.remove(0);
    assert!(store.replay(A, &letter.entry).await.expect("replay"));
    only(&*store, A, ms(50)).await;
    pause(ms(100)).await;
    for _ in 0..3 {
        let job = only(&*store, A, LONG).await;
        assert_eq!((job.attempt, job.deliveries, job.replays), (0, 2, 1));
        assert_eq!((job.key, &job.body), (entry.key, &entry.body));
        assert_eq!(
            held(store.postpone(&job.fence, ms(300)).await),
            Held::Applied
        );
        all_lost(&*store, &job.fence).await;
        assert_eq!(counts(&*store, A).await, [0, 0, 1, 0]);
        let Promoted { moved, next_due } = store.promote(A, 10).await.expect("promote");
        assert_eq!(moved, 0, "not due yet");
        assert!(
            (ms(1)..=ms(300)).contains(&next_due.expect("one is delayed")),
            "{next_due:?}"
        );
        pause(ms(350)).await;
        assert_eq!(store.promote(A, 10).await.expect("promote").moved, 1);
    }
    assert_eq!(counts(&*store, B).await, [1, 0, 0, 0]);
    finish(&*store, A).await;
    finish(&*store, B).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}
