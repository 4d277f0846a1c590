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
