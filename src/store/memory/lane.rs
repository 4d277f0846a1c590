//! One handler's queue.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::state::Phase;
use crate::store::{HandlerDecl, HandlerStats, Removal};

/// A job is in one of the four collections; a done one is in none.
pub(super) struct Lane {
    pub(super) name: Arc<str>,
    pub(super) filter: Bytes,
    pub(super) max_backlog: Option<u64>,
    pub(super) paused: bool,
    pub(super) removal: Option<Removal>,
    pub(super) queued: VecDeque<JobId>,
    /// By the lease's end and its token.
    pub(super) leased: BTreeMap<(u64, u64), JobId>,
    /// By due time and a running number.
    pub(super) delayed: BTreeMap<(u64, u64), JobId>,
    /// By a running number, which is the dead letter's name.
    pub(super) dead: BTreeMap<u64, JobId>,
    /// The last dead letter that people were told of.
    pub(super) alerted: Option<u64>,
    pub(super) arrived: Arc<Notify>,
}

/// Where a job is found: the event's slot, and its place among the event's jobs.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct JobId {
    pub(super) event: u32,
    pub(super) job: u32,
}

impl Lane {
    pub(super) fn new(decl: &HandlerDecl) -> Self {
        Self {
            name: decl.name.as_str().into(),
            filter: decl.filter.clone(),
            max_backlog: decl.max_backlog,
            paused: false,
            removal: None,
            queued: VecDeque::new(),
            leased: BTreeMap::new(),
            delayed: BTreeMap::new(),
            dead: BTreeMap::new(),
            alerted: None,
            arrived: Arc::new(Notify::new()),
        }
    }

    pub(super) fn decl(&self) -> HandlerDecl {
        HandlerDecl {
            name: self.name.to_string(),
            filter: self.filter.clone(),
            max_backlog: self.max_backlog,
        }
    }

    /// Whether workers get nothing.
    pub(super) fn is_closed(&self) -> bool {
        self.paused || self.removal == Some(Removal::Bury)
    }

    /// Whether a new job would be one too many.
    pub(super) fn is_full(&self) -> bool {
        let backlog = self.queued.len() + self.leased.len() + self.delayed.len();
        self.max_backlog.is_some_and(|max| backlog as u64 >= max)
    }

    /// Puts a job into the collection that its phase names.
    pub(super) fn put(&mut self, job: JobId, phase: &Phase) {
        match *phase {
            Phase::Queued { .. } => self.push(job),
            Phase::Leased { token, end, .. } => drop(self.leased.insert((end, token), job)),
            Phase::Delayed { due, number } => drop(self.delayed.insert((due, number), job)),
            Phase::Dead { number, .. } => drop(self.dead.insert(number, job)),
            Phase::Done => {}
        }
    }

    /// Queues a job and wakes one who waits for it.
    pub(super) fn push(&mut self, job: JobId) {
        self.queued.push_back(job);
        self.arrived.notify_one();
    }

    /// Queues a job that was handed back: it was the oldest when it was taken.
    pub(super) fn push_first(&mut self, job: JobId) {
        self.queued.push_front(job);
        self.arrived.notify_one();
    }

    /// The next job for a worker: those whose lease ran out come first.
    pub(super) fn next(&mut self, now: u64) -> Option<JobId> {
        match self.leased.first_entry() {
            Some(oldest) if oldest.key().0 <= now => Some(oldest.remove()),
            _ => self.queued.pop_front(),
        }
    }

    /// The delayed job that is due first.
    pub(super) fn next_delayed(&mut self) -> Option<JobId> {
        self.delayed.pop_first().map(|(_, job)| job)
    }

    /// But for the oldest one's age.
    pub(super) fn stats(&self) -> HandlerStats {
        HandlerStats {
            handler: self.name.to_string(),
            queued: self.queued.len() as u64,
            oldest: None,
            processing: self.leased.len() as u64,
            delayed: self.delayed.len() as u64,
            dead: self.dead.len() as u64,
            paused: self.paused,
            removal: self.removal,
        }
    }
}
