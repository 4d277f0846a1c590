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
    lane::Lane,
    reserve::Reserve,
    state::{Batch, State, WAKE},
    tables::Tables,
};
use crate::error::StoreError;

pub(super) struct Writer {
    pub(super) file: File,
    /// `None` while the disk is too full to open it again.
    pub(super) db: Option<Database>,
    pub(super) state: State,
    pub(super) reserve: Reserve,
    pub(super) calls: Arc<Calls>,
    pub(super) sweep_every: Duration,
    /// [`Numbers::commits`](super::state::Numbers::commits) before the last batch.
    pub(super) before: u64,
    /// The lease ends up to here have been told to those who wait.
    pub(super) rung: u64,
}

/// Why a batch failed, and whether it may be in the file all the same.
struct Failed {
    fault: Fault,
    committing: bool,
}

#[derive(Eq, PartialEq)]
enum Reopened {
    /// Nothing of the batch is in the file.
    AsBefore,
    /// All of it is.
    Committed,
    No,
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
        self.close();
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
        if self.db.is_none() && self.reopen() == Reopened::No {
            let fault = Fault::full();
            return self.fail(steps, &fault, fault.error());
        }
        if self.state.shrunk.is_some() && self.reserve.is_due() && self.reserve.keep() {
            self.state.shrunk = None;
        }
        self.before = self.state.numbers.commits;
        let tried = catch_unwind(AssertUnwindSafe(|| self.attempt(&mut steps, sweep)));
        let Failed { fault, committing } = match tried {
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
        if !self.file.is_merely_full() {
            let error = match committing {
                true => ambiguous(&fault.why),
                false => fault.error(),
            };
            self.close();
            return self.fail(steps, &fault, error);
        }
        self.close();
        self.reserve.release();
        let error = match self.reopen() {
            Reopened::AsBefore => Fault::full().error(),
            Reopened::No if !committing => Fault::full().error(),
            Reopened::No | Reopened::Committed => ambiguous(&fault.why),
        };
        self.fail(steps, &fault, error)
    }

    /// Answers with this error. Unless there was just no room, everything ends with that.
    fn fail(&self, steps: Vec<Box<dyn Step>>, fault: &Fault, error: StoreError) -> bool {
        let (kind, message) = (error.kind(), error.to_string());
        for step in steps {
            step.answer(Some(StoreError::new(kind, message.clone())));
        }
        if self.db.is_some() || self.file.is_merely_full() {
            return true;
        }
        let path = self.file.path().display();
        let why = format!("{path} cannot be used until restart: {}", fault.why);
        self.calls.give_up(&why);
        for lane in &self.state.lanes {
            lane.arrived.notify_waiters();
        }
        false
    }

    fn attempt(&mut self, steps: &mut [Box<dyn Step>], sweep: bool) -> Result<Vec<u32>, Failed> {
        self.state.lanes.iter_mut().for_each(Lane::begin);
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
                batch.expire(max).map_err(before)?;
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

    /// After a write for which there was no room, redb asks for the file to be opened again. What
    /// is there then tells whether the batch was committed.
    fn reopen(&mut self) -> Reopened {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let db = self.file.open()?;
            let stored = super::file::read(&db, self.state.max_bytes)?;
            Ok::<_, Fault>((db, stored))
        }));
        let Ok(Ok((db, stored))) = opened else {
            return Reopened::No;
        };
        self.db = Some(db);
        self.state.shrunk = Some(stored.numbers.bytes / 10 * 9);
        if stored.numbers.commits == self.before {
            self.state.roll_back(stored);
            Reopened::AsBefore
        } else {
            Reopened::Committed
        }
    }

    fn close(&mut self) {
        let db = self.db.take();
        // Whatever redb makes of a file that failed.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(db)));
    }

    fn wake(&self, arrived: &[u32]) {
        for lane in arrived {
            self.state.lanes[*lane as usize].arrived.notify_one();
        }
    }
}

/// Records looked at in a sweep for its own sake.
const SWEEP: usize = 4_096;
