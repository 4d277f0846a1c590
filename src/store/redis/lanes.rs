//! The handlers that this process knows of, with the names of their keys.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::{RedisStore, keys::Keys, reply, scripts::FORMAT};
use crate::{
    error::StoreError,
    store::{HandlerDecl, Registry, Removal, check},
};

/// Every handler that was ever declared; the place of each is its number.
pub(super) struct Directory {
    pub(super) revision: u64,
    pub(super) handlers: Vec<Listing>,
}

/// A handler as Redis has it.
pub(super) struct Listing {
    pub(super) decl: HandlerDecl,
    pub(super) paused: bool,
    pub(super) removal: Option<Removal>,
}

impl Directory {
    pub(super) fn registry(self) -> Registry {
        let declared = self.handlers.into_iter().filter(|h| h.removal.is_none());
        Registry {
            revision: self.revision,
            handlers: declared.map(|handler| handler.decl).collect(),
        }
    }

    pub(super) fn find(&self, handler: &str) -> Option<&Listing> {
        self.handlers
            .iter()
            .find(|known| known.decl.name == handler)
    }
}

/// Filled from the registry; a handler that is not in there is looked up once more.
#[derive(Default)]
pub(super) struct Lanes {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    lanes: HashMap<Arc<str>, Arc<Lane>>,
    /// Of the registry that was read last.
    revision: u64,
    /// Its handlers, and how long each one's backlog may be.
    bounds: HashMap<Arc<str>, Option<u64>>,
}

/// The places of bounded routes among those of an event, and their bounds.
pub(super) type Bounds = Vec<(usize, u64)>;

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
    fn new(keys: &Keys, name: &Arc<str>) -> Self {
        Self {
            name: Arc::clone(name),
            queue: keys.queue(name),
            delayed: keys.delayed(name),
            dead: keys.dead(name),
            cursor: Mutex::new("0-0".to_owned()),
        }
    }
}

impl Lanes {
    fn find(&self, handler: &str) -> Option<Arc<Lane>> {
        self.known().lanes.get(handler).cloned()
    }

    /// What is known of these routes at this revision; `None` when another one was read last.
    fn bounds(&self, revision: u64, routes: &[Arc<str>]) -> Result<Option<Bounds>, StoreError> {
        let (known, mut bounds) = (self.known(), Bounds::new());
        if known.revision != revision {
            return Ok(None);
        }
        for (place, name) in routes.iter().enumerate() {
            match known.bounds.get(name) {
                Some(Some(bound)) => bounds.push((place, *bound)),
                Some(None) => {}
                None => return Err(check::unknown(name)),
            }
        }
        Ok(Some(bounds))
    }

    fn learn(&self, keys: &Keys, directory: &Directory) {
        let mut known = self.known();
        known.revision = directory.revision;
        known.bounds.clear();
        for Listing { decl, removal, .. } in &directory.handlers {
            let lane = known.lanes.entry(decl.name.as_str().into());
            let lane = lane.or_insert_with_key(|name| Arc::new(Lane::new(keys, name)));
            let name = Arc::clone(&lane.name);
            if removal.is_none() {
                known.bounds.insert(name, decl.max_backlog);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The bounds of these routes, if this is the registry's revision; the script sees to it that
    /// it still is.
    pub(super) async fn bounds(
        &self,
        revision: u64,
        routes: &[Arc<str>],
    ) -> Result<Option<Bounds>, StoreError> {
        if let Some(bounds) = self.lanes.bounds(revision, routes)? {
            return Ok(Some(bounds));
        }
        self.reload().await?;
        self.lanes.bounds(revision, routes)
    }

    /// The registry as Redis has it, and whoever was removed from it.
    pub(super) async fn reload(&self) -> Result<Directory, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys.meta());
        let fields = reply::read(self.batcher.call(command).await?)?;
        let directory = parse(fields)?;
        self.lanes.learn(&self.keys, &directory);
        Ok(directory)
    }
}

fn parse(fields: HashMap<Vec<u8>, Vec<u8>>) -> Result<Directory, StoreError> {
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
            let field = |kind: &[u8]| fields.get([kind, name].concat().as_slice());
            let filter = field(b"f:").ok_or_else(unreadable)?;
            let max_backlog = match field(b"l:").ok_or_else(unreadable)?.as_slice() {
                b"" => None,
                bound => Some(number(bound).ok_or_else(unreadable)?),
            };
            let decl = HandlerDecl {
                name: String::from_utf8(name.to_vec()).map_err(|_| unreadable())?,
                filter: Bytes::copy_from_slice(filter),
                max_backlog,
            };
            let removal = match field(b"r:").map(Vec::as_slice) {
                None => None,
                Some(b"drain") => Some(Removal::Drain),
                Some(b"bury") => Some(Removal::Bury),
                Some(_) => return Err(unreadable()),
            };
            let number = number(value).ok_or_else(unreadable)?;
            let listing = Listing {
                decl,
                paused: field(b"p:").is_some(),
                removal,
            };
            handlers.push((number, listing));
        }
    }
    handlers.sort_unstable_by_key(|(number, _)| *number);
    Ok(Directory {
        revision,
        handlers: handlers.into_iter().map(|(_, handler)| handler).collect(),
    })
}
