//! One owner at a time.

use std::collections::HashSet;

use super::*;

/// Point 4.
pub async fn a_job_is_leased_to_one_worker(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    let job = only(&*store, A, LONG).await;
    assert!(lease(&*store, A, 1, LONG).await.is_empty());
    assert_eq!(counts(&*store, A).await, [0, 1, 0, 0]);
    assert_eq!(store.done(&job.fence).await.expect("done"), Held::Applied);
    assert_eq!(counts(&*store, A).await, [0; 4]);
}

/// Point 4, under contention.
pub async fn each_job_goes_to_one_of_many_workers(factory: &impl Factory) {
    let store = opened(factory).await;
    for _ in 0..200 {
        accept_new(&*store, &event(&[A])).await;
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            let mut keys = Vec::new();
            loop {
                let jobs = lease(&*store, A, 7, LONG).await;
                if jobs.is_empty() {
                    return keys;
                }
                for job in jobs {
                    keys.push(job.key);
                    assert_eq!(store.done(&job.fence).await.expect("done"), Held::Applied);
                }
            }
        });
    }
    let keys = workers.join_all().await.concat();
    assert_eq!(keys.len(), 200);
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 200);
}

/// Point 4.
pub async fn a_lease_that_ran_out_is_taken_over_with_one_delivery_more(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    let mut tokens = HashSet::new();
    for deliveries in 1..=3 {
        let job = only(&*store, A, ms(600)).await;
        assert_eq!((job.attempt, job.deliveries), (0, deliveries));
        assert!(tokens.insert((job.fence.entry.clone(), job.fence.token)));
        pause(ms(100)).await;
        assert!(
            lease(&*store, A, 1, LONG).await.is_empty(),
            "the lease still runs"
        );
        pause(ms(600)).await;
    }
}

/// Nobody needs to ask again.
pub async fn one_who_waits_gets_a_lease_that_runs_out_meanwhile(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    let old = only(&*store, A, ms(200)).await;
    let request = LeaseRequest {
        handler: A,
        max: 1,
        lease: ms(200),
        wait: ms(2_000),
    };
    let jobs = store.lease(request).await.expect("lease");
    assert_eq!((jobs.len(), jobs[0].deliveries), (1, 2));
    all_lost(&*store, &old.fence).await;
}

/// A lease is as long as its owner asked for, whoever looks.
pub async fn leases_of_different_lengths_end_each_in_its_own_time(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    let long = only(&*store, A, LONG).await;
    accept_new(&*store, &event(&[A])).await;
    let short = only(&*store, A, ms(100)).await;
    pause(ms(200)).await;
    let taken = lease(&*store, A, 10, ms(50)).await;
    assert_eq!(
        taken.iter().map(|job| job.key).collect::<Vec<_>>(),
        [short.key]
    );
    pause(ms(100)).await;
    let taken = lease(&*store, A, 10, LONG).await;
    assert_eq!(
        taken.iter().map(|job| job.key).collect::<Vec<_>>(),
        [short.key]
    );
    assert_eq!(store.done(&long.fence).await.expect("done"), Held::Applied);
}

/// With its full length, from the moment of extending.
pub async fn an_extended_lease_is_not_taken_over(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A])).await;
    let job = only(&*store, A, ms(1_000)).await;
    for _ in 0..3 {
        pause(ms(500)).await;
        assert_eq!(
            store.extend(&job.fence).await.expect("extend"),
            Held::Applied
        );
        assert!(lease(&*store, A, 1, LONG).await.is_empty());
    }
    pause(ms(1_200)).await;
    let next = only(&*store, A, LONG).await;
    assert_eq!(next.deliveries, 2, "extending is no delivery");
    assert_eq!(store.extend(&job.fence).await.expect("extend"), Held::Lost);
}

/// Point 4: its lease was taken over.
pub async fn a_zombie_changes_nothing(factory: &impl Factory) {
    let store = opened(factory).await;
    accept_new(&*store, &event(&[A, B])).await;
    let zombie = only(&*store, A, ms(50)).await;
    pause(ms(150)).await;
    let owner = only(&*store, A, LONG).await;
    let before = stats(&*store).await;
    all_lost(&*store, &zombie.fence).await;
    assert_eq!(stats(&*store).await, before);
    assert_eq!(
        store.extend(&owner.fence).await.expect("extend"),
        Held::Applied
    );
    assert_eq!(store.done(&owner.fence).await.expect("done"), Held::Applied);
    all_lost(&*store, &zombie.fence).await;
    finish(&*store, B).await;
    assert_eq!(store.stats().await.expect("stats").bytes, 0);
}

/// Point 5: each of the ways to end it.
pub async fn a_job_ends_once(factory: &impl Factory) {
    let store = opened(factory).await;
    for end in 0..3 {
        accept_new(&*store, &event(&[A])).await;
        let job = only(&*store, A, LONG).await;
        let held = match end {
            0 => store.done(&job.fence).await,
            1 => store.retry(&job.fence, LONG).await,
            _ => store.bury(&job.fence, "broken").await,
        };
        assert_eq!(held.expect("first end"), Held::Applied);
        let before = stats(&*store).await;
        all_lost(&*store, &job.fence).await;
        assert_eq!(stats(&*store).await, before);
    }
    assert_eq!(counts(&*store, A).await, [0, 0, 1, 1]);
}
