//! The store in memory.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use self::state::State;
use super::{
    Accept, AcceptanceId, Accepted, Admin, DeadLetter, DedupKey, Entry, Fence, HandlerDecl, Held,
    Jobs, LeaseRequest, Leased, Level, Payload, Promoted, Registry, Remembered, Stats, Store,
    StoreFuture, Unrouted,
};
use crate::{
    clock::{Clock, SystemClock, UnixTime},
    error::StoreError,
};

mod accept;
mod admin;
mod claims;
mod control;
mod jobs;
mod lane;
mod mix;
mod remembered;
mod state;

/// Keeps everything in this process: for tests, and where losing what was accepted is allowed.
///
/// Its level is [`Level::Volatile`]: a restart loses all of it, the dedup records included. Memory
/// is bounded: 256 MiB of payload unless [`with_max_bytes`](Self::with_max_bytes) says otherwise
/// (about 400 bytes of bookkeeping an unfinished event come on top), and 1,000,000 finished events
/// remembered (about 60 bytes each) unless [`with_max_remembered`](Self::with_max_remembered) does.
/// When there are more, the oldest *finished* one is forgotten before its window has passed and
/// [`forgotten`](Self::forgotten) counts it; unfinished ones are never forgotten. For inline
/// idempotency it remembers 1,000,000 claims and 64 MiB of replies, and forgets the oldest settled
/// ones in the same way.
///
/// Time is tokio's, so that `tokio::time::pause` holds for it.
#[derive(Debug)]
pub struct MemoryStore {
    started: Instant,
    /// The same moment on the wall clock.
    born: UnixTime,
    state: Mutex<State>,
    claims: Mutex<claims::Table>,
}

impl MemoryStore {
    /// An empty store with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            born: SystemClock.now(),
            state: Mutex::new(State::new(MAX_BYTES, MAX_REMEMBERED)),
            claims: Mutex::default(),
        }
    }

    /// Sets how many bytes of heads and bodies it holds; 256 MiB by default.
    #[must_use]
    pub fn with_max_bytes(self, max: u64) -> Self {
        self.state().set_max_bytes(max);
        self
    }

    /// Sets how many finished events it remembers, and as many bodies for the replay guard;
    /// 1,000,000 by default, at least 1 and at most 2^30.
    #[must_use]
    pub fn with_max_remembered(self, max: usize) -> Self {
        self.state().set_max_remembered(max);
        self
    }

    /// How many events, guarded bodies and settled claims were forgotten before their window had
    /// passed. While it rises, the window is shorter than configured.
    pub fn forgotten(&self) -> u64 {
        self.state().forgotten() + self.claims().forgotten()
    }

    /// Nothing in there runs foreign code, so that a panic cannot leave it half-changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the store was made.
    fn now(&self) -> u64 {
        millis(self.started.elapsed())
    }

    async fn lease_or_wait(&self, request: LeaseRequest<'_>) -> Result<Vec<Leased>, StoreError> {
        let arrived = {
            let mut state = self.state();
            let lane = state.lane(request.handler)?;
            let jobs = state.take(lane, &request, self.now());
            if !jobs.is_empty() || request.wait.is_zero() {
                return Ok(jobs);
            }
            state.arrived(lane)
        };
        let deadline = later(Instant::now(), request.wait);
        loop {
            // Listening starts before the second look: what arrives in between is not missed.
            let mut news = std::pin::pin!(arrived.notified());
            news.as_mut().enable();
            let next_end = {
                let mut state = self.state();
                let lane = state.lane(request.handler)?;
                let jobs = state.take(lane, &request, self.now());
                if !jobs.is_empty() {
                    return Ok(jobs);
                }
                state.next_lease_end(lane)
            };
            if Instant::now() >= deadline {
                return Ok(Vec::new());
            }
            // Leases made while this waits may end before the one that was next; hence the cap.
            let mut look_again = deadline.min(later(Instant::now(), LOOK_AGAIN));
            if let Some(end) = next_end {
                look_again = look_again.min(later(self.started, Duration::from_millis(end)));
            }
            // Timed out or told: either way it is time for another look.
            let _ = timeout_at(look_again, news).await;
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn level(&self) -> Level {
        Level::Volatile
    }
}

impl Accept for MemoryStore {
    fn declare<'a>(&'a self, handlers: &'a [HandlerDecl]) -> StoreFuture<'a, Registry> {
        Box::pin(async move { self.state().declare(handlers) })
    }

    fn registry(&self) -> StoreFuture<'_, Registry> {
        Box::pin(async move { Ok(self.state().registry()) })
    }

    fn accept(&self, entry: Entry) -> StoreFuture<'_, Accepted> {
        Box::pin(async move { self.state().accept(entry, self.now()) })
    }
}

impl Jobs for MemoryStore {
    fn lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Vec<Leased>> {
        Box::pin(self.lease_or_wait(request))
    }

    fn extend<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        Box::pin(async move { self.state().extend(fence, self.now()) })
    }

    fn done<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        Box::pin(async move { self.state().done(fence, self.now()) })
    }

    fn retry<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        Box::pin(async move { self.state().retry(fence, millis(delay), self.now()) })
    }

    fn bury<'a>(&'a self, fence: &'a Fence, reason: &'a str) -> StoreFuture<'a, Held> {
        Box::pin(async move { self.state().bury(fence, reason, self.now()) })
    }

    fn hand_back<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        Box::pin(async move { self.state().hand_back(fence) })
    }

    fn postpone<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        Box::pin(async move { self.state().postpone(fence, millis(delay), self.now()) })
    }

    fn promote<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, Promoted> {
        Box::pin(async move { self.state().promote(handler, max, self.now()) })
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        Box::pin(async move { Ok(self.state().stats(self.now())) })
    }
}

impl Admin for MemoryStore {
    fn dead<'a>(
        &'a self,
        handler: &'a str,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<DeadLetter>> {
        Box::pin(async move { self.state().dead(handler, after, max, self.born) })
    }

    fn dead_letter<'a>(
        &'a self,
        handler: &'a str,
        entry: &'a str,
    ) -> StoreFuture<'a, Option<DeadLetter>> {
        Box::pin(async move { self.state().dead_letter(handler, entry, self.born) })
    }

    fn payload(&self, key: DedupKey) -> StoreFuture<'_, Option<Payload>> {
        Box::pin(async move { Ok(self.state().payload(&key)) })
    }

    fn replay<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.state().replay(handler, entry, self.now()) })
    }

    fn discard<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.state().discard(handler, entry, self.now()) })
    }

    fn requeue(&self, key: DedupKey, acceptance: AcceptanceId) -> StoreFuture<'_, usize> {
        Box::pin(async move { Ok(self.state().requeue(&key, acceptance, self.now())) })
    }

    fn alerted<'a>(&'a self, handler: &'a str) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move { self.state().alerted(handler) })
    }

    fn set_alerted<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.state().set_alerted(handler, entry) })
    }

    fn status(&self, key: DedupKey) -> StoreFuture<'_, Option<Remembered>> {
        Box::pin(async move { Ok(self.state().status(&key, self.now(), self.born)) })
    }

    fn erase(&self, key: DedupKey) -> StoreFuture<'_, bool> {
        Box::pin(async move { Ok(self.state().erase(&key, self.now())) })
    }

    fn unrouted<'a>(
        &'a self,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<Unrouted>> {
        Box::pin(async move { self.state().unrouted(after, max) })
    }

    fn route<'a>(&'a self, entry: &'a str, routes: &'a [Arc<str>]) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.state().route(entry, routes, self.now()) })
    }

    fn sweep(&self, older_than: Duration, max: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move { Ok(self.state().sweep(millis(older_than), max, self.now())) })
    }
}

const MAX_BYTES: u64 = 256 << 20;
const MAX_REMEMBERED: usize = 1_000_000;
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Saturates instead of panicking: `wait` may be `Duration::MAX`.
fn later(from: Instant, by: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
    from + by.min(FAR)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::store::{AcceptanceId, Claim, ClaimToken, Claims, DedupKey, ReplayGuard};

    fn entry(n: u8, window: Duration) -> Entry {
        Entry {
            key: DedupKey([n; 16]),
            acceptance: AcceptanceId([n; 16]),
            digest: [n; 8],
            head: Bytes::from_static(b"h"),
            body: Bytes::from_static(b"b"),
            window,
            revision: 1,
            routes: vec![Arc::from("a")],
            replay_guard: ReplayGuard::Off,
        }
    }

    async fn run_one(store: &MemoryStore, entry: Entry) -> Accepted {
        let accepted = store.accept(entry).await.unwrap();
        let request = LeaseRequest {
            handler: "a",
            max: 9,
            lease: Duration::from_secs(9),
            wait: Duration::ZERO,
        };
        for job in store.lease(request).await.unwrap() {
            assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
        }
        accepted
    }

    async fn declared() -> MemoryStore {
        let store = MemoryStore::new();
        let handlers = [HandlerDecl {
            name: "a".into(),
            ..HandlerDecl::default()
        }];
        store.declare(&handlers).await.unwrap();
        store
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_of_a_day_ends_after_a_day() {
        let (store, day) = (declared().await, Duration::from_secs(86_400));
        let new = Accepted::New {
            repeated_bytes: false,
            overflowed: false,
        };
        assert_eq!(run_one(&store, entry(1, day)).await, new);
        tokio::time::advance(day - Duration::from_millis(1)).await;
        assert_ne!(run_one(&store, entry(1, day)).await, new);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(run_one(&store, entry(1, day)).await, new);
    }

    #[tokio::test]
    async fn the_oldest_finished_event_is_forgotten_and_counted_never_an_unfinished_one() {
        let (store, day) = (
            declared().await.with_max_remembered(2),
            Duration::from_secs(86_400),
        );
        let new = Accepted::New {
            repeated_bytes: false,
            overflowed: false,
        };
        for n in 1..=3 {
            assert_eq!(run_one(&store, entry(n, day)).await, new);
        }
        assert_eq!(store.forgotten(), 1);
        for n in 4..=9 {
            assert_eq!(store.accept(entry(n, day)).await.unwrap(), new);
        }
        assert_eq!(store.forgotten(), 1);
        for n in 2..=9 {
            assert_ne!(store.accept(entry(n, day)).await.unwrap(), new, "{n}");
        }
        assert_eq!(store.accept(entry(1, day)).await.unwrap(), new);
    }

    #[tokio::test]
    async fn what_is_kept_holds_on_to_no_larger_buffer() {
        let (store, buffer) = (declared().await, Bytes::from(vec![0; 1 << 16]));
        for routes in [vec![Arc::from("a")], Vec::new()] {
            let entry = Entry {
                head: buffer.slice(..2),
                body: buffer.slice(2..9),
                key: DedupKey([routes.len() as u8; 16]),
                routes,
                ..entry(1, Duration::from_secs(9))
            };
            store.accept(entry).await.unwrap();
            assert!(buffer.is_unique());
        }
        let (key, token) = (DedupKey([1; 16]), ClaimToken([1; 16]));
        let lease = Duration::from_secs(9);
        assert_eq!(
            store.claim(key, token, lease).await.unwrap(),
            Claim::Granted
        );
        let settled = store.settle(key, token, lease, buffer.slice(..9)).await;
        assert_eq!(settled.unwrap(), Held::Applied);
        assert!(buffer.is_unique());
    }
}
