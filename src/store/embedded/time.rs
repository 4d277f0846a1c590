//! The store's own time.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::clock::Clock;

/// Milliseconds since 1970 by the wall clock, but never less than before: not when that clock is
/// set back, nor, since the last time is stored, across a restart. Meanwhile it goes on at the
/// pace of the monotonic clock, so that leases and delays end all the same.
pub(super) struct Time {
    wall: Arc<dyn Clock>,
    base: u64,
    since: Instant,
}

impl Time {
    /// `stored` is the last time that an earlier process has seen.
    pub(super) fn new(wall: Arc<dyn Clock>, stored: u64) -> Self {
        let since = Instant::now();
        let base = stored.max(millis_of(&*wall));
        Self { wall, base, since }
    }

    pub(super) fn now(&mut self) -> u64 {
        let here = Instant::now();
        let elapsed = millis(here.duration_since(self.since));
        let (own, wall) = (self.base.saturating_add(elapsed), millis_of(&*self.wall));
        if wall > own {
            (self.base, self.since) = (wall, here);
        }
        own.max(wall)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Time").finish_non_exhaustive()
    }
}

fn millis_of(wall: &dyn Clock) -> u64 {
    u64::try_from(wall.now().as_millis()).unwrap_or(0)
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
