//! Inline idempotency: each event runs once through the inner service, before the reply.
//!
//! For senders that read the reply and for handlers that must finish before it. Put it inside
//! [`VerifyLayer`](crate::VerifyLayer):
//!
//! 1. The event's key is claimed for a lease. The inner service runs in a task of its own, which
//!    renews the lease: a client that hangs up, a reset stream or an outer time-out do not cancel
//!    it.
//! 2. After a 2xx the key is settled, with the reply: a later delivery gets that reply and nothing
//!    runs again.
//! 3. After anything else, or a panic, it is released: the sender's next delivery runs again.
//! 4. A delivery that meets a claim gets 409 with `Retry-After` (503 where the sender takes a 4xx
//!    as final).
//! 5. When the process dies, the lease ends, and the next delivery runs.
//!
//! # What it does not do
//! It stores no payload: an event whose handler keeps failing is gone once the sender gives up.
//! The [`inbox`](crate::inbox) keeps it.
//!
//! ```
//! use hookgate::{
//!     Secret, Source, VerifyLayer, clock::{Clock, SystemClock}, dedup::DedupLayer, provider,
//!     store::MemoryStore, verify::{ReplyBody, VerifiedBody},
//! };
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = Source::builder("github", provider::GITHUB)
//!     .add_secret(Secret::new("It's a Secret to Everybody")?)
//!     .build()?;
//! let service = ServiceBuilder::new()
//!     .layer(VerifyLayer::new(source))
//!     .layer(DedupLayer::new(MemoryStore::new()))
//!     .service(service_fn(|_: Request<VerifiedBody>| async {
//!         println!("runs once");
//!         Ok::<_, std::convert::Infallible>(Response::new(ReplyBody::from("done")))
//!     }));
//! for _ in 0..2 {
//!     let delivery = Request::post("/")
//!         .header("x-github-delivery", "72d3162e")
//!         .header("x-hub-signature-256",
//!             "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
//!         .body(ReplyBody::from("Hello, World!"))?;
//!     assert_eq!(service.clone().oneshot(delivery).await?.status(), 200);
//! }
//! # Ok(())
//! # }
//! ```

mod reply;
mod service;

use std::{sync::Arc, time::Duration};

use tower::Layer;

use crate::store::Claims;

pub use self::service::{Dedup, DedupFuture};

/// Layer that applies [`Dedup`]. See the [module docs](crate::dedup) for an example.
///
/// # Default
/// - a lease of 30 s, renewed while the inner service runs
/// - the source's dedup window
#[derive(Clone, Debug)]
#[must_use]
pub struct DedupLayer {
    claims: Arc<dyn Claims>,
    lease: Duration,
}

impl DedupLayer {
    /// Remembers keys in this store.
    pub fn new(claims: impl Claims) -> Self {
        Self::over(Arc::new(claims))
    }

    /// The same over a store that is shared, or chosen at run time.
    pub fn over(claims: Arc<dyn Claims>) -> Self {
        let lease = Duration::from_secs(30);
        Self { claims, lease }
    }

    /// How long a key stays claimed when the process dies; at least 10 ms.
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(10));
        self
    }
}

impl<S> Layer<S> for DedupLayer {
    type Service = Dedup<S>;

    fn layer(&self, inner: S) -> Dedup<S> {
        Dedup::new(inner, Arc::clone(&self.claims), self.lease)
    }
}
