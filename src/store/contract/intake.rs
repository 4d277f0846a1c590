//! What is taken in, and what is not.

use super::*;
use crate::store::Stats;

/// The registry's revision guards the routes.
pub async fn stale_routes_change_nothing(factory: &impl Factory) {
    let store = opened(factory).await;
    let before = stats(&*store).await;
    for revision in [0, 2] {
        let entry = Entry {
            revision,
            ..event(&[A])
        };
        assert_eq!(
            store.accept(entry).await.expect("accept"),
            Accepted::StaleRoutes
        );
    }
    assert_eq!(stats(&*store).await, before);
    let entry = event(&[A]);
    accept_new(&*store, &entry).await;
    store.declare(&handlers(&["c"])).await.expect("declare");
    let answer = store.accept(event(&[A])).await.expect("accept");
    assert_eq!(answer, Accepted::StaleRoutes);
    // What is stored is stored, whatever has been declared since.
    let answer = store.accept(again(&entry)).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { .. }));
}

/// An event without routes is kept, and its window starts at once.
pub async fn what_nobody_wants_is_kept(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = Entry {
        window: ms(300),
        ..event(&[])
    };
    accept_new(&*store, &entry).await;
    let Stats {
        unrouted, bytes, ..
    } = store.stats().await.expect("stats");
    assert_eq!((unrouted, bytes), (1, 9));
    assert_ne!(store.accept(again(&entry)).await.expect("accept"), NEW);
    pause(ms(400)).await;
    accept_new(&*store, &again(&entry)).await;
    assert_eq!(store.stats().await.expect("stats").unrouted, 2);
    assert_eq!(counts(&*store, A).await, [0; 4]);
}

/// The same bytes under another id.
pub async fn the_replay_guard_flags_and_rejects_repeated_bytes(factory: &impl Factory) {
    let store = opened(factory).await;
    let body = DedupKey(fresh());
    let guarded = |replay_guard| Entry {
        replay_guard,
        window: ms(1_000),
        ..event(&[A])
    };
    let first = guarded(ReplayGuard::Flag(body));
    accept_new(&*store, &first).await;
    let flagged = store
        .accept(guarded(ReplayGuard::Flag(body)))
        .await
        .expect("accept");
    assert_eq!(
        flagged,
        Accepted::New {
            repeated_bytes: true,
            overflowed: false,
        }
    );
    let before = stats(&*store).await;
    let rejected = guarded(ReplayGuard::Reject(body));
    let answer = store.accept(rejected.clone()).await.expect("accept");
    assert_eq!(answer, Accepted::RepeatedBytes);
    assert_eq!(stats(&*store).await, before);
    // A redelivery under the same id is a duplicate first.
    let duplicate = Entry {
        replay_guard: ReplayGuard::Reject(body),
        ..again(&first)
    };
    let answer = store.accept(duplicate).await.expect("accept");
    assert!(matches!(answer, Accepted::Duplicate { .. }));
    accept_new(&*store, &guarded(ReplayGuard::Off)).await;
    accept_new(&*store, &guarded(ReplayGuard::Reject(DedupKey(fresh())))).await;
    pause(ms(1_200)).await;
    accept_new(&*store, &rejected).await;
}

/// NUL, what is not UTF-8, nothing, and a mebibyte.
pub async fn payloads_are_any_bytes(factory: &impl Factory) {
    let store = opened(factory).await;
    let all: Bytes = (0..=255).collect();
    let large: Bytes = (0..1 << 20).map(|i: u32| ((i * 31) >> 3) as u8).collect();
    for bytes in [
        all,
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"\r\n\xff\xfe"),
        Bytes::new(),
        large,
    ] {
        let entry = Entry {
            head: bytes.clone(),
            body: bytes.clone(),
            ..event(&[A])
        };
        accept_new(&*store, &entry).await;
        let job = only(&*store, A, LONG).await;
        assert!(
            job.head == bytes && job.body == bytes,
            "{} bytes came back changed",
            bytes.len()
        );
        assert_eq!(store.done(&job.fence).await.expect("done"), Held::Applied);
    }
    for id in [[0; 16], [0xff; 16], *b"\r\n0123456789\0{}$"] {
        let (key, acceptance) = (DedupKey(id), AcceptanceId(id));
        accept_new(
            &*store,
            &Entry {
                key,
                acceptance,
                digest: [0; 8],
                ..event(&[A])
            },
        )
        .await;
        let job = only(&*store, A, LONG).await;
        assert_eq!((job.key, job.fence.acceptance), (key, acceptance));
        assert_eq!(
            store.retry(&job.fence, NOW).await.expect("retry"),
            Held::Applied
        );
        assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
        let job = only(&*store, A, LONG).await;
        assert_eq!(
            (job.key, job.fence.acceptance, job.attempt),
            (key, acceptance, 1)
        );
        assert_eq!(store.done(&job.fence).await.expect("done"), Held::Applied);
    }
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}
