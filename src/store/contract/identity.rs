//! Who is new, who is a duplicate, and for how long.

use super::*;

/// Point 1.
pub async fn an_accepted_event_is_leased_as_it_was_given(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = event(&[A]);
    accept_new(&*store, &entry).await;
    let job = only(&*store, A, LONG).await;
    assert_eq!((job.key, job.fence.key), (entry.key, entry.key));
    assert_eq!(job.fence.acceptance, entry.acceptance);
    assert_eq!((&job.head, &job.body), (&entry.head, &entry.body));
    assert_eq!((job.attempt, job.deliveries), (0, 1));
    assert_eq!((&*job.fence.handler, job.fence.lease), (A, LONG));
}

/// Point 3.
pub async fn concurrent_accepts_of_one_key_give_one_new(factory: &impl Factory) {
    let store = opened(factory).await;
    for _ in 0..20 {
        let entry = event(&[A, B]);
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (store, entry) = (Arc::clone(&store), again(&entry));
            tries.spawn(async move {
                let answer = store.accept(entry.clone()).await.expect("accept");
                (entry.acceptance, answer)
            });
        }
        let answers = tries.join_all().await;
        let new: Vec<_> = answers
            .iter()
            .filter(|(_, answer)| *answer == NEW)
            .collect();
        assert_eq!(new.len(), 1, "one of sixteen is new");
        for (_, answer) in answers.iter().filter(|(_, answer)| *answer != NEW) {
            let stands = Accepted::Duplicate {
                acceptance: new[0].0,
                same_body: true,
                dead: false,
            };
            assert_eq!(*answer, stands);
        }
    }
    assert_eq!(counts(&*store, A).await, [20, 0, 0, 0]);
    assert_eq!(counts(&*store, B).await, [20, 0, 0, 0]);
}

/// Point 1: what a caller does who got no answer.
pub async fn an_accept_may_be_repeated(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = event(&[A]);
    accept_new(&*store, &entry).await;
    let acceptance = entry.acceptance;
    let repeated = store.accept(entry).await.expect("accept");
    assert_eq!(
        repeated,
        Accepted::Duplicate {
            acceptance,
            same_body: true,
            dead: false
        }
    );
    assert_eq!(counts(&*store, A).await, [1, 0, 0, 0]);
}

/// Point 3.
pub async fn a_duplicate_tells_what_stands(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = event(&[A, B]);
    accept_new(&*store, &entry).await;
    let stands = |same_body, dead| {
        let acceptance = entry.acceptance;
        Accepted::Duplicate {
            acceptance,
            same_body,
            dead,
        }
    };
    let other_body = Entry {
        digest: *b"digest-2",
        ..again(&entry)
    };
    assert_eq!(
        store.accept(other_body.clone()).await.expect("accept"),
        stands(false, false)
    );
    let job = only(&*store, A, LONG).await;
    assert_eq!(
        store.accept(again(&entry)).await.expect("accept"),
        stands(true, false)
    );
    assert_eq!(
        store.bury(&job.fence, "broken").await.expect("bury"),
        Held::Applied
    );
    assert_eq!(
        store.accept(again(&entry)).await.expect("accept"),
        stands(true, true)
    );
    finish(&*store, B).await;
    assert_eq!(
        store.accept(again(&entry)).await.expect("accept"),
        stands(true, true)
    );
    assert_eq!(
        store.accept(other_body).await.expect("accept"),
        stands(false, true)
    );

    let other = event(&[A]);
    accept_new(&*store, &other).await;
    finish(&*store, A).await;
    let answer = store.accept(again(&other)).await.expect("accept");
    let acceptance = other.acceptance;
    assert_eq!(
        answer,
        Accepted::Duplicate {
            acceptance,
            same_body: true,
            dead: false
        }
    );
}

/// Point 3.
pub async fn the_window_starts_at_the_last_done(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = Entry {
        window: ms(400),
        ..event(&[A, B])
    };
    accept_new(&*store, &entry).await;
    finish(&*store, A).await;
    pause(ms(500)).await;
    assert_ne!(
        store.accept(again(&entry)).await.expect("accept"),
        NEW,
        "b is not done yet"
    );
    finish(&*store, B).await;
    pause(ms(100)).await;
    assert_ne!(
        store.accept(again(&entry)).await.expect("accept"),
        NEW,
        "the window has begun"
    );
    pause(ms(500)).await;
    accept_new(&*store, &again(&entry)).await;
}

/// Point 3: however long it takes.
pub async fn no_window_runs_while_jobs_are_queued_delayed_or_dead(factory: &impl Factory) {
    let store = opened(factory).await;
    let short = || Entry {
        window: ms(50),
        ..event(&[A])
    };
    let (delayed, dead, queued, leased) = (short(), short(), short(), short());
    accept_new(&*store, &delayed).await;
    let job = only(&*store, A, LONG).await;
    assert_eq!(
        store.retry(&job.fence, LONG).await.expect("retry"),
        Held::Applied
    );
    accept_new(&*store, &dead).await;
    let job = only(&*store, A, LONG).await;
    assert_eq!(
        store.bury(&job.fence, "broken").await.expect("bury"),
        Held::Applied
    );
    accept_new(&*store, &leased).await;
    only(&*store, A, LONG).await;
    accept_new(&*store, &queued).await;
    pause(ms(150)).await;
    for entry in [&delayed, &dead, &queued, &leased] {
        let answer = store.accept(again(entry)).await.expect("accept");
        assert_ne!(
            answer, NEW,
            "a record must not expire before its event is done"
        );
    }
    assert_eq!(counts(&*store, A).await, [1, 1, 1, 1]);
}

/// Points 3 and 4.
pub async fn a_later_acceptance_is_out_of_reach_for_an_older_ones_worker(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = Entry {
        window: ms(50),
        ..event(&[A])
    };
    accept_new(&*store, &entry).await;
    let old = only(&*store, A, LONG).await;
    assert_eq!(store.done(&old.fence).await.expect("done"), Held::Applied);
    pause(ms(150)).await;
    let later = Entry {
        body: Bytes::from_static(b"later"),
        ..again(&entry)
    };
    accept_new(&*store, &later).await;
    all_lost(&*store, &old.fence).await;
    let job = only(&*store, A, LONG).await;
    assert_eq!(job.body, later.body);
    all_lost(&*store, &old.fence).await;
    assert_eq!(store.done(&job.fence).await.expect("done"), Held::Applied);
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}
