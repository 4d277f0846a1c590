//! Middleware: a delivery is genuine and fresh, or it is refused.
//!
//! [`VerifyLayer`] goes around any service that takes a `Request<VerifiedBody>`: an axum router
//! or method router, a hyper service, a `ServiceBuilder` stack. The inner service finds the
//! [`Event`](crate::Event) in the request's extensions and the raw body where it always is.
//!
//! A delivery passes when the conditions of [`source`](crate::source) hold; besides,
//! 1. its body arrives whole, within the source's limit and the layer's deadline,
//! 2. the bodies that the process holds at that time are within the [`BodyBudget`],
//! 3. its tenant is known, for sources with many tenants ([`Tenants`]).
//!
//! It is refused with a bare status ([`RejectionKind::status`](crate::RejectionKind::status)); the
//! reason is in the reply's extensions as a [`Rejection`](crate::Rejection), in metrics and in
//! logs. A delivery that is refused before its body is read has that body read and thrown away
//! when it is small; when it is large the connection is closed, and a sender that is still
//! writing may then see a reset instead of the status.
//!
//! # What this does not do
//! It does not remember deliveries: a captured delivery passes again until its timestamp is too
//! old. That is the inbox's work.
//!
//! ```
//! use hookgate::{Event, Secret, Source, VerifyLayer, provider, verify::{ReplyBody, VerifiedBody}};
//! use http::{Request, Response};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = Source::builder("github", provider::GITHUB)
//!     .add_secret(Secret::new("It's a Secret to Everybody")?)
//!     .build()?;
//! let service = VerifyLayer::new(source).layer(service_fn(|request: Request<VerifiedBody>| async move {
//!     let event = request.extensions().get::<Event>();
//!     assert_eq!(event.and_then(Event::event_type).map(|kind| &*kind.value), Some("ping"));
//!     Ok::<_, std::convert::Infallible>(Response::new(ReplyBody::default()))
//! }));
//! let delivery = |body: &'static str| {
//!     Request::post("/")
//!         .header("x-github-event", "ping")
//!         .header("x-hub-signature-256",
//!             "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
//!         .body(ReplyBody::from(body))
//! };
//! assert_eq!(service.clone().oneshot(delivery("Hello, World!")?).await?.status(), 200);
//! assert_eq!(service.oneshot(delivery("Hello, World?")?).await?.status(), 401);
//! # Ok(())
//! # }
//! ```

mod body;
mod budget;
mod collect;
mod drain;
mod future;
mod gate;
mod layer;
mod respond;
mod service;
mod shelf;
mod tenants;

pub use self::{
    body::{ReadyBody, ReplyBody, ResponseBody, VerifiedBody},
    budget::BodyBudget,
    future::ResponseFuture,
    layer::VerifyLayer,
    respond::Respond,
    service::Verify,
    tenants::{RequestHead, Resolver, ResolverFuture, Tenants},
};
/// The time `by` after `from`; far in the future when there is no such time.
pub(crate) fn later(from: tokio::time::Instant, by: std::time::Duration) -> tokio::time::Instant {
    const FAR: std::time::Duration = std::time::Duration::from_secs(30 * 365 * 86_400);
    from + by.min(FAR)
}

#[cfg(feature = "allowlist")]
pub(crate) use self::drain::{DRAIN_TIME, Drain};
#[cfg(any(feature = "allowlist", feature = "axum", feature = "inbox"))]
pub(crate) use self::respond::boring;
#[cfg(feature = "inbox")]
pub(crate) use self::{
    budget::Reservation,
    future::answer,
    gate::{Gate, Verdict},
    respond::Settings,
};
