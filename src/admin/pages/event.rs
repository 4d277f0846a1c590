use std::collections::BTreeSet;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    BAD, GOOD, Mood, PLAIN, WARN,
    deliveries::{Row, mentions},
};
use crate::{
    admin::{
        frame::{Frame, page},
        text,
    },
    redact::Redactor,
    store::JobState,
};

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    frame: Frame,
    key: String,
    /// `None` when it was never accepted or is forgotten.
    jobs: Option<Vec<JobRow>>,
    deliveries: Vec<Row>,
}

struct JobRow {
    handler: String,
    state: String,
    mood: Mood,
    is_dead: bool,
}

/// One event's life: where each handler's job is, and the deliveries that this process saw.
pub(in crate::admin) async fn event(frame: Frame, Path(key): Path<String>) -> Response {
    if key.len() != 32 || !key.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return frame.nothing("An event's key has 32 hexadecimal digits.");
    }
    let inbox = &frame.desk.inbox;
    let jobs = match inbox.status(&key).await {
        Ok(jobs) => jobs.map(|jobs| jobs.into_iter().map(JobRow::new).collect()),
        Err(why) => return frame.store_failed(&why),
    };
    let journal = inbox.journal(usize::MAX).unwrap_or_default();
    let same = journal
        .into_iter()
        .filter(|entry| entry.key.as_ref() == Some(&key));
    let deliveries = same.take(50).map(|entry| Row::new(&entry)).collect();
    page(&EventPage {
        frame,
        key,
        jobs,
        deliveries,
    })
}

impl JobRow {
    fn new((handler, state): (String, JobState)) -> Self {
        let is_dead = matches!(state, JobState::Dead { .. });
        let (state, mood) = match state {
            JobState::Queued => ("queued".to_owned(), PLAIN),
            JobState::Processing => ("running".to_owned(), PLAIN),
            JobState::Delayed { due } => (format!("next attempt at {} UTC", text::time(due)), WARN),
            JobState::Dead { reason } => (format!("dead: {}", Redactor::text(&reason)), BAD),
            JobState::Done => ("done".to_owned(), GOOD),
        };
        Self {
            handler,
            state,
            mood,
            is_dead,
        }
    }
}

#[derive(Deserialize)]
pub(in crate::admin) struct Find {
    #[serde(default)]
    find: String,
}

/// To the one event that is meant, or to the deliveries that mention the text.
pub(in crate::admin) async fn find(frame: Frame, Query(find): Query<Find>) -> Response {
    let text = find.find.trim();
    let journal = frame.desk.inbox.journal(usize::MAX).unwrap_or_default();
    let found = journal.into_iter().filter(|entry| mentions(entry, text));
    let mut keys: BTreeSet<String> = found.filter_map(|entry| entry.key.clone()).collect();
    if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        keys = BTreeSet::from([text.to_ascii_lowercase()]);
    }
    let root = &frame.root;
    let to = match (keys.pop_first(), keys.is_empty()) {
        (Some(only), true) if !text.is_empty() => format!("{root}/event/{only}"),
        _ => {
            let query = form_urlencoded::Serializer::new(String::new());
            let query = { query }.append_pair("find", text).finish();
            format!("{root}/deliveries?{query}")
        }
    };
    Redirect::to(&to).into_response()
}
