//! The working side, but for taking jobs.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, Value};

use super::{
    RedisStore,
    done::Done,
    lanes::Lane,
    lease::nominal_idle,
    record::StoredJob,
    reply,
    scripts::{self, Verb},
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{
        Fence, HandlerStats, Held, Jobs, LeaseRequest, Leased, Promoted, Stats, StoreFuture, check,
    },
};

impl Jobs for RedisStore {
    fn lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Vec<Leased>> {
        Box::pin(self.lease_or_wait(request))
    }

    fn extend<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane = self.lane(&fence.handler).await?;
            let mut call = self.fenced(Verb::Extend, &[&lane.queue], fence)?;
            call.arg(nominal_idle(fence.lease)?);
            self.held(call).await
        })
    }

    fn done<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let done = Done {
                lane: self.lane(&fence.handler).await?,
                consumer: Arc::clone(&self.consumer),
                entry: parts(fence)?.0.to_owned(),
                token: fence.token,
                acceptance: fence.acceptance,
                key: fence.key,
            };
            held(self.batcher.done(done).await?)
        })
    }

    fn retry<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane = self.lane(&fence.handler).await?;
            let keys = [&*lane.queue, &lane.delayed, &self.keys.dedup(&fence.key)];
            let job = StoredJob {
                attempt: fence.attempt.saturating_add(1),
                ..job(fence)?
            };
            let mut call = self.fenced(Verb::Delay, &keys, fence)?;
            call.arg(millis(delay)).arg(job.encode());
            self.held(call).await
        })
    }

    fn bury<'a>(&'a self, fence: &'a Fence, reason: &'a str) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane = self.lane(&fence.handler).await?;
            let keys = [&*lane.queue, &lane.dead, &self.keys.dedup(&fence.key)];
            let mut call = self.fenced(Verb::Bury, &keys, fence)?;
            call.arg(job(fence)?.encode()).arg(reason);
            self.held(call).await
        })
    }

    fn hand_back<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane = self.lane(&fence.handler).await?;
            let keys = [&*lane.queue, &self.keys.dedup(&fence.key)];
            self.held(self.fenced(Verb::HandBack, &keys, fence)?).await
        })
    }

    fn postpone<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane = self.lane(&fence.handler).await?;
            let keys = [&*lane.queue, &lane.delayed, &self.keys.dedup(&fence.key)];
            let mut call = self.fenced(Verb::Delay, &keys, fence)?;
            call.arg(millis(delay)).arg("");
            self.held(call).await
        })
    }

    fn promote<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, Promoted> {
        Box::pin(async move {
            let lane = self.lane(handler).await?;
            self.undelay(&lane, max, None).await
        })
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        Box::pin(async move {
            let directory = self.reload().await?;
            let mut keys = vec![self.keys.meta(), self.keys.unrouted()];
            for handler in &directory.handlers {
                keys.extend(self.keys.of(&handler.decl.name));
            }
            let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
            let counts = self.batcher.call(scripts::call(Verb::Stats, &keys)).await?;
            let counts: Vec<i64> = reply::read(counts)?;
            let [bytes, unrouted, counts @ ..] = counts.as_slice() else {
                return Err(reply::corrupt("stats.lua answered with too little"));
            };
            let count = |n: i64| u64::try_from(n).unwrap_or_default();
            let handlers = directory.handlers.into_iter().zip(counts.chunks_exact(5));
            let handlers = handlers.map(|(handler, n)| HandlerStats {
                handler: handler.decl.name,
                queued: count(n[0]),
                oldest: u64::try_from(n[1]).ok().map(Duration::from_millis),
                processing: count(n[2]),
                delayed: count(n[3]),
                dead: count(n[4]),
                paused: handler.paused,
                removal: handler.removal,
            });
            Ok(Stats {
                handlers: handlers.filter(check::is_listed).collect(),
                unrouted: count(*unrouted),
                bytes: count(*bytes),
                max_bytes: self.max_bytes,
            })
        })
    }
}

impl RedisStore {
    /// Moves delayed jobs, as many at the most: those that are due into the queue, or any of them
    /// among the dead, for this reason.
    pub(super) async fn undelay(
        &self,
        lane: &Lane,
        max: usize,
        dead: Option<&str>,
    ) -> Result<Promoted, StoreError> {
        let mut look = scripts::call(Verb::Due, &[&lane.delayed]);
        look.arg(max.min(MAX_PROMOTED));
        look.arg(if dead.is_some() { "all" } else { "due" });
        let (due, next): (Vec<Vec<u8>>, i64) = reply::read(self.batcher.call(look).await?)?;
        let next_due = u64::try_from(next).ok().map(Duration::from_millis);
        if due.is_empty() {
            return Ok(Promoted { moved: 0, next_due });
        }
        // Which records are to be changed is only known now; what somebody else has moved
        // meanwhile is left alone.
        let to = if dead.is_some() {
            &lane.dead
        } else {
            &lane.queue
        };
        let mut keys = vec![lane.delayed.clone(), to.clone()];
        for job in &due {
            keys.push(self.keys.dedup(&StoredJob::decode(job)?.key));
        }
        let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let mut call = scripts::call(Verb::Promote, &keys);
        call.arg(&*lane.name).arg(dead.unwrap_or_default()).arg(due);
        let moved = reply::read(self.batcher.call(call).await?)?;
        Ok(Promoted { moved, next_due })
    }

    /// A call that begins with what every fenced script needs.
    fn fenced(&self, verb: Verb, keys: &[&[u8]], fence: &Fence) -> Result<Cmd, StoreError> {
        let (entry, ..) = parts(fence)?;
        let mut call = scripts::call(verb, keys);
        call.arg(entry).arg(&*self.consumer).arg(fence.token);
        call.arg(&fence.acceptance.0[..]).arg(&*fence.handler);
        Ok(call)
    }

    async fn held(&self, call: Cmd) -> Result<Held, StoreError> {
        held(self.batcher.call(call).await?)
    }
}

fn held(answer: Value) -> Result<Held, StoreError> {
    match reply::read(answer)? {
        true => Ok(Held::Applied),
        false => Ok(Held::Lost),
    }
}

/// What [`Fence::entry`] is made of: the stream's entry, and what else goes with the job.
pub(super) fn entry(id: &str, job: &StoredJob) -> String {
    format!("{id}/{}/{}", job.replays, job.size)
}

/// The stream's entry, the job's replays and its payload's size.
fn parts(fence: &Fence) -> Result<(&str, u32, u32), StoreError> {
    let mut parts = fence.entry.split('/');
    let mut parts = || {
        let (id, replays, size) = (parts.next()?, parts.next()?, parts.next()?);
        Some((id, replays.parse().ok()?, size.parse().ok()?))
    };
    parts().ok_or_else(|| {
        StoreError::new(
            StoreErrorKind::Invalid,
            "the fence is not one of this store's",
        )
    })
}

/// The job as it goes elsewhere: its next entry begins without deliveries.
fn job(fence: &Fence) -> Result<StoredJob, StoreError> {
    let (_, replays, size) = parts(fence)?;
    Ok(StoredJob {
        key: fence.key,
        acceptance: fence.acceptance,
        attempt: fence.attempt,
        deliveries: 0,
        replays,
        size,
    })
}

/// Bounded, so that Lua's numbers hold it exactly: about 146 years.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .min(1 << 42)
}

/// Jobs moved by one script at the most, whatever was asked for: it holds up everybody else.
const MAX_PROMOTED: usize = 256;
