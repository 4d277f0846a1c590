//! The large figures at the top of the overview.

use std::time::Duration;

use super::{BAD, GOOD, Mood, PLAIN, WARN};
use crate::{
    admin::text,
    inbox::{Figures, Health, Inbox, RunState},
    store::{HandlerStats, Level, Stats},
};

pub(super) struct Card {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) mood: Mood,
}

/// A success rate in words and in colour.
pub(super) struct Share {
    pub(super) text: String,
    pub(super) mood: Mood,
}

/// From here on a job that waits is worth a look.
const LONG: Duration = Duration::from_secs(10 * 60);

pub(super) fn cards(inbox: &Inbox, health: &Health, stats: &Stats) -> Vec<Card> {
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
    pub(super) fn of(figures: &Figures) -> Self {
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
