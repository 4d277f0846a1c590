//! The receiving side of webhooks.

#[cfg(feature = "axum")]
pub mod axum;
pub mod clock;
pub mod error;
pub mod event;
pub mod freshness;
#[cfg(feature = "inbox")]
pub mod inbox;
pub mod provider;
pub mod scheme;
pub mod secret;
pub mod source;
#[cfg(feature = "inbox")]
pub mod store;
pub mod telemetry;
#[cfg(feature = "test-util")]
pub mod testing;
#[cfg(feature = "verify")]
pub mod verify;

pub use error::{ConfigError, Rejection, RejectionKind, StoreError};
pub use event::Event;
#[cfg(feature = "inbox")]
pub use inbox::Inbox;
pub use secret::Secret;
pub use source::Source;
#[cfg(feature = "verify")]
pub use verify::VerifyLayer;
