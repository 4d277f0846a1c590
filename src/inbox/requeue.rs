//! A sender that delivers a dead event again: people mend a bug and press "resend".

use std::{sync::PoisonError, time::Duration};

use tokio::time::Instant;

use super::{Inner, accept::refusal};
use crate::{
    error::Rejection,
    identity,
    store::{AcceptanceId, DedupKey, in_time},
    telemetry,
};

/// How long an event that was queued again is left alone. A captured delivery without a signed time
/// could otherwise make its handler run at will.
const ONCE_IN: Duration = Duration::from_secs(60);

impl Inner {
    /// Queues a dead event again, unless that is not wanted, or was done within the last minute.
    pub(super) async fn requeue(
        &self,
        key: DedupKey,
        acceptance: AcceptanceId,
    ) -> Result<(), Rejection> {
        let Some(turn) = Turn::take(self, key) else {
            return Ok(());
        };
        let requeued = in_time("requeue", self.store.requeue(key, acceptance)).await;
        let requeued = requeued.map_err(|why| refusal(&why))?;
        turn.was_used();
        telemetry::audit("requeue", &identity::text(key), requeued);
        Ok(())
    }
}

/// The right to queue one event again. Unless it was used it goes back: the delivery gets no 2xx
/// then, and the sender's next one has to find the turn.
struct Turn<'i> {
    inbox: &'i Inner,
    key: DedupKey,
    used: bool,
}

impl<'i> Turn<'i> {
    fn take(inbox: &'i Inner, key: DedupKey) -> Option<Self> {
        if !inbox.requeue {
            return None;
        }
        let mut requeued = inbox
            .requeued
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if requeued.get(&key).is_some_and(|at| now < *at + ONCE_IN) {
            return None;
        }
        requeued.put(key, now);
        let used = false;
        Some(Self { inbox, key, used })
    }

    fn was_used(mut self) {
        self.used = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.used {
            let requeued = self.inbox.requeued.lock();
            requeued
                .unwrap_or_else(PoisonError::into_inner)
                .pop(&self.key);
        }
    }
}
