//! What may be done to a store, at random.

use proptest::{collection::vec, prelude::*, sample::Index};

/// Events are told apart by a slot: so few that their ids come back again and again.
pub(crate) const SLOTS: u8 = 8;

/// One step. What it is about is named by an index into what there is at that moment, so that every
/// step means something, also when proptest has left out others before it.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Accept(Delivery),
    /// The last one once more, word for word, as after an answer that was lost.
    AcceptAgain,
    Lease {
        handler: usize,
        max: usize,
        /// It runs out at once: its owner is a zombie as soon as somebody else leases the job.
        short: bool,
    },
    /// Uses a lease that was ever given out.
    Use(Index, Verb),
    Promote(usize),
    SetPaused(usize, bool),
    /// Replays or discards a dead letter that ever was.
    Repair {
        handler: usize,
        letter: Index,
        replay: bool,
    },
    Requeue(u8),
    SetAlerted(usize, Index),
    Erase(u8),
    /// Routes an unrouted event that ever was, or forgets it.
    Route(Index, u8),
    Sweep,
    /// Until short windows are over.
    Wait,
}

#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) slot: u8,
    /// A bit for each handler.
    pub(crate) routes: u8,
    pub(crate) bytes: usize,
    /// Which body: a redelivery may have another one.
    pub(crate) digest: u8,
    pub(crate) guard: Guard,
    /// Its window is over soon. Only where the event has a handler, and without a guard.
    pub(crate) short: bool,
    /// Its routes are of another revision.
    pub(crate) stale: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Guard {
    Off,
    Flag(u8),
    Reject(u8),
}

/// What is done under a lease.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Done,
    /// Due at once, or not during the test.
    Retry {
        soon: bool,
    },
    Postpone {
        soon: bool,
    },
    Bury,
    HandBack,
    Extend,
}

pub(crate) fn ops() -> impl Strategy<Value = Vec<Op>> {
    vec(op(), 1..150)
}

fn op() -> impl Strategy<Value = Op> {
    let handler = || 0..3_usize;
    let index = any::<Index>;
    let lease = (handler(), 1..4_usize, any::<bool>());
    let repair = (handler(), index(), any::<bool>());
    prop_oneof![
        8 => delivery().prop_map(Op::Accept),
        1 => Just(Op::AcceptAgain),
        8 => lease.prop_map(|(handler, max, short)| Op::Lease { handler, max, short }),
        12 => (index(), verb()).prop_map(|(lease, verb)| Op::Use(lease, verb)),
        3 => handler().prop_map(Op::Promote),
        1 => (handler(), any::<bool>()).prop_map(|(handler, paused)| Op::SetPaused(handler, paused)),
        6 => repair.prop_map(|(handler, letter, replay)| Op::Repair { handler, letter, replay }),
        2 => (0..SLOTS).prop_map(Op::Requeue),
        1 => (handler(), index()).prop_map(|(handler, letter)| Op::SetAlerted(handler, letter)),
        1 => (0..SLOTS).prop_map(Op::Erase),
        2 => (index(), 0..8_u8).prop_map(|(event, routes)| Op::Route(event, routes)),
        1 => Just(Op::Sweep),
        2 => Just(Op::Wait),
    ]
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let guard = prop_oneof![
        6 => Just(Guard::Off),
        1 => (0..2_u8).prop_map(Guard::Flag),
        1 => (0..2_u8).prop_map(Guard::Reject),
    ];
    let stale = prop::bool::weighted(0.05);
    let parts = (
        0..SLOTS,
        0..8_u8,
        0..40_usize,
        0..2_u8,
        guard,
        prop::bool::weighted(0.7),
        stale,
    );
    parts.prop_map(
        |(slot, routes, bytes, digest, guard, short, stale)| Delivery {
            slot,
            routes,
            bytes,
            digest,
            short: short && routes > 0 && guard == Guard::Off,
            guard,
            stale,
        },
    )
}

fn verb() -> impl Strategy<Value = Verb> {
    let soon = prop::bool::weighted(0.8);
    prop_oneof![
        6 => Just(Verb::Done),
        2 => soon.prop_map(|soon| Verb::Retry { soon }),
        1 => soon.prop_map(|soon| Verb::Postpone { soon }),
        3 => Just(Verb::Bury),
        1 => Just(Verb::HandBack),
        1 => Just(Verb::Extend),
    ]
}
