use std::time::Duration;

use askama::Template;
use axum::response::Response;

use super::{BAD, GOOD, Mood, PLAIN, WARN};
use crate::{
    admin::{
        frame::{Frame, page},
        text,
    },
    clock::{Clock, SystemClock, UnixTime},
    inbox::{BreakerState, Figures, Health, Inbox, RunState, SourceFigures},
    store::{HandlerStats, Level, Removal, Stats},
    telemetry,
};

/// From here on a job that waits is worth a look.
const LONG: Duration = Duration::from_secs(10 * 60);

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    now: String,
    cards: Vec<Card>,
    sources: Vec<SourceRow>,
    handlers: Vec<HandlerRow>,
}

struct Card {
    label: &'static str,
    value: String,
    note: String,
    mood: Mood,
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

/// A success rate in words and in colour.
struct Share {
    text: String,
    mood: Mood,
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

fn cards(inbox: &Inbox, health: &Health, stats: &Stats) -> Vec<Card> {
    let figures = inbox.figures();
    let sum = |of: fn(&HandlerStats) -> u64| stats.handlers.iter().map(of).sum::<u64>();
    let (dead, running) = (sum(|h| h.dead), sum(|h| h.processing));
    let waiting = sum(|h| h.queued) + sum(|h| h.delayed);
    let share = Share::of(&figures);
    let slow = figures.p99.map_or(PLAIN, |p99| match p99.as_millis() {
        0..2_000 => PLAIN,
        2_000..3_000 => WARN,
        _ => BAD,
    });
    let time = |time: Option<_>| time.map_or("–".to_owned(), text::took);
    let mut cards = vec![
        state(health),
        Card {
            label: "Answered 2xx",
            value: share.text,
            note: format!(
                "of {} verified in 5 min",
                text::count(figures.answered + figures.failed)
            ),
            mood: share.mood,
        },
        Card {
            label: "Reply time",
            value: time(figures.p99),
            note: format!("p99; half take {} or less", time(figures.p50)),
            mood: slow,
        },
        Card {
            label: "Waiting",
            value: text::count(waiting),
            note: match health.oldest() {
                Some(oldest) => format!(
                    "the oldest for {}, {} running",
                    text::span(oldest),
                    text::count(running)
                ),
                None => format!("jobs, and {} running", text::count(running)),
            },
            mood: match health.oldest() {
                Some(oldest) if oldest >= LONG => WARN,
                _ => PLAIN,
            },
        },
        Card {
            label: "Dead",
            value: text::count(dead),
            note: "dead letters".to_owned(),
            mood: if dead > 0 { BAD } else { PLAIN },
        },
    ];
    cards.push(room(stats));
    if health.store.is_err() {
        cards.truncate(3);
    }
    cards
}

/// Whether it works at all.
fn state(health: &Health) -> Card {
    let run = match health.run {
        RunState::NotRunning => "receives only",
        RunState::Running => "handlers run",
        RunState::Draining => "draining",
        RunState::Ended => "ended",
        RunState::Failed => "a worker has failed: restart it",
    };
    let level = match health.level {
        Level::Volatile => "in memory only".to_owned(),
        Level::Local => "synced to disk".to_owned(),
        Level::Replicated(n) => format!("on {n} replicas"),
    };
    let note = match &health.store {
        Ok(_) if health.is_without_handler => "no handler is declared: 503".to_owned(),
        Ok(_) => format!("{run}, {level}"),
        Err(kind) => format!("{run}, store: {kind:?}"),
    };
    let ready = health.is_ready();
    Card {
        label: "Inbox",
        value: if ready { "ready" } else { "not ready" }.to_owned(),
        note,
        mood: if ready { GOOD } else { BAD },
    }
}

fn room(stats: &Stats) -> Card {
    let fill = stats.fill();
    let held = text::bytes(stats.bytes);
    let unrouted = match stats.unrouted {
        0 => String::new(),
        n => format!(", {} unrouted", text::count(n)),
    };
    let note = match stats.max_bytes {
        Some(max) => format!("{held} of {}{unrouted}", text::bytes(max)),
        None => format!("no bound of its own{unrouted}"),
    };
    Card {
        label: "Store",
        value: fill.map_or(held, |fill| format!("{:.0} % full", fill * 100.0)),
        note,
        mood: match fill {
            Some(1.0..) => BAD,
            Some(0.8..) => WARN,
            _ => PLAIN,
        },
    }
}

impl Share {
    fn of(figures: &Figures) -> Self {
        let Some(share) = figures.success_rate() else {
            return Self {
                text: "–".to_owned(),
                mood: PLAIN,
            };
        };
        let mood = match share {
            1.0.. => GOOD,
            0.99.. => WARN,
            _ => BAD,
        };
        // Never rounded up to all of them.
        let text = if figures.failed == 0 {
            "100 %".to_owned()
        } else {
            format!("{:.1} %", (share * 1_000.0).floor() / 10.0)
        };
        Self { text, mood }
    }
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
