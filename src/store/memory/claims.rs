//! Claims in memory. Apart from the inbox's state, under a lock of their own.

use std::{
    collections::{HashMap, VecDeque},
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{MemoryStore, later};
use crate::{
    error::{StoreError, StoreErrorKind},
    store::{Claim, ClaimToken, Claims, DedupKey, Held, StoreFuture},
};

#[derive(Debug, Default)]
pub(super) struct Table {
    claims: HashMap<DedupKey, Entry>,
    /// The order in which they were made, for the sweep.
    order: VecDeque<DedupKey>,
}

#[derive(Debug)]
struct Entry {
    state: State,
    until: Instant,
}

#[derive(Debug)]
enum State {
    Claimed(ClaimToken),
    Settled(Bytes),
}

/// More claims than this are refused; finished ones that are still remembered count.
const MAX_CLAIMS: usize = 1_000_000;

/// How many of the oldest are looked at whenever one is made.
const SWEEP: usize = 4;

impl Table {
    fn sweep(&mut self, now: Instant) {
        for _ in 0..SWEEP {
            let Some(key) = self.order.pop_front() else {
                return;
            };
            match self.claims.get(&key) {
                Some(entry) if entry.until > now => self.order.push_back(key),
                Some(_) => drop(self.claims.remove(&key)),
                None => {}
            }
        }
    }

    /// The live claim of this caller.
    fn mine(&mut self, key: DedupKey, token: ClaimToken, now: Instant) -> Option<&mut Entry> {
        let mine = |entry: &&mut Entry| {
            entry.until > now && matches!(entry.state, State::Claimed(held) if held == token)
        };
        self.claims.get_mut(&key).filter(mine)
    }
}

impl MemoryStore {
    fn claims(&self) -> MutexGuard<'_, Table> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claims for MemoryStore {
    fn claim(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Claim> {
        Box::pin(async move {
            let (mut table, now) = (self.claims(), Instant::now());
            table.sweep(now);
            if let Some(entry) = table.claims.get(&key).filter(|entry| entry.until > now) {
                return Ok(match &entry.state {
                    State::Claimed(held) if *held == token => Claim::Granted,
                    State::Claimed(_) => Claim::Held(entry.until - now),
                    State::Settled(reply) => Claim::Settled(reply.clone()),
                });
            }
            if table.claims.len() >= MAX_CLAIMS && !table.claims.contains_key(&key) {
                let full = "more than 1,000,000 claims are remembered";
                return Err(StoreError::new(StoreErrorKind::Full, full));
            }
            let state = State::Claimed(token);
            let until = later(now, lease);
            if table.claims.insert(key, Entry { state, until }).is_none() {
                table.order.push_back(key);
            }
            Ok(Claim::Granted)
        })
    }

    fn renew(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Held> {
        Box::pin(async move {
            let (mut table, now) = (self.claims(), Instant::now());
            let Some(entry) = table.mine(key, token, now) else {
                return Ok(Held::Lost);
            };
            entry.until = later(now, lease);
            Ok(Held::Applied)
        })
    }

    fn settle(
        &self,
        key: DedupKey,
        token: ClaimToken,
        keep: Duration,
        reply: Bytes,
    ) -> StoreFuture<'_, Held> {
        Box::pin(async move {
            let (mut table, now) = (self.claims(), Instant::now());
            let Some(entry) = table.mine(key, token, now) else {
                return Ok(Held::Lost);
            };
            entry.until = later(now, keep);
            entry.state = State::Settled(reply);
            Ok(Held::Applied)
        })
    }

    fn release(&self, key: DedupKey, token: ClaimToken) -> StoreFuture<'_, Held> {
        Box::pin(async move {
            let (mut table, now) = (self.claims(), Instant::now());
            if table.mine(key, token, now).is_none() {
                return Ok(Held::Lost);
            }
            table.claims.remove(&key);
            Ok(Held::Applied)
        })
    }
}
