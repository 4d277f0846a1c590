//! A batch of calls as the commands of one pipeline: what one script can do for several is one.

use redis::{Pipeline, RedisError, Value};
use tokio::sync::oneshot;

use super::{
    accepting::Together,
    batch::{Call, What},
    done::Ends,
    keys::Keys,
    reply,
};
use crate::error::{StoreError, StoreErrorKind as Kind};

/// Who waits to be told.
pub(super) type Answer = oneshot::Sender<Result<Value, StoreError>>;

/// Who waits for the commands of a pipeline, in their order.
#[derive(Default)]
pub(super) struct Bundle {
    waiting: Vec<Waiting>,
}

struct Waiting {
    who: Who,
    /// Whether the answer stands for the store's level.
    durable: bool,
}

enum Who {
    One(Answer),
    /// Each for a part of the answer.
    Each(Vec<Answer>),
}

impl Bundle {
    pub(super) fn of(batch: Vec<Call>, keys: &Keys) -> (Pipeline, Self) {
        let mut pipeline = Pipeline::with_capacity(batch.len() + 3);
        let mut bundle = Self::default();
        let (mut accepts, mut ends) = (Together::default(), Ends::default());
        for call in batch {
            match call.what {
                What::Command { command, durable } => {
                    pipeline.add_command(command);
                    bundle.wait(Who::One(call.answer), durable);
                }
                What::Accept(part) => {
                    accepts.add(part, call.answer);
                    if accepts.is_full() {
                        bundle.accept(std::mem::take(&mut accepts), keys, &mut pipeline);
                    }
                }
                What::Done(done) => ends.add(done, call.answer),
            }
        }
        bundle.accept(accepts, keys, &mut pipeline);
        for waiting in ends.into_calls(keys, &mut pipeline) {
            bundle.wait(Who::Each(waiting), false);
        }
        (pipeline, bundle)
    }

    fn accept(&mut self, accepts: Together, keys: &Keys, pipeline: &mut Pipeline) {
        if !accepts.waiting.is_empty() {
            pipeline.add_command(accepts.call(keys));
            self.wait(Who::Each(accepts.waiting), true);
        }
    }

    fn wait(&mut self, who: Who, durable: bool) {
        self.waiting.push(Waiting { who, durable });
    }

    /// Whether an answer stands for the store's level.
    pub(super) fn is_durable(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.durable)
    }

    /// Hands out the answers; `safe` says whether those may be given that stand for the level.
    pub(super) fn tell(self, values: Vec<Value>, safe: &Result<(), String>) {
        for (Waiting { who, durable }, value) in self.waiting.into_iter().zip(values) {
            let say = |answer: Answer, value| {
                let _ = answer.send(match (reply::answer(value), safe) {
                    (Ok(_), Err(why)) if durable => {
                        Err(StoreError::new(Kind::Ambiguous, why.clone()))
                    }
                    (answered, _) => answered,
                });
            };
            match (who, value) {
                (Who::One(answer), value) => say(answer, value),
                (Who::Each(answers), Value::Array(parts)) => {
                    answers
                        .into_iter()
                        .zip(parts)
                        .for_each(|(answer, part)| say(answer, part));
                }
                // An error is everybody's.
                (Who::Each(answers), value) => {
                    answers
                        .into_iter()
                        .for_each(|answer| say(answer, value.clone()));
                }
            }
        }
    }

    /// Nobody knows what became of the calls.
    pub(super) fn lose(self, why: &RedisError) {
        let everybody = self
            .waiting
            .into_iter()
            .flat_map(|waiting| match waiting.who {
                Who::One(answer) => vec![answer],
                Who::Each(answers) => answers,
            });
        for answer in everybody {
            let lost = StoreError::new(Kind::Ambiguous, "the connection to Redis broke");
            let _ = answer.send(Err(lost.with_source(why.clone())));
        }
    }
}
