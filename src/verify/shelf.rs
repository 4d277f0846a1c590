//! What [`Tenants`](super::Tenants) remembers: keys, absences, and look-ups under way.

use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lru::LruCache;
use tokio::{sync::watch, time::Instant};

use crate::{
    error::RejectionKind,
    scheme::{Algorithm, KeyDecoding, KeySet, Scheme},
};

/// `None` when there is no such tenant.
pub(super) type Answer = Result<Option<KeySet>, RejectionKind>;

/// How long a failure is shared before the resolver is asked again.
const KEEP_FAILURE: Duration = Duration::from_secs(1);

/// Tenants share counters of withdrawals. Two that share one cost each other a look-up at the
/// worst, when either is forgotten.
const COUNTERS: usize = 1024;

pub(super) struct Cache {
    room: NonZeroUsize,
    /// One for each kind of keys that secrets have been turned into.
    shelves: Vec<Shelf>,
    /// How often anything known of a tenant was taken back. A tenant's own counter would have to
    /// be dropped some time, and would then miss the withdrawal that matters.
    withdrawals: Box<[u64]>,
    hasher: RandomState,
}

/// Tenants of the sources whose schemes make the same keys of the same secrets.
pub(super) struct Shelf {
    kind: (Algorithm, KeyDecoding),
    pub(super) found: LruCache<String, Found>,
    /// Look-ups of tenants that are not found yet, and absences. Made-up names end up here.
    pub(super) others: LruCache<String, Arc<Flight>>,
}

pub(super) struct Found {
    pub(super) keys: KeySet,
    pub(super) until: Instant,
    /// The look-up that renews it.
    pub(super) renewal: Option<Arc<Flight>>,
}

impl Cache {
    pub(super) fn new(room: NonZeroUsize) -> Self {
        Self {
            room,
            shelves: Vec::new(),
            withdrawals: vec![0; COUNTERS].into(),
            hasher: RandomState::new(),
        }
    }

    pub(super) fn shelf(&mut self, scheme: &Scheme) -> &mut Shelf {
        let kind = (scheme.algorithm, scheme.key);
        let known = self.shelves.iter().position(|shelf| shelf.kind == kind);
        let at = known.unwrap_or(self.shelves.len());
        if known.is_none() {
            self.shelves.push(Shelf {
                kind,
                // Room is not taken before it is needed.
                found: LruCache::sparse(self.room),
                others: LruCache::sparse(self.room),
            });
        }
        &mut self.shelves[at]
    }

    pub(super) fn forget(&mut self, tenant: &str) {
        self.withdraw(tenant);
        for shelf in &mut self.shelves {
            shelf.found.pop(tenant);
            shelf.others.pop(tenant);
        }
    }

    pub(super) fn withdrawals(&self, tenant: &str) -> u64 {
        self.withdrawals[self.counter(tenant)]
    }

    fn withdraw(&mut self, tenant: &str) {
        let counter = self.counter(tenant);
        self.withdrawals[counter] += 1;
    }

    fn counter(&self, tenant: &str) -> usize {
        // Below `COUNTERS`, so it fits.
        (self.hasher.hash_one(tenant) % COUNTERS as u64) as usize
    }

    /// Keeps what a look-up has found, unless it was overtaken by a withdrawal.
    pub(super) fn settle(&mut self, tenant: &str, scheme: &Scheme, flight: &Flight, end: &End) {
        if self.withdrawals(tenant) != flight.withdrawals {
            return;
        }
        match &end.answer {
            Ok(Some(keys)) => {
                let shelf = self.shelf(scheme);
                let found = Found {
                    keys: keys.clone(),
                    until: end.until,
                    renewal: None,
                };
                shelf.found.put(tenant.to_owned(), found);
                shelf.others.pop(tenant);
            }
            Ok(None) => {
                if self.shelf(scheme).found.pop(tenant).is_some() {
                    self.withdraw(tenant);
                }
                let absence = Flight::new(self.withdrawals(tenant));
                absence.started.store(true, Ordering::Relaxed);
                absence.end(end.clone());
                let others = &mut self.shelf(scheme).others;
                others.put(tenant.to_owned(), Arc::new(absence));
            }
            // The flight itself is still where the next delivery looks.
            Err(_) => {}
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.found.len()).sum()
    }
}

/// One look-up, from its first waiter until its answer is too old.
pub(super) struct Flight {
    /// The tenant's withdrawals before anything was asked.
    pub(super) withdrawals: u64,
    started: AtomicBool,
    end: watch::Sender<Option<End>>,
}

#[derive(Clone)]
pub(super) struct End {
    pub(super) answer: Answer,
    pub(super) until: Instant,
}

impl End {
    pub(super) fn failed(why: RejectionKind) -> Self {
        Self {
            answer: Err(why),
            until: Instant::now() + KEEP_FAILURE,
        }
    }
}

impl Flight {
    fn new(withdrawals: u64) -> Self {
        Self {
            withdrawals,
            started: AtomicBool::new(false),
            end: watch::Sender::new(None),
        }
    }

    /// The one in this place, or a new one when it is too old or from before a withdrawal.
    pub(super) fn current(place: Option<&Arc<Self>>, withdrawals: u64) -> Arc<Self> {
        let now = Instant::now();
        let over = |flight: &Self| flight.end.borrow().as_ref().is_some_and(|e| e.until <= now);
        match place.filter(|flight| flight.withdrawals == withdrawals && !over(flight)) {
            Some(flight) => Arc::clone(flight),
            None => Arc::new(Self::new(withdrawals)),
        }
    }

    pub(super) fn has_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// True for the one caller that is to run it. It ends, whatever becomes of that caller.
    pub(super) fn start(self: &Arc<Self>) -> Option<Running> {
        let first = !self.started.swap(true, Ordering::AcqRel);
        first.then(|| Running(Arc::clone(self)))
    }

    fn end(&self, end: End) {
        self.end.send_if_modified(|place| {
            let first = place.is_none();
            place.get_or_insert(end);
            first
        });
    }

    pub(super) async fn answer(&self) -> Answer {
        let mut end = self.end.subscribe();
        let end = end.wait_for(Option::is_some).await;
        let end = end.ok().and_then(|end| end.clone());
        end.map_or(Err(RejectionKind::Resolver), |end| end.answer)
    }
}

/// A flight that has started. Dropped without an answer (the resolver panicked, the runtime went
/// away) it has failed.
pub(super) struct Running(Arc<Flight>);

impl Running {
    pub(super) fn flight(&self) -> &Flight {
        &self.0
    }

    pub(super) fn end(self, end: End) {
        self.0.end(end);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end(End::failed(RejectionKind::Resolver));
    }
}
