use std::time::Duration;

use tokio::time::Instant;

/// When a handler's downstream is taken for broken: after `failures` failed attempts in a row the
/// handler leases nothing for `open`, then one job as a probe. Its success closes the breaker, its
/// failure opens it again.
///
/// A handler with many downstreams
/// ([`HandlerOptions::with_downstream`](super::HandlerOptions::with_downstream)) has a breaker for
/// each: the jobs of the broken one are put back for `open`, the others' run.
///
/// An open breaker uses up no attempts: the jobs wait in the store. Only failures that may pass
/// count ([`Failure::retry`](super::Failure::retry), time-outs), not what is permanent and not a
/// panic: those say nothing about the downstream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Breaker {
    failures: u32,
    open: Duration,
}

impl Breaker {
    /// 5 failures in a row, 30 s.
    pub const DEFAULT: Self = Self::after(5, Duration::from_secs(30));

    /// Opens after this many failures in a row, at least 1, for this long, at most a day.
    pub const fn after(failures: u32, open: Duration) -> Self {
        let failures = if failures == 0 { 1 } else { failures };
        let open = if open.as_secs() > MAX_OPEN.as_secs() {
            MAX_OPEN
        } else {
            open
        };
        Self { failures, open }
    }

    pub(super) const fn open(self) -> Duration {
        self.open
    }
}

const MAX_OPEN: Duration = Duration::from_secs(24 * 60 * 60);

/// One breaker of this process.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BreakerStatus {
    /// The handler's name.
    pub handler: String,
    /// The downstream that it is for; `None` for the handler's own.
    pub downstream: Option<String>,
    /// What it does at the moment.
    pub state: BreakerState,
}

/// What a breaker does at the moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BreakerState {
    /// Jobs run.
    Closed,
    /// Nothing is leased; jobs of a downstream are put back.
    Open,
    /// One job runs as a probe.
    HalfOpen,
}

/// One breaker of one handler in this process. A function of what it is told and of the time.
#[derive(Debug)]
pub(super) struct Circuit {
    config: Option<Breaker>,
    /// Failures since the last success.
    failures: u32,
    /// Set while open; over when it is in the past.
    open_until: Option<Instant>,
    probing: bool,
}

/// What may be leased.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Permit {
    Any,
    /// One job, whose verdict decides.
    Probe,
    /// Nothing before this time. While a probe runs the time is a guess.
    NotBefore(Instant),
}

/// How often to look whether a probe has ended.
pub(super) const PROBE_LOOK: Duration = Duration::from_millis(50);

impl Circuit {
    pub(super) fn new(config: Option<Breaker>) -> Self {
        Self {
            config,
            failures: 0,
            open_until: None,
            probing: false,
        }
    }

    pub(super) fn is_probing(&self) -> bool {
        self.probing
    }

    pub(super) fn permit(&self, now: Instant) -> Permit {
        match self.open_until {
            None => Permit::Any,
            Some(until) if now < until => Permit::NotBefore(until),
            Some(_) if self.probing => Permit::NotBefore(now + PROBE_LOOK),
            Some(_) => Permit::Probe,
        }
    }

    /// A job was leased as a probe.
    pub(super) fn probe(&mut self) {
        self.probing = true;
    }

    /// An attempt succeeded, or failed in a way that says nothing about the downstream. True when
    /// this closed the breaker.
    pub(super) fn succeeded(&mut self) -> bool {
        self.failures = 0;
        self.probing = false;
        self.open_until.take().is_some()
    }

    /// The probe ended without a verdict.
    pub(super) fn undecided(&mut self) {
        self.probing = false;
    }

    /// An attempt failed. True when this opened the breaker.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        let Some(config) = self.config else {
            return false;
        };
        self.failures = self.failures.saturating_add(1);
        let is_open = self.open_until.is_some_and(|until| now < until);
        let opens = self.probing || (self.failures >= config.failures && !is_open);
        self.probing = false;
        if opens {
            self.open_until = Some(now + config.open);
        }
        opens
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match self.permit(now) {
            Permit::Any => BreakerState::Closed,
            Permit::NotBefore(_) if !self.probing => BreakerState::Open,
            Permit::NotBefore(_) | Permit::Probe => BreakerState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_opens_after_failures_in_a_row_and_a_probe_decides() {
        let mut circuit = Circuit::new(Some(Breaker::after(3, SECOND * 30)));
        let start = Instant::now();
        for _ in 0..2 {
            assert!(!circuit.failed(start));
        }
        assert!(!circuit.succeeded(), "was not open");
        for _ in 0..2 {
            assert!(!circuit.failed(start), "in a row");
        }
        assert_eq!(circuit.permit(start), Permit::Any);
        assert!(circuit.failed(start));
        assert_eq!(circuit.state(start), BreakerState::Open);
        assert_eq!(
            circuit.permit(start + SECOND * 29),
            Permit::NotBefore(start + SECOND * 30)
        );

        let later = start + SECOND * 30;
        assert_eq!(circuit.permit(later), Permit::Probe);
        circuit.probe();
        assert_eq!(circuit.state(later), BreakerState::HalfOpen);
        assert!(matches!(circuit.permit(later), Permit::NotBefore(_)));
        assert!(circuit.failed(later), "the probe failed");
        assert_eq!(
            circuit.permit(later),
            Permit::NotBefore(later + SECOND * 30)
        );

        let again = later + SECOND * 30;
        circuit.probe();
        assert!(circuit.succeeded());
        assert_eq!(circuit.permit(again), Permit::Any);
    }

    #[test]
    fn late_failures_of_jobs_that_ran_already_do_not_prolong_it() {
        let mut circuit = Circuit::new(Some(Breaker::after(1, SECOND * 30)));
        let start = Instant::now();
        assert!(circuit.failed(start));
        assert!(!circuit.failed(start + SECOND * 29));
        assert_eq!(circuit.permit(start + SECOND * 30), Permit::Probe);
    }

    #[test]
    fn a_probe_without_a_verdict_leaves_room_for_another() {
        let mut circuit = Circuit::new(Some(Breaker::after(1, SECOND)));
        let start = Instant::now();
        circuit.failed(start);
        circuit.probe();
        circuit.undecided();
        assert_eq!(circuit.permit(start + SECOND), Permit::Probe);
    }

    #[test]
    fn without_a_breaker_nothing_ever_opens() {
        let mut circuit = Circuit::new(None);
        for _ in 0..100 {
            assert!(!circuit.failed(Instant::now()));
        }
        assert_eq!(circuit.permit(Instant::now()), Permit::Any);
    }
}
