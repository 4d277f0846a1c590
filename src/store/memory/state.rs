//! What the memory store holds, and every verb as a plain function of it and the time.

use std::{collections::HashMap, fmt, sync::Arc};

use tokio::sync::Notify;

use super::{
    lane::{JobId, Lane},
    millis,
    mix::Mix,
    remembered::Remembered,
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{
        AcceptanceId, Accepted, DedupKey, Entry, Fence, HandlerDecl, Held, LeaseRequest, Leased,
        Promoted, Registry, ReplayGuard, Stats, check,
    },
};

/// Times are milliseconds since the store was made.
pub(super) struct State {
    revision: u64,
    lanes: Vec<Lane>,
    by_name: HashMap<Arc<str>, usize>,
    /// Unfinished events by key; the value is a slot of `events`.
    open: HashMap<DedupKey, u32, Mix>,
    events: Vec<Option<Event>>,
    /// Free slots of `events`.
    free: Vec<u32>,
    finished: Remembered<Finished>,
    /// Guarded bodies, and the event that brought each.
    bodies: Remembered<DedupKey>,
    unrouted: Vec<Entry>,
    bytes: u64,
    max_bytes: u64,
    forgotten: u64,
    /// The last token or running number given out.
    counter: u64,
}

struct Finished {
    acceptance: AcceptanceId,
    digest: [u8; 8],
}

struct Event {
    entry: Entry,
    jobs: Vec<Job>,
}

struct Job {
    lane: usize,
    attempt: u32,
    deliveries: u32,
    phase: Phase,
}

enum Phase {
    /// In its lane's queue or among its delayed ones.
    Waiting,
    Leased {
        token: u64,
        end: u64,
    },
    Dead {
        #[expect(dead_code, reason = "read when dead letters can be listed")]
        reason: Box<str>,
    },
    Done,
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
            unrouted: Vec::new(),
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

    pub(super) fn declare(&mut self, handlers: &[HandlerDecl]) -> Result<Registry, StoreError> {
        check::names(handlers)?;
        let mut changed = false;
        for HandlerDecl { name, filter } in handlers {
            if let Some(&known) = self.by_name.get(name.as_str()) {
                changed |= self.lanes[known].filter != *filter;
                self.lanes[known].filter = filter.clone();
            } else {
                changed = true;
                let lane = Lane::new(name, filter.clone());
                self.by_name
                    .insert(Arc::clone(&lane.name), self.lanes.len());
                self.lanes.push(lane);
            }
        }
        self.revision += u64::from(changed);
        Ok(self.registry())
    }

    pub(super) fn registry(&self) -> Registry {
        let decl = |lane: &Lane| HandlerDecl {
            name: lane.name.to_string(),
            filter: lane.filter.clone(),
        };
        Registry {
            revision: self.revision,
            handlers: self.lanes.iter().map(decl).collect(),
        }
    }

    /// Nothing is changed before the last reason to refuse has been looked at.
    pub(super) fn accept(&mut self, entry: Entry, now: u64) -> Result<Accepted, StoreError> {
        self.finished.sweep(now, SWEEP);
        self.bodies.sweep(now, SWEEP);
        if let Some(duplicate) = self.duplicate(&entry, now) {
            return Ok(duplicate);
        }
        if entry.revision != self.revision {
            return Ok(Accepted::StaleRoutes);
        }
        check::routes(&entry.routes)?;
        let mut jobs = Vec::with_capacity(entry.routes.len());
        for route in &entry.routes {
            let lane = self.lane(route)?;
            jobs.push(Job {
                lane,
                attempt: 0,
                deliveries: 0,
                phase: Phase::Waiting,
            });
        }
        let repeated_bytes = self.repeats(&entry, now);
        if repeated_bytes && matches!(entry.replay_guard, ReplayGuard::Reject(_)) {
            return Ok(Accepted::RepeatedBytes);
        }
        let bytes = self.bytes.saturating_add(size(&entry));
        if bytes > self.max_bytes {
            return Err(full(self.max_bytes));
        }

        self.bytes = bytes;
        if let ReplayGuard::Flag(body) | ReplayGuard::Reject(body) = entry.replay_guard {
            let until = now.saturating_add(millis(entry.window));
            self.forgotten += u64::from(self.bodies.insert(body, entry.key, until, now));
        }
        if jobs.is_empty() {
            self.remember(&entry, now);
            self.unrouted.push(entry);
        } else {
            self.enqueue(Event { entry, jobs });
        }
        Ok(Accepted::New { repeated_bytes })
    }

    pub(super) fn lane(&self, handler: &str) -> Result<usize, StoreError> {
        self.by_name
            .get(handler)
            .copied()
            .ok_or_else(|| check::unknown(handler))
    }

    pub(super) fn arrived(&self, lane: usize) -> Arc<Notify> {
        Arc::clone(&self.lanes[lane].arrived)
    }

    pub(super) fn next_lease_end(&self, lane: usize) -> Option<u64> {
        self.lanes[lane]
            .leased
            .first_key_value()
            .map(|(&(end, _), _)| end)
    }

    pub(super) fn take(
        &mut self,
        lane: usize,
        request: &LeaseRequest<'_>,
        now: u64,
    ) -> Vec<Leased> {
        let mut taken = Vec::new();
        let end = now.saturating_add(millis(request.lease));
        while taken.len() < request.max.max(1) {
            let Some(id) = self.lanes[lane].next(now) else {
                break;
            };
            let Some(event) = &mut self.events[id.event as usize] else {
                continue;
            };
            self.counter += 1;
            self.lanes[lane].leased.insert((end, self.counter), id);
            let job = &mut event.jobs[id.job as usize];
            job.deliveries = job.deliveries.saturating_add(1);
            job.phase = Phase::Leased {
                token: self.counter,
                end,
            };
            let Entry {
                key, acceptance, ..
            } = event.entry;
            let fence = Fence {
                handler: Arc::clone(&self.lanes[lane].name),
                acceptance,
                key,
                // The token alone finds the lease.
                entry: String::new(),
                token: self.counter,
                attempt: job.attempt,
                lease: request.lease,
            };
            taken.push(Leased {
                fence,
                key,
                head: event.entry.head.clone(),
                body: event.entry.body.clone(),
                attempt: job.attempt,
                deliveries: job.deliveries,
            });
        }
        taken
    }

    pub(super) fn extend(&mut self, fence: &Fence, now: u64) -> Result<Held, StoreError> {
        let Some((id, lane)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        let end = now.saturating_add(millis(fence.lease));
        self.lanes[lane].leased.insert((end, fence.token), id);
        self.set(
            id,
            Phase::Leased {
                token: fence.token,
                end,
            },
        );
        Ok(Held::Applied)
    }

    pub(super) fn done(&mut self, fence: &Fence, now: u64) -> Result<Held, StoreError> {
        let Some((id, _)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        self.set(id, Phase::Done);
        let slot = &mut self.events[id.event as usize];
        let finished =
            |event: &mut Event| event.jobs.iter().all(|j| matches!(j.phase, Phase::Done));
        if let Some(Event { entry, .. }) = slot.take_if(finished) {
            self.free.push(id.event);
            self.open.remove(&entry.key);
            self.bytes -= size(&entry);
            self.remember(&entry, now);
        }
        Ok(Held::Applied)
    }

    pub(super) fn retry(
        &mut self,
        fence: &Fence,
        delay: u64,
        now: u64,
    ) -> Result<Held, StoreError> {
        let Some((id, lane)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        self.counter += 1;
        self.lanes[lane]
            .delayed
            .insert((now.saturating_add(delay), self.counter), id);
        if let Some(job) = self.job(id) {
            job.attempt = job.attempt.saturating_add(1);
            job.deliveries = 0;
        }
        Ok(Held::Applied)
    }

    pub(super) fn bury(&mut self, fence: &Fence, reason: &str) -> Result<Held, StoreError> {
        let Some((id, lane)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        self.lanes[lane].dead += 1;
        self.set(
            id,
            Phase::Dead {
                reason: reason.into(),
            },
        );
        Ok(Held::Applied)
    }

    pub(super) fn hand_back(&mut self, fence: &Fence) -> Result<Held, StoreError> {
        let Some((id, lane)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        if let Some(job) = self.job(id) {
            job.deliveries -= 1;
        }
        self.lanes[lane].push_first(id);
        Ok(Held::Applied)
    }

    pub(super) fn promote(
        &mut self,
        handler: &str,
        max: usize,
        now: u64,
    ) -> Result<Promoted, StoreError> {
        let lane = self.lane(handler)?;
        let lane = &mut self.lanes[lane];
        let mut moved = 0;
        let next_due = loop {
            let Some(next) = lane.delayed.first_entry() else {
                break None;
            };
            let due = next.key().0;
            if due > now || moved == max {
                break Some(std::time::Duration::from_millis(due.saturating_sub(now)));
            }
            let id = next.remove();
            lane.push(id);
            moved += 1;
        };
        Ok(Promoted { moved, next_due })
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            handlers: self.lanes.iter().map(Lane::stats).collect(),
            unrouted: self.unrouted.len() as u64,
            bytes: self.bytes,
            max_bytes: Some(self.max_bytes),
        }
    }

    fn duplicate(&self, entry: &Entry, now: u64) -> Option<Accepted> {
        let open = self
            .open
            .get(&entry.key)
            .and_then(|&slot| self.events[slot as usize].as_ref());
        let (acceptance, digest, dead) = match open {
            Some(Event { entry, jobs }) => {
                let dead = jobs.iter().any(|j| matches!(j.phase, Phase::Dead { .. }));
                (entry.acceptance, entry.digest, dead)
            }
            None => {
                let finished = self.finished.find(&entry.key, now)?;
                (finished.acceptance, finished.digest, false)
            }
        };
        Some(Accepted::Duplicate {
            acceptance,
            same_body: digest == entry.digest,
            dead,
        })
    }

    fn repeats(&self, entry: &Entry, now: u64) -> bool {
        match &entry.replay_guard {
            ReplayGuard::Off => false,
            ReplayGuard::Flag(body) | ReplayGuard::Reject(body) => self
                .bodies
                .find(body, now)
                .is_some_and(|event| *event != entry.key),
        }
    }

    fn enqueue(&mut self, event: Event) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.events.push(None);
            (self.events.len() - 1) as u32
        });
        for (i, job) in event.jobs.iter().enumerate() {
            self.lanes[job.lane].push(JobId {
                event: slot,
                job: i as u32,
            });
        }
        self.open.insert(event.entry.key, slot);
        self.events[slot as usize] = Some(event);
    }

    /// Starts the event's window.
    fn remember(&mut self, entry: &Entry, now: u64) {
        let finished = Finished {
            acceptance: entry.acceptance,
            digest: entry.digest,
        };
        let until = now.saturating_add(millis(entry.window));
        self.forgotten += u64::from(self.finished.insert(entry.key, finished, until, now));
    }

    /// Ends a lease: the job is in no collection afterwards. `None` when the lease is not held.
    fn release(&mut self, fence: &Fence) -> Result<Option<(JobId, usize)>, StoreError> {
        let lane = self.lane(&fence.handler)?;
        Ok(self.held(fence, lane).map(|(id, key)| {
            self.lanes[lane].leased.remove(&key);
            self.set(id, Phase::Waiting);
            (id, lane)
        }))
    }

    fn held(&self, fence: &Fence, lane: usize) -> Option<(JobId, (u64, u64))> {
        let slot = *self.open.get(&fence.key)?;
        let event = self.events[slot as usize].as_ref()?;
        let at = event.jobs.iter().position(|job| job.lane == lane)?;
        match event.jobs[at].phase {
            Phase::Leased { token, end }
                if token == fence.token && event.entry.acceptance == fence.acceptance =>
            {
                Some((
                    JobId {
                        event: slot,
                        job: at as u32,
                    },
                    (end, token),
                ))
            }
            _ => None,
        }
    }

    fn job(&mut self, id: JobId) -> Option<&mut Job> {
        self.events[id.event as usize]
            .as_mut()?
            .jobs
            .get_mut(id.job as usize)
    }

    fn set(&mut self, id: JobId, phase: Phase) {
        if let Some(job) = self.job(id) {
            job.phase = phase;
        }
    }
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

/// Records looked at for expiry in one accept. More than one, so that expiry keeps up.
const SWEEP: usize = 2;

fn size(entry: &Entry) -> u64 {
    (entry.head.len() + entry.body.len()) as u64
}

fn full(max: u64) -> StoreError {
    StoreError::new(
        StoreErrorKind::Full,
        format!("the store holds its {max} bytes of payload"),
    )
}
