//! Waiting for jobs.

use std::time::Instant;

use super::*;

/// Waiting costs no latency.
pub async fn a_waiting_lease_returns_promptly_when_a_job_arrives(factory: &impl Factory) {
    let store = opened(factory).await;
    // Also one that was put back: arrival is arrival.
    for put_back in [false, true] {
        let held = if put_back {
            accept_new(&*store, &event(&[A])).await;
            Some(only(&*store, A, LONG).await)
        } else {
            None
        };
        let waiting = {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let wait = Duration::from_secs(20);
                let request = LeaseRequest {
                    handler: A,
                    max: 1,
                    lease: LONG,
                    wait,
                };
                let jobs = store.lease(request).await.expect("lease");
                (jobs, Instant::now())
            })
        };
        pause(ms(150)).await;
        assert!(!waiting.is_finished());
        let arrived = Instant::now();
        match held {
            None => accept_new(&*store, &event(&[A])).await,
            Some(job) => {
                assert_eq!(
                    store.hand_back(&job.fence).await.expect("hand_back"),
                    Held::Applied
                );
            }
        }
        let (jobs, returned) = waiting.await.expect("task");
        assert_eq!(jobs.len(), 1);
        // A poll once a second would be caught.
        assert!(
            returned.duration_since(arrived) < ms(500),
            "{:?}",
            returned - arrived
        );
        assert_eq!(
            store.done(&jobs[0].fence).await.expect("done"),
            Held::Applied
        );
    }
}

/// Neither at once nor much later.
pub async fn a_lease_without_jobs_returns_after_its_wait(factory: &impl Factory) {
    let store = opened(factory).await;
    let started = Instant::now();
    assert!(lease(&*store, A, 1, LONG).await.is_empty());
    assert!(started.elapsed() < ms(500));
    let started = Instant::now();
    let request = LeaseRequest {
        handler: A,
        max: 1,
        lease: LONG,
        wait: ms(200),
    };
    assert!(store.lease(request).await.expect("lease").is_empty());
    assert!(
        (ms(195)..ms(1_000)).contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
}

/// For longer than the lease, that is.
pub async fn a_dropped_lease_loses_nothing(factory: &impl Factory) {
    let store = opened(factory).await;
    for i in 0..20 {
        let wait = Duration::from_secs(5);
        let request = LeaseRequest {
            handler: A,
            max: 1,
            lease: ms(200),
            wait,
        };
        let dropped = tokio::time::timeout(ms(i), store.lease(request));
        let (dropped, ()) = tokio::join!(dropped, async {
            pause(ms(i)).await;
            accept_new(&*store, &event(&[A])).await;
        });
        let job = match dropped {
            Ok(jobs) => jobs.expect("lease").remove(0),
            Err(_) => {
                let wait = ms(1_500);
                let request = LeaseRequest {
                    handler: A,
                    max: 1,
                    lease: ms(200),
                    wait,
                };
                store
                    .lease(request)
                    .await
                    .expect("lease")
                    .pop()
                    .expect("the job is still there")
            }
        };
        assert_eq!(store.done(&job.fence).await.expect("done"), Held::Applied);
        assert_eq!(counts(&*store, A).await, [0; 4]);
    }
}

/// By the store's clock, and of those that wait only.
pub async fn the_age_of_the_oldest_waiting_job_is_told(factory: &impl Factory) {
    let store = opened(factory).await;
    let age = async |handler: &str| {
        let stats = store.stats().await.expect("stats");
        let mut handlers = stats.handlers.into_iter();
        handlers
            .find(|h| h.handler == handler)
            .expect("listed")
            .oldest
    };
    let is_about = |age: Option<Duration>, expected: u64| {
        let age = age.expect("one waits");
        assert!((ms(expected)..ms(expected + 900)).contains(&age), "{age:?}");
    };
    assert_eq!(age(A).await, None);
    accept_new(&*store, &event(&[A, B])).await;
    pause(ms(1_000)).await;
    accept_new(&*store, &event(&[A, B])).await;
    is_about(age(A).await, 1_000);
    // What is under lease does not wait.
    let first = lease(&*store, A, 1, LONG).await.remove(0);
    is_about(age(A).await, 0);
    is_about(age(B).await, 1_000);
    let second = lease(&*store, A, 1, LONG).await.remove(0);
    assert_eq!(age(A).await, None);
    // Nor does what is delayed or dead; promoted and replayed it is queued anew.
    assert_eq!(held(store.retry(&first.fence, NOW).await), Held::Applied);
    assert_eq!(held(store.bury(&second.fence, "no").await), Held::Applied);
    assert_eq!(age(A).await, None);
    let letter = dead(&*store, A).await.remove(0);
    pause(ms(1_000)).await;
    assert!(store.replay(A, &letter.entry).await.expect("replay"));
    is_about(age(A).await, 0);
    assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
    // Handed back it waits again, and for no longer than since it was accepted.
    for job in lease(&*store, A, 2, LONG).await {
        assert_eq!(held(store.hand_back(&job.fence).await), Held::Applied);
    }
    is_about(age(A).await, 0);
    is_about(age(B).await, 2_000);
}
