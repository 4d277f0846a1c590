//! The contract suite on every store.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use hookgate::store::{MemoryStore, RedisStore, Store, contract::Factory};

#[path = "support/redis.rs"]
mod support;

mod memory {
    use super::*;

    struct Memory;

    impl Factory for Memory {
        async fn open(&self, max_bytes: u64) -> Arc<dyn Store> {
            Arc::new(MemoryStore::new().with_max_bytes(max_bytes))
        }
    }

    hookgate::store_contract!(Memory);
}

mod redis {
    use super::*;
    use crate::support::RedisServer;

    /// One server a test, one namespace a store.
    struct Redis(RedisServer, AtomicU32);

    impl Factory for Redis {
        async fn open(&self, max_bytes: u64) -> Arc<dyn Store> {
            let namespace = format!("n{}", self.1.fetch_add(1, Ordering::Relaxed));
            let store = RedisStore::new(self.0.pool()).with_namespace(&namespace);
            Arc::new(store.expect("a good name").with_max_bytes(max_bytes))
        }
    }

    hookgate::store_contract!(Redis(RedisServer::start(), AtomicU32::new(0)));
}
