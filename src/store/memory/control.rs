//! The operating side.

use super::{MemoryStore, state::State};
use crate::{
    error::StoreError,
    store::{Control, REMOVED, Removal, StoreFuture},
};

impl Control for MemoryStore {
    fn set_paused<'a>(&'a self, handler: &'a str, paused: bool) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.state().set_paused(handler, paused) })
    }

    fn remove<'a>(&'a self, handler: &'a str, removal: Removal) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.state().remove(handler, removal) })
    }

    fn bury_removed<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, usize> {
        Box::pin(async move { self.state().bury_removed(handler, max, self.now()) })
    }
}

impl State {
    fn set_paused(&mut self, handler: &str, paused: bool) -> Result<bool, StoreError> {
        let lane = self.lane(handler)?;
        let lane = &mut self.lanes[lane];
        let was = std::mem::replace(&mut lane.paused, paused);
        lane.arrived.notify_waiters();
        Ok(was != paused)
    }

    fn remove(&mut self, handler: &str, removal: Removal) -> Result<bool, StoreError> {
        let lane = self.lane(handler)?;
        let was = self.lanes[lane].removal.replace(removal);
        self.revision += u64::from(was.is_none());
        Ok(was != Some(removal))
    }

    fn bury_removed(&mut self, handler: &str, max: usize, now: u64) -> Result<usize, StoreError> {
        let lane = self.lane(handler)?;
        if self.lanes[lane].removal != Some(Removal::Bury) {
            return Ok(0);
        }
        let mut buried = 0;
        while buried < max {
            let waiting = self.lanes[lane].next(now);
            let Some(id) = waiting.or_else(|| self.lanes[lane].next_delayed()) else {
                break;
            };
            let dead = self.dying(REMOVED, now);
            self.put(id, lane, dead);
            buried += 1;
        }
        Ok(buried)
    }
}
