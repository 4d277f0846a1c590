//! `hookgate check`: whether the store is what its receivers rely on.

use std::{path::Path, sync::Arc, time::Instant};

use clap::Args;
use hookgate::{
    error::StoreErrorKind,
    inbox::DeadFilter,
    store::{EmbeddedStore, Level, RedisStore, Store, redis::Server},
};
use indicatif::HumanBytes;

use super::{
    findings::{
        Findings,
        State::{Fail, Warn},
    },
    place::{Desk, Opened, Place, Where, open_file},
    stats::level_word,
    told,
};
use crate::exit::Trouble;

/// Check the store: readable, format, level, set-up, clock
///
/// Each line is ok, warn or fail. Ends with 1 when a check fails, with 2 when there is no such file,
/// and with 3 when the store is out of reach or a file is in use. With --json a document: store, and
/// checks: check, state (ok, warn or fail), note.
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Place,

    /// What a 2xx of the receivers stands for: volatile, local or replicated:N. Less is a failure
    #[arg(long, value_parser = level)]
    level: Option<Level>,
}

impl Check {
    pub(crate) async fn run(self) -> Result<(), Trouble> {
        let place = self.place.found()?;
        let mut findings = Findings::of(place.name());
        let opened = match &place {
            Where::File(path) => self.file(path, &mut findings).await?,
            Where::Redis { .. } => self.redis(&place, &mut findings).await?,
        };
        if let Some(opened) = opened {
            let desk = Desk::over(opened, place.name()).await?;
            contents(&desk, &mut findings).await;
        }
        findings.say(self.place.json)
    }

    async fn file(&self, path: &Path, found: &mut Findings) -> Result<Option<Opened>, Trouble> {
        let store = match open_file(path.to_owned()).await {
            Ok(store) => store,
            Err(why) => {
                match why.kind() {
                    StoreErrorKind::Invalid => return Err(Trouble::usage(told(&why))),
                    StoreErrorKind::Unavailable => found.out_of_reach("open", told(&why)),
                    _ => found.add("open", Fail, told(&why)),
                }
                return Ok(None);
            }
        };
        found.ok("open", "nobody else has it open");
        found.ok("format", EmbeddedStore::FORMAT.to_string());
        let size = path.metadata().map_or(0, |file| file.len());
        found.ok("size", format!("{} on the disk", HumanBytes(size)));
        let warnings = EmbeddedStore::warnings(&store);
        for warning in warnings {
            found.add("place", Warn, warning.clone());
        }
        if warnings.is_empty() {
            found.ok(
                "place",
                "not in memory, on a network or in a container's layer",
            );
        }
        self.level(store.level(), 0, found);
        Ok(Some(Opened::File(Arc::new(store))))
    }

    async fn redis(&self, place: &Where, found: &mut Findings) -> Result<Option<Opened>, Trouble> {
        let store = place.redis()?;
        let asked = Instant::now();
        let (server, took) = (store.server().await, asked.elapsed().as_millis());
        let connected = store
            .connect()
            .await
            .map_err(|why| (why.kind(), told(&why)));
        match (server, &connected) {
            (Ok(server), _) => {
                found.ok("server", format!("{}, {took} ms away", server.version));
                self.server(&server, found);
            }
            (Err(why), Ok(()) | Err((StoreErrorKind::Invalid | StoreErrorKind::Corrupt, _))) => {
                found.add("server", Warn, format!("it does not tell: {}", told(&why)));
                if self.level.is_some() {
                    found.add("level", Fail, "it does not tell");
                }
            }
            (Err(why), Err(_)) => {
                found.out_of_reach("server", told(&why));
                return Ok(None);
            }
        }
        match connected {
            Ok(()) => {}
            Err((StoreErrorKind::Invalid, _)) => {
                found.add("namespace", Fail, "nothing is stored under this namespace");
                return Ok(None);
            }
            Err((_, why)) => {
                found.add("format", Fail, why);
                return Ok(None);
            }
        }
        found.ok("format", "known to this version");
        clock(&store, found).await;
        Ok(Some(Opened::Redis(Arc::new(store))))
    }

    fn server(&self, server: &Server, found: &mut Findings) {
        if !is_recent(&server.version) {
            found.add("version", Fail, "older than 6.2");
        }
        let role = if server.is_primary {
            "primary"
        } else {
            "a replica takes no writes"
        };
        found.judge("role", server.is_primary, Fail, role);
        let policy = &*server.maxmemory_policy;
        let keeps = policy == "noeviction";
        found.judge(
            "maxmemory-policy",
            keeps,
            Fail,
            match keeps {
                true => policy.to_owned(),
                false => {
                    format!("{policy}: events and their records may be dropped; set noeviction")
                }
            },
        );
        let evicted = server.evicted_keys;
        let note = format!("{evicted} keys evicted since the server was started");
        found.judge("evicted", evicted == 0, Warn, note);
        let used = HumanBytes(server.used_memory);
        match server.maxmemory {
            None => found.ok("memory", format!("{used} used, without a bound")),
            Some(max) => {
                let full = server.used_memory as f64 / max as f64;
                let note = format!("{used} of {} used, {:.0} %", HumanBytes(max), full * 100.0);
                found.judge("memory", full < 0.8, Warn, note);
            }
        }
        let fsync = server.appendfsync.as_deref();
        found.judge(
            "append-only file",
            server.append_only_ok,
            Fail,
            match (server.append_only, fsync) {
                _ if !server.append_only_ok => "the last write to it failed".to_owned(),
                (false, _) => "none".to_owned(),
                (true, None) => "kept; when it is synced is not told".to_owned(),
                (true, Some(fsync)) => format!("appendfsync {fsync}"),
            },
        );
        found.ok("replicas", format!("{} in step", server.replicas));
        self.level(server.level(), server.replicas, found);
    }

    /// Whether an answer can stand for what it is taken for.
    fn level(&self, level: Level, replicas: usize, found: &mut Findings) {
        let note = match level {
            Level::Local => "an answer is given once the disk has it",
            Level::Replicated(_) => "if receivers wait for the replicas; no write is synced first",
            _ => "what was acknowledged may be lost with the server",
        };
        let (good, otherwise) = match self.level {
            None => (level != Level::Volatile, Warn),
            Some(Level::Local) => (level == Level::Local, Fail),
            Some(Level::Replicated(n)) => (replicas >= usize::from(n), Fail),
            Some(_) => (true, Fail),
        };
        let asked = self.level.filter(|_| !good);
        let asked = asked.map_or(String::new(), |asked| {
            format!(", not {}", level_word(asked))
        });
        found.judge(
            "level",
            good,
            otherwise,
            format!("{}{asked}: {note}", level_word(level)),
        );
    }
}

async fn clock(store: &RedisStore, found: &mut Findings) {
    match store.clock_skew().await {
        Ok(skew) => {
            let note = format!("{skew:+} ms from this machine's");
            found.judge("clock", skew.abs() <= MAX_SKEW, Warn, note);
        }
        Err(why) => found.add("clock", Warn, told(&why)),
    }
}

/// What every store holds: read as a receiver would, and changed by nothing.
async fn contents(desk: &Desk, found: &mut Findings) {
    let asked = Instant::now();
    let (stats, declared) = match (desk.inbox.stats().await, desk.inbox.declared().await) {
        (Ok(stats), Ok(declared)) => (stats, declared),
        (Err(why), _) | (_, Err(why)) => return found.add("read", Fail, told(&why)),
    };
    let took = asked.elapsed().as_millis();
    let (mut read, mut newer) = (0, 0);
    for stats in stats.handlers.iter().filter(|stats| stats.dead > 0) {
        let all = DeadFilter::all();
        let letters = desk.inbox.dead_letters(&stats.handler, &all, None, SAMPLE);
        match letters.await {
            Ok(letters) => {
                read += letters.len();
                newer += letters
                    .iter()
                    .filter(|letter| letter.event().is_none())
                    .count();
            }
            Err(why) => {
                return found.add("read", Fail, format!("{}: {}", stats.handler, told(&why)));
            }
        }
    }
    found.ok(
        "read",
        format!("counts in {took} ms, and {read} dead letters"),
    );
    let note = format!("{newer} dead letters were stored by a newer version");
    if newer > 0 {
        found.add("versions", Warn, note);
    }
    let names: Vec<_> = declared
        .handlers
        .iter()
        .map(|handler| &*handler.name)
        .collect();
    let note = match names.as_slice() {
        [] => "none is declared: deliveries get 503".to_owned(),
        names => names.join(", "),
    };
    found.judge("handlers", !names.is_empty(), Warn, note);
    let paused = stats.handlers.iter().filter(|stats| stats.paused);
    let paused: Vec<_> = paused.map(|stats| &*stats.handler).collect();
    if !paused.is_empty() {
        found.add("paused", Warn, paused.join(", "));
    }
    let dead: u64 = stats.handlers.iter().map(|stats| stats.dead).sum();
    found.judge("dead letters", dead == 0, Warn, dead.to_string());
    let orphans = stats
        .handlers
        .iter()
        .filter(|stats| stats.removal.is_some());
    let orphans: Vec<_> = orphans.map(|stats| &*stats.handler).collect();
    if !orphans.is_empty() {
        found.add(
            "removed",
            Warn,
            format!("of {} something is left", orphans.join(", ")),
        );
    }
}

/// Valkey began after that.
fn is_recent(version: &str) -> bool {
    let mut numbers = version
        .split('.')
        .map_while(|number| number.parse::<u32>().ok());
    let (major, minor) = (numbers.next(), numbers.next());
    major.is_none() || (major, minor) >= (Some(6), Some(2))
}

fn level(text: &str) -> Result<Level, String> {
    let replicas = text.strip_prefix("replicated:").map(str::parse::<u8>);
    match (text, replicas) {
        ("volatile", _) => Ok(Level::Volatile),
        ("local", _) => Ok(Level::Local),
        (_, Some(Ok(replicas))) if replicas > 0 => Ok(Level::Replicated(replicas)),
        _ => Err("say volatile, local or replicated:N".to_owned()),
    }
}

/// Dead letters of each handler that are read.
const SAMPLE: usize = 100;
/// In milliseconds; the store warns of more, too.
const MAX_SKEW: i64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_levels_are_read() {
        for (version, recent) in [
            ("6.2.5", true),
            ("7.0.15", true),
            ("6.0.16", false),
            ("5.0", false),
            ("valkey 9.1", true),
        ] {
            assert_eq!(is_recent(version), recent, "{version}");
        }
        for text in ["volatile", "local", "replicated:2"] {
            assert_eq!(level(text).map(level_word).as_deref(), Ok(text));
        }
        for bad in ["", "Local", "replicated", "replicated:0", "replicated:256"] {
            assert!(level(bad).is_err(), "{bad}");
        }
    }
}
