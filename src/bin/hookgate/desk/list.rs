//! `hookgate inbox list`.

use clap::{Args, ValueEnum};
use hookgate::{
    Event,
    inbox::{DeadFilter, UnroutedEvent},
};
use serde::Serialize;

use super::{
    out,
    place::{Desk, Place},
    shown::{self, EventJson, LetterJson},
    trouble,
};
use crate::{exit::Trouble, shared::times};

/// List the events that can be listed: dead ones, and those that no handler wanted
///
/// With --json an object a line: for dead ones that of `dead list`; for the others state
/// ("unrouted"), entry, key and event, as there.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Only these
    state: Option<State>,

    /// How many at the most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,

    /// Begin behind this unrouted entry; dead letters are paged by `dead list`
    #[arg(long, value_name = "ENTRY")]
    after: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum State {
    Dead,
    Unrouted,
}

#[derive(Serialize)]
struct UnroutedJson<'a> {
    state: &'static str,
    entry: &'a str,
    key: &'a str,
    event: Option<EventJson<'a>>,
}

impl List {
    pub(super) async fn run(self, place: &Place) -> Result<(), Trouble> {
        if self.after.is_some() && self.state != Some(State::Unrouted) {
            let why = "--after is for `inbox list unrouted`; dead letters are paged by `dead list`";
            return Err(Trouble::usage(why));
        }
        let desk = place.open().await?;
        let mut table = out::Table::new([
            out::text("STATE", 8),
            out::text("HANDLER", 24),
            out::text("ENTRY", 24),
            out::text("RECEIVED", 20),
            out::text("SOURCE", 20),
            out::text("TYPE", 28),
            out::text("ID", 28),
            out::text("KEY", 32),
        ]);
        let mut row =
            |state: &str, handler: &str, entry: &str, key: &str, event: Option<&Event>| {
                table.row([
                    state.to_owned(),
                    handler.to_owned(),
                    entry.to_owned(),
                    event.map_or(String::new(), |e| times::written(e.received_at())),
                    event.map_or("?", Event::source).to_owned(),
                    shown::cell(event.and_then(Event::event_type)),
                    shown::cell(event.and_then(Event::id)),
                    key.to_owned(),
                ]);
            };
        let (mut room, mut more) = (self.limit, None);
        if self.state != Some(State::Unrouted) {
            for handler in desk.handlers_with_dead().await? {
                let all = DeadFilter::all();
                let letters = desk.inbox.dead_letters(&handler, &all, None, room + 1);
                let letters = letters.await.map_err(|why| trouble(&why))?;
                for letter in letters.iter().take(room) {
                    if place.json {
                        out::say_json(&LetterJson::of(letter))?;
                    } else {
                        let entry = (letter.entry(), letter.key());
                        row("dead", &handler, entry.0, entry.1, letter.event());
                    }
                }
                if letters.len() > room {
                    more = Some("dead list".to_owned());
                }
                room = room.saturating_sub(letters.len());
            }
        }
        if self.state != Some(State::Dead) {
            let events = desk.unrouted(self.after.as_deref(), room + 1).await?;
            for unrouted in events.iter().take(room) {
                let UnroutedEvent { entry, key, event } = unrouted;
                if place.json {
                    let (state, event) = ("unrouted", event.as_ref().map(EventJson::of));
                    out::say_json(&UnroutedJson {
                        state,
                        entry,
                        key,
                        event,
                    })?;
                } else {
                    row("unrouted", "", entry, key, event.as_ref());
                }
            }
            if events.len() > room {
                let last = events[..room].last();
                let from = last.map(|last| format!(" --after {}", last.entry));
                more = Some(format!("inbox list unrouted{}", from.unwrap_or_default()));
            }
        }
        if !place.json {
            table.say()?;
        }
        if let Some(more) = more {
            eprintln!("hookgate: there are more: {more}");
        }
        Ok(())
    }
}

impl Desk {
    async fn unrouted(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<UnroutedEvent>, Trouble> {
        let found = self.inbox.unrouted(after, max).await;
        found.map_err(|why| trouble(&why))
    }
}
