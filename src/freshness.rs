//! Freshness: how far a signed timestamp may lie from now, in both directions.
//!
//! ```
//! use hookgate::{clock::UnixTime, freshness::{Precision, Tolerance}, RejectionKind};
//! let five_minutes = Tolerance::symmetric(300);
//! let (now, sent) = (UnixTime::from_secs(1_000), UnixTime::from_secs(699));
//! assert_eq!(five_minutes.check(sent, now, Precision::Seconds), Err(RejectionKind::Stale));
//! ```

use std::time::Duration;

use crate::{clock::UnixTime, error::RejectionKind};

/// How old a signed timestamp may be, and how far ahead of our clock; both bounds inclusive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tolerance {
    past: Duration,
    future: Duration,
}

impl Tolerance {
    /// The same number of seconds in both directions.
    pub const fn symmetric(secs: u64) -> Self {
        Self {
            past: Duration::from_secs(secs),
            future: Duration::from_secs(secs),
        }
    }

    /// Seconds into the past and into the future.
    pub const fn new(past_secs: u64, future_secs: u64) -> Self {
        Self {
            past: Duration::from_secs(past_secs),
            future: Duration::from_secs(future_secs),
        }
    }

    /// How old a timestamp may be.
    pub const fn past(self) -> Duration {
        self.past
    }

    /// How far ahead a timestamp may be.
    pub const fn future(self) -> Duration {
        self.future
    }

    /// Decides whether `signed` is fresh at `now`.
    ///
    /// `now` is rounded down to the timestamp's precision first: a sender that writes whole
    /// seconds must not lose up to one second of the tolerance.
    ///
    /// # Errors
    /// [`RejectionKind::Stale`] or [`RejectionKind::Future`].
    pub fn check(
        self,
        signed: UnixTime,
        now: UnixTime,
        precision: Precision,
    ) -> Result<(), RejectionKind> {
        let now = match precision {
            Precision::Seconds => UnixTime::from_secs(now.as_secs()),
            Precision::Millis => now,
        };
        if now.saturating_since(signed) > self.past {
            return Err(RejectionKind::Stale);
        }
        if signed.saturating_since(now) > self.future {
            return Err(RejectionKind::Future);
        }
        Ok(())
    }
}

/// The smallest step of a timestamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Precision {
    /// Whole seconds.
    Seconds,
    /// Milliseconds or finer.
    Millis,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_are_inclusive_and_both_directions_count() {
        let tolerance = Tolerance::new(300, 60);
        let now = UnixTime::from_secs(10_000);
        let at = |secs| tolerance.check(UnixTime::from_secs(secs), now, Precision::Seconds);
        assert_eq!(at(9_700), Ok(()));
        assert_eq!(at(9_699), Err(RejectionKind::Stale));
        assert_eq!(at(10_060), Ok(()));
        assert_eq!(at(10_061), Err(RejectionKind::Future));
    }

    #[test]
    fn whole_seconds_do_not_lose_the_fraction_of_now() {
        let now = UnixTime::from_millis(305_900);
        let (signed, tolerance) = (UnixTime::from_secs(5), Tolerance::symmetric(300));
        assert_eq!(tolerance.check(signed, now, Precision::Seconds), Ok(()));
        assert_eq!(
            tolerance.check(signed, now, Precision::Millis),
            Err(RejectionKind::Stale)
        );
    }

    #[test]
    fn extremes_do_not_overflow() {
        let tolerance = Tolerance::symmetric(u64::MAX);
        for time in [i64::MIN, i64::MAX] {
            let signed = UnixTime::from_millis(time);
            assert_eq!(
                tolerance.check(signed, UnixTime::default(), Precision::Millis),
                Ok(())
            );
        }
    }
}
