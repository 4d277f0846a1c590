//! One lease: what becomes of it.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, error::Elapsed, sleep, timeout_at},
};

use super::{
    failure::{Failure, Next},
    handler::{Handler, MAX_DELIVERIES},
    job::{Job, key_text},
    retry::jittered,
    stored,
    worker::{Stop, Worker, stopped},
};
use crate::{
    error::StoreErrorKind,
    redact::Redactor,
    store::{Fence, Held, Leased, Store, StoreFuture},
    telemetry,
    verify::later,
};

impl Worker {
    pub(super) async fn run_one(
        &self,
        leased: Leased,
        handler: &dyn Handler,
        permit: OwnedSemaphorePermit,
        under: Under,
    ) {
        let downstream = under.downstream.as_ref();
        // However this ends: a probe without a verdict makes room for another.
        let _probe = under.probe.then(|| Probe(self, downstream));
        let fence = leased.fence.clone();
        let begun = Instant::now();
        let Some(job) = self.job(leased) else {
            // Held meanwhile, so that a worker of an old version does not lease them all.
            self.not_ours(&fence).await;
            return drop(permit);
        };
        let trace = job.event().trace_parent();
        let span = telemetry::Span::job(&self.declared.name, job.key(), job.attempt(), trace);
        let outcome = span
            .around(self.work(job, &fence, handler, downstream))
            .await;
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
            deadline: later(Instant::now(), self.declared.options.timeout),
            store: Arc::clone(&self.store),
            due: self.due.clone(),
            renewal: None,
        })
    }

    /// Runs the handler and settles the job. Answers with the outcome's name.
    async fn work(
        &self,
        job: Job,
        fence: &Fence,
        handler: &dyn Handler,
        downstream: Option<&Arc<str>>,
    ) -> &'static str {
        if job.deliveries > MAX_DELIVERIES {
            return self.bury_poison(fence).await;
        }
        let (failed, deadline) = (job.attempt(), job.deadline);
        // Called inside the future: a handler may panic before it has made its own.
        let work = CatchPanic {
            work: async move { handler.handle(job).await },
        };
        let verdict = tokio::select! {
            biased;
            verdict = timeout_at(deadline, work) => verdict,
            () = self.lease_lost(fence) => return "lost",
            () = async { stopped(&mut self.stop.clone(), Stop::Now).await } => {
                return self.hand_back(fence).await;
            }
        };
        self.tell_breaker(downstream, &verdict);
        let failure = match verdict {
            Ok(Ok(Ok(()))) => return self.settle("done", |store| store.done(fence)).await,
            Ok(Ok(Err(failure))) => failure,
            Ok(Err(Panicked)) => Failure::retry("handler panicked"),
            Err(_) => Failure::retry("attempt timed out"),
        };
        let scheduled = self.declared.options.retry.delay_after(failed);
        let delay = match (failure.next, scheduled) {
            (Next::Retry, Some(delay)) => Some(jittered(delay)),
            (Next::RetryAfter(delay), Some(_)) => Some(delay.min(MAX_RETRY_AFTER)),
            (Next::Bury, _) | (_, None) => None,
        };
        let why = reason(&failure);
        telemetry::handler_failed(&self.declared.name, &why, delay);
        match delay {
            Some(delay) => {
                let outcome = self
                    .settle("retry", |store| store.retry(fence, delay))
                    .await;
                self.due.earlier(later(Instant::now(), delay));
                outcome
            }
            None => self.settle("dead", |store| store.bury(fence, &why)).await,
        }
    }

    /// Ends a job that has been leased too often without a verdict.
    pub(super) async fn bury_poison(&self, fence: &Fence) -> &'static str {
        let why = format!("poison: {MAX_DELIVERIES} leases without a verdict");
        telemetry::handler_failed(&self.declared.name, &why, None);
        self.settle("dead", |store| store.bury(fence, &why)).await
    }

    /// What the verdict says about the downstream.
    fn tell_breaker(&self, downstream: Option<&Arc<str>>, verdict: &Verdict) {
        let (mut circuits, now) = (self.declared.circuits(), Instant::now());
        let (closed, opened) = match verdict {
            Ok(Ok(Ok(()))) => (circuits.succeeded(downstream.map(|key| &**key)), false),
            // Nothing about the downstream.
            Ok(Ok(Err(failure))) if failure.next == Next::Bury => (false, false),
            Ok(Err(Panicked)) => (false, false),
            Ok(Ok(Err(_))) | Err(_) => (false, circuits.failed(downstream, now)),
        };
        if closed || opened {
            telemetry::breaker(&self.declared.name, opened, circuits.open(now));
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
    pub(super) async fn settle<'a>(
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
    pub(super) async fn not_ours(&self, fence: &Fence) {
        telemetry::warn(
            "inbox",
            "a job was stored by a newer version; it stays queued",
        );
        tokio::select! {
            () = sleep(fence.lease / 2) => {}
            () = async { stopped(&mut self.stop.clone(), Stop::Drain).await } => {}
        }
        self.hand_back(fence).await;
    }

    /// Returns a job without counting the lease.
    pub(super) async fn hand_back(&self, fence: &Fence) -> &'static str {
        self.settle("handed_back", |store| store.hand_back(fence))
            .await
    }

    /// Returns a job that nobody has tried.
    pub(super) async fn give_back(&self, fence: &Fence) {
        let outcome = self.hand_back(fence).await;
        telemetry::lease_ended(&self.declared.name, outcome);
    }
}

/// What is logged and kept with a dead letter: the errors' own words, cut, without what seems to
/// be a token.
pub(super) fn reason(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = std::error::Error::source(failure);
    while let Some(why) = cause {
        text.push_str(": ");
        text.push_str(&why.to_string());
        cause = why.source();
    }
    Redactor::text(&text)
}

/// A downstream that asks for more is not waited for any longer.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The breaker under which a job runs.
pub(super) struct Under {
    /// The handler's own without one.
    pub(super) downstream: Option<Arc<str>>,
    pub(super) probe: bool,
}

/// The one job that runs while a breaker is half-open.
struct Probe<'w>(&'w Worker, Option<&'w Arc<str>>);

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        let Self(worker, downstream) = self;
        worker
            .declared
            .circuits()
            .undecided(downstream.map(|key| &**key));
    }
}

pub(super) struct Panicked;

/// Timed out, panicked, or what the handler said.
type Verdict = Result<Result<Result<(), Failure>, Panicked>, Elapsed>;

pin_project! {
    /// Turns a panic of a handler into an error: it must not take the worker with it.
    pub(super) struct CatchPanic<F> {
        #[pin]
        pub(super) work: F,
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
