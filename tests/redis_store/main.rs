//! What only the Redis store can get wrong: foreign keys, a full, slow, dead, demoted or foreign
//! server, and other processes.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hookgate::{
    StoreError,
    error::StoreErrorKind,
    store::{
        Accept, AcceptanceId, Accepted, Admin, Claim, ClaimToken, Claims, Control, DedupKey, Entry,
        HandlerDecl, Held, Jobs, LeaseRequest, Leased, Level, RedisStore, Removal, ReplayGuard,
        Store,
        redis::redis::{self, Cmd, FromRedisValue, aio::MultiplexedConnection},
    },
};

use support::RedisServer;

mod acl;
#[path = "../support/around.rs"]
mod around;
mod atomic;
mod failover;
mod faults;
mod full;
mod layout;
mod level;
mod load;
#[path = "../support/proxy.rs"]
mod proxy;
mod sharing;
mod stale;
mod status;
#[path = "../support/redis.rs"]
mod support;
mod together;
mod under_load;

const NEW: Accepted = Accepted::New {
    repeated_bytes: false,
    overflowed: false,
};
const LONG: Duration = Duration::from_secs(600);

/// The third takes nothing.
fn handlers() -> [HandlerDecl; 3] {
    [("a", None), ("b", None), ("full", Some(0))].map(|(name, max_backlog)| HandlerDecl {
        name: name.to_owned(),
        max_backlog,
        ..HandlerDecl::default()
    })
}

async fn declared(server: &RedisServer) -> RedisStore {
    let store = RedisStore::new(server.pool());
    assert_eq!(store.declare(&handlers()).await.unwrap().revision, 1);
    store
}

fn entry(n: u32, routes: &[&str]) -> Entry {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_le_bytes());
    Entry {
        key: DedupKey(id),
        acceptance: AcceptanceId(id),
        digest: [0; 8],
        head: Bytes::from_static(b"head"),
        body: Bytes::from_static(b"body"),
        window: Duration::from_secs(3_600),
        revision: 1,
        routes: routes.iter().map(|name| Arc::from(*name)).collect(),
        replay_guard: ReplayGuard::Off,
    }
}

async fn lease_one(store: &RedisStore) -> Leased {
    let request = LeaseRequest {
        handler: "a",
        max: 1,
        lease: LONG,
        wait: Duration::ZERO,
    };
    store.lease(request).await.unwrap().pop().expect("a job")
}

/// As the inbox does it: one repetition when it is not known what became of the first try.
async fn accept(store: &RedisStore, entry: Entry) -> Accepted {
    match store.accept(entry.clone()).await {
        Err(err) if err.kind() == StoreErrorKind::Ambiguous => store.accept(entry).await.unwrap(),
        answer => answer.unwrap(),
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.expect_err("this must be refused").kind()
}

/// A connection past the store.
async fn connection(server: &RedisServer) -> MultiplexedConnection {
    let client = redis::Client::open(server.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn ask<T: FromRedisValue>(connection: &mut MultiplexedConnection, command: &str) -> T {
    let mut words = command.split_ascii_whitespace();
    let mut cmd: Cmd = redis::cmd(words.next().unwrap());
    cmd.arg(words.collect::<Vec<_>>());
    cmd.query_async(connection).await.unwrap()
}

/// Every key with its dump and whether it has a time to live.
async fn everything(connection: &mut MultiplexedConnection) -> Vec<(Vec<u8>, Vec<u8>, bool)> {
    let mut keys: Vec<Vec<u8>> = ask(connection, "KEYS *").await;
    keys.sort();
    let mut all = Vec::new();
    for key in keys {
        let dump = redis::cmd("DUMP")
            .arg(&key)
            .query_async(connection)
            .await
            .unwrap();
        let ttl: i64 = redis::cmd("PTTL")
            .arg(&key)
            .query_async(connection)
            .await
            .unwrap();
        all.push((key, dump, ttl >= 0));
    }
    all
}
