//! The repairing side.

use std::{ops::Bound, sync::Arc};

use super::{
    lane::JobId,
    state::{Event, Job, Phase, State, Unwanted, size, time},
};
use crate::{
    clock::UnixTime,
    error::StoreError,
    store::{AcceptanceId, DeadLetter, DedupKey, JobState, Payload, Remembered, Unrouted, check},
};

impl State {
    /// `born` is when the store's clock was at zero.
    pub(super) fn dead(
        &self,
        handler: &str,
        after: Option<&str>,
        max: usize,
        born: UnixTime,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let lane = &self.lanes[self.lane(handler)?];
        let behind = lane.dead.range((behind(after)?, Bound::Unbounded));
        let letters = behind.filter_map(|(number, id)| self.letter(*number, *id, born));
        Ok(letters.take(max).collect())
    }

    pub(super) fn dead_letter(
        &self,
        handler: &str,
        entry: &str,
        born: UnixTime,
    ) -> Result<Option<DeadLetter>, StoreError> {
        let dead = &self.lanes[self.lane(handler)?].dead;
        let found = number(entry).and_then(|number| Some((number, *dead.get(&number)?)));
        Ok(found.and_then(|(number, id)| self.letter(number, id, born)))
    }

    fn letter(&self, number: u64, id: JobId, born: UnixTime) -> Option<DeadLetter> {
        let Event { entry, jobs } = self.events[id.event as usize].as_ref()?;
        let job = jobs.get(id.job as usize)?;
        let Phase::Dead { at, reason, .. } = &job.phase else {
            return None;
        };
        Some(DeadLetter {
            entry: number.to_string(),
            handler: Arc::clone(&self.lanes[job.lane].name),
            key: entry.key,
            acceptance: entry.acceptance,
            attempt: job.attempt,
            replays: job.replays,
            reason: reason.to_string(),
            at: time(born, *at),
            head: entry.head.clone(),
            body: entry.body.clone(),
        })
    }

    pub(super) fn payload(&self, key: &DedupKey) -> Option<Payload> {
        let (_, Event { entry, .. }) = self.find(key)?;
        Some(Payload {
            acceptance: entry.acceptance,
            head: entry.head.clone(),
            body: entry.body.clone(),
        })
    }

    pub(super) fn replay(
        &mut self,
        handler: &str,
        entry: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        let lane = self.lane(handler)?;
        let dead = number(entry).and_then(|number| self.lanes[lane].dead.remove(&number));
        if let Some(id) = dead {
            self.revive(id, lane, now);
        }
        Ok(dead.is_some())
    }

    pub(super) fn discard(
        &mut self,
        handler: &str,
        entry: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        let lane = self.lane(handler)?;
        let dead = number(entry).and_then(|number| self.lanes[lane].dead.remove(&number));
        if let Some(id) = dead {
            self.end(id, now);
        }
        Ok(dead.is_some())
    }

    pub(super) fn requeue(&mut self, key: &DedupKey, acceptance: AcceptanceId, now: u64) -> usize {
        let Some((slot, event)) = self.find(key) else {
            return 0;
        };
        if event.entry.acceptance != acceptance {
            return 0;
        }
        let dead = |(i, job): (usize, &Job)| match job.phase {
            Phase::Dead { number, .. } if self.lanes[job.lane].removal.is_none() => {
                Some((id(slot, i), job.lane, number))
            }
            _ => None,
        };
        let dead: Vec<_> = event.jobs.iter().enumerate().filter_map(dead).collect();
        for &(id, lane, number) in &dead {
            self.lanes[lane].dead.remove(&number);
            self.revive(id, lane, now);
        }
        dead.len()
    }

    pub(super) fn alerted(&self, handler: &str) -> Result<Option<String>, StoreError> {
        let lane = &self.lanes[self.lane(handler)?];
        Ok(lane.alerted.map(|number| number.to_string()))
    }

    pub(super) fn set_alerted(&mut self, handler: &str, entry: &str) -> Result<(), StoreError> {
        let lane = self.lane(handler)?;
        let number = number(entry).ok_or_else(|| check::not_an_entry(entry))?;
        let alerted = &mut self.lanes[lane].alerted;
        *alerted = (*alerted).max(Some(number));
        Ok(())
    }

    pub(super) fn status(&self, key: &DedupKey, now: u64, born: UnixTime) -> Option<Remembered> {
        let name = |lane: usize| Arc::clone(&self.lanes[lane].name);
        if let Some((_, Event { entry, jobs })) = self.find(key) {
            let state = |job: &Job| (name(job.lane), job.phase.state(now, born));
            return Some(Remembered {
                acceptance: entry.acceptance,
                jobs: jobs.iter().map(state).collect(),
            });
        }
        let finished = self.finished.find(key, now)?;
        let lanes = self.route_sets.get(usize::from(finished.routes));
        let lanes = lanes.into_iter().flatten();
        Some(Remembered {
            acceptance: finished.acceptance,
            jobs: lanes.map(|&lane| (name(lane), JobState::Done)).collect(),
        })
    }

    pub(super) fn erase(&mut self, key: &DedupKey, now: u64) -> bool {
        let mut erased = false;
        if let Some((slot, event)) = self.find(key) {
            let jobs: Vec<_> = (0..event.jobs.len()).map(|i| id(slot, i)).collect();
            for job in jobs {
                self.withdraw(job);
                self.end(job, now);
            }
            erased = true;
        }
        // Any number of old copies; looked for one by one, since this is rare.
        let bytes = &mut self.bytes;
        self.unrouted.retain(|_, Unwanted { entry, .. }| {
            if entry.key == *key {
                *bytes -= size(entry);
                erased = true;
            }
            entry.key != *key
        });
        erased
    }

    pub(super) fn unrouted(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<Unrouted>, StoreError> {
        let behind = self.unrouted.range((behind(after)?, Bound::Unbounded));
        let listed = behind
            .take(max)
            .map(|(number, Unwanted { entry, .. })| Unrouted {
                entry: number.to_string(),
                key: entry.key,
                head: entry.head.clone(),
                body: entry.body.clone(),
            });
        Ok(listed.collect())
    }

    pub(super) fn route(
        &mut self,
        entry: &str,
        routes: &[Arc<str>],
        now: u64,
    ) -> Result<bool, StoreError> {
        check::routes(routes)?;
        let mut jobs = Vec::with_capacity(routes.len());
        for route in routes {
            jobs.push(Job::new(self.declared(route)?, now));
        }
        let unwanted = number(entry).and_then(|number| self.unrouted.remove(&number));
        let Some(Unwanted { mut entry, .. }) = unwanted else {
            return Ok(false);
        };
        if self.superseded(&entry.key, entry.acceptance, now) {
            self.bytes -= size(&entry);
            return Ok(jobs.is_empty());
        }
        if jobs.is_empty() {
            self.bytes -= size(&entry);
        } else {
            self.finished.remove(&entry.key);
            entry.routes = routes.to_vec();
            self.enqueue(Event { entry, jobs });
        }
        Ok(true)
    }

    /// Bounded by `max`, and by the number of handlers.
    pub(super) fn sweep(&mut self, older_than: u64, max: usize, now: u64) -> usize {
        let mut swept = 0;
        for lane in 0..self.lanes.len() {
            while swept < max {
                let Some((&number, &id)) = self.lanes[lane].dead.first_key_value() else {
                    break;
                };
                let died = self.job(id).map(|job| match job.phase {
                    Phase::Dead { at, .. } => at,
                    _ => 0,
                });
                if died.is_some_and(|at| now.saturating_sub(at) <= older_than) {
                    break;
                }
                self.lanes[lane].dead.remove(&number);
                self.end(id, now);
                swept += 1;
            }
        }
        while swept < max
            && let Some(oldest) = self.unrouted.first_entry()
            && now.saturating_sub(oldest.get().at) > older_than
        {
            self.bytes -= size(&oldest.remove().entry);
            swept += 1;
        }
        swept
    }

    /// Ends a job that is in no collection any more; with the event's last one the event.
    pub(super) fn end(&mut self, id: JobId, now: u64) {
        self.set(id, Phase::Done);
        let finished =
            |event: &mut Event| event.jobs.iter().all(|j| matches!(j.phase, Phase::Done));
        if let Some(Event { entry, jobs }) = self.events[id.event as usize].take_if(finished) {
            self.free.push(id.event);
            self.open.remove(&entry.key);
            self.bytes -= size(&entry);
            self.remember(&entry, &jobs, now);
        }
    }

    /// Queues a job that was dead, as if it were new but for its replays.
    fn revive(&mut self, id: JobId, lane: usize, since: u64) {
        if let Some(job) = self.job(id) {
            job.attempt = 0;
            job.deliveries = 0;
            job.replays = job.replays.saturating_add(1);
            job.phase = Phase::Queued { since };
        }
        self.lanes[lane].push(id);
    }

    /// Takes a job out of the collection that it is in. A queue is searched: this is rare.
    fn withdraw(&mut self, id: JobId) {
        let Some(Job { lane, phase, .. }) = self.events[id.event as usize]
            .as_ref()
            .and_then(|event| event.jobs.get(id.job as usize))
        else {
            return;
        };
        let lane = &mut self.lanes[*lane];
        match *phase {
            Phase::Queued { .. } => lane.queued.retain(|queued| *queued != id),
            Phase::Leased { token, end, .. } => drop(lane.leased.remove(&(end, token))),
            Phase::Delayed { due, number } => drop(lane.delayed.remove(&(due, number))),
            Phase::Dead { number, .. } => drop(lane.dead.remove(&number)),
            Phase::Done => {}
        }
    }

    /// Whether another acceptance of this event stands.
    fn superseded(&self, key: &DedupKey, acceptance: AcceptanceId, now: u64) -> bool {
        let stands = match self.find(key) {
            Some((_, event)) => Some(event.entry.acceptance),
            None => self.finished.find(key, now).map(|f| f.acceptance),
        };
        stands.is_some_and(|stands| stands != acceptance)
    }

    fn find(&self, key: &DedupKey) -> Option<(u32, &Event)> {
        let slot = *self.open.get(key)?;
        Some((slot, self.events[slot as usize].as_ref()?))
    }
}

fn id(event: u32, job: usize) -> JobId {
    JobId {
        event,
        job: job as u32,
    }
}

fn number(entry: &str) -> Option<u64> {
    entry.parse().ok()
}

/// Where a listing begins.
fn behind(after: Option<&str>) -> Result<Bound<u64>, StoreError> {
    let Some(after) = after else {
        return Ok(Bound::Unbounded);
    };
    let number = number(after).ok_or_else(|| check::not_an_entry(after))?;
    Ok(Bound::Excluded(number))
}
