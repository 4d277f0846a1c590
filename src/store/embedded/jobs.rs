//! The working side.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use redb::ReadableTable;
use tokio::sync::Notify;

use super::{
    fault::Outcome,
    lane::Lease,
    rows::{Event, Place, Stands, unreadable},
    state::Batch,
    tables::JobRow,
    time::millis,
};
use crate::store::{DedupKey, Fence, Held, Leased, Promoted, Stats, check};

/// A job under a lease that counts.
struct Holding {
    lane: u32,
    seq: u64,
    job: JobRow,
}

impl Batch<'_, '_> {
    /// The jobs, and who tells of the next one.
    pub(super) fn take(
        &mut self,
        handler: &str,
        max: usize,
        length: Duration,
    ) -> Outcome<(Vec<Leased>, Arc<Notify>)> {
        let lane = self.lane(handler)?;
        let (mut taken, mut bytes) = (Vec::new(), 0);
        let max = match self.lane_mut(lane).is_closed() {
            true => 0,
            false => max.max(1),
        };
        let end = self.now.saturating_add(millis(length));
        while taken.len() < max && bytes < ENOUGH {
            let Some((seq, (job, since))) = self.next_job(lane)? else {
                break;
            };
            let (number, attempt, deliveries, replays) = job;
            let Event {
                key, acceptance, ..
            } = self.event(number)?;
            let (head, body) = self.payload(number)?;
            bytes += head.len() + body.len();
            let deliveries = deliveries.saturating_add(1);
            let row = (number, attempt, deliveries, replays);
            self.write().queue.insert((lane, seq), (row, since))?;
            let token = self.next_seq();
            let lease = Lease {
                token,
                end,
                acceptance,
            };
            let lane = self.lane_mut(lane);
            lane.cursor = lane.cursor.max(seq + 1);
            lane.hold(seq, lease);
            let fence = Fence {
                handler: Arc::clone(&lane.name),
                acceptance,
                key,
                entry: seq.to_string(),
                token,
                attempt,
                lease: length,
            };
            taken.push(Leased {
                fence,
                key,
                head,
                body,
                attempt,
                deliveries,
                replays,
            });
        }
        Ok((taken, Arc::clone(&self.lane_mut(lane).arrived)))
    }

    /// Leases are in memory only: nothing is written.
    pub(super) fn extend(&mut self, fence: &Fence) -> Outcome<Held> {
        let Some((lane, seq, lease)) = self.held(fence)? else {
            return Ok(Held::Lost);
        };
        let end = self.now.saturating_add(millis(fence.lease));
        self.lane_mut(lane).hold(seq, Lease { end, ..lease });
        Ok(Held::Applied)
    }

    pub(super) fn done(&mut self, fence: &Fence) -> Outcome<Held> {
        let Some(Holding { lane, seq, job, .. }) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        self.move_job(job.0, lane, Place::Queue { seq }, Place::Done)?;
        Ok(Held::Applied)
    }

    pub(super) fn retry(&mut self, fence: &Fence, delay: Duration) -> Outcome<Held> {
        let Some(Holding { lane, seq, job }) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        let (number, attempt, _, replays) = job;
        let job = (number, attempt.saturating_add(1), 0, replays);
        self.delay(Holding { lane, seq, job }, delay)
    }

    pub(super) fn postpone(&mut self, fence: &Fence, delay: Duration) -> Outcome<Held> {
        let Some(Holding { lane, seq, job }) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        let job = unleased(job);
        self.delay(Holding { lane, seq, job }, delay)
    }

    pub(super) fn bury(&mut self, fence: &Fence, reason: &str) -> Outcome<Held> {
        let Some(Holding { lane, seq, job }) = self.release(fence)? else {
            return Ok(Held::Lost);
        };
        let to = self.kill(lane, job, reason)?;
        self.move_job(job.0, lane, Place::Queue { seq }, to)?;
        Ok(Held::Applied)
    }

    pub(super) fn hand_back(&mut self, fence: &Fence) -> Outcome<Held> {
        let Some((lane, seq, _)) = self.held(fence)? else {
            return Ok(Held::Lost);
        };
        let (job, since) = self.queued(lane, seq)?;
        let row = (unleased(job), since);
        self.write().queue.insert((lane, seq), row)?;
        self.lane_mut(lane).hand_back(seq);
        self.announce(lane, 1);
        Ok(Held::Applied)
    }

    pub(super) fn promote(&mut self, handler: &str, max: usize) -> Outcome<Promoted> {
        let lane = self.lane(handler)?;
        let mut moved = 0;
        let next_due = loop {
            let Some((due, seq, job)) = self.next_delayed(lane)? else {
                break None;
            };
            if due > self.now || moved == max {
                break Some(Duration::from_millis(due.saturating_sub(self.now)));
            }
            self.undelay(lane, due, seq)?;
            let to = self.enqueue(lane, job)?;
            self.move_job(job.0, lane, Place::Delayed { due, seq }, to)?;
            moved += 1;
        };
        Ok(Promoted { moved, next_due })
    }

    pub(super) fn stats(&self) -> Outcome<Stats> {
        let mut handlers = Vec::with_capacity(self.state.lanes.len());
        for (number, lane) in (0..).zip(&self.state.lanes) {
            let since = self.oldest(number)?.map(|(_, (_, since))| since);
            let age = since.map(|since| Duration::from_millis(self.now.saturating_sub(since)));
            handlers.push(lane.stats(age));
        }
        handlers.retain(check::is_listed);
        Ok(Stats {
            handlers,
            unrouted: self.state.unrouted,
            bytes: self.state.numbers.bytes,
            max_bytes: Some(self.state.max_bytes),
        })
    }

    /// Puts a job's row at the end of a queue.
    pub(super) fn enqueue(&mut self, lane: u32, job: JobRow) -> Outcome<Place> {
        let (seq, now) = (self.next_seq(), self.now);
        self.write().queue.insert((lane, seq), (job, now))?;
        self.count(lane, |counts| counts.waiting += 1);
        self.announce(lane, 1);
        Ok(Place::Queue { seq })
    }

    /// Puts a job's row at the end of the dead letters.
    pub(super) fn kill(&mut self, lane: u32, job: JobRow, reason: &str) -> Outcome<Place> {
        let (seq, now) = (self.next_seq(), self.now);
        self.write().dead.insert((lane, seq), (job, now, reason))?;
        self.count(lane, |counts| counts.dead += 1);
        Ok(Place::Dead { seq })
    }

    /// Takes a job's row out of a queue, and its lease with it.
    pub(super) fn unqueue(&mut self, lane: u32, seq: u64) -> Outcome<JobRow> {
        let row = self.write().queue.remove((lane, seq))?;
        let (job, _) = row.ok_or_else(unreadable)?.value();
        self.count(lane, |counts| counts.waiting -= 1);
        self.lane_mut(lane).forget(seq);
        Ok(job)
    }

    /// Notes in the event's row that a job moved. With the last job's end the payload goes.
    pub(super) fn move_job(
        &mut self,
        number: u64,
        lane: u32,
        from: Place,
        to: Place,
    ) -> Outcome<()> {
        let mut event = self.event(number)?;
        let mut jobs = event.jobs.iter_mut();
        let job = jobs.find(|job| job.lane == lane && job.place == from);
        job.ok_or_else(unreadable)?.place = to;
        if event.is_finished() {
            self.finish_event(number, &event)
        } else {
            self.write().events.insert(number, &*event.encode())?;
            Ok(())
        }
    }

    pub(super) fn finish_event(&mut self, number: u64, event: &Event) -> Outcome<()> {
        self.drop_payload(number, event)?;
        self.remember(event)
    }

    pub(super) fn drop_payload(&mut self, number: u64, event: &Event) -> Outcome<()> {
        self.write().events.remove(number)?;
        self.write().payloads.remove(number)?;
        let numbers = &mut self.state.numbers;
        numbers.bytes = numbers.bytes.saturating_sub(event.bytes);
        Ok(())
    }

    pub(super) fn payload(&self, number: u64) -> Outcome<(Bytes, Bytes)> {
        let row = self.tables().payloads.get(number)?.ok_or_else(unreadable)?;
        let row = row.value();
        let (len, rest) = row.split_first_chunk().ok_or_else(unreadable)?;
        let len = u32::from_le_bytes(*len) as usize;
        if len > rest.len() {
            return Err(unreadable().into());
        }
        let mut head = Bytes::copy_from_slice(rest);
        let body = head.split_off(len);
        Ok((head, body))
    }

    /// Those whose lease ran out come first, then those that were handed back.
    pub(super) fn next_job(&self, lane: u32) -> Outcome<Option<(u64, (JobRow, u64))>> {
        match self.state.lanes[lane as usize].run_out(self.now) {
            Some(seq) => Ok(Some((seq, self.queued(lane, seq)?))),
            None => self.oldest(lane),
        }
    }

    /// The job that has waited for the longest time.
    fn oldest(&self, lane: u32) -> Outcome<Option<(u64, (JobRow, u64))>> {
        let at = &self.state.lanes[lane as usize];
        if let Some(seq) = at.returned() {
            return Ok(Some((seq, self.queued(lane, seq)?)));
        }
        let rest = (lane, at.cursor)..=(lane, u64::MAX);
        let first = self.tables().queue.range(rest)?.next().transpose()?;
        Ok(first.map(|(key, job)| (key.value().1, job.value())))
    }

    fn queued(&self, lane: u32, seq: u64) -> Outcome<(JobRow, u64)> {
        let row = self.tables().queue.get((lane, seq))?;
        Ok(row.ok_or_else(unreadable)?.value())
    }

    fn held(&self, fence: &Fence) -> Outcome<Option<(u32, u64, Lease)>> {
        let lane = self.lane(&fence.handler)?;
        let Ok(seq) = fence.entry.parse() else {
            return Ok(None);
        };
        let lease = self.state.lanes[lane as usize].lease(seq);
        let lease = lease.filter(|l| l.token == fence.token && l.acceptance == fence.acceptance);
        Ok(lease.map(|lease| (lane, seq, lease)))
    }

    /// Ends a lease and takes the job out of the queue. `None` when the lease is not held.
    fn release(&mut self, fence: &Fence) -> Outcome<Option<Holding>> {
        let Some((lane, seq, _)) = self.held(fence)? else {
            return Ok(None);
        };
        let job = self.unqueue(lane, seq)?;
        Ok(Some(Holding { lane, seq, job }))
    }

    /// The delayed job that is due first.
    pub(super) fn next_delayed(&self, lane: u32) -> Outcome<Option<(u64, u64, JobRow)>> {
        let all = (lane, 0, 0)..=(lane, u64::MAX, u64::MAX);
        let first = self.tables().delayed.range(all)?.next().transpose()?;
        Ok(first.map(|(key, job)| {
            let (_, due, seq) = key.value();
            (due, seq, job.value())
        }))
    }

    pub(super) fn undelay(&mut self, lane: u32, due: u64, seq: u64) -> Outcome<()> {
        self.write().delayed.remove((lane, due, seq))?;
        self.count(lane, |counts| counts.delayed -= 1);
        Ok(())
    }

    /// Makes a job that has left the queue wait.
    fn delay(&mut self, Holding { lane, seq, job }: Holding, delay: Duration) -> Outcome<Held> {
        let due = self.now.saturating_add(millis(delay));
        let (from, seq) = (Place::Queue { seq }, self.next_seq());
        self.write().delayed.insert((lane, due, seq), job)?;
        self.count(lane, |counts| counts.delayed += 1);
        self.move_job(job.0, lane, from, Place::Delayed { due, seq })?;
        Ok(Held::Applied)
    }

    /// The event of a key that has jobs.
    pub(super) fn open_event(&self, key: &DedupKey) -> Outcome<Option<(u64, Event)>> {
        let record = self.record(key)?;
        let Some(Stands::Open { event }) = record.map(|record| record.stands) else {
            return Ok(None);
        };
        Ok(Some((event, self.event(event)?)))
    }
}

/// The job as it was before its lease.
fn unleased((number, attempt, deliveries, replays): JobRow) -> JobRow {
    (number, attempt, deliveries.saturating_sub(1), replays)
}

/// Bytes of payload at which a lease takes no further job: everybody waits while they are read.
const ENOUGH: usize = 4 << 20;
