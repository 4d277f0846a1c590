//! What has been there for long is given up.

use super::*;

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
