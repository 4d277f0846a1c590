use std::sync::Arc;

use super::{Inner, routes::Routes, stored, worker::Stop};
use crate::{
    error::{Rejection, RejectionKind, StoreError, StoreErrorKind},
    event::Event,
    identity::{self, Identity},
    source::Source,
    store::{Accepted, DedupKey, Entry, Level, in_time},
    telemetry,
};

/// What was done with a verified delivery. Every one of them is answered with 200.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Receipt {
    /// It is stored, and queued for the handlers that want it.
    Accepted,
    /// It is a delivery of an event that was stored before.
    Duplicate,
}

impl Inner {
    /// Stores a verified event: dedup record, payload and one job per handler in one step.
    pub(super) async fn accept(
        &self,
        event: &Event,
        source: &Source,
    ) -> Result<(Receipt, DedupKey), Rejection> {
        // What a volatile store takes once the workers drain would be lost with the process.
        let draining = *self.stop.borrow() > Stop::Not;
        if draining && self.store.level() == Level::Volatile {
            return Err(RejectionKind::ShuttingDown.into());
        }
        let identity = Identity::of(event, source)?;
        let key = identity::text(identity.key);
        let label = &event.head.source;
        let mut entry = Entry {
            key: identity.key,
            acceptance: identity::acceptance()?,
            digest: identity.short_digest(),
            head: stored::encode(event),
            body: event.body().clone(),
            window: source.dedup_window(),
            revision: 0,
            routes: Vec::new(),
            replay_guard: identity.guard,
        };
        // A revision may change again while it is read, but not for ever.
        for _ in 0..3 {
            let routes = self.routes.load_full();
            if routes.is_empty() && !self.allow_unrouted {
                self.reload_routes().await?;
                if self.routes.load().is_empty() {
                    return Err(RejectionKind::NoHandler.into());
                }
                continue;
            }
            entry.revision = routes.revision;
            entry.routes = routes.of(event);
            match self.try_twice(&entry).await? {
                Accepted::New {
                    repeated_bytes,
                    overflowed,
                } => {
                    telemetry::accepted(label, &key);
                    if repeated_bytes {
                        telemetry::flagged(label, &key, "repeated_bytes");
                    }
                    if overflowed {
                        telemetry::flagged(label, &key, "overflow");
                    }
                    if entry.routes.is_empty() {
                        telemetry::flagged(label, &key, "unrouted");
                    }
                    return Ok((Receipt::Accepted, entry.key));
                }
                Accepted::Duplicate {
                    acceptance,
                    same_body,
                    dead,
                } => {
                    if dead {
                        self.requeue(entry.key, acceptance).await?;
                    }
                    telemetry::duplicate(label, &key);
                    if !same_body {
                        telemetry::flagged(label, &key, "other_body");
                    }
                    return Ok((Receipt::Duplicate, entry.key));
                }
                Accepted::RepeatedBytes => {
                    telemetry::flagged(label, &key, "repeated_bytes");
                    return Ok((Receipt::Duplicate, entry.key));
                }
                Accepted::StaleRoutes => self.reload_routes().await?,
            }
        }
        Err(RejectionKind::StoreUnavailable.into())
    }

    /// One try more when it is not known whether the first one was taken: accept is idempotent.
    async fn try_twice(&self, entry: &Entry) -> Result<Accepted, Rejection> {
        let mut answer = self.try_once(entry).await;
        if matches!(&answer, Err(why) if why.kind() == StoreErrorKind::Ambiguous) {
            answer = self.try_once(entry).await;
            if let Ok(Accepted::Duplicate { acceptance, .. }) = &answer
                && *acceptance == entry.acceptance
            {
                // The first try was taken after all.
                return Ok(Accepted::New {
                    repeated_bytes: false,
                    overflowed: false,
                });
            }
        }
        answer.map_err(|why| refusal(&why))
    }

    async fn try_once(&self, entry: &Entry) -> Result<Accepted, StoreError> {
        in_time("accept", self.store.accept(entry.clone())).await
    }

    async fn reload_routes(&self) -> Result<(), Rejection> {
        let registry = in_time("registry", self.store.registry()).await;
        let registry = registry.map_err(|why| refusal(&why))?;
        self.routes.store(Arc::new(Routes::from(registry)));
        Ok(())
    }
}

/// The sender sees that it should try again; why is the operator's business.
pub(super) fn refusal(why: &StoreError) -> Rejection {
    match why.kind() {
        StoreErrorKind::Full => RejectionKind::StoreFull.into(),
        StoreErrorKind::Ambiguous
        | StoreErrorKind::Unavailable
        | StoreErrorKind::Corrupt
        | StoreErrorKind::Invalid => RejectionKind::StoreUnavailable.into(),
    }
}
