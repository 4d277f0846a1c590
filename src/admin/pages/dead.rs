use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use serde::Deserialize;

use crate::{
    admin::{
        frame::{Frame, page},
        replays::Replay,
        text,
    },
    clock::{Clock, SystemClock, UnixTime},
    error::StoreErrorKind,
    event::{Event, Field, Provenance},
    inbox::{DeadFilter, DeadLetter, on},
    redact::{Redactor, visible},
};

/// Dead letters of one page.
const ROWS: usize = 50;

/// Which dead letters are meant, as a form says it. Empty fields mean nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::admin) struct Wanted {
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) since: String,
    #[serde(default)]
    pub(super) until: String,
    #[serde(default)]
    pub(super) secret: String,
}

#[derive(Deserialize)]
pub(in crate::admin) struct Place {
    #[serde(default)]
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "dead.html")]
struct DeadPage {
    frame: Frame,
    handler: String,
    wanted: Wanted,
    /// A field of the form that cannot be meant.
    mistake: Option<&'static str>,
    rows: Vec<DeadRow>,
    /// Where the next page begins, as a query.
    next: Option<String>,
    replay: Option<Replay>,
}

struct DeadRow {
    entry: String,
    died: String,
    ago: String,
    source: String,
    event_type: String,
    id: String,
    reason: String,
    attempts: u32,
    replays: u32,
}

impl Wanted {
    /// The filter that is meant.
    pub(in crate::admin) fn filter(&self) -> Result<DeadFilter, &'static str> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let time = |text: &str| match given(text) {
            None => Ok(None),
            Some(text) => text::parse_time(&text)
                .map(Some)
                .ok_or("A time is not a time."),
        };
        let mut filter = DeadFilter::all();
        let (kind, source) = (given(&self.kind), given(&self.source));
        if kind.is_some() || source.is_some() {
            let events = on(kind.unwrap_or_else(|| "*".to_owned()));
            filter = filter.of(source
                .into_iter()
                .fold(events, |events, s| events.from_source(s)));
        }
        if let Some(since) = time(&self.since)? {
            filter = filter.since(since);
        }
        if let Some(until) = time(&self.until)? {
            filter = filter.until(until);
        }
        if let Some(secret) = given(&self.secret) {
            filter = filter.signed_with(secret);
        }
        Ok(filter)
    }

    /// These fields as a query.
    pub(in crate::admin) fn query(&self, after: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("kind", Some(&*self.kind)),
            ("source", Some(&*self.source)),
            ("since", Some(&*self.since)),
            ("until", Some(&*self.until)),
            ("secret", Some(&*self.secret)),
            ("after", after),
        ];
        for (name, value) in fields {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

pub(in crate::admin) async fn dead(
    frame: Frame,
    Path(handler): Path<String>,
    Query(wanted): Query<Wanted>,
    Query(place): Query<Place>,
) -> Response {
    let (filter, mistake) = match wanted.filter() {
        Ok(filter) => (filter, None),
        Err(mistake) => (DeadFilter::all(), Some(mistake)),
    };
    let inbox = &frame.desk.inbox;
    let after = place.after.as_deref().filter(|after| !after.is_empty());
    let letters = inbox.dead_letters(&handler, &filter, after, ROWS + 1).await;
    let mut letters = match letters {
        Ok(letters) => letters,
        Err(why) if why.kind() == StoreErrorKind::Invalid => {
            return frame.nothing("The store knows no such handler, or no such entry.");
        }
        Err(why) => return frame.store_failed(&why),
    };
    let is_more = letters.len() > ROWS;
    letters.truncate(ROWS);
    let next = letters.last().filter(|_| is_more);
    let next = next.map(|last| wanted.query(Some(last.entry())));
    let now = SystemClock.now();
    let rows = letters.iter().map(|letter| DeadRow::new(letter, now));
    let rows = rows.collect();
    let replay = {
        let replays = frame.desk.replays.lock();
        let replays = replays.unwrap_or_else(std::sync::PoisonError::into_inner);
        replays.of(&handler)
    };
    page(&DeadPage {
        frame,
        handler,
        wanted,
        mistake,
        rows,
        next,
        replay,
    })
}

impl DeadRow {
    fn new(letter: &DeadLetter, now: UnixTime) -> Self {
        let event = letter.event();
        let shown = |field: Option<&Field>| field.map(|f| visible(&f.value)).unwrap_or_default();
        Self {
            entry: letter.entry().to_owned(),
            died: text::time(letter.died_at()),
            ago: text::span(now.saturating_since(letter.died_at())),
            source: event
                .map(|event| event.source().to_owned())
                .unwrap_or_default(),
            event_type: shown(event.and_then(Event::event_type)),
            id: shown(event.and_then(Event::id)),
            reason: Redactor::text(letter.reason()),
            attempts: letter.attempts(),
            replays: letter.replays(),
        }
    }
}

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    frame: Frame,
    handler: String,
    row: DeadRow,
    key: String,
    facts: Vec<(&'static str, String)>,
    payload: String,
}

/// One dead letter, with what may be shown of its payload.
pub(in crate::admin) async fn letter(
    frame: Frame,
    Path((handler, entry)): Path<(String, String)>,
) -> Response {
    let letter = match frame.desk.inbox.dead_letter(&handler, &entry).await {
        Ok(Some(letter)) => letter,
        Ok(None) => return frame.nothing("It is not there (any more)."),
        Err(why) if why.kind() == StoreErrorKind::Invalid => {
            return frame.nothing("The store knows no such handler, or no such entry.");
        }
        Err(why) => return frame.store_failed(&why),
    };
    let payload = match letter.event() {
        Some(event) => frame.desk.redactor.redact(event.body()),
        None => "A newer version of this program stored it.".to_owned(),
    };
    page(&LetterPage {
        row: DeadRow::new(&letter, SystemClock.now()),
        key: letter.key().to_owned(),
        facts: letter.event().map(facts).unwrap_or_default(),
        payload,
        handler,
        frame,
    })
}

/// What is known of an event, with how far it can be trusted.
fn facts(event: &Event) -> Vec<(&'static str, String)> {
    let field = |field: Option<&Field>| {
        let field = field?;
        let trust = match field.provenance {
            Provenance::Signed => "",
            Provenance::Derived => " (derived)",
            Provenance::Unsigned => " (not signed)",
        };
        Some(visible(&field.value) + trust)
    };
    let all = [
        ("Source", Some(event.source().to_owned())),
        ("Tenant", event.tenant().map(visible)),
        ("Event id", field(event.id())),
        ("Type", field(event.event_type())),
        ("Version", field(event.version())),
        ("Sent at", field(event.sent_at())),
        ("Received", Some(text::time(event.received_at()))),
        ("Signed by", Some(event.secret_label().to_owned())),
        ("Trace", event.trace_parent().map(str::to_owned)),
        ("Size", Some(text::bytes(event.body().len() as u64))),
    ];
    let known = all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    known.collect()
}
