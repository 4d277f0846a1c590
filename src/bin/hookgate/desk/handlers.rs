//! `hookgate handlers`: who is declared, and pausing, resuming and removing one.

use clap::{Args, Subcommand};
use hookgate::{
    inbox::DeclaredHandler,
    store::{HandlerStats, Removal},
};
use indicatif::HumanCount;
use serde::Serialize;

use super::{
    out,
    place::{Desk, Place},
    stats::{removal_word, state_word},
    text, trouble,
};
use crate::exit::Trouble;

/// List the handlers that are declared, and what is left of removed ones; pause, resume, remove
///
/// With --json a document: store, revision (rises with every change), and handlers: handler, filter
/// (in words; null for removed ones), max_backlog, paused, removal (drain, bury or null), backlog,
/// dead, oldest_seconds.
#[derive(Args, Debug)]
pub(crate) struct Handlers {
    #[command(flatten)]
    place: Place,

    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Lease none of its jobs until it is resumed, whichever process restarts
    Pause {
        handler: String,
    },
    /// Go on with a paused handler
    Resume {
        handler: String,
    },
    Remove(Remove),
}

/// Take a handler out of the registry; a process that declares it brings it back
#[derive(Args, Debug)]
struct Remove {
    /// Which
    handler: String,

    /// Its jobs are still done, wherever it still runs
    #[arg(long, required_unless_present = "bury", conflicts_with = "bury")]
    drain: bool,

    /// Its jobs become dead letters
    #[arg(long)]
    bury: bool,
}

#[derive(Serialize)]
struct ListJson<'a> {
    store: &'a str,
    revision: u64,
    handlers: Vec<HandlerJson<'a>>,
}

#[derive(Serialize)]
struct HandlerJson<'a> {
    handler: &'a str,
    filter: Option<String>,
    max_backlog: Option<u64>,
    paused: bool,
    removal: Option<&'static str>,
    backlog: u64,
    dead: u64,
    oldest_seconds: Option<u64>,
}

impl Handlers {
    pub(crate) async fn run(self) -> Result<(), Trouble> {
        let (place, desk) = (&self.place, self.place.open().await?);
        match &self.act {
            None => list(place, &desk).await,
            Some(Act::Pause { handler }) => {
                let changed = desk.inbox.pause(handler).await;
                let changed = desk.of_handler(handler, changed).await?;
                said(place, handler, changed, "paused")
            }
            Some(Act::Resume { handler }) => {
                let changed = desk.inbox.resume(handler).await;
                let changed = desk.of_handler(handler, changed).await?;
                said(place, handler, changed, "resumed")
            }
            Some(Act::Remove(remove)) => remove.run(place, &desk).await,
        }
    }
}

async fn list(place: &Place, desk: &Desk) -> Result<(), Trouble> {
    let declared = desk.inbox.declared().await.map_err(|why| trouble(&why))?;
    let stats = desk.inbox.stats().await.map_err(|why| trouble(&why))?;
    let find = |stats: &HandlerStats| -> Option<&DeclaredHandler> {
        let mut all = declared.handlers.iter();
        all.find(|handler| handler.name == stats.handler && stats.removal.is_none())
    };
    if place.json {
        let handlers = stats.handlers.iter().map(|stats| HandlerJson {
            handler: &stats.handler,
            filter: find(stats).map(|declared| declared.filter.to_string()),
            max_backlog: find(stats).and_then(|declared| declared.max_backlog),
            paused: stats.paused,
            removal: stats.removal.map(removal_word),
            backlog: stats.backlog(),
            dead: stats.dead,
            oldest_seconds: stats.oldest.map(|oldest| oldest.as_secs()),
        });
        return out::say_json(&ListJson {
            store: &desk.name,
            revision: declared.revision,
            handlers: handlers.collect(),
        });
    }
    let mut table = out::Table::new([
        out::text("HANDLER", 32),
        out::figure("BACKLOG"),
        out::figure("BOUND"),
        out::figure("DEAD"),
        out::figure("OLDEST"),
        out::text("STATE", 16),
        out::text("GETS", 60),
    ]);
    for stats in &stats.handlers {
        let found = find(stats);
        let bound = found.and_then(|declared| declared.max_backlog);
        table.row([
            stats.handler.clone(),
            HumanCount(stats.backlog()).to_string(),
            bound.map_or("-".to_owned(), |max| HumanCount(max).to_string()),
            HumanCount(stats.dead).to_string(),
            stats.oldest.map_or("-".to_owned(), text::age),
            state_word(stats.paused, stats.removal).to_owned(),
            found.map_or("nothing".to_owned(), |found| found.filter.to_string()),
        ]);
    }
    out::say(format!("revision {}\n", declared.revision))?;
    table.say()
}

impl Remove {
    async fn run(&self, place: &Place, desk: &Desk) -> Result<(), Trouble> {
        let removal = if self.bury {
            Removal::Bury
        } else {
            Removal::Drain
        };
        let handler = &self.handler;
        let buried = desk.inbox.remove_handler(handler, removal).await;
        let buried = desk.of_handler(handler, buried).await?;
        if place.json {
            let removal = removal_word(removal);
            return out::say_json(
                &serde_json::json!({"handler": handler, "removal": removal, "buried": buried}),
            );
        }
        out::say(match removal {
            Removal::Drain => format!("{handler} removed; what it has is still done where it runs"),
            Removal::Bury => format!("{handler} removed; {buried} jobs became dead letters"),
        })
    }
}

fn said(place: &Place, handler: &str, changed: bool, word: &str) -> Result<(), Trouble> {
    if place.json {
        let json = serde_json::json!({"handler": handler, "act": word, "changed": changed});
        return out::say_json(&json);
    }
    let before = match word {
        "paused" => "was paused already",
        _ => "was not paused",
    };
    out::say(match changed {
        true => format!("{handler} {word}"),
        false => format!("{handler} {before}"),
    })
}
