use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// When the next attempt follows a failed one. `None` means: none, it is dead.
///
/// A pure function of the attempts so far: the count is stored, so the schedule survives restarts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retry {
    delays: &'static [Duration],
}

impl Retry {
    /// 1 s, 4 s, 16 s, then dead: gives up after 21 s.
    pub const FAST: Self = Self {
        delays: &[
            Duration::from_secs(1),
            Duration::from_secs(4),
            Duration::from_secs(16),
        ],
    };

    /// 5 s, 30 s, 5 min, 30 min, 2 h, 6 h, 12 h, then dead: outlasts a night's outage.
    pub const PATIENT: Self = Self {
        delays: &[
            Duration::from_secs(5),
            Duration::from_secs(30),
            Duration::from_secs(5 * 60),
            Duration::from_secs(30 * 60),
            Duration::from_secs(2 * 60 * 60),
            Duration::from_secs(6 * 60 * 60),
            Duration::from_secs(12 * 60 * 60),
        ],
    };

    /// These delays, then dead.
    pub const fn after(delays: &'static [Duration]) -> Self {
        Self { delays }
    }

    /// The delay after this many failed attempts, without jitter.
    pub fn delay_after(&self, failed: u32) -> Option<Duration> {
        let at = usize::try_from(failed).ok()?.checked_sub(1)?;
        self.delays.get(at).copied()
    }
}

/// The delay ±20 %: what failed together should not come back together.
pub(super) fn jittered(delay: Duration) -> Duration {
    let percent = 80 + (RandomState::new().hash_one(0) % 41) as u32;
    // Capped, so that the product is a duration whatever was asked for.
    delay.min(Duration::from_secs(365 * 86_400)) / 100 * percent
}

/// Somewhere between nothing and this, so that what waited for the same moment does not meet again.
pub(super) fn up_to(most: Duration) -> Duration {
    most / 1_000 * (RandomState::new().hash_one(0) % 1_001) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_schedule_is_1_4_16_and_then_dead() {
        let secs: Vec<_> = (0..6)
            .map(|n| Retry::FAST.delay_after(n).map(|d| d.as_secs()))
            .collect();
        assert_eq!(secs, [None, Some(1), Some(4), Some(16), None, None]);
    }

    #[test]
    fn no_delay_is_too_long_to_be_jittered() {
        assert!(jittered(Duration::MAX) < Duration::from_secs(2 * 365 * 86_400));
        assert_eq!(jittered(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        for _ in 0..1_000 {
            let delay = jittered(Duration::from_secs(10)).as_secs_f64();
            assert!((8.0..=12.0).contains(&delay), "{delay}");
        }
    }
}
