//! The repairing side.

use std::{sync::Arc, time::Duration};

use redb::ReadableTable;

use super::{
    fault::Outcome,
    rows::{JobAt, Place, Stands, unreadable},
    state::Batch,
    tables::{JobRow, time},
    time::millis,
};
use crate::{
    error::StoreError,
    store::{AcceptanceId, DeadLetter, DedupKey, JobState, Payload, Remembered, Unrouted, check},
};

impl Batch<'_, '_> {
    pub(super) fn dead(
        &self,
        handler: &str,
        after: Option<&str>,
        max: usize,
    ) -> Outcome<Vec<DeadLetter>> {
        let lane = self.lane(handler)?;
        let after = after.map_or(Ok(0), number)?;
        let behind = (lane, after.saturating_add(1))..=(lane, u64::MAX);
        let mut letters = Vec::new();
        for row in self.tables().dead.range(behind)?.take(max) {
            let (place, row) = row?;
            letters.push(self.letter(place.value(), row.value())?);
        }
        Ok(letters)
    }

    pub(super) fn dead_letter(&self, handler: &str, entry: &str) -> Outcome<Option<DeadLetter>> {
        let lane = self.lane(handler)?;
        let Ok(seq) = number(entry) else {
            return Ok(None);
        };
        let row = self.tables().dead.get((lane, seq))?;
        let letter = row.map(|row| self.letter((lane, seq), row.value()));
        letter.transpose()
    }

    fn letter(&self, (lane, seq): (u32, u64), row: (JobRow, u64, &str)) -> Outcome<DeadLetter> {
        let ((event, attempt, _, replays), at, reason) = row;
        let (head, body) = self.payload(event)?;
        let event = self.event(event)?;
        Ok(DeadLetter {
            entry: entry(seq),
            handler: Arc::clone(&self.state.lanes[lane as usize].name),
            key: event.key,
            acceptance: event.acceptance,
            attempt,
            replays,
            reason: reason.to_owned(),
            at: time(at),
            head,
            body,
        })
    }

    pub(super) fn payload_of(&self, key: &DedupKey) -> Outcome<Option<Payload>> {
        let Some((number, event)) = self.open_event(key)? else {
            return Ok(None);
        };
        let (head, body) = self.payload(number)?;
        Ok(Some(Payload {
            acceptance: event.acceptance,
            head,
            body,
        }))
    }

    pub(super) fn replay(&mut self, handler: &str, entry: &str) -> Outcome<bool> {
        let lane = self.lane(handler)?;
        match number(entry) {
            Ok(seq) => self.replay_one(lane, seq),
            Err(_) => Ok(false),
        }
    }

    pub(super) fn discard(&mut self, handler: &str, entry: &str) -> Outcome<bool> {
        let lane = self.lane(handler)?;
        match number(entry) {
            Ok(seq) => self.end_dead(lane, seq),
            Err(_) => Ok(false),
        }
    }

    pub(super) fn requeue(&mut self, key: &DedupKey, acceptance: AcceptanceId) -> Outcome<usize> {
        let Some((_, event)) = self.open_event(key)? else {
            return Ok(0);
        };
        let mut count = 0;
        for JobAt { lane, place } in event.jobs {
            if let Place::Dead { seq } = place
                && event.acceptance == acceptance
                && self.lane_mut(lane).removal.is_none()
            {
                count += usize::from(self.replay_one(lane, seq)?);
            }
        }
        Ok(count)
    }

    pub(super) fn alerted(&self, handler: &str) -> Outcome<Option<String>> {
        let lane = self.lane(handler)?;
        let last = self.state.lanes[lane as usize].counts.alerted;
        Ok((last > 0).then(|| entry(last)))
    }

    pub(super) fn set_alerted(&mut self, handler: &str, entry: &str) -> Outcome<()> {
        let (lane, seq) = (self.lane(handler)?, number(entry)?);
        if seq > self.state.lanes[lane as usize].counts.alerted {
            self.count(lane, |counts| counts.alerted = seq);
            // The counts are written with the batch.
            self.write();
        }
        Ok(())
    }

    pub(super) fn status(&self, key: &DedupKey) -> Outcome<Option<Remembered>> {
        let Some(record) = self.record(key)? else {
            return Ok(None);
        };
        let places = match record.stands {
            Stands::Open { event } => self.event(event)?.jobs,
            Stands::Finished { lanes, .. } => lanes.into_iter().map(JobAt::done).collect(),
        };
        let mut jobs = Vec::with_capacity(places.len());
        for JobAt { lane, place } in places {
            let Some(at) = self.state.lanes.get(lane as usize) else {
                continue;
            };
            jobs.push((Arc::clone(&at.name), self.job_state(lane, place)?));
        }
        Ok(Some(Remembered {
            acceptance: record.acceptance,
            jobs,
        }))
    }

    fn job_state(&self, lane: u32, place: Place) -> Outcome<JobState> {
        Ok(match place {
            Place::Queue { seq } => {
                let lease = self.state.lanes[lane as usize].lease(seq);
                match lease.is_some_and(|lease| lease.end > self.now) {
                    true => JobState::Processing,
                    false => JobState::Queued,
                }
            }
            Place::Delayed { due, .. } => JobState::Delayed { due: time(due) },
            Place::Dead { seq } => {
                let row = self.tables().dead.get((lane, seq))?;
                let row = row.ok_or_else(unreadable)?;
                JobState::Dead {
                    reason: row.value().2.to_owned(),
                }
            }
            Place::Done => JobState::Done,
        })
    }

    pub(super) fn erase(&mut self, key: &DedupKey) -> Outcome<bool> {
        let mut found = false;
        if let Some((number, mut event)) = self.open_event(key)? {
            for JobAt { lane, place } in &mut event.jobs {
                match std::mem::replace(place, Place::Done) {
                    Place::Queue { seq } => drop(self.unqueue(*lane, seq)?),
                    Place::Delayed { due, seq } => self.undelay(*lane, due, seq)?,
                    Place::Dead { seq } => drop(self.exhume(*lane, seq)?),
                    Place::Done => {}
                }
            }
            self.finish_event(number, &event)?;
            found = true;
        }
        let mut unrouted = Vec::new();
        for row in self.tables().unrouted.iter()? {
            let number = row?.0.value();
            let event = self.event(number)?;
            if event.key == *key {
                unrouted.push((number, event));
            }
        }
        for (number, event) in unrouted {
            self.unroute(number)?;
            self.drop_payload(number, &event)?;
            found = true;
        }
        Ok(found)
    }

    pub(super) fn unrouted(&self, after: Option<&str>, max: usize) -> Outcome<Vec<Unrouted>> {
        let after = after.map_or(Ok(0), number)?;
        let mut events = Vec::new();
        for row in self
            .tables()
            .unrouted
            .range(after.saturating_add(1)..)?
            .take(max)
        {
            let number = row?.0.value();
            let (head, body) = self.payload(number)?;
            events.push(Unrouted {
                entry: entry(number),
                key: self.event(number)?.key,
                head,
                body,
            });
        }
        Ok(events)
    }

    pub(super) fn route(&mut self, entry: &str, routes: &[Arc<str>]) -> Outcome<bool> {
        let lanes = self.lanes(routes)?;
        let Ok(number) = number(entry) else {
            return Ok(false);
        };
        if self.tables().unrouted.get(number)?.is_none() {
            return Ok(false);
        }
        let mut event = self.event(number)?;
        self.unroute(number)?;
        let record = self.record(&event.key)?;
        // A later acceptance of the same event counts instead of this one.
        let superseded = record.is_some_and(|record| record.acceptance != event.acceptance);
        if superseded || lanes.is_empty() {
            self.drop_payload(number, &event)?;
            return Ok(lanes.is_empty());
        }
        for lane in lanes {
            let place = self.enqueue(lane, (number, 0, 0, 0))?;
            event.jobs.push(JobAt { lane, place });
        }
        self.reopen(number, &event)?;
        Ok(true)
    }

    /// Gives up what is older than this: dead letters, each handler's oldest first, then events
    /// that no handler wanted.
    pub(super) fn sweep(&mut self, older_than: Duration, max: usize) -> Outcome<usize> {
        let (max, older_than) = (max.min(MAX_SWEPT), millis(older_than));
        let mut swept = 0;
        for lane in 0..self.state.lanes.len() as u32 {
            while swept < max {
                let all = (lane, 0)..=(lane, u64::MAX);
                let first = self.tables().dead.range(all)?.next().transpose()?;
                let Some((seq, at)) = first.map(|(key, row)| (key.value().1, row.value().1)) else {
                    break;
                };
                if self.now.saturating_sub(at) <= older_than || !self.end_dead(lane, seq)? {
                    break;
                }
                swept += 1;
            }
        }
        while swept < max {
            let oldest = self.tables().unrouted.first()?;
            let Some((number, at)) = oldest.map(|(key, at)| (key.value(), at.value())) else {
                break;
            };
            if self.now.saturating_sub(at) <= older_than {
                break;
            }
            let event = self.event(number)?;
            self.unroute(number)?;
            self.drop_payload(number, &event)?;
            swept += 1;
        }
        Ok(swept)
    }

    fn end_dead(&mut self, lane: u32, seq: u64) -> Outcome<bool> {
        let Some((event, ..)) = self.exhume(lane, seq)? else {
            return Ok(false);
        };
        self.move_job(event, lane, Place::Dead { seq }, Place::Done)?;
        Ok(true)
    }

    fn unroute(&mut self, number: u64) -> Outcome<()> {
        self.write().unrouted.remove(number)?;
        self.state.unrouted = self.state.unrouted.saturating_sub(1);
        Ok(())
    }

    fn replay_one(&mut self, lane: u32, seq: u64) -> Outcome<bool> {
        let Some((event, _, _, replays)) = self.exhume(lane, seq)? else {
            return Ok(false);
        };
        let to = self.enqueue(lane, (event, 0, 0, replays.saturating_add(1)))?;
        self.move_job(event, lane, Place::Dead { seq }, to)?;
        Ok(true)
    }

    /// Takes a dead letter out; its payload stays.
    fn exhume(&mut self, lane: u32, seq: u64) -> Outcome<Option<JobRow>> {
        if self.tables().dead.get((lane, seq))?.is_none() {
            return Ok(None);
        }
        let row = self.write().dead.remove((lane, seq))?;
        let job = row.map(|row| row.value().0);
        self.count(lane, |counts| counts.dead -= 1);
        Ok(job)
    }
}

/// The name of a dead letter or an unrouted event: as text, too, it grows.
fn entry(number: u64) -> String {
    format!("{number:020}")
}

fn number(entry: &str) -> Result<u64, StoreError> {
    entry.parse().map_err(|_| check::not_an_entry(entry))
}

/// Dead letters and unrouted events that one call gives up, so that others get their turn.
pub(super) const MAX_SWEPT: usize = 1_000;
