//! Time as an argument: [`UnixTime`], and the [`Clock`] that the edges of the crate ask for it.
//!
//! ```
//! use hookgate::clock::{Clock, SystemClock, UnixTime};
//! let now = SystemClock.now();
//! assert!(now > UnixTime::from_secs(1_700_000_000));
//! ```

use std::{fmt, time::Duration};

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The time that is `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The time that is `secs` seconds after the epoch; saturates far outside of any calendar.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000))
    }

    /// Whole milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(if millis < 0 { 0 } else { millis.unsigned_abs() })
    }

    /// The time `by` later; saturates.
    pub fn saturating_add(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// Tells the time. Everything that depends on the time takes it as an argument; only the
/// middleware and the inbox ask a clock.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> UnixTime;
}

/// The clock of the operating system.
///
/// A system clock set before 1970 reads as the epoch: every signed timestamp then lies in the
/// future and is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        UnixTime::default().saturating_add(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_saturate_instead_of_wrapping() {
        let (least, most) = (
            UnixTime::from_millis(i64::MIN),
            UnixTime::from_millis(i64::MAX),
        );
        assert_eq!(least.saturating_since(most), Duration::ZERO);
        assert_eq!(
            most.saturating_since(least),
            Duration::from_millis(i64::MAX as u64)
        );
        assert_eq!(most.saturating_add(Duration::MAX), most);
        assert_eq!(UnixTime::from_secs(i64::MAX).as_millis(), i64::MAX);
    }

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(UnixTime::from_millis(1_999).as_secs(), 1);
        assert_eq!(UnixTime::from_millis(-1).as_secs(), -1);
    }
}
