//! Taking jobs.
//!
//! Jobs are taken by a script that does not block, so that nothing is ever handed to a reader that
//! has gone. Waiting is a blocking `XREAD` without the group, which takes nothing: it only tells
//! that something arrived. The price: an arrival wakes every process that waits for the handler.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};

use super::{
    RedisStore,
    jobs::{entry, millis},
    lanes::Lane,
    payloads::late,
    record::StoredJob,
    reply,
    scripts::{self, Verb},
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Fence, Jobs, LeaseRequest, Leased},
};

/// A stream entry under lease: its id, its delivery count, its fields.
pub(super) type Taken = (String, u32, Vec<Vec<u8>>);

/// What jobs are taken for.
#[derive(Clone, Copy, Debug)]
pub(super) enum For {
    Work,
    /// Of a handler that was removed.
    Burial,
}

impl RedisStore {
    pub(super) async fn lease_or_wait(
        &self,
        request: LeaseRequest<'_>,
    ) -> Result<Vec<Leased>, StoreError> {
        let lane = self.lane(request.handler).await?;
        let started = Instant::now();
        loop {
            let (newest, taken) = self.take(&lane, &request, For::Work).await?;
            if !taken.is_empty() {
                let jobs = self.with_payloads(&lane, request.lease, taken).await?;
                if !jobs.is_empty() {
                    return Ok(jobs);
                }
                continue;
            }
            let left = request.wait.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(Vec::new());
            }
            let at_most = left.min(look_again(request.lease));
            if newest.is_empty() {
                // Whatever arrives, nothing is to be had.
                sleep(at_most).await;
            } else {
                self.wait(&lane, &newest, at_most).await?;
            }
        }
    }

    /// What is there now. When that is nothing, the newest entry of the queue; none when the handler
    /// gives out no jobs at all.
    pub(super) async fn take(
        &self,
        lane: &Lane,
        request: &LeaseRequest<'_>,
        what_for: For,
    ) -> Result<(String, Vec<Taken>), StoreError> {
        let cursor = lane
            .cursor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut call = scripts::call(Verb::Lease, &[&lane.queue, &self.keys.meta()]);
        call.arg(&*self.consumer)
            .arg(request.max.clamp(1, MAX_TAKEN));
        call.arg(nominal_idle(request.lease)?)
            .arg(NOMINAL)
            .arg(cursor)
            .arg(ENOUGH);
        call.arg(&*lane.name).arg(match what_for {
            For::Work => "work",
            For::Burial => "bury",
        });
        let answer = self.batcher.call(call).await?;
        let (cursor, newest, taken) = reply::read(answer)?;
        *lane.cursor.lock().unwrap_or_else(PoisonError::into_inner) = cursor;
        Ok((newest, taken))
    }

    /// Returns when something newer is there, or after `at_most`.
    async fn wait(&self, lane: &Lane, newest: &str, at_most: Duration) -> Result<(), StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("XREAD").arg("COUNT").arg(1);
        // Zero would be for ever.
        pipeline.arg("BLOCK").arg(millis(at_most).max(1));
        pipeline.arg("STREAMS").arg(&lane.queue).arg(newest);
        self.side.read(&pipeline, at_most).await.map(drop)
    }

    /// The jobs with their payloads. Those that cannot be read go back uncounted: reading is not
    /// working, and a slow link must not make a job look like poison. An error only when none is left.
    async fn with_payloads(
        &self,
        lane: &Arc<Lane>,
        lease: Duration,
        taken: Vec<Taken>,
    ) -> Result<Vec<Leased>, StoreError> {
        // Whoever gets the jobs is left half of their lease.
        let until = Instant::now() + self.timeout.max(lease / 2);
        let (mut jobs, mut failed) = (Vec::with_capacity(taken.len()), None);
        let mut fences = VecDeque::with_capacity(taken.len());
        for job in &taken {
            match fence(lane, lease, job) {
                Ok(job) => fences.push_back(job),
                Err(why) => failed = Some(why),
            }
        }
        while !fences.is_empty() {
            let stored = fences.iter().map(|(_, job)| job);
            let read = match timeout_at(until, self.read_chunk(stored)).await {
                Ok(read) => read,
                Err(_) => Err(late()),
            };
            let payloads = match read {
                Ok(payloads) => payloads,
                Err(why) => {
                    failed = Some(why);
                    self.return_all(fences.drain(..)).await;
                    break;
                }
            };
            let count = payloads.len();
            for ((fence, job), payload) in fences.drain(..count).zip(payloads) {
                let Some((head, body)) = payload else {
                    // Somebody removed it from outside. Without it nobody can do the job, and as a
                    // dead letter it is seen.
                    if let Err(why) = self.bury(&fence, "payload is missing").await {
                        failed = Some(why);
                    }
                    continue;
                };
                let (key, attempt) = (fence.key, fence.attempt);
                jobs.push(Leased {
                    fence,
                    key,
                    head,
                    body,
                    attempt,
                    deliveries: job.deliveries,
                    replays: job.replays,
                });
            }
        }
        match failed {
            Some(why) if jobs.is_empty() => Err(why),
            _ => Ok(jobs),
        }
    }

    /// Best effort: at the first failure it stops, and the leases of the others run out.
    async fn return_all(&self, fences: impl Iterator<Item = (Fence, StoredJob)>) {
        for (fence, _) in fences {
            if self.hand_back(&fence).await.is_err() {
                break;
            }
        }
    }
}

/// The idle time at which a lease of this length starts, in milliseconds: it ends at [`NOMINAL`].
pub(super) fn nominal_idle(lease: Duration) -> Result<u64, StoreError> {
    NOMINAL
        .checked_sub(millis(lease))
        .ok_or_else(|| StoreError::new(StoreErrorKind::Invalid, "a lease lasts a day at the most"))
}

/// The lease of a job, and the job with this delivery counted.
pub(super) fn fence(
    lane: &Lane,
    lease: Duration,
    (id, count, fields): &Taken,
) -> Result<(Fence, StoredJob), StoreError> {
    let [_, job, ..] = fields.as_slice() else {
        return Err(reply::corrupt("a queue entry in Redis is not readable"));
    };
    let mut job = StoredJob::decode(job)?;
    job.deliveries = job.deliveries.saturating_add(*count);
    let fence = Fence {
        handler: Arc::clone(&lane.name),
        acceptance: job.acceptance,
        key: job.key,
        entry: entry(id, &job),
        token: u64::from(*count),
        attempt: job.attempt,
        lease,
    };
    Ok((fence, job))
}

/// How often one who waits looks for leases that ran out: soon enough for short leases, and once a
/// second for all others, so that an idle store costs next to nothing.
fn look_again(lease: Duration) -> Duration {
    (lease / 4).clamp(Duration::from_millis(20), Duration::from_secs(1))
}

/// The idle time in milliseconds at which every lease is over; also the longest one.
pub(super) const NOMINAL: u64 = 86_400_000;
/// Jobs taken by one script at the most, whatever was asked for.
const MAX_TAKEN: usize = 512;
/// Bytes of payload at which a lease takes no further job.
const ENOUGH: usize = 4 << 20;
