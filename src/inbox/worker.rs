use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{
    attempt::Under,
    breaker::Permit,
    circuits::Admit,
    handler::{Declared, Handler},
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{LeaseRequest, Leased, Store},
    telemetry,
    verify::later,
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
            let permit = worker.declared.circuits().permit(Instant::now());
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
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                    break;
                };
                let (worker, handler) = (Arc::clone(&worker), Arc::clone(&handler));
                let downstream = worker.declared.downstream(&leased);
                let admit = worker
                    .declared
                    .circuits()
                    .admit(downstream.as_deref(), Instant::now());
                // Boxed, since spawning moves a future several times.
                jobs.spawn(Box::pin(async move {
                    match admit {
                        Admit::Run { probe } => {
                            let under = Under { downstream, probe };
                            worker.run_one(leased, &*handler, permit, under).await;
                        }
                        Admit::NotBefore(delay) => worker.put_back(leased, delay, downstream).await,
                    }
                }));
            }
            while jobs.try_join_next().is_some() {}
            // What is about to be accepted gets to join: one lease for many jobs.
            tokio::task::yield_now().await;
        }
        while jobs.join_next().await.is_some() {}
    }

    /// Returns a job whose breaker is open: an attempt of its own would be wasted. Without a
    /// downstream it is the handler's own breaker, which opened while this job was being leased.
    async fn put_back(&self, leased: Leased, delay: Duration, downstream: Option<Arc<str>>) {
        let fence = &leased.fence;
        let outcome = match downstream {
            None => self.hand_back(fence).await,
            Some(_) => {
                self.settle("postponed", |store| store.postpone(fence, delay))
                    .await
            }
        };
        self.due.earlier(later(Instant::now(), delay));
        telemetry::lease_ended(&self.declared.name, outcome);
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
    // A worker ends by itself only when it has panicked: nothing of its handler would run any more,
    // while deliveries go on being acknowledged.
    let failed = tokio::select! {
        () = shutdown => None,
        Some(ended) = tasks.join_next() => Some(ended),
    };
    stop.send_replace(Stop::Drain);
    let mut ended = pin!(async { while tasks.join_next().await.is_some() {} });
    if timeout_at(later(Instant::now(), drain), &mut ended)
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
    match failed {
        Some(_) => Err(StoreError::new(
            StoreErrorKind::Invalid,
            "a worker has ended before it was told to",
        )),
        None => Ok(()),
    }
}
