//! For tests: a signer for every preset, a clock that stands still, and events and jobs for code
//! that takes them.
//!
//! ```
//! use hookgate::{Secret, Source, clock::UnixTime, provider, testing::Signer};
//! let secret = Secret::new("whsec_test")?;
//! let now = UnixTime::from_secs(1_790_000_000);
//! let request = Signer::new(provider::STRIPE, &secret)?.sign(r#"{"id":"evt_1"}"#, now);
//! let (parts, body) = request.into_parts();
//! let source = Source::builder("stripe", provider::STRIPE).add_secret(secret).build()?;
//! assert_eq!(source.verify(&parts, body, now)?.id().map(|id| &*id.value), Some("evt_1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod made;
mod signer;

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::{Clock, UnixTime};

#[cfg(feature = "inbox")]
pub use self::made::job;
pub use self::{
    made::event,
    signer::{SignError, Signer, Tamper},
};

/// A clock that shows what it was set to.
#[derive(Debug, Default)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `now`.
    pub fn new(now: UnixTime) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Makes it show `now`.
    pub fn set(&self, now: UnixTime) {
        self.0.store(now.as_millis(), Ordering::Relaxed);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_millis(self.0.load(Ordering::Relaxed))
    }
}
