//! The way from the callers to the writer: a bounded queue of verbs, each with the way back.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Semaphore, oneshot};

use super::{
    fault::{Failure, Fault, Outcome},
    state::Batch,
};
use crate::error::{StoreError, StoreErrorKind};

/// A verb on its way, of whatever type.
pub(super) trait Step: Send {
    /// Carries it out; an error is one that the batch does not survive.
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), Fault>;

    /// Answers with the verb's own result, or with this error instead.
    fn answer(self: Box<Self>, instead: Option<StoreError>);
}

pub(super) struct Calls {
    waiting: Mutex<Waiting>,
    news: Condvar,
    room: Semaphore,
}

#[derive(Default)]
struct Waiting {
    steps: VecDeque<Box<dyn Step>>,
    /// The store is being dropped.
    stop: bool,
    /// Why nothing more is taken in.
    broken: Option<String>,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            news: Condvar::new(),
            room: Semaphore::new(ROOM),
        }
    }

    /// Has the writer carry out a verb, and waits until that is durable.
    pub(super) async fn call<T, F>(&self, verb: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Batch<'_, '_>) -> Outcome<T> + Send + 'static,
    {
        // Never closed.
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
        }
        let (reply, answer) = oneshot::channel();
        let call = Call {
            verb: Some(verb),
            result: None,
            reply,
        };
        {
            let mut waiting = self.waiting();
            if let Some(why) = &waiting.broken {
                self.room.add_permits(1);
                return Err(StoreError::new(StoreErrorKind::Unavailable, why.clone()));
            }
            waiting.steps.push_back(Box::new(call));
        }
        self.news.notify_one();
        answer.await.unwrap_or_else(|_| Err(ambiguous(GONE)))
    }

    /// Waits for verbs, for as long as this, and takes up to [`BATCH`] of them. `None` when the
    /// store is being dropped and none are left.
    pub(super) fn next(&self, wait: Duration) -> Option<Vec<Box<dyn Step>>> {
        let waiting = self.waiting();
        let idle = |waiting: &mut Waiting| waiting.steps.is_empty() && !waiting.stop;
        let (mut waiting, _) = self
            .news
            .wait_timeout_while(waiting, wait, idle)
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.steps.is_empty() && waiting.stop {
            return None;
        }
        // Those who have just been answered are about to call again: whoever of them is ready to run
        // may do so first. This costs no time when nobody is.
        for _ in 0..YIELDS {
            let before = waiting.steps.len();
            drop(waiting);
            std::thread::yield_now();
            waiting = self.waiting();
            if waiting.steps.len() == before || before >= BATCH {
                break;
            }
        }
        let count = waiting.steps.len().min(BATCH);
        self.room.add_permits(count);
        Some(waiting.steps.drain(..count).collect())
    }

    pub(super) fn stop(&self) {
        self.waiting().stop = true;
        self.news.notify_one();
    }

    /// Takes nothing more in; what is waiting has not been tried.
    pub(super) fn give_up(&self, why: &str) {
        let steps = {
            let mut waiting = self.waiting();
            waiting.broken = Some(why.to_owned());
            std::mem::take(&mut waiting.steps)
        };
        self.room.add_permits(steps.len());
        for step in steps {
            step.answer(Some(StoreError::new(StoreErrorKind::Unavailable, why)));
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Call<F, T> {
    verb: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Step for Call<F, T>
where
    T: Send,
    F: FnOnce(&mut Batch<'_, '_>) -> Outcome<T> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let Some(verb) = self.verb.take() else {
            return Ok(());
        };
        self.result = Some(match verb(batch) {
            Ok(answer) => Ok(answer),
            Err(Failure::Refused(why)) => Err(why),
            Err(Failure::Broken(fault)) => return Err(fault),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, instead: Option<StoreError>) {
        let result = match instead {
            Some(error) => Err(error),
            None => self.result.unwrap_or_else(|| Err(ambiguous(GONE))),
        };
        // Nobody waits for it any more: then nobody is told.
        let _ = self.reply.send(result);
    }
}

pub(super) fn ambiguous(why: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Ambiguous, why)
}

const GONE: &str = "the store's writer has gone";

/// Verbs that wait for the writer before callers wait for room.
const ROOM: usize = 8_192;

/// How often the writer lets others run while that brings more verbs.
const YIELDS: usize = 16;

/// Verbs in one transaction.
const BATCH: usize = 512;
