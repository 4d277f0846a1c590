//! Erasing events, and those that nobody wanted.

use super::*;
use crate::store::Unrouted;

/// Wherever its jobs are.
pub async fn an_erased_event_leaves_only_its_record(factory: &impl Factory) {
    let store = opened(factory).await;
    let bystander = event(&[A, B]);
    accept_new(&*store, &bystander).await;
    let by_a = only(&*store, A, LONG).await;
    let before = [counts(&*store, A).await, counts(&*store, B).await];
    for place in [
        "queued",
        "leased",
        "run out",
        "delayed",
        "postponed",
        "promoted",
        "dead",
        "replayed",
        "handed back",
    ] {
        let entry = Entry {
            window: ms(500),
            ..event(&[A])
        };
        accept_new(&*store, &entry).await;
        let fence = match place {
            "queued" => None,
            "run out" => Some(only(&*store, A, ms(1)).await.fence),
            _ => Some(only(&*store, A, LONG).await.fence),
        };
        if let Some(fence) = &fence {
            let applied = match place {
                "delayed" | "promoted" => store.retry(fence, NOW).await,
                "postponed" => store.postpone(fence, NOW).await,
                "dead" | "replayed" => store.bury(fence, "broken").await,
                "handed back" => store.hand_back(fence).await,
                _ => Ok(Held::Applied),
            };
            assert_eq!(held(applied), Held::Applied);
        }
        pause(ms(3)).await;
        if place == "promoted" {
            assert_eq!(store.promote(A, 9).await.expect("promote").moved, 1);
        } else if place == "replayed" {
            assert_eq!(
                store
                    .requeue(entry.key, entry.acceptance)
                    .await
                    .expect("requeue"),
                1
            );
        }
        assert!(store.erase(entry.key).await.expect("erase"), "{place}");
        assert_eq!(counts(&*store, A).await, before[0], "{place}");
        assert_eq!(store.stats().await.expect("stats").bytes, 9, "{place}");
        if let Some(fence) = &fence {
            all_lost(&*store, fence).await;
        }
        assert!(
            !store.erase(entry.key).await.expect("erase"),
            "{place}, twice"
        );
        let status = store
            .status(entry.key)
            .await
            .expect("status")
            .expect("remembered");
        assert_eq!(status.acceptance, entry.acceptance);
        assert_eq!(status.jobs, [(Arc::from(A), JobState::Done)]);
        assert_ne!(store.accept(again(&entry)).await.expect("accept"), NEW);
        assert_eq!(store.promote(A, 9).await.expect("promote").moved, 0);
        assert!(dead(&*store, A).await.is_empty());
        assert!(lease(&*store, A, 9, LONG).await.is_empty(), "{place}");
        pause(ms(600)).await;
        let later = again(&entry);
        accept_new(&*store, &later).await;
        finish(&*store, A).await;
    }
    assert!(!store.erase(DedupKey(fresh())).await.expect("erase"));
    assert_eq!([counts(&*store, A).await, counts(&*store, B).await], before);
    assert_eq!(held(store.done(&by_a.fence).await), Held::Applied);
    finish(&*store, B).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}

/// At each handler, in each state at once.
pub async fn erasing_reaches_every_handler(factory: &impl Factory) {
    let store = factory.open(ROOMY).await;
    let names = ["done", "dead", "delayed", "leased", "queued"];
    store.declare(&handlers(&names)).await.expect("declare");
    let entry = event(&names);
    accept_new(&*store, &entry).await;
    finish(&*store, "done").await;
    bury(&*store, "dead").await;
    let job = only(&*store, "delayed", LONG).await;
    assert_eq!(held(store.retry(&job.fence, LONG).await), Held::Applied);
    let job = only(&*store, "leased", LONG).await;
    assert!(store.erase(entry.key).await.expect("erase"));
    for name in names {
        assert_eq!(counts(&*store, name).await, [0; 4], "{name}");
    }
    all_lost(&*store, &job.fence).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
    let status = store
        .status(entry.key)
        .await
        .expect("status")
        .expect("remembered");
    assert!(
        status
            .jobs
            .iter()
            .all(|(_, state)| *state == JobState::Done)
    );
    assert_eq!(status.jobs.len(), 5);
}

/// For those who declare the right handler later.
pub async fn an_unrouted_event_can_be_routed_or_forgotten(factory: &impl Factory) {
    let store = opened(factory).await;
    let entries = [(); 4].map(|()| Entry {
        window: ms(1_000),
        ..event(&[])
    });
    for entry in &entries {
        accept_new(&*store, entry).await;
    }
    let list = unrouted(&*store).await;
    for (listed, entry) in list.iter().zip(&entries) {
        assert_eq!(
            (listed.key, &listed.head, &listed.body),
            (entry.key, &entry.head, &entry.body)
        );
    }
    let page = store
        .unrouted(Some(&list[0].entry), 2)
        .await
        .expect("unrouted");
    assert_eq!((page.len(), page[1].key), (2, entries[2].key));
    let status = store
        .status(entries[0].key)
        .await
        .expect("status")
        .expect("remembered");
    assert!(status.jobs.is_empty());

    let route = async |i: usize, routes: &[&str]| {
        let routes: Vec<_> = routes.iter().map(|name| Arc::from(*name)).collect();
        store.route(&list[i].entry, &routes).await.expect("route")
    };
    assert!(route(0, &[A, B]).await);
    assert!(!route(0, &[A]).await);
    assert!(route(1, &[]).await);
    assert!(!route(1, &[]).await);
    let stats = store.stats().await.expect("stats");
    assert_eq!((stats.unrouted, stats.bytes), (2, 27));
    pause(ms(1_200)).await;
    // Routed within its window or after it: the record outlives the jobs.
    assert!(route(2, &[A]).await);
    for i in [0, 2] {
        assert_ne!(store.accept(again(&entries[i])).await.expect("accept"), NEW);
        let jobs = store
            .status(entries[i].key)
            .await
            .expect("status")
            .expect("open")
            .jobs;
        assert_eq!(jobs[0], (Arc::from(A), JobState::Queued));
    }
    let jobs = lease(&*store, A, 9, LONG).await;
    assert_eq!(
        jobs.iter().map(|job| job.key).collect::<Vec<_>>(),
        [entries[0].key, entries[2].key]
    );
    for job in jobs {
        assert_eq!(
            (job.attempt, job.deliveries, &job.body),
            (0, 1, &entries[0].body)
        );
        assert_eq!(held(store.done(&job.fence).await), Held::Applied);
    }
    finish(&*store, B).await;
    assert_ne!(store.accept(again(&entries[0])).await.expect("accept"), NEW);
    pause(ms(1_200)).await;
    accept_new(&*store, &again(&entries[0])).await;
    let stats = store.stats().await.expect("stats");
    assert_eq!((stats.unrouted, stats.bytes), (2, 18));
    assert!(!store.route("nonsense", &[]).await.expect("route"));
    assert_eq!(
        kind(store.unrouted(Some("nonsense"), 1).await),
        StoreErrorKind::Invalid
    );
}

/// One acceptance of an event is worked on, not two.
pub async fn an_unrouted_event_that_was_accepted_again_is_not_routed(factory: &impl Factory) {
    let store = opened(factory).await;
    let old = Entry {
        window: ms(100),
        ..event(&[])
    };
    accept_new(&*store, &old).await;
    pause(ms(200)).await;
    let new = Entry {
        routes: vec![Arc::from(A)],
        window: LONG,
        ..again(&old)
    };
    accept_new(&*store, &new).await;
    let listed = unrouted(&*store).await.remove(0);
    for finished in [false, true] {
        let routed = store
            .route(&listed.entry, &[Arc::from(B)])
            .await
            .expect("route");
        assert!(!routed);
        let stats = store.stats().await.expect("stats");
        assert_eq!(
            (stats.unrouted, stats.bytes),
            (0, if finished { 0 } else { 9 })
        );
        assert_eq!(counts(&*store, B).await, [0; 4]);
        if !finished {
            finish(&*store, A).await;
        }
    }
    let status = store
        .status(old.key)
        .await
        .expect("status")
        .expect("remembered");
    assert_eq!(status.acceptance, new.acceptance);
}

/// Its window may be long over.
pub async fn erasing_finds_every_copy_that_nobody_wanted(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = Entry {
        window: ms(50),
        ..event(&[])
    };
    accept_new(&*store, &event(&[])).await;
    for _ in 0..3 {
        accept_new(&*store, &again(&entry)).await;
        pause(ms(150)).await;
    }
    accept_new(&*store, &event(&[])).await;
    assert_eq!(store.stats().await.expect("stats").unrouted, 5);
    assert!(store.erase(entry.key).await.expect("erase"));
    let stats = store.stats().await.expect("stats");
    assert_eq!((stats.unrouted, stats.bytes), (2, 18));
    assert!(
        unrouted(&*store)
            .await
            .iter()
            .all(|left| left.key != entry.key)
    );
    assert!(!store.erase(entry.key).await.expect("erase"));
}

async fn unrouted(store: &dyn Store) -> Vec<Unrouted> {
    store.unrouted(None, 100).await.expect("unrouted")
}
