use std::sync::Arc;

use super::{Inbox, stored};
use crate::{error::StoreError, event::Event, identity, store, telemetry};

/// An event that no handler wanted.
#[derive(Clone, Debug)]
pub struct UnroutedEvent {
    /// Its name in the store, for [`Inbox::route`] and the next page.
    pub entry: String,
    /// The event's idempotency key.
    pub key: String,
    /// The event; `None` when a newer version stored it.
    pub event: Option<Event>,
}

impl Inbox {
    /// Up to `max` events that no handler wanted, oldest first, from behind the entry `after`.
    /// They are kept for as long as dead letters are.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unrouted(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<UnroutedEvent>, StoreError> {
        let found = self.0.store.unrouted(after, max).await?;
        let event = |unrouted: store::Unrouted| UnroutedEvent {
            key: identity::text(unrouted.key),
            event: stored::decode(&unrouted.head, unrouted.body),
            entry: unrouted.entry,
        };
        Ok(found.into_iter().map(event).collect())
    }

    /// Queues an unrouted event for these handlers, or gives it up when there are none. False when
    /// it is not there (any more).
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn route(&self, entry: &str, handlers: &[&str]) -> Result<bool, StoreError> {
        let routes: Vec<Arc<str>> = handlers.iter().map(|name| Arc::from(*name)).collect();
        let routed = self.0.store.route(entry, &routes).await?;
        telemetry::audit("route", entry, usize::from(routed));
        Ok(routed)
    }
}
