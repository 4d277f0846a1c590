//! Reading payloads, a chunk at a time: how long that takes depends on how large they are.

use std::time::Duration;

use bytes::Bytes;
use redis::Value;

use super::{
    RedisStore,
    record::{StoredJob, body_at},
    reply,
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::AcceptanceId,
};

/// Head and body; `None` where there is no payload.
pub(super) type Payload = Option<(Bytes, Bytes)>;

impl RedisStore {
    /// The payloads of the first of these, as many as make a chunk: one at least, if there is one.
    /// The response time-out is for each MiB begun.
    pub(super) async fn read_chunk(
        &self,
        jobs: impl Iterator<Item = &StoredJob>,
    ) -> Result<Vec<Payload>, StoreError> {
        let (mut pipeline, mut bytes) = (redis::pipe(), 0_u64);
        for job in jobs {
            bytes += u64::from(job.size);
            if bytes > CHUNK && !pipeline.is_empty() {
                bytes -= u64::from(job.size);
                break;
            }
            pipeline.cmd("GET").arg(self.keys.event(&job.acceptance));
        }
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        let payloads = self.read_payloads(&pipeline, bytes).await?;
        payloads.into_iter().map(payload_of).collect()
    }
}

impl RedisStore {
    /// One payload, of whatever size.
    pub(super) async fn read_one(&self, acceptance: &AcceptanceId) -> Result<Payload, StoreError> {
        let name = self.keys.event(acceptance);
        let mut command = redis::cmd("STRLEN");
        command.arg(&name);
        let bytes: u64 = reply::read(self.batcher.call(command).await?)?;
        let mut pipeline = redis::pipe();
        pipeline.cmd("GET").arg(&name);
        let mut values = self.read_payloads(&pipeline, bytes).await?;
        payload_of(values.pop().unwrap_or_default())
    }

    /// What is missing is asked for again on a new connection: an old one may lead to a server that
    /// was demoted since, and lags.
    async fn read_payloads(
        &self,
        pipeline: &redis::Pipeline,
        bytes: u64,
    ) -> Result<Vec<Value>, StoreError> {
        let time = self.more_time(bytes);
        let values = self.side.read(pipeline, time).await?;
        if !values.contains(&Value::Nil) {
            return Ok(values);
        }
        self.side.read_anew(pipeline, time).await
    }

    /// How much longer than one chunk these bytes may take.
    fn more_time(&self, bytes: u64) -> Duration {
        let more = bytes.div_ceil(CHUNK).saturating_sub(1);
        self.timeout
            .saturating_mul(u32::try_from(more).unwrap_or(u32::MAX))
    }
}

/// They share their memory.
fn payload_of(value: Value) -> Result<Payload, StoreError> {
    let Some(payload) = reply::read::<Option<Vec<u8>>>(value)? else {
        return Ok(None);
    };
    let at = body_at(&payload).ok_or_else(|| reply::corrupt("a payload is not readable"))?;
    let payload = Bytes::from(payload);
    Ok(Some((payload.slice(4..at), payload.slice(at..))))
}

pub(super) fn late() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "Redis did not send the payloads in time",
    )
}

/// Bytes read at once, but for a payload that is larger.
const CHUNK: u64 = 1 << 20;
