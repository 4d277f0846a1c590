//! The bound on one handler's backlog.

use super::*;
use crate::store::OVERFLOW;

const OVERFLOWED: Accepted = Accepted::New {
    repeated_bytes: false,
    overflowed: true,
};

/// A store with the handlers `a`, with this bound, and `b`.
async fn bounded(factory: &impl Factory, max_backlog: u64) -> Arc<dyn Store> {
    let store = factory.open(ROOMY).await;
    let mut declared = handlers(&[A, B]);
    declared[0].max_backlog = Some(max_backlog);
    let registry = store.declare(&declared).await.expect("declare");
    assert_eq!((registry.revision, registry.handlers), (1, declared));
    store
}

async fn overflow(store: &dyn Store, entry: &Entry) {
    let answer = store.accept(entry.clone()).await.expect("accept");
    assert_eq!(answer, OVERFLOWED);
}

/// Kept, visible and countable; nobody else notices.
pub async fn a_backlog_at_its_bound_makes_new_jobs_dead_and_leaves_others_alone(
    factory: &impl Factory,
) {
    let store = bounded(factory, 3).await;
    for _ in 0..3 {
        accept_new(&*store, &event(&[A, B])).await;
    }
    // Waiting, under lease and delayed ones count alike.
    let leased = only_first(&*store).await;
    let delayed = only_first(&*store).await;
    assert_eq!(held(store.retry(&delayed.fence, LONG).await), Held::Applied);
    let entry = event(&[B, A]);
    overflow(&*store, &entry).await;
    assert_eq!(counts(&*store, A).await, [1, 1, 1, 1]);
    assert_eq!(counts(&*store, B).await, [4, 0, 0, 0]);
    let letter = dead(&*store, A).await.remove(0);
    assert_eq!(letter.reason, OVERFLOW);
    assert_eq!(
        (letter.key, letter.acceptance),
        (entry.key, entry.acceptance)
    );
    assert_eq!((letter.attempt, letter.replays), (0, 0));
    assert_eq!((&letter.head, &letter.body), (&entry.head, &entry.body));
    let status = store.status(entry.key).await.expect("status");
    let jobs = status.expect("remembered").jobs;
    let states = [(B, JobState::Queued), (A, dead_of(OVERFLOW))];
    assert_eq!(jobs, states.map(|(name, state)| (Arc::from(name), state)));
    let answer = store.accept(again(&entry)).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { dead: true, .. }));
    // An event that a alone wants ends there.
    let alone = event(&[A]);
    overflow(&*store, &alone).await;
    // Room again: the next one waits its turn.
    assert_eq!(held(store.done(&leased.fence).await), Held::Applied);
    accept_new(&*store, &event(&[A, B])).await;
    assert_eq!(counts(&*store, A).await, [2, 0, 1, 2]);

    for letter in dead(&*store, A).await {
        assert!(store.discard(A, &letter.entry).await.expect("discard"));
    }
    let answer = store.accept(again(&alone)).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { dead: false, .. }));
    let status = store.status(alone.key).await.expect("status");
    let done = (Arc::from(A), JobState::Done);
    assert_eq!(status.expect("remembered").jobs, [done]);
}

/// It is part of the declaration, and decided where the event is stored.
pub async fn another_bound_is_another_revision_and_holds_at_once(factory: &impl Factory) {
    let store = bounded(factory, 0).await;
    overflow(&*store, &event(&[A])).await;
    for (revision, max_backlog, waiting) in [(2, Some(1), 1), (3, None, 3), (4, Some(1), 3)] {
        let mut declared = handlers(&[A]);
        declared[0].max_backlog = max_backlog;
        let registry = store.declare(&declared).await.expect("declare");
        assert_eq!(registry.revision, revision);
        assert_eq!(registry.handlers[0].max_backlog, max_backlog);
        assert_eq!(store.declare(&declared).await.expect("declare"), registry);
        let stale = store.accept(event(&[A])).await.expect("accept");
        assert_eq!(stale, Accepted::StaleRoutes);
        for routes in [&[A][..], &[A, B], &[B]] {
            let entry = Entry {
                revision,
                ..event(routes)
            };
            let before = counts(&*store, A).await;
            let answer = store.accept(entry).await.expect("accept");
            let full = routes[0] == A && max_backlog.is_some_and(|max| before[0] >= max);
            assert_eq!(answer, if full { OVERFLOWED } else { NEW });
        }
        assert_eq!(counts(&*store, A).await[0], waiting);
    }
    assert_eq!(counts(&*store, B).await[0], 6);
}

/// The decision and the write are one step.
pub async fn concurrent_accepts_never_pass_the_bound(factory: &impl Factory) {
    let store = bounded(factory, 10).await;
    let mut accepts = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let store = Arc::clone(&store);
        accepts.spawn(async move { store.accept(event(&[A, B])).await.expect("accept") });
    }
    let answers = accepts.join_all().await;
    let overflowed = answers.iter().filter(|answer| **answer == OVERFLOWED);
    assert_eq!(overflowed.count(), 50);
    assert_eq!(counts(&*store, A).await, [10, 0, 0, 50]);
    assert_eq!(counts(&*store, B).await, [60, 0, 0, 0]);
}

/// What was accepted to wait goes on waiting, and what people ask for is done.
pub async fn what_is_put_back_or_replayed_is_queued_past_the_bound(factory: &impl Factory) {
    let store = bounded(factory, 1).await;
    accept_new(&*store, &event(&[A])).await;
    let entry = event(&[A]);
    overflow(&*store, &entry).await;
    let letter = dead(&*store, A).await.remove(0);
    assert!(store.replay(A, &letter.entry).await.expect("replay"));
    assert_eq!(counts(&*store, A).await, [2, 0, 0, 0]);
    let job = only_first(&*store).await;
    assert_eq!(held(store.retry(&job.fence, NOW).await), Held::Applied);
    assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
    let job = only_first(&*store).await;
    assert_eq!(held(store.hand_back(&job.fence).await), Held::Applied);
    accept_new(&*store, &event(&[])).await;
    let unrouted = store.unrouted(None, 1).await.expect("unrouted").remove(0);
    let routes = [Arc::from(A)];
    assert!(store.route(&unrouted.entry, &routes).await.expect("route"));
    assert_eq!(counts(&*store, A).await, [3, 0, 0, 0]);
    for job in lease(&*store, A, 3, LONG).await {
        let replays = u32::from(job.key == entry.key);
        assert_eq!(job.replays, replays);
        assert_eq!(held(store.done(&job.fence).await), Held::Applied);
    }
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}

async fn only_first(store: &dyn Store) -> Leased {
    lease(store, A, 1, LONG).await.remove(0)
}
