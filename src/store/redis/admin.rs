//! The repairing side.
//!
//! Which keys a step needs is often known only after a record or an entry was read. So it is read
//! first, and the script checks in its own step that it is still what was read.

use std::{sync::Arc, time::Duration};

use super::{
    RedisStore,
    listing::{Listed, is_entry, listed},
    record::{Jobs as JobsOf, Place, Record},
    reply,
    scripts::{self, Verb},
};
use crate::store::{
    AcceptanceId, Admin, DeadLetter, DedupKey, Payload, Remembered, StoreFuture, Unrouted, check,
};

impl Admin for RedisStore {
    fn dead<'a>(
        &'a self,
        handler: &'a str,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<DeadLetter>> {
        Box::pin(async move {
            let lane = self.lane(handler).await?;
            let entries = self.entries(&lane.dead, after, max.min(MAX_LISTED)).await?;
            self.letters(&lane, entries).await
        })
    }

    fn dead_letter<'a>(
        &'a self,
        handler: &'a str,
        entry: &'a str,
    ) -> StoreFuture<'a, Option<DeadLetter>> {
        Box::pin(async move {
            let lane = self.lane(handler).await?;
            let found = self.one(&lane.dead, entry).await?;
            Ok(self
                .letters(&lane, found.into_iter().collect())
                .await?
                .pop())
        })
    }

    fn payload(&self, key: DedupKey) -> StoreFuture<'_, Option<Payload>> {
        Box::pin(async move {
            let Some((record, _)) = self.record(&key, None).await? else {
                return Ok(None);
            };
            if let JobsOf::Finished(_) = record.jobs {
                return Ok(None);
            }
            let payload = self.read_one(&record.acceptance).await?;
            Ok(payload.map(|(head, body)| Payload {
                acceptance: record.acceptance,
                head,
                body,
            }))
        })
    }

    fn replay<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let lane = self.lane(handler).await?;
            let Some(Listed { job, .. }) = self.one(&lane.dead, entry).await? else {
                return Ok(false);
            };
            let keys = [&*self.keys.dedup(&job.key), &lane.dead, &lane.queue];
            let mut call = scripts::call(Verb::Replay, &keys);
            call.arg(&job.acceptance.0[..]).arg(handler).arg(entry);
            self.flag(call).await
        })
    }

    fn discard<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let lane = self.lane(handler).await?;
            match self.one(&lane.dead, entry).await? {
                Some(Listed { job, .. }) => self.give_up(handler, &lane.dead, entry, &job).await,
                None => Ok(false),
            }
        })
    }

    fn requeue(&self, key: DedupKey, acceptance: AcceptanceId) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let Some((Record { jobs, .. }, _)) = self.record(&key, Some(acceptance)).await? else {
                return Ok(0);
            };
            let JobsOf::Open(mut jobs) = jobs else {
                return Ok(0);
            };
            let directory = self.reload().await?;
            jobs.retain(|(handler, place, _)| {
                let handler = directory.find(handler);
                *place == Place::Dead && handler.is_some_and(|h| h.removal.is_none())
            });
            if jobs.is_empty() {
                return Ok(0);
            }
            let mut keys = vec![self.keys.dedup(&key)];
            for (handler, ..) in &jobs {
                keys.extend([self.keys.dead(handler), self.keys.queue(handler)]);
            }
            let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
            let mut call = scripts::call(Verb::Replay, &keys);
            call.arg(&acceptance.0[..]);
            for (handler, _, entry) in jobs {
                call.arg(handler).arg(entry);
            }
            reply::read(self.batcher.write(call).await?)
        })
    }

    fn alerted<'a>(&'a self, handler: &'a str) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            self.lane(handler).await?;
            let mut command = redis::cmd("HGET");
            command.arg(self.keys.meta()).arg(format!("a:{handler}"));
            reply::read(self.batcher.call(command).await?)
        })
    }

    fn set_alerted<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.lane(handler).await?;
            if !is_entry(entry) {
                return Err(check::not_an_entry(entry));
            }
            let mut call = scripts::call(Verb::Alert, &[&self.keys.meta()]);
            call.arg(handler).arg(entry);
            self.batcher.call(call).await.map(drop)
        })
    }

    fn status(&self, key: DedupKey) -> StoreFuture<'_, Option<Remembered>> {
        Box::pin(async move { self.status_of(&key).await })
    }

    fn erase(&self, key: DedupKey) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let mut erased = self.erase_jobs(&key).await?;
            // Copies that nobody wanted have no record once their window is over: looked for one
            // by one, a page at a time, since this is rare.
            let mut after = None;
            loop {
                let unrouted = self.keys.unrouted();
                let page = self.entries(&unrouted, after.as_deref(), PAGE).await?;
                let Some(last) = page.last() else {
                    return Ok(erased);
                };
                after = Some(last.id.clone());
                for copy in page.iter().filter(|copy| copy.job.key == key) {
                    erased |= self.reroute(&copy.id, &copy.job, &[]).await?;
                }
            }
        })
    }

    fn unrouted<'a>(
        &'a self,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<Unrouted>> {
        Box::pin(async move {
            let max = max.min(MAX_LISTED);
            let entries = self.entries(&self.keys.unrouted(), after, max).await?;
            let payloads = self.payloads(&entries).await?;
            let event = |(entry, (head, body)): (Listed, _)| Unrouted {
                entry: entry.id,
                key: entry.job.key,
                head,
                body,
            };
            Ok(entries.into_iter().zip(payloads).map(event).collect())
        })
    }

    fn route<'a>(&'a self, entry: &'a str, routes: &'a [Arc<str>]) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            check::routes(routes)?;
            if !routes.is_empty() {
                let directory = self.reload().await?;
                let gets_new_jobs = |name: &str| {
                    let found = directory.find(name);
                    found.is_some_and(|handler| handler.removal.is_none())
                };
                if let Some(route) = routes.iter().find(|route| !gets_new_jobs(route)) {
                    return Err(check::unknown(route));
                }
            }
            match self.one(&self.keys.unrouted(), entry).await? {
                Some(Listed { job, .. }) => self.reroute(entry, &job, routes).await,
                None => Ok(false),
            }
        })
    }

    fn sweep(&self, older_than: Duration, max: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let max = max.min(MAX_SWEPT);
            let now = u64::try_from(self.time().await?.as_millis()).unwrap_or(0);
            let Some(newest) = now.checked_sub(super::jobs::millis(older_than).saturating_add(1))
            else {
                return Ok(0);
            };
            // All lists are read before the first one goes: one that is not readable is found then.
            let mut old = Vec::new();
            for handler in self.reload().await?.handlers {
                let handler = handler.decl.name;
                let dead = self.keys.dead(&handler);
                let mut command = redis::cmd("XRANGE");
                command.arg(&dead).arg("-").arg(newest);
                command.arg("COUNT").arg(max - old.len());
                for letter in listed(self.batcher.call(command).await?)? {
                    old.push((handler.clone(), letter));
                }
                if old.len() == max {
                    break;
                }
            }
            let mut unrouted = redis::cmd("XRANGE");
            unrouted.arg(self.keys.unrouted()).arg("-").arg(newest);
            unrouted.arg("COUNT").arg(max - old.len());
            let unrouted = listed(self.batcher.call(unrouted).await?)?;
            let mut swept = 0;
            for (handler, letter) in old {
                let dead = self.keys.dead(&handler);
                let gone = self.give_up(&handler, &dead, &letter.id, &letter.job);
                swept += usize::from(gone.await?);
            }
            for event in unrouted {
                swept += usize::from(self.reroute(&event.id, &event.job, &[]).await?);
            }
            Ok(swept)
        })
    }
}

/// Entries in one listing, at the most: each comes with its payload.
const MAX_LISTED: usize = 128;
/// Entries in one look for an event among the unrouted.
const PAGE: usize = 1_000;
/// Dead letters and unrouted events given up in one call, at the most: each takes a script of its own.
const MAX_SWEPT: usize = 1_000;
