//! The working side, but for taking jobs.

use std::{sync::Arc, time::Duration};

use redis::Cmd;

use super::{
    RedisStore,
    lanes::Lane,
    lease::nominal_idle,
    reply,
    scripts::{self, Verb},
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Fence, HandlerStats, Held, Jobs, LeaseRequest, Leased, Promoted, Stats, StoreFuture},
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
            let lane = self.lane(&fence.handler).await?;
            let (meta, event) = (self.keys.meta(), self.keys.event(&fence.acceptance));
            let keys = [&*lane.queue, &meta, &event, &self.keys.dedup(&fence.key)];
            let mut call = self.fenced(Verb::Done, &keys, fence)?;
            call.arg(&fence.acceptance.0[..]).arg(place(fence)?);
            self.held(call).await
        })
    }

    fn retry<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane = self.lane(&fence.handler).await?;
            let keys = [
                &*lane.queue,
                &lane.delayed,
                &self.keys.event(&fence.acceptance),
            ];
            let mut call = self.fenced(Verb::Retry, &keys, fence)?;
            call.arg(&fence.acceptance.0[..])
                .arg(place(fence)?)
                .arg(millis(delay));
            call.arg(&fence.key.0[..])
                .arg(fence.attempt.saturating_add(1));
            self.held(call).await
        })
    }

    fn bury<'a>(&'a self, fence: &'a Fence, reason: &'a str) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane: Arc<Lane> = self.lane(&fence.handler).await?;
            let event = self.keys.event(&fence.acceptance);
            let keys = [
                &*lane.queue,
                &lane.dead,
                &event,
                &self.keys.dedup(&fence.key),
            ];
            let mut call = self.fenced(Verb::Bury, &keys, fence)?;
            call.arg(&fence.acceptance.0[..])
                .arg(place(fence)?)
                .arg(reason);
            call.arg(&fence.key.0[..]).arg(fence.attempt);
            self.held(call).await
        })
    }

    fn hand_back<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        Box::pin(async move {
            let lane = self.lane(&fence.handler).await?;
            self.held(self.fenced(Verb::HandBack, &[&lane.queue], fence)?)
                .await
        })
    }

    fn promote<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, Promoted> {
        Box::pin(async move {
            let lane = self.lane(handler).await?;
            let mut call = scripts::call(Verb::Promote, &[&lane.delayed, &lane.queue]);
            call.arg(max.min(MAX_PROMOTED));
            let (moved, due): (usize, i64) = reply::read(self.batcher.call(call, 0).await?)?;
            Ok(Promoted {
                moved,
                next_due: u64::try_from(due).ok().map(Duration::from_millis),
            })
        })
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        Box::pin(async move {
            let registry = self.reload().await?;
            let mut keys = vec![self.keys.meta(), self.keys.unrouted()];
            for handler in &registry.handlers {
                let name = &handler.name;
                keys.extend([
                    self.keys.queue(name),
                    self.keys.delayed(name),
                    self.keys.dead(name),
                ]);
            }
            let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
            let counts = self
                .batcher
                .call(scripts::call(Verb::Stats, &keys), 0)
                .await?;
            let counts: Vec<u64> = reply::read(counts)?;
            let [bytes, unrouted, counts @ ..] = counts.as_slice() else {
                return Err(reply::corrupt("stats.lua answered with too little"));
            };
            let handlers = registry.handlers.into_iter().zip(counts.chunks_exact(4));
            let handlers = handlers.map(|(handler, n)| HandlerStats {
                handler: handler.name,
                queued: n[0],
                processing: n[1],
                delayed: n[2],
                dead: n[3],
            });
            Ok(Stats {
                handlers: handlers.collect(),
                unrouted: *unrouted,
                bytes: *bytes,
                max_bytes: self.max_bytes,
            })
        })
    }
}

impl RedisStore {
    /// A call that begins with what every fenced script checks.
    fn fenced(&self, verb: Verb, keys: &[&[u8]], fence: &Fence) -> Result<Cmd, StoreError> {
        let (entry, _) = parts(fence)?;
        let mut call = scripts::call(verb, keys);
        call.arg(entry).arg(&self.consumer).arg(fence.token);
        Ok(call)
    }

    async fn held(&self, call: Cmd) -> Result<Held, StoreError> {
        match reply::read(self.batcher.call(call, 0).await?)? {
            true => Ok(Held::Applied),
            false => Ok(Held::Lost),
        }
    }
}

/// What [`Fence::entry`] is made of: the stream's entry, and the job's place among its event's.
pub(super) fn entry(id: &str, place: u16) -> String {
    format!("{id}/{place}")
}

fn parts(fence: &Fence) -> Result<(&str, u16), StoreError> {
    let parts = fence.entry.split_once('/');
    parts
        .and_then(|(id, place)| Some((id, place.parse().ok()?)))
        .ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Invalid,
                "the fence is not one of this store's",
            )
        })
}

fn place(fence: &Fence) -> Result<u16, StoreError> {
    parts(fence).map(|(_, place)| place)
}

/// Bounded, so that Lua's numbers hold it exactly: about 146 years.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .min(1 << 42)
}

/// Jobs moved by one script at the most, whatever was asked for: it holds up everybody else.
const MAX_PROMOTED: usize = 1_000;
