use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{Inbox, filter::Filter, stored};
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

/// Which dead letters are meant. By default all.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct DeadFilter {
    events: Option<Filter>,
    since: Option<UnixTime>,
    until: Option<UnixTime>,
    secret: Option<String>,
}

impl DeadFilter {
    /// All of a handler's dead letters.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only of events that this filter lets through.
    pub fn of(mut self, events: Filter) -> Self {
        self.events = Some(events);
        self
    }

    /// Only those that died at this time or later.
    pub fn since(mut self, time: UnixTime) -> Self {
        self.since = Some(time);
        self
    }

    /// Only those that died before this time.
    pub fn until(mut self, time: UnixTime) -> Self {
        self.until = Some(time);
        self
    }

    /// Only of events that were signed with the secret of this label.
    pub fn signed_with(mut self, label: impl Into<String>) -> Self {
        self.secret = Some(label.into());
        self
    }

    fn matches(&self, dead: &DeadLetter) -> bool {
        let in_time = self.since.is_none_or(|since| dead.died_at >= since)
            && self.until.is_none_or(|until| dead.died_at < until);
        let Some(event) = &dead.event else {
            return in_time && self.events.is_none() && self.secret.is_none();
        };
        in_time
            && self.events.as_ref().is_none_or(|f| f.matches(event))
            && self
                .secret
                .as_deref()
                .is_none_or(|label| label == event.secret_label())
    }
}

/// How a replay of many is run.
///
/// # Default
/// - 100 a second
/// - for real
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ReplayOptions {
    per_second: u32,
    dry_run: bool,
}

impl ReplayOptions {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            per_second: 100,
            dry_run: false,
        }
    }

    /// At most this many a second; zero is one.
    pub const fn with_rate(mut self, per_second: u32) -> Self {
        self.per_second = if per_second == 0 { 1 } else { per_second };
        self
    }

    /// Only counts.
    pub const fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What a replay of many did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReplayReport {
    /// How many dead letters were meant.
    pub matched: usize,
    /// How many of them were queued again; the rest was gone by then, or it was a dry run.
    pub replayed: usize,
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

    /// One of a handler's dead letters; `None` when it is not there (any more). `before` is the
    /// entry before it, if that is known: without it the store is read up to the entry.
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn dead_letter(
        &self,
        handler: &str,
        entry: &str,
        before: Option<&str>,
    ) -> Result<Option<DeadLetter>, StoreError> {
        let is_it = |dead: &DeadLetter| dead.entry == entry;
        if let Some(before) = before {
            let next = self
                .dead_letters(handler, &DeadFilter::all(), Some(before), 1)
                .await?;
            if let Some(found) = next.into_iter().find(is_it) {
                return Ok(Some(found));
            }
        }
        let mut after = None::<String>;
        loop {
            let page = self.0.store.dead(handler, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(None);
            };
            after = Some(last.entry.clone());
            if let Some(found) = page.into_iter().find(|dead| dead.entry == entry) {
                return Ok(Some(DeadLetter::new(found)));
            }
        }
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

    /// Queues again what the filter means, oldest first and no faster than the options say. What
    /// dies meanwhile is not meant.
    ///
    /// # Errors
    /// When the store fails or knows no such handler. What was queued by then stays queued.
    pub async fn replay_all(
        &self,
        handler: &str,
        filter: &DeadFilter,
        options: ReplayOptions,
    ) -> Result<ReplayReport, StoreError> {
        let (mut report, mut after) = (ReplayReport::default(), None::<String>);
        let (begun, mut next) = (self.now(), Instant::now());
        let filter = DeadFilter {
            until: Some(filter.until.map_or(begun, |until| until.min(begun))),
            ..filter.clone()
        };
        loop {
            let page = self
                .dead_letters(handler, &filter, after.as_deref(), PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.entry.clone());
            for dead in &page {
                report.matched += 1;
                if options.dry_run {
                    continue;
                }
                sleep_until(next).await;
                next = next.max(Instant::now()) + Duration::from_secs(1) / options.per_second;
                report.replayed += usize::from(self.0.store.replay(handler, &dead.entry).await?);
            }
        }
        telemetry::audit("replay_all", handler, report.replayed);
        Ok(report)
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

    /// What became of an event, by its idempotency key: where each handler's job is. `None` when
    /// it was never accepted or is forgotten. "Delivered" is not "processed": this tells the two
    /// apart.
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

/// An event that no handler wanted.
#[derive(Clone, Debug)]
pub struct UnroutedEvent {
    /// Its name in the store, for [`Inbox::route`] and the next page.
    pub entry: String,
    /// The event; `None` when a newer version stored it.
    pub event: Option<Event>,
}

impl Inbox {
    /// Up to `max` events that no handler wanted, oldest first, from behind the entry `after`.
    /// They are kept for as long as dead letters are.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unrouted(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<UnroutedEvent>, StoreError> {
        let found = self.0.store.unrouted(after, max).await?;
        let event = |unrouted: store::Unrouted| UnroutedEvent {
            event: stored::decode(&unrouted.head, unrouted.body),
            entry: unrouted.entry,
        };
        Ok(found.into_iter().map(event).collect())
    }

    /// Queues an unrouted event for these handlers, or gives it up when there are none. False when
    /// it is not there (any more).
    ///
    /// # Errors
    /// When the store fails or knows no such handler.
    pub async fn route(&self, entry: &str, handlers: &[&str]) -> Result<bool, StoreError> {
        let routes: Vec<Arc<str>> = handlers.iter().map(|name| Arc::from(*name)).collect();
        let routed = self.0.store.route(entry, &routes).await?;
        telemetry::audit("route", entry, usize::from(routed));
        Ok(routed)
    }
}

/// The idempotency key of a job: 32 hexadecimal digits.
fn parse(key: &str) -> Option<DedupKey> {
    let bytes = data_encoding::HEXLOWER.decode(key.as_bytes()).ok()?;
    bytes.try_into().ok().map(DedupKey)
}
