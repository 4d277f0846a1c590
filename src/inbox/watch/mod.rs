//! What deliveries have looked like, in memory and in bounded room: figures of the last minutes,
//! counts by kind, and, if wanted, a journal. Nothing of what a stranger sent is kept.

mod gauges;
mod journal;
mod window;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::StatusCode;
use tokio::time::Instant;

use self::{
    journal::{Ring, cut},
    window::{Window, figures},
};
use super::{Inbox, Receipt};
use crate::{
    clock::UnixTime, error::RejectionKind, event::Event, identity, secret::Label, source::Source,
    store::DedupKey,
};

pub(super) use self::gauges::{keep, observe};
pub use self::{journal::JournalEntry, window::Figures};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Its event is stored.
    Accepted,
    /// Its event had been stored before.
    Duplicate,
    /// It was a handshake, which is answered and not stored.
    Handshake,
    /// It was refused.
    Refused(RejectionKind),
}

impl Outcome {
    /// A word for tables and labels.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Handshake => "handshake",
            Self::Refused(kind) => kind.label(),
        }
    }
}

impl From<Receipt> for Outcome {
    fn from(receipt: Receipt) -> Self {
        match receipt {
            Receipt::Accepted => Self::Accepted,
            Receipt::Duplicate => Self::Duplicate,
        }
    }
}

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

/// The part of an inbox that looks on.
#[derive(Debug)]
pub(super) struct Watch {
    began: Instant,
    sources: Mutex<BTreeMap<Label, Seen>>,
    journal: Option<Mutex<Ring>>,
}

#[derive(Debug)]
struct Seen {
    window: Window,
    accepted: u64,
    duplicates: u64,
    handshakes: u64,
    refused: HashMap<RejectionKind, u64>,
    refused_in_a_row: u64,
    last_accepted: Option<UnixTime>,
    secrets: BTreeMap<Label, SeenSecret>,
}

#[derive(Clone, Copy, Debug)]
struct SeenSecret {
    first: UnixTime,
    matched: Option<UnixTime>,
}

/// What a verified delivery leaves behind when its event is moved on.
pub(super) struct Facts {
    pub(super) secret: Label,
    pub(super) age: Option<f64>,
    pub(super) key: Option<DedupKey>,
    /// For the journal, if there is one.
    entry: Option<Box<JournalEntry>>,
}

/// A delivery whose reply is known.
pub(super) struct Delivered<'a> {
    pub(super) source: &'a Label,
    pub(super) facts: Option<Facts>,
    pub(super) outcome: Outcome,
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    pub(super) at: UnixTime,
}

impl Watch {
    /// With a journal of this many entries, or without one.
    pub(super) fn new(journal: Option<usize>) -> Self {
        Self {
            began: Instant::now(),
            sources: Mutex::new(BTreeMap::new()),
            journal: journal.map(|capacity| Mutex::new(Ring::new(capacity))),
        }
    }

    /// Notes what will be needed of a verified event.
    pub(super) fn facts(&self, event: &Event) -> Facts {
        let entry = self.journal.as_ref().map(|_| {
            Box::new(JournalEntry {
                at: UnixTime::default(),
                source: event.source().to_owned(),
                tenant: event.tenant().map(cut),
                id: event.id().map(|id| cut(&id.value)),
                event_type: event.event_type().map(|kind| cut(&kind.value)),
                key: None,
                outcome: Outcome::Accepted,
                status: StatusCode::OK,
                took: Duration::ZERO,
                size: event.body().len(),
                secret: event.secret_label().to_owned(),
                duplicates: 0,
            })
        });
        Facts {
            secret: event.head.secret.clone(),
            age: event.signature_age(),
            key: None,
            entry,
        }
    }

    pub(super) fn delivered(&self, delivered: Delivered<'_>) {
        let Delivered {
            source,
            facts,
            outcome,
            status,
            took,
            at,
        } = delivered;
        let is_2xx = status.is_success();
        let mut sources = self.sources();
        // A source that was removed meanwhile leaves nothing behind.
        if let Some(seen) = sources.get_mut(source) {
            seen.refused_in_a_row = if is_2xx { 0 } else { seen.refused_in_a_row + 1 };
            match outcome {
                Outcome::Accepted => {
                    seen.accepted += 1;
                    seen.last_accepted = Some(at);
                }
                Outcome::Duplicate => seen.duplicates += 1,
                Outcome::Handshake => seen.handshakes += 1,
                Outcome::Refused(kind) => *seen.refused.entry(kind).or_default() += 1,
            }
            if let Some(facts) = &facts {
                seen.window
                    .record(self.began.elapsed(), took, is_2xx, facts.age);
                if let Some(secret) = seen.secrets.get_mut(&facts.secret) {
                    secret.matched = Some(at);
                }
            }
        }
        drop(sources);
        let Some(Facts {
            key,
            entry: Some(mut entry),
            ..
        }) = facts
        else {
            return;
        };
        entry.at = at;
        entry.key = key.map(identity::text);
        (entry.outcome, entry.status, entry.took) = (outcome, status, took);
        if let Some(journal) = &self.journal {
            lock(journal).push(key, *entry);
        }
    }

    /// Takes note of the sources that there are now, and of their secrets.
    pub(super) fn set_sources(&self, now: &BTreeMap<String, Source>, at: UnixTime) {
        let mut sources = self.sources();
        sources.retain(|name, _| now.contains_key(name.as_str()));
        for source in now.values() {
            let seen = sources
                .entry(source.label().clone())
                .or_insert_with(Seen::new);
            let active = source.secret_ages();
            let is_active = |label: &Label| active.iter().any(|(active, _)| active == label);
            seen.secrets.retain(|label, _| is_active(label));
            for (label, _) in active {
                let new = SeenSecret {
                    first: at,
                    matched: None,
                };
                seen.secrets.entry(label).or_insert(new);
            }
        }
    }

    fn sources(&self) -> MutexGuard<'_, BTreeMap<Label, Seen>> {
        lock(&self.sources)
    }
}

impl Seen {
    fn new() -> Self {
        Self {
            window: Window::new(),
            accepted: 0,
            duplicates: 0,
            handshakes: 0,
            refused: HashMap::new(),
            refused_in_a_row: 0,
            last_accepted: None,
            secrets: BTreeMap::new(),
        }
    }

    /// How long each active secret has been in use.
    fn secret_ages(
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
    /// for with [`InboxBuilder::with_journal`](super::InboxBuilder::with_journal).
    pub fn journal(&self, max: usize) -> Option<Vec<Arc<JournalEntry>>> {
        let journal = self.0.watch.journal.as_ref()?;
        Some(lock(journal).newest(max))
    }
}

/// What is kept here stays true although somebody panicked while changing it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
