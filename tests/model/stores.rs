//! New stores, one after the other.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use hookgate::store::{EmbeddedStore, MemoryStore, RedisStore, Store};
use tempfile::TempDir;

use super::{model::MAX_BYTES, redis::RedisServer};

pub(crate) trait Stores {
    fn open_with(&self, max_bytes: u64) -> Arc<dyn Store>;

    fn open(&self) -> Arc<dyn Store> {
        self.open_with(MAX_BYTES)
    }
}

pub(crate) struct Memory;

impl Stores for Memory {
    fn open_with(&self, max_bytes: u64) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new().with_max_bytes(max_bytes))
    }
}

/// In memory where the system has a place for that: no disk slows it.
pub(crate) struct Embedded(TempDir, AtomicU32);

impl Embedded {
    pub(crate) fn new() -> Self {
        let shm = Path::new("/dev/shm");
        let folder = match shm.is_dir() {
            true => TempDir::new_in(shm),
            false => TempDir::new(),
        };
        Self(folder.unwrap(), AtomicU32::new(0))
    }
}

impl Stores for Embedded {
    fn open_with(&self, max_bytes: u64) -> Arc<dyn Store> {
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        let builder = EmbeddedStore::builder(self.0.path().join(format!("{number}.redb")));
        Arc::new(builder.with_max_bytes(max_bytes).open().unwrap())
    }
}

/// One server, a namespace for each store.
pub(crate) struct Redis(RedisServer, AtomicU32);

impl Redis {
    pub(crate) fn new() -> Self {
        Self(RedisServer::start(), AtomicU32::new(0))
    }
}

impl Stores for Redis {
    fn open_with(&self, max_bytes: u64) -> Arc<dyn Store> {
        let namespace = format!("n{}", self.1.fetch_add(1, Ordering::Relaxed));
        let store = RedisStore::new(self.0.pool()).with_namespace(&namespace);
        Arc::new(store.unwrap().with_max_bytes(max_bytes))
    }
}
