//! The contract of [`Claims`].

use std::sync::Arc;

use bytes::Bytes;

use super::{LONG, fresh, ms, pause};
use crate::store::{Claim, ClaimToken, Claims, DedupKey, Held};

/// Checks every point of the contract of [`Claims`].
///
/// # Panics
/// When the store breaks it.
pub async fn claims(store: Arc<dyn Claims>) {
    one_caller_runs_until_it_settles(&*store).await;
    a_released_key_is_free(&*store).await;
    a_lease_that_ends_frees_the_key_and_fences_its_holder(&*store).await;
    renewing_keeps_it(&*store).await;
    what_is_settled_is_forgotten_after_its_time(&*store).await;
    of_many_callers_one_is_granted(store).await;
}

fn names() -> (DedupKey, ClaimToken, ClaimToken) {
    (DedupKey(fresh()), ClaimToken(fresh()), ClaimToken(fresh()))
}

async fn one_caller_runs_until_it_settles(store: &dyn Claims) {
    let (key, mine, other) = names();
    assert_eq!(
        store.claim(key, mine, LONG).await.expect("claim"),
        Claim::Granted
    );
    assert_eq!(
        store.claim(key, mine, LONG).await.expect("again"),
        Claim::Granted
    );
    match store.claim(key, other, LONG).await.expect("claim") {
        Claim::Held(left) => assert!(left <= LONG && left > LONG / 2, "{left:?}"),
        answer => panic!("{answer:?}"),
    }
    let reply = Bytes::from_static(b"\x00\xffreply");
    assert_eq!(
        store
            .settle(key, other, LONG, reply.clone())
            .await
            .expect("settle"),
        Held::Lost
    );
    assert_eq!(
        store.release(key, other).await.expect("release"),
        Held::Lost
    );
    assert_eq!(
        store
            .settle(key, mine, LONG, reply.clone())
            .await
            .expect("settle"),
        Held::Applied
    );
    for token in [mine, other] {
        let answer = store.claim(key, token, LONG).await.expect("claim");
        assert_eq!(answer, Claim::Settled(reply.clone()));
        assert_eq!(
            store.release(key, token).await.expect("release"),
            Held::Lost
        );
        assert_eq!(
            store.renew(key, token, LONG).await.expect("renew"),
            Held::Lost
        );
    }
}

async fn a_released_key_is_free(store: &dyn Claims) {
    let (key, mine, other) = names();
    let _ = store.claim(key, mine, LONG).await.expect("claim");
    assert_eq!(
        store.release(key, mine).await.expect("release"),
        Held::Applied
    );
    assert_eq!(
        store.claim(key, other, LONG).await.expect("claim"),
        Claim::Granted
    );
    assert_eq!(store.release(key, mine).await.expect("release"), Held::Lost);
}

async fn a_lease_that_ends_frees_the_key_and_fences_its_holder(store: &dyn Claims) {
    let (key, mine, other) = names();
    assert_eq!(
        store.claim(key, mine, ms(60)).await.expect("claim"),
        Claim::Granted
    );
    pause(ms(120)).await;
    assert_eq!(
        store.renew(key, mine, LONG).await.expect("renew"),
        Held::Lost
    );
    assert_eq!(
        store.claim(key, other, LONG).await.expect("claim"),
        Claim::Granted
    );
    let late = store
        .settle(key, mine, LONG, Bytes::new())
        .await
        .expect("settle");
    assert_eq!(late, Held::Lost);
    assert_eq!(store.release(key, mine).await.expect("release"), Held::Lost);
    assert_eq!(
        store.renew(key, other, LONG).await.expect("renew"),
        Held::Applied
    );
}

async fn renewing_keeps_it(store: &dyn Claims) {
    let (key, mine, other) = names();
    let _ = store.claim(key, mine, ms(600)).await.expect("claim");
    for _ in 0..4 {
        pause(ms(200)).await;
        assert_eq!(
            store.renew(key, mine, ms(600)).await.expect("renew"),
            Held::Applied
        );
    }
    assert!(matches!(
        store.claim(key, other, LONG).await.expect("claim"),
        Claim::Held(_)
    ));
}

async fn what_is_settled_is_forgotten_after_its_time(store: &dyn Claims) {
    let (key, mine, other) = names();
    let _ = store.claim(key, mine, LONG).await.expect("claim");
    let settled = store
        .settle(key, mine, ms(60), Bytes::new())
        .await
        .expect("settle");
    assert_eq!(settled, Held::Applied);
    pause(ms(120)).await;
    assert_eq!(
        store.claim(key, other, LONG).await.expect("claim"),
        Claim::Granted
    );
}

async fn of_many_callers_one_is_granted(store: Arc<dyn Claims>) {
    for _ in 0..20 {
        let key = DedupKey(fresh());
        let callers = (0..16).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.claim(key, ClaimToken(fresh()), LONG).await })
        });
        let mut granted = 0;
        for caller in callers.collect::<Vec<_>>() {
            let answer = caller.await.expect("no panic").expect("claim");
            granted += usize::from(answer == Claim::Granted);
        }
        assert_eq!(granted, 1);
    }
}
