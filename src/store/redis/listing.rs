//! Reading dead letters and unrouted events: streams of references, and their payloads.

use std::sync::Arc;

use bytes::Bytes;
use redis::Value;

use super::{RedisStore, lanes::Lane, record::StoredJob, reply};
use crate::{
    clock::UnixTime,
    error::StoreError,
    store::{DeadLetter, check},
};

/// An entry of the dead letters or of the unrouted.
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) job: StoredJob,
    /// The reason; or the event's open record.
    pub(super) second: Vec<u8>,
}

impl RedisStore {
    /// Up to `max` entries of a stream from behind `after`.
    pub(super) async fn entries(
        &self,
        stream: &[u8],
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let start = match after {
            None => "-".to_owned(),
            Some(after) if is_entry(after) => format!("({after}"),
            Some(after) => return Err(check::not_an_entry(after)),
        };
        let mut command = redis::cmd("XRANGE");
        command.arg(stream).arg(start).arg("+");
        command.arg("COUNT").arg(max);
        listed(self.batcher.call(command).await?)
    }

    pub(super) async fn one(
        &self,
        stream: &[u8],
        entry: &str,
    ) -> Result<Option<Listed>, StoreError> {
        if !is_entry(entry) {
            return Ok(None);
        }
        let mut command = redis::cmd("XRANGE");
        command.arg(stream).arg(entry).arg(entry);
        Ok(listed(self.batcher.call(command).await?)?.pop())
    }

    /// These entries of a handler's dead letters with their payloads; fewer when they weigh much.
    pub(super) async fn letters(
        &self,
        lane: &Lane,
        entries: Vec<Listed>,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let payloads = self.payloads(&entries).await?;
        let letter = |(entry, (head, body)): (Listed, _)| DeadLetter {
            at: time_of(&entry.id),
            entry: entry.id,
            handler: Arc::clone(&lane.name),
            key: entry.job.key,
            acceptance: entry.job.acceptance,
            attempt: entry.job.attempt,
            replays: entry.job.replays,
            reason: String::from_utf8_lossy(&entry.second).into_owned(),
            head,
            body,
        };
        Ok(entries.into_iter().zip(payloads).map(letter).collect())
    }

    /// Head and body of each of the first, until they weigh enough; empty ones where somebody
    /// removed the payload from outside.
    pub(super) async fn payloads(
        &self,
        entries: &[Listed],
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let (mut payloads, mut bytes) = (Vec::with_capacity(entries.len()), 0);
        while payloads.len() < entries.len() && bytes < ENOUGH {
            let rest = entries[payloads.len()..].iter().map(|entry| &entry.job);
            for payload in self.read_chunk(rest).await? {
                let (head, body) = payload.unwrap_or_default();
                bytes += head.len() + body.len();
                payloads.push((head, body));
            }
        }
        Ok(payloads)
    }
}

/// The answer to an XRANGE.
pub(super) fn listed(answer: Value) -> Result<Vec<Listed>, StoreError> {
    let entries: Vec<(String, Vec<Vec<u8>>)> = reply::read(answer)?;
    let listed = |(id, fields): (String, Vec<Vec<u8>>)| {
        let Ok([_, job, _, second]) = <[Vec<u8>; 4]>::try_from(fields) else {
            return Err(reply::corrupt("an entry in Redis is not readable"));
        };
        let job = StoredJob::decode(&job)?;
        Ok(Listed { id, job, second })
    };
    entries.into_iter().map(listed).collect()
}

/// Whether this is an entry's name at all: milliseconds and a number.
pub(super) fn is_entry(text: &str) -> bool {
    // Rust would take a plus sign for part of a number.
    let is_number = |text: &str| !text.starts_with('+') && text.parse::<u64>().is_ok();
    text.split_once('-')
        .is_some_and(|(time, n)| is_number(time) && is_number(n))
}

fn time_of(entry: &str) -> UnixTime {
    let millis = entry
        .split_once('-')
        .and_then(|(time, _)| time.parse().ok());
    UnixTime::from_millis(millis.unwrap_or_default())
}

/// Bytes of payload at which a listing ends.
const ENOUGH: usize = 16 << 20;
