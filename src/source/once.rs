//! The door of a handshake that is answered once: open for a while, then for nobody.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(super) struct Once {
    window: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    Closed,
    Open(Instant),
    /// Somebody is inside, and may come out without having done anything.
    Busy(Instant),
}

/// Why nobody may come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotNow {
    Closed,
    /// Somebody is inside.
    Busy,
}

/// Somebody inside. Unless it is [used](Visit::used) the door is open again afterwards.
pub(super) struct Visit<'o>(&'o Once);

impl Once {
    pub(super) fn new(window: Duration, open: bool) -> Self {
        let once = Self {
            window,
            state: Mutex::new(State::Closed),
        };
        if open {
            once.open();
        }
        once
    }

    /// Opens it for its window; who is inside stays there.
    pub(super) fn open(&self) {
        let mut state = self.state();
        let until = Instant::now() + self.window;
        *state = match *state {
            State::Busy(_) => State::Busy(until),
            State::Closed | State::Open(_) => State::Open(until),
        };
    }

    pub(super) fn enter(&self) -> Result<Visit<'_>, NotNow> {
        let mut state = self.state();
        match *state {
            State::Open(until) if Instant::now() < until => {
                *state = State::Busy(until);
                Ok(Visit(self))
            }
            State::Open(_) | State::Closed => Err(NotNow::Closed),
            State::Busy(_) => Err(NotNow::Busy),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit<'_> {
    /// Closes the door behind the one who was inside.
    pub(super) fn used(self) {
        *self.0.state() = State::Closed;
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if let State::Busy(until) = *state {
            *state = State::Open(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn why(once: &Once) -> Option<NotNow> {
        once.enter().err()
    }

    #[test]
    fn one_is_let_in_at_a_time_and_one_alone_uses_it() {
        let once = Once::new(HOUR, true);
        let visit = once.enter();
        assert_eq!(why(&once), Some(NotNow::Busy));
        drop(visit);
        assert!(once.enter().is_ok_and(|visit| {
            visit.used();
            true
        }));
        assert_eq!(why(&once), Some(NotNow::Closed));
        once.open();
        assert_eq!(why(&once), None);
    }

    #[test]
    fn it_closes_by_time_and_is_closed_unless_opened() {
        assert_eq!(why(&Once::new(HOUR, false)), Some(NotNow::Closed));
        let brief = Once::new(Duration::from_millis(20), true);
        assert_eq!(why(&brief), None);
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(why(&brief), Some(NotNow::Closed));
        brief.open();
        assert_eq!(why(&brief), None);
    }
}
