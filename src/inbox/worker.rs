use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Instant, error::Elapsed, sleep, sleep_until, timeout_at},
};

use super::{
    breaker::{BreakerState, Circuit, Permit},
    failure::{Failure, Next},
    handler::{Declared, Handler, MAX_DELIVERIES},
    job::{Job, key_text},
    retry::jittered,
    stored,
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Fence, Held, LeaseRequest, Leased, Store, StoreFuture},
    telemetry,
};

/// How long one call waits for work. Long enough to cost nothing while idle.
pub(super) const WAIT: Duration = Duration::from_secs(5);

/// How late a retry of another process may be noticed.
const LOOK_FOR_DUE: Duration = Duration::from_secs(1);

/// After a store error, before the next try.
pub(super) const AFTER_ERROR: Duration = Duration::from_millis(500);

/// The two stops of a worker.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Stop {
    Not,
    /// Lease nothing more and finish what runs.
    Drain,
    /// Hand back what still runs.
    Now,
}

/// Resolves when the stop has got that far.
pub(super) async fn stopped(stop: &mut watch::Receiver<Stop>, at: Stop) {
    // The sender lives as long as the inbox does; without it there is nothing left to do.
    let _ = stop.wait_for(|now| *now >= at).await;
}

/// Tells the promoter of a handler when the next retry is due.
#[derive(Clone, Debug)]
pub(super) struct Due(Arc<watch::Sender<Instant>>);

impl Due {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Instant::now())))
    }

    /// Something is due at this time.
    pub(super) fn earlier(&self, at: Instant) {
        self.0.send_modify(|due| {
            let over = *due <= Instant::now();
            *due = if over { at } else { at.min(*due) };
        });
    }
}

/// Everything that working on one handler's jobs needs.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) store: Arc<dyn Store>,
    pub(super) declared: Arc<Declared>,
    pub(super) due: Due,
    pub(super) circuit: Arc<Mutex<Circuit>>,
    pub(super) stop: watch::Receiver<Stop>,
}

impl Worker {
    /// Leases and runs jobs until the stop, then waits for those that run.
    pub(super) async fn run(self, handler: Arc<dyn Handler>) {
        let worker = Arc::new(self);
        let options = worker.declared.options;
        let permits = Arc::new(Semaphore::new(options.concurrency));
        let (mut jobs, mut stop) = (JoinSet::new(), worker.stop.clone());
        let mut promoter = JoinSet::new();
        promoter.spawn(Self::clone(&worker).promote());
        loop {
            // Wait until one job could start, then lease as many as could.
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                break;
            };
            drop(permit);
            let permit = worker.circuit().permit(Instant::now());
            let max = match permit {
                Permit::Any => permits.available_permits().max(1),
                Permit::Probe => 1,
                Permit::NotBefore(until) => {
                    tokio::select! {
                        biased;
                        () = stopped(&mut stop, Stop::Drain) => break,
                        () = sleep_until(until) => continue,
                    }
                }
            };
            let leased = tokio::select! {
                biased;
                () = stopped(&mut stop, Stop::Drain) => break,
                leased = worker.lease(max) => leased,
            };
            for leased in leased {
                if !worker.may_run() {
                    // The breaker opened while this job was being leased: no attempt of its own.
                    worker
                        .settle("handed_back", |store| store.hand_back(&leased.fence))
                        .await;
                    continue;
                }
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                    break;
                };
                let (worker, handler) = (Arc::clone(&worker), Arc::clone(&handler));
                // Boxed, since spawning moves a future several times.
                jobs.spawn(Box::pin(async move {
                    worker.run_one(leased, &*handler, permit).await;
                }));
            }
            while jobs.try_join_next().is_some() {}
            // What is about to be accepted gets to join: one lease for many jobs.
            tokio::task::yield_now().await;
        }
        while jobs.join_next().await.is_some() {}
    }

    /// Asks the breaker once more, for a job that has been leased.
    fn may_run(&self) -> bool {
        let mut circuit = self.circuit();
        match circuit.permit(Instant::now()) {
            Permit::Any => true,
            Permit::Probe => {
                circuit.probe();
                true
            }
            Permit::NotBefore(_) => false,
        }
    }

    pub(super) fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jobs, or none after a while. A store that fails is asked again a little later.
    pub(super) async fn lease(&self, max: usize) -> Vec<Leased> {
        let lease = self.declared.options.lease;
        let handler = self.declared.name.as_str();
        match self
            .store
            .lease(LeaseRequest {
                handler,
                max,
                lease,
                wait: WAIT,
            })
            .await
        {
            Ok(leased) => leased,
            Err(why) => {
                telemetry::store_failed("lease", &why);
                sleep(AFTER_ERROR).await;
                Vec::new()
            }
        }
    }

    /// Moves delayed jobs into the queue when they are due, until it is dropped.
    pub(super) async fn promote(self) {
        let mut changes = self.due.0.subscribe();
        let mut at = Instant::now();
        loop {
            tokio::select! {
                () = sleep_until(at) => {
                    let wait = match self.store.promote(self.declared.name.as_str(), 100).await {
                        Ok(promoted) if promoted.moved >= 100 => Duration::ZERO,
                        Ok(promoted) => promoted.next_due.unwrap_or(LOOK_FOR_DUE).min(LOOK_FOR_DUE),
                        Err(why) => {
                            telemetry::store_failed("promote", &why);
                            LOOK_FOR_DUE
                        }
                    };
                    at = Instant::now() + wait;
                }
                Ok(()) = changes.changed() => at = at.min(*changes.borrow_and_update()),
            }
        }
    }

    async fn run_one(&self, leased: Leased, handler: &dyn Handler, permit: OwnedSemaphorePermit) {
        let fence = leased.fence.clone();
        let begun = Instant::now();
        let Some(job) = self.job(leased) else {
            drop(permit);
            return self.not_ours(&fence).await;
        };
        let span = telemetry::Span::job(&self.declared.name, job.key(), job.attempt());
        let outcome = span.around(self.work(job, &fence, handler)).await;
        telemetry::handled(&self.declared.name, outcome, begun.elapsed());
        drop(permit);
    }

    /// The job as handlers see it; `None` when a newer version stored it.
    pub(super) fn job(&self, leased: Leased) -> Option<Job> {
        Some(Job {
            event: stored::decode(&leased.head, leased.body)?,
            handler: self.declared.name.clone(),
            key: key_text(&leased.fence),
            attempt: leased.attempt,
            deliveries: leased.deliveries,
            replays: leased.replays,
            fence: leased.fence,
            deadline: Instant::now() + self.declared.options.timeout,
            store: Arc::clone(&self.store),
            due: self.due.clone(),
            renewal: None,
        })
    }

    /// Runs the handler and settles the job. Answers with the outcome's name.
    async fn work(&self, job: Job, fence: &Fence, handler: &dyn Handler) -> &'static str {
        if job.deliveries > MAX_DELIVERIES {
            let why = format!("poison: {MAX_DELIVERIES} leases without a verdict");
            return self.settle("dead", |store| store.bury(fence, &why)).await;
        }
        let (failed, deadline) = (job.attempt(), job.deadline);
        // Called inside the future: a handler may panic before it has made its own.
        let work = CatchPanic {
            work: async move { handler.handle(job).await },
        };
        let verdict = tokio::select! {
            biased;
            verdict = timeout_at(deadline, work) => verdict,
            () = self.lease_lost(fence) => {
                self.circuit().undecided();
                return "lost";
            }
            () = async { stopped(&mut self.stop.clone(), Stop::Now).await } => {
                self.circuit().undecided();
                return self.settle("handed_back", |store| store.hand_back(fence)).await;
            }
        };
        self.tell_breaker(&verdict);
        let failure = match verdict {
            Ok(Ok(Ok(()))) => return self.settle("done", |store| store.done(fence)).await,
            Ok(Ok(Err(failure))) => failure,
            Ok(Err(Panicked)) => Failure::retry("handler panicked"),
            Err(_) => Failure::retry("attempt timed out"),
        };
        let scheduled = self.declared.options.retry.delay_after(failed);
        let delay = match (failure.next, scheduled) {
            (Next::Retry, Some(delay)) => Some(jittered(delay)),
            (Next::RetryAfter(delay), Some(_)) => Some(delay),
            (Next::Bury, _) | (_, None) => None,
        };
        let why = reason(&failure);
        telemetry::handler_failed(&self.declared.name, &why, delay);
        match delay {
            Some(delay) => {
                let outcome = self
                    .settle("retry", |store| store.retry(fence, delay))
                    .await;
                self.due.earlier(Instant::now() + delay);
                outcome
            }
            None => self.settle("dead", |store| store.bury(fence, &why)).await,
        }
    }

    /// What the verdict says about the downstream.
    fn tell_breaker(&self, verdict: &Verdict) {
        let mut circuit = self.circuit();
        let changed = match verdict {
            Ok(Ok(Ok(()))) => circuit.succeeded().then_some(BreakerState::Closed),
            Ok(Ok(Err(failure))) if failure.next == Next::Bury => {
                circuit.undecided();
                None
            }
            Ok(Err(Panicked)) => {
                circuit.undecided();
                None
            }
            Ok(Ok(Err(_))) | Err(_) => circuit.failed(Instant::now()).then_some(BreakerState::Open),
        };
        if let Some(state) = changed {
            telemetry::breaker(&self.declared.name, state == BreakerState::Open);
        }
    }

    /// Extends the lease for as long as it is ours.
    async fn lease_lost(&self, fence: &Fence) {
        loop {
            sleep(fence.lease / 3).await;
            match self.store.extend(fence).await {
                Ok(Held::Applied) => {}
                Ok(Held::Lost) => return,
                Err(why) => telemetry::store_failed("extend", &why),
            }
        }
    }

    /// Takes the job's last step, twice if it is not known whether the first try did it.
    async fn settle<'a>(
        &'a self,
        outcome: &'static str,
        step: impl Fn(&'a dyn Store) -> StoreFuture<'a, Held>,
    ) -> &'static str {
        let mut answer = step(&*self.store).await;
        if matches!(&answer, Err(why) if why.kind() == StoreErrorKind::Ambiguous) {
            answer = step(&*self.store).await;
        }
        match answer {
            Ok(Held::Applied) => outcome,
            Ok(Held::Lost) => "lost",
            Err(why) => {
                // The lease ends by itself and the job comes back.
                telemetry::store_failed(outcome, &why);
                "unsettled"
            }
        }
    }

    /// A newer version stored this job: leave it to a newer worker, without counting the lease.
    async fn not_ours(&self, fence: &Fence) {
        telemetry::warn(
            "inbox",
            "a job was stored by a newer version; it stays queued",
        );
        tokio::select! {
            () = sleep(fence.lease / 2) => {}
            () = async { stopped(&mut self.stop.clone(), Stop::Drain).await } => {}
        }
        self.settle("handed_back", |store| store.hand_back(fence))
            .await;
    }
}

/// What is kept with a dead letter: the errors' own words, cut.
fn reason(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = std::error::Error::source(failure);
    while let Some(why) = cause {
        text.push_str(": ");
        text.push_str(&why.to_string());
        cause = why.source();
    }
    text.chars().take(500).collect()
}

struct Panicked;

/// Timed out, panicked, or what the handler said.
type Verdict = Result<Result<Result<(), Failure>, Panicked>, Elapsed>;

pin_project! {
    /// Turns a panic of a handler into an error: it must not take the worker with it.
    struct CatchPanic<F> {
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let work = self.project().work;
        // A future that has panicked is not polled again: the job is settled and it is dropped.
        match catch_unwind(AssertUnwindSafe(|| work.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}

/// Runs until `shutdown`, then drains: what runs may finish until `drain` is over and is handed
/// back then.
pub(super) async fn run_all(
    workers: Vec<(Worker, Arc<dyn Handler>)>,
    stop: &watch::Sender<Stop>,
    drain: Duration,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StoreError> {
    let mut tasks = JoinSet::new();
    for (worker, handler) in workers {
        tasks.spawn(worker.run(handler));
    }
    shutdown.await;
    stop.send_replace(Stop::Drain);
    let mut ended = pin!(async { while tasks.join_next().await.is_some() {} });
    if timeout_at(Instant::now() + drain, &mut ended)
        .await
        .is_err()
    {
        stop.send_replace(Stop::Now);
        let handed_back = timeout_at(Instant::now() + Duration::from_secs(5), ended).await;
        return handed_back.map_err(|_| {
            StoreError::new(
                StoreErrorKind::Unavailable,
                "not every job could be handed back",
            )
        });
    }
    Ok(())
}
