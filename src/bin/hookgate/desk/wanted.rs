//! Which dead letters are meant.

use clap::Args;
use hookgate::{
    clock::UnixTime,
    inbox::{DeadFilter, on},
};

use super::text;

/// All of these hold for what is meant.
#[derive(Args, Debug)]
pub(super) struct Wanted {
    /// Only of the event with this idempotency key, as logs and `inbox list` have it
    #[arg(long, value_parser = text::key)]
    key: Option<String>,

    /// Only of sources that match, e.g. stripe or 'stripe-*'
    #[arg(long, value_name = "PATTERN")]
    source: Option<String>,

    /// Only of types that match, e.g. 'invoice.*'; may be repeated. Events without a type match
    #[arg(long = "type", value_name = "PATTERN")]
    types: Vec<String>,

    /// Only those that died then or later: 2026-11-26T08:00:00Z, or 2h (ago)
    #[arg(long, value_name = "TIME", value_parser = text::when)]
    since: Option<UnixTime>,

    /// Only those that died before: 2026-11-26T08:00:00Z, or 2h (ago)
    #[arg(long, value_name = "TIME", value_parser = text::when)]
    until: Option<UnixTime>,

    /// Only of events that were signed with the secret of this label
    #[arg(long, value_name = "LABEL")]
    signed_with: Option<String>,

    /// Only those whose reason contains this text
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Wanted {
    /// Whether nothing was said: all are meant.
    pub(super) fn is_all(&self) -> bool {
        let Self {
            key,
            source,
            types,
            since,
            until,
            signed_with,
            reason,
        } = self;
        let texts = key.is_none() && source.is_none() && signed_with.is_none() && reason.is_none();
        texts && types.is_empty() && since.is_none() && until.is_none()
    }

    /// The same, of those that died before this.
    pub(super) fn filter_until(&self, now: UnixTime) -> DeadFilter {
        self.filter()
            .until(self.until.map_or(now, |until| until.min(now)))
    }

    pub(super) fn filter(&self) -> DeadFilter {
        let mut filter = DeadFilter::all();
        if let Some(key) = &self.key {
            filter = filter.with_key(key);
        }
        if self.source.is_some() || !self.types.is_empty() {
            let mut types = self.types.iter();
            let first = on(types.next().map_or("*", String::as_str));
            let events = types.fold(first, |events, kind| events.or(kind));
            let source = self.source.iter();
            filter = filter.of(source.fold(events, |events, source| events.from_source(source)));
        }
        if let Some(since) = self.since {
            filter = filter.since(since);
        }
        if let Some(until) = self.until {
            filter = filter.until(until);
        }
        if let Some(label) = &self.signed_with {
            filter = filter.signed_with(label);
        }
        match &self.reason {
            Some(text) => filter.because(text),
            None => filter,
        }
    }
}
