//! Deliveries that are accepted together: one call takes several, since most of what a call costs
//! Redis is the same for one and for many.

use redis::Cmd;

use super::{
    RedisStore,
    bundle::Answer,
    keys::Keys,
    lanes::Bounds,
    record::{Payload, Record, StoredJob},
    scripts::{self, FORMAT, Verb, arguments},
};
use crate::store::{Entry, ReplayGuard};

/// A delivery's part of a call.
pub(super) struct Accepting {
    keys: Cmd,
    args: Cmd,
    /// Bytes of its payload and head.
    pub(super) size: usize,
}

impl Accepting {
    /// Without bounds the routes are stale: then only a duplicate is looked for.
    pub(super) fn new(store: &RedisStore, entry: &Entry, bounds: Option<Bounds>) -> Self {
        let (names, size) = (&store.keys, entry.head.len() + entry.body.len());
        let (mut keys, mut args) = (Cmd::new(), Cmd::with_capacity(16, size + ROOM));
        let dedup = names.dedup(&entry.key);
        let (guard, mode) = match &entry.replay_guard {
            ReplayGuard::Off => (dedup.clone(), ""),
            ReplayGuard::Flag(body) => (names.guard(body), "flag"),
            ReplayGuard::Reject(body) => (names.guard(body), "reject"),
        };
        keys.arg(dedup)
            .arg(names.event(&entry.acceptance))
            .arg(guard);
        for name in &entry.routes {
            keys.arg(names.queue(name));
        }
        if entry.routes.is_empty() {
            keys.arg(names.unrouted());
        }
        let revision = bounds.as_ref().map(|_| entry.revision.to_string());
        let bounds = bounds.unwrap_or_default();
        let job = StoredJob {
            key: entry.key,
            acceptance: entry.acceptance,
            attempt: 0,
            deliveries: 0,
            replays: 0,
            size: u32::try_from(size).unwrap_or(u32::MAX),
        };
        let most = store.max_bytes.map(|most| most.to_string());
        args.arg(entry.routes.len())
            .arg(bounds.len())
            .arg(revision.unwrap_or_default())
            .arg(job.encode())
            .arg(Record::open(entry))
            .arg(Payload(entry))
            .arg(most.unwrap_or_default())
            .arg(mode);
        for name in &entry.routes {
            args.arg(&**name);
        }
        for (place, bound) in bounds {
            let name = &entry.routes[place];
            keys.arg(names.delayed(name)).arg(names.dead(name));
            args.arg(place + 1).arg(bound);
        }
        Self { keys, args, size }
    }
}

/// The deliveries of one call, with who waits for each.
#[derive(Default)]
pub(super) struct Together {
    parts: Vec<Accepting>,
    size: usize,
    pub(super) waiting: Vec<Answer>,
}

impl Together {
    pub(super) fn add(&mut self, part: Accepting, answer: Answer) {
        self.size += part.size;
        self.parts.push(part);
        self.waiting.push(answer);
    }

    /// Whether no more should join.
    pub(super) fn is_full(&self) -> bool {
        self.parts.len() >= AT_ONCE || self.size >= BYTES_AT_ONCE
    }

    pub(super) fn call(&self, keys: &Keys) -> Cmd {
        let meta = keys.meta();
        let mut names = vec![meta.as_slice()];
        names.extend(self.parts.iter().flat_map(|part| arguments(&part.keys)));
        let mut call = scripts::call(Verb::Accept, &names);
        call.arg(FORMAT);
        for argument in self.parts.iter().flat_map(|part| arguments(&part.args)) {
            call.arg(argument);
        }
        call
    }
}

/// Bytes of a delivery's arguments beside the payload, about.
const ROOM: usize = 256;
/// Deliveries accepted by one script at the most, and bytes after which no more join: it holds up
/// everybody else, and Redis looks at its memory once in a script.
const AT_ONCE: usize = 16;
const BYTES_AT_ONCE: usize = 256 << 10;
