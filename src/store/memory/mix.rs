//! A quick hash for keys that are hashes already.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Folds a multiplication with two secret numbers: who can choose ids cannot choose cells. The
/// default hasher did the same for three times the time, a fifth of a job's whole life.
#[derive(Clone)]
pub(super) struct Mix {
    seeds: [u64; 2],
}

impl Mix {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self {
            seeds: [random.hash_one(0), random.hash_one(1)],
        }
    }
}

impl BuildHasher for Mix {
    type Hasher = Mixer;

    fn build_hasher(&self) -> Mixer {
        Mixer {
            seeds: self.seeds,
            state: 0,
        }
    }
}

pub(super) struct Mixer {
    seeds: [u64; 2],
    state: u64,
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for block in bytes.chunks(16) {
            let mut both = [0; 16];
            both[..block.len()].copy_from_slice(block);
            let both = u128::from_le_bytes(both);
            let (low, high) = (
                both as u64 ^ self.seeds[0],
                (both >> 64) as u64 ^ self.seeds[1],
            );
            let product = u128::from(low ^ self.state) * u128::from(high);
            self.state = product as u64 ^ (product >> 64) as u64;
        }
    }

    /// The length that precedes an array: it is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.state
    }
}
