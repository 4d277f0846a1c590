//! Dead letters and payloads as they are looked at.

use super::*;
use crate::clock::{Clock, SystemClock};

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
