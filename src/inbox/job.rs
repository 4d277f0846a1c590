use std::{fmt, ops::Deref, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{failure::Failure, renewal::Renewal, retry::jittered};
use crate::{
    clock::UnixTime,
    error::StoreError,
    event::Event,
    identity,
    redact::Redactor,
    secret::Label,
    store::{Fence, Held, Store},
    telemetry,
};

/// One event for one handler, leased to this process. Dereferences to its [`Event`].
///
/// A handler function settles its job by what it returns. A job from a channel is settled by
/// [`Job::done`], [`Job::retry`] or [`Job::bury`]; one that is dropped without comes back when its
/// lease ends.
pub struct Job {
    pub(super) event: Event,
    pub(super) handler: Label,
    pub(super) key: String,
    pub(super) attempt: u32,
    pub(super) deliveries: u32,
    pub(super) replays: u32,
    pub(super) fence: Fence,
    pub(super) deadline: Instant,
    pub(super) store: Arc<dyn Store>,
    /// Told when a retry is due.
    pub(super) due: super::worker::Due,
    /// Keeps the lease of a channel's job alive.
    pub(super) renewal: Option<Renewal>,
}

impl Job {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The name of the handler.
    pub fn handler(&self) -> &str {
        self.handler.as_str()
    }

    /// The idempotency key: the same for every attempt, lease and replay of this event for any
    /// handler. 32 hexadecimal digits.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt.saturating_add(1)
    }

    /// How often the job was replayed from the dead letters.
    pub fn replays(&self) -> u32 {
        self.replays
    }

    /// When the event was first accepted.
    pub fn first_seen(&self) -> UnixTime {
        self.event.received_at()
    }

    /// When this attempt ends, ready or not. For a channel's job [`extend`](Self::extend) moves it.
    pub fn deadline(&self) -> Instant {
        self.renewal.as_ref().map_or(self.deadline, Renewal::until)
    }

    /// The body as `T`; the error buries the job, since the bytes will not get better.
    ///
    /// # Errors
    /// When it is not JSON or not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        Ok(self.event.json()?)
    }

    /// The part of the body at a JSON pointer of object keys, as `T`; the error buries the job.
    ///
    /// # Errors
    /// When the body is not JSON, has nothing there, or that is not a `T`.
    pub fn json_at<T: DeserializeOwned>(&self, pointer: &str) -> Result<T, Failure> {
        Ok(self.event.json_at(pointer)?)
    }

    /// Ends the job.
    ///
    /// # Errors
    /// When the store fails. The job then comes back, or was done already.
    pub async fn done(self) -> Result<Held, StoreError> {
        let held = self.store.done(&self.fence).await;
        self.settled("done", held)
    }

    /// Puts the job back for an attempt after `delay`, with ±20 % jitter.
    ///
    /// # Errors
    /// When the store fails. The job then comes back when its lease ends.
    pub async fn retry(self, delay: Duration) -> Result<Held, StoreError> {
        let delay = jittered(delay);
        let held = self.store.retry(&self.fence, delay).await;
        self.due
            .earlier(crate::verify::later(Instant::now(), delay));
        self.settled("retry", held)
    }

    /// Makes the job a dead letter. What seems to be a token in the reason is not kept.
    ///
    /// # Errors
    /// When the store fails. The job then comes back when its lease ends.
    pub async fn bury(self, reason: &str) -> Result<Held, StoreError> {
        let held = self.store.bury(&self.fence, &Redactor::text(reason)).await;
        self.settled("dead", held)
    }

    /// Counts how a channel's job ended; a handler's is counted by its worker.
    fn settled(
        &self,
        outcome: &'static str,
        held: Result<Held, StoreError>,
    ) -> Result<Held, StoreError> {
        if self.renewal.is_some() {
            let outcome = match &held {
                Ok(Held::Applied) => outcome,
                Ok(Held::Lost) => "lost",
                Err(_) => "unsettled",
            };
            telemetry::lease_ended(&self.handler, outcome);
        }
        held
    }

    /// Starts the lease anew; [`Held::Lost`] when it is somebody else's by now. The 15 minutes of a
    /// channel's job begin anew as well; the time-out of a handler's attempt stays.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn extend(&self) -> Result<Held, StoreError> {
        let held = self.store.extend(&self.fence).await?;
        if let (Held::Applied, Some(renewal)) = (held, &self.renewal) {
            renewal.prolong();
        }
        Ok(held)
    }
}

impl Deref for Job {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("handler", &self.handler)
            .field("key", &self.key)
            .field("attempt", &self.attempt())
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

/// The text under which people find a job in logs and the store.
pub(super) fn key_text(fence: &Fence) -> String {
    identity::text(fence.key)
}
