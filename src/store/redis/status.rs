//! What became of an event.

use std::sync::Arc;

use super::{
    RedisStore,
    lease::NOMINAL,
    record::{Jobs, Place, Record},
    reply,
    scripts::{self, Verb},
};
use crate::{
    clock::UnixTime,
    error::{StoreError, StoreErrorKind},
    store::{DedupKey, JobState, Remembered},
};

impl RedisStore {
    /// Whose keys a look needs is only known once the record was read. So the first look is at the
    /// record alone; where it has changed until the next one, that one's answer says so.
    pub(super) async fn status_of(&self, key: &DedupKey) -> Result<Option<Remembered>, StoreError> {
        let mut handlers = Vec::new();
        for _ in 0..LOOKS {
            let (record, found) = self.look(key, &handlers).await?;
            let Some(record) = record else {
                return Ok(None);
            };
            let Record {
                acceptance, jobs, ..
            } = Record::decode(&record)?;
            let jobs = match jobs {
                Jobs::Finished(numbers) => self.done(&numbers).await?,
                Jobs::Open(jobs) if jobs.len() == found.len() => {
                    let state = |((name, place, _), more): ((String, Place, _), _)| {
                        Ok((Arc::from(name), state(place, more)?))
                    };
                    let states = jobs.into_iter().zip(found).map(state);
                    states.collect::<Result<_, StoreError>>()?
                }
                Jobs::Open(jobs) => {
                    handlers = jobs.into_iter().map(|(handler, ..)| handler).collect();
                    continue;
                }
            };
            return Ok(Some(Remembered { acceptance, jobs }));
        }
        let why = "the event was accepted anew before each look";
        Err(StoreError::new(StoreErrorKind::Unavailable, why))
    }

    /// The record as it is now, and what `status.lua` says of each job.
    async fn look(
        &self,
        key: &DedupKey,
        handlers: &[String],
    ) -> Result<(Option<Vec<u8>>, Vec<Vec<u8>>), StoreError> {
        let mut keys = vec![self.keys.dedup(key)];
        keys.extend(handlers.iter().flat_map(|name| self.keys.of(name)));
        let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
        let mut call = scripts::call(Verb::Status, &keys);
        call.arg(NOMINAL).arg(handlers);
        reply::read(self.batcher.call(call).await?)
    }

    /// The jobs of a finished event.
    async fn done(&self, numbers: &[u16]) -> Result<Vec<(Arc<str>, JobState)>, StoreError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let handlers = self.reload().await?.handlers;
        let named = numbers.iter().filter_map(|n| handlers.get(usize::from(*n)));
        let done = named.map(|handler| (Arc::from(handler.decl.name.as_str()), JobState::Done));
        Ok(done.collect())
    }
}

fn state(place: Place, more: Vec<u8>) -> Result<JobState, StoreError> {
    Ok(match place {
        Place::Queued if more.is_empty() => JobState::Queued,
        Place::Queued => JobState::Processing,
        Place::Delayed => {
            let due = std::str::from_utf8(&more).ok();
            let due = due.and_then(|due| due.parse().ok());
            let due = due.ok_or_else(|| reply::corrupt("a due time in Redis is not readable"))?;
            JobState::Delayed {
                due: UnixTime::from_millis(due),
            }
        }
        Place::Dead => JobState::Dead {
            reason: String::from_utf8_lossy(&more).into_owned(),
        },
        Place::Done => JobState::Done,
    })
}

/// Looks at the most: after each but the first, the event was finished, forgotten and accepted anew
/// for other handlers.
const LOOKS: u32 = 8;
