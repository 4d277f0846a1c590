//! Claims in memory. Apart from the inbox's state, under a lock of their own.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
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

pub(super) struct Table {
    claims: HashMap<DedupKey, Entry>,
    /// When each of them ends.
    ends: BTreeSet<(Instant, DedupKey)>,
    /// The settled ones, by a running number.
    settled: BTreeMap<u64, DedupKey>,
    /// The last of those numbers.
    last: u64,
    /// Of the settled ones' replies.
    bytes: usize,
    max_claims: usize,
    max_bytes: usize,
    forgotten: u64,
}

struct Entry {
    state: State,
    until: Instant,
}

enum State {
    Claimed(ClaimToken),
    Settled { reply: Bytes, number: u64 },
}

/// When as many are remembered, the oldest settled one goes; when all are live, no more are taken.
const MAX_CLAIMS: usize = 1_000_000;

/// Bytes of replies past which the oldest settled ones go.
const MAX_BYTES: usize = 64 << 20;

/// How many that have ended are dropped whenever one is made. More than one, so that it keeps up.
const SWEEP: usize = 4;

impl Default for Table {
    fn default() -> Self {
        Self {
            claims: HashMap::new(),
            ends: BTreeSet::new(),
            settled: BTreeMap::new(),
            last: 0,
            bytes: 0,
            max_claims: MAX_CLAIMS,
            max_bytes: MAX_BYTES,
            forgotten: 0,
        }
    }
}

impl Table {
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    fn claim(
        &mut self,
        key: DedupKey,
        token: ClaimToken,
        lease: Duration,
        now: Instant,
    ) -> Result<Claim, StoreError> {
        for _ in 0..SWEEP {
            self.drop_ended(now);
        }
        if let Some(entry) = self.claims.get(&key).filter(|entry| entry.until > now) {
            return Ok(match &entry.state {
                State::Claimed(held) if *held == token => Claim::Granted,
                State::Claimed(_) => Claim::Held(entry.until - now),
                State::Settled { reply, .. } => Claim::Settled(reply.clone()),
            });
        }
        self.remove(&key);
        if self.claims.len() >= self.max_claims && !self.drop_ended(now) && !self.forget() {
            let full = format!("{} claims are live", self.max_claims);
            return Err(StoreError::new(StoreErrorKind::Full, full));
        }
        self.put(key, State::Claimed(token), later(now, lease));
        Ok(Claim::Granted)
    }

    fn renew(&mut self, key: DedupKey, token: ClaimToken, lease: Duration, now: Instant) -> Held {
        if !self.is_mine(&key, token, now) {
            return Held::Lost;
        }
        self.put(key, State::Claimed(token), later(now, lease));
        Held::Applied
    }

    fn settle(
        &mut self,
        key: DedupKey,
        token: ClaimToken,
        keep: Duration,
        reply: &[u8],
        now: Instant,
    ) -> Held {
        if !self.is_mine(&key, token, now) {
            return Held::Lost;
        }
        self.last += 1;
        let number = self.last;
        self.bytes += reply.len();
        // A copy: it may be a piece of a larger buffer.
        let reply = Bytes::copy_from_slice(reply);
        self.put(key, State::Settled { reply, number }, later(now, keep));
        self.settled.insert(number, key);
        while self.bytes > self.max_bytes && self.forget() {}
        Held::Applied
    }

    fn release(&mut self, key: DedupKey, token: ClaimToken, now: Instant) -> Held {
        if !self.is_mine(&key, token, now) {
            return Held::Lost;
        }
        self.remove(&key);
        Held::Applied
    }

    /// Whether the key is under a live claim of this caller.
    fn is_mine(&self, key: &DedupKey, token: ClaimToken, now: Instant) -> bool {
        self.claims.get(key).is_some_and(|entry| {
            entry.until > now && matches!(entry.state, State::Claimed(held) if held == token)
        })
    }

    fn put(&mut self, key: DedupKey, state: State, until: Instant) {
        self.remove(&key);
        self.claims.insert(key, Entry { state, until });
        self.ends.insert((until, key));
    }

    fn remove(&mut self, key: &DedupKey) {
        let Some(Entry { state, until }) = self.claims.remove(key) else {
            return;
        };
        self.ends.remove(&(until, *key));
        if let State::Settled { reply, number } = state {
            self.settled.remove(&number);
            self.bytes -= reply.len();
        }
    }

    /// Drops one whose time is over; false when there is none.
    fn drop_ended(&mut self, now: Instant) -> bool {
        match self.ends.first() {
            Some(&(until, key)) if until <= now => {
                self.remove(&key);
                true
            }
            _ => false,
        }
    }

    /// Drops the oldest settled one before its time; false when there is none.
    fn forget(&mut self) -> bool {
        let oldest = self.settled.first_key_value().map(|(_, &key)| key);
        if let Some(key) = oldest {
            self.remove(&key);
            self.forgotten += 1;
        }
        oldest.is_some()
    }
}

/// Not derived: it would print replies.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("claims", &self.claims.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl MemoryStore {
    pub(super) fn claims(&self) -> MutexGuard<'_, Table> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claims for MemoryStore {
    fn claim(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Claim> {
        Box::pin(async move { self.claims().claim(key, token, lease, Instant::now()) })
    }

    fn renew(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Held> {
        Box::pin(async move { Ok(self.claims().renew(key, token, lease, Instant::now())) })
    }

    fn settle(
        &self,
        key: DedupKey,
        token: ClaimToken,
        keep: Duration,
        reply: Bytes,
    ) -> StoreFuture<'_, Held> {
        Box::pin(async move {
            let now = Instant::now();
            Ok(self.claims().settle(key, token, keep, &reply, now))
        })
    }

    fn release(&self, key: DedupKey, token: ClaimToken) -> StoreFuture<'_, Held> {
        Box::pin(async move { Ok(self.claims().release(key, token, Instant::now())) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn table(max_claims: usize, max_bytes: usize) -> Table {
        Table {
            max_claims,
            max_bytes,
            ..Table::default()
        }
    }

    fn key(n: u8) -> (DedupKey, ClaimToken) {
        (DedupKey([n; 16]), ClaimToken([n; 16]))
    }

    fn claim(table: &mut Table, n: u8) -> Result<Claim, StoreErrorKind> {
        let (key, token) = key(n);
        let answer = table.claim(key, token, DAY, Instant::now());
        answer.map_err(|err| err.kind())
    }

    fn settle(table: &mut Table, n: u8) {
        let (key, token) = key(n);
        let settled = table.settle(key, token, DAY, &[n; 10], Instant::now());
        assert_eq!(settled, Held::Applied);
    }

    #[test]
    fn at_the_bound_the_oldest_settled_one_is_forgotten_never_a_live_one() {
        let mut table = table(3, 1_000);
        for n in 1..=3 {
            assert_eq!(claim(&mut table, n), Ok(Claim::Granted));
        }
        assert_eq!(claim(&mut table, 4), Err(StoreErrorKind::Full));
        settle(&mut table, 3);
        settle(&mut table, 1);
        assert_eq!(claim(&mut table, 4), Ok(Claim::Granted));
        assert_eq!(table.forgotten(), 1);
        let reply = Bytes::from(vec![1; 10]);
        assert_eq!(claim(&mut table, 1), Ok(Claim::Settled(reply)));
        assert_eq!(claim(&mut table, 3), Ok(Claim::Granted));
        assert_eq!(claim(&mut table, 5), Err(StoreErrorKind::Full));
        assert_eq!((table.forgotten(), table.bytes), (2, 0));
    }

    #[test]
    fn past_the_bytes_of_replies_the_oldest_settled_ones_are_forgotten() {
        let mut table = table(100, 25);
        for n in 1..=4 {
            assert_eq!(claim(&mut table, n), Ok(Claim::Granted));
            settle(&mut table, n);
        }
        assert_eq!((table.forgotten(), table.bytes), (2, 20));
        for n in [3, 4] {
            assert!(matches!(claim(&mut table, n), Ok(Claim::Settled(_))));
        }
        for n in [1, 2] {
            assert_eq!(claim(&mut table, n), Ok(Claim::Granted));
        }
    }

    #[test]
    fn what_has_ended_is_dropped_without_being_counted() {
        let (mut table, now) = (table(2, 1_000), Instant::now());
        for n in [1, 2] {
            let ((key, token), second) = (key(n), Duration::from_secs(1));
            let _ = table.claim(key, token, second, now).unwrap();
            let _ = table.settle(key, token, second, b"reply", now);
        }
        let (key, token) = key(3);
        let later = now + Duration::from_secs(2);
        let granted = table.claim(key, token, DAY, later).unwrap();
        assert_eq!(granted, Claim::Granted);
        assert_eq!(
            (table.forgotten(), table.bytes, table.claims.len()),
            (0, 0, 1)
        );
        assert_eq!((table.ends.len(), table.settled.len()), (1, 0));
    }
}
