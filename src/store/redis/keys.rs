//! The names of the keys; the module page of `redis` lists them.

use crate::store::{AcceptanceId, DedupKey};

/// Every key has one hash tag, and so one slot: a script may touch all of them.
#[derive(Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(namespace: &str) -> Self {
        Self {
            prefix: format!("{{{namespace}:0}}"),
        }
    }

    pub(super) fn meta(&self) -> Vec<u8> {
        self.key("m", b"")
    }

    pub(super) fn dedup(&self, key: &DedupKey) -> Vec<u8> {
        self.key("d:", &key.0)
    }

    pub(super) fn event(&self, acceptance: &AcceptanceId) -> Vec<u8> {
        let hex = data_encoding::HEXLOWER.encode(&acceptance.0);
        self.key("e:", hex.as_bytes())
    }

    pub(super) fn queue(&self, handler: &str) -> Vec<u8> {
        self.key("q:", handler.as_bytes())
    }

    pub(super) fn delayed(&self, handler: &str) -> Vec<u8> {
        self.key("z:", handler.as_bytes())
    }

    pub(super) fn dead(&self, handler: &str) -> Vec<u8> {
        self.key("x:", handler.as_bytes())
    }

    /// A handler's queue, delayed and dead.
    pub(super) fn of(&self, handler: &str) -> [Vec<u8>; 3] {
        [
            self.queue(handler),
            self.delayed(handler),
            self.dead(handler),
        ]
    }

    pub(super) fn unrouted(&self) -> Vec<u8> {
        self.key("u", b"")
    }

    pub(super) fn guard(&self, body: &DedupKey) -> Vec<u8> {
        self.key("g:", &body.0)
    }

    pub(super) fn claim(&self, key: &DedupKey) -> Vec<u8> {
        self.key("c:", &key.0)
    }

    fn key(&self, kind: &str, name: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), kind.as_bytes(), name].concat()
    }
}
