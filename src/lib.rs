//! The receiving side of webhooks.

pub mod clock;
pub mod error;
#[cfg(feature = "inbox")]
pub mod store;

pub use error::{ConfigError, Rejection, RejectionKind, StoreError};
