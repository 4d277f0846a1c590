//! Pausing, repairing, erasing, routing, sweeping.

use std::time::Duration;

use hookgate::store::{AcceptanceId, DedupKey};
use proptest::sample::Index;

use super::{
    check::{Check, Checked, NOW, ensure, equal, pause, recent, routes, said},
    model::{HANDLERS, Job, Place, handlers},
};

impl Check {
    pub(crate) async fn set_paused(&mut self, handler: usize, paused: bool) -> Checked {
        let changed = said(self.store.set_paused(HANDLERS[handler], paused).await)?;
        equal!(
            changed,
            self.paused[handler] != paused,
            "changed by a pause"
        );
        self.paused[handler] = paused;
        Ok(())
    }

    pub(crate) async fn repair(&mut self, handler: usize, which: &Index, replay: bool) -> Checked {
        self.compare_dead(handler).await?;
        let letters = &self.letters[handler];
        if letters.is_empty() {
            return Ok(());
        }
        let letter = recent(letters, which).clone();
        let (store, name) = (&self.store, HANDLERS[handler]);
        let there = said(match replay {
            true => store.replay(name, &letter.entry).await,
            false => store.discard(name, &letter.entry).await,
        })?;
        let entry = self.entry_of_dead(handler, letter.acceptance);
        equal!(
            there,
            entry == Some(&letter.entry),
            "the dead letter is there"
        );
        let job = self.model.job(letter.acceptance, name);
        if let Some(job) = job.filter(|_| there) {
            match replay {
                true => job.replay(),
                false => job.place = Place::Done,
            }
            self.seen.replayed += u32::from(replay);
        }
        Ok(())
    }

    /// The last letter of this acceptance, if it is dead.
    pub(crate) fn entry_of_dead(
        &self,
        handler: usize,
        acceptance: AcceptanceId,
    ) -> Option<&String> {
        let dead = self.model.dead(handler);
        dead.iter()
            .find(|(e, ..)| e.entry.acceptance == acceptance)?;
        let mut letters = self.letters[handler].iter().rev();
        let last = letters.find(|letter| letter.acceptance == acceptance);
        last.map(|letter| &letter.entry)
    }

    pub(crate) async fn requeue(&mut self, key: DedupKey) -> Checked {
        let Some(event) = self.model.events.get_mut(&key) else {
            return Ok(());
        };
        let requeued = said(self.store.requeue(key, event.entry.acceptance).await)?;
        let is_dead = |job: &&mut Job| matches!(job.place, Place::Dead { .. });
        let dead = event.jobs.iter_mut().filter(is_dead).map(Job::replay);
        equal!(requeued, dead.count(), "requeued");
        Ok(())
    }

    pub(crate) async fn set_alerted(&mut self, handler: usize, which: &Index) -> Checked {
        let letters = &self.letters[handler];
        if letters.is_empty() {
            return Ok(());
        }
        let at = which.index(letters.len());
        said(
            self.store
                .set_alerted(HANDLERS[handler], &letters[at].entry)
                .await,
        )?;
        self.alerted[handler] = self.alerted[handler].max(Some(at));
        Ok(())
    }

    pub(crate) async fn erase(&mut self, key: DedupKey) -> Checked {
        let erased = said(self.store.erase(key).await)?;
        let event = self.model.events.get_mut(&key);
        let mut there = event.as_ref().is_some_and(|event| event.is_open());
        for job in event.into_iter().flat_map(|event| &mut event.jobs) {
            job.place = Place::Done;
        }
        let before = self.model.unrouted.len();
        self.model.unrouted.retain(|_, entry| entry.key != key);
        there |= self.model.unrouted.len() < before;
        equal!(erased, there, "a payload was erased");
        Ok(())
    }

    pub(crate) async fn route(&mut self, which: &Index, to: u8) -> Checked {
        if self.unrouted.is_empty() {
            return Ok(());
        }
        let (name, acceptance) = &self.unrouted[which.index(self.unrouted.len())];
        let to = routes(to);
        let routed = said(self.store.route(name, &to).await)?;
        let entry = self.model.unrouted.remove(acceptance);
        equal!(routed, entry.is_some(), "the unrouted event is there");
        if let Some(entry) = entry {
            let event = self.model.events.get_mut(&entry.key);
            let event = event.ok_or("an unrouted event is not remembered")?;
            event.jobs = handlers(&to).map(Job::new).collect();
        }
        Ok(())
    }

    pub(crate) async fn sweep(&mut self) -> Checked {
        pause(Duration::from_millis(3)).await;
        let swept = said(self.store.sweep(NOW, 100).await)?;
        let mut right = self.model.unrouted.len();
        self.model.unrouted.clear();
        for job in self.model.events.values_mut().flat_map(|e| &mut e.jobs) {
            if matches!(job.place, Place::Dead { .. }) {
                job.place = Place::Done;
                right += 1;
            }
        }
        equal!(swept, right, "swept");
        Ok(())
    }
}
