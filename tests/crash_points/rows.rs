//! The crash table of `src/docs/delivery.md`, and the points at which the receiver dies for it.

use Found::{Job, NotKnown, Nothing, Something};

/// What must be found of the event at which the receiver died.
pub(crate) enum Found {
    /// Nobody knows which one it was.
    NotKnown,
    Nothing,
    Something,
    /// The job of the handler at whose work it died, in a state of this name; a queued one in Redis
    /// may still be under the dead process's lease.
    Job(&'static str),
}

pub(crate) struct Point {
    pub(crate) name: &'static str,
    /// At which time of getting there.
    pub(crate) nth: u32,
    pub(crate) found: Found,
    /// How often that job has its effect, in both lives together.
    pub(crate) effects: usize,
}

const fn point(name: &'static str, nth: u32, found: Found, effects: usize) -> Point {
    Point {
        name,
        nth,
        found,
        effects,
    }
}

/// The rows of the table, and the points that stand for them.
pub(crate) const ROWS: &[(&str, &[Point])] = &[
    (
        "before or during verification",
        &[point("before verify", 9, NotKnown, 1)],
    ),
    (
        "after the store was asked, before it did it",
        &[point("before accept", 9, Nothing, 1)],
    ),
    (
        "after the store did it, before we heard of it",
        &[point("after accept", 9, Something, 1)],
    ),
    (
        "after we heard of it, before the 200 left",
        &[point("before reply", 9, Something, 1)],
    ),
    (
        "after the 200, before a worker took a job",
        &[point("after reply", 9, NotKnown, 1)],
    ),
    (
        "in the handler",
        &[
            point("after lease", 5, NotKnown, 1),
            point("in handler", 9, Job("queued"), 1),
        ],
    ),
    (
        "after the handler's effect, before `done`",
        &[point("before done", 9, Job("queued"), 2)],
    ),
    (
        "after `done` was stored, before the worker heard",
        &[point("after done", 9, Job("done"), 1)],
    ),
    (
        "after an attempt failed, before that was stored",
        &[
            point("before retry", 9, Job("queued"), 1),
            point("before bury", 2, Job("queued"), 0),
        ],
    ),
    (
        "after that was stored, or when a retry is due",
        &[
            point("after retry", 9, Job("delayed"), 1),
            point("before promote", 4, NotKnown, 1),
            point("after promote", 2, NotKnown, 1),
            point("after bury", 2, Job("dead"), 0),
        ],
    ),
    (
        "after people were told of a dead letter, before that was noted",
        &[point("before set_alerted", 1, NotKnown, 1)],
    ),
];

/// The rows that other tests are about.
pub(crate) const ELSEWHERE: &[&str] = &[
    // Below.
    "a worker stalls past its lease and wakes up",
    // tests/redis_store/failover.rs
    "the store loses its tail (power, failover)",
];
