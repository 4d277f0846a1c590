//! What a program or a page is told of all that.

use std::{sync::Arc, time::Duration};

use super::{JournalEntry, Seen, lock, window::figures};
use crate::{clock::UnixTime, error::RejectionKind, inbox::Inbox, secret::Label, source::Source};

pub use super::window::Figures;

/// What this process has seen of the deliveries to one source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SourceFigures {
    /// The source's name.
    pub source: String,
    /// The slug of its provider.
    pub provider: &'static str,
    /// The verified deliveries of the last minutes.
    pub recent: Figures,
    /// Events accepted since the process began.
    pub accepted: u64,
    /// Duplicates since the process began.
    pub duplicates: u64,
    /// Handshakes since the process began.
    pub handshakes: u64,
    /// Refused deliveries since the process began, by kind, strangers' included.
    pub refused: Vec<(RejectionKind, u64)>,
    /// Replies other than 2xx since the last 2xx, to strangers too: senders disable endpoints that
    /// go on like this.
    pub refused_in_a_row: u64,
    /// When the sender disables an endpoint, in the words of its provider's row; empty where that is
    /// not known.
    pub disables: &'static str,
    /// When an event was last accepted.
    pub last_accepted: Option<UnixTime>,
    /// The smallest signature age of the last minutes, in seconds: the difference of the clocks,
    /// ours minus the sender's, when nothing was late. `None` where no time is signed.
    pub clock_skew: Option<f64>,
    /// The active secrets, if they are fixed.
    pub secrets: Vec<SecretFigures>,
}

/// An active secret, by its label.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SecretFigures {
    /// The label.
    pub label: String,
    /// How long it has been in use: as [`Secret::with_since`](crate::Secret::with_since) said, or
    /// since this process first had it.
    pub age: Duration,
    /// When it last matched, in this process.
    pub last_matched: Option<UnixTime>,
}

impl Seen {
    /// How long each active secret has been in use.
    pub(super) fn secret_ages(
        &self,
        source: &Source,
        now: UnixTime,
    ) -> impl Iterator<Item = (Label, Duration)> {
        source.secret_ages().into_iter().map(move |(label, said)| {
            let seen = self.secrets.get(&label).map(|seen| seen.first);
            let began = said.or(seen).unwrap_or(now);
            (label, now.saturating_since(began))
        })
    }

    fn figures(&self, source: &Source, since: Duration, now: UnixTime) -> SourceFigures {
        let count = |kind: &RejectionKind| Some((*kind, *self.refused.get(kind)?));
        let secrets = self
            .secret_ages(source, now)
            .map(|(label, age)| SecretFigures {
                last_matched: self.secrets.get(&label).and_then(|seen| seen.matched),
                label: label.to_string(),
                age,
            });
        SourceFigures {
            source: source.name().to_owned(),
            provider: source.provider().slug,
            disables: source.provider().sender.disables,
            recent: figures(std::iter::once(&self.window), since),
            accepted: self.accepted,
            duplicates: self.duplicates,
            handshakes: self.handshakes,
            refused: RejectionKind::ALL.iter().filter_map(count).collect(),
            refused_in_a_row: self.refused_in_a_row,
            last_accepted: self.last_accepted,
            clock_skew: self.window.least_age(since),
            secrets: secrets.collect(),
        }
    }
}

impl Inbox {
    /// What this process has seen of the deliveries to each source, in the order of their names.
    pub fn source_figures(&self) -> Vec<SourceFigures> {
        let (now, watch) = (self.now(), &self.0.watch);
        let since = watch.began.elapsed();
        let configured = self.0.sources.load();
        // Secrets may have been changed since.
        watch.set_sources(&configured, now);
        let seen = watch.sources();
        let both = configured
            .values()
            .filter_map(|source| Some((source, seen.get(source.label())?)));
        both.map(|(source, seen)| seen.figures(source, since, now))
            .collect()
    }

    /// The verified deliveries of the last minutes to all sources, in this process.
    pub fn figures(&self) -> Figures {
        let watch = &self.0.watch;
        figures(
            watch.sources().values().map(|seen| &seen.window),
            watch.began.elapsed(),
        )
    }

    /// Up to `max` entries of the delivery journal, the newest first; `None` unless one was asked
    /// for with [`InboxBuilder::with_journal`](crate::inbox::InboxBuilder::with_journal).
    pub fn journal(&self, max: usize) -> Option<Vec<Arc<JournalEntry>>> {
        let journal = self.0.watch.journal.as_ref()?;
        Some(lock(journal).newest(max))
    }
}
