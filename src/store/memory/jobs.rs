//! The working side.

use std::{sync::Arc, time::Duration};

use super::{
    lane::JobId,
    millis,
    state::{Job, Phase, State},
};
use crate::{
    error::StoreError,
    store::{Entry, Fence, Held, LeaseRequest, Leased, Promoted},
};

impl State {
    pub(super) fn take(
        &mut self,
        lane: usize,
        request: &LeaseRequest<'_>,
        now: u64,
    ) -> Vec<Leased> {
        let mut taken = Vec::new();
        if self.lanes[lane].is_closed() {
            return taken;
        }
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
                since: job.phase.since().unwrap_or(now),
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
                replays: job.replays,
            });
        }
        taken
    }

    pub(super) fn extend(&mut self, fence: &Fence, now: u64) -> Result<Held, StoreError> {
        let Some((id, lane)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        let (token, end) = (fence.token, now.saturating_add(millis(fence.lease)));
        let since = self.job(id).and_then(|job| job.phase.since());
        let since = since.unwrap_or(now);
        self.put(id, lane, Phase::Leased { token, end, since });
        Ok(Held::Applied)
    }

    pub(super) fn done(&mut self, fence: &Fence, now: u64) -> Result<Held, StoreError> {
        let Some((id, _)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        self.end(id, now);
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
        if let Some(job) = self.job(id) {
            job.attempt = job.attempt.saturating_add(1);
            job.deliveries = 0;
        }
        self.delay(id, lane, now.saturating_add(delay));
        Ok(Held::Applied)
    }

    pub(super) fn postpone(
        &mut self,
        fence: &Fence,
        delay: u64,
        now: u64,
    ) -> Result<Held, StoreError> {
        let Some((id, lane)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        if let Some(job) = self.job(id) {
            job.deliveries -= 1;
        }
        self.delay(id, lane, now.saturating_add(delay));
        Ok(Held::Applied)
    }

    pub(super) fn bury(
        &mut self,
        fence: &Fence,
        reason: &str,
        at: u64,
    ) -> Result<Held, StoreError> {
        let Some((id, lane)) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        let dead = self.dying(reason, at);
        self.put(id, lane, dead);
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
        let mut moved = 0;
        let next_due = loop {
            let Some(next) = self.lanes[lane].delayed.first_entry() else {
                break None;
            };
            let due = next.key().0;
            if due > now || moved == max {
                break Some(Duration::from_millis(due.saturating_sub(now)));
            }
            let id = next.remove();
            self.lanes[lane].push(id);
            self.set(id, Phase::Queued { since: now });
            moved += 1;
        };
        Ok(Promoted { moved, next_due })
    }

    /// A place among the dead letters, with the next number.
    pub(super) fn dying(&mut self, reason: &str, at: u64) -> Phase {
        self.counter += 1;
        Phase::Dead {
            number: self.counter,
            at,
            reason: reason.into(),
        }
    }

    fn delay(&mut self, id: JobId, lane: usize, due: u64) {
        self.counter += 1;
        let number = self.counter;
        self.put(id, lane, Phase::Delayed { due, number });
    }

    pub(super) fn put(&mut self, id: JobId, lane: usize, phase: Phase) {
        self.lanes[lane].put(id, &phase);
        self.set(id, phase);
    }

    /// Ends a lease: the job is in no collection afterwards. `None` when the lease is not held.
    fn release(&mut self, fence: &Fence) -> Result<Option<(JobId, usize)>, StoreError> {
        let lane = self.lane(&fence.handler)?;
        Ok(self.held(fence, lane).map(|(id, key, since)| {
            self.lanes[lane].leased.remove(&key);
            self.set(id, Phase::Queued { since });
            (id, lane)
        }))
    }

    /// The job of a lease that counts, the lease's key, and since when the job was queued.
    fn held(&self, fence: &Fence, lane: usize) -> Option<(JobId, (u64, u64), u64)> {
        let slot = *self.open.get(&fence.key)?;
        let event = self.events[slot as usize].as_ref()?;
        let at = event.jobs.iter().position(|job| job.lane == lane)?;
        match event.jobs[at].phase {
            Phase::Leased { token, end, since }
                if token == fence.token && event.entry.acceptance == fence.acceptance =>
            {
                Some((
                    JobId {
                        event: slot,
                        job: at as u32,
                    },
                    (end, token),
                    since,
                ))
            }
            _ => None,
        }
    }

    pub(super) fn job(&mut self, id: JobId) -> Option<&mut Job> {
        self.events[id.event as usize]
            .as_mut()?
            .jobs
            .get_mut(id.job as usize)
    }

    pub(super) fn set(&mut self, id: JobId, phase: Phase) {
        if let Some(job) = self.job(id) {
            job.phase = phase;
        }
    }
}
