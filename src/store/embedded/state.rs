//! What the writer keeps in memory, and the batch that the verbs work on.

use std::{collections::HashMap, sync::Arc};

use redb::ReadableTable;

use super::{
    fault::{Failure, Outcome},
    lane::{Counts, Lane},
    tables::Tables,
    time::Time,
};
use crate::store::check;

pub(super) struct State {
    pub(super) numbers: Numbers,
    pub(super) lanes: Vec<Lane>,
    pub(super) by_name: HashMap<Arc<str>, u32>,
    pub(super) max_bytes: u64,
    /// The bound while the disk is full.
    pub(super) shrunk: Option<u64>,
    pub(super) unrouted: u64,
    pub(super) time: Time,
}

/// The rows of the table of the same names.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    pub(super) revision: u64,
    /// The last number given to an event, a queue row, a dead letter or a lease.
    pub(super) seq: u64,
    /// Of payload.
    pub(super) bytes: u64,
    /// The last time that was seen.
    pub(super) clock: u64,
    /// Transactions that changed anything.
    pub(super) commits: u64,
}

/// The verbs of one transaction. Each decides before its first write.
pub(super) struct Batch<'t, 's> {
    tables: Tables<'t>,
    changed: bool,
    pub(super) state: &'s mut State,
    pub(super) now: u64,
    /// Lanes in which a job arrived, each once a job.
    pub(super) arrived: Vec<u32>,
}

impl<'t, 's> Batch<'t, 's> {
    pub(super) fn new(tables: Tables<'t>, state: &'s mut State) -> Self {
        let now = state.time.now();
        Self {
            tables,
            changed: false,
            state,
            now,
            arrived: Vec::new(),
        }
    }

    /// For reading.
    pub(super) fn tables(&self) -> &Tables<'t> {
        &self.tables
    }

    /// For writing: the transaction will be committed.
    pub(super) fn write(&mut self) -> &mut Tables<'t> {
        self.changed = true;
        &mut self.tables
    }

    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    pub(super) fn next_seq(&mut self) -> u64 {
        self.state.numbers.seq += 1;
        self.state.numbers.seq
    }

    pub(super) fn lane(&self, handler: &str) -> Outcome<u32> {
        let known = self.state.by_name.get(handler).copied();
        known.ok_or_else(|| Failure::Refused(check::unknown(handler)))
    }

    /// The same for one that may get new jobs.
    pub(super) fn declared(&self, handler: &str) -> Outcome<u32> {
        let lane = self.lane(handler)?;
        match self.state.lanes[lane as usize].removal {
            None => Ok(lane),
            Some(_) => Err(Failure::Refused(check::unknown(handler))),
        }
    }

    /// Notes what was declared of a handler and done to it.
    pub(super) fn keep_handler(&mut self, lane: u32) -> Outcome<()> {
        self.changed = true;
        let row = self.state.lanes[lane as usize].row();
        self.tables.handlers.insert(lane, row)?;
        Ok(())
    }

    /// Jobs are there for so many of those who wait, once this is committed.
    pub(super) fn announce(&mut self, lane: u32, jobs: u64) {
        if !self.lane_mut(lane).is_closed() {
            let jobs = usize::try_from(jobs).unwrap_or(usize::MAX).min(WAKE);
            self.arrived.extend(std::iter::repeat_n(lane, jobs));
        }
    }

    pub(super) fn lane_mut(&mut self, lane: u32) -> &mut Lane {
        &mut self.state.lanes[lane as usize]
    }

    pub(super) fn count(&mut self, lane: u32, change: impl FnOnce(&mut Counts)) {
        let lane = self.lane_mut(lane);
        change(&mut lane.counts);
        lane.changed = true;
    }

    /// Writes what changed in the state, last of all.
    pub(super) fn finish(&mut self) -> Outcome<Vec<u32>> {
        self.state.numbers.commits += 1;
        self.state.numbers.clock = self.now;
        self.state.numbers.write(&mut self.tables)?;
        for (number, lane) in (0..).zip(&mut self.state.lanes) {
            if std::mem::take(&mut lane.changed) {
                self.tables.counts.insert(number, lane.counts.row())?;
            }
        }
        Ok(std::mem::take(&mut self.arrived))
    }
}

/// Those woken at once for many jobs; each takes what it can.
pub(super) const WAKE: usize = 64;

impl State {
    /// What the file holds, without leases.
    pub(super) fn read(tables: &Tables<'_>, max_bytes: u64) -> Outcome<Parts> {
        let mut lanes = Vec::new();
        for row in tables.handlers.iter()? {
            let (number, decl) = row?;
            let counts = tables.counts.get(number.value())?;
            let counts = counts.map_or_else(Counts::default, |row| Counts::of(row.value()));
            lanes.push(Lane::of(decl.value(), counts)?);
        }
        Ok(Parts {
            numbers: Numbers::read(tables)?,
            unrouted: redb::ReadableTableMetadata::len(&tables.unrouted)?,
            lanes,
            max_bytes,
        })
    }

    /// After a batch that was not committed: what the file holds, with the leases of before.
    pub(super) fn roll_back(&mut self, stored: Parts) {
        self.numbers = stored.numbers;
        self.unrouted = stored.unrouted;
        self.lanes.truncate(stored.lanes.len());
        for (lane, stored) in self.lanes.iter_mut().zip(&stored.lanes) {
            lane.roll_back(stored);
        }
        let known = self.lanes.len();
        self.by_name.retain(|_, number| (*number as usize) < known);
    }
}

/// A state without a clock.
pub(super) struct Parts {
    pub(super) numbers: Numbers,
    unrouted: u64,
    lanes: Vec<Lane>,
    max_bytes: u64,
}

impl Parts {
    pub(super) fn with_time(self, time: Time) -> State {
        let by_name = self.lanes.iter().map(|lane| Arc::clone(&lane.name));
        State {
            numbers: self.numbers,
            by_name: by_name.zip(0..).collect(),
            lanes: self.lanes,
            max_bytes: self.max_bytes,
            shrunk: None,
            unrouted: self.unrouted,
            time,
        }
    }
}

impl Numbers {
    fn read(tables: &Tables<'_>) -> Outcome<Self> {
        let read = |name| -> Outcome<u64> {
            let row = tables.meta.get(name)?;
            Ok(row.map_or(0, |row| row.value()))
        };
        Ok(Self {
            revision: read("revision")?,
            seq: read("seq")?,
            bytes: read("bytes")?,
            clock: read("clock")?,
            commits: read("commits")?,
        })
    }

    fn write(self, tables: &mut Tables<'_>) -> Outcome<()> {
        let meta = &mut tables.meta;
        meta.insert("revision", self.revision)?;
        meta.insert("seq", self.seq)?;
        meta.insert("bytes", self.bytes)?;
        meta.insert("clock", self.clock)?;
        meta.insert("commits", self.commits)?;
        Ok(())
    }
}

impl Counts {
    const fn of((waiting, delayed, dead, alerted): (u64, u64, u64, u64)) -> Self {
        Self {
            waiting,
            delayed,
            dead,
            alerted,
        }
    }

    const fn row(self) -> (u64, u64, u64, u64) {
        (self.waiting, self.delayed, self.dead, self.alerted)
    }
}
