//! Everything that a store tells of itself is what the model says.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{
    check::{Check, Checked, Letter, ensure, equal, key, said},
    model::{HANDLERS, Place},
    ops::SLOTS,
};

impl Check {
    /// Everything that the store tells of itself.
    pub(crate) async fn compare(&mut self) -> Checked {
        let stats = said(self.store.stats().await)?;
        equal!(stats.bytes, self.model.bytes(), "bytes");
        equal!(stats.unrouted, self.model.unrouted.len() as u64, "unrouted");
        for (handler, told) in stats.handlers.iter().enumerate() {
            let mut counts = [0; 3];
            for (_, job) in self.model.jobs(handler) {
                match job.place {
                    Place::Queued | Place::Leased { .. } => counts[0] += 1,
                    Place::Delayed { .. } => counts[1] += 1,
                    Place::Dead { .. } => counts[2] += 1,
                    Place::Done => {}
                }
            }
            let found = [told.queued + told.processing, told.delayed, told.dead];
            equal!(
                found,
                counts,
                "waiting, delayed and dead of {}",
                told.handler
            );
            equal!(
                told.paused,
                self.paused[handler],
                "{} is paused",
                told.handler
            );
            self.compare_dead(handler).await?;
        }
        self.compare_statuses().await?;
        self.compare_unrouted().await
    }

    pub(crate) async fn compare_statuses(&self) -> Checked {
        // All at once: they share a round trip.
        let mut asked = JoinSet::new();
        for key in (0..SLOTS).map(key) {
            let store = Arc::clone(&self.store);
            asked.spawn(async move { (key, store.status(key).await) });
        }
        for (key, found) in asked.join_all().await {
            let found = said(found)?;
            let right = self.model.events.get(&key);
            if found.is_none() && right.is_none_or(|event| event.ending) {
                continue;
            }
            let (Some(found), Some(right)) = (&found, right) else {
                let known = right.is_some();
                equal!(found.is_some(), known, "{key:?} is remembered");
                continue;
            };
            equal!(found.acceptance, right.entry.acceptance, "what stands");
            equal!(found.jobs.len(), right.jobs.len(), "jobs of {key:?}");
            for (job, (handler, state)) in right.jobs.iter().zip(&found.jobs) {
                equal!(**handler, *HANDLERS[job.handler], "a handler of {key:?}");
                ensure!(
                    job.is_in(state),
                    "{handler} has {key:?} {state:?}, not {:?}",
                    job.place
                );
            }
        }
        Ok(())
    }

    pub(crate) async fn compare_dead(&mut self, handler: usize) -> Checked {
        let listed = said(self.store.dead(HANDLERS[handler], None, 100).await)?;
        let right = self.model.dead(handler);
        equal!(listed.len(), right.len(), "dead letters listed");
        for (letter, (event, job, reason)) in listed.iter().zip(right) {
            let found = (letter.acceptance, letter.attempt, letter.replays);
            let right = (event.entry.acceptance, job.attempt, job.replays);
            equal!(found, right, "dead letter");
            equal!(letter.reason, reason, "reason of a death");
            equal!(letter.body, event.entry.body, "body of a dead letter");
            let known = &mut self.letters[handler];
            if known.iter().all(|known| known.entry != letter.entry) {
                known.push(Letter {
                    entry: letter.entry.clone(),
                    acceptance: letter.acceptance,
                });
            }
        }
        let alerted = said(self.store.alerted(HANDLERS[handler]).await)?;
        let right = self.alerted[handler].map(|at| &self.letters[handler][at].entry);
        equal!(alerted.as_ref(), right, "told of");
        Ok(())
    }

    pub(crate) async fn compare_unrouted(&mut self) -> Checked {
        let listed = said(self.store.unrouted(None, 100).await)?;
        let right = self.model.unrouted.values();
        let found: Vec<_> = listed
            .iter()
            .map(|event| (event.key, &event.body))
            .collect();
        equal!(
            found,
            right.map(|e| (e.key, &e.body)).collect::<Vec<_>>(),
            "unrouted"
        );
        for (event, acceptance) in listed.iter().zip(self.model.unrouted.keys()) {
            if self.unrouted.iter().all(|(known, _)| *known != event.entry) {
                self.unrouted.push((event.entry.clone(), *acceptance));
            }
        }
        Ok(())
    }
}
