//! Jobs that end together: those of one handler are ended by one call, since most of what a call
//! costs Redis is the same for one job and for many.

use std::sync::Arc;

use redis::Pipeline;

use super::{
    bundle::Answer,
    keys::Keys,
    lanes::Lane,
    scripts::{self, Verb},
};
use crate::store::{AcceptanceId, DedupKey};

/// A job that is done.
pub(super) struct Done {
    pub(super) lane: Arc<Lane>,
    pub(super) consumer: Arc<str>,
    /// The queue's entry.
    pub(super) entry: String,
    /// The delivery count under which it is ours.
    pub(super) token: u64,
    pub(super) acceptance: AcceptanceId,
    pub(super) key: DedupKey,
}

/// The jobs that end in one pipeline.
#[derive(Default)]
pub(super) struct Ends(Vec<(Done, Answer)>);

impl Ends {
    pub(super) fn add(&mut self, done: Done, answer: Answer) {
        self.0.push((done, answer));
    }

    /// Adds the calls to the pipeline. Answers with who waits for each of them, in the order of its
    /// answers.
    pub(super) fn into_calls(mut self, keys: &Keys, pipeline: &mut Pipeline) -> Vec<Vec<Answer>> {
        self.0.sort_by(|(a, _), (b, _)| {
            let place = |done: &Done| order(&done.entry);
            a.lane
                .name
                .cmp(&b.lane.name)
                .then_with(|| place(a).cmp(&place(b)))
        });
        let mut waiting = Vec::new();
        let mut rest = self.0.into_iter().peekable();
        while let Some((first, answer)) = rest.next() {
            let (mut jobs, mut answers) = (vec![first], vec![answer]);
            while let Some((job, answer)) =
                rest.next_if(|(job, _)| jobs.len() < AT_ONCE && job.lane.name == jobs[0].lane.name)
            {
                jobs.push(job);
                answers.push(answer);
            }
            pipeline.add_command(call(keys, &jobs));
            waiting.push(answers);
        }
        waiting
    }
}

fn call(keys: &Keys, jobs: &[Done]) -> redis::Cmd {
    let mut names = vec![jobs[0].lane.queue.clone(), keys.meta()];
    for job in jobs {
        names.extend([keys.event(&job.acceptance), keys.dedup(&job.key)]);
    }
    let names: Vec<_> = names.iter().map(Vec::as_slice).collect();
    let mut call = scripts::call(Verb::Done, &names);
    call.arg(&*jobs[0].consumer).arg(&*jobs[0].lane.name);
    for job in jobs {
        call.arg(&job.entry)
            .arg(job.token)
            .arg(&job.acceptance.0[..]);
    }
    call
}

/// An entry's place in its stream.
fn order(entry: &str) -> (u64, u64) {
    let (time, count) = entry.split_once('-').unwrap_or((entry, ""));
    let number = |text: &str| text.parse().unwrap_or_default();
    (number(time), number(count))
}

/// Jobs ended by one script at the most: it holds up everybody else.
const AT_ONCE: usize = 64;
