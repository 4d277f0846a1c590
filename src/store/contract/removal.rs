//! Handlers that are taken out of the registry.

use super::*;
use crate::store::{REMOVED, Removal};

/// Whoever still runs it finishes what is there; then it is gone.
pub async fn a_drained_handler_gets_nothing_new_and_goes_when_its_jobs_have(
    factory: &impl Factory,
) {
    let store = opened(factory).await;
    let entry = event(&[A, B]);
    accept_new(&*store, &entry).await;
    for _ in 0..2 {
        accept_new(&*store, &event(&[A])).await;
    }
    assert!(remove(&*store, A, Removal::Drain).await);
    assert!(!remove(&*store, A, Removal::Drain).await, "twice is once");
    let registry = store.registry().await.expect("registry");
    assert_eq!(
        (registry.revision, &*registry.handlers),
        (2, &*handlers(&[B]))
    );
    // Nothing new reaches it, by whichever way.
    let answer = store.accept(event(&[A])).await.expect("accept");
    assert_eq!(answer, Accepted::StaleRoutes);
    let new = |routes| Entry {
        revision: 2,
        ..event(routes)
    };
    assert_eq!(
        kind(store.accept(new(&[A, B])).await),
        StoreErrorKind::Invalid
    );
    accept_new(&*store, &new(&[])).await;
    let unrouted = store.unrouted(None, 1).await.expect("unrouted").remove(0);
    let routed = store.route(&unrouted.entry, &[Arc::from(A)]).await;
    assert_eq!(kind(routed), StoreErrorKind::Invalid);
    assert!(store.route(&unrouted.entry, &[]).await.expect("route"));
    accept_new(&*store, &new(&[B])).await;
    assert_eq!(counts(&*store, A).await, [3, 0, 0, 0]);
    assert_eq!(removal(&*store, A).await, Some(Some(Removal::Drain)));
    assert_eq!(removal(&*store, B).await, Some(None));

    // What it has goes all its ways.
    let mut jobs = lease(&*store, A, 9, LONG).await;
    assert_eq!((jobs.len(), jobs[0].key), (3, entry.key));
    let extended = store.extend(&jobs[0].fence).await;
    assert_eq!(held(extended), Held::Applied);
    assert_eq!(held(store.done(&jobs.remove(0).fence).await), Held::Applied);
    let retried = store.retry(&jobs.remove(0).fence, NOW).await;
    assert_eq!(held(retried), Held::Applied);
    assert_eq!(store.promote(A, 9).await.expect("promote").moved, 1);
    assert_eq!(
        held(store.bury(&jobs.remove(0).fence, "no").await),
        Held::Applied
    );
    assert_eq!(
        store.bury_removed(A, 9).await.expect("bury"),
        0,
        "it drains"
    );
    finish(&*store, A).await;
    // A dead letter keeps it listed.
    assert_eq!(counts(&*store, A).await, [0, 0, 0, 1]);
    let letter = dead(&*store, A).await.remove(0);
    assert!(store.discard(A, &letter.entry).await.expect("discard"));
    assert_eq!(removal(&*store, A).await, None, "nothing is left of it");
    assert!(lease(&*store, A, 1, LONG).await.is_empty());
    assert!(dead(&*store, A).await.is_empty());
    // Its events are as finished as all others, and still say who had them.
    let status = store.status(entry.key).await.expect("status");
    let states = [(A, JobState::Done), (B, JobState::Queued)];
    assert_eq!(status.expect("remembered").jobs, named(&states));
    assert_eq!(lease(&*store, B, 9, LONG).await.len(), 2);
}

/// None is forgotten on the way, and one call is bounded work.
pub async fn what_a_buried_handler_has_becomes_dead_letters_some_at_a_time(factory: &impl Factory) {
    let store = opened(factory).await;
    let mut entries = Vec::new();
    for _ in 0..9 {
        let entry = Entry {
            window: ms(300),
            ..event(&[A, B])
        };
        accept_new(&*store, &entry).await;
        entries.push(entry);
    }
    // Two are delayed, the lease of one runs out, two are under lease, four wait.
    let jobs = lease(&*store, A, 5, LONG).await;
    assert_eq!(held(store.retry(&jobs[0].fence, LONG).await), Held::Applied);
    let postponed = store.postpone(&jobs[1].fence, LONG).await;
    assert_eq!(held(postponed), Held::Applied);
    assert_eq!(held(store.hand_back(&jobs[2].fence).await), Held::Applied);
    lease(&*store, A, 1, ms(50)).await;
    pause(ms(100)).await;
    assert_eq!(
        store.bury_removed(A, 9).await.expect("bury"),
        0,
        "it is there"
    );
    assert!(remove(&*store, A, Removal::Drain).await);
    assert!(remove(&*store, A, Removal::Bury).await);
    let registry = store.registry().await.expect("registry");
    assert_eq!(registry.revision, 2, "it had gone before");

    assert!(
        lease(&*store, A, 9, LONG).await.is_empty(),
        "no work any more"
    );
    let mut buried = Vec::new();
    loop {
        match store.bury_removed(A, 3).await.expect("bury") {
            0 => break,
            some => buried.push(some),
        }
    }
    assert!(buried.iter().all(|some| *some <= 3), "{buried:?}");
    assert_eq!(buried.iter().sum::<usize>(), 7);
    assert_eq!(counts(&*store, A).await, [0, 2, 0, 7]);
    // Those under lease end as they can.
    assert_eq!(held(store.done(&jobs[3].fence).await), Held::Applied);
    assert_eq!(held(store.retry(&jobs[4].fence, LONG).await), Held::Applied);
    assert_eq!(store.bury_removed(A, 9).await.expect("bury"), 1);
    let letters = dead(&*store, A).await;
    assert_eq!(letters.len(), 8);
    assert!(letters.iter().all(|letter| letter.reason == REMOVED));
    assert!(letters.iter().all(|letter| letter.body == entries[0].body));
    let status = store.status(letters[0].key).await.expect("status");
    let states = [(A, dead_of(REMOVED)), (B, JobState::Queued)];
    assert_eq!(status.expect("remembered").jobs, named(&states));
    assert_eq!(removal(&*store, A).await, Some(Some(Removal::Bury)));

    // The other handler never noticed, and with the dead letters the events end.
    for job in lease(&*store, B, 20, LONG).await {
        assert_eq!(held(store.done(&job.fence).await), Held::Applied);
    }
    for letter in letters {
        assert!(store.discard(A, &letter.entry).await.expect("discard"));
    }
    assert_eq!(removal(&*store, A).await, None);
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
    pause(ms(500)).await;
    for entry in entries {
        let routes = vec![Arc::from(B)];
        let later = Entry {
            revision: 2,
            routes,
            ..again(&entry)
        };
        accept_new(&*store, &later).await;
    }
}

/// With its jobs and its dead letters, in its old place.
pub async fn a_removed_handler_comes_back_when_it_is_declared_again(factory: &impl Factory) {
    let store = opened(factory).await;
    let mut revision = 1;
    for (kind, waits) in [(Removal::Drain, 1), (Removal::Bury, 1)] {
        let entry = Entry {
            revision,
            ..event(&[A, B])
        };
        accept_new(&*store, &entry).await;
        bury(&*store, A).await;
        let waiting = Entry {
            revision,
            ..event(&[A])
        };
        accept_new(&*store, &waiting).await;
        assert!(remove(&*store, A, kind).await);
        // A redelivery must not queue it where nobody works.
        let answer = store.accept(again(&entry)).await.expect("accept");
        assert!(matches!(answer, Accepted::Duplicate { dead: true, .. }));
        let requeue = || store.requeue(entry.key, entry.acceptance);
        assert_eq!(requeue().await.expect("requeue"), 0);

        let waiter = {
            let store = Arc::clone(&store);
            let request = LeaseRequest {
                handler: A,
                max: 9,
                lease: LONG,
                wait: Duration::from_secs(20),
            };
            let waiter = async move { store.lease(request).await.expect("lease") };
            (kind == Removal::Bury).then(|| tokio::spawn(waiter))
        };
        pause(ms(50)).await;
        let registry = store.declare(&handlers(&[A])).await.expect("declare");
        revision += 2;
        let there = (registry.revision, registry.handlers);
        assert_eq!(there, (revision, handlers(&[A, B])));
        assert_eq!(removal(&*store, A).await, Some(None));
        let jobs = match waiter {
            Some(waiter) => {
                let prompt = tokio::time::timeout(ms(2_500), waiter).await;
                prompt.expect("soon").expect("task")
            }
            None => lease(&*store, A, 9, LONG).await,
        };
        assert_eq!((jobs.len(), jobs[0].key), (waits, waiting.key));
        assert_eq!(held(store.done(&jobs[0].fence).await), Held::Applied);
        assert_eq!(requeue().await.expect("requeue"), 1);
        finish(&*store, A).await;
        finish(&*store, B).await;
    }
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}

/// Retention and a person's wish do not stop at who is in the registry.
pub async fn sweeping_and_erasing_reach_removed_handlers(factory: &impl Factory) {
    let store = opened(factory).await;
    let erased = event(&[A]);
    accept_new(&*store, &erased).await;
    accept_new(&*store, &event(&[A])).await;
    let jobs = lease(&*store, A, 2, LONG).await;
    for job in &jobs {
        assert_eq!(held(store.bury(&job.fence, "no").await), Held::Applied);
    }
    assert!(remove(&*store, A, Removal::Drain).await);
    assert!(store.erase(erased.key).await.expect("erase"));
    assert_eq!(counts(&*store, A).await, [0, 0, 0, 1]);
    pause(ms(50)).await;
    assert_eq!(store.sweep(ms(10), 9).await.expect("sweep"), 1);
    assert_eq!(removal(&*store, A).await, None);
    for unknown in ["x", "{a}"] {
        let refused = store.remove(unknown, Removal::Drain).await;
        assert_eq!(kind(refused), StoreErrorKind::Invalid);
        let refused = store.bury_removed(unknown, 1).await;
        assert_eq!(kind(refused), StoreErrorKind::Invalid);
    }
}

async fn remove(store: &dyn Store, handler: &str, removal: Removal) -> bool {
    store.remove(handler, removal).await.expect("remove")
}

/// How a handler is listed; `None` when it is not.
async fn removal(store: &dyn Store, handler: &str) -> Option<Option<Removal>> {
    let stats = store.stats().await.expect("stats");
    let mut handlers = stats.handlers.into_iter();
    handlers.find(|h| h.handler == handler).map(|h| h.removal)
}

fn named(states: &[(&str, JobState)]) -> Vec<(Arc<str>, JobState)> {
    let named = states.iter().cloned();
    let named = named.map(|(name, state)| (Arc::from(name), state));
    named.collect()
}
