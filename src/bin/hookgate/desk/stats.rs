//! `hookgate inbox stats`.

use hookgate::store::{Level, Removal, Stats, Store};
use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

use super::{
    out,
    place::{Opened, Place},
    text, trouble,
};
use crate::exit::Trouble;

#[derive(Serialize)]
struct StatsJson<'a> {
    store: &'a str,
    level: Option<String>,
    bytes: u64,
    unrouted: u64,
    redis: Option<Memory>,
    handlers: Vec<HandlerJson<'a>>,
}

#[derive(Serialize)]
struct Memory {
    used_memory: u64,
    maxmemory: Option<u64>,
}

#[derive(Serialize)]
struct HandlerJson<'a> {
    handler: &'a str,
    queued: u64,
    processing: u64,
    delayed: u64,
    dead: u64,
    oldest_seconds: Option<u64>,
    paused: bool,
    removal: Option<&'static str>,
}

pub(super) async fn stats(place: &Place) -> Result<(), Trouble> {
    let desk = place.open().await?;
    let stats = desk.inbox.stats().await.map_err(|why| trouble(&why))?;
    // A server that does not tell may hold an inbox all the same.
    let server = match &desk.store {
        Opened::File(_) => None,
        Opened::Redis(store) => store.server().await.ok(),
    };
    let level = match &desk.store {
        Opened::File(store) => Some(store.level()),
        Opened::Redis(_) => server.as_ref().map(|server| server.level()),
    };
    let memory = server.map(|server| Memory {
        used_memory: server.used_memory,
        maxmemory: server.maxmemory,
    });
    if place.json {
        return out::say_json(&StatsJson {
            store: &desk.name,
            level: level.map(level_word),
            bytes: stats.bytes,
            unrouted: stats.unrouted,
            redis: memory,
            handlers: handlers(&stats).collect(),
        });
    }
    let mut facts = vec![
        ("store", desk.name.clone()),
        ("level", level.map_or("not told".to_owned(), level_word)),
        ("payloads", HumanBytes(stats.bytes).to_string()),
        ("unrouted", HumanCount(stats.unrouted).to_string()),
    ];
    facts.extend(memory.map(|memory| ("redis", memory.told())));
    out::say_facts(&facts)?;
    out::say("")?;
    handler_table(&stats).say()
}

impl Memory {
    fn told(&self) -> String {
        let used = HumanBytes(self.used_memory);
        match self.maxmemory {
            Some(max) => format!("{used} of {} used", HumanBytes(max)),
            None => format!("{used} used, without a bound"),
        }
    }
}

fn handlers(stats: &Stats) -> impl Iterator<Item = HandlerJson<'_>> {
    stats.handlers.iter().map(|stats| HandlerJson {
        handler: &stats.handler,
        queued: stats.queued,
        processing: stats.processing,
        delayed: stats.delayed,
        dead: stats.dead,
        oldest_seconds: stats.oldest.map(|oldest| oldest.as_secs()),
        paused: stats.paused,
        removal: stats.removal.map(removal_word),
    })
}

fn handler_table(stats: &Stats) -> out::Table {
    let mut table = out::Table::new([
        out::text("HANDLER", 32),
        out::figure("QUEUED"),
        out::figure("PROCESSING"),
        out::figure("DELAYED"),
        out::figure("DEAD"),
        out::figure("OLDEST"),
        out::text("STATE", 16),
    ]);
    for stats in &stats.handlers {
        let count = |count: u64| HumanCount(count).to_string();
        table.row([
            stats.handler.clone(),
            count(stats.queued),
            count(stats.processing),
            count(stats.delayed),
            count(stats.dead),
            stats.oldest.map_or("-".to_owned(), text::age),
            state_word(stats.paused, stats.removal).to_owned(),
        ]);
    }
    table
}

pub(super) fn state_word(paused: bool, removal: Option<Removal>) -> &'static str {
    match (removal, paused) {
        (Some(Removal::Drain), _) => "removed, drains",
        (Some(Removal::Bury), _) => "removed",
        (None, true) => "paused",
        (None, false) => "",
    }
}

pub(super) fn removal_word(removal: Removal) -> &'static str {
    match removal {
        Removal::Drain => "drain",
        Removal::Bury => "bury",
    }
}

/// As it is typed, too.
pub(super) fn level_word(level: Level) -> String {
    match level {
        Level::Volatile => "volatile".to_owned(),
        Level::Local => "local".to_owned(),
        Level::Replicated(n) => format!("replicated:{n}"),
        _ => "unknown".to_owned(),
    }
}
