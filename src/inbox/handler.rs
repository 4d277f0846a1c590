use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tower::{Service, ServiceExt};

use super::{
    breaker::Breaker, circuits::Circuits, failure::Failure, filter::Filter, job::Job, retry::Retry,
    stored,
};
use crate::{event::Event, secret::Label, store::Leased};

/// What a handler returns when it is called.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Works on jobs. Every `async fn(Job) -> Result<(), Failure>` is one.
///
/// The same job may be handed out again (after a crash, or when its lease was lost): a handler
/// makes its effects idempotent with [`Job::key`].
pub trait Handler: Send + Sync + 'static {
    /// Works on one job. `Ok` ends it.
    fn handle(&self, job: Job) -> HandlerFuture;
}

impl<F, Fut> Handler for F
where
    F: Fn(Job) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    fn handle(&self, job: Job) -> HandlerFuture {
        Box::pin(self(job))
    }
}

/// A tower service as a handler. Each job gets a clone.
pub(super) struct ServiceHandler<S>(pub(super) S);

impl<S> Handler for ServiceHandler<S>
where
    S: Service<Job> + Clone + Send + Sync + 'static,
    S::Error: Into<Failure>,
    S::Future: Send,
{
    fn handle(&self, job: Job) -> HandlerFuture {
        let service = self.0.clone();
        Box::pin(async move { service.oneshot(job).await.map(drop).map_err(Into::into) })
    }
}

/// A handler as the builder keeps it.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) name: Label,
    pub(super) filter: Filter,
    pub(super) options: HandlerOptions,
    pub(super) circuits: Arc<Mutex<Circuits>>,
    /// None for a channel.
    pub(super) handler: Option<Arc<dyn Handler>>,
}

impl Declared {
    pub(super) fn circuits(&self) -> MutexGuard<'_, Circuits> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of the job's downstream, if it has one of its own.
    pub(super) fn downstream(&self, leased: &Leased) -> Option<Arc<str>> {
        let name = self.options.downstream?;
        let event = stored::decode(&leased.head, leased.body.clone())?;
        // It is the user's code, and a panic must not take the worker with it.
        let mut name = catch_unwind(AssertUnwindSafe(|| name(&event))).ok()??;
        let cut = (0..=MAX_DOWNSTREAM)
            .rev()
            .find(|&at| name.is_char_boundary(at));
        name.truncate(cut.unwrap_or_default());
        Some(name.into())
    }
}

/// Names the downstream of an event.
type Downstream = fn(&Event) -> Option<String>;

/// How a handler is run in this process, but for its [bound](Self::with_max_backlog).
///
/// # Default
/// - retried as [`Retry::FAST`], with a [`Breaker::DEFAULT`]
/// - 64 jobs at once, 60 s for one attempt
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct HandlerOptions {
    pub(super) retry: Retry,
    pub(super) breaker: Option<Breaker>,
    pub(super) downstream: Option<Downstream>,
    /// How many jobs may wait before new ones are dead at once, in the store.
    pub(super) max_backlog: Option<u64>,
    /// How long one attempt may take.
    pub(super) timeout: Duration,
    /// How many jobs run at once in this process.
    pub(super) concurrency: usize,
    /// How long a crashed worker's job waits for another; renewed while the handler runs.
    pub(super) lease: Duration,
}

impl HandlerOptions {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            retry: Retry::FAST,
            breaker: Some(Breaker::DEFAULT),
            downstream: None,
            max_backlog: None,
            timeout: Duration::from_secs(60),
            concurrency: 64,
            lease: Duration::from_secs(30),
        }
    }

    /// For channels: 16 jobs are leased ahead, and each may be held for 15 minutes.
    pub(super) const CHANNEL: Self = Self {
        timeout: Duration::from_secs(15 * 60),
        concurrency: 16,
        ..Self::new()
    };

    /// When a failed attempt is followed by another.
    pub const fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// When to stop leasing because the downstream is broken.
    pub const fn with_breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Names what the handler calls for an event: the customer's endpoint, the tenant's account.
    /// Each name has a breaker of its own, so that one downstream that is broken does not stop the
    /// jobs of the others. `None` is for events that concern all of them: when those fail, the
    /// handler leases nothing.
    ///
    /// Names are cut at 128 bytes and kept in memory: make them short, and not secret, since
    /// [`Inbox::breakers`](super::Inbox::breakers) shows them. Up to 1,024 downstreams that have
    /// failed are told apart.
    ///
    /// ```
    /// # use hookgate::inbox::HandlerOptions;
    /// let options = HandlerOptions::new().with_downstream(|event| event.tenant().map(str::to_owned));
    /// ```
    pub const fn with_downstream(mut self, name: fn(&Event) -> Option<String>) -> Self {
        self.downstream = Some(name);
        self
    }

    /// Leases whatever happens to the attempts.
    pub const fn without_breaker(mut self) -> Self {
        self.breaker = None;
        self
    }

    /// Bounds how many jobs may be unfinished at once; none by default, but the store's size. Each
    /// further event is a dead letter for this handler at once, with the reason `overflow`: kept,
    /// told to the alert hook and replayable. The other handlers get theirs.
    ///
    /// It is kept in the store and holds for all processes; the last one to build its inbox says
    /// which.
    pub const fn with_max_backlog(mut self, jobs: u64) -> Self {
        self.max_backlog = Some(jobs);
        self
    }

    /// How long one attempt may take. Its future is dropped then, and the attempt has failed.
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many jobs run at once in this process: 1 to 65,536.
    pub const fn with_concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = match jobs {
            0 => 1,
            jobs if jobs > 65_536 => 65_536,
            jobs => jobs,
        };
        self
    }
}

impl Default for HandlerOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes of a downstream's name.
pub(super) const MAX_DOWNSTREAM: usize = 128;

/// After this many leases without a verdict a job is taken for one that kills its workers.
pub(super) const MAX_DELIVERIES: u32 = 5;
