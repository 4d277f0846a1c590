//! All breakers of one handler in this process.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use lru::LruCache;
use tokio::time::Instant;

use super::{
    breaker::{Breaker, BreakerState, Circuit, PROBE_LOOK, Permit},
    retry::up_to,
};

/// The handler's own, and those of the downstreams that have failed since their last success.
#[derive(Debug)]
pub(super) struct Circuits {
    config: Option<Breaker>,
    own: Circuit,
    keyed: LruCache<Arc<str>, Circuit>,
}

impl Circuits {
    pub(super) fn new(config: Option<Breaker>) -> Self {
        Self {
            config,
            own: Circuit::new(config),
            keyed: LruCache::sparse(MAX_DOWNSTREAMS),
        }
    }

    /// What may be leased at all.
    pub(super) fn permit(&self, now: Instant) -> Permit {
        self.own.permit(now)
    }

    /// Whether a job that has been leased runs: as a probe or not, or when it should come back.
    pub(super) fn admit(&mut self, downstream: Option<&str>, now: Instant) -> Admit {
        let open = self.config.map_or(Duration::ZERO, Breaker::open);
        let Some(circuit) = self.circuit(downstream) else {
            return Admit::Run { probe: false };
        };
        match circuit.permit(now) {
            Permit::Any => Admit::Run { probe: false },
            Permit::Probe => {
                circuit.probe();
                Admit::Run { probe: true }
            }
            // How long a probe takes is not known; looking for it now and then is cheap for a
            // handler, not for each of its jobs.
            Permit::NotBefore(_) if circuit.is_probing() => {
                Admit::NotBefore((open / 3).max(PROBE_LOOK))
            }
            Permit::NotBefore(until) => {
                let spread = up_to((open / 10).min(MAX_SPREAD));
                Admit::NotBefore(until.saturating_duration_since(now) + spread)
            }
        }
    }

    /// As [`Circuit::succeeded`].
    pub(super) fn succeeded(&mut self, downstream: Option<&str>) -> bool {
        match downstream {
            None => self.own.succeeded(),
            // Without it the downstream's breaker is closed.
            Some(key) => self.keyed.pop(key).is_some_and(|mut c| c.succeeded()),
        }
    }

    /// As [`Circuit::failed`].
    pub(super) fn failed(&mut self, downstream: Option<&Arc<str>>, now: Instant) -> bool {
        let Some(key) = downstream.filter(|_| self.config.is_some()) else {
            return self.own.failed(now);
        };
        if self.keyed.len() == MAX_DOWNSTREAMS.get() && !self.keyed.contains(key) {
            // Room is for those that are open.
            let is_open = |circuit: &Circuit| circuit.state(now) != BreakerState::Closed;
            self.keyed.retain(|_, circuit| is_open(circuit));
        }
        let new = || Circuit::new(self.config);
        let circuit = self.keyed.get_or_insert_mut(Arc::clone(key), new);
        circuit.failed(now)
    }

    /// As [`Circuit::undecided`].
    pub(super) fn undecided(&mut self, downstream: Option<&str>) {
        if let Some(circuit) = self.circuit(downstream) {
            circuit.undecided();
        }
    }

    /// The handler's own, and those of downstreams that are not closed, with their keys.
    pub(super) fn states(
        &self,
        now: Instant,
    ) -> impl Iterator<Item = (Option<Arc<str>>, BreakerState)> {
        let own = std::iter::once((None, self.own.state(now)));
        let keyed = self.keyed.iter();
        let keyed = keyed.map(move |(key, c)| (Some(Arc::clone(key)), c.state(now)));
        own.chain(keyed.filter(|(_, state)| *state != BreakerState::Closed))
    }

    /// How many are not closed.
    pub(super) fn open(&self, now: Instant) -> usize {
        let states = self.states(now);
        states
            .filter(|(_, state)| *state != BreakerState::Closed)
            .count()
    }

    /// Using it keeps a downstream's from being forgotten.
    fn circuit(&mut self, downstream: Option<&str>) -> Option<&mut Circuit> {
        match downstream {
            None => Some(&mut self.own),
            Some(key) => self.keyed.get_mut(key),
        }
    }
}

/// What becomes of a job that has been leased.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admit {
    Run {
        probe: bool,
    },
    /// It should come back after this.
    NotBefore(Duration),
}

/// Downstreams remembered; of more that have failed, the ones whose breakers are closed and then
/// the least used are forgotten.
pub(super) const MAX_DOWNSTREAMS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1_023);

/// Over how long the jobs of a downstream come back, at the most.
const MAX_SPREAD: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Duration = Duration::from_secs(30);
    const RUN: Admit = Admit::Run { probe: false };

    fn circuits(failures: u32) -> Circuits {
        Circuits::new(Some(Breaker::after(failures, OPEN)))
    }

    fn key(n: usize) -> Arc<str> {
        n.to_string().into()
    }

    #[test]
    fn each_downstream_has_its_own_and_so_has_the_handler() {
        let (mut circuits, now) = (circuits(2), Instant::now());
        assert!(!circuits.failed(Some(&key(1)), now));
        assert!(!circuits.failed(Some(&key(2)), now));
        assert!(!circuits.failed(None, now));
        assert!(circuits.failed(Some(&key(1)), now));
        assert_eq!(circuits.permit(now), Permit::Any);
        assert_eq!(circuits.admit(Some("2"), now), RUN);
        assert_eq!(circuits.admit(None, now), RUN);
        let back = circuits.admit(Some("1"), now);
        let spread = OPEN..=OPEN + MAX_SPREAD;
        assert!(
            matches!(back, Admit::NotBefore(delay) if spread.contains(&delay)),
            "{back:?}"
        );
        let open = |circuits: &Circuits| circuits.states(now).collect::<Vec<_>>();
        let one = (Some(key(1)), BreakerState::Open);
        assert_eq!(open(&circuits), [(None, BreakerState::Closed), one]);

        assert!(circuits.failed(None, now));
        assert_eq!(circuits.open(now), 2);
        assert!(matches!(circuits.permit(now), Permit::NotBefore(_)));
        assert!(circuits.succeeded(None) && circuits.succeeded(Some("1")));
        assert!(!circuits.succeeded(Some("2")), "it was closed");
        assert_eq!(open(&circuits), [(None, BreakerState::Closed)]);
    }

    #[test]
    fn one_probe_decides_while_the_others_stay_away() {
        let (mut circuits, now) = (circuits(1), Instant::now());
        circuits.failed(Some(&key(1)), now);
        let later = now + OPEN;
        let probe = Admit::Run { probe: true };
        assert_eq!(circuits.admit(Some("1"), later), probe);
        let away = Admit::NotBefore(OPEN / 3);
        assert_eq!(circuits.admit(Some("1"), later), away);
        circuits.undecided(Some("1"));
        assert_eq!(circuits.admit(Some("1"), later), probe);
        assert!(circuits.succeeded(Some("1")));
        assert_eq!(circuits.admit(Some("1"), later), RUN);
        assert!(circuits.keyed.is_empty(), "nothing is left to remember");
    }

    #[test]
    fn however_briefly_it_is_open_those_who_wait_for_a_probe_do_not_go_round_and_round() {
        let mut circuits = Circuits::new(Some(Breaker::after(1, Duration::ZERO)));
        let now = Instant::now();
        circuits.failed(Some(&key(1)), now);
        let probe = Admit::Run { probe: true };
        assert_eq!(circuits.admit(Some("1"), now), probe);
        let away = Admit::NotBefore(PROBE_LOOK);
        assert_eq!(circuits.admit(Some("1"), now), away);
    }

    #[test]
    fn downstreams_are_bounded_and_an_open_one_outlasts_those_that_only_failed() {
        let (mut circuits, now) = (circuits(2), Instant::now());
        let broken: Arc<str> = "broken".into();
        circuits.failed(Some(&broken), now);
        assert!(circuits.failed(Some(&broken), now));
        for n in 0..10_000 {
            circuits.failed(Some(&key(n)), now);
            assert!(circuits.keyed.len() <= MAX_DOWNSTREAMS.get());
        }
        assert_ne!(circuits.admit(Some("broken"), now), RUN);
        // When all are open, the one that nobody asked for goes.
        for n in 0..MAX_DOWNSTREAMS.get() {
            circuits.failed(Some(&key(n)), now);
            circuits.failed(Some(&key(n)), now);
            circuits.admit(Some("broken"), now);
        }
        assert_eq!(circuits.keyed.len(), MAX_DOWNSTREAMS.get());
        assert_ne!(circuits.admit(Some("broken"), now), RUN);
        assert_eq!(circuits.admit(Some("0"), now), RUN);
    }

    #[test]
    fn without_a_breaker_nothing_ever_opens() {
        let (mut circuits, now) = (Circuits::new(None), Instant::now());
        for _ in 0..100 {
            assert!(!circuits.failed(Some(&key(1)), now) && !circuits.failed(None, now));
        }
        assert_eq!(circuits.admit(Some("1"), now), RUN);
        assert!(circuits.keyed.is_empty());
    }
}
