//! Accepting and working.

use std::time::Duration;

use hookgate::{
    error::StoreErrorKind,
    store::{Accepted, Entry, Fence, Held, LeaseRequest, Leased},
};
use proptest::sample::Index;

use super::{
    check::{Check, Checked, LONG, NOW, ensure, equal, pause, recent, said},
    model::{HANDLERS, Job, Place},
    ops::Verb,
};

impl Check {
    pub(crate) async fn accept(&mut self, entry: Entry) -> Checked {
        let right = self.model.answers(&entry, self.revision);
        let answer = match self.store.accept(entry.clone()).await {
            Err(why) if why.kind() == StoreErrorKind::Full => Err(()),
            answer => Ok(said(answer)?),
        };
        ensure!(
            right.contains(&answer),
            "accepted {answer:?}, and right is {right:?}"
        );
        self.seen.full += u32::from(answer.is_err());
        if let Ok(Accepted::New { overflowed, .. }) = answer {
            self.seen.overflowed += u32::from(overflowed);
            self.seen.accepted_again +=
                u32::from(self.leases.iter().any(|lease| lease.key == entry.key));
            self.model.store(entry);
        } else if !matches!(answer, Ok(Accepted::Duplicate { .. })) {
            // It was looked at as a new one: it is forgotten.
            self.model.events.remove(&entry.key);
        }
        Ok(())
    }

    /// An acceptance has one name only: it is repeated while it stands.
    pub(crate) async fn accept_again(&mut self) -> Checked {
        let Some(entry) = self.last.clone() else {
            return Ok(());
        };
        match self.model.events.get(&entry.key) {
            Some(event) if !event.ending => self.accept(entry).await,
            _ => Ok(()),
        }
    }

    pub(crate) async fn lease(
        &mut self,
        handler: usize,
        max: usize,
        short: bool,
    ) -> Checked<Vec<Leased>> {
        let lease = if short {
            Duration::from_millis(1)
        } else {
            LONG
        };
        let (name, wait) = (HANDLERS[handler], NOW);
        let request = LeaseRequest {
            handler: name,
            max,
            lease,
            wait,
        };
        let leased = said(self.store.lease(request).await)?;
        let jobs = || self.model.jobs(handler).map(|(_, job)| job);
        let mut queued = jobs()
            .filter(|job| matches!(job.place, Place::Queued))
            .count();
        let mut free = jobs().filter(|job| job.is_free()).count();
        if self.paused[handler] {
            (queued, free) = (0, 0);
        }
        // A look for leases that ran out is bounded: it may find them the next time.
        let right = queued.min(max)..=free.min(max);
        ensure!(
            right.contains(&leased.len()),
            "{} jobs leased, and right is {right:?}",
            leased.len()
        );
        for one in &leased {
            self.take(one, short)?;
        }
        if short {
            pause(Duration::from_millis(3)).await;
        }
        Ok(leased)
    }

    pub(crate) fn take(&mut self, leased: &Leased, over: bool) -> Checked {
        let fence = leased.fence.clone();
        let event = self.model.events.get(&leased.key);
        let event = event.ok_or("a job of no event was leased")?;
        let entry = &event.entry;
        equal!(entry.acceptance, fence.acceptance, "acceptance leased");
        equal!(leased.head, entry.head, "head leased");
        equal!(leased.body, entry.body, "body leased");
        let job = self.model.job(fence.acceptance, &fence.handler);
        let job = job.ok_or("a job of another handler was leased")?;
        ensure!(job.is_free(), "leased in spite of {:?}", job.place);
        job.deliveries += 1;
        let counts = |job: &Job| (job.attempt, job.deliveries, job.replays);
        let found = (leased.attempt, leased.deliveries, leased.replays);
        equal!(found, counts(job), "attempt, deliveries, replays");
        job.place = Place::Leased {
            fence: fence.clone(),
            over,
        };
        self.leases.push(fence);
        Ok(())
    }

    pub(crate) async fn use_lease(&mut self, which: &Index, verb: Verb) -> Checked {
        match self.leases.is_empty() {
            true => Ok(()),
            false => {
                self.do_under(recent(&self.leases, which).clone(), verb)
                    .await
            }
        }
    }

    pub(crate) async fn do_under(&mut self, lease: Fence, verb: Verb) -> Checked {
        let (store, delay) = (&self.store, |soon| if soon { NOW } else { LONG });
        let held = said(match verb {
            Verb::Done => store.done(&lease).await,
            Verb::Retry { soon } => store.retry(&lease, delay(soon)).await,
            Verb::Postpone { soon } => store.postpone(&lease, delay(soon)).await,
            Verb::Bury => store.bury(&lease, "buried").await,
            Verb::HandBack => store.hand_back(&lease).await,
            Verb::Extend => store.extend(&lease).await,
        })?;
        let grave = matches!(verb, Verb::Bury).then(|| self.model.grave("buried"));
        let Some(job) = self.model.held(&lease) else {
            equal!(held, Held::Lost, "a zombie's {verb:?}");
            self.seen.zombies += 1;
            return Ok(());
        };
        equal!(held, Held::Applied, "an owner's {verb:?}");
        match verb {
            Verb::Done => job.place = Place::Done,
            Verb::Retry { soon } => {
                (job.attempt, job.deliveries) = (job.attempt + 1, 0);
                job.place = Place::Delayed { due: soon };
            }
            Verb::Postpone { soon } => {
                job.deliveries -= 1;
                job.place = Place::Delayed { due: soon };
            }
            Verb::Bury => job.place = grave.expect("made above"),
            Verb::HandBack => {
                job.deliveries -= 1;
                job.place = Place::Queued;
            }
            // As long as it was, from now on.
            Verb::Extend => pause(Duration::from_millis(3)).await,
        }
        Ok(())
    }

    pub(crate) async fn promote(&mut self, handler: usize) -> Checked {
        // What is due at once is due a millisecond later everywhere.
        pause(Duration::from_millis(3)).await;
        let promoted = said(self.store.promote(HANDLERS[handler], 100).await)?;
        let (mut due, mut later) = (0, 0);
        for job in self.model.events.values_mut().flat_map(|e| &mut e.jobs) {
            match job.place {
                Place::Delayed { due: true } if job.handler == handler => {
                    job.place = Place::Queued;
                    due += 1;
                }
                Place::Delayed { .. } if job.handler == handler => later += 1,
                _ => {}
            }
        }
        equal!(promoted.moved, due, "promoted");
        equal!(
            promoted.next_due.is_some(),
            later > 0,
            "something is due later"
        );
        Ok(())
    }
}
