//! One handler's queue, as far as it is not in the file: who has a lease.
//!
//! A leased job's row stays in the file's queue. So a crash loses the leases and nothing else: after
//! it, all of them are queued.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{fault::Outcome, rows::unreadable, tables::HandlerRow};
use crate::store::{AcceptanceId, HandlerDecl, HandlerStats, Removal};

pub(super) struct Lane {
    pub(super) name: Arc<str>,
    pub(super) filter: Bytes,
    pub(super) max_backlog: Option<u64>,
    pub(super) paused: bool,
    pub(super) removal: Option<Removal>,
    pub(super) arrived: Arc<Notify>,
    pub(super) counts: Counts,
    /// Whether the counts differ from the file's.
    pub(super) changed: bool,
    /// Every row of the queue with a lower number is leased or handed back.
    pub(super) cursor: u64,
    /// Jobs that were handed back.
    returned: BTreeSet<u64>,
    leases: HashMap<u64, Lease>,
    /// End and number of every lease.
    ends: BTreeSet<(u64, u64)>,
    /// What to restore when the batch fails.
    undo: Vec<(u64, Before)>,
    cursor_before: u64,
}

/// What the file holds of a handler.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    /// Rows of the queue, leased ones included.
    pub(super) waiting: u64,
    pub(super) delayed: u64,
    pub(super) dead: u64,
    /// The last dead letter that people were told of.
    pub(super) alerted: u64,
}

#[derive(Clone, Copy)]
pub(super) struct Lease {
    pub(super) token: u64,
    pub(super) end: u64,
    pub(super) acceptance: AcceptanceId,
}

struct Before {
    lease: Option<Lease>,
    returned: bool,
}

impl Lane {
    pub(super) fn new(decl: &HandlerDecl, counts: Counts) -> Self {
        Self {
            name: decl.name.as_str().into(),
            filter: decl.filter.clone(),
            max_backlog: decl.max_backlog,
            paused: false,
            removal: None,
            arrived: Arc::new(Notify::new()),
            counts,
            changed: false,
            cursor: 0,
            returned: BTreeSet::new(),
            leases: HashMap::new(),
            ends: BTreeSet::new(),
            undo: Vec::new(),
            cursor_before: 0,
        }
    }

    pub(super) fn decl(&self) -> HandlerDecl {
        HandlerDecl {
            name: self.name.to_string(),
            filter: self.filter.clone(),
            max_backlog: self.max_backlog,
        }
    }

    pub(super) fn is_declared(&self, decl: &HandlerDecl) -> bool {
        self.removal.is_none() && self.decl() == *decl
    }

    pub(super) fn declare(&mut self, decl: &HandlerDecl) {
        self.filter = decl.filter.clone();
        self.max_backlog = decl.max_backlog;
        if self.removal.take().is_some() {
            self.paused = false;
        }
    }

    pub(super) fn row(&self) -> HandlerRow<'_> {
        let removal = match self.removal {
            None => 0,
            Some(Removal::Drain) => 1,
            Some(Removal::Bury) => 2,
        };
        (
            &self.name,
            &self.filter,
            self.max_backlog,
            self.paused,
            removal,
        )
    }

    /// The reverse of [`Self::row`].
    pub(super) fn of(row: HandlerRow<'_>, counts: Counts) -> Outcome<Self> {
        let (name, filter, max_backlog, paused, removal) = row;
        let decl = HandlerDecl {
            name: name.to_owned(),
            filter: Bytes::copy_from_slice(filter),
            max_backlog,
        };
        let removal = match removal {
            0 => None,
            1 => Some(Removal::Drain),
            2 => Some(Removal::Bury),
            _ => return Err(unreadable().into()),
        };
        Ok(Self {
            paused,
            removal,
            ..Self::new(&decl, counts)
        })
    }

    /// Whether workers get nothing.
    pub(super) fn is_closed(&self) -> bool {
        self.paused || self.removal == Some(Removal::Bury)
    }

    /// Whether a new job would be one too many.
    pub(super) fn is_full(&self) -> bool {
        let backlog = self.counts.waiting + self.counts.delayed;
        self.max_backlog.is_some_and(|max| backlog >= max)
    }

    pub(super) fn begin(&mut self) {
        self.undo.clear();
        self.cursor_before = self.cursor;
    }

    /// Back to where [`Self::begin`] was called; what the file holds is read from it again.
    pub(super) fn roll_back(&mut self, stored: &Self) {
        for (seq, Before { lease, returned }) in std::mem::take(&mut self.undo).into_iter().rev() {
            self.put(seq, lease, returned);
        }
        self.cursor = self.cursor_before;
        self.declare(&stored.decl());
        (self.paused, self.removal) = (stored.paused, stored.removal);
        (self.counts, self.changed) = (stored.counts, false);
    }

    pub(super) fn lease(&self, seq: u64) -> Option<Lease> {
        self.leases.get(&seq).copied()
    }

    /// The oldest lease that has run out.
    pub(super) fn run_out(&self, now: u64) -> Option<u64> {
        let &(end, seq) = self.ends.first()?;
        (end <= now).then_some(seq)
    }

    pub(super) fn returned(&self) -> Option<u64> {
        self.returned.first().copied()
    }

    pub(super) fn hold(&mut self, seq: u64, lease: Lease) {
        self.set(seq, Some(lease), false);
    }

    /// The job's row has left the queue.
    pub(super) fn forget(&mut self, seq: u64) {
        self.set(seq, None, false);
    }

    pub(super) fn hand_back(&mut self, seq: u64) {
        self.set(seq, None, true);
    }

    /// How many leases ended in between, and when the next one ends.
    pub(super) fn ended(&self, after: u64, now: u64) -> (usize, Option<u64>) {
        let count = match after < now {
            true => self.ends.range((after + 1, 0)..(now + 1, 0)).count(),
            false => 0,
        };
        let next = self.ends.range((now.saturating_add(1), 0)..).next();
        (count, next.map(|&(end, _)| end))
    }

    pub(super) fn stats(&self, oldest: Option<Duration>) -> HandlerStats {
        let processing = self.leases.len() as u64;
        HandlerStats {
            handler: self.name.to_string(),
            queued: self.counts.waiting.saturating_sub(processing),
            oldest,
            processing,
            delayed: self.counts.delayed,
            dead: self.counts.dead,
            paused: self.paused,
            removal: self.removal,
        }
    }

    fn set(&mut self, seq: u64, lease: Option<Lease>, returned: bool) {
        let before = self.put(seq, lease, returned);
        self.undo.push((seq, before));
    }

    fn put(&mut self, seq: u64, lease: Option<Lease>, returned: bool) -> Before {
        let was = match lease {
            Some(lease) => {
                self.ends.insert((lease.end, seq));
                self.leases.insert(seq, lease)
            }
            None => self.leases.remove(&seq),
        };
        if let Some(Lease { end, .. }) = was
            && lease.is_none_or(|lease| lease.end != end)
        {
            self.ends.remove(&(end, seq));
        }
        let was_returned = if returned {
            !self.returned.insert(seq)
        } else {
            self.returned.remove(&seq)
        };
        Before {
            lease: was,
            returned: was_returned,
        }
    }
}
