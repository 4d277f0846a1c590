use std::{error::Error, fmt, time::Duration};

use crate::event::NoStamp;

/// Why a handler did not finish, and what is to happen next.
#[derive(Debug)]
pub struct Failure {
    pub(super) next: Next,
    source: Box<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// Another attempt when the schedule says so, while it does.
    Retry,
    /// Another attempt after this, while the schedule allows one.
    RetryAfter(Duration),
    /// No other attempt.
    Bury,
}

impl Failure {
    /// Something that may pass: try again as the schedule says.
    pub fn retry(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            next: Next::Retry,
            source: source.into(),
        }
    }

    /// Something that may pass, not before `delay`: what a downstream's `Retry-After` said.
    pub fn retry_after(delay: Duration, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            next: Next::RetryAfter(delay),
            source: source.into(),
        }
    }

    /// Something that will not pass: make it a dead letter at once.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            next: Next::Bury,
            source: source.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.next {
            Next::Retry | Next::RetryAfter(_) => "handler failed",
            Next::Bury => "handler failed for good",
        };
        f.write_str(what)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// What tower's middleware says (a time-out, a closed buffer) may pass; a [`Failure`] that it only
/// carried stays what it was.
impl From<Box<dyn Error + Send + Sync>> for Failure {
    fn from(why: Box<dyn Error + Send + Sync>) -> Self {
        match why.downcast::<Self>() {
            Ok(failure) => *failure,
            Err(why) => Self::retry(why),
        }
    }
}

/// A payload that cannot be read will not become readable.
impl From<serde_json::Error> for Failure {
    fn from(why: serde_json::Error) -> Self {
        // The error's own text may quote the payload; its category and place do not.
        let place = (why.classify(), why.line(), why.column());
        Self::permanent(format!(
            "payload is not as expected: {place:?} (category, line, column)"
        ))
    }
}

/// What does not say how new it is never will.
impl From<NoStamp> for Failure {
    fn from(why: NoStamp) -> Self {
        Self::permanent(why)
    }
}
