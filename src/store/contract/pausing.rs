//! Handlers that give out nothing for a while.

use std::time::Instant;

use super::*;
use crate::store::Removal;

/// What is under lease goes on, what is accepted waits, and nobody else notices.
pub async fn a_paused_handler_gives_out_nothing_until_it_is_resumed(factory: &impl Factory) {
    let store = opened(factory).await;
    for _ in 0..4 {
        accept_new(&*store, &event(&[A, B])).await;
    }
    let mut jobs = lease(&*store, A, 2, LONG).await;
    lease(&*store, A, 1, ms(50)).await;
    assert!(!is_paused(&*store, A).await);
    assert!(set_paused(&*store, A, true).await);
    assert!(!set_paused(&*store, A, true).await, "twice is once");
    assert!(is_paused(&*store, A).await && !is_paused(&*store, B).await);
    accept_new(&*store, &event(&[A, B])).await;
    pause(ms(100)).await;
    assert!(lease(&*store, A, 9, LONG).await.is_empty());
    assert_eq!(lease(&*store, B, 9, LONG).await.len(), 5);
    let first = jobs.remove(0).fence;
    assert_eq!(held(store.extend(&first).await), Held::Applied);
    assert_eq!(held(store.done(&first).await), Held::Applied);
    let retried = store.retry(&jobs[0].fence, NOW).await;
    assert_eq!(held(retried), Held::Applied);
    assert_eq!(store.promote(A, 9).await.expect("promote").moved, 1);
    assert!(lease(&*store, A, 9, LONG).await.is_empty());
    let registry = store.registry().await.expect("registry");
    assert_eq!((registry.revision, registry.handlers.len()), (1, 2));
    // Whoever declares it, in a new version say, does not resume it.
    store.declare(&handlers(&[A])).await.expect("declare");
    assert!(is_paused(&*store, A).await);

    assert!(set_paused(&*store, A, false).await);
    assert!(!set_paused(&*store, A, false).await);
    assert!(!is_paused(&*store, A).await);
    assert_eq!(lease(&*store, A, 9, LONG).await.len(), 4);
    let unknown = store.set_paused("x", true).await;
    assert_eq!(kind(unknown), StoreErrorKind::Invalid);
}

/// Those who wait need not ask again.
pub async fn resuming_is_noticed_promptly(factory: &impl Factory) {
    let store = opened(factory).await;
    for _ in 0..3 {
        accept_new(&*store, &event(&[A])).await;
    }
    // A lease that has run out is no reason to look again and again.
    lease(&*store, A, 1, ms(1)).await;
    assert!(set_paused(&*store, A, true).await);
    let mut waiters = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let store = Arc::clone(&store);
        waiters.spawn(async move {
            let request = LeaseRequest {
                handler: A,
                max: 1,
                lease: LONG,
                wait: Duration::from_secs(20),
            };
            let jobs = store.lease(request).await.expect("lease");
            (jobs.len(), Instant::now())
        });
    }
    pause(ms(300)).await;
    accept_new(&*store, &event(&[A])).await;
    pause(ms(300)).await;
    assert!(waiters.try_join_next().is_none(), "it is paused");
    let resumed = Instant::now();
    assert!(set_paused(&*store, A, false).await);
    for (jobs, returned) in waiters.join_all().await {
        assert_eq!(jobs, 1);
        let late = returned.duration_since(resumed);
        assert!(late < ms(2_000), "{late:?}");
    }
}

/// It starts as new.
pub async fn a_handler_that_comes_back_is_not_paused(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    assert!(set_paused(&*store, A, true).await);
    assert!(store.remove(A, Removal::Drain).await.expect("remove"));
    assert!(lease(&*store, A, 9, LONG).await.is_empty());
    assert!(is_paused(&*store, A).await, "nobody has resumed it");
    store.declare(&handlers(&[A])).await.expect("declare");
    assert!(!is_paused(&*store, A).await);
    // Being paused does not keep it from being buried.
    assert!(set_paused(&*store, A, true).await);
    assert!(store.remove(A, Removal::Bury).await.expect("remove"));
    assert_eq!(store.bury_removed(A, 9).await.expect("bury"), 1);
}

async fn set_paused(store: &dyn Store, handler: &str, paused: bool) -> bool {
    store.set_paused(handler, paused).await.expect("set_paused")
}

async fn is_paused(store: &dyn Store, handler: &str) -> bool {
    let stats = store.stats().await.expect("stats");
    let mut handlers = stats.handlers.iter();
    handlers
        .find(|h| h.handler == handler)
        .expect("listed")
        .paused
}
