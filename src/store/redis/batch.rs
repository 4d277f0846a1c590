//! The shared connections: calls that arrive together leave together.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use redis::{Cmd, Value};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    time::{Instant, timeout},
};

use super::{
    accepting::Accepting, bundle::Answer, done::Done, keys::Keys, level::Checks, pool::RedisPool,
    writer::Writer,
};
use crate::error::{StoreError, StoreErrorKind as Kind};

/// Hands calls to [`WRITERS`] tasks, each with a connection of its own: while one waits for its
/// answers, the other collects.
pub(super) struct Batcher {
    pool: RedisPool,
    keys: Arc<Keys>,
    checks: Arc<Checks>,
    timeout: Duration,
    /// Started by the first call, and again when the runtime they ran on is gone.
    calls: Mutex<Option<mpsc::Sender<Call>>>,
}

pub(super) struct Call {
    pub(super) what: What,
    pub(super) answer: Answer,
}

pub(super) enum What {
    Command {
        command: Cmd,
        /// Whether the answer stands for the store's level.
        durable: bool,
    },
    /// Several make one command.
    Accept(Accepting),
    /// Several of one handler make one command.
    Done(Done),
}

impl What {
    /// About what its payload weighs, in bytes.
    pub(super) const fn size(&self) -> usize {
        match self {
            Self::Accept(part) => part.size,
            Self::Command { .. } | Self::Done(_) => 0,
        }
    }
}

impl Batcher {
    pub(super) fn new(
        pool: RedisPool,
        keys: Arc<Keys>,
        checks: Arc<Checks>,
        timeout: Duration,
    ) -> Self {
        Self {
            pool,
            keys,
            checks,
            timeout,
            calls: Mutex::new(None),
        }
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn call(&self, command: Cmd) -> Result<Value, StoreError> {
        let durable = false;
        self.send(What::Command { command, durable }).await
    }

    /// The same for one whose answer stands for the store's level: it is given once enough replicas
    /// have what was written.
    pub(super) async fn write(&self, command: Cmd) -> Result<Value, StoreError> {
        let durable = true;
        self.send(What::Command { command, durable }).await
    }

    /// Accepts a delivery; the answer stands for the store's level.
    pub(super) async fn accept(&self, part: Accepting) -> Result<Value, StoreError> {
        self.send(What::Accept(part)).await
    }

    /// Ends a job.
    pub(super) async fn done(&self, done: Done) -> Result<Value, StoreError> {
        self.send(What::Done(done)).await
    }

    async fn send(&self, what: What) -> Result<Value, StoreError> {
        let calls = self.sender();
        let (answer, answered) = oneshot::channel();
        let both = async {
            let sent = calls.send(Call { what, answer }).await;
            let down = |_| StoreError::new(Kind::Unavailable, "the runtime is shutting down");
            sent.map_err(down)?;
            let gone = |_| StoreError::new(Kind::Ambiguous, "the call was dropped half-way");
            answered.await.map_err(gone).flatten()
        };
        let late = |_| StoreError::new(Kind::Ambiguous, "Redis did not answer in time");
        timeout(self.timeout, both).await.map_err(late).flatten()
    }

    fn sender(&self) -> mpsc::Sender<Call> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = calls.as_ref().filter(|calls| !calls.is_closed()) {
            return calls.clone();
        }
        let (sender, receiver) = mpsc::channel(QUEUED);
        let receiver = Arc::new(AsyncMutex::new(receiver));
        let breaks = Arc::new(AtomicU64::new(0));
        for _ in 0..WRITERS {
            let writer = Writer {
                pool: self.pool.clone(),
                keys: Arc::clone(&self.keys),
                checks: Arc::clone(&self.checks),
                timeout: self.timeout,
                calls: Arc::clone(&receiver),
                breaks: Arc::clone(&breaks),
                connection: None,
                checked: Instant::now(),
                refused: None,
            };
            tokio::spawn(writer.run());
        }
        *calls = Some(sender.clone());
        sender
    }
}

/// How many connections carry calls.
const WRITERS: usize = 2;
/// Calls that wait for a writer, at the most; more wait for room.
const QUEUED: usize = 4_096;
