//! What axum needs: an extractor for the verified [`Event`] and replies out of [`Rejection`]s.

use axum_core::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::{error::Rejection, event::Event};

/// There is no verified event in a request whose handler asks for one.
#[derive(Clone, Copy, Debug)]
pub struct MissingEvent;

impl std::fmt::Display for MissingEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no verified event in this request; is VerifyLayer around this route?")
    }
}

impl std::error::Error for MissingEvent {}

impl IntoResponse for MissingEvent {
    fn into_response(self) -> Response {
        // Our mistake, not the sender's: it should try again once it is mended.
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

impl<S: Sync> FromRequestParts<S> for Event {
    type Rejection = MissingEvent;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingEvent> {
        parts.extensions.get::<Self>().cloned().ok_or(MissingEvent)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        crate::verify::boring(self, None).map(axum_core::body::Body::new)
    }
}
