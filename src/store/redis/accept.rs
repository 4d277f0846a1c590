//! The receiving side.

use redis::Value;

use super::{
    RedisStore,
    lanes::Bounds,
    record::{Payload, Record, StoredJob},
    reply,
    scripts::{self, FORMAT, Verb},
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Accept, Accepted, Entry, HandlerDecl, Registry, ReplayGuard, StoreFuture, check},
};

impl Accept for RedisStore {
    fn declare<'a>(&'a self, handlers: &'a [HandlerDecl]) -> StoreFuture<'a, Registry> {
        Box::pin(async move {
            check::names(handlers)?;
            let meta = self.keys.meta();
            let queues: Vec<_> = handlers.iter().map(|h| self.keys.queue(&h.name)).collect();
            let mut keys = vec![meta.as_slice()];
            keys.extend(queues.iter().map(Vec::as_slice));
            let mut call = scripts::call(Verb::Declare, &keys);
            call.arg(FORMAT).arg(IDLE_CONSUMER);
            for decl in handlers {
                let bound = decl.max_backlog.map(|max| max.to_string());
                call.arg(&decl.name).arg(&decl.filter[..]);
                call.arg(bound.unwrap_or_default());
            }
            self.batcher.write(call, 0).await?;
            Ok(self.reload().await?.registry())
        })
    }

    fn registry(&self) -> StoreFuture<'_, Registry> {
        Box::pin(async move { Ok(self.reload().await?.registry()) })
    }

    fn accept(&self, entry: Entry) -> StoreFuture<'_, Accepted> {
        Box::pin(async move {
            check::routes(&entry.routes)?;
            let bounds = self.bounds(entry.revision, &entry.routes).await?;
            let call = self.accept_call(&entry, bounds);
            let answer = self.batcher.write(call, size(&entry)).await?;
            read(answer, &entry)
        })
    }
}

impl RedisStore {
    /// Without bounds the routes are stale: then only a duplicate is looked for.
    fn accept_call(&self, entry: &Entry, bounds: Option<Bounds>) -> redis::Cmd {
        let (meta, dedup) = (self.keys.meta(), self.keys.dedup(&entry.key));
        let event = self.keys.event(&entry.acceptance);
        let (guard, mode) = match &entry.replay_guard {
            ReplayGuard::Off => (dedup.clone(), ""),
            ReplayGuard::Flag(body) => (self.keys.guard(body), "flag"),
            ReplayGuard::Reject(body) => (self.keys.guard(body), "reject"),
        };
        let mut queues: Vec<_> = entry
            .routes
            .iter()
            .map(|name| self.keys.queue(name))
            .collect();
        if queues.is_empty() {
            queues.push(self.keys.unrouted());
        }
        let revision = bounds.as_ref().map(|_| entry.revision.to_string());
        let bounds = bounds.unwrap_or_default();
        for (place, _) in &bounds {
            let name = &entry.routes[*place];
            queues.extend([self.keys.delayed(name), self.keys.dead(name)]);
        }
        let mut keys = vec![meta.as_slice(), &dedup, &event, &guard];
        keys.extend(queues.iter().map(Vec::as_slice));
        let job = StoredJob {
            key: entry.key,
            acceptance: entry.acceptance,
            attempt: 0,
            deliveries: 0,
            replays: 0,
            size: u32::try_from(size(entry)).unwrap_or(u32::MAX),
        };
        let mut call = scripts::call(Verb::Accept, &keys);
        call.arg(FORMAT)
            .arg(revision.unwrap_or_default())
            .arg(job.encode());
        call.arg(Record::open(entry)).arg(Payload(entry));
        match self.max_bytes {
            Some(max) => call.arg(max),
            None => call.arg(""),
        };
        call.arg(mode).arg(entry.routes.len());
        for name in &entry.routes {
            call.arg(&**name);
        }
        for (place, bound) in bounds {
            call.arg(place + 1).arg(bound);
        }
        call
    }
}

/// What the script said: a word, and what belongs to it.
fn read(answer: Value, entry: &Entry) -> Result<Accepted, StoreError> {
    let mut parts = reply::read::<Vec<Value>>(answer)?.into_iter();
    let word: String = reply::read(parts.next().unwrap_or_default())?;
    let detail = parts.next().unwrap_or_default();
    match word.as_str() {
        "new" => Ok(Accepted::New {
            repeated_bytes: reply::read::<u8>(detail)? == 1,
            overflowed: reply::read::<u8>(parts.next().unwrap_or_default())? == 1,
        }),
        "duplicate" => duplicate(&reply::read::<Vec<u8>>(detail)?, entry),
        "stale" => Ok(Accepted::StaleRoutes),
        "repeated" => Ok(Accepted::RepeatedBytes),
        "full" => Err(StoreError::new(
            StoreErrorKind::Full,
            "the payload bytes are at their bound",
        )),
        _ => Err(reply::corrupt("accept.lua answered with an unknown word")),
    }
}

fn duplicate(record: &[u8], entry: &Entry) -> Result<Accepted, StoreError> {
    let record = Record::decode(record)?;
    Ok(Accepted::Duplicate {
        acceptance: record.acceptance,
        same_body: record.digest == entry.digest,
        dead: record.dead,
    })
}

fn size(entry: &Entry) -> usize {
    entry.head.len() + entry.body.len()
}

/// Milliseconds after which a consumer that holds nothing is taken for gone: a week.
const IDLE_CONSUMER: u64 = 7 * 86_400_000;
