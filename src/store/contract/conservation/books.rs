//! Whether the driver's books and the store agree.

use super::*;

impl Driver {
    /// What the store says of one event is what the books say.
    pub(super) async fn agree(&mut self) {
        let Some(entry) = self.any() else { return };
        let status = self
            .store
            .status(entry.key)
            .await
            .expect("status")
            .expect("remembered");
        assert_eq!(status.jobs.len(), entry.routes.len());
        for (route, (handler, state)) in entry.routes.iter().zip(status.jobs) {
            assert_eq!(*route, handler);
            let right = self.states(&(handler, entry.acceptance));
            assert!(right.contains(&state.name()), "{state:?}, not {right:?}");
        }
    }

    /// The names of the states in which a job may be. Two under a lease of which nobody knows
    /// whether it still runs.
    fn states(&self, job: &Name) -> &'static [&'static str] {
        match self.books[job] {
            Place::There => match self.current.get(job) {
                None => &["queued"],
                Some(fence) if fence.lease == LONG => &["processing"],
                Some(_) => &["queued", "processing"],
            },
            Place::Delayed => &["delayed"],
            Place::Dead => &["dead"],
            Place::Done => &["done"],
        }
    }

    pub(super) async fn balance(&self) {
        for handler in HANDLERS {
            let mut ours = [0; 3];
            for ((_, _), place) in self
                .books
                .iter()
                .filter(|((name, _), _)| &**name == handler)
            {
                match place {
                    Place::There => ours[0] += 1,
                    Place::Delayed => ours[1] += 1,
                    Place::Dead => ours[2] += 1,
                    Place::Done => {}
                }
            }
            let [queued, processing, delayed, dead] = counts(&*self.store, handler).await;
            assert_eq!([queued + processing, delayed, dead], ours, "{handler}");
        }
    }

    /// Hands every lease back and finishes what is there: each job once, with its own payload.
    pub(super) async fn drain(mut self) {
        for handler in HANDLERS {
            self.store.promote(handler, 1_000).await.expect("promote");
        }
        for fence in std::mem::take(&mut self.fences) {
            let _: Held = self.store.hand_back(&fence).await.expect("hand_back");
        }
        let mut seen = HashSet::new();
        for handler in HANDLERS {
            loop {
                let wait = ms(100);
                let request = LeaseRequest {
                    handler,
                    max: 50,
                    lease: LONG,
                    wait,
                };
                let jobs = self.store.lease(request).await.expect("lease");
                if jobs.is_empty() {
                    break;
                }
                for job in jobs {
                    let name = (Arc::clone(&job.fence.handler), job.fence.acceptance);
                    assert!(seen.insert(name.clone()), "{name:?} is there twice");
                    assert_eq!(
                        self.store.done(&job.fence).await.expect("done"),
                        Held::Applied
                    );
                }
            }
        }
        for (name, place) in &self.books {
            let left = matches!(place, Place::There | Place::Delayed);
            assert_eq!(seen.contains(name), left, "{name:?} was {place:?}");
        }
    }
}
