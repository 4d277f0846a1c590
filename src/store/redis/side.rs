//! Connections for what would hold up the shared ones: blocking reads and large payloads.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{Pipeline, Value, aio::MultiplexedConnection};
use tokio::time::timeout;

use super::{pool::RedisPool, reply};
use crate::error::{StoreError, StoreErrorKind as Kind};

/// Keeps connections that are idle. One in use belongs to its user alone, and is closed when the
/// user is dropped half-way: an answer still to come must not reach the next one.
pub(super) struct Side {
    pool: RedisPool,
    timeout: Duration,
    idle: Mutex<Vec<MultiplexedConnection>>,
}

impl Side {
    pub(super) fn new(pool: RedisPool, timeout: Duration) -> Self {
        Self {
            pool,
            timeout,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Sends commands that may block for `block` and change nothing.
    pub(super) async fn read(
        &self,
        pipeline: &Pipeline,
        block: Duration,
    ) -> Result<Vec<Value>, StoreError> {
        let idle = self.idle().pop();
        let reused = idle.is_some();
        match self.read_on(idle, pipeline, block).await {
            // It broke while it was idle; the server may well be there.
            Err(err) if reused && err.kind() == Kind::Unavailable => {
                self.read_anew(pipeline, block).await
            }
            other => other,
        }
    }

    /// The same on a new connection, and the idle ones go.
    pub(super) async fn read_anew(
        &self,
        pipeline: &Pipeline,
        block: Duration,
    ) -> Result<Vec<Value>, StoreError> {
        self.idle().clear();
        self.read_on(None, pipeline, block).await
    }

    async fn read_on(
        &self,
        connection: Option<MultiplexedConnection>,
        pipeline: &Pipeline,
        block: Duration,
    ) -> Result<Vec<Value>, StoreError> {
        let broken =
            |err| StoreError::new(Kind::Unavailable, "no connection to Redis").with_source(err);
        let late = |_| StoreError::new(Kind::Unavailable, "Redis did not let us connect in time");
        let mut connection = match connection {
            Some(connection) => connection,
            None => timeout(self.timeout, self.pool.create())
                .await
                .map_err(late)?
                .map_err(broken)?,
        };
        connection.set_response_timeout(self.timeout.saturating_add(block));
        let sent = connection
            .send_packed_commands(pipeline, 0, pipeline.len())
            .await;
        let values = sent.map_err(broken)?;
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(connection);
        }
        drop(idle);
        values.into_iter().map(reply::answer).collect()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<MultiplexedConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Idle connections kept, at the most.
const IDLE: usize = 8;
