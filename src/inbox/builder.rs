use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use arc_swap::ArcSwap;
use http::Response;
use lru::LruCache;
use tokio::sync;

use super::{
    Inbox, Inner, RunState,
    alert::Alert,
    circuits::Circuits,
    failure::Failure,
    filter::Filter,
    handler::{Declared, Handler, HandlerOptions, ServiceHandler},
    job::Job,
    routes::Routes,
    watch::Watch,
    worker::Stop,
};
use crate::{
    clock::Clock,
    error::{ConfigError, Rejection, StoreError},
    provider::NoId,
    secret::Label,
    source::Source,
    store::{HandlerDecl, HandlerStats, Store},
    telemetry,
    verify::{BodyBudget, ReplyBody, Settings},
};

/// Configures an [`Inbox`].
///
/// # Default
/// - no sources and no handlers; without a handler deliveries get 503
/// - handlers as [`HandlerOptions`] says
/// - dead letters are kept for 30 days, nobody is told of them, and they are queued again when
///   the sender delivers their event again: people mend a bug and press "resend"
/// - 30 s to drain, no delivery journal
/// - the process's shared [`BodyBudget`], the system's clock, refusals without a body
#[must_use]
pub struct InboxBuilder {
    store: Arc<dyn Store>,
    sources: Vec<Source>,
    handlers: Vec<Undeclared>,
    allow_unrouted: bool,
    requeue: bool,
    alert: Option<Arc<dyn Alert>>,
    keep_dead: Option<Duration>,
    drain: Duration,
    journal: Option<usize>,
    settings: Settings,
}

/// A handler (or, without one, a channel) whose name has not been looked at.
type Undeclared = (String, Filter, HandlerOptions, Option<Arc<dyn Handler>>);

impl InboxBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            sources: Vec::new(),
            handlers: Vec::new(),
            allow_unrouted: false,
            requeue: true,
            alert: None,
            keep_dead: Some(Duration::from_secs(30 * 24 * 60 * 60)),
            drain: Duration::from_secs(30),
            journal: None,
            // The deadline is the source's own.
            settings: Settings::new(Duration::ZERO),
        }
    }

    /// Adds a source.
    pub fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Adds a handler. Its name stands for its queue in the store: keep it when the code changes.
    pub fn handler(self, name: impl Into<String>, filter: Filter, handler: impl Handler) -> Self {
        self.handler_with(name, filter, HandlerOptions::new(), handler)
    }

    /// Adds a handler that is run in another way than by default.
    pub fn handler_with(
        mut self,
        name: impl Into<String>,
        filter: Filter,
        options: HandlerOptions,
        handler: impl Handler,
    ) -> Self {
        let handler: Arc<dyn Handler> = Arc::new(handler);
        self.handlers
            .push((name.into(), filter, options, Some(handler)));
        self
    }

    /// Adds a tower service as a handler, e.g. one with `tower::timeout` or `tower::limit` around
    /// it. What it answers is dropped.
    pub fn handler_service<S>(
        self,
        name: impl Into<String>,
        filter: Filter,
        options: HandlerOptions,
        service: S,
    ) -> Self
    where
        S: tower::Service<Job> + Clone + Send + Sync + 'static,
        S::Error: Into<Failure>,
        S::Future: Send,
    {
        self.handler_with(name, filter, options, ServiceHandler(service))
    }

    /// Adds a handler whose jobs are taken from [`Inbox::channel`].
    pub fn channel(mut self, name: impl Into<String>, filter: Filter) -> Self {
        self.handlers
            .push((name.into(), filter, HandlerOptions::CHANNEL, None));
        self
    }

    /// Accepts events even while no handler is declared in the store. They are kept.
    pub fn allow_unrouted(mut self) -> Self {
        self.allow_unrouted = true;
        self
    }

    /// Tells people of dead letters, each at least once, some at a time, while [`Inbox::run`] runs.
    pub fn on_dead(mut self, alert: impl Alert) -> Self {
        self.alert = Some(Arc::new(alert));
        self
    }

    /// Leaves dead letters dead when the sender delivers their event again.
    pub fn without_requeue_on_redelivery(mut self) -> Self {
        self.requeue = false;
        self
    }

    /// How long dead letters, and events that no handler wanted, are kept before they are given up.
    pub fn with_dead_retention(mut self, keep: Duration) -> Self {
        self.keep_dead = Some(keep);
        self
    }

    /// Keeps dead letters and unrouted events until somebody replays or discards them. They take up
    /// room in the store.
    pub fn without_dead_retention(mut self) -> Self {
        self.keep_dead = None;
        self
    }

    /// How long running jobs may go on after the shutdown of [`Inbox::run`].
    pub fn with_drain_deadline(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Keeps a journal of the last verified deliveries in memory, 1 to 100,000 of them, for
    /// [`Inbox::journal`]: ids and types, no payloads; at most about 1.5 KiB each.
    pub fn with_journal(mut self, entries: usize) -> Self {
        self.journal = Some(entries.clamp(1, 100_000));
        self
    }

    /// A budget for body bytes other than the process's shared one.
    pub fn with_body_budget(mut self, budget: BodyBudget) -> Self {
        self.settings.budget = budget;
        self
    }

    /// A clock other than the system's.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// The reply to refused deliveries, instead of a bare status. What it says is seen by
    /// strangers.
    pub fn with_response(
        mut self,
        respond: impl Fn(Rejection) -> Response<ReplyBody> + Send + Sync + 'static,
    ) -> Self {
        self.settings.set_respond(Arc::new(respond));
        self
    }

    /// Builds the inbox and declares its handlers in the store. Without a handler nothing is written:
    /// such an inbox is for looking at what others run, and for repairing it.
    ///
    /// # Errors
    /// Names that are malformed or there twice; a store that does not answer or does not fit.
    pub async fn build(self) -> Result<Inbox, ConfigError> {
        let mut sources = BTreeMap::new();
        for source in self.sources {
            warn_about(&source, sources.values());
            let name = source.name().to_owned();
            if sources.insert(name.clone(), source).is_some() {
                return Err(ConfigError::Duplicate {
                    what: "source",
                    name,
                });
            }
        }
        let (mut handlers, mut names) = (Vec::new(), BTreeSet::new());
        for (name, filter, options, handler) in self.handlers {
            if !names.insert(name.clone()) {
                return Err(ConfigError::Duplicate {
                    what: "handler",
                    name,
                });
            }
            let name = Label::new("handler", &name)?;
            handlers.push(Arc::new(Declared {
                name,
                filter,
                options,
                circuits: Arc::new(Mutex::new(Circuits::new(options.breaker))),
                handler,
            }));
        }
        let decls: Vec<_> = handlers
            .iter()
            .map(|declared| HandlerDecl {
                name: declared.name.to_string(),
                filter: declared.filter.to_bytes(),
                max_backlog: declared.options.max_backlog,
            })
            .collect();
        let registry = if decls.is_empty() {
            self.store.registry().await
        } else {
            self.store.declare(&decls).await
        };
        let registry = registry.map_err(refused)?;
        for warning in self.store.warnings() {
            telemetry::warn("store", &warning);
        }
        if registry.handlers.is_empty() && !self.allow_unrouted {
            telemetry::warn(
                "inbox",
                "no handler is declared: every delivery will get 503",
            );
        }
        telemetry::describe();
        let watch = Watch::new(self.journal);
        watch.set_sources(&sources, self.settings.clock.now());
        let inbox = Inbox(Arc::new(Inner {
            store: self.store,
            sources: ArcSwap::from_pointee(sources),
            changing: Mutex::new(()),
            routes: ArcSwap::from_pointee(Routes::from(registry)),
            handlers,
            taken: Mutex::new(BTreeSet::new()),
            allow_unrouted: self.allow_unrouted,
            requeue: self.requeue,
            alert: self.alert,
            keep_dead: self.keep_dead,
            drain: self.drain,
            settings: Arc::new(self.settings),
            stop: sync::watch::Sender::new(Stop::Not),
            run: sync::watch::Sender::new(RunState::NotRunning),
            watch,
            health: sync::Mutex::new(None),
            requeued: Mutex::new(LruCache::new(REQUEUED)),
        }));
        for orphan in inbox.orphans().await.map_err(refused)? {
            let HandlerStats { handler, dead, .. } = &orphan;
            let (jobs, what) = (
                orphan.backlog(),
                match orphan.removal {
                    None => "is declared in the store but not here",
                    Some(_) => "was removed from the store",
                },
            );
            let what = format!("this handler {what}: {jobs} jobs, {dead} dead letters");
            telemetry::warn(handler, &what);
        }
        Ok(inbox)
    }
}

impl std::fmt::Debug for InboxBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InboxBuilder")
            .field("store", &self.store)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

fn refused(why: StoreError) -> ConfigError {
    ConfigError::Store {
        reason: why.to_string(),
    }
}

/// How many requeued events are remembered, so that each is queued again once a minute at most.
const REQUEUED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// What is allowed but should be known.
pub(super) fn warn_about<'s>(source: &Source, others: impl Iterator<Item = &'s Source>) {
    let row = source.provider();
    if row.envelope.id.is_empty() && source.no_id() == NoId::AcceptAll {
        telemetry::warn(
            source.name(),
            "events have no id: duplicates are not noticed",
        );
    }
    if let Some(reason) = source.accepts_unsigned() {
        telemetry::warn(
            source.name(),
            &format!("accepts deliveries that nobody signed: {reason}"),
        );
    }
    for other in others.filter(|other| other.shares_a_secret_with(source)) {
        telemetry::warn(
            source.name(),
            &format!("shares a secret with {}", other.name()),
        );
    }
}
