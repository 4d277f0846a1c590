//! Whether the server keeps what an answer stands for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use redis::{Pipeline, Value};

use super::{reply, server::Server, skew::Skew};
use crate::{clock::Clock, error::StoreErrorKind as Kind, store::Level, telemetry};

/// What is asked of the server, on every new connection and every few seconds after.
pub(super) struct Checks {
    pub(super) level: Level,
    /// Somebody has given their word; nothing is asked.
    pub(super) asserted: bool,
    /// Nothing is prepared where nothing is stored.
    pub(super) existing_only: bool,
    /// `evicted_keys` as last seen; [`NEVER`] before the first look.
    evicted: AtomicU64,
    /// More were evicted since, and nobody was told whose answer would have stood for the level.
    untold: AtomicBool,
    pub(super) skew: Skew,
}

/// What is wrong, and what a caller can do about it.
pub(super) type Refused = (Kind, String);

impl Checks {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            level: Level::Volatile,
            asserted: false,
            existing_only: false,
            evicted: AtomicU64::new(NEVER),
            untold: AtomicBool::new(false),
            skew: Skew::new(clock),
        }
    }

    /// The same but for this change, before the first look.
    pub(super) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = Self {
            level: self.level,
            asserted: self.asserted,
            existing_only: self.existing_only,
            ..Self::new(Arc::clone(&self.skew.clock))
        };
        change(&mut changed);
        changed
    }

    /// How many replicas have to acknowledge a write.
    pub(super) const fn replicas(&self) -> u8 {
        match self.level {
            Level::Replicated(n) => n,
            Level::Volatile | Level::Local => 0,
        }
    }

    /// The questions; the answers to them are judged by [`Self::judge`].
    pub(super) fn ask(&self, pipeline: &mut Pipeline) {
        if self.asserted {
            return;
        }
        pipeline.cmd("INFO");
        if self.level == Level::Local {
            pipeline.cmd("CONFIG").arg("GET").arg("appendfsync");
        }
    }

    pub(super) fn judge(&self, answers: Vec<Value>) -> Result<(), Refused> {
        if self.asserted {
            return Ok(());
        }
        let mut answers = answers.into_iter();
        let info: String = allowed("INFO", answers.next().unwrap_or_default())?;
        let server = Server::of(&info, None);
        if !server.is_primary {
            return Err(unavailable("this Redis is a replica"));
        }
        if server.maxmemory_policy != "noeviction" {
            return Err(invalid(
                "Redis may drop what it was given: set its maxmemory-policy to noeviction",
            ));
        }
        self.evicted(server.evicted_keys)?;
        match self.level {
            Level::Volatile => Ok(()),
            Level::Local => {
                let (_, fsync): (String, String) =
                    allowed("CONFIG GET", answers.next().unwrap_or_default())?;
                if !server.append_only || fsync != "always" {
                    return Err(invalid(
                        "Redis does not sync each write: set appendonly yes and appendfsync always",
                    ));
                }
                if !server.append_only_ok {
                    return Err(unavailable("Redis cannot write its append-only file"));
                }
                Ok(())
            }
            Level::Replicated(n) if server.replicas < usize::from(n) => {
                Err(unavailable(&format!("Redis has fewer than {n} replicas")))
            }
            Level::Replicated(_) => Ok(()),
        }
    }

    /// Complains once about keys evicted since the last look: the policy may be right again, but
    /// what is gone is gone.
    fn evicted(&self, now: u64) -> Result<(), Refused> {
        let before = self.evicted.swap(now, Ordering::Relaxed);
        if before < now {
            self.untold.store(true, Ordering::Relaxed);
            telemetry::warn("redis", EVICTED);
            return Err(unavailable(EVICTED));
        }
        Ok(())
    }

    /// What the next one must be told whose answer stands for the level: the look that noticed it may
    /// have gone along with calls whose answers do not.
    pub(super) fn tell(&self) -> Result<(), String> {
        let untold = self.untold.swap(false, Ordering::Relaxed);
        if untold {
            Err(EVICTED.to_owned())
        } else {
            Ok(())
        }
    }
}

/// An answer, or that we may not ask: then somebody has to know.
fn allowed<T: redis::FromRedisValue>(command: &str, answer: Value) -> Result<T, Refused> {
    if let Value::ServerError(err) = &answer {
        let kind = reply::kind(err);
        let refused = err.code() == "NOPERM" || kind == Kind::Corrupt;
        return Err(if refused {
            invalid(&format!(
                "Redis does not let us read {command} ({err}): see to eviction policy, persistence \
                 and replicas, and vouch for them by with_asserted_level"
            ))
        } else {
            (kind, format!("Redis refused {command}: {err}"))
        });
    }
    reply::read(answer).map_err(|_| invalid(&format!("the answer to {command} is not readable")))
}

fn invalid(why: &str) -> Refused {
    (Kind::Invalid, why.to_owned())
}

fn unavailable(why: &str) -> Refused {
    (Kind::Unavailable, why.to_owned())
}

const NEVER: u64 = u64::MAX;

const EVICTED: &str = "Redis has evicted keys: events or their records may be lost";
