//! The shared connections: calls that arrive together leave together.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{Cmd, Pipeline, RedisError, Value, aio::MultiplexedConnection};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    time::{Instant, timeout},
};

use super::{
    keys::Keys,
    pool::RedisPool,
    reply,
    scripts::{self, FORMAT, PARTITIONS, Verb},
};
use crate::error::{StoreError, StoreErrorKind as Kind};

/// Hands calls to [`WRITERS`] tasks, each with a connection of its own: while one waits for its
/// answers, the other collects.
pub(super) struct Batcher {
    pool: RedisPool,
    keys: Arc<Keys>,
    timeout: Duration,
    /// Started by the first call, and again when the runtime they ran on is gone.
    calls: Mutex<Option<mpsc::Sender<Call>>>,
}

struct Call {
    command: Cmd,
    size: usize,
    answer: oneshot::Sender<Result<Value, StoreError>>,
}

impl Batcher {
    pub(super) fn new(pool: RedisPool, keys: Arc<Keys>, timeout: Duration) -> Self {
        Self {
            pool,
            keys,
            timeout,
            calls: Mutex::new(None),
        }
    }

    /// Sends a command and waits for its answer. `size` is about what its payload weighs, in bytes.
    pub(super) async fn call(&self, command: Cmd, size: usize) -> Result<Value, StoreError> {
        let calls = self.sender();
        let (answer, answered) = oneshot::channel();
        let both = async {
            if calls
                .send(Call {
                    command,
                    size,
                    answer,
                })
                .await
                .is_err()
            {
                return Err(StoreError::new(
                    Kind::Unavailable,
                    "the runtime is shutting down",
                ));
            }
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
        let (sender, receiver) = mpsc::channel(BATCH * 8);
        let receiver = Arc::new(AsyncMutex::new(receiver));
        let breaks = Arc::new(AtomicU64::new(0));
        for _ in 0..WRITERS {
            let writer = Writer {
                pool: self.pool.clone(),
                keys: Arc::clone(&self.keys),
                timeout: self.timeout,
                calls: Arc::clone(&receiver),
                breaks: Arc::clone(&breaks),
                connection: None,
                refused: None,
            };
            tokio::spawn(writer.run());
        }
        *calls = Some(sender.clone());
        sender
    }
}

struct Writer {
    pool: RedisPool,
    keys: Arc<Keys>,
    timeout: Duration,
    calls: Arc<AsyncMutex<mpsc::Receiver<Call>>>,
    /// How often a connection of any writer broke. What broke one has most likely broken all, and a
    /// caller who tries again must not meet the next broken one.
    breaks: Arc<AtomicU64>,
    /// With the count of breaks when it was made.
    connection: Option<(u64, MultiplexedConnection)>,
    /// When and why the last attempt to connect failed.
    refused: Option<(Instant, Kind, String)>,
}

impl Writer {
    /// Ends when the store is dropped.
    async fn run(mut self) {
        while let Some(batch) = self.collect().await {
            self.execute(batch).await;
        }
    }

    async fn collect(&self) -> Option<Vec<Call>> {
        let mut calls = self.calls.lock().await;
        let first = calls.recv().await?;
        // Requests that are ready to run get to join: fuller pipelines, less work for Redis.
        tokio::task::yield_now().await;
        let mut size = first.size;
        let mut batch = vec![first];
        while batch.len() < BATCH && size < BATCH_BYTES {
            let Ok(call) = calls.try_recv() else { break };
            size += call.size;
            batch.push(call);
        }
        // Nobody waits for these any more; their callers have said that they do not know.
        batch.retain(|call| !call.answer.is_closed());
        Some(batch)
    }

    async fn execute(&mut self, batch: Vec<Call>) {
        if batch.is_empty() {
            return;
        }
        let mut connection = match self.connected().await {
            Ok(connection) => connection,
            Err((kind, why)) => {
                for call in batch {
                    let _ = call.answer.send(Err(StoreError::new(kind, why.clone())));
                }
                return;
            }
        };
        let mut pipeline = Pipeline::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        for call in batch {
            pipeline.add_command(call.command);
            answers.push(call.answer);
        }
        let mut sent = connection
            .send_packed_commands(&pipeline, 0, answers.len())
            .await;
        if let Ok(values) = &mut sent
            && values.iter().any(reply::is_no_script)
            && let Err(err) = again(&mut connection, &pipeline, values).await
        {
            sent = Err(err);
        }
        match sent {
            Ok(values) => {
                if values.iter().any(reply::is_read_only) {
                    self.breaks.fetch_add(1, Ordering::Relaxed);
                    self.pool.drop_idle();
                }
                for (answer, value) in answers.into_iter().zip(values) {
                    let _ = answer.send(reply::answer(value));
                }
            }
            Err(err) => {
                self.breaks.fetch_add(1, Ordering::Relaxed);
                for answer in answers {
                    let lost = StoreError::new(Kind::Ambiguous, "the connection to Redis broke");
                    let _ = answer.send(Err(lost.with_source(err.clone())));
                }
            }
        }
    }

    async fn connected(&mut self) -> Result<MultiplexedConnection, (Kind, String)> {
        let breaks = self.breaks.load(Ordering::Relaxed);
        if let Some((then, connection)) = &self.connection
            && *then == breaks
        {
            return Ok(connection.clone());
        }
        self.connection = None;
        if let Some((at, kind, why)) = &self.refused
            && at.elapsed() < PAUSE
        {
            return Err((*kind, why.clone()));
        }
        let opened = timeout(self.timeout, self.open()).await;
        let late = |_| {
            (
                Kind::Unavailable,
                "Redis did not let us connect in time".to_owned(),
            )
        };
        match opened.map_err(late).flatten() {
            Ok(connection) => {
                self.refused = None;
                Ok(self.connection.insert((breaks, connection)).1.clone())
            }
            Err((kind, why)) => {
                self.refused = Some((Instant::now(), kind, why.clone()));
                Err((kind, why))
            }
        }
    }

    /// A connection on which the scripts are known and the stored format is ours.
    async fn open(&self) -> Result<MultiplexedConnection, (Kind, String)> {
        let broken =
            |err: RedisError| (Kind::Unavailable, format!("no connection to Redis: {err}"));
        let mut connection = self.pool.create().await.map_err(broken)?;
        connection.set_response_timeout(self.timeout);
        let mut pipeline = scripts::load();
        let mut open = scripts::call(Verb::Open, &[&self.keys.meta()]);
        open.arg(FORMAT).arg(PARTITIONS);
        pipeline.add_command(open);
        let answers = connection
            .send_packed_commands(&pipeline, 0, pipeline.len())
            .await;
        for value in answers.map_err(broken)? {
            reply::answer(value).map_err(|err| (err.kind(), err.to_string()))?;
        }
        Ok(connection)
    }
}

/// Repeats what was refused for want of a script, with the script's text: the server was restarted
/// or flushed, and might be flushed again.
async fn again(
    connection: &mut MultiplexedConnection,
    pipeline: &Pipeline,
    values: &mut [Value],
) -> Result<(), RedisError> {
    let mut repeated = redis::pipe();
    let mut refused = Vec::new();
    for (i, command) in pipeline.cmd_iter().enumerate() {
        if reply::is_no_script(&values[i])
            && let Some(command) = scripts::in_full(command)
        {
            repeated.add_command(command);
            refused.push(i);
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let answers = connection
        .send_packed_commands(&repeated, 0, repeated.len())
        .await?;
    for (i, value) in refused.into_iter().zip(answers) {
        values[i] = value;
    }
    Ok(())
}

/// How many connections carry calls.
const WRITERS: usize = 2;
/// Calls in one pipeline, at the most.
const BATCH: usize = 512;
/// A pipeline is not added to past this many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// How long a failed attempt to connect answers for those who come right after it.
const PAUSE: Duration = Duration::from_millis(50);
