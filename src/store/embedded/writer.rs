//! The one thread that touches the file.
//!
//! What is waiting when the last commit has returned goes into the next transaction: while the disk
//! works, a batch gathers. Nothing is delayed for a batch's sake.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use redb::Database;

use super::{
    calls::{Calls, Step, ambiguous},
    fault::{Failure, Fault},
    file::File,
    state::{Batch, State},
    tables::Tables,
};
use crate::error::{StoreError, StoreErrorKind};

pub(super) struct Writer {
    pub(super) file: File,
    /// `None` only while it is being opened again.
    pub(super) db: Option<Database>,
    pub(super) state: State,
    pub(super) calls: Arc<Calls>,
    pub(super) sweep_every: Duration,
    /// The lease ends up to here have been told to those who wait.
    pub(super) rung: u64,
}

/// Why a batch failed, and whether it may be in the file all the same.
struct Failed {
    fault: Fault,
    committing: bool,
}

impl Writer {
    pub(super) fn run(mut self) {
        let mut swept = Instant::now();
        loop {
            let wait = self.ring().min(self.sweep_every);
            let Some(steps) = self.calls.next(wait) else {
                break;
            };
            let sweep = swept.elapsed() >= self.sweep_every;
            if steps.is_empty() && !sweep {
                continue;
            }
            if sweep {
                swept = Instant::now();
            }
            if !self.batch(steps, sweep) {
                break;
            }
        }
        // Whatever redb makes of a file that failed.
        let db = self.db.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(db)));
    }

    /// Wakes those who wait for jobs whose lease has just ended; tells when the next one will.
    fn ring(&mut self) -> Duration {
        let now = self.state.time.now();
        let mut next = u64::MAX;
        for lane in &self.state.lanes {
            let (ended, end) = lane.ended(self.rung, now);
            for _ in 0..ended.min(WAKE) {
                lane.arrived.notify_one();
            }
            next = next.min(end.unwrap_or(u64::MAX));
        }
        self.rung = now;
        Duration::from_millis(next.saturating_sub(now))
    }

    /// Carries out a batch and answers. False when the store must not be used any more.
    fn batch(&mut self, mut steps: Vec<Box<dyn Step>>, sweep: bool) -> bool {
        let before = self.state.numbers.commits;
        let tried = catch_unwind(AssertUnwindSafe(|| self.attempt(&mut steps, sweep)));
        let failed = match tried {
            Ok(Ok(arrived)) => {
                self.wake(&arrived);
                steps.into_iter().for_each(|step| step.answer(None));
                return true;
            }
            Ok(Err(failed)) => failed,
            Err(_) => Failed {
                fault: Fault::corrupt("the file's structure is damaged"),
                committing: true,
            },
        };
        if self.file.is_merely_full() && self.reopen(before) {
            let full = |step: Box<dyn Step>| step.answer(Some(full(&failed.fault)));
            steps.into_iter().for_each(full);
            return true;
        }
        let path = self.file.path().display();
        let why = format!("{path} cannot be used until restart: {}", failed.fault.why);
        for step in steps {
            step.answer(Some(match failed.committing {
                true => ambiguous(&why),
                false => failed.fault.error(),
            }));
        }
        self.calls.give_up(&why);
        for lane in &self.state.lanes {
            lane.arrived.notify_waiters();
        }
        false
    }

    fn attempt(&mut self, steps: &mut [Box<dyn Step>], sweep: bool) -> Result<Vec<u32>, Failed> {
        let before = |failure| Failed {
            fault: match failure {
                Failure::Broken(fault) => fault,
                Failure::Refused(error) => Fault::corrupt(error.to_string()),
            },
            committing: false,
        };
        let closed = || Fault::corrupt("the file is closed");
        let db = self.db.as_ref().ok_or_else(closed);
        let db = db.map_err(|fault| before(fault.into()))?;
        let mut transaction = db.begin_write().map_err(|e| before(e.into()))?;
        // Saves the allocator's state with every commit, so that a restart after a crash is instant.
        transaction.set_quick_repair(true);
        let arrived = {
            let tables = Tables::open(&transaction).map_err(|e| before(e.into()))?;
            let mut batch = Batch::new(tables, &mut self.state);
            for step in &mut *steps {
                step.run(&mut batch).map_err(|fault| before(fault.into()))?;
            }
            if batch.changed() || sweep {
                let max = if sweep { SWEEP } else { 2 * steps.len() };
                batch.sweep(max).map_err(before)?;
            }
            if !batch.changed() {
                return Ok(batch.arrived);
            }
            batch.finish().map_err(before)?
        };
        // The default durability: it returns when the disk has it.
        transaction.commit().map_err(|error| Failed {
            fault: error.into(),
            committing: true,
        })?;
        Ok(arrived)
    }

    /// After a write for which there was no room: opens the file again, as redb asks for. True when
    /// it shows that nothing of the batch was committed.
    fn reopen(&mut self, commits: u64) -> bool {
        let db = self.db.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(db)));
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let db = self.file.open()?;
            let stored = super::file::read(&db, self.state.max_bytes)?;
            Ok::<_, Fault>((db, stored))
        }));
        match opened {
            Ok(Ok((db, stored))) if stored.numbers.commits == commits => {
                self.state.roll_back(stored);
                self.db = Some(db);
                true
            }
            _ => false,
        }
    }

    fn wake(&self, arrived: &[u32]) {
        for lane in arrived {
            self.state.lanes[*lane as usize].arrived.notify_one();
        }
    }
}

fn full(fault: &Fault) -> StoreError {
    let message = format!("the disk is full; nothing was written: {}", fault.why);
    StoreError::new(StoreErrorKind::Full, message)
}

/// Those woken at once for leases that ended; each takes what it can.
const WAKE: usize = 64;

/// Records looked at in a sweep for its own sake.
const SWEEP: usize = 4_096;
