//! What the server says about itself.

use std::collections::HashMap;

use redis::Value;

use super::{RedisStore, reply};
use crate::{error::StoreError, store::Level};

/// How a Redis server is set up, by its `INFO` and `CONFIG GET appendfsync`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Server {
    /// E.g. `7.0.15`; of another program its name comes first, e.g. `valkey 9.1.2`.
    pub version: String,
    /// Whether it takes writes.
    pub is_primary: bool,
    /// What it does when it is full; only `noeviction` loses nothing.
    pub maxmemory_policy: String,
    /// Keys evicted since it was started.
    pub evicted_keys: u64,
    /// Bytes that it uses.
    pub used_memory: u64,
    /// The bound on them; `None` without one.
    pub maxmemory: Option<u64>,
    /// Whether it keeps an append-only file.
    pub append_only: bool,
    /// Whether its last write to that file went well; true without one.
    pub append_only_ok: bool,
    /// When it syncs that file: `always`, `everysec`, `no`. `None` where it does not let us ask.
    pub appendfsync: Option<String>,
    /// How many replicas are in step with it.
    pub replicas: usize,
}

impl Server {
    /// The level that an answer of this server can stand for; [`Level::Replicated`] with as many
    /// replicas as there are, if every write is waited for ([`RedisStore::with_level`]).
    pub fn level(&self) -> Level {
        if self.append_only && self.appendfsync.as_deref() == Some("always") {
            return Level::Local;
        }
        match u8::try_from(self.replicas).unwrap_or(u8::MAX) {
            0 => Level::Volatile,
            replicas => Level::Replicated(replicas),
        }
    }

    /// Of the text of INFO.
    pub(super) fn of(info: &str, appendfsync: Option<String>) -> Self {
        let fields: HashMap<_, _> = info
            .lines()
            .filter_map(|line| line.split_once(':'))
            .collect();
        let text = |field| fields.get(field).copied().unwrap_or_default();
        let number = |field| text(field).parse::<u64>().unwrap_or(0);
        // Those that are still loading are connected, but acknowledge nothing.
        let replicas = fields
            .iter()
            .filter(|(field, value)| field.starts_with("slave") && value.contains("state=online"));
        Self {
            version: match (text("server_name"), text("valkey_version")) {
                ("valkey", version) => format!("valkey {version}"),
                _ => text("redis_version").to_owned(),
            },
            is_primary: text("role") == "master",
            maxmemory_policy: text("maxmemory_policy").to_owned(),
            evicted_keys: number("evicted_keys"),
            used_memory: number("used_memory"),
            maxmemory: Some(number("maxmemory")).filter(|max| *max > 0),
            append_only: text("aof_enabled") == "1",
            append_only_ok: ["", "ok"].contains(&text("aof_last_write_status")),
            appendfsync,
            replicas: replicas.count(),
        }
    }
}

impl RedisStore {
    /// How the server is set up, whatever level this store has and whether or not anything is stored
    /// there. Nothing is changed.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not let us read `INFO`.
    pub async fn server(&self) -> Result<Server, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("INFO");
        let none = std::time::Duration::ZERO;
        let info = self.side.read(&pipeline, none).await?.pop();
        let info: String = reply::read(info.unwrap_or_default())?;
        let mut pipeline = redis::pipe();
        pipeline.cmd("CONFIG").arg("GET").arg("appendfsync");
        // Many services do not let anybody ask.
        let fsync = self.side.read(&pipeline, none).await.ok();
        let fsync = fsync.and_then(|mut answers| answers.pop());
        Ok(Server::of(&info, fsync.and_then(appendfsync)))
    }
}

/// The answer to CONFIG GET, if there was one.
fn appendfsync(answer: Value) -> Option<String> {
    let (_, fsync): (String, String) = reply::read(answer).ok()?;
    Some(fsync)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nused_memory:900\r\n\
        maxmemory:1000\r\nmaxmemory_policy:noeviction\r\nevicted_keys:3\r\naof_enabled:1\r\n\
        aof_last_write_status:ok\r\nconnected_slaves:2\r\n\
        slave0:ip=10.0.0.1,port=1,state=online,offset=1\r\n\
        slave1:ip=10.0.0.2,port=1,state=wait_bgsave,offset=0\r\n";

    #[test]
    fn what_info_says_is_read() {
        let server = Server::of(INFO, Some("always".to_owned()));
        assert_eq!((&*server.version, server.is_primary), ("7.0.15", true));
        assert_eq!((server.used_memory, server.maxmemory), (900, Some(1_000)));
        assert_eq!((server.evicted_keys, server.replicas), (3, 1));
        assert!(server.append_only && server.append_only_ok);
        assert_eq!(server.level(), Level::Local);
        let every_second = Server::of(INFO, Some("everysec".to_owned()));
        assert_eq!(every_second.level(), Level::Replicated(1));
        let valkey = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n";
        let server = Server::of(valkey, None);
        assert_eq!((&*server.version, server.maxmemory), ("valkey 9.1.2", None));
        assert_eq!(server.level(), Level::Volatile);
        assert!(!server.is_primary && server.append_only_ok);
    }
}
