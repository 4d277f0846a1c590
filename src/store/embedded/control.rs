//! The operating side.

use super::{EmbeddedStore, admin::MAX_SWEPT, fault::Outcome, rows::Place, state::Batch};
use crate::store::{Control, REMOVED, Removal, StoreFuture};

impl Control for EmbeddedStore {
    fn set_paused<'a>(&'a self, handler: &'a str, paused: bool) -> StoreFuture<'a, bool> {
        let handler = handler.to_owned();
        Box::pin(
            self.calls
                .call(move |batch| batch.set_paused(&handler, paused)),
        )
    }

    fn remove<'a>(&'a self, handler: &'a str, removal: Removal) -> StoreFuture<'a, bool> {
        let handler = handler.to_owned();
        Box::pin(
            self.calls
                .call(move |batch| batch.remove(&handler, removal)),
        )
    }

    fn bury_removed<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, usize> {
        let handler = handler.to_owned();
        Box::pin(
            self.calls
                .call(move |batch| batch.bury_removed(&handler, max)),
        )
    }
}

impl Batch<'_, '_> {
    fn set_paused(&mut self, handler: &str, paused: bool) -> Outcome<bool> {
        let lane = self.lane(handler)?;
        if std::mem::replace(&mut self.lane_mut(lane).paused, paused) == paused {
            return Ok(false);
        }
        self.keep_handler(lane)?;
        let waiting = self.lane_mut(lane).counts.waiting;
        self.announce(lane, waiting);
        Ok(true)
    }

    fn remove(&mut self, handler: &str, removal: Removal) -> Outcome<bool> {
        let lane = self.lane(handler)?;
        let was = self.lane_mut(lane).removal.replace(removal);
        if was == Some(removal) {
            return Ok(false);
        }
        self.state.numbers.revision += u64::from(was.is_none());
        self.keep_handler(lane)?;
        Ok(true)
    }

    fn bury_removed(&mut self, handler: &str, max: usize) -> Outcome<usize> {
        let lane = self.lane(handler)?;
        if self.lane_mut(lane).removal != Some(Removal::Bury) {
            return Ok(0);
        }
        let mut buried = 0;
        while buried < max.min(MAX_SWEPT) {
            let (job, from) = if let Some((seq, (job, _))) = self.next_job(lane)? {
                self.unqueue(lane, seq)?;
                (job, Place::Queue { seq })
            } else if let Some((due, seq, job)) = self.next_delayed(lane)? {
                self.undelay(lane, due, seq)?;
                (job, Place::Delayed { due, seq })
            } else {
                break;
            };
            let to = self.kill(lane, job, REMOVED)?;
            self.move_job(job.0, lane, from, to)?;
            buried += 1;
        }
        Ok(buried)
    }
}
