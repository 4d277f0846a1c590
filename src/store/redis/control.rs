//! The operating side.

use std::time::Duration;

use super::{
    RedisStore,
    lease::{For, fence},
    reply,
    scripts::{self, FORMAT, Verb},
};
use crate::{
    error::StoreError,
    store::{Control, Held, Jobs, LeaseRequest, REMOVED, Removal, StoreFuture},
};

impl Control for RedisStore {
    fn set_paused<'a>(&'a self, handler: &'a str, paused: bool) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.lane(handler).await?;
            let mut call = scripts::call(Verb::Pause, &[&self.keys.meta()]);
            call.arg(handler).arg(if paused { "1" } else { "" });
            reply::read(self.batcher.write(call).await?)
        })
    }

    fn remove<'a>(&'a self, handler: &'a str, removal: Removal) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.lane(handler).await?;
            let mut call = scripts::call(Verb::Remove, &[&self.keys.meta()]);
            call.arg(FORMAT).arg(handler).arg(match removal {
                Removal::Drain => "drain",
                Removal::Bury => "bury",
            });
            reply::read(self.batcher.write(call).await?)
        })
    }

    fn bury_removed<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, usize> {
        Box::pin(self.bury_some(handler, max))
    }
}

impl RedisStore {
    /// Those of the queue are leased first: a job that somebody else has taken meanwhile is his.
    async fn bury_some(&self, handler: &str, max: usize) -> Result<usize, StoreError> {
        let lane = self.lane(handler).await?;
        let directory = self.reload().await?;
        if directory.find(handler).and_then(|h| h.removal) != Some(Removal::Bury) {
            return Ok(0);
        }
        let mut buried = self.undelay(&lane, max, Some(REMOVED)).await?.moved;
        if buried >= max {
            return Ok(buried);
        }
        let request = LeaseRequest {
            handler,
            max: max - buried,
            lease: LEASE,
            wait: Duration::ZERO,
        };
        let (_, taken) = self.take(&lane, &request, For::Burial).await?;
        for job in &taken {
            let (fence, _) = fence(&lane, LEASE, job)?;
            if self.bury(&fence, REMOVED).await? == Held::Applied {
                buried += 1;
            }
        }
        Ok(buried)
    }
}

/// For burying what was taken; if this process dies meanwhile, another one does it afterwards.
const LEASE: Duration = Duration::from_secs(30);
