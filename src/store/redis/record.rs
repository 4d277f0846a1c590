//! What is written into queues and dedup records; `scripts/lib.lua` has the same from its side.

use std::io::Write as _;

use redis::{RedisWrite, ToRedisArgs};

use super::reply;
use crate::{
    error::StoreError,
    store::{AcceptanceId, DedupKey, Entry},
};

/// A job as queues, delayed and dead ones have it.
#[derive(Clone, Copy)]
pub(super) struct StoredJob {
    pub(super) key: DedupKey,
    pub(super) acceptance: AcceptanceId,
    pub(super) attempt: u32,
    /// Leases before this entry of the queue.
    pub(super) deliveries: u32,
    pub(super) replays: u32,
    /// Bytes of head and body.
    pub(super) size: u32,
}

impl StoredJob {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(&self.key.0);
        bytes.extend_from_slice(&self.acceptance.0);
        for number in [self.attempt, self.deliveries, self.replays, self.size] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let unreadable = || reply::corrupt("a job in Redis is not readable");
        let mut rest = bytes;
        let key = DedupKey(take(&mut rest).ok_or_else(unreadable)?);
        let acceptance = AcceptanceId(take(&mut rest).ok_or_else(unreadable)?);
        let mut number = || take(&mut rest).map(u32::from_be_bytes);
        let mut next = || number().ok_or_else(unreadable);
        let job = Self {
            key,
            acceptance,
            attempt: next()?,
            deliveries: next()?,
            replays: next()?,
            size: next()?,
        };
        match rest {
            [] => Ok(job),
            _ => Err(unreadable()),
        }
    }
}

/// A dedup record.
pub(super) struct Record {
    pub(super) acceptance: AcceptanceId,
    pub(super) digest: [u8; 8],
    pub(super) dead: bool,
    pub(super) jobs: Jobs,
}

/// The jobs of a record.
pub(super) enum Jobs {
    /// Of an unfinished event: handler, place, and where it is there.
    Open(Vec<(String, Place, String)>),
    /// Of a finished one: the handlers' numbers.
    Finished(Vec<u16>),
}

/// Which of the handler's keys has a job.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Place {
    /// The queue, under lease or not.
    Queued,
    Delayed,
    Dead,
    /// None any more.
    Done,
}

impl Record {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        Self::read(bytes).ok_or_else(|| reply::corrupt("a dedup record is not readable"))
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let [state] = take(&mut bytes)?;
        let acceptance = AcceptanceId(take(&mut bytes)?);
        let digest = take(&mut bytes)?;
        let jobs = match state {
            b'A' | b'X' => {
                let _window: [u8; 13] = take(&mut bytes)?;
                Jobs::Open(open_jobs(bytes)?)
            }
            b'F' => {
                let numbers = bytes
                    .chunks(2)
                    .map(|n| Some(u16::from_be_bytes(n.try_into().ok()?)));
                Jobs::Finished(numbers.collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(Self {
            acceptance,
            digest,
            dead: state == b'X',
            jobs,
        })
    }

    /// The record of a new event, but for its jobs.
    pub(super) fn open(entry: &Entry) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(38);
        bytes.push(b'A');
        bytes.extend_from_slice(&entry.acceptance.0);
        bytes.extend_from_slice(&entry.digest);
        let window = super::jobs::millis(entry.window).max(1);
        bytes.extend_from_slice(format!("{window:013}").as_bytes());
        bytes
    }
}

fn open_jobs(bytes: &[u8]) -> Option<Vec<(String, Place, String)>> {
    let mut jobs = Vec::new();
    let mut parts = bytes.split(|&b| b == 0);
    loop {
        let Some((&place, name)) = parts.next()?.split_first() else {
            return Some(jobs);
        };
        let place = match place {
            b'q' => Place::Queued,
            b'z' => Place::Delayed,
            b'x' => Place::Dead,
            b'd' => Place::Done,
            _ => return None,
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        jobs.push((text(name)?, place, text(parts.next()?)?));
    }
}

/// Head and body in one value, behind the head's length; written without a copy of their own.
pub(super) struct Payload<'a>(pub(super) &'a Entry);

impl ToRedisArgs for Payload<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        let Entry { head, body, .. } = self.0;
        let mut writer = out.writer_for_next_arg();
        for part in [&(head.len() as u32).to_be_bytes()[..], head, body] {
            // It writes to memory.
            let _ = writer.write_all(part);
        }
    }
}

impl redis::ToSingleRedisArg for Payload<'_> {}

/// The reverse of [`Payload`]: where the body begins, after 4 bytes and the head.
pub(super) fn body_at(payload: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(*payload.first_chunk()?) as usize;
    let at = length.checked_add(4)?;
    (at <= payload.len()).then_some(at)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}
