//! The receiving side, and forgetting.

use std::sync::Arc;

use redb::ReadableTable;

use super::{
    fault::{Fault, Outcome},
    lane::{Counts, Lane},
    rows::{Event, JobAt, Record, Stands, unreadable},
    state::Batch,
    tables::{DEDUP_EXPIRES, GUARD_EXPIRES},
    time::millis,
};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Accepted, DedupKey, Entry, HandlerDecl, OVERFLOW, Registry, ReplayGuard, check},
};

impl Batch<'_, '_> {
    pub(super) fn declare(&mut self, handlers: &[HandlerDecl]) -> Outcome<Registry> {
        check::names(handlers)?;
        let mut changed = false;
        for decl in handlers {
            let known = self.state.by_name.get(decl.name.as_str()).copied();
            let number = match known {
                Some(known) if self.lane_mut(known).is_declared(decl) => continue,
                Some(known) => {
                    self.lane_mut(known).declare(decl);
                    // What it still has may be leased again.
                    let waiting = self.lane_mut(known).counts.waiting;
                    self.announce(known, waiting);
                    known
                }
                None => {
                    let number = self.state.lanes.len() as u32;
                    let lane = Lane::new(decl, Counts::default());
                    self.state.by_name.insert(Arc::clone(&lane.name), number);
                    self.state.lanes.push(lane);
                    number
                }
            };
            changed = true;
            self.keep_handler(number)?;
        }
        self.state.numbers.revision += u64::from(changed);
        Ok(self.registry())
    }

    pub(super) fn registry(&self) -> Registry {
        let lanes = self.state.lanes.iter();
        let declared = lanes.filter(|lane| lane.removal.is_none());
        Registry {
            revision: self.state.numbers.revision,
            handlers: declared.map(Lane::decl).collect(),
        }
    }

    pub(super) fn accept(&mut self, entry: &Entry) -> Outcome<Accepted> {
        if let Some(duplicate) = self.duplicate(entry)? {
            return Ok(duplicate);
        }
        if entry.revision != self.state.numbers.revision {
            return Ok(Accepted::StaleRoutes);
        }
        let lanes = self.lanes(&entry.routes)?;
        let repeated_bytes = self.repeats(entry)?;
        if repeated_bytes && matches!(entry.replay_guard, ReplayGuard::Reject(_)) {
            return Ok(Accepted::RepeatedBytes);
        }
        let size = (entry.head.len() + entry.body.len()) as u64;
        let bytes = self.state.numbers.bytes.saturating_add(size);
        if bytes > self.state.max_bytes {
            return Err(full(self.state.max_bytes).into());
        }
        if self.state.shrunk.is_some_and(|max| bytes > max) {
            return Err(Fault::full().error().into());
        }

        self.state.numbers.bytes = bytes;
        if let ReplayGuard::Flag(body) | ReplayGuard::Reject(body) = entry.replay_guard {
            let until = self.now.saturating_add(millis(entry.window));
            let tables = self.write();
            tables.guards.insert(&body.0, (&entry.key.0, until))?;
            tables.expiry.insert((until, GUARD_EXPIRES, &body.0), ())?;
        }
        let number = self.next_seq();
        let mut event = Event {
            key: entry.key,
            acceptance: entry.acceptance,
            digest: entry.digest,
            window: millis(entry.window),
            bytes: size,
            jobs: Vec::with_capacity(lanes.len()),
        };
        self.keep_payload(number, entry)?;
        let mut overflowed = false;
        if lanes.is_empty() {
            self.state.unrouted += 1;
            let now = self.now;
            self.write().unrouted.insert(number, now)?;
            self.write().events.insert(number, &*event.encode())?;
            self.remember(&event)?;
        } else {
            for lane in lanes {
                let job = (number, 0, 0, 0);
                let place = if self.lane_mut(lane).is_full() {
                    overflowed = true;
                    self.kill(lane, job, OVERFLOW)?
                } else {
                    self.enqueue(lane, job)?
                };
                event.jobs.push(JobAt { lane, place });
            }
            self.reopen(number, &event)?;
        }
        Ok(Accepted::New {
            repeated_bytes,
            overflowed,
        })
    }

    /// The handlers' numbers.
    pub(super) fn lanes(&self, routes: &[Arc<str>]) -> Outcome<Vec<u32>> {
        check::routes(routes)?;
        routes.iter().map(|route| self.declared(route)).collect()
    }

    /// Makes the key stand for this event, which has new jobs.
    pub(super) fn reopen(&mut self, number: u64, event: &Event) -> Outcome<()> {
        let record = Record {
            acceptance: event.acceptance,
            digest: event.digest,
            stands: Stands::Open { event: number },
        };
        let tables = self.write();
        tables.events.insert(number, &*event.encode())?;
        tables.dedup.insert(&event.key.0, &*record.encode())?;
        Ok(())
    }

    /// Starts the event's window.
    pub(super) fn remember(&mut self, event: &Event) -> Outcome<()> {
        let until = self.now.saturating_add(event.window);
        let lanes = event.jobs.iter().map(|job| job.lane).collect();
        let record = Record {
            acceptance: event.acceptance,
            digest: event.digest,
            stands: Stands::Finished { until, lanes },
        };
        let (key, row) = (&event.key.0, record.encode());
        let tables = self.write();
        tables.dedup.insert(key, &*row)?;
        tables.expiry.insert((until, DEDUP_EXPIRES, key), ())?;
        Ok(())
    }

    /// What is remembered of a key, unless its time is over.
    pub(super) fn record(&self, key: &DedupKey) -> Outcome<Option<Record>> {
        let Some(row) = self.tables().dedup.get(&key.0)? else {
            return Ok(None);
        };
        let record = Record::decode(row.value())?;
        Ok(match record.stands {
            Stands::Finished { until, .. } if until <= self.now => None,
            _ => Some(record),
        })
    }

    pub(super) fn event(&self, number: u64) -> Outcome<Event> {
        let row = self.tables().events.get(number)?.ok_or_else(unreadable)?;
        Ok(Event::decode(row.value())?)
    }

    /// Drops up to `max` records and guards whose time is over.
    pub(super) fn expire(&mut self, max: usize) -> Outcome<()> {
        for _ in 0..max {
            let oldest = self.tables().expiry.first()?;
            let Some((until, kind, key)) = oldest.map(|(row, _)| owned(row.value())) else {
                break;
            };
            if until > self.now {
                break;
            }
            self.write().expiry.remove((until, kind, &key))?;
            if kind == GUARD_EXPIRES {
                let guard = self.tables().guards.get(&key)?;
                if guard.is_some_and(|row| row.value().1 <= until) {
                    self.write().guards.remove(&key)?;
                }
            } else {
                let row = self.tables().dedup.get(&key)?;
                let record = row.map(|row| Record::decode(row.value())).transpose()?;
                // An open one, or one with a later end, has been accepted again.
                if let Some(Stands::Finished { until: end, .. }) = record.map(|r| r.stands)
                    && end <= until
                {
                    self.write().dedup.remove(&key)?;
                }
            }
        }
        Ok(())
    }

    fn duplicate(&self, entry: &Entry) -> Outcome<Option<Accepted>> {
        let Some(record) = self.record(&entry.key)? else {
            return Ok(None);
        };
        let dead = match record.stands {
            Stands::Open { event } => self.event(event)?.is_dead_somewhere(),
            Stands::Finished { .. } => false,
        };
        Ok(Some(Accepted::Duplicate {
            acceptance: record.acceptance,
            same_body: record.digest == entry.digest,
            dead,
        }))
    }

    fn repeats(&self, entry: &Entry) -> Outcome<bool> {
        let (ReplayGuard::Flag(body) | ReplayGuard::Reject(body)) = entry.replay_guard else {
            return Ok(false);
        };
        let row = self.tables().guards.get(&body.0)?;
        Ok(row.is_some_and(|row| {
            let (event, until) = row.value();
            until > self.now && *event != entry.key.0
        }))
    }

    fn keep_payload(&mut self, number: u64, entry: &Entry) -> Outcome<()> {
        let (head, body) = (&entry.head, &entry.body);
        let len = (head.len() as u32).to_le_bytes();
        let size = len.len() + head.len() + body.len();
        let mut row = self.write().payloads.insert_reserve(number, size)?;
        let (first, rest) = row.as_mut().split_at_mut(len.len());
        first.copy_from_slice(&len);
        let (first, rest) = rest.split_at_mut(head.len());
        first.copy_from_slice(head);
        rest.copy_from_slice(body);
        Ok(())
    }
}

fn owned((until, kind, key): (u64, u8, &[u8; 16])) -> (u64, u8, [u8; 16]) {
    (until, kind, *key)
}

fn full(max: u64) -> StoreError {
    let message = format!("the store holds its {max} bytes of payload");
    StoreError::new(StoreErrorKind::Full, message)
}
