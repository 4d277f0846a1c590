//! What every store refuses before it does anything.

use std::sync::Arc;

use super::{HandlerDecl, HandlerStats};
use crate::error::{StoreError, StoreErrorKind};

/// Refuses names outside 1 to 64 characters of `[A-Za-z0-9._-]`: they become parts of keys.
pub(super) fn names(handlers: &[HandlerDecl]) -> Result<(), StoreError> {
    for HandlerDecl { name, .. } in handlers {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(good) {
            return Err(invalid(format!("{name:?} is not a handler's name")));
        }
    }
    Ok(())
}

/// Refuses a route that is there twice: the handler would get the event twice.
pub(super) fn routes(routes: &[Arc<str>]) -> Result<(), StoreError> {
    for (i, name) in routes.iter().enumerate() {
        if routes[..i].contains(name) {
            return Err(invalid(format!("route {name:?} is there twice")));
        }
    }
    Ok(())
}

/// Whether anybody wants to know of this handler: a removed one has gone once nothing is left.
pub(super) fn is_listed(handler: &HandlerStats) -> bool {
    handler.removal.is_none() || !handler.is_empty()
}

/// The error for a handler that nobody declared.
pub(super) fn unknown(handler: &str) -> StoreError {
    invalid(format!("handler {handler:?} is not declared"))
}

/// The error for a position that no listing gave out.
pub(super) fn not_an_entry(entry: &str) -> StoreError {
    invalid(format!("{entry:?} is not the name of an entry"))
}

fn invalid(message: String) -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, message)
}
