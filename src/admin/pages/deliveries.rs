use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;

use super::{BAD, GOOD, Mood, PLAIN};
use crate::{
    admin::{
        frame::{Frame, page},
        text,
    },
    inbox::{JournalEntry, Outcome},
    redact::visible,
};

/// Rows of one page, and entries of the journal that are looked through.
const ROWS: usize = 200;
const LOOKED_AT: usize = 100_000;

#[derive(Template)]
#[template(path = "deliveries.html")]
struct Deliveries {
    frame: Frame,
    /// What was looked for.
    find: String,
    /// `None` without a journal.
    rows: Option<Vec<Row>>,
    is_cut: bool,
}

/// One delivery. Texts of the sender's are made visible, and escaped by the template.
pub(super) struct Row {
    pub(super) at: String,
    pub(super) source: String,
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) event_type: String,
    pub(super) key: String,
    pub(super) outcome: String,
    pub(super) mood: Mood,
    pub(super) status: u16,
    pub(super) took: String,
    pub(super) size: String,
    pub(super) secret: String,
    pub(super) duplicates: u32,
}

#[derive(Deserialize)]
pub(in crate::admin) struct Find {
    #[serde(default)]
    find: String,
}

pub(in crate::admin) async fn deliveries(frame: Frame, Query(find): Query<Find>) -> Response {
    let find = find.find.trim().to_owned();
    let wanted = if find.is_empty() { ROWS + 1 } else { LOOKED_AT };
    let found = frame.desk.inbox.journal(wanted).map(|entries| {
        let matching = entries.into_iter().filter(|entry| mentions(entry, &find));
        matching
            .take(ROWS + 1)
            .map(|entry| Row::new(&entry))
            .collect::<Vec<_>>()
    });
    page(&Deliveries {
        find: visible(&find),
        is_cut: found.as_ref().is_some_and(|rows| rows.len() > ROWS),
        rows: found.map(|mut rows| {
            rows.truncate(ROWS);
            rows
        }),
        frame,
    })
}

/// Whether an entry has this text in its id, key, type, source or tenant.
pub(super) fn mentions(entry: &JournalEntry, text: &str) -> bool {
    let optional = [&entry.id, &entry.key, &entry.event_type, &entry.tenant];
    let texts = optional.into_iter().flatten().chain([&entry.source]);
    text.is_empty() || texts.into_iter().any(|held| held.contains(text))
}

impl Row {
    pub(super) fn new(entry: &JournalEntry) -> Self {
        let shown = |text: &Option<String>| text.as_deref().map(visible).unwrap_or_default();
        Self {
            at: text::time(entry.at),
            source: entry.source.clone(),
            tenant: shown(&entry.tenant),
            id: shown(&entry.id),
            event_type: shown(&entry.event_type),
            key: entry.key.clone().unwrap_or_default(),
            outcome: entry.outcome.label().replace('_', " "),
            mood: match entry.outcome {
                Outcome::Accepted => GOOD,
                Outcome::Duplicate | Outcome::Handshake => PLAIN,
                Outcome::Refused(_) => BAD,
            },
            status: entry.status.as_u16(),
            took: text::took(entry.took),
            size: text::bytes(entry.size as u64),
            secret: entry.secret.clone(),
            duplicates: entry.duplicates,
        }
    }
}
