//! Does the same to a store and to the model, and compares every answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hookgate::store::{AcceptanceId, DedupKey, Entry, Fence, HandlerDecl, ReplayGuard, Store};
use proptest::sample::Index;

use super::{
    model::{BOUND, HANDLERS, Model},
    ops::{Delivery, Guard, Op, Verb},
};

pub(crate) const LONG: Duration = Duration::from_secs(3_600);
const SHORT: Duration = Duration::from_millis(10);
pub(crate) const NOW: Duration = Duration::ZERO;

/// The difference between what a store said and what it should have said.
pub(crate) type Checked<T = ()> = Result<T, String>;

macro_rules! ensure {
    ($ok:expr, $($why:tt)*) => {
        if !$ok {
            return Err(format!($($why)*));
        }
    };
}

macro_rules! equal {
    ($left:expr, $right:expr, $($why:tt)*) => {
        match (&$left, &$right) {
            (left, right) => {
                ensure!(left == right, "{}: {left:?}, not {right:?}", format!($($why)*))
            }
        }
    };
}

pub(crate) use {ensure, equal};

/// How often something worth while has happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) zombies: u32,
    pub(crate) accepted_again: u32,
    pub(crate) overflowed: u32,
    pub(crate) full: u32,
    pub(crate) replayed: u32,
}

impl Seen {
    pub(crate) fn add(&mut self, more: Self) {
        self.zombies += more.zombies;
        self.accepted_again += more.accepted_again;
        self.overflowed += more.overflowed;
        self.full += more.full;
        self.replayed += more.replayed;
    }
}

pub(crate) struct Check {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) revision: u64,
    pub(crate) model: Model,
    /// Every lease that was ever given out.
    pub(crate) leases: Vec<Fence>,
    /// Every dead letter that was ever listed, of each handler, in the order of their deaths.
    pub(crate) letters: [Vec<Letter>; 3],
    pub(crate) alerted: [Option<usize>; 3],
    /// Every unrouted event that was ever listed.
    pub(crate) unrouted: Vec<(String, AcceptanceId)>,
    pub(crate) paused: [bool; 3],
    pub(crate) last: Option<Entry>,
    pub(crate) acceptances: u64,
    pub(crate) seen: Seen,
}

#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) entry: String,
    pub(crate) acceptance: AcceptanceId,
}

/// Every step, and then everything that is left.
pub(crate) async fn check(store: Arc<dyn Store>, ops: &[Op]) -> Checked<Seen> {
    let mut check = Check::new(store).await?;
    for (number, op) in ops.iter().enumerate() {
        let step = async {
            check.step(op).await?;
            check.model.settle();
            match number % 3 {
                0 => check.compare().await,
                _ => Ok(()),
            }
        };
        step.await.map_err(|why| format!("{op:?}: {why}"))?;
    }
    check.compare().await?;
    check.drain().await?;
    Ok(check.seen)
}

impl Check {
    async fn new(store: Arc<dyn Store>) -> Checked<Self> {
        let decl = |name: &str| HandlerDecl {
            name: name.to_owned(),
            filter: Bytes::from_static(b"*"),
            max_backlog: (name == HANDLERS[2]).then_some(BOUND as u64),
        };
        let registry = said(store.declare(&HANDLERS.map(decl)).await)?;
        Ok(Self {
            store,
            revision: registry.revision,
            model: Model::default(),
            leases: Vec::new(),
            letters: Default::default(),
            alerted: [None; 3],
            unrouted: Vec::new(),
            paused: [false; 3],
            last: None,
            acceptances: 0,
            seen: Seen::default(),
        })
    }

    async fn step(&mut self, op: &Op) -> Checked {
        match op {
            Op::Accept(delivery) => {
                let entry = self.entry(delivery);
                self.last = Some(entry.clone());
                self.accept(entry).await
            }
            Op::AcceptAgain => self.accept_again().await,
            Op::Lease {
                handler,
                max,
                short,
            } => self.lease(*handler, *max, *short).await.map(drop),
            Op::Use(lease, verb) => self.use_lease(lease, *verb).await,
            Op::Promote(handler) => self.promote(*handler).await,
            Op::SetPaused(handler, paused) => self.set_paused(*handler, *paused).await,
            Op::Repair {
                handler,
                letter,
                replay,
            } => self.repair(*handler, letter, *replay).await,
            Op::Requeue(slot) => self.requeue(key(*slot)).await,
            Op::SetAlerted(handler, letter) => self.set_alerted(*handler, letter).await,
            Op::Erase(slot) => self.erase(key(*slot)).await,
            Op::Route(event, routes) => self.route(event, *routes).await,
            Op::Sweep => self.sweep().await,
            Op::Wait => {
                pause(3 * SHORT).await;
                self.model.events.retain(|_, event| !event.ending);
                Ok(())
            }
        }
    }

    fn entry(&mut self, delivery: &Delivery) -> Entry {
        self.acceptances += 1;
        let replay_guard = match delivery.guard {
            Guard::Off => ReplayGuard::Off,
            Guard::Flag(n) => ReplayGuard::Flag(guard(n)),
            Guard::Reject(n) => ReplayGuard::Reject(guard(n)),
        };
        Entry {
            key: key(delivery.slot),
            acceptance: AcceptanceId(u128::from(self.acceptances).to_be_bytes()),
            digest: [delivery.digest; 8],
            head: Bytes::from_static(b"\x01head"),
            body: vec![self.acceptances as u8; delivery.bytes].into(),
            window: if delivery.short { SHORT } else { LONG },
            revision: self.revision + u64::from(delivery.stale),
            routes: routes(delivery.routes),
            replay_guard,
        }
    }

    /// Whatever waits is found by leasing, once.
    async fn drain(&mut self) -> Checked {
        for handler in 0..3 {
            self.set_paused(handler, false).await?;
            self.promote(handler).await?;
        }
        for lease in self.leases.clone() {
            self.do_under(lease, Verb::HandBack).await?;
        }
        for handler in 0..3 {
            loop {
                let jobs = self.lease(handler, 4, false).await?;
                if jobs.is_empty() {
                    break;
                }
                for job in jobs {
                    self.do_under(job.fence, Verb::Done).await?;
                }
            }
        }
        self.model.settle();
        self.compare().await
    }
}

/// One of the last few: those of long ago have all ended.
pub(crate) fn recent<'a, T>(all: &'a [T], which: &Index) -> &'a T {
    let last = &all[all.len().saturating_sub(6)..];
    &last[which.index(last.len())]
}

pub(crate) fn said<T>(answer: Result<T, hookgate::StoreError>) -> Checked<T> {
    answer.map_err(|why| format!("the store failed: {why}"))
}

pub(crate) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

pub(crate) fn key(slot: u8) -> DedupKey {
    DedupKey([slot + 1; 16])
}

fn guard(n: u8) -> DedupKey {
    DedupKey([n + 0x80; 16])
}

pub(crate) fn routes(bits: u8) -> Vec<Arc<str>> {
    let named = (0..3).filter(|n| bits & 1 << n != 0);
    named.map(|n| Arc::from(HANDLERS[n])).collect()
}
