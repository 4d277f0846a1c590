//! The contract suite on the store in a file. In memory where the system has a place for that: what
//! is checked here are the verbs, in times that a busy disk may not keep.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use hookgate::store::{EmbeddedStore, Store, contract::Factory};
use tempfile::TempDir;

/// One folder a test, one file a store.
struct Embedded(TempDir, AtomicU32);

impl Factory for Embedded {
    async fn open(&self, max_bytes: u64) -> Arc<dyn Store> {
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        let builder = EmbeddedStore::builder(self.0.path().join(format!("{number}.redb")));
        let store = builder.with_max_bytes(max_bytes).open();
        Arc::new(store.expect("a new file"))
    }
}

fn embedded() -> Embedded {
    let shm = Path::new("/dev/shm");
    let folder = match shm.is_dir() {
        true => TempDir::new_in(shm),
        false => TempDir::new(),
    };
    Embedded(folder.expect("a folder"), AtomicU32::new(0))
}

hookgate::store_contract!(embedded());
