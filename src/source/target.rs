//! Where a request went, as its sender wrote it.

use http::{Uri, request::Parts};

/// The path and query that the sender signed. `Router::nest` takes the front of the path away and
/// keeps the whole among the extensions, where nothing that a sender writes can put it.
pub(super) fn target(parts: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(whole) = parts.extensions.get::<::axum::extract::OriginalUri>() {
        return &whole.0;
    }
    &parts.uri
}
