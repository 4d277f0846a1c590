//! The receiving side of webhooks.

pub mod clock;
pub mod error;
pub mod event;
pub mod freshness;
pub mod provider;
pub mod scheme;
pub mod secret;
pub mod source;
#[cfg(feature = "inbox")]
pub mod store;
#[cfg(feature = "test-util")]
pub mod testing;

pub use error::{ConfigError, Rejection, RejectionKind, StoreError};
pub use event::Event;
pub use secret::Secret;
pub use source::Source;
