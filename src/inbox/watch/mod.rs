//! What deliveries have looked like, in memory and in bounded room: figures of the last minutes,
//! counts by kind, and, if wanted, a journal. Nothing of what a stranger sent is kept.

mod figures;
mod gauges;
mod journal;
mod window;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::StatusCode;
use tokio::time::Instant;

use self::{
    journal::{Ring, cut},
    window::Window,
};
use super::Receipt;
use crate::{
    clock::UnixTime, error::RejectionKind, event::Event, identity, secret::Label, source::Source,
    store::DedupKey,
};

pub(super) use self::gauges::{keep, observe};
pub use self::{
    figures::{Figures, SecretFigures, SourceFigures},
    journal::JournalEntry,
};

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
}

/// What is kept here stays true although somebody panicked while changing it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
