//! Dead letters, and what became of an event.

use super::*;
use crate::{
    clock::{Clock, SystemClock},
    store::{DeadLetter, JobState, Remembered},
};

/// With everything that is needed to judge one.
pub async fn dead_letters_are_listed_oldest_first_a_page_at_a_time(factory: &impl Factory) {
    let store = opened(factory).await;
    assert!(dead(&*store, A).await.is_empty());
    let mut entries = Vec::new();
    for n in 0..5 {
        let entry = event(&[A, B]);
        accept_new(&*store, &entry).await;
        let job = only(&*store, A, LONG).await;
        assert_eq!(held(store.retry(&job.fence, NOW).await), Held::Applied);
        assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
        let job = only(&*store, A, LONG).await;
        let reason = format!("reason \0 \u{1f980} {n}");
        assert_eq!(held(store.bury(&job.fence, &reason).await), Held::Applied);
        entries.push((entry, reason));
    }
    let letters = dead(&*store, A).await;
    assert_eq!(letters.len(), 5);
    for (letter, (entry, reason)) in letters.iter().zip(&entries) {
        assert_eq!((&*letter.handler, &letter.reason), (A, reason));
        assert_eq!(
            (letter.key, letter.acceptance),
            (entry.key, entry.acceptance)
        );
        assert_eq!((&letter.head, &letter.body), (&entry.head, &entry.body));
        assert_eq!((letter.attempt, letter.replays), (1, 0));
        let age = SystemClock.now().as_millis() - letter.at.as_millis();
        assert!((-5_000..60_000).contains(&age), "died {age} ms ago");
    }
    let second = store
        .dead(A, Some(&letters[1].entry), 2)
        .await
        .expect("dead");
    let names = |page: &[DeadLetter]| page.iter().map(|l| l.entry.clone()).collect::<Vec<_>>();
    assert_eq!(names(&second), names(&letters[2..4]));
    let last = store
        .dead(A, Some(&letters[4].entry), 2)
        .await
        .expect("dead");
    assert!(last.is_empty());
    assert!(dead(&*store, B).await.is_empty());
}

/// The same as in the listing, without reading those before it.
pub async fn one_dead_letter_is_found_by_its_entry(factory: &impl Factory) {
    let store = opened(factory).await;
    for n in 0..3 {
        accept_new(&*store, &event(&[A, B])).await;
        let job = only(&*store, A, LONG).await;
        let reason = format!("reason {n}");
        assert_eq!(held(store.bury(&job.fence, &reason).await), Held::Applied);
    }
    let found = async |handler, entry: &str| {
        let letter = store.dead_letter(handler, entry).await;
        letter.expect("dead_letter")
    };
    for listed in dead(&*store, A).await {
        let letter = found(A, &listed.entry).await.expect("it is there");
        assert_eq!(format!("{letter:?}"), format!("{listed:?}"));
        assert_eq!((letter.head, letter.body), (listed.head, listed.body));
        assert!(found(B, &listed.entry).await.is_none(), "another's");
        assert!(store.discard(A, &listed.entry).await.expect("discard"));
        assert!(found(A, &listed.entry).await.is_none(), "it has gone");
    }
    assert!(found(A, "nonsense").await.is_none());
    assert_eq!(
        kind(store.dead_letter("x", "1-1").await),
        StoreErrorKind::Invalid
    );
}

/// In whatever state its jobs are.
pub async fn a_payload_is_there_until_the_last_job_has_ended(factory: &impl Factory) {
    let store = opened(factory).await;
    let body = vec![7; 3 << 20];
    let entry = Entry {
        body: body.into(),
        ..event(&[A, B])
    };
    let payload = async |key| store.payload(key).await.expect("payload");
    assert!(payload(entry.key).await.is_none(), "never accepted");
    accept_new(&*store, &entry).await;
    let is_there = async |state: &str| {
        let kept = payload(entry.key).await.expect(state);
        assert_eq!(kept.acceptance, entry.acceptance, "{state}");
        assert_eq!((&kept.head, &kept.body), (&entry.head, &entry.body));
    };
    is_there("queued").await;
    let job = only(&*store, A, LONG).await;
    is_there("under lease").await;
    assert_eq!(held(store.retry(&job.fence, LONG).await), Held::Applied);
    finish(&*store, B).await;
    is_there("delayed").await;
    let second = event(&[A]);
    accept_new(&*store, &second).await;
    bury(&*store, A).await;
    assert_eq!(payload(second.key).await.map(|p| p.body), Some(second.body));
    assert!(store.erase(entry.key).await.expect("erase"));
    assert!(payload(entry.key).await.is_none(), "it has ended");
    let unwanted = event(&[]);
    accept_new(&*store, &unwanted).await;
    assert!(payload(unwanted.key).await.is_none(), "nobody's");
}

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

/// So that nobody is told twice, and nobody not at all.
pub async fn the_alert_cursor_never_moves_back(factory: &impl Factory) {
    let store = opened(factory).await;
    for _ in 0..3 {
        accept_new(&*store, &event(&[A, B])).await;
        bury(&*store, A).await;
        bury(&*store, B).await;
    }
    assert_eq!(store.alerted(A).await.expect("alerted"), None);
    let letters = dead(&*store, A).await;
    for (told, stands) in [(1, 1), (0, 1), (2, 2), (1, 2), (2, 2)] {
        store
            .set_alerted(A, &letters[told].entry)
            .await
            .expect("set_alerted");
        let alerted = store.alerted(A).await.expect("alerted");
        assert_eq!(alerted.as_ref(), Some(&letters[stands].entry));
    }
    assert_eq!(store.alerted(B).await.expect("alerted"), None);
    assert_eq!(
        kind(store.set_alerted(A, "nonsense").await),
        StoreErrorKind::Invalid
    );
    assert_eq!(
        kind(store.dead(A, Some("nonsense"), 1).await),
        StoreErrorKind::Invalid
    );
    // It is a position, not a letter: those behind it are found when it has gone.
    assert!(store.discard(A, &letters[1].entry).await.expect("discard"));
    let behind = store
        .dead(A, Some(&letters[1].entry), 9)
        .await
        .expect("dead");
    assert_eq!(behind.len(), 1);
}

/// Each state, and what is left of it afterwards.
pub async fn the_status_says_where_each_job_is(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = Entry {
        window: ms(400),
        ..event(&[B, A])
    };
    assert_eq!(store.status(entry.key).await.expect("status"), None);
    accept_new(&*store, &entry).await;
    let says = async |b, a| {
        let jobs = [(B, b), (A, a)];
        assert_eq!(status(&*store, &entry).await, remembered(&entry, &jobs));
    };
    says(JobState::Queued, JobState::Queued).await;
    let job = only(&*store, A, LONG).await;
    says(JobState::Queued, JobState::Queued).await;
    assert_eq!(held(store.retry(&job.fence, NOW).await), Held::Applied);
    says(JobState::Queued, JobState::Delayed).await;
    assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
    says(JobState::Queued, JobState::Queued).await;
    bury(&*store, A).await;
    says(JobState::Queued, JobState::Dead).await;
    finish(&*store, B).await;
    says(JobState::Done, JobState::Dead).await;
    let letter = dead(&*store, A).await.remove(0);
    assert!(store.replay(A, &letter.entry).await.expect("replay"));
    says(JobState::Done, JobState::Queued).await;
    finish(&*store, A).await;
    says(JobState::Done, JobState::Done).await;
    pause(ms(500)).await;
    assert_eq!(store.status(entry.key).await.expect("status"), None);
}

/// Retention.
pub async fn sweeping_discards_the_oldest_dead_letters(factory: &impl Factory) {
    let store = opened(factory).await;
    for _ in 0..3 {
        accept_new(&*store, &event(&[A, B])).await;
        bury(&*store, A).await;
        bury(&*store, B).await;
    }
    let letters = dead(&*store, A).await;
    let sweep = async |older, max| store.sweep(older, max).await.expect("sweep");
    assert_eq!(sweep(LONG, 10).await, 0);
    assert_eq!(sweep(Duration::MAX, 10).await, 0);
    pause(ms(1_200)).await;
    accept_new(&*store, &event(&[A])).await;
    bury(&*store, A).await;
    assert_eq!(sweep(ms(900), 0).await, 0);
    assert_eq!(sweep(ms(900), 2).await, 2);
    let left: Vec<_> = dead(&*store, A)
        .await
        .into_iter()
        .map(|l| l.entry)
        .collect();
    assert_eq!(
        (left.len(), &left[0]),
        (2, &letters[2].entry),
        "oldest first"
    );
    assert_eq!(sweep(ms(900), 10).await, 4);
    assert_eq!(counts(&*store, A).await, [0, 0, 0, 1]);
    assert_eq!(counts(&*store, B).await, [0; 4]);
    assert_eq!(
        store.stats().await.expect("stats").bytes,
        9,
        "the young one's"
    );
}

/// Retention of what nobody will ask for: it takes up room, too.
pub async fn sweeping_gives_up_the_oldest_unrouted_events(factory: &impl Factory) {
    let store = opened(factory).await;
    let old = [(); 3].map(|()| event(&[]));
    for entry in &old {
        accept_new(&*store, entry).await;
    }
    accept_new(&*store, &event(&[A])).await;
    bury(&*store, A).await;
    let sweep = async |older, max| store.sweep(older, max).await.expect("sweep");
    assert_eq!(sweep(LONG, 10).await, 0);
    assert_eq!(sweep(Duration::MAX, 10).await, 0);
    pause(ms(1_200)).await;
    let young = event(&[]);
    accept_new(&*store, &young).await;
    assert_eq!(sweep(ms(900), 0).await, 0);
    // A dead letter and one of them count alike.
    assert_eq!(sweep(ms(900), 2).await, 2);
    let left = async || {
        let left = store.unrouted(None, 10).await.expect("unrouted");
        left.iter().map(|event| event.key).collect::<Vec<_>>()
    };
    assert_eq!(left().await, [old[1].key, old[2].key, young.key]);
    assert_eq!(counts(&*store, A).await, [0; 4]);
    assert_eq!(sweep(ms(900), 10).await, 2);
    assert_eq!(left().await, [young.key]);
    let stats = store.stats().await.expect("stats");
    assert_eq!((stats.unrouted, stats.bytes), (1, 9));
    // Given up is not forgotten: the window holds.
    assert_ne!(store.accept(again(&old[0])).await.expect("accept"), NEW);
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

async fn status(store: &dyn Store, entry: &Entry) -> Option<Remembered> {
    store.status(entry.key).await.expect("status")
}

fn remembered(entry: &Entry, jobs: &[(&str, JobState)]) -> Option<Remembered> {
    Some(Remembered {
        acceptance: entry.acceptance,
        jobs: jobs
            .iter()
            .map(|&(name, state)| (Arc::from(name), state))
            .collect(),
    })
}
