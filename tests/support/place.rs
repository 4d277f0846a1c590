//! Where a store keeps its events, beyond the life of a process.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Arc;

use hookgate::store::{
    EmbeddedStore, RedisStore, Store,
    redis::deadpool_redis::{Config, Runtime},
};
use tempfile::TempDir;

use super::redis::RedisServer;

pub(crate) enum Place {
    File(TempDir),
    Redis(RedisServer),
}

impl Place {
    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    /// One that has written what it acknowledges to its disk.
    pub(crate) fn redis() -> Self {
        let synced = ["--appendonly", "yes", "--appendfsync", "always"];
        Self::Redis(RedisServer::start_with(&synced))
    }

    /// What [`open`] takes.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(folder) => folder.path().join("hooks.redb").display().to_string(),
            Self::Redis(server) => server.url(),
        }
    }
}

pub(crate) fn open(name: &str) -> Arc<dyn Store> {
    if name.starts_with("redis://") {
        let pool = Config::from_url(name).create_pool(Some(Runtime::Tokio1));
        Arc::new(RedisStore::new(pool.unwrap()))
    } else {
        Arc::new(EmbeddedStore::open(name).unwrap())
    }
}
