//! The inbox: verify, store, answer; work later.
//!
//! ```text
//!  POST ──▶ verify ──▶ store.accept ──▶ 200            one step: dedup record + payload + jobs
//!             │            │ one job a handler
//!             ▼            ▼
//!            401      queued ──lease──▶ processing ──▶ done
//!                       ▲                  │ failed
//!                       │                  ├──▶ delayed (1 s, 4 s, 16 s) ──due──▶ queued
//!                       └─ lease over ─────┤
//!                                          └──▶ dead
//! ```
//!
//! What it promises:
//! 1. A 200 is a receipt at the store's [`Level`](crate::store::Level): the event is stored with a
//!    job for every handler that wants it. Anything else stored nothing, or stored it and could
//!    not say so; the sender's next delivery is then answered as a duplicate.
//! 2. An event is accepted once, however many deliveries arrive at however many processes.
//! 3. Each handler has a queue of its own: one that fails or is slow delays no other.
//! 4. A job whose worker died comes back when its lease ends; a worker that lost its lease cannot
//!    end the job.
//!
//! # What it does not do
//! It does not keep the [order of events](crate::docs::order_of_events). It does not run a handler exactly once: a worker may die
//! between the handler's effect and the job's end, so handlers make their effects idempotent with
//! [`Job::key`].
//!
//! ```
//! use hookgate::{Inbox, Secret, Source, inbox::{Failure, Job, on}, provider, store::MemoryStore};
//!
//! async fn bill(job: Job) -> Result<(), Failure> {
//!     let amount: u64 = job.json_at("/data/object/amount_due")?; // unreadable: dead, not retried
//!     println!("{} owes {amount}", job.key());
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let stripe = Source::builder("stripe", provider::STRIPE)
//!     .add_secret(Secret::new("whsec_test")?)
//!     .build()?;
//! let inbox = Inbox::builder(MemoryStore::new())
//!     .source(stripe)
//!     .handler("billing", on("invoice.*"), bill)
//!     .build()
//!     .await?;
//! let service = inbox.endpoint("stripe")?; // for `Router::route_service` and the like
//! # let shutdown = std::future::ready(());
//! inbox.run(shutdown).await?; // runs the handlers until `shutdown`, then drains
//! # drop(service);
//! # Ok(())
//! # }
//! ```

mod accept;
mod alert;
mod attempt;
mod breaker;
mod builder;
mod channel;
mod circuits;
mod control;
mod dead;
mod endpoint;
mod failure;
mod filter;
mod handler;
mod health;
mod job;
mod keeper;
mod many;
mod probe;
mod renewal;
mod requeue;
mod retry;
mod routes;
mod stored;
#[cfg(feature = "test-util")]
pub(crate) mod trial;
mod unrouted;
mod watch;
mod worker;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use lru::LruCache;
use tokio::{sync, time::Instant};

use self::{
    endpoint::Mount,
    handler::Declared,
    health::Running,
    routes::Routes,
    watch::Watch,
    worker::{Due, Stop, Worker},
};
use crate::{
    error::{ConfigError, Rejection, StoreError, StoreErrorKind},
    event::Event,
    source::Source,
    store::{DedupKey, Stats, Store},
    verify::Settings,
};

pub use self::{
    accept::Receipt,
    alert::{Alert, AlertFuture},
    breaker::{Breaker, BreakerState, BreakerStatus},
    builder::InboxBuilder,
    channel::Channel,
    control::{DeclaredHandler, DeclaredHandlers},
    dead::{DeadLetter, key_of},
    endpoint::{Acknowledge, Endpoint, Webhook, WebhookFuture, WebhookLayer},
    failure::Failure,
    filter::{Filter, on},
    handler::{Handler, HandlerFuture, HandlerOptions},
    health::{Health, RunState},
    job::Job,
    many::{DeadFilter, ReplayOptions, ReplayReport},
    probe::{Probe, ProbeFuture},
    retry::Retry,
    unrouted::UnroutedEvent,
    watch::{Figures, JournalEntry, Outcome, SecretFigures, SourceFigures},
};

/// Sources in front, handlers behind, a store between. Cheap to clone.
#[derive(Clone)]
pub struct Inbox(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    sources: ArcSwap<BTreeMap<String, Source>>,
    /// Held while sources are changed, so that no change is lost; readers never wait for it.
    changing: Mutex<()>,
    routes: ArcSwap<Routes>,
    handlers: Vec<Arc<Declared>>,
    /// Handlers that run and channels that were taken: each once a process.
    taken: Mutex<BTreeSet<String>>,
    allow_unrouted: bool,
    requeue: bool,
    alert: Option<Arc<dyn Alert>>,
    keep_dead: Option<Duration>,
    drain: Duration,
    settings: Arc<Settings>,
    stop: sync::watch::Sender<Stop>,
    run: sync::watch::Sender<RunState>,
    watch: Watch,
    /// The last report and when it was made.
    health: sync::Mutex<Option<(Instant, Health)>>,
    /// When which dead event was last queued again because its sender delivered it again.
    requeued: Mutex<LruCache<DedupKey, Instant>>,
}

impl Inbox {
    /// Starts the configuration of an inbox over this store.
    pub fn builder(store: impl Store) -> InboxBuilder {
        InboxBuilder::new(Arc::new(store))
    }

    /// The same over a store that is shared, or chosen at run time.
    pub fn builder_over(store: Arc<dyn Store>) -> InboxBuilder {
        InboxBuilder::new(store)
    }

    /// The service that receives a source's deliveries. After the source is removed it answers
    /// 404.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] when there is no such source.
    pub fn endpoint(&self, source: &str) -> Result<Endpoint, ConfigError> {
        Ok(Endpoint::endpoint(self.clone(), self.mount(source)?))
    }

    /// One service for all sources, those added later included: the last segment of the path is
    /// the source's name. Unknown names get 404.
    pub fn endpoints(&self) -> Endpoint {
        Endpoint::endpoint(self.clone(), Mount::LastSegment)
    }

    /// As [`Inbox::endpoint`], around a service of yours that writes the reply.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] when there is no such source.
    pub fn layer(&self, source: &str) -> Result<WebhookLayer, ConfigError> {
        Ok(WebhookLayer::new(self.clone(), self.mount(source)?))
    }

    /// Stores an event that was verified elsewhere, with [`Source::verify`]: for queues and
    /// serverless functions.
    ///
    /// # Errors
    /// Why it could not be stored. Deliver it again later.
    pub async fn accept(&self, event: &Event) -> Result<Receipt, Rejection> {
        let source = self.source(event.source());
        let source = source.ok_or(crate::RejectionKind::UnknownSource)?;
        Ok(self.0.accept(event, &source).await?.0)
    }

    /// The jobs of a handler that was declared with [`InboxBuilder::channel`].
    ///
    /// # Errors
    /// When there is no such channel, or it is taken.
    pub fn channel(&self, name: &str) -> Result<Channel, ConfigError> {
        let mut declared = self.0.handlers.iter();
        let found = declared.find(|d| d.handler.is_none() && d.name.as_str() == name);
        let unknown = || ConfigError::Unknown {
            what: "channel",
            name: name.to_owned(),
        };
        let worker = self.worker(found.ok_or_else(unknown)?);
        if !self.take(name) {
            return Err(ConfigError::Duplicate {
                what: "taker of channel",
                name: name.to_owned(),
            });
        }
        Ok(Channel::new(self.clone(), worker))
    }

    /// Runs the handlers, tells people of dead letters and gives up the oldest of them, until
    /// `shutdown` is ready; then drains: nothing new is leased, what runs
    /// may finish, and what has not finished after the drain deadline is handed back. Channels end.
    ///
    /// Stop taking requests first, then this. Once it has begun to drain, an inbox whose store is
    /// volatile answers 503: what it took now would be lost.
    ///
    /// # Errors
    /// When jobs could not be handed back (they come back when their leases end), when a worker
    /// has panicked, or when this inbox runs already.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<(), StoreError> {
        // A name that no handler can have.
        if !self.take("") {
            return Err(StoreError::new(
                StoreErrorKind::Invalid,
                "this inbox runs already",
            ));
        }
        let mut workers = Vec::new();
        for declared in &self.0.handlers {
            if let Some(handler) = &declared.handler {
                workers.push((self.worker(declared), Arc::clone(handler)));
            }
        }
        // Ends with this future, however that ends.
        let mut keeper = tokio::task::JoinSet::new();
        keeper.spawn(keeper::keep(Arc::clone(&self.0)));
        keeper.spawn(watch::keep(Arc::clone(&self.0)));
        let running = Running::begin(&self.0.run);
        let ended = worker::run_all(workers, &self.0.stop, self.0.drain, shutdown).await;
        running.end(ended.is_ok());
        ended
    }

    /// The breakers of this process: each handler's own, in the order in which they were declared
    /// here, followed by those of its downstreams that are not closed.
    pub fn breakers(&self) -> Vec<BreakerStatus> {
        let now = Instant::now();
        let mut breakers = Vec::new();
        for declared in self.0.handlers.iter().filter(|d| d.handler.is_some()) {
            let circuits = declared.circuits();
            breakers.extend(circuits.states(now).map(|(key, state)| BreakerStatus {
                handler: declared.name.to_string(),
                downstream: key.map(|key| key.to_string()),
                state,
            }));
        }
        breakers
    }

    /// Counts of the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        self.0.store.stats().await
    }

    /// The source with this name.
    pub fn source(&self, name: &str) -> Option<Source> {
        self.0.sources.load().get(name).cloned()
    }

    /// Adds a source, or replaces the one with its name. Endpoints that are mounted already see it.
    pub fn set_source(&self, source: Source) {
        self.change_sources(|sources| {
            builder::warn_about(
                &source,
                sources.values().filter(|s| s.name() != source.name()),
            );
            sources.insert(source.name().to_owned(), source);
        });
    }

    /// Removes a source; its endpoint answers 404 from now on. Events that are stored stay.
    pub fn remove_source(&self, name: &str) {
        self.change_sources(|sources| drop(sources.remove(name)));
    }

    fn change_sources(&self, change: impl FnOnce(&mut BTreeMap<String, Source>)) {
        let _one_at_a_time = self
            .0
            .changing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut sources = BTreeMap::clone(&self.0.sources.load());
        change(&mut sources);
        self.0.watch.set_sources(&sources, self.now());
        self.0.sources.store(Arc::new(sources));
    }

    fn mount(&self, source: &str) -> Result<Mount, ConfigError> {
        let unknown = || ConfigError::Unknown {
            what: "source",
            name: source.to_owned(),
        };
        self.source(source)
            .map(|source| Mount::Source(source.name().to_owned()))
            .ok_or_else(unknown)
    }

    fn worker(&self, declared: &Arc<Declared>) -> Worker {
        Worker {
            store: Arc::clone(&self.0.store),
            declared: Arc::clone(declared),
            due: Due::new(),
            stop: self.0.stop.subscribe(),
        }
    }

    fn now(&self) -> crate::clock::UnixTime {
        self.0.settings.clock.now()
    }

    fn leave(&self, name: &str) {
        self.0
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }

    fn take(&self, name: &str) -> bool {
        self.0
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned())
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("store", &self.0.store)
            .field("sources", &self.0.sources.load().keys())
            .finish_non_exhaustive()
    }
}
