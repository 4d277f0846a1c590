//! Whether the server's clock and ours agree.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use redis::{Pipeline, Value};

use super::reply;
use crate::{
    clock::{Clock, UnixTime},
    error::StoreError,
    telemetry,
};

/// Asked on every new connection.
pub(super) struct Skew {
    pub(super) clock: Arc<dyn Clock>,
    /// How many milliseconds the server's was ahead when it was last asked; zero within bounds.
    last: AtomicI64,
}

impl Skew {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            last: AtomicI64::new(0),
        }
    }

    /// The question, and when it is asked.
    pub(super) fn ask(&self, pipeline: &mut Pipeline) -> UnixTime {
        pipeline.cmd("TIME");
        self.clock.now()
    }

    /// Takes the answer, and warns of what has changed. A server that does not say is taken for right.
    pub(super) fn note(&self, asked: UnixTime, answer: Value) {
        let answered = self.clock.now();
        let Ok(theirs) = time_of(answer) else { return };
        let ahead = ahead(asked, answered, theirs);
        // Half of the way there and back is not known to be one or the other.
        let doubt = i64::try_from(answered.saturating_since(asked).as_millis() / 2);
        let bound = MAX_SKEW.saturating_add(doubt.unwrap_or(i64::MAX));
        let noted = if ahead.saturating_abs() > bound {
            ahead
        } else {
            0
        };
        let before = self.last.swap(noted, Ordering::Relaxed);
        if let Some(warning) = self.warning().filter(|_| before == 0) {
            telemetry::warn("redis", &warning);
        }
    }

    pub(super) fn warning(&self) -> Option<String> {
        let ahead = self.last.load(Ordering::Relaxed);
        let which = if ahead > 0 { "ahead of" } else { "behind" };
        (ahead != 0).then(|| {
            format!(
                "the clock of Redis is {} ms {which} this machine's: leases, delays and windows go by \
                 its clock, and whether a delivery is fresh by ours",
                ahead.unsigned_abs()
            )
        })
    }
}

impl fmt::Debug for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Skew").field(&self.last).finish()
    }
}

/// The answer to TIME.
pub(super) fn time_of(answer: Value) -> Result<UnixTime, StoreError> {
    let (secs, micros): (i64, i64) = reply::read(reply::answer(answer)?)?;
    let millis = secs.saturating_mul(1_000).saturating_add(micros / 1_000);
    Ok(UnixTime::from_millis(millis))
}

/// By how many milliseconds a clock is ahead that was read between these two moments.
pub(super) fn ahead(asked: UnixTime, answered: UnixTime, theirs: UnixTime) -> i64 {
    let ours = asked.as_millis().midpoint(answered.as_millis());
    theirs.as_millis().saturating_sub(ours)
}

/// In milliseconds.
const MAX_SKEW: i64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn time(millis: i64) -> Value {
        let text = |n: i64| Value::BulkString(n.to_string().into_bytes());
        Value::Array(vec![text(millis / 1_000), text(millis % 1_000 * 1_000)])
    }

    #[test]
    fn more_than_a_second_is_noted_unless_the_way_may_have_taken_it() {
        let skew = Skew::new(Arc::new(SystemClock));
        let now = SystemClock.now().as_millis();
        let ago = |ms| UnixTime::from_millis(now - ms);
        for (asked, ahead, warns) in [
            (ago(0), 1_500, true),
            (ago(0), 900, false),
            (ago(0), -1_500, true),
            (ago(0), 0, false),
            // Four seconds on the way: it may have been read at any moment of them.
            (ago(4_000), 900, false),
            (ago(4_000), 1_900, true),
        ] {
            skew.note(asked, time(now + ahead));
            assert_eq!(skew.warning().is_some(), warns, "{ahead}: {skew:?}");
        }
        skew.note(ago(0), Value::Nil);
        assert!(
            skew.warning().is_some(),
            "what is not readable says nothing"
        );
    }
}
