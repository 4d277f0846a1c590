//! Many dead letters at once: which are meant, and what is done to them.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};

use super::{
    Inbox,
    dead::{DeadLetter, PAGE},
    filter::Filter,
};
use crate::{
    clock::UnixTime,
    error::{StoreError, StoreErrorKind},
    telemetry,
};

/// Which dead letters are meant. By default all.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct DeadFilter {
    events: Option<Filter>,
    since: Option<UnixTime>,
    until: Option<UnixTime>,
    secret: Option<String>,
    reason: Option<String>,
    key: Option<String>,
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

    /// Only of the event with this idempotency key.
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Only those whose [reason](DeadLetter::reason) contains this text, capitals counting.
    pub fn because(mut self, text: impl Into<String>) -> Self {
        self.reason = Some(text.into());
        self
    }

    pub(super) fn matches(&self, dead: &DeadLetter) -> bool {
        let told = self.since.is_none_or(|since| dead.died_at() >= since)
            && self.until.is_none_or(|until| dead.died_at() < until)
            && self.key.as_deref().is_none_or(|key| dead.key() == key)
            && self
                .reason
                .as_deref()
                .is_none_or(|text| dead.reason().contains(text));
        let Some(event) = dead.event() else {
            return told && self.events.is_none() && self.secret.is_none();
        };
        told && self.events.as_ref().is_none_or(|f| f.matches(event))
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

impl Inbox {
    /// Queues again what the filter means, oldest first and no faster than the options say. Looks at
    /// no more dead letters than there were at the beginning: what dies meanwhile is not meant.
    ///
    /// # Errors
    /// When the store fails or knows no such handler. What was queued by then stays queued.
    pub async fn replay_all(
        &self,
        handler: &str,
        filter: &DeadFilter,
        options: ReplayOptions,
    ) -> Result<ReplayReport, StoreError> {
        self.replay_each(handler, filter, options, |_| ()).await
    }

    /// The same, telling after each dead letter how far it is: for progress bars, and for whoever
    /// may drop the future half-way.
    ///
    /// # Errors
    /// Those of [`replay_all`](Self::replay_all).
    pub async fn replay_each(
        &self,
        handler: &str,
        filter: &DeadFilter,
        options: ReplayOptions,
        mut told: impl FnMut(ReplayReport) + Send,
    ) -> Result<ReplayReport, StoreError> {
        let (mut report, mut next) = (ReplayReport::default(), Instant::now());
        let mut meant = Meant::new(self, handler, filter).await?;
        while let Some(page) = meant.page().await? {
            for dead in page {
                report.matched += 1;
                if !options.dry_run {
                    sleep_until(next).await;
                    next = next.max(Instant::now()) + Duration::from_secs(1) / options.per_second;
                    let replayed = self.0.store.replay(handler, dead.entry()).await?;
                    report.replayed += usize::from(replayed);
                }
                told(report);
            }
        }
        telemetry::audit("replay_all", handler, report.replayed);
        Ok(report)
    }

    /// Gives up what the filter means, some at a time, and answers how many dead letters that were.
    /// What dies meanwhile is not meant. `told` gets the count so far.
    ///
    /// # Errors
    /// When the store fails or knows no such handler. What was given up by then is gone.
    pub async fn discard_each(
        &self,
        handler: &str,
        filter: &DeadFilter,
        mut told: impl FnMut(usize) + Send,
    ) -> Result<usize, StoreError> {
        let (mut discarded, mut meant) = (0, Meant::new(self, handler, filter).await?);
        while let Some(page) = meant.page().await? {
            // Together: those of a page share what one costs.
            let mut ends = JoinSet::new();
            for dead in page {
                let (store, handler) = (Arc::clone(&self.0.store), handler.to_owned());
                ends.spawn(async move { store.discard(&handler, dead.entry()).await });
            }
            while let Some(ended) = ends.join_next().await {
                discarded += usize::from(ended.map_err(|why| unfinished(&why)).flatten()?);
                told(discarded);
            }
        }
        telemetry::audit("discard_all", handler, discarded);
        Ok(discarded)
    }
}

fn unfinished(why: &JoinError) -> StoreError {
    StoreError::new(StoreErrorKind::Ambiguous, why.to_string())
}

/// A handler's dead letters that a filter means, oldest first, a page at a time: among as many as there
/// were at the beginning. By the clock one could not tell, which is not the store's.
struct Meant<'a> {
    inbox: &'a Inbox,
    handler: &'a str,
    filter: &'a DeadFilter,
    left: usize,
    after: Option<String>,
}

impl<'a> Meant<'a> {
    async fn new(
        inbox: &'a Inbox,
        handler: &'a str,
        filter: &'a DeadFilter,
    ) -> Result<Self, StoreError> {
        let stats = inbox.0.store.stats().await?;
        let found = stats.handlers.iter().find(|h| h.handler == handler);
        let left = match found {
            Some(found) => usize::try_from(found.dead).unwrap_or(usize::MAX),
            // Nobody knows it, or all of a removed one is gone by now.
            None => inbox.0.store.dead(handler, None, PAGE).await?.len(),
        };
        Ok(Self {
            inbox,
            handler,
            filter,
            left,
            after: None,
        })
    }

    /// `None` when there are no more.
    async fn page(&mut self) -> Result<Option<Vec<DeadLetter>>, StoreError> {
        let (store, after) = (&self.inbox.0.store, self.after.as_deref());
        if self.left == 0 {
            return Ok(None);
        }
        let page = store.dead(self.handler, after, PAGE.min(self.left)).await?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.left = self.left.saturating_sub(page.len());
        self.after = Some(last.entry.clone());
        let letters = page.into_iter().map(DeadLetter::new);
        Ok(Some(letters.filter(|l| self.filter.matches(l)).collect()))
    }
}
