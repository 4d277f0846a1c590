//! The tasks behind the shared connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{Cmd, Pipeline, RedisError, Value, aio::MultiplexedConnection};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc},
    time::{Instant, timeout},
};

use super::{
    batch::Call,
    bundle::Bundle,
    jobs::millis,
    keys::Keys,
    level::{Checks, Refused},
    pool::RedisPool,
    reply,
    scripts::{self, FORMAT, PARTITIONS, Verb},
};
use crate::error::{StoreError, StoreErrorKind as Kind};

/// A task with a connection of its own.
pub(super) struct Writer {
    pub(super) pool: RedisPool,
    pub(super) keys: Arc<Keys>,
    pub(super) checks: Arc<Checks>,
    pub(super) timeout: Duration,
    pub(super) calls: Arc<AsyncMutex<mpsc::Receiver<Call>>>,
    /// How often a connection of any writer broke. What broke one has most likely broken all, and a
    /// caller who tries again must not meet the next broken one.
    pub(super) breaks: Arc<AtomicU64>,
    /// With the count of breaks when it was made.
    pub(super) connection: Option<(u64, MultiplexedConnection)>,
    /// When the server was last asked whether it is at its level.
    pub(super) checked: Instant,
    /// When and why the last attempt to connect failed.
    pub(super) refused: Option<(Instant, Kind, String)>,
}

impl Writer {
    /// Ends when the store is dropped.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.collect().await {
            self.execute(batch).await;
        }
    }

    async fn collect(&self) -> Option<Vec<Call>> {
        let mut calls = self.calls.lock().await;
        let first = calls.recv().await?;
        // Requests that are ready to run get to join: fuller pipelines, less work for Redis.
        tokio::task::yield_now().await;
        let mut size = first.what.size();
        let mut batch = vec![first];
        while batch.len() < BATCH && size < BATCH_BYTES {
            let Ok(call) = calls.try_recv() else { break };
            size += call.what.size();
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
        let (pipeline, bundle) = Bundle::of(batch, &self.keys);
        let durable = bundle.is_durable();
        match self.exchange(&mut connection, pipeline, durable).await {
            Ok((values, safe)) => bundle.tell(values, &safe),
            Err(err) => {
                self.breaks.fetch_add(1, Ordering::Relaxed);
                bundle.lose(&err);
            }
        }
    }

    /// The calls' answers, and whether the durable ones among them may be given.
    async fn exchange(
        &mut self,
        connection: &mut MultiplexedConnection,
        mut pipeline: Pipeline,
        durable: bool,
    ) -> Result<(Vec<Value>, Result<(), String>), RedisError> {
        let wait = if durable { self.wait() } else { None };
        if let Some(wait) = &wait {
            pipeline.add_command(wait.clone());
        }
        let asked = pipeline.len();
        if self.checked.elapsed() >= EVERY {
            self.checked = Instant::now();
            self.checks.ask(&mut pipeline);
        }
        let count = pipeline.len();
        let sent = connection.send_packed_commands(&pipeline, 0, count);
        let mut values = sent.await?;
        let mut safe = match values.split_off(asked.min(values.len())) {
            checked if checked.is_empty() => Ok(()),
            checked => self.checks.judge(checked).map_err(|(_, why)| why),
        };
        if values.iter().any(reply::is_no_script) {
            again(connection, &pipeline, &mut values, wait.as_ref()).await?;
        }
        if safe.is_err() || values.iter().any(reply::is_read_only) {
            // Whoever connects again is refused until it is put right.
            self.breaks.fetch_add(1, Ordering::Relaxed);
            self.pool.drop_idle();
        }
        if safe.is_ok() && wait.is_some() {
            safe = enough(values.pop(), self.checks.replicas());
        }
        if durable {
            let told = self.checks.tell();
            safe = safe.and(told);
        }
        Ok((values, safe))
    }

    /// Makes the server answer once the replicas have all that this connection wrote: it answers
    /// for every call before it, so that one is enough.
    fn wait(&self) -> Option<Cmd> {
        let replicas = self.checks.replicas();
        if replicas == 0 {
            return None;
        }
        let mut wait = redis::cmd("WAIT");
        // The rest of the time is for the answer to reach the caller.
        wait.arg(replicas).arg(millis(self.timeout * 3 / 4));
        Some(wait)
    }

    async fn connected(&mut self) -> Result<MultiplexedConnection, Refused> {
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
                (self.refused, self.checked) = (None, Instant::now());
                Ok(self.connection.insert((breaks, connection)).1.clone())
            }
            Err((kind, why)) => {
                self.refused = Some((Instant::now(), kind, why.clone()));
                Err((kind, why))
            }
        }
    }

    /// A connection on which the scripts are known and the stored format is ours.
    async fn open(&self) -> Result<MultiplexedConnection, Refused> {
        let broken =
            |err: RedisError| (Kind::Unavailable, format!("no connection to Redis: {err}"));
        let mut connection = self.pool.create().await.map_err(broken)?;
        connection.set_response_timeout(self.timeout);
        let mut pipeline = scripts::load();
        let mut open = scripts::call(Verb::Open, &[&self.keys.meta()]);
        let mode = if self.checks.existing_only {
            "existing"
        } else {
            ""
        };
        open.arg(FORMAT).arg(PARTITIONS).arg(mode);
        pipeline.add_command(open);
        let known = pipeline.len();
        self.checks.ask(&mut pipeline);
        let asked = self.checks.skew.ask(&mut pipeline);
        let count = pipeline.len();
        let answers = connection.send_packed_commands(&pipeline, 0, count).await;
        let mut answers = answers.map_err(broken)?;
        self.checks
            .skew
            .note(asked, answers.pop().unwrap_or_default());
        let checked = answers.split_off(known.min(answers.len()));
        for value in answers {
            reply::answer(value).map_err(|err| (err.kind(), err.to_string()))?;
        }
        self.checks.judge(checked)?;
        Ok(connection)
    }
}

/// Repeats what was refused for want of a script, with the script's text: the server was restarted
/// or flushed, and might be flushed again.
async fn again(
    connection: &mut MultiplexedConnection,
    pipeline: &Pipeline,
    values: &mut [Value],
    wait: Option<&Cmd>,
) -> Result<(), RedisError> {
    let mut repeated = redis::pipe();
    let mut refused = Vec::new();
    // The pipeline may end with questions about the level, whose answers are not among these.
    for (i, (command, value)) in pipeline.cmd_iter().zip(&*values).enumerate() {
        if reply::is_no_script(value)
            && let Some(command) = scripts::in_full(command)
        {
            repeated.add_command(command);
            refused.push(i);
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    if let Some(wait) = wait {
        // What was waited for so far does not cover these.
        repeated.add_command(wait.clone());
        refused.push(values.len() - 1);
    }
    let answers = connection
        .send_packed_commands(&repeated, 0, repeated.len())
        .await?;
    for (i, value) in refused.into_iter().zip(answers) {
        values[i] = value;
    }
    Ok(())
}

/// Whether this many replicas have answered a WAIT.
fn enough(waited: Option<Value>, wanted: u8) -> Result<(), String> {
    let waited = reply::answer(waited.unwrap_or_default()).and_then(reply::read::<u64>);
    match waited {
        Ok(n) if n >= u64::from(wanted) => Ok(()),
        Ok(n) => Err(format!("{n} of {wanted} replicas have it so far")),
        Err(err) => Err(format!("Redis did not wait for its replicas: {err}")),
    }
}

/// Calls in one pipeline, at the most.
const BATCH: usize = 512;
/// A pipeline is not added to past this many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// How long a failed attempt to connect answers for those who come right after it.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a server that is in use is asked whether it is still at its level.
const EVERY: Duration = Duration::from_secs(5);
