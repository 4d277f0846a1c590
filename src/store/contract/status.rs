//! What became of an event.

use std::collections::BTreeSet;

use super::*;

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
    says(JobState::Queued, JobState::Processing).await;
    assert_eq!(held(store.hand_back(&job.fence).await), Held::Applied);
    says(JobState::Queued, JobState::Queued).await;
    let job = only(&*store, A, LONG).await;
    assert_eq!(held(store.retry(&job.fence, NOW).await), Held::Applied);
    // However long it has been due: it is queued by somebody's promote.
    pause(ms(5)).await;
    let [(_, b), (_, a)] = &*status(&*store, &entry).await.expect("open").jobs else {
        panic!("two jobs");
    };
    assert_eq!([b.name(), a.name()], ["queued", "delayed"]);
    assert_eq!(store.promote(A, 1).await.expect("promote").moved, 1);
    says(JobState::Queued, JobState::Queued).await;
    let job = only(&*store, A, LONG).await;
    let why = "no route:\tü\n\"x\"";
    assert_eq!(held(store.bury(&job.fence, why).await), Held::Applied);
    says(JobState::Queued, dead_of(why)).await;
    finish(&*store, B).await;
    says(JobState::Done, dead_of(why)).await;
    let letter = dead(&*store, A).await.remove(0);
    assert!(store.replay(A, &letter.entry).await.expect("replay"));
    says(JobState::Done, JobState::Queued).await;
    bury(&*store, A).await;
    says(JobState::Done, dead_of("broken")).await;
    let requeued = store.requeue(entry.key, entry.acceptance).await;
    assert_eq!(requeued.expect("requeue"), 1);
    says(JobState::Done, JobState::Queued).await;
    finish(&*store, A).await;
    says(JobState::Done, JobState::Done).await;
    pause(ms(500)).await;
    assert_eq!(store.status(entry.key).await.expect("status"), None);
}

/// Whether anybody looked for it or not.
pub async fn a_job_whose_lease_ran_out_is_queued_in_the_status(factory: &impl Factory) {
    let store = opened(factory).await;
    let entry = event(&[A]);
    accept_new(&*store, &entry).await;
    let says = async |state| {
        let right = remembered(&entry, &[(A, state)]);
        assert_eq!(status(&*store, &entry).await, right);
    };
    let job = only(&*store, A, ms(2_000)).await;
    says(JobState::Processing).await;
    pause(ms(1_000)).await;
    assert_eq!(held(store.extend(&job.fence).await), Held::Applied);
    pause(ms(1_200)).await;
    says(JobState::Processing).await;
    pause(ms(1_200)).await;
    says(JobState::Queued).await;
    let other = only(&*store, A, LONG).await;
    says(JobState::Processing).await;
    all_lost(&*store, &job.fence).await;
    says(JobState::Processing).await;
    assert_eq!(held(store.done(&other.fence).await), Held::Applied);
    says(JobState::Done).await;
}

/// Times of death are by that clock as well: one before and one after tell what is right.
pub async fn the_status_says_by_the_stores_clock_when_a_job_is_due(factory: &impl Factory) {
    let store = opened(factory).await;
    let clock = async || {
        accept_new(&*store, &event(&[B])).await;
        bury(&*store, B).await;
        dead(&*store, B).await.pop().expect("buried").at
    };
    for (delay, postponed) in [(NOW, false), (LONG, true), (ms(90_001), false)] {
        let entry = event(&[A]);
        accept_new(&*store, &entry).await;
        let job = only(&*store, A, LONG).await;
        let before = clock().await;
        let held = match postponed {
            true => store.postpone(&job.fence, delay).await,
            false => store.retry(&job.fence, delay).await,
        };
        assert_eq!(held.expect("held"), Held::Applied);
        let after = clock().await;
        let jobs = status(&*store, &entry).await.expect("open").jobs;
        let [(_, JobState::Delayed { due })] = &*jobs else {
            panic!("not delayed: {jobs:?}");
        };
        let right = before.saturating_add(delay)..=after.saturating_add(delay);
        assert!(right.contains(due), "{due:?}, not in {right:?}");
    }
}

/// Whatever happens to its jobs meanwhile, and although it is finished, forgotten and accepted anew
/// for another handler.
pub async fn the_status_is_told_while_jobs_move(factory: &impl Factory) {
    let store = opened(factory).await;
    let (entry, looks) = (event(&[A]), Arc::new(AtomicU64::new(0)));
    let looking = tokio::spawn(look(Arc::clone(&store), entry.key, Arc::clone(&looks)));
    // Two later, one of them has begun since; what comes next meets one that is under way.
    let seen = async || {
        let before = looks.load(Ordering::Relaxed);
        while looks.load(Ordering::Relaxed) < before + 2 && !looking.is_finished() {
            pause(ms(1)).await;
        }
    };
    for round in 0..10 {
        let handler = [A, B][round % 2];
        let entry = Entry {
            window: ms(1),
            routes: vec![Arc::from(handler)],
            ..again(&entry)
        };
        accept_new(&*store, &entry).await;
        seen().await;
        let job = only(&*store, handler, LONG).await;
        seen().await;
        assert_eq!(held(store.hand_back(&job.fence).await), Held::Applied);
        let job = only(&*store, handler, LONG).await;
        assert_eq!(held(store.retry(&job.fence, NOW).await), Held::Applied);
        pause(ms(2)).await;
        seen().await;
        assert_eq!(store.promote(handler, 1).await.expect("promote").moved, 1);
        bury(&*store, handler).await;
        seen().await;
        let requeued = store.requeue(entry.key, entry.acceptance).await;
        assert_eq!(requeued.expect("requeue"), 1);
        finish(&*store, handler).await;
        pause(ms(4)).await;
    }
    looks.store(OVER, Ordering::Relaxed);
    let told = looking.await.expect("every look is answered");
    for handler in [A, B] {
        for state in ["queued", "processing", "delayed", "dead"] {
            let seen = told.contains(&(Arc::from(handler), state));
            assert!(seen, "{handler} {state} is not in {told:?}");
        }
    }
}

/// Looks at an event with one job until it is over; what it was told.
async fn look(
    store: Arc<dyn Store>,
    key: DedupKey,
    looks: Arc<AtomicU64>,
) -> BTreeSet<(Arc<str>, &'static str)> {
    let mut told = BTreeSet::new();
    while looks.load(Ordering::Relaxed) < OVER {
        // A store in memory never waits.
        tokio::task::yield_now().await;
        if let Some(found) = store.status(key).await.expect("status") {
            let [(handler, state)] = &*found.jobs else {
                panic!("not one job: {found:?}");
            };
            told.insert((Arc::clone(handler), state.name()));
        }
        looks.fetch_add(1, Ordering::Relaxed);
    }
    told
}

/// More looks than there will be.
const OVER: u64 = 1 << 40;
