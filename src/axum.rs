//! What axum needs: an extractor for the verified [`Event`] and replies out of [`Rejection`]s.
//!
//! Where a sender signs the URL (Twilio, HubSpot), the path and query are those that the outermost
//! `Router` received: what `Router::nest` takes away is signed as well.
//!
//! ```
//! # #[cfg(feature = "test-util")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, routing::post};
//! use hookgate::{Event, Secret, Source, VerifyLayer, provider};
//! # use hookgate::{clock::{Clock, SystemClock}, testing::Signer};
//! # use tower::ServiceExt;
//!
//! let token = Secret::new("auth token")?;
//! let twilio = Source::builder("twilio", provider::TWILIO_FORM)
//!     .add_secret(token.clone())
//!     .with_public_url("https://hooks.example.com") // the origin; no path of ours
//!     .build()?;
//! let sms = Router::new()
//!     .route("/sms", post(async |event: Event| event.body().len().to_string()))
//!     .layer(VerifyLayer::new(twilio));
//! let app: Router = Router::new().nest("/in", sms);
//! # // Twilio signs https://hooks.example.com/in/sms.
//! # let delivery = Signer::new(provider::TWILIO_FORM, &token)?
//! #     .with_target("/in/sms")
//! #     .sign("Body=hi", SystemClock.now());
//! # let delivery = delivery.map(axum::body::Body::from);
//! # assert_eq!(app.oneshot(delivery).await?.status(), 200);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "test-util"))]
//! # fn main() {}
//! ```

use ::axum::{
    body::Body,
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
        crate::verify::boring(self, None).map(Body::new)
    }
}
