use askama::Template;
use axum::response::Response;

use super::{
    BAD, GOOD, Mood, PLAIN, WARN,
    cards::{Card, Share, cards},
};
use crate::{
    admin::{
        frame::{Frame, page},
        text,
    },
    clock::{Clock, SystemClock, UnixTime},
    inbox::{BreakerState, Health, SourceFigures},
    store::{HandlerStats, Removal, Stats},
    telemetry,
};

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    now: String,
    cards: Vec<Card>,
    sources: Vec<SourceRow>,
    handlers: Vec<HandlerRow>,
}

struct SourceRow {
    name: String,
    provider: &'static str,
    success: Share,
    p50: String,
    p99: String,
    accepted: String,
    duplicates: String,
    refused: String,
    kinds: String,
    in_a_row: String,
    in_a_row_mood: Mood,
    disables: &'static str,
    last: String,
    skew: String,
    secrets: Vec<SecretRow>,
}

struct SecretRow {
    label: String,
    age: String,
    used: &'static str,
    mood: Mood,
}

struct HandlerRow {
    name: String,
    /// What is unusual about it.
    state: &'static str,
    is_paused: bool,
    is_removed: bool,
    queued: String,
    oldest: String,
    processing: String,
    delayed: String,
    dead: String,
    dead_mood: Mood,
    breaker: String,
    breaker_mood: Mood,
}

pub(in crate::admin) async fn overview(frame: Frame) -> Response {
    let inbox = frame.desk.inbox.clone();
    let health = inbox.health().await;
    let now = SystemClock.now();
    let none = Stats::default();
    let stats = health.store.as_ref().unwrap_or(&none);
    let sources = inbox.source_figures();
    page(&Overview {
        now: text::time(now),
        cards: cards(&inbox, &health, stats),
        sources: sources
            .into_iter()
            .map(|source| SourceRow::new(source, now))
            .collect(),
        handlers: stats
            .handlers
            .iter()
            .map(|stats| HandlerRow::new(stats, &health))
            .collect(),
        frame,
    })
}

impl SourceRow {
    fn new(figures: SourceFigures, now: UnixTime) -> Self {
        let refused: u64 = figures.refused.iter().map(|(_, count)| count).sum();
        let kinds = figures.refused.iter();
        let kinds = kinds.map(|(kind, count)| {
            format!("{} {}", text::count(*count), kind.label().replace('_', " "))
        });
        let time = |time: Option<_>| time.map_or("–".to_owned(), text::took);
        let ago = |at| format!("{} ago", text::span(now.saturating_since(at)));
        let in_a_row = figures.refused_in_a_row;
        Self {
            success: Share::of(&figures.recent),
            p50: time(figures.recent.p50),
            p99: time(figures.recent.p99),
            accepted: text::count(figures.accepted),
            duplicates: text::count(figures.duplicates),
            refused: text::count(refused),
            kinds: kinds.collect::<Vec<_>>().join(", "),
            in_a_row: text::count(in_a_row),
            in_a_row_mood: if in_a_row >= 10 { BAD } else { PLAIN },
            disables: figures.disables,
            last: figures.last_accepted.map_or("never".to_owned(), ago),
            skew: figures
                .clock_skew
                .map_or("–".to_owned(), |skew| format!("{skew:+.1} s")),
            secrets: figures.secrets.iter().map(SecretRow::new).collect(),
            provider: figures.provider,
            name: figures.source,
        }
    }
}

impl SecretRow {
    fn new(secret: &crate::inbox::SecretFigures) -> Self {
        let old = secret.age >= telemetry::SECRET_WARNING;
        Self {
            label: secret.label.clone(),
            age: text::span(secret.age),
            used: if secret.last_matched.is_some() {
                "in use"
            } else {
                "not seen"
            },
            mood: if old { WARN } else { PLAIN },
        }
    }
}

impl HandlerRow {
    fn new(stats: &HandlerStats, health: &Health) -> Self {
        let (breaker, breaker_mood) = breakers(&stats.handler, health);
        Self {
            name: stats.handler.clone(),
            state: match (stats.removal, stats.paused) {
                (Some(Removal::Drain), _) => "removed, drains",
                (Some(Removal::Bury), _) => "removed",
                (None, true) => "paused",
                (None, false) => "",
            },
            is_paused: stats.paused,
            is_removed: stats.removal.is_some(),
            queued: text::count(stats.queued),
            oldest: stats.oldest.map_or("–".to_owned(), text::span),
            processing: text::count(stats.processing),
            delayed: text::count(stats.delayed),
            dead: text::count(stats.dead),
            dead_mood: if stats.dead > 0 { BAD } else { PLAIN },
            breaker,
            breaker_mood,
        }
    }
}

/// A handler's own breaker, and how many of its downstreams' are not closed.
fn breakers(handler: &str, health: &Health) -> (String, Mood) {
    let mut of_handler = health
        .breakers
        .iter()
        .filter(|breaker| breaker.handler == handler);
    let Some(own) = of_handler.next() else {
        return ("not run here".to_owned(), PLAIN);
    };
    let (text, mood) = match own.state {
        BreakerState::Closed => ("closed", GOOD),
        BreakerState::HalfOpen => ("half-open", WARN),
        BreakerState::Open => ("open", BAD),
    };
    match of_handler.count() {
        0 => (text.to_owned(), mood),
        n if own.state == BreakerState::Closed => (format!("open for {n} downstreams"), WARN),
        n => (format!("{text}, and for {n} downstreams"), mood),
    }
}
