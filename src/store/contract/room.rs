//! The bound on payload bytes. A store without one passes.

use super::*;

/// Point 6.
pub async fn a_full_store_refuses_and_has_done_nothing(factory: &impl Factory) {
    let Some(store) = bounded(factory).await else {
        return;
    };
    let first = sized(&[A], 600);
    accept_new(&*store, &first).await;
    let before = stats(&*store).await;
    assert_eq!(before.bytes, 600);
    for routes in [&[A, B][..], &[]] {
        let refused = Entry {
            replay_guard: ReplayGuard::Reject(DedupKey(fresh())),
            ..sized(routes, 401)
        };
        assert_eq!(
            kind(store.accept(refused.clone()).await),
            StoreErrorKind::Full
        );
        assert_eq!(stats(&*store).await, before);
        // No record, no guard: one that fits is new.
        let (head, body) = (Bytes::new(), Bytes::new());
        accept_new(
            &*store,
            &Entry {
                head,
                body,
                ..refused
            },
        )
        .await;
        let before_len = before.handlers.len();
        assert_eq!(before_len, 2);
        if !routes.is_empty() {
            finish_where_empty(&*store).await;
        }
    }
    // A duplicate needs no room.
    let answer = store.accept(again(&first)).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { .. }));
    accept_new(&*store, &sized(&[B], 400)).await;
    assert_eq!(
        store.stats().await.expect("stats").bytes,
        1_000,
        "the bound is inclusive"
    );
    assert_eq!(
        kind(store.accept(sized(&[B], 1)).await),
        StoreErrorKind::Full
    );
}

/// Full is not for ever.
pub async fn done_makes_room(factory: &impl Factory) {
    let Some(store) = bounded(factory).await else {
        return;
    };
    for _ in 0..5 {
        accept_new(&*store, &sized(&[A], 1_000)).await;
        let refused = sized(&[A], 1_000);
        assert_eq!(kind(store.accept(refused).await), StoreErrorKind::Full);
        let job = only(&*store, A, LONG).await;
        // Work goes on in a full store.
        assert_eq!(
            store.retry(&job.fence, NOW).await.expect("retry"),
            Held::Applied
        );
        assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
        let job = only(&*store, A, LONG).await;
        assert_eq!(
            store.hand_back(&job.fence).await.expect("hand_back"),
            Held::Applied
        );
        finish(&*store, A).await;
        assert_eq!(store.stats().await.expect("stats").bytes, 0);
    }
}

/// One payload, many jobs.
pub async fn an_event_for_two_handlers_is_counted_once(factory: &impl Factory) {
    let Some(store) = bounded(factory).await else {
        return;
    };
    accept_new(&*store, &sized(&[A, B], 1_000)).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 1_000);
    finish(&*store, A).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 1_000);
    finish(&*store, B).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}

/// A store for 1,000 bytes; `None` when it has no bound.
async fn bounded(factory: &impl Factory) -> Option<Arc<dyn Store>> {
    let store = factory.open(1_000).await;
    store.declare(&handlers(&[A, B])).await.expect("declare");
    let bound = store.stats().await.expect("stats").max_bytes?;
    assert_eq!(bound, 1_000);
    Some(store)
}

/// Ends the event of no bytes that the check has just accepted, at both handlers.
async fn finish_where_empty(store: &dyn Store) {
    for handler in [A, B] {
        for job in lease(store, handler, 10, LONG).await {
            let held = if job.body.is_empty() {
                store.done(&job.fence).await
            } else {
                store.hand_back(&job.fence).await
            };
            assert_eq!(held.expect("held"), Held::Applied);
        }
    }
}

fn sized(routes: &[&str], bytes: usize) -> Entry {
    let half = bytes / 2;
    let (head, body) = (vec![1; half].into(), vec![2; bytes - half].into());
    Entry {
        head,
        body,
        ..event(routes)
    }
}
