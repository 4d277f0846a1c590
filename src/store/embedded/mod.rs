//! The store in one file: nothing else to run, and nothing lost when the power goes.
//!
//! ```no_run
//! use hookgate::store::{EmbeddedStore, Level, Store};
//! let store = EmbeddedStore::open("hooks.redb")?;
//! assert_eq!(store.level(), Level::Local);
//! # Ok::<(), hookgate::StoreError>(())
//! ```
//!
//! # How it works
//!
//! One thread owns the file, a [redb](https://docs.rs/redb) database. Calls that arrive while the
//! disk is busy share the next transaction: duplicates are decided inside it, and it is answered
//! once it has been synced. A lease is synced too, since the count of deliveries is what finds a job
//! that kills its process; who holds the lease is not: after a crash every unfinished job is queued.
//!
//! # What goes wrong
//!
//! - One process has the file open at a time, by a lock on `<file>.lock`. Opening waits for it.
//! - When a sync fails nobody knows what the disk has. The store is `Unavailable` from then on,
//!   until the process is started again; calls under way are answered `Ambiguous`.
//! - When the disk is full, calls are refused as `Full`, as with the store's own bound. A reserve of
//!   4 MiB, `<file>.reserve`, is given up then, so that work goes on and makes room.
//! - A damaged file, one of a later format or of another program is refused as `Corrupt` and not
//!   written to. Pages are not verified before they are used: damage may surface late.
//! - The file does not shrink. Its free space is used again.
//!
//! Dropping the store carries out the calls that are waiting, and blocks until then.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

#[cfg(feature = "test-util")]
pub use self::backend::Faults;
pub use self::builder::EmbeddedBuilder;
use self::calls::Calls;
use super::{
    Accept, AcceptanceId, Accepted, Admin, DeadLetter, DedupKey, Entry, Fence, HandlerDecl, Held,
    Jobs, LeaseRequest, Leased, Level, Payload, Promoted, Registry, Remembered, Stats, Store,
    StoreFuture, Unrouted,
};
use crate::error::StoreError;

mod accept;
mod admin;
mod backend;
mod builder;
mod calls;
mod control;
mod fault;
mod file;
mod jobs;
mod lane;
mod lock;
mod mounts;
mod reserve;
mod rows;
mod state;
mod tables;
mod time;
mod writer;

/// Keeps everything in one file of this machine. See the [module docs](self).
pub struct EmbeddedStore {
    path: PathBuf,
    calls: Arc<Calls>,
    warnings: Vec<String>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedStore {
    /// The format of the file that this version reads and writes.
    pub const FORMAT: u64 = tables::FORMAT;

    /// Opens a file, or makes it. Blocks the thread for up to 30 s while another process has it
    /// open; [`open_async`](Self::open_async) does not.
    ///
    /// # Errors
    /// Those of [`EmbeddedBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open()
    }

    /// The same for async code: waits without blocking the thread.
    ///
    /// # Errors
    /// Those of [`EmbeddedBuilder::open`].
    pub async fn open_async(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open_async().await
    }

    /// For other bounds and times than the default ones.
    pub fn builder(path: impl AsRef<Path>) -> EmbeddedBuilder {
        EmbeddedBuilder::new(path.as_ref())
    }

    /// What the operator should know of the file's place: memory, a network, a container's layer.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    async fn lease_or_wait(&self, request: LeaseRequest<'_>) -> Result<Vec<Leased>, StoreError> {
        let handler: Arc<str> = request.handler.into();
        let take = || {
            let handler = Arc::clone(&handler);
            self.calls
                .call(move |batch| batch.take(&handler, request.max, request.lease))
        };
        let (jobs, arrived) = take().await?;
        if !jobs.is_empty() || request.wait.is_zero() {
            return Ok(jobs);
        }
        let deadline = later(Instant::now(), request.wait);
        loop {
            // Listening starts before the look: what arrives in between is not missed.
            let mut news = std::pin::pin!(arrived.notified());
            news.as_mut().enable();
            let (jobs, _) = take().await?;
            if !jobs.is_empty() || Instant::now() >= deadline {
                return Ok(jobs);
            }
            // Timed out or told: either way it is time for another look.
            let _ = timeout_at(deadline, news).await;
        }
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.calls.stop();
        if let Some(thread) = self.thread.take() {
            // It catches its panics; there would be nobody to tell.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Store for EmbeddedStore {
    fn level(&self) -> Level {
        Level::Local
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

impl Accept for EmbeddedStore {
    fn declare<'a>(&'a self, handlers: &'a [HandlerDecl]) -> StoreFuture<'a, Registry> {
        let handlers = handlers.to_vec();
        Box::pin(self.calls.call(move |batch| batch.declare(&handlers)))
    }

    fn registry(&self) -> StoreFuture<'_, Registry> {
        Box::pin(self.calls.call(|batch| Ok(batch.registry())))
    }

    fn accept(&self, entry: Entry) -> StoreFuture<'_, Accepted> {
        Box::pin(self.calls.call(move |batch| batch.accept(&entry)))
    }
}

impl Jobs for EmbeddedStore {
    fn lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Vec<Leased>> {
        Box::pin(self.lease_or_wait(request))
    }

    fn extend<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        let fence = fence.clone();
        Box::pin(self.calls.call(move |batch| batch.extend(&fence)))
    }

    fn done<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        let fence = fence.clone();
        Box::pin(self.calls.call(move |batch| batch.done(&fence)))
    }

    fn retry<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        let fence = fence.clone();
        Box::pin(self.calls.call(move |batch| batch.retry(&fence, delay)))
    }

    fn bury<'a>(&'a self, fence: &'a Fence, reason: &'a str) -> StoreFuture<'a, Held> {
        let (fence, reason) = (fence.clone(), reason.to_owned());
        Box::pin(self.calls.call(move |batch| batch.bury(&fence, &reason)))
    }

    fn hand_back<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held> {
        let fence = fence.clone();
        Box::pin(self.calls.call(move |batch| batch.hand_back(&fence)))
    }

    fn postpone<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held> {
        let fence = fence.clone();
        Box::pin(self.calls.call(move |batch| batch.postpone(&fence, delay)))
    }

    fn promote<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, Promoted> {
        let handler = handler.to_owned();
        Box::pin(self.calls.call(move |batch| batch.promote(&handler, max)))
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        Box::pin(self.calls.call(|batch| batch.stats()))
    }
}

impl Admin for EmbeddedStore {
    fn dead<'a>(
        &'a self,
        handler: &'a str,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<DeadLetter>> {
        let (handler, after) = (handler.to_owned(), after.map(str::to_owned));
        let verb =
            move |batch: &mut state::Batch<'_, '_>| batch.dead(&handler, after.as_deref(), max);
        Box::pin(self.calls.call(verb))
    }

    fn dead_letter<'a>(
        &'a self,
        handler: &'a str,
        entry: &'a str,
    ) -> StoreFuture<'a, Option<DeadLetter>> {
        let (handler, entry) = (handler.to_owned(), entry.to_owned());
        Box::pin(
            self.calls
                .call(move |batch| batch.dead_letter(&handler, &entry)),
        )
    }

    fn payload(&self, key: DedupKey) -> StoreFuture<'_, Option<Payload>> {
        Box::pin(self.calls.call(move |batch| batch.payload_of(&key)))
    }

    fn replay<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        let (handler, entry) = (handler.to_owned(), entry.to_owned());
        Box::pin(self.calls.call(move |batch| batch.replay(&handler, &entry)))
    }

    fn discard<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        let (handler, entry) = (handler.to_owned(), entry.to_owned());
        Box::pin(
            self.calls
                .call(move |batch| batch.discard(&handler, &entry)),
        )
    }

    fn requeue(&self, key: DedupKey, acceptance: AcceptanceId) -> StoreFuture<'_, usize> {
        Box::pin(
            self.calls
                .call(move |batch| batch.requeue(&key, acceptance)),
        )
    }

    fn alerted<'a>(&'a self, handler: &'a str) -> StoreFuture<'a, Option<String>> {
        let handler = handler.to_owned();
        Box::pin(self.calls.call(move |batch| batch.alerted(&handler)))
    }

    fn set_alerted<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, ()> {
        let (handler, entry) = (handler.to_owned(), entry.to_owned());
        Box::pin(
            self.calls
                .call(move |batch| batch.set_alerted(&handler, &entry)),
        )
    }

    fn status(&self, key: DedupKey) -> StoreFuture<'_, Option<Remembered>> {
        Box::pin(self.calls.call(move |batch| batch.status(&key)))
    }

    fn erase(&self, key: DedupKey) -> StoreFuture<'_, bool> {
        Box::pin(self.calls.call(move |batch| batch.erase(&key)))
    }

    fn unrouted<'a>(
        &'a self,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<Unrouted>> {
        let after = after.map(str::to_owned);
        Box::pin(
            self.calls
                .call(move |batch| batch.unrouted(after.as_deref(), max)),
        )
    }

    fn route<'a>(&'a self, entry: &'a str, routes: &'a [Arc<str>]) -> StoreFuture<'a, bool> {
        let (entry, routes) = (entry.to_owned(), routes.to_vec());
        Box::pin(self.calls.call(move |batch| batch.route(&entry, &routes)))
    }

    fn sweep(&self, older_than: Duration, max: usize) -> StoreFuture<'_, usize> {
        Box::pin(self.calls.call(move |batch| batch.sweep(older_than, max)))
    }
}

/// Saturates instead of panicking: `wait` may be `Duration::MAX`.
fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by)
        .unwrap_or_else(|| from + Duration::from_secs(86_400))
}
