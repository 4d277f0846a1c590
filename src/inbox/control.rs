//! What is done to a handler as a whole.

use std::collections::BTreeSet;

use super::{Inbox, Inner, filter::Filter};
use crate::{
    error::StoreError,
    store::{HandlerDecl, HandlerStats, Removal},
    telemetry,
};

/// Jobs that are buried in one call.
const BATCH: usize = 100;

/// The handlers that any process has declared and nobody has removed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeclaredHandlers {
    /// Rises with every change; 0 when nothing was ever declared.
    pub revision: u64,
    /// In the order in which they were first declared.
    pub handlers: Vec<DeclaredHandler>,
}

/// A handler as it was declared last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeclaredHandler {
    /// Its name.
    pub name: String,
    /// Which events it gets. One that a newer version has declared reads as `on("*")`.
    pub filter: Filter,
    /// The bound of its backlog, if it has one.
    pub max_backlog: Option<u64>,
}

impl Inbox {
    /// The handlers that are declared in the store, by whatever process.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn declared(&self) -> Result<DeclaredHandlers, StoreError> {
        let registry = self.0.store.registry().await?;
        let read = |decl: HandlerDecl| DeclaredHandler {
            filter: Filter::from_bytes(&decl.filter),
            name: decl.name,
            max_backlog: decl.max_backlog,
        };
        Ok(DeclaredHandlers {
            revision: registry.revision,
            handlers: registry.handlers.into_iter().map(read).collect(),
        })
    }

    /// Pauses a handler in all processes, at once or within a second: none of its jobs is leased
    /// until it is resumed, whoever restarts meanwhile. Those under lease go on, also those that a
    /// [`Channel`](super::Channel) has leased ahead; new ones wait. False when it is paused already.
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn pause(&self, handler: &str) -> Result<bool, StoreError> {
        self.set_paused("pause", handler, true).await
    }

    /// Resumes a paused handler, in all processes within a second. False when it is not paused.
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn resume(&self, handler: &str) -> Result<bool, StoreError> {
        self.set_paused("resume", handler, false).await
    }

    async fn set_paused(
        &self,
        what: &'static str,
        handler: &str,
        paused: bool,
    ) -> Result<bool, StoreError> {
        let changed = self.0.store.set_paused(handler, paused).await?;
        telemetry::audit(what, handler, usize::from(changed));
        // Whoever looks next sees it.
        self.0.health.lock().await.take();
        Ok(changed)
    }

    /// Takes a handler out of the store's registry, for all processes: no event is routed to it any
    /// more. What it has is drained or buried, as [`Removal`] says; its dead letters stay until
    /// they are replayed or discarded, and it is listed by [`Inbox::stats`] until nothing is left.
    /// Answers how many of its jobs were buried by now; what still ends, or comes back after this,
    /// is buried by whichever inbox runs.
    ///
    /// A process that declares the handler brings it back: take it out of the code first. To replay
    /// what was buried, declare it again first.
    ///
    /// # Errors
    /// When the store fails or knows no such handler. It may have been removed all the same; what
    /// is left of burying its jobs is then done by whichever inbox runs.
    pub async fn remove_handler(
        &self,
        handler: &str,
        removal: Removal,
    ) -> Result<usize, StoreError> {
        self.0.store.remove(handler, removal).await?;
        let buried = self.0.bury_removed(handler).await?;
        let what = match removal {
            Removal::Drain => "remove and drain",
            Removal::Bury => "remove and bury",
        };
        telemetry::audit(what, handler, buried);
        Ok(buried)
    }

    /// The handlers in the store that this process has not declared, with what they have: those of
    /// other processes, of code that is gone, and removed ones of which something is left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn orphans(&self) -> Result<Vec<HandlerStats>, StoreError> {
        let ours: BTreeSet<_> = self.0.handlers.iter().map(|d| d.name.as_str()).collect();
        let mut handlers = self.0.store.stats().await?.handlers;
        handlers.retain(|stats| !ours.contains(&*stats.handler) || stats.removal.is_some());
        Ok(handlers)
    }
}

impl Inner {
    /// Buries what waits for a handler that was removed in that way.
    pub(super) async fn bury_removed(&self, handler: &str) -> Result<usize, StoreError> {
        let mut buried = 0;
        loop {
            match self.store.bury_removed(handler, BATCH).await? {
                0 => return Ok(buried),
                some => buried += some,
            }
        }
    }

    /// Goes on with what removing handlers has begun. Answers with their names.
    pub(super) async fn look_after_removed(&self) -> Result<Vec<String>, StoreError> {
        let mut handlers = self.store.stats().await?.handlers;
        handlers.retain(|stats| stats.removal.is_some());
        for stats in &handlers {
            if stats.removal == Some(Removal::Bury) && stats.backlog() > 0 {
                let buried = self.bury_removed(&stats.handler).await?;
                telemetry::audit("bury removed", &stats.handler, buried);
            }
        }
        Ok(handlers.into_iter().map(|stats| stats.handler).collect())
    }
}
