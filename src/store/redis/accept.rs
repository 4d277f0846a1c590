//! The receiving side.

use redis::Value;

use super::{
    RedisStore,
    accepting::Accepting,
    record::Record,
    reply,
    scripts::{self, FORMAT, Verb},
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Accept, Accepted, Entry, HandlerDecl, Registry, StoreFuture, check},
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
            self.batcher.write(call).await?;
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
            let call = Accepting::new(self, &entry, bounds);
            let answer = self.batcher.accept(call).await?;
            read(answer, &entry)
        })
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

/// Milliseconds after which a consumer that holds nothing is taken for gone: a week.
const IDLE_CONSUMER: u64 = 7 * 86_400_000;
