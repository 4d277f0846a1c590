use std::sync::Arc;

use super::{Inbox, many::DeadFilter, stored};
use crate::{
    clock::UnixTime,
    error::StoreError,
    event::Event,
    identity,
    store::{self, DedupKey, JobState},
    telemetry,
};

/// A job that has used up its attempts or was refused for good. Its event is kept until it is
/// replayed, discarded, or too old.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    handler: Arc<str>,
    entry: String,
    key: String,
    event: Option<Event>,
    attempts: u32,
    replays: u32,
    reason: String,
    died_at: UnixTime,
}

impl DeadLetter {
    pub(super) fn new(dead: store::DeadLetter) -> Self {
        Self {
            event: stored::decode(&dead.head, dead.body),
            handler: dead.handler,
            entry: dead.entry,
            key: identity::text(dead.key),
            attempts: dead.attempt.saturating_add(1),
            replays: dead.replays,
            reason: dead.reason,
            died_at: dead.at,
        }
    }

    /// The handler's name.
    pub fn handler(&self) -> &str {
        &self.handler
    }

    /// Its name in the store, for [`Inbox::replay`], [`Inbox::discard`] and the next page.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The event's idempotency key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The event; `None` when a newer version stored it.
    pub fn event(&self) -> Option<&Event> {
        self.event.as_ref()
    }

    /// How many attempts it had.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How often it was replayed before.
    pub fn replays(&self) -> u32 {
        self.replays
    }

    /// Why it died, in the handler's words.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When it died, by the store's clock.
    pub fn died_at(&self) -> UnixTime {
        self.died_at
    }
}

/// Dead letters read at once.
pub(super) const PAGE: usize = 100;

impl Inbox {
    /// Up to `max` of a handler's dead letters, oldest first, from behind the entry `after`.
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn dead_letters(
        &self,
        handler: &str,
        filter: &DeadFilter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let (mut found, mut after) = (Vec::new(), after.map(str::to_owned));
        while found.len() < max {
            let page = self.0.store.dead(handler, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.entry.clone());
            let letters = page.into_iter().map(DeadLetter::new);
            found.extend(
                letters
                    .filter(|dead| filter.matches(dead))
                    .take(max - found.len()),
            );
        }
        Ok(found)
    }

    /// One of a handler's dead letters; `None` when it is not there (any more).
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn dead_letter(
        &self,
        handler: &str,
        entry: &str,
    ) -> Result<Option<DeadLetter>, StoreError> {
        let found = self.0.store.dead_letter(handler, entry).await?;
        Ok(found.map(DeadLetter::new))
    }

    /// Queues a dead letter again, with a new budget of attempts. Its idempotency key stays. False
    /// when it is not there (any more).
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn replay(&self, handler: &str, entry: &str) -> Result<bool, StoreError> {
        let replayed = self.0.store.replay(handler, entry).await?;
        telemetry::audit("replay", handler, usize::from(replayed));
        Ok(replayed)
    }

    /// Gives a dead letter up. False when it is not there (any more).
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn discard(&self, handler: &str, entry: &str) -> Result<bool, StoreError> {
        let discarded = self.0.store.discard(handler, entry).await?;
        telemetry::audit("discard", handler, usize::from(discarded));
        Ok(discarded)
    }

    /// What became of an event, by its idempotency key ([`key_of`]): where each
    /// handler's job is. `None` when it was never accepted or is forgotten. "Delivered" is not
    /// "processed": this tells the two apart.
    ///
    /// It is the view of one moment, by the store's clock: the next one may be another. A job is
    /// [`Processing`](JobState::Processing) while its lease runs; once that is over it counts as
    /// queued, although its worker may still be at it. The reason of a dead one is the
    /// [dead letter's](DeadLetter::reason).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(&self, key: &str) -> Result<Option<Vec<(String, JobState)>>, StoreError> {
        let Some(key) = parse(key) else {
            return Ok(None);
        };
        let found = self.0.store.status(key).await?;
        let named = |(name, state): (Arc<str>, JobState)| (name.to_string(), state);
        Ok(found.map(|remembered| remembered.jobs.into_iter().map(named).collect()))
    }

    /// An event by its idempotency key, wherever its jobs are. `None` once all have ended; when it was
    /// never accepted; and when a newer version stored it. Those that no handler wanted are looked for
    /// one by one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn event(&self, key: &str) -> Result<Option<Event>, StoreError> {
        let Some(parsed) = parse(key) else {
            return Ok(None);
        };
        if let Some(payload) = self.0.store.payload(parsed).await? {
            return Ok(stored::decode(&payload.head, payload.body));
        }
        let mut after = None::<String>;
        loop {
            let mut page = self.unrouted(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(None);
            };
            after = Some(last.entry.clone());
            if let Some(found) = page.iter().position(|unrouted| unrouted.key == key) {
                return Ok(page.swap_remove(found).event);
            }
        }
    }

    /// Deletes an event's payload and all its jobs, e.g. because a person asked for it. The key
    /// stays remembered for its window. False when there was no payload.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erase(&self, key: &str) -> Result<bool, StoreError> {
        let Some(parsed) = parse(key) else {
            return Ok(false);
        };
        let erased = self.0.store.erase(parsed).await?;
        telemetry::audit("erase", key, usize::from(erased));
        Ok(erased)
    }
}

/// The idempotency key of an event, as [`Job::key`](super::Job::key) has it, by the names of its
/// source and tenant and the id that its sender gave it: for ids that are signed.
///
/// Where they are not (GitHub, Shopify: [`Provenance`](crate::event::Provenance) says it), the body is
/// part of the key, and this is nobody's: such a key is found with the job, in the log, in the journal.
///
/// ```
/// # async fn look(inbox: &hookgate::Inbox) -> Result<(), hookgate::StoreError> {
/// let key = hookgate::inbox::key_of("stripe", None, "evt_1PqzXy");
/// for (handler, state) in inbox.status(&key).await?.unwrap_or_default() {
///     println!("{handler}: {state:?}");
/// }
/// # Ok(()) }
/// ```
pub fn key_of(source: &str, tenant: Option<&str>, id: &str) -> String {
    identity::text(identity::signed(source, tenant, id))
}

/// The idempotency key of a job: 32 hexadecimal digits.
fn parse(key: &str) -> Option<DedupKey> {
    let bytes = data_encoding::HEXLOWER.decode(key.as_bytes()).ok()?;
    bytes.try_into().ok().map(DedupKey)
}
