use std::sync::Arc;

use super::filter::Filter;
use crate::{event::Event, store::Registry};

/// The registry with its filters read.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) revision: u64,
    handlers: Vec<(Arc<str>, Filter)>,
}

impl Routes {
    pub(super) fn is_empty(&self) -> bool {
        self.handlers.is_empty()
    }

    /// The handlers that get this event.
    pub(super) fn of(&self, event: &Event) -> Vec<Arc<str>> {
        let wanting = |(_, filter): &&(_, Filter)| filter.matches(event);
        let names = self.handlers.iter().filter(wanting);
        names.map(|(name, _)| Arc::clone(name)).collect()
    }
}

impl From<Registry> for Routes {
    fn from(registry: Registry) -> Self {
        let read =
            |decl: crate::store::HandlerDecl| (decl.name.into(), Filter::from_bytes(&decl.filter));
        Self {
            revision: registry.revision,
            handlers: registry.handlers.into_iter().map(read).collect(),
        }
    }
}
