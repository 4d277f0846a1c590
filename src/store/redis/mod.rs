//! The store in Redis: one inbox for many machines.
//!
//! ```no_run
//! use hookgate::store::redis::{RedisStore, deadpool_redis::{Config, Runtime}};
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = Config::from_url("redis://127.0.0.1/").create_pool(Some(Runtime::Tokio1))?;
//! let store = RedisStore::new(pool).with_namespace("shop")?;
//! store.connect().await?;
//! # Ok(()) }
//! ```
//!
//! # What it needs
//!
//! Redis 6.2 or later, or Valkey, with `maxmemory-policy noeviction`: an evicted record is an event
//! accepted twice, an evicted queue is events lost. This, and what else the store's level asks for,
//! is checked on every connection ([`RedisStore::with_level`]); where the server does not let us look,
//! somebody has to vouch for it ([`RedisStore::with_asserted_level`]). The default is
//! [`Level::Volatile`], whatever the server does besides.
//!
//! Its clock should be right: leases and windows go by it. On every connection it is compared with
//! ours, and more than a second between them is warned of.
//!
//! # Connections
//!
//! The pool's manager makes them, with the pool's address and credentials; none is checked out,
//! since a check-out costs a round trip. Two long-lived ones carry every verb, batched: calls that
//! arrive together share a pipeline, deliveries that are accepted together a script, and so do jobs
//! of one handler that end together. Payloads are read, and new jobs waited for, on others. Each is
//! made again when it breaks.
//!
//! # Keys
//!
//! All start with `{namespace:0}`, one hash slot (`0` is the partition; there is one so far):
//!
//! | key | type | holds |
//! | --- | --- | --- |
//! | `m` | hash | format, partitions, revision, payload bytes; of each handler the number `n:`, the filter `f:`, the bound of its backlog `l:`, whether it is paused `p:`, how it was removed `r:` and the last dead letter that people were told of `a:` |
//! | `d:<key>` | string | the dedup record: state, acceptance, digest; while open also the window and where each handler's job is; when finished the handlers' numbers |
//! | `e:<acceptance, hex>` | string | the head's length, head, body |
//! | `q:<handler>` | stream | queued and leased jobs `j`; the group `w` has the leases |
//! | `z:<handler>` | zset | delayed jobs by due time |
//! | `x:<handler>` | stream | dead letters: job `j`, reason `why` |
//! | `u` | stream | events that no handler wanted: job `j`, record to be `r` |
//! | `g:<key>` | string | the replay guard: who brought these bytes |
//! | `c:<key>` | string | inline idempotency: a claim's token, or the reply that was settled |
//!
//! What jobs and records look like inside says `scripts/lib.lua`.
//!
//! Each verb is one script; the first line of its file says what it keeps true.

use std::{fmt, sync::Arc, time::Duration};

pub use ::deadpool_redis;
pub use ::redis;

use self::{batch::Batcher, keys::Keys, lanes::Lanes, level::Checks, side::Side, skew::Skew};
use super::{Level, Store};
use crate::{
    clock::{Clock, SystemClock},
    error::{ConfigError, StoreError},
};

mod accept;
mod accepting;
mod admin;
mod batch;
mod bundle;
mod claims;
mod control;
mod done;
mod jobs;
mod keys;
mod lanes;
mod lease;
mod level;
mod listing;
mod payloads;
mod pool;
mod record;
mod reply;
mod scripts;
mod server;
mod side;
mod skew;
mod status;
mod steps;
mod writer;

pub use pool::RedisPool;
pub use server::Server;

/// Keeps everything in Redis. Cheap to share, not to make: one a process.
///
/// Nothing is sent before the first call or [`connect`](Self::connect). Payload bytes are bounded
/// by [`with_max_bytes`](Self::with_max_bytes), and by the server's `maxmemory` in any case.
pub struct RedisStore {
    pool: RedisPool,
    keys: Arc<Keys>,
    max_bytes: Option<u64>,
    checks: Arc<Checks>,
    /// How long one call may take.
    timeout: Duration,
    /// This instance's name among the consumers: never used before, so that nobody else's pending
    /// entries count as ours.
    consumer: Arc<str>,
    batcher: Batcher,
    side: Side,
    lanes: Lanes,
}

impl RedisStore {
    /// A store on the servers of this pool, under the namespace `hookgate`.
    pub fn new(pool: impl Into<RedisPool>) -> Self {
        let (pool, keys) = (pool.into(), Arc::new(Keys::new("hookgate")));
        let checks = Checks::new(Arc::new(SystemClock));
        let checks = Arc::new(checks);
        Self {
            batcher: Batcher::new(
                pool.clone(),
                Arc::clone(&keys),
                Arc::clone(&checks),
                RESPONSE_TIMEOUT,
            ),
            side: Side::new(pool.clone(), RESPONSE_TIMEOUT),
            pool,
            keys,
            max_bytes: None,
            checks,
            timeout: RESPONSE_TIMEOUT,
            consumer: scripts::random_name().into(),
            lanes: Lanes::default(),
        }
    }

    /// Sets the prefix of all keys: stores with different ones do not see each other.
    ///
    /// # Errors
    /// [`ConfigError::BadName`] unless it is 1 to 64 characters of `[A-Za-z0-9._-]`.
    pub fn with_namespace(mut self, namespace: &str) -> Result<Self, ConfigError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if namespace.is_empty() || namespace.len() > 64 || !namespace.bytes().all(good) {
            return Err(ConfigError::BadName {
                what: "namespace",
                name: namespace.to_owned(),
            });
        }
        self.keys = Arc::new(Keys::new(namespace));
        Ok(self.rewired())
    }

    /// Sets how many bytes of heads and bodies may be held; no bound of its own by default. All
    /// processes should say the same: each one's accepts go by its own figure.
    #[must_use]
    pub fn with_max_bytes(mut self, max: u64) -> Self {
        self.max_bytes = Some(max);
        self
    }

    /// Sets how long one call may take, connecting included; 1.2 s by default, 10 ms to a day.
    /// Waiting for jobs comes on top of it.
    #[must_use]
    pub fn with_response_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(Duration::from_millis(10), Duration::from_secs(86_400));
        self.rewired()
    }

    /// Sets what an answer stands for; [`Level::Volatile`] by default. On every new connection, and
    /// every few seconds after, the server is asked for its role, its `maxmemory-policy` and whether
    /// it has evicted keys; for [`Level::Local`] also for `appendonly yes` and `appendfsync always`,
    /// for [`Level::Replicated`] for that many replicas. While it is below the level, every call is
    /// refused.
    ///
    /// With `Replicated(n)` an answer waits until n replicas have the write, and is `Ambiguous` when
    /// they do not have it within three quarters of the response time-out. Redis replicates without
    /// consensus: this covers a failover to one of those n, not every fault.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        self.checked(|checks| (checks.level, checks.asserted) = (level, false))
    }

    /// The same, but takes your word for it and asks the server nothing: for services that do not
    /// let anybody read `INFO` or `CONFIG`. Replicas are waited for nonetheless.
    #[must_use]
    pub fn with_asserted_level(self, level: Level) -> Self {
        self.checked(|checks| (checks.level, checks.asserted) = (level, true))
    }

    /// Sets the clock that the server's is compared with: on every new connection, and a difference
    /// of more than a second is warned of; the system's by default. The store itself goes by the
    /// server's.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        self.checked(|checks| checks.skew = Skew::new(Arc::new(clock)))
    }

    /// Works on what is stored under the namespace and prepares nothing: for tools, in which a
    /// mistyped namespace must not become a new inbox. Where nothing is stored, every call is refused
    /// as `Invalid`.
    #[must_use]
    pub fn existing_only(self) -> Self {
        self.checked(|checks| checks.existing_only = true)
    }

    /// How many milliseconds the server's clock is ahead of ours, as far as the time that asking
    /// takes allows to tell. Leases, due times and windows go by the server's; whether a signature
    /// is fresh goes by ours.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn clock_skew(&self) -> Result<i64, StoreError> {
        let clock = &self.checks.skew.clock;
        let asked = clock.now();
        let theirs = self.time().await?;
        Ok(skew::ahead(asked, clock.now(), theirs))
    }

    /// Connects and checks the stored format, so that mistakes surface now.
    ///
    /// # Errors
    /// `Unavailable` when the server cannot be reached, is a replica or lacks some; `Invalid` when it
    /// is not set up for the store's level, or does not say; `Corrupt` when another format or number
    /// of partitions is stored under this namespace. Nothing is changed then.
    pub async fn connect(&self) -> Result<(), StoreError> {
        self.reload().await.map(drop)
    }

    fn checked(mut self, change: impl FnOnce(&mut Checks)) -> Self {
        self.checks = Arc::new(self.checks.with(change));
        self.rewired()
    }

    /// For the setters: nothing has been sent yet, so that nothing is lost.
    fn rewired(mut self) -> Self {
        self.batcher = Batcher::new(
            self.pool.clone(),
            Arc::clone(&self.keys),
            Arc::clone(&self.checks),
            self.timeout,
        );
        self.side = Side::new(self.pool.clone(), self.timeout);
        self
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("keys", &self.keys)
            .field("max_bytes", &self.max_bytes)
            .field("level", &self.checks.level)
            .finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn level(&self) -> Level {
        self.checks.level
    }

    /// Once it has been connected.
    fn warnings(&self) -> Vec<String> {
        self.checks.skew.warning().into_iter().collect()
    }
}

/// One try of an accept and its one repetition fit into the 3 s that an answer may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1_200);
