//! The receiving side.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    lane::{JobId, Lane},
    millis,
    state::{Event, Job, Phase, State, Unwanted, short, size},
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Accepted, Entry, HandlerDecl, OVERFLOW, Registry, ReplayGuard, check},
};

impl State {
    pub(super) fn declare(&mut self, handlers: &[HandlerDecl]) -> Result<Registry, StoreError> {
        check::names(handlers)?;
        let mut changed = false;
        for decl in handlers {
            if let Some(&known) = self.by_name.get(decl.name.as_str()) {
                let lane = &mut self.lanes[known];
                changed |= lane.decl() != *decl || lane.removal.is_some();
                lane.filter = decl.filter.clone();
                lane.max_backlog = decl.max_backlog;
                if lane.removal.take().is_some() {
                    lane.paused = false;
                }
                lane.arrived.notify_waiters();
            } else {
                changed = true;
                let lane = Lane::new(decl);
                self.by_name
                    .insert(Arc::clone(&lane.name), self.lanes.len());
                self.lanes.push(lane);
            }
        }
        self.revision += u64::from(changed);
        Ok(self.registry())
    }

    pub(super) fn registry(&self) -> Registry {
        let declared = self.lanes.iter().filter(|lane| lane.removal.is_none());
        Registry {
            revision: self.revision,
            handlers: declared.map(Lane::decl).collect(),
        }
    }

    /// Nothing is changed before the last reason to refuse has been looked at.
    pub(super) fn accept(&mut self, mut entry: Entry, now: u64) -> Result<Accepted, StoreError> {
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
            jobs.push(Job::new(self.declared(route)?, now));
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
        // A few bytes may be a piece of a large buffer, of a connection say, which would be kept whole.
        entry.head = Bytes::copy_from_slice(&entry.head);
        entry.body = Bytes::copy_from_slice(&entry.body);
        if let ReplayGuard::Flag(body) | ReplayGuard::Reject(body) = entry.replay_guard {
            let until = now.saturating_add(millis(entry.window));
            self.forgotten += u64::from(self.bodies.insert(body, entry.key, until, now));
        }
        if jobs.is_empty() {
            self.remember(&entry, &[], now);
            self.counter += 1;
            self.unrouted
                .insert(self.counter, Unwanted { entry, at: now });
            return Ok(Accepted::New {
                repeated_bytes,
                overflowed: false,
            });
        }
        let mut overflowed = false;
        for job in &mut jobs {
            if self.lanes[job.lane].is_full() {
                overflowed = true;
                job.phase = self.dying(OVERFLOW, now);
            }
        }
        self.enqueue(Event { entry, jobs });
        Ok(Accepted::New {
            repeated_bytes,
            overflowed,
        })
    }

    fn duplicate(&self, entry: &Entry, now: u64) -> Option<Accepted> {
        let open = self
            .open
            .get(&entry.key)
            .and_then(|&slot| self.events[slot as usize].as_ref());
        let (acceptance, same_body, dead) = match open {
            Some(Event {
                entry: stands,
                jobs,
            }) => {
                let dead = jobs.iter().any(|j| matches!(j.phase, Phase::Dead { .. }));
                (stands.acceptance, stands.digest == entry.digest, dead)
            }
            None => {
                let finished = self.finished.find(&entry.key, now)?;
                let same_body = finished.digest == short(&entry.digest);
                (finished.acceptance, same_body, false)
            }
        };
        Some(Accepted::Duplicate {
            acceptance,
            same_body,
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

    /// Stores an event with its jobs, which are new: queued or dead.
    pub(super) fn enqueue(&mut self, event: Event) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.events.push(None);
            (self.events.len() - 1) as u32
        });
        for (job, i) in event.jobs.iter().zip(0..) {
            let id = JobId {
                event: slot,
                job: i,
            };
            self.lanes[job.lane].put(id, &job.phase);
        }
        self.open.insert(event.entry.key, slot);
        self.events[slot as usize] = Some(event);
    }
}

/// Records looked at for expiry in one accept. More than one, so that expiry keeps up.
const SWEEP: usize = 2;

fn full(max: u64) -> StoreError {
    StoreError::new(
        StoreErrorKind::Full,
        format!("the store holds its {max} bytes of payload"),
    )
}
