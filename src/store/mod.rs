//! What a store must do, for people who write one.
//!
//! A store keeps opaque bytes: it knows neither HTTP nor what an event is. Every method is one
//! atomic verb. The contract, which the contract suite (feature `test-util`) checks:
//!
//! 1. [`Accept::accept`] decides and writes in one step. Either everything is there afterwards
//!    (dedup record, payload, one queue entry per route) or nothing. It may be repeated with the
//!    same [`Entry`]: the second call finds the first one's record and says so.
//! 2. An answer is given only once the write has reached the store's [`Level`]; for a duplicate,
//!    once the *first* write has.
//! 3. Exactly one caller gets [`Accepted::New`] for a key until the window after the last
//!    handler's `done` has passed. The record never expires before that, however long it takes.
//! 4. A job is leased to one worker at a time. [`Jobs::done`], [`Jobs::retry`], [`Jobs::bury`],
//!    [`Jobs::extend`], [`Jobs::hand_back`] and [`Jobs::postpone`] check the [`Fence`] in the same
//!    step as they write; a worker whose lease was taken over gets [`Held::Lost`] and changes
//!    nothing.
//! 5. For every accepted event and every handler it was routed to, exactly one of queued,
//!    processing, delayed, dead and done is true at any time.
//! 6. A step that cannot be finished (no room, a key of another type) fails before its first
//!    write. Nothing accepted is ever trimmed, evicted or overwritten to make room.
//! 7. Time is the store's own: leases, due times and windows do not depend on the callers' clocks.
//!
//! ```
//! use hookgate::store::{Level, MemoryStore, Store};
//! let store = MemoryStore::new();
//! assert_eq!(store.level(), Level::Volatile);
//! ```

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{clock::UnixTime, error::StoreError};

mod call;
mod check;
#[cfg(feature = "test-util")]
pub mod contract;
mod control;
mod debug;
#[cfg(feature = "embedded")]
pub mod embedded;
mod memory;
#[cfg(feature = "redis")]
pub mod redis;

pub(crate) use self::call::in_time;
#[cfg(feature = "embedded")]
pub use self::embedded::EmbeddedStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use self::{
    control::{Control, REMOVED, Removal},
    memory::MemoryStore,
};

/// What a store's methods return. Boxed: a store is chosen at run time and shared as `dyn Store`.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Everything an inbox needs of a store.
pub trait Store: Accept + Jobs + Admin + Control + fmt::Debug + Send + Sync + 'static {
    /// What an answer of [`Accept::accept`] stands for.
    fn level(&self) -> Level;

    /// What a person should know about where it keeps things; logged when an inbox is built.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The receiving side.
pub trait Accept {
    /// Adds these handlers to the registry, brings them back when they were removed, or changes
    /// their filters and bounds; never removes one. The revision rises by one if anything changed. Each handler's queue exists afterwards.
    fn declare<'a>(&'a self, handlers: &'a [HandlerDecl]) -> StoreFuture<'a, Registry>;

    /// The registry as it is now.
    fn registry(&self) -> StoreFuture<'_, Registry>;

    /// Stores a new event with one job per route, or says why not, in one step.
    fn accept(&self, entry: Entry) -> StoreFuture<'_, Accepted>;
}

/// The working side. `handler` is a name that was declared, removed since or not; another one is
/// [`StoreErrorKind::Invalid`](crate::error::StoreErrorKind::Invalid).
pub trait Jobs {
    /// Takes up to `max` jobs of a handler for `lease`; none of one that is
    /// paused or was removed by [`Removal::Bury`]. Jobs whose lease ran out come first, with
    /// `deliveries` one higher. When there are none, waits up to `wait` for one and returns
    /// promptly when it arrives. Dropping the future loses no job for longer than `lease`.
    fn lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Vec<Leased>>;

    /// Starts the lease anew, with its full length.
    fn extend<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held>;

    /// Ends the job. With the event's last one the payload goes and the dedup window starts.
    fn done<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held>;

    /// Puts the job back, due after `delay`, with `attempt` one higher.
    fn retry<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held>;

    /// Moves the job to the handler's dead letters. The payload stays.
    fn bury<'a>(&'a self, fence: &'a Fence, reason: &'a str) -> StoreFuture<'a, Held>;

    /// Puts the job back at once, with `attempt` and `deliveries` as before the lease.
    fn hand_back<'a>(&'a self, fence: &'a Fence) -> StoreFuture<'a, Held>;

    /// Puts the job back, due after `delay`, with `attempt` and `deliveries` as before the lease:
    /// nobody has tried it.
    fn postpone<'a>(&'a self, fence: &'a Fence, delay: Duration) -> StoreFuture<'a, Held>;

    /// Moves up to `max` delayed jobs that are due into the handler's queue, oldest first.
    fn promote<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, Promoted>;

    /// Counts, for metrics and health.
    fn stats(&self) -> StoreFuture<'_, Stats>;
}

/// Inline idempotency: who may run for a key, and what came of it. Apart from the inbox: a key that
/// is claimed here is unknown there.
///
/// 1. Exactly one caller is [`Claim::Granted`] for a key until it is settled or released, or its
///    lease ends.
/// 2. A caller whose lease has ended and whose key was granted to another changes nothing.
/// 3. Claiming again with the same token is granted again: the first answer may have been lost.
pub trait Claims: fmt::Debug + Send + Sync + 'static {
    /// Asks for the key. The token is the caller's own and unpredictable.
    fn claim(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Claim>;

    /// Starts the lease anew.
    fn renew(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Held>;

    /// Remembers the key as finished for `keep`, with these bytes.
    fn settle(
        &self,
        key: DedupKey,
        token: ClaimToken,
        keep: Duration,
        reply: Bytes,
    ) -> StoreFuture<'_, Held>;

    /// Forgets the key.
    fn release(&self, key: DedupKey, token: ClaimToken) -> StoreFuture<'_, Held>;
}

/// Names one claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClaimToken(pub [u8; 16]);

/// The answer to [`Claims::claim`].
#[derive(Clone, Eq, PartialEq)]
#[must_use]
pub enum Claim {
    /// Run.
    Granted,
    /// Another caller runs, for this much longer unless it renews.
    Held(Duration),
    /// It has been run; these are the bytes that were settled.
    Settled(Bytes),
}

/// The repairing side: dead letters, what became of an event, and forgetting it.
pub trait Admin {
    /// Up to `max` dead letters of a handler, oldest first, from behind the entry `after`.
    fn dead<'a>(
        &'a self,
        handler: &'a str,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<DeadLetter>>;

    /// One dead letter of a handler; `None` when it is not there (any more).
    fn dead_letter<'a>(
        &'a self,
        handler: &'a str,
        entry: &'a str,
    ) -> StoreFuture<'a, Option<DeadLetter>>;

    /// The payload of the acceptance that stands for this key, wherever its jobs are; `None` once
    /// the last one has ended, and for an event that no handler wanted.
    fn payload(&self, key: DedupKey) -> StoreFuture<'_, Option<Payload>>;

    /// Queues a dead letter again, with a new budget of attempts and one replay more. False when
    /// it is not there (any more): doing it twice queues it once.
    fn replay<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool>;

    /// Gives a dead letter up; its job counts as done. False when it is not there (any more).
    fn discard<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool>;

    /// Replays every dead job of one acceptance, but for handlers that were removed; answers how many
    /// there were.
    fn requeue(&self, key: DedupKey, acceptance: AcceptanceId) -> StoreFuture<'_, usize>;

    /// The entry of the last dead letter that people were told of, if any.
    fn alerted<'a>(&'a self, handler: &'a str) -> StoreFuture<'a, Option<String>>;

    /// Notes that people were told of every dead letter up to this one. Never moves back.
    fn set_alerted<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, ()>;

    /// What is remembered of an event; `None` when it was never accepted or is forgotten. All of it
    /// is of one moment, and by the store's clock: whether a lease has run out does not depend on
    /// whether anybody looked for it.
    fn status(&self, key: DedupKey) -> StoreFuture<'_, Option<Remembered>>;

    /// Deletes an event's payload and all its jobs, under lease or not, which then count as done;
    /// the key stays remembered for its window. Copies that are kept as unrouted go too. False when
    /// there was no payload.
    fn erase(&self, key: DedupKey) -> StoreFuture<'_, bool>;

    /// Up to `max` events that no handler wanted, oldest first, from behind the entry `after`.
    fn unrouted<'a>(&'a self, after: Option<&'a str>, max: usize)
    -> StoreFuture<'a, Vec<Unrouted>>;

    /// Queues an unrouted event for these handlers, or forgets it when there are none. False when
    /// it is not there (any more), or when a later acceptance of the same event stands: that one
    /// counts then, and this one is forgotten.
    fn route<'a>(&'a self, entry: &'a str, routes: &'a [Arc<str>]) -> StoreFuture<'a, bool>;

    /// Gives up what is older than this, up to `max`: dead letters of any handler, by their time of
    /// death, and then events that no handler wanted, by their time of acceptance; each
    /// handler's, and the unrouted ones', oldest first. Answers how many of both; fewer than `max`
    /// when there are no more, or when `max` is past what the store does in one call.
    fn sweep(&self, older_than: Duration, max: usize) -> StoreFuture<'_, usize>;
}

/// Against which faults a stored event is safe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Level {
    /// In memory: a restart loses it.
    Volatile,
    /// Synced to one machine's disk: survives that machine's power loss.
    Local,
    /// Acknowledged by this many replicas besides.
    Replicated(u8),
}

/// A handler as the registry keeps it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HandlerDecl {
    /// The handler's name: 1 to 64 characters out of `[A-Za-z0-9._-]`.
    pub name: String,
    /// Which events it wants, opaque to the store.
    pub filter: Bytes,
    /// How many of its jobs may wait, be under lease or delayed at once: [`Accept::accept`] makes a
    /// dead letter of each further one, with the reason [`OVERFLOW`]. What is put back, replayed or
    /// routed by hand is queued all the same. `None`: as many as the store holds.
    pub max_backlog: Option<u64>,
}

/// Why a job died that was one too many for [`HandlerDecl::max_backlog`].
pub const OVERFLOW: &str = "overflow";

/// All handlers that any process has declared and nobody has removed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Registry {
    /// Rises with every change; 0 when nothing was ever declared.
    pub revision: u64,
    /// The handlers, in the order in which they were first declared.
    pub handlers: Vec<HandlerDecl>,
}

/// Identifies an event: a hash over (namespace, source, tenant, id).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DedupKey(pub [u8; 16]);

/// Names one acceptance of an event. A later acceptance of the same event, after its window, has
/// another one, so that it can never touch this one's payload. Unpredictable, chosen by the caller.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AcceptanceId(pub [u8; 16]);

/// An event to be accepted.
#[derive(Clone)]
pub struct Entry {
    /// Who it is.
    pub key: DedupKey,
    /// The name of this acceptance.
    pub acceptance: AcceptanceId,
    /// The first 8 bytes of the body's SHA-256, to notice another body under the same key.
    pub digest: [u8; 8],
    /// The event's head in its stored form. Opaque; its first byte is its version.
    pub head: Bytes,
    /// The raw body. Opaque.
    pub body: Bytes,
    /// How long the key is remembered after the last handler's `done`.
    pub window: Duration,
    /// The registry revision from which `routes` was computed.
    pub revision: u64,
    /// The handlers that get it, each declared, none twice. Empty: kept as unrouted.
    pub routes: Vec<Arc<str>>,
    /// Whether the same bytes under another id are looked for.
    pub replay_guard: ReplayGuard,
}

/// What to do with bytes that were accepted under another id within the window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ReplayGuard {
    /// Do not look.
    #[default]
    Off,
    /// Accept and say so. The key is a hash over (namespace, source, tenant, body).
    Flag(DedupKey),
    /// Do not accept.
    Reject(DedupKey),
}

/// The answer to [`Accept::accept`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Accepted {
    /// It is stored, with a job for every route.
    New {
        /// The same bytes were accepted before under another id ([`ReplayGuard::Flag`]).
        repeated_bytes: bool,
        /// For at least one route it is a dead letter at once ([`HandlerDecl::max_backlog`]).
        overflowed: bool,
    },
    /// It was stored before and is remembered. Nothing changed.
    Duplicate {
        /// The acceptance that stands.
        acceptance: AcceptanceId,
        /// Whether its body had the same digest.
        same_body: bool,
        /// Whether it is dead for at least one handler.
        dead: bool,
    },
    /// The same bytes were accepted before under another id ([`ReplayGuard::Reject`]). Nothing
    /// changed.
    RepeatedBytes,
    /// The registry has another revision: compute the routes again. Nothing changed.
    StaleRoutes,
}

/// What a worker asks for.
#[derive(Clone, Copy, Debug)]
pub struct LeaseRequest<'a> {
    /// Whose jobs.
    pub handler: &'a str,
    /// How many at the most; at least 1.
    pub max: usize,
    /// How long the lease lasts unless it is extended.
    pub lease: Duration,
    /// How long to wait when there is nothing to do; zero returns at once.
    pub wait: Duration,
}

/// A job under lease.
#[derive(Clone)]
pub struct Leased {
    /// The right to it.
    pub fence: Fence,
    /// The event's key.
    pub key: DedupKey,
    /// The event's head, as it was accepted.
    pub head: Bytes,
    /// The event's body, as it was accepted.
    pub body: Bytes,
    /// How often the job was put back by [`Jobs::retry`].
    pub attempt: u32,
    /// How often it was leased since it was last queued, this time included.
    pub deliveries: u32,
    /// How often it was replayed from the dead letters.
    pub replays: u32,
}

/// The fencing token of one lease. Opaque: its parts mean something to the store that made it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fence {
    /// The handler's name.
    pub handler: Arc<str>,
    /// The acceptance whose payload the job refers to.
    pub acceptance: AcceptanceId,
    /// The event's key.
    pub key: DedupKey,
    /// The store's own name for the queue entry.
    pub entry: String,
    /// What tells this lease from an earlier or later one of the same entry.
    pub token: u64,
    /// How often the job was put back by [`Jobs::retry`].
    pub attempt: u32,
    /// How long the lease lasts.
    pub lease: Duration,
}

/// A job that has used up its attempts or was refused for good.
#[derive(Clone)]
pub struct DeadLetter {
    /// The store's own name for it, which grows with the time of death.
    pub entry: String,
    /// The handler's name.
    pub handler: Arc<str>,
    /// The event's key.
    pub key: DedupKey,
    /// The acceptance whose payload it refers to.
    pub acceptance: AcceptanceId,
    /// How often the job was put back by [`Jobs::retry`].
    pub attempt: u32,
    /// How often it was replayed before.
    pub replays: u32,
    /// Why it was buried.
    pub reason: String,
    /// When, by the store's clock.
    pub at: UnixTime,
    /// The event's head, as it was accepted.
    pub head: Bytes,
    /// The event's body, as it was accepted.
    pub body: Bytes,
}

/// An event that no handler wanted.
#[derive(Clone)]
pub struct Unrouted {
    /// The store's own name for it, which grows with the time of acceptance.
    pub entry: String,
    /// The event's key.
    pub key: DedupKey,
    /// The event's head, as it was accepted.
    pub head: Bytes,
    /// The event's body, as it was accepted.
    pub body: Bytes,
}

/// An event's payload.
#[derive(Clone)]
pub struct Payload {
    /// The acceptance that it came with.
    pub acceptance: AcceptanceId,
    /// The event's head, as it was accepted.
    pub head: Bytes,
    /// The event's body, as it was accepted.
    pub body: Bytes,
}

/// What is remembered of an event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remembered {
    /// The acceptance that stands.
    pub acceptance: AcceptanceId,
    /// Each handler that it was routed to.
    pub jobs: Vec<(Arc<str>, JobState)>,
}

/// Where one job is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum JobState {
    /// Waiting for a worker. So does one whose lease ran out.
    Queued,
    /// Under a lease that still runs.
    Processing,
    /// Waiting for its due time.
    Delayed {
        /// By the store's clock. Once it has passed, the job waits to be queued.
        due: UnixTime,
    },
    /// A dead letter.
    Dead {
        /// Why it was buried, as [`DeadLetter::reason`] has it.
        reason: String,
    },
    /// Ended.
    Done,
}

impl JobState {
    /// The state without its data, in one word: `queued`, `processing`, `delayed`, `dead` or `done`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Delayed { .. } => "delayed",
            Self::Dead { .. } => "dead",
            Self::Done => "done",
        }
    }
}

/// Whether a step under a lease was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Held {
    /// Yes.
    Applied,
    /// No: the lease ran out and the job is somebody else's, or it has ended.
    Lost,
}

/// The answer to [`Jobs::promote`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Promoted {
    /// How many jobs moved.
    pub moved: usize,
    /// How long until the next delayed job is due; `None` when there is none.
    pub next_due: Option<Duration>,
}

/// Counts of a whole store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// One entry a handler, in the order in which they were first declared. A removed one is there
    /// while anything of it is left.
    pub handlers: Vec<HandlerStats>,
    /// Events that no handler wanted, kept.
    pub unrouted: u64,
    /// Bytes of payloads held.
    pub bytes: u64,
    /// The bound on them; `None` when the store has none of its own.
    pub max_bytes: Option<u64>,
}

impl Stats {
    /// How full the store is, 0 to 1 (or more, when its bound was lowered); `None` without a bound.
    pub fn fill(&self) -> Option<f64> {
        let max = self.max_bytes.filter(|max| *max > 0)?;
        Some(self.bytes as f64 / max as f64)
    }
}

/// Counts of one handler.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HandlerStats {
    /// The handler's name.
    pub handler: String,
    /// Waiting.
    pub queued: u64,
    /// How long the oldest of these has waited in the queue by now, by the store's clock; from anew
    /// where what is handed back is queued anew. `None` when none waits.
    pub oldest: Option<Duration>,
    /// Under lease.
    pub processing: u64,
    /// Waiting for their due time.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// Whether it is paused ([`Control::set_paused`]).
    pub paused: bool,
    /// How it was removed; `None` for one in the registry.
    pub removal: Option<Removal>,
}

impl HandlerStats {
    /// How many jobs are unfinished.
    pub const fn backlog(&self) -> u64 {
        let begun = self.queued.saturating_add(self.processing);
        begun.saturating_add(self.delayed)
    }

    /// Whether it has neither jobs nor dead letters.
    pub const fn is_empty(&self) -> bool {
        self.backlog() == 0 && self.dead == 0
    }
}
