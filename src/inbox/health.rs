use std::time::Duration;

use tokio::time::Instant;

use super::{BreakerStatus, Inbox, watch, worker::Stop};
use crate::{
    error::StoreErrorKind,
    store::{Level, Stats},
};

/// How an inbox is, as far as this process can tell.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// What an answer of the store stands for.
    pub level: Level,
    /// The store's counts, or why it did not tell them within 1.2 s.
    pub store: Result<Stats, StoreErrorKind>,
    /// What [`Inbox::breakers`] tells of this process.
    pub breakers: Vec<BreakerStatus>,
    /// What [`Inbox::run`] is doing in this process.
    pub run: RunState,
    /// No handler is declared, and events without one are not accepted.
    pub is_without_handler: bool,
}

/// What [`Inbox::run`] is doing in this process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RunState {
    /// It was not called: this process only receives, or serves channels.
    NotRunning,
    /// Handlers run.
    Running,
    /// It was told to stop, and what runs may finish.
    Draining,
    /// It has ended as it was told to.
    Ended,
    /// A worker has panicked, or not everything could be handed back. Only a new process helps.
    Failed,
}

impl Health {
    /// Whether deliveries are likely to be answered with 2xx: the store answers, a handler is
    /// declared, and nothing drains. A full store and an open breaker do not count: the first
    /// still knows duplicates, the second is its handler's own affair.
    pub fn is_ready(&self) -> bool {
        let drains = !matches!(self.run, RunState::NotRunning | RunState::Running);
        self.store.is_ok() && !self.is_without_handler && !drains
    }

    /// Whether this process is worth keeping. A store that is down is no reason to restart it.
    pub fn is_live(&self) -> bool {
        self.run != RunState::Failed
    }

    /// Dead letters of all handlers, when the store tells.
    pub fn dead(&self) -> Option<u64> {
        let stats = self.store.as_ref().ok()?;
        Some(stats.handlers.iter().map(|handler| handler.dead).sum())
    }

    /// How long the oldest queued job of any handler that is not paused has waited, when the store
    /// tells and there is one.
    pub fn oldest(&self) -> Option<Duration> {
        let stats = self.store.as_ref().ok()?;
        let at_work = stats.handlers.iter().filter(|handler| !handler.paused);
        at_work.filter_map(|handler| handler.oldest).max()
    }
}

/// How old a report may be: whoever asks more often costs the store nothing.
const FRESH: Duration = Duration::from_secs(1);

impl Inbox {
    /// How the inbox is. The store is asked once a second at most, however many ask; gauges are set
    /// by the way.
    pub async fn health(&self) -> Health {
        // Whoever comes while the store is being asked waits for that answer.
        let mut last = self.0.health.lock().await;
        if let Some((at, health)) = &*last
            && Instant::now() < *at + FRESH
        {
            return Health {
                run: self.run_state(),
                breakers: self.breakers(),
                ..health.clone()
            };
        }
        let store = watch::observe(&self.0).await.map_err(|why| why.kind());
        let health = Health {
            level: self.0.store.level(),
            store,
            breakers: self.breakers(),
            run: self.run_state(),
            is_without_handler: self.0.routes.load().is_empty() && !self.0.allow_unrouted,
        };
        *last = Some((Instant::now(), health.clone()));
        health
    }

    /// What [`Inbox::run`] is doing in this process.
    pub fn run_state(&self) -> RunState {
        match *self.0.run.borrow() {
            RunState::Running if *self.0.stop.borrow() > Stop::Not => RunState::Draining,
            state => state,
        }
    }
}

/// Says what became of a run, also of one that is dropped.
pub(super) struct Running<'i>(&'i tokio::sync::watch::Sender<RunState>);

impl<'i> Running<'i> {
    pub(super) fn begin(run: &'i tokio::sync::watch::Sender<RunState>) -> Self {
        run.send_replace(RunState::Running);
        Self(run)
    }

    pub(super) fn end(self, is_ok: bool) {
        if !is_ok {
            self.0.send_replace(RunState::Failed);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let end = |state: &mut RunState| {
            let runs = *state == RunState::Running;
            if runs {
                *state = RunState::Ended;
            }
            runs
        };
        self.0.send_if_modified(end);
    }
}
