use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use super::{failure::Failure, filter::Filter, job::Job, retry::Retry};
use crate::secret::Label;

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

/// A handler as the builder keeps it.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) name: Label,
    pub(super) filter: Filter,
    pub(super) options: Options,
    /// None for a channel.
    pub(super) handler: Option<Arc<dyn Handler>>,
}

/// How a handler is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) retry: Retry,
    /// How long one attempt may take.
    pub(super) timeout: Duration,
    /// How many jobs run at once in this process.
    pub(super) concurrency: usize,
    /// How long a crashed worker's job waits for another; renewed while the handler runs.
    pub(super) lease: Duration,
}

impl Options {
    pub(super) const HANDLER: Self = Self {
        retry: Retry::FAST,
        timeout: Duration::from_secs(60),
        concurrency: 64,
        lease: Duration::from_secs(30),
    };

    pub(super) const CHANNEL: Self = Self {
        timeout: Duration::from_secs(15 * 60),
        concurrency: 16,
        ..Self::HANDLER
    };
}

/// After this many leases without a verdict a job is taken for one that kills its workers.
pub(super) const MAX_DELIVERIES: u32 = 5;
