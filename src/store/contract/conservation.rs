//! Random work, and the books must balance.

use std::collections::{HashMap, HashSet};

use super::*;

mod books;

/// Point 5: for every event and handler exactly one of queued, processing, delayed, dead and done.
///
/// A seeded driver accepts, leases with leases that run out at once, and lets owners and zombies
/// (those whose lease was taken over) do everything they may, while dead letters are replayed and
/// discarded and events requeued and erased. After every hundred steps the store's
/// counts must be what the driver's own books say; in the end every job that is neither dead nor
/// done is found by leasing, once.
pub async fn every_job_is_in_one_place_whatever_happens(factory: &impl Factory) {
    for seed in 1..=3 {
        let store = factory.open(ROOMY).await;
        let mut declared = handlers(&HANDLERS);
        declared[2].max_backlog = Some(BOUND);
        store.declare(&declared).await.expect("declare");
        let mut driver = Driver::new(store, seed);
        for step in 0..1_500 {
            driver.step().await;
            if step % 5 == 0 {
                driver.agree().await;
            }
            if step % 100 == 0 {
                driver.balance().await;
            }
        }
        assert!(
            driver.refused > 20,
            "too few zombies for a test: {}",
            driver.refused
        );
        assert!(driver.overflowed > 5, "too few: {}", driver.overflowed);
        driver.drain().await;
    }
}

const HANDLERS: [&str; 3] = ["one", "two", "three"];

/// On the backlog of the last of them.
const BOUND: u64 = 20;

/// A job's name in the driver's books: the handler and the event.
type Name = (Arc<str>, AcceptanceId);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// Queued, or processing: whether a short lease still runs depends on the time.
    There,
    Delayed,
    Dead,
    Done,
}

struct Driver {
    store: Arc<dyn Store>,
    random: u64,
    books: HashMap<Name, Place>,
    entries: Vec<Entry>,
    /// Every lease ever given out.
    fences: Vec<Fence>,
    /// The lease that counts, of each job under one.
    current: HashMap<Name, Fence>,
    /// The events that were erased.
    erased: HashSet<AcceptanceId>,
    refused: u32,
    overflowed: u32,
}

impl Driver {
    fn new(store: Arc<dyn Store>, seed: u64) -> Self {
        let (books, entries, fences, current, erased) = Default::default();
        Self {
            store,
            random: seed,
            books,
            entries,
            fences,
            current,
            erased,
            refused: 0,
            overflowed: 0,
        }
    }

    fn below(&mut self, n: usize) -> usize {
        let x = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.random = x;
        (x >> 33) as usize % n
    }

    async fn step(&mut self) {
        match self.below(13) {
            10 => self.repair_one().await,
            11 => self.requeue().await,
            12 if self.below(3) == 0 => self.erase().await,
            0 | 1 => self.accept().await,
            2 => self.accept_again().await,
            3..=5 => self.lease().await,
            6 => self.promote().await,
            _ => self.end_one().await,
        }
    }

    async fn accept(&mut self) {
        let routes: Vec<_> = HANDLERS.into_iter().filter(|_| self.below(3) > 0).collect();
        let entry = event(&routes);
        let ours = |name: &Name| *name.0 == *HANDLERS[2];
        let waits = |(name, place): (&Name, &Place)| {
            ours(name) && matches!(place, Place::There | Place::Delayed)
        };
        let backlog = self.books.iter().filter(|job| waits(*job)).count() as u64;
        let mut overflowed = false;
        for route in &entry.routes {
            let name = (Arc::clone(route), entry.acceptance);
            let dies = ours(&name) && backlog >= BOUND;
            overflowed |= dies;
            let place = if dies { Place::Dead } else { Place::There };
            self.books.insert(name, place);
        }
        let expected = Accepted::New {
            repeated_bytes: false,
            overflowed,
        };
        let answer = self.store.accept(entry.clone()).await.expect("accept");
        assert_eq!(answer, expected);
        self.overflowed += u32::from(overflowed);
        self.entries.push(entry);
    }

    async fn accept_again(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        let i = self.below(self.entries.len());
        let entry = self.entries[i].clone();
        let is_dead =
            |route: &Arc<str>| self.books[&(Arc::clone(route), entry.acceptance)] == Place::Dead;
        let dead = entry.routes.iter().any(is_dead);
        let acceptance = entry.acceptance;
        let answer = self.store.accept(again(&entry)).await.expect("accept");
        assert_eq!(
            answer,
            Accepted::Duplicate {
                acceptance,
                same_body: true,
                dead
            }
        );
    }

    /// Half of the leases run out at once: their owners become zombies.
    async fn lease(&mut self) {
        let handler = HANDLERS[self.below(3)];
        let (length, max) = ([LONG, ms(1)][self.below(2)], 1 + self.below(3));
        for job in lease(&*self.store, handler, max, length).await {
            let name = (Arc::clone(&job.fence.handler), job.fence.acceptance);
            assert_eq!(
                self.books.get(&name),
                Some(&Place::There),
                "{name:?} leased"
            );
            self.current.insert(name, job.fence.clone());
            self.fences.push(job.fence);
        }
    }

    async fn promote(&mut self) {
        let handler: Arc<str> = Arc::from(HANDLERS[self.below(3)]);
        let delayed =
            |(name, place): &(&Name, &mut Place)| name.0 == handler && **place == Place::Delayed;
        // All delays are zero; a millisecond later all are due.
        pause(ms(2)).await;
        let moved = self
            .store
            .promote(&handler, 1_000)
            .await
            .expect("promote")
            .moved;
        let mut count = 0;
        for (_, place) in self.books.iter_mut().filter(delayed) {
            *place = Place::There;
            count += 1;
        }
        assert_eq!(moved, count);
    }

    async fn end_one(&mut self) {
        if self.fences.is_empty() {
            return;
        }
        let i = self.below(self.fences.len());
        // It stays among them: used again, it is a zombie's.
        let fence = self.fences[i].clone();
        let name = (Arc::clone(&fence.handler), fence.acceptance);
        let counts = self.current.get(&name) == Some(&fence);
        let store = Arc::clone(&self.store);
        let (held, place) = match self.below(7) {
            0 => (store.retry(&fence, NOW).await, Some(Place::Delayed)),
            1 => (store.bury(&fence, "random").await, Some(Place::Dead)),
            2 => (store.hand_back(&fence).await, Some(Place::There)),
            3 => (store.extend(&fence).await, None),
            4 => (store.postpone(&fence, NOW).await, Some(Place::Delayed)),
            _ => (store.done(&fence).await, Some(Place::Done)),
        };
        let expected = if counts { Held::Applied } else { Held::Lost };
        assert_eq!(
            held.expect("held"),
            expected,
            "{name:?}, whose lease counts: {counts}"
        );
        self.refused += u32::from(!counts);
        if let (true, Some(place)) = (counts, place) {
            self.books.insert(name.clone(), place);
            self.current.remove(&name);
        }
    }

    async fn repair_one(&mut self) {
        let handler = HANDLERS[self.below(3)];
        let mut letters = dead(&*self.store, handler).await;
        if letters.is_empty() {
            return;
        }
        let letter = letters.swap_remove(self.below(letters.len()));
        let name = (Arc::clone(&letter.handler), letter.acceptance);
        assert_eq!(self.books.get(&name), Some(&Place::Dead), "{name:?} dead");
        let (store, replayed) = (Arc::clone(&self.store), self.below(3) > 0);
        let (there, place) = if replayed {
            (store.replay(handler, &letter.entry).await, Place::There)
        } else {
            (store.discard(handler, &letter.entry).await, Place::Done)
        };
        assert!(there.expect("repair"), "{name:?}");
        self.books.insert(name, place);
    }

    async fn requeue(&mut self) {
        let Some(entry) = self.any() else { return };
        let requeued = self.store.requeue(entry.key, entry.acceptance).await;
        let mut count = 0;
        for route in entry.routes {
            if let Some(place @ Place::Dead) = self.books.get_mut(&(route, entry.acceptance)) {
                *place = Place::There;
                count += 1;
            }
        }
        assert_eq!(requeued.expect("requeue"), count);
    }

    async fn erase(&mut self) {
        let Some(entry) = self.any() else { return };
        let erased = self.store.erase(entry.key).await.expect("erase");
        let mut open = entry.routes.is_empty() && !self.erased.contains(&entry.acceptance);
        for route in entry.routes {
            let name = (route, entry.acceptance);
            let was = self.books.insert(name.clone(), Place::Done);
            open |= was != Some(Place::Done);
            self.current.remove(&name);
        }
        assert_eq!(erased, open);
        self.erased.insert(entry.acceptance);
    }

    fn any(&mut self) -> Option<Entry> {
        if self.entries.is_empty() {
            return None;
        }
        let i = self.below(self.entries.len());
        Some(self.entries[i].clone())
    }
}
