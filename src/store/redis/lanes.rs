//! The handlers that this process knows of, with the names of their keys.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;

use super::{RedisStore, keys::Keys, reply, scripts::FORMAT};
use crate::{
    error::StoreError,
    store::{HandlerDecl, Registry, check},
};

/// Filled from the registry; a handler that is not in there is looked up once more.
#[derive(Default)]
pub(super) struct Lanes {
    known: Mutex<HashMap<Arc<str>, Arc<Lane>>>,
}

/// One handler's keys.
pub(super) struct Lane {
    pub(super) name: Arc<str>,
    pub(super) queue: Vec<u8>,
    pub(super) delayed: Vec<u8>,
    pub(super) dead: Vec<u8>,
    /// Where the next look for leases that ran out begins: each look is bounded, and so many leases
    /// that still run must not hide one that does not.
    pub(super) cursor: Mutex<String>,
}

impl Lane {
    fn new(keys: &Keys, name: &str) -> Self {
        Self {
            name: name.into(),
            queue: keys.queue(name),
            delayed: keys.delayed(name),
            dead: keys.dead(name),
            cursor: Mutex::new("0-0".to_owned()),
        }
    }
}

impl Lanes {
    fn find(&self, handler: &str) -> Option<Arc<Lane>> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(handler)
            .cloned()
    }

    fn learn(&self, keys: &Keys, registry: &Registry) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for HandlerDecl { name, .. } in &registry.handlers {
            if !known.contains_key(name.as_str()) {
                let lane = Lane::new(keys, name);
                known.insert(Arc::clone(&lane.name), Arc::new(lane));
            }
        }
    }
}

impl RedisStore {
    /// The handler's lane, or the error that it is not declared.
    pub(super) async fn lane(&self, handler: &str) -> Result<Arc<Lane>, StoreError> {
        if let Some(lane) = self.lanes.find(handler) {
            return Ok(lane);
        }
        self.reload().await?;
        self.lanes
            .find(handler)
            .ok_or_else(|| check::unknown(handler))
    }

    /// The registry as Redis has it.
    pub(super) async fn reload(&self) -> Result<Registry, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys.meta());
        let fields = reply::read(self.batcher.call(command).await?)?;
        let registry = parse(fields)?;
        self.lanes.learn(&self.keys, &registry);
        Ok(registry)
    }
}

fn parse(fields: HashMap<Vec<u8>, Vec<u8>>) -> Result<Registry, StoreError> {
    let unreadable = || reply::corrupt("the registry in Redis is not readable");
    if fields
        .get(b"format".as_slice())
        .is_some_and(|format| format != FORMAT.as_bytes())
    {
        return Err(reply::corrupt("the format stored in Redis is another one"));
    }
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u64>().ok();
    let mut handlers = Vec::new();
    let mut revision = 0;
    for (field, value) in &fields {
        if field == b"revision" {
            revision = number(value).ok_or_else(unreadable)?;
        } else if let Some(name) = field.strip_prefix(b"n:") {
            let filter = fields
                .get([b"f:", name].concat().as_slice())
                .ok_or_else(unreadable)?;
            let name = String::from_utf8(name.to_vec()).map_err(|_| unreadable())?;
            let decl = HandlerDecl {
                name,
                filter: Bytes::copy_from_slice(filter),
            };
            handlers.push((number(value).ok_or_else(unreadable)?, decl));
        }
    }
    handlers.sort_unstable_by_key(|(number, _)| *number);
    Ok(Registry {
        revision,
        handlers: handlers.into_iter().map(|(_, decl)| decl).collect(),
    })
}
