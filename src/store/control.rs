#[cfg(doc)]
use super::Stats;
use super::StoreFuture;

/// The operating side: what is done to a handler as a whole. A name that was never declared is
/// [`StoreErrorKind::Invalid`](crate::error::StoreErrorKind::Invalid).
pub trait Control {
    /// Pauses a handler, or resumes it, for every process: a lease of a paused one takes nothing,
    /// and waits for it to be resumed. New jobs wait, those under lease go on. False when nothing
    /// changed.
    fn set_paused<'a>(&'a self, handler: &'a str, paused: bool) -> StoreFuture<'a, bool>;

    /// Takes a handler out of the registry, whose revision rises: it gets no new jobs. What it has
    /// stays: jobs, dead letters, its place among the records. It is in [`Stats`] until nothing is
    /// left. [`Accept::declare`](super::Accept::declare) brings it back with what it has by then,
    /// in its old place and not paused.
    ///
    /// Another kind of removal replaces the first. False when nothing changed.
    fn remove<'a>(&'a self, handler: &'a str, removal: Removal) -> StoreFuture<'a, bool>;

    /// Makes dead letters, with the reason [`REMOVED`], of up to `max` jobs of a handler that was
    /// removed by [`Removal::Bury`]: of those that wait, whose lease ran out, or that are delayed.
    /// Answers how many; zero when there are none, and for every other handler.
    fn bury_removed<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, usize>;
}

/// What becomes of the jobs of a handler that is removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removal {
    /// They are still leased, wherever the handler still runs.
    Drain,
    /// They are not leased any more, and become dead letters. Those under lease may end.
    Bury,
}

/// Why a job died whose handler was removed.
pub const REMOVED: &str = "removed";
