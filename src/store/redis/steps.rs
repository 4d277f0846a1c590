//! The steps of which the repairing side is made.

use std::sync::Arc;

use redis::Cmd;

use super::{
    RedisStore,
    record::{Jobs as JobsOf, Record, StoredJob},
    reply,
    scripts::{self, Verb},
    skew,
};
use crate::{
    clock::UnixTime,
    error::StoreError,
    store::{AcceptanceId, DedupKey},
};

impl RedisStore {
    /// The server's clock.
    pub(super) async fn time(&self) -> Result<UnixTime, StoreError> {
        skew::time_of(self.batcher.call(redis::cmd("TIME")).await?)
    }

    /// What is remembered of a key, if it is of this acceptance where one is given.
    pub(super) async fn record(
        &self,
        key: &DedupKey,
        acceptance: Option<AcceptanceId>,
    ) -> Result<Option<(Record, Vec<u8>)>, StoreError> {
        let name = self.keys.dedup(key);
        let mut command = redis::cmd("GET");
        command.arg(&name);
        let found: Option<Vec<u8>> = reply::read(self.batcher.call(command).await?)?;
        let Some(found) = found else { return Ok(None) };
        let record = Record::decode(&found)?;
        let wanted = acceptance.is_none_or(|wanted| wanted == record.acceptance);
        Ok(wanted.then_some((record, name)))
    }

    pub(super) async fn give_up(
        &self,
        handler: &str,
        dead: &[u8],
        entry: &str,
        job: &StoredJob,
    ) -> Result<bool, StoreError> {
        let (meta, event) = (self.keys.meta(), self.keys.event(&job.acceptance));
        let keys = [dead, &meta, &event, &self.keys.dedup(&job.key)];
        let mut call = scripts::call(Verb::Discard, &keys);
        call.arg(entry).arg(&job.acceptance.0[..]).arg(handler);
        self.flag(call).await
    }

    pub(super) async fn erase_jobs(&self, key: &DedupKey) -> Result<bool, StoreError> {
        let Some((record, name)) = self.record(key, None).await? else {
            return Ok(false);
        };
        let JobsOf::Open(jobs) = record.jobs else {
            return Ok(false);
        };
        let event = self.keys.event(&record.acceptance);
        let mut keys = vec![name, self.keys.meta(), event];
        for (handler, ..) in &jobs {
            keys.extend(self.keys.of(handler));
        }
        let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let mut call = scripts::call(Verb::Erase, &keys);
        call.arg(&record.acceptance.0[..]);
        for (handler, ..) in jobs {
            call.arg(handler);
        }
        self.flag(call).await
    }

    pub(super) async fn reroute(
        &self,
        entry: &str,
        job: &StoredJob,
        routes: &[Arc<str>],
    ) -> Result<bool, StoreError> {
        let (unrouted, meta) = (self.keys.unrouted(), self.keys.meta());
        let event = self.keys.event(&job.acceptance);
        let mut keys = vec![unrouted, meta, event, self.keys.dedup(&job.key)];
        keys.extend(routes.iter().map(|route| self.keys.queue(route)));
        let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let mut call = scripts::call(Verb::Route, &keys);
        call.arg(entry).arg(&job.acceptance.0[..]);
        for route in routes {
            call.arg(&**route);
        }
        self.flag(call).await
    }

    pub(super) async fn flag(&self, call: Cmd) -> Result<bool, StoreError> {
        reply::read(self.batcher.write(call).await?)
    }
}
