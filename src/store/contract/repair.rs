//! Another go for dead jobs, and their end.

use super::*;

/// A new budget; twice is once.
pub async fn a_replayed_job_is_as_new_but_for_its_replays(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = event(&[A, B]);
    accept_new(&*store, &entry).await;
    for replays in 0..3 {
        let job = only(&*store, A, LONG).await;
        assert_eq!((job.attempt, job.deliveries, job.replays), (0, 1, replays));
        assert_eq!((job.key, &job.body), (entry.key, &entry.body));
        // It keeps the figure on all its ways.
        assert_eq!(held(store.hand_back(&job.fence).await), Held::Applied);
        let job = only(&*store, A, LONG).await;
        assert_eq!(held(store.retry(&job.fence, NOW).await), Held::Applied);
        assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
        let job = only(&*store, A, LONG).await;
        assert_eq!((job.attempt, job.replays), (1, replays));
        assert_eq!(held(store.bury(&job.fence, "broken").await), Held::Applied);
        let letter = dead(&*store, A).await.remove(0);
        assert_eq!((letter.attempt, letter.replays), (1, replays));
        assert!(!store.replay(B, &letter.entry).await.expect("replay"));
        assert!(store.replay(A, &letter.entry).await.expect("replay"));
        assert_eq!(counts(&*store, A).await, [1, 0, 0, 0]);
        assert!(!store.replay(A, &letter.entry).await.expect("replay"));
        assert!(!store.discard(A, &letter.entry).await.expect("discard"));
        all_lost(&*store, &job.fence).await;
        assert_eq!(counts(&*store, A).await, [1, 0, 0, 0]);
    }
    assert!(!store.replay(A, "nonsense").await.expect("replay"));
    let answer = store.accept(again(&entry)).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { dead: false, .. }));
    finish(&*store, A).await;
    finish(&*store, B).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}

/// With the last one the payload goes and the window starts.
pub async fn a_discarded_job_counts_as_done(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = Entry {
        window: ms(400),
        ..event(&[A, B])
    };
    accept_new(&*store, &entry).await;
    bury(&*store, A).await;
    bury(&*store, B).await;
    pause(ms(500)).await;
    for (handler, bytes) in [(A, 9), (B, 0)] {
        let letter = dead(&*store, handler).await.remove(0);
        assert!(
            store
                .discard(handler, &letter.entry)
                .await
                .expect("discard")
        );
        assert!(
            !store
                .discard(handler, &letter.entry)
                .await
                .expect("discard")
        );
        assert!(!store.replay(handler, &letter.entry).await.expect("replay"));
        assert_eq!(counts(&*store, handler).await, [0; 4]);
        assert_eq!(store.stats().await.expect("stats").bytes, bytes);
    }
    assert!(!store.discard(A, "nonsense").await.expect("discard"));
    let answer = store.accept(again(&entry)).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { dead: false, .. }));
    let done = [(A, JobState::Done), (B, JobState::Done)];
    assert_eq!(status(&*store, &entry).await, remembered(&entry, &done));
    pause(ms(500)).await;
    accept_new(&*store, &again(&entry)).await;
}

/// What a redelivery of a dead event asks for.
pub async fn requeue_replays_every_dead_job_of_one_acceptance(factory: &impl Factory) {
    let store = opened(factory).await;
    store.declare(&handlers(&["c"])).await.expect("declare");
    let both = Entry {
        revision: 2,
        ..event(&[A, B, "c"])
    };
    let other = Entry {
        revision: 2,
        ..event(&[A])
    };
    accept_new(&*store, &both).await;
    for handler in [A, B] {
        bury(&*store, handler).await;
    }
    accept_new(&*store, &other).await;
    bury(&*store, A).await;
    let requeue = async |key, acceptance| store.requeue(key, acceptance).await.expect("requeue");
    assert_eq!(requeue(both.key, other.acceptance).await, 0);
    assert_eq!(requeue(DedupKey(fresh()), both.acceptance).await, 0);
    assert_eq!(requeue(both.key, both.acceptance).await, 2);
    assert_eq!(requeue(both.key, both.acceptance).await, 0);
    assert_eq!(counts(&*store, A).await, [1, 0, 0, 1]);
    assert_eq!(counts(&*store, B).await, [1, 0, 0, 0]);
    assert_eq!(counts(&*store, "c").await, [1, 0, 0, 0]);
    let answer = store.accept(again(&both)).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { dead: false, .. }));
    for handler in [A, B, "c"] {
        let job = only(&*store, handler, LONG).await;
        let replays = u32::from(handler != "c");
        assert_eq!((job.key, job.replays), (both.key, replays));
        assert_eq!(held(store.done(&job.fence).await), Held::Applied);
    }
    assert_eq!(requeue(both.key, both.acceptance).await, 0);
    assert_eq!(store.stats().await.expect("stats").bytes, 9);
}

/// A typing mistake must not look like an empty list.
pub async fn nothing_is_repaired_for_an_unknown_handler(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    bury(&*store, A).await;
    accept_new(&*store, &event(&[])).await;
    let letter = dead(&*store, A).await.remove(0).entry;
    let unrouted = store
        .unrouted(None, 1)
        .await
        .expect("unrouted")
        .remove(0)
        .entry;
    let before = stats(&*store).await;
    assert_eq!(
        kind(store.dead("x", None, 1).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(
        kind(store.replay("x", &letter).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(
        kind(store.discard("x", &letter).await),
        StoreErrorKind::Invalid
    );
    assert_eq!(kind(store.alerted("x").await), StoreErrorKind::Invalid);
    assert_eq!(
        kind(store.set_alerted("x", &letter).await),
        StoreErrorKind::Invalid
    );
    for routes in [&[A, "x"][..], &[A, A]] {
        let routes: Vec<_> = routes.iter().map(|name| Arc::from(*name)).collect();
        assert_eq!(
            kind(store.route(&unrouted, &routes).await),
            StoreErrorKind::Invalid
        );
    }
    assert_eq!(stats(&*store).await, before);
}
