//! Keys that are remembered for a time, oldest first, at most so many.
//!
//! Written by hand for its size: a slot in a ring (48 bytes for a finished event) and about 8 to
//! 16 bytes of index. A `HashMap` and a queue of keys would take twice that.

use std::{collections::VecDeque, hash::BuildHasher};

use super::mix::Mix;
use crate::store::DedupKey;

/// The ring holds the slots in the order in which they came. The index is a table of sequence
/// numbers with linear probing. A slot whose key was remembered again or removed stays in the ring
/// as a husk that no index cell points to, until it is the oldest.
pub(super) struct Remembered<V> {
    ring: VecDeque<Slot<V>>,
    /// Sequence number of the ring's first slot.
    first: u64,
    /// 0 is empty; otherwise the low 31 bits of a sequence number, plus one.
    cells: Vec<u32>,
    /// Cells in use.
    used: usize,
    max: usize,
    hasher: Mix,
}

struct Slot<V> {
    key: DedupKey,
    /// Milliseconds on the store's clock.
    until: u64,
    value: V,
}

impl<V> Remembered<V> {
    /// `max` is clamped to what 31 bits can number.
    pub(super) fn new(max: usize) -> Self {
        Self {
            ring: VecDeque::new(),
            first: 0,
            cells: vec![0; 16],
            used: 0,
            max: bound(max),
            hasher: Mix::new(),
        }
    }

    /// Changes the bound, before anything is remembered.
    pub(super) fn set_max(&mut self, max: usize) {
        self.max = bound(max);
    }

    /// What is remembered of a key, unless its time is over.
    pub(super) fn find(&self, key: &DedupKey, now: u64) -> Option<&V> {
        let slot = self.slot(self.cells[self.cell(key)?]);
        (slot.until > now).then_some(&slot.value)
    }

    /// Remembers a key until then, instead of what was remembered of it. Tells whether an older
    /// key had to be forgotten before its time.
    pub(super) fn insert(&mut self, key: DedupKey, value: V, until: u64, now: u64) -> bool {
        self.remove(&key);
        let forgot = self.ring.len() >= self.max && self.pop().is_some_and(|until| until > now);
        if (self.used + 1) * 2 > self.cells.len() {
            self.grow();
        }
        let sequence = self.first + self.ring.len() as u64;
        self.ring.push_back(Slot { key, until, value });
        self.enter(&key, number(sequence));
        self.used += 1;
        forgot
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &DedupKey) {
        if let Some(cell) = self.cell(key) {
            self.clear(cell);
        }
    }

    /// Drops up to `max` slots from the old end whose time is over. One with a shorter time behind
    /// one with a longer time waits for it: [`Self::find`] does not see it any more, and the ring's
    /// bound holds.
    pub(super) fn sweep(&mut self, now: u64, max: usize) {
        for _ in 0..max {
            match self.ring.front() {
                Some(slot) if slot.until <= now => drop(self.pop()),
                _ => return,
            }
        }
    }

    /// Slots held, husks included.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Drops the oldest slot; returns its `until` unless it was a husk.
    fn pop(&mut self) -> Option<u64> {
        let oldest = number(self.first);
        let key = self.ring.front()?.key;
        let live = self.cell(&key).filter(|&cell| self.cells[cell] == oldest);
        if let Some(cell) = live {
            self.clear(cell);
        }
        let slot = self.ring.pop_front()?;
        self.first += 1;
        live.map(|_| slot.until)
    }

    fn slot(&self, number: u32) -> &Slot<V> {
        let back = (number - 1).wrapping_sub(self.first as u32) & LOW;
        &self.ring[back as usize]
    }

    fn home(&self, key: &DedupKey) -> usize {
        self.hasher.hash_one(key) as usize & (self.cells.len() - 1)
    }

    fn cell(&self, key: &DedupKey) -> Option<usize> {
        let mut cell = self.home(key);
        while self.cells[cell] != 0 {
            if self.slot(self.cells[cell]).key == *key {
                return Some(cell);
            }
            cell = (cell + 1) & (self.cells.len() - 1);
        }
        None
    }

    fn enter(&mut self, key: &DedupKey, number: u32) {
        let mut cell = self.home(key);
        while self.cells[cell] != 0 {
            cell = (cell + 1) & (self.cells.len() - 1);
        }
        self.cells[cell] = number;
    }

    /// Empties a cell and moves later ones of the same run up, so that no probe ends too early.
    fn clear(&mut self, mut hole: usize) {
        let mask = self.cells.len() - 1;
        let mut next = (hole + 1) & mask;
        while self.cells[next] != 0 {
            let home = self.home(&self.slot(self.cells[next]).key);
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.cells[hole] = self.cells[next];
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.cells[hole] = 0;
        self.used -= 1;
    }

    fn grow(&mut self) {
        let doubled = vec![0; self.cells.len() * 2];
        for number in std::mem::replace(&mut self.cells, doubled) {
            if number != 0 {
                let key = self.slot(number).key;
                self.enter(&key, number);
            }
        }
    }
}

fn bound(max: usize) -> usize {
    max.clamp(1, 1 << 30)
}

const LOW: u32 = (1 << 31) - 1;

const fn number(sequence: u64) -> u32 {
    (sequence as u32 & LOW) + 1
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn key(n: u64) -> DedupKey {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&n.to_le_bytes());
        DedupKey(key)
    }

    #[test]
    fn agrees_with_a_map_through_inserts_removals_and_sweeps() {
        let (mut ours, mut model) = (Remembered::new(usize::MAX), HashMap::new());
        // Near the wrap of the 31-bit numbers, so that it is crossed.
        ours.first = (1 << 31) - 500;
        let mut seed = 7_u64;
        for now in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let k = (seed >> 33) % 700;
            match (seed >> 60) % 4 {
                0 | 1 => {
                    let until = now + 1 + (seed >> 20) % 3_000;
                    assert!(!ours.insert(key(k), now, until, now));
                    model.insert(k, (now, until));
                }
                2 => {
                    ours.remove(&key(k));
                    model.remove(&k);
                }
                _ => ours.sweep(now, 8),
            }
            let there = model.get(&k).filter(|(_, until)| *until > now);
            assert_eq!(
                ours.find(&key(k), now),
                there.map(|(value, _)| value),
                "step {now}"
            );
        }
        for k in 0..700 {
            let there = model.get(&k).filter(|(_, until)| *until > 20_000);
            assert_eq!(ours.find(&key(k), 20_000), there.map(|(value, _)| value));
        }
        ours.sweep(u64::MAX, usize::MAX);
        assert_eq!((ours.len(), ours.used), (0, 0));
    }

    #[test]
    fn over_the_bound_the_oldest_goes_and_that_is_told() {
        let mut ours = Remembered::new(2);
        assert!(!ours.insert(key(1), (), 100, 0));
        assert!(!ours.insert(key(2), (), 100, 0));
        assert!(ours.insert(key(3), (), 100, 0));
        assert!(ours.find(&key(1), 0).is_none());
        assert!(ours.find(&key(2), 0).is_some());
        // Nobody misses one whose time was over anyway.
        assert!(!ours.insert(key(4), (), 200, 100));
    }

    #[test]
    fn a_finished_event_takes_64_bytes_at_the_most_at_the_default_bound() {
        let mut ours = Remembered::new(1_000_000);
        for n in 0..1_100_000 {
            ours.insert(key(n), [0_u8; 24], u64::MAX, 0);
        }
        let slots = ours.ring.capacity() * size_of::<Slot<[u8; 24]>>();
        assert!((slots + ours.cells.len() * 4) / 1_000_000 <= 64);
    }
}
