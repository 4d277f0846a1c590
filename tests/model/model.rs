//! What a store is, in a few maps and without a clock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use hookgate::{
    clock::{Clock, SystemClock},
    store::{AcceptanceId, Accepted, DedupKey, Entry, Fence, JobState, OVERFLOW, ReplayGuard},
};

use super::check::LONG;

/// The handlers; the last one may have two jobs waiting.
pub(crate) const HANDLERS: [&str; 3] = ["a", "b", "few"];
pub(crate) const BOUND: usize = 2;

/// Bytes of payload that fit.
pub(crate) const MAX_BYTES: u64 = 130;

#[derive(Default)]
pub(crate) struct Model {
    /// The events that are remembered.
    pub(crate) events: BTreeMap<DedupKey, Event>,
    /// Events that no handler wanted, by acceptance.
    pub(crate) unrouted: BTreeMap<AcceptanceId, Entry>,
    /// Which event brought which bytes.
    guards: HashMap<DedupKey, DedupKey>,
    deaths: u64,
}

pub(crate) struct Event {
    pub(crate) entry: Entry,
    pub(crate) jobs: Vec<Job>,
    /// It may be forgotten at any time: its window is short and has begun.
    pub(crate) ending: bool,
}

#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) handler: usize,
    pub(crate) place: Place,
    pub(crate) attempt: u32,
    pub(crate) deliveries: u32,
    pub(crate) replays: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Queued,
    /// Under this lease, which may have run out; until somebody else leases it, it counts.
    Leased {
        fence: Fence,
        over: bool,
    },
    Delayed {
        due: bool,
    },
    Dead {
        at: u64,
        reason: &'static str,
    },
    Done,
}

impl Job {
    pub(crate) fn new(handler: usize) -> Self {
        Self {
            handler,
            place: Place::Queued,
            attempt: 0,
            deliveries: 0,
            replays: 0,
        }
    }

    /// Whether a worker may take it.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.place, Place::Queued | Place::Leased { over: true, .. })
    }

    /// Whether this is what a store says of it. What is due later is due in an hour.
    pub(crate) fn is_in(&self, state: &JobState) -> bool {
        match (&self.place, state) {
            (Place::Leased { over: false, .. }, state) => *state == JobState::Processing,
            (Place::Queued | Place::Leased { .. }, state) => *state == JobState::Queued,
            (Place::Delayed { due }, JobState::Delayed { due: at }) => {
                let later = SystemClock.now().saturating_add(LONG / 2);
                *due == (*at < later)
            }
            (Place::Dead { reason, .. }, JobState::Dead { reason: why }) => reason == why,
            (Place::Done, state) => *state == JobState::Done,
            _ => false,
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.place, Place::Dead { .. })
    }

    fn is_done(&self) -> bool {
        matches!(self.place, Place::Done)
    }

    pub(crate) fn replay(&mut self) {
        *self = Self {
            replays: self.replays + 1,
            ..Self::new(self.handler)
        };
    }
}

impl Event {
    pub(crate) fn is_open(&self) -> bool {
        !self.jobs.iter().all(Job::is_done)
    }
}

/// What accept should answer; `Err` when the store is full.
pub(crate) type Answer = Result<Accepted, ()>;

impl Model {
    /// The answers that are right. Two when it is not known whether the event is still remembered.
    pub(crate) fn answers(&self, entry: &Entry, revision: u64) -> Vec<Answer> {
        let known = self.events.get(&entry.key);
        let duplicate = known.map(|event| {
            Ok(Accepted::Duplicate {
                acceptance: event.entry.acceptance,
                same_body: event.entry.digest == entry.digest,
                dead: event.jobs.iter().any(Job::is_dead),
            })
        });
        let as_new = known
            .is_none_or(|event| event.ending)
            .then(|| self.answer_to_new(entry, revision));
        duplicate.into_iter().chain(as_new).collect()
    }

    fn answer_to_new(&self, entry: &Entry, revision: u64) -> Answer {
        if entry.revision != revision {
            return Ok(Accepted::StaleRoutes);
        }
        let brought = |by: &DedupKey| self.guards.get(by).is_some_and(|key| *key != entry.key);
        let repeated_bytes = match &entry.replay_guard {
            ReplayGuard::Off => false,
            ReplayGuard::Flag(by) => brought(by),
            ReplayGuard::Reject(by) if brought(by) => return Ok(Accepted::RepeatedBytes),
            ReplayGuard::Reject(_) => false,
        };
        if self.bytes() + size(entry) > MAX_BYTES {
            return Err(());
        }
        let bounded = entry.routes.iter().any(|route| **route == *HANDLERS[2]);
        Ok(Accepted::New {
            repeated_bytes,
            overflowed: bounded && self.backlog() >= BOUND,
        })
    }

    /// It was accepted as new.
    pub(crate) fn store(&mut self, entry: Entry) {
        if let ReplayGuard::Flag(by) | ReplayGuard::Reject(by) = entry.replay_guard {
            self.guards.insert(by, entry.key);
        }
        if entry.routes.is_empty() {
            self.unrouted.insert(entry.acceptance, entry.clone());
        }
        let full = self.backlog() >= BOUND;
        let mut jobs: Vec<_> = handlers(&entry.routes).map(Job::new).collect();
        for job in jobs.iter_mut().filter(|job| full && job.handler == 2) {
            job.place = self.grave(OVERFLOW);
        }
        let ending = false;
        let event = Event {
            entry,
            jobs,
            ending,
        };
        self.events.insert(event.entry.key, event);
    }

    /// Where a job goes that dies now.
    pub(crate) fn grave(&mut self, reason: &'static str) -> Place {
        self.deaths += 1;
        let at = self.deaths;
        Place::Dead { at, reason }
    }

    /// Jobs that wait, are under lease or delayed, of the handler that has a bound.
    fn backlog(&self) -> usize {
        let waits = |job: &Job| !job.is_dead() && !job.is_done();
        self.jobs(2).filter(|(_, job)| waits(job)).count()
    }

    pub(crate) fn jobs(&self, handler: usize) -> impl Iterator<Item = (&Event, &Job)> {
        let all = self.events.values();
        let all = all.flat_map(|event| event.jobs.iter().map(move |job| (event, job)));
        all.filter(move |(_, job)| job.handler == handler)
    }

    /// The job that this acceptance has for the handler.
    pub(crate) fn job(&mut self, acceptance: AcceptanceId, handler: &str) -> Option<&mut Job> {
        let mut events = self.events.values_mut();
        let event = events.find(|event| event.entry.acceptance == acceptance)?;
        let mut jobs = event.jobs.iter_mut();
        jobs.find(|job| *HANDLERS[job.handler] == *handler)
    }

    /// The job for which this lease counts.
    pub(crate) fn held(&mut self, lease: &Fence) -> Option<&mut Job> {
        let job = self.job(lease.acceptance, &lease.handler)?;
        match &job.place {
            Place::Leased { fence, .. } if fence == lease => Some(job),
            _ => None,
        }
    }

    /// A handler's dead letters, oldest first.
    pub(crate) fn dead(&self, handler: usize) -> Vec<(&Event, &Job, &'static str)> {
        let mut dead: Vec<_> = self
            .jobs(handler)
            .filter_map(|(event, job)| match job.place {
                Place::Dead { at, reason } => Some((at, (event, job, reason))),
                _ => None,
            })
            .collect();
        dead.sort_by_key(|(at, _)| *at);
        dead.into_iter().map(|(_, letter)| letter).collect()
    }

    /// Notes which events have come to their end.
    pub(crate) fn settle(&mut self) {
        for event in self.events.values_mut() {
            let short = event.entry.window < LONG;
            event.ending |= short && !event.is_open();
        }
    }

    /// Payloads that are held. An unrouted event's is counted where that is kept.
    pub(crate) fn bytes(&self) -> u64 {
        let open = self.events.values().filter(|event| event.is_open());
        let open: u64 = open.map(|event| size(&event.entry)).sum();
        open + self.unrouted.values().map(size).sum::<u64>()
    }
}

fn size(entry: &Entry) -> u64 {
    (entry.head.len() + entry.body.len()) as u64
}

/// The numbers of these handlers.
pub(crate) fn handlers(routes: &[Arc<str>]) -> impl Iterator<Item = usize> {
    let number = |route: &Arc<str>| HANDLERS.iter().position(|name| **name == **route);
    routes.iter().filter_map(number)
}
