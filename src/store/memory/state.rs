//! What the memory store holds. The verbs, in `accept` and `jobs`, are plain functions of it and
//! of the time.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};

use tokio::sync::Notify;

use super::{lane::Lane, millis, mix::Mix, remembered::Remembered};
use crate::{
    clock::UnixTime,
    error::StoreError,
    store::{AcceptanceId, DedupKey, Entry, HandlerStats, JobState, Stats, check},
};

/// Times are milliseconds since the store was made.
pub(super) struct State {
    pub(super) revision: u64,
    pub(super) lanes: Vec<Lane>,
    pub(super) by_name: HashMap<Arc<str>, usize>,
    /// Unfinished events by key; the value is a slot of `events`.
    pub(super) open: HashMap<DedupKey, u32, Mix>,
    pub(super) events: Vec<Option<Event>>,
    /// Free slots of `events`.
    pub(super) free: Vec<u32>,
    pub(super) finished: Remembered<Finished>,
    /// Guarded bodies, and the event that brought each.
    pub(super) bodies: Remembered<DedupKey>,
    /// By a running number, which is the entry's name.
    pub(super) unrouted: BTreeMap<u64, Unwanted>,
    /// Which handlers a finished event had: few sets, many events. The index is what a finished
    /// event keeps of it.
    pub(super) route_sets: Vec<Box<[usize]>>,
    pub(super) route_numbers: HashMap<Box<[usize]>, u16>,
    pub(super) bytes: u64,
    pub(super) max_bytes: u64,
    pub(super) forgotten: u64,
    /// The last token or running number given out.
    pub(super) counter: u64,
}

pub(super) struct Finished {
    pub(super) acceptance: AcceptanceId,
    /// The first 6 bytes of the digest, so that the number beside it costs nothing.
    pub(super) digest: [u8; 6],
    /// An index of `route_sets`; [`NO_ROUTES`] where there were none.
    pub(super) routes: u16,
}

pub(super) const NO_ROUTES: u16 = u16::MAX;

pub(super) struct Event {
    pub(super) entry: Entry,
    pub(super) jobs: Vec<Job>,
}

/// An event that no handler wanted.
pub(super) struct Unwanted {
    pub(super) entry: Entry,
    /// When it was accepted, on the store's clock.
    pub(super) at: u64,
}

pub(super) struct Job {
    pub(super) lane: usize,
    pub(super) attempt: u32,
    pub(super) deliveries: u32,
    pub(super) replays: u32,
    pub(super) phase: Phase,
}

impl Job {
    /// One that is queued at this time.
    pub(super) const fn new(lane: usize, since: u64) -> Self {
        Self {
            lane,
            attempt: 0,
            deliveries: 0,
            replays: 0,
            phase: Phase::Queued { since },
        }
    }
}

/// With what finds the job in its lane's collection.
pub(super) enum Phase {
    Queued {
        /// When it was queued, on the store's clock.
        since: u64,
    },
    Leased {
        token: u64,
        end: u64,
        /// When it was queued.
        since: u64,
    },
    Delayed {
        due: u64,
        number: u64,
    },
    Dead {
        number: u64,
        /// When, on the store's clock.
        at: u64,
        reason: Box<str>,
    },
    Done,
}

impl Phase {
    /// When a job that waits or is under lease was queued.
    pub(super) const fn since(&self) -> Option<u64> {
        match self {
            Self::Queued { since } | Self::Leased { since, .. } => Some(*since),
            Self::Delayed { .. } | Self::Dead { .. } | Self::Done => None,
        }
    }

    /// What the outside sees of it at this time. `born` is when the store's clock was at zero.
    pub(super) fn state(&self, now: u64, born: UnixTime) -> JobState {
        match self {
            Self::Leased { end, .. } if *end > now => JobState::Processing,
            Self::Queued { .. } | Self::Leased { .. } => JobState::Queued,
            Self::Delayed { due, .. } => JobState::Delayed {
                due: time(born, *due),
            },
            Self::Dead { reason, .. } => JobState::Dead {
                reason: reason.to_string(),
            },
            Self::Done => JobState::Done,
        }
    }
}

/// A time on the store's clock as the rest of the crate knows it.
pub(super) fn time(born: UnixTime, millis: u64) -> UnixTime {
    born.saturating_add(Duration::from_millis(millis))
}

impl State {
    pub(super) fn new(max_bytes: u64, max_remembered: usize) -> Self {
        Self {
            revision: 0,
            lanes: Vec::new(),
            by_name: HashMap::new(),
            open: HashMap::with_hasher(Mix::new()),
            events: Vec::new(),
            free: Vec::new(),
            finished: Remembered::new(max_remembered),
            bodies: Remembered::new(max_remembered),
            unrouted: BTreeMap::new(),
            route_sets: Vec::new(),
            route_numbers: HashMap::new(),
            bytes: 0,
            max_bytes,
            forgotten: 0,
            counter: 0,
        }
    }

    pub(super) fn set_max_bytes(&mut self, max: u64) {
        self.max_bytes = max;
    }

    pub(super) fn set_max_remembered(&mut self, max: usize) {
        self.finished.set_max(max);
        self.bodies.set_max(max);
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn lane(&self, handler: &str) -> Result<usize, StoreError> {
        self.by_name
            .get(handler)
            .copied()
            .ok_or_else(|| check::unknown(handler))
    }

    /// The same for one that may get new jobs.
    pub(super) fn declared(&self, handler: &str) -> Result<usize, StoreError> {
        let lane = self.lane(handler)?;
        match self.lanes[lane].removal {
            None => Ok(lane),
            Some(_) => Err(check::unknown(handler)),
        }
    }

    pub(super) fn arrived(&self, lane: usize) -> Arc<Notify> {
        Arc::clone(&self.lanes[lane].arrived)
    }

    pub(super) fn next_lease_end(&self, lane: usize) -> Option<u64> {
        // Of a closed one it ends for nobody.
        let lane = Some(&self.lanes[lane]).filter(|lane| !lane.is_closed());
        let (&(end, _), _) = lane?.leased.first_key_value()?;
        Some(end)
    }

    pub(super) fn stats(&self, now: u64) -> Stats {
        let handlers = self.lanes.iter().map(|lane| HandlerStats {
            oldest: self.oldest(lane, now),
            ..lane.stats()
        });
        Stats {
            handlers: handlers.filter(check::is_listed).collect(),
            unrouted: self.unrouted.len() as u64,
            bytes: self.bytes,
            max_bytes: Some(self.max_bytes),
        }
    }

    fn oldest(&self, lane: &Lane, now: u64) -> Option<Duration> {
        let first = lane.queued.front()?;
        let event = self.events[first.event as usize].as_ref()?;
        let since = event.jobs.get(first.job as usize)?.phase.since()?;
        Some(Duration::from_millis(now.saturating_sub(since)))
    }

    /// Starts the event's window.
    pub(super) fn remember(&mut self, entry: &Entry, jobs: &[Job], now: u64) {
        let finished = Finished {
            acceptance: entry.acceptance,
            digest: short(&entry.digest),
            routes: self.route_number(jobs),
        };
        let until = now.saturating_add(millis(entry.window));
        self.forgotten += u64::from(self.finished.insert(entry.key, finished, until, now));
    }

    /// The number of this set of handlers. Past 65,535 sets there are none left, and
    /// [`status`](crate::store::Admin::status) names no handlers for the events of a new one.
    fn route_number(&mut self, jobs: &[Job]) -> u16 {
        if jobs.is_empty() {
            return NO_ROUTES;
        }
        let set: Box<[usize]> = jobs.iter().map(|job| job.lane).collect();
        if let Some(&number) = self.route_numbers.get(&set) {
            return number;
        }
        let number = u16::try_from(self.route_sets.len()).unwrap_or(NO_ROUTES);
        if number == NO_ROUTES {
            return NO_ROUTES;
        }
        self.route_sets.push(set.clone());
        self.route_numbers.insert(set, number);
        number
    }
}

/// As much of a digest as a finished event keeps.
pub(super) fn short(digest: &[u8; 8]) -> [u8; 6] {
    let [a, b, c, d, e, f, ..] = *digest;
    [a, b, c, d, e, f]
}

/// Not derived: it would print payloads.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.open.len();
        f.debug_struct("State")
            .field("open", &open)
            .field("bytes", &self.bytes)
            .finish()
    }
}

pub(super) fn size(entry: &Entry) -> u64 {
    (entry.head.len() + entry.body.len()) as u64
}
