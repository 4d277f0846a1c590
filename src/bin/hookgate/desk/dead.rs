//! `hookgate dead`: what died, why, and giving it another go.

use clap::{Args, Subcommand};
use hookgate::{
    Event, StoreError,
    error::StoreErrorKind,
    inbox::DeadLetter,
    redact::{Redactor, visible},
};
use serde::Serialize;

use super::{
    no, out,
    place::{Desk, Place},
    repair::{Discard, Replay},
    shown::{self, BodyArgs, LetterJson},
    text, trouble,
    wanted::Wanted,
};
use crate::{exit::Trouble, shared::times};

/// List, show, replay and discard dead letters
///
/// A dead letter is one handler's job that has used up its attempts or was refused for good. A file
/// that a receiver has open is refused: use its admin page, or stop it. What is replayed is handled
/// by whatever receiver runs, or runs next.
#[derive(Args, Debug)]
pub(crate) struct Dead {
    #[command(flatten)]
    place: Place,

    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    List(List),
    Show(Show),
    Replay(Replay),
    Discard(Discard),
}

/// List dead letters, oldest first
///
/// With --json an object a line: state ("dead"), handler, entry, key, died_at (RFC 3339), attempts,
/// replays, reason, and event: source, tenant, id, type, version, sent_at (each of these four a value
/// with its provenance: signed, derived or unsigned), signed_at, received_at, secret (its label),
/// covers (body, fields, sender or nothing), trace_parent, bytes. What is not known is null; so is
/// event when a newer version has stored it. The next page begins --after the last entry.
#[derive(Args, Debug)]
struct List {
    /// Whose; all handlers' by default
    handler: Option<String>,

    #[command(flatten)]
    wanted: Wanted,

    /// How many at the most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,

    /// Begin behind this entry of the handler
    #[arg(long, value_name = "ENTRY", requires = "handler")]
    after: Option<String>,
}

/// Show a dead letter; of its body only what --show names
///
/// With --json the object of `dead list` with the body as text, as it may be shown.
#[derive(Args, Debug)]
struct Show {
    /// Whose
    handler: String,

    /// Its name, as `dead list` tells
    entry: String,

    #[command(flatten)]
    body: BodyArgs,
}

impl Dead {
    pub(crate) async fn run(self) -> Result<(), Trouble> {
        let Self { place, act } = self;
        match act {
            Act::List(list) => list.run(&place).await,
            Act::Show(show) => show.run(&place).await,
            Act::Replay(replay) => replay.run(&place).await,
            Act::Discard(discard) => discard.run(&place).await,
        }
    }
}

impl List {
    async fn run(self, place: &Place) -> Result<(), Trouble> {
        let desk = place.open().await?;
        let handlers = match &self.handler {
            Some(handler) => vec![handler.clone()],
            None => desk.handlers_with_dead().await?,
        };
        let (filter, mut listing) = (self.wanted.filter(), Listing::new(place.json));
        let mut room = self.limit;
        for handler in handlers {
            let mut after = self.after.clone();
            loop {
                // One more than is shown tells whether there are more.
                let (from, max) = (after.as_deref(), room.saturating_add(1).min(PAGE));
                let letters = desk.inbox.dead_letters(&handler, &filter, from, max);
                let letters = desk.of_handler(&handler, letters.await).await?;
                for letter in letters.iter().take(room) {
                    listing.add(letter)?;
                    after = Some(letter.entry().to_owned());
                }
                if letters.len() > room {
                    listing.end()?;
                    let from = after.map_or_else(String::new, |entry| format!(" --after {entry}"));
                    eprintln!("hookgate: there are more: dead list {handler}{from}");
                    return Ok(());
                }
                room -= letters.len();
                if letters.len() < max {
                    break;
                }
            }
        }
        listing.end()
    }
}

/// Dead letters read at once: each has its payload.
const PAGE: usize = 100;

/// Dead letters as they are read: lines of JSON at once, a table at the end.
struct Listing(Option<out::Table>);

impl Listing {
    fn new(json: bool) -> Self {
        let table = out::Table::new([
            out::text("HANDLER", 24),
            out::text("ENTRY", 24),
            out::text("DIED", 20),
            out::figure("TRIES"),
            out::text("SOURCE", 20),
            out::text("TYPE", 28),
            out::text("ID", 28),
            out::text("REASON", 60),
        ]);
        Self((!json).then_some(table))
    }

    fn add(&mut self, letter: &DeadLetter) -> Result<(), Trouble> {
        let Some(table) = &mut self.0 else {
            return out::say_json(&LetterJson::of(letter));
        };
        let event = letter.event();
        table.row([
            letter.handler().to_owned(),
            letter.entry().to_owned(),
            times::written(letter.died_at()),
            letter.attempts().to_string(),
            event.map_or("?", Event::source).to_owned(),
            shown::cell(event.and_then(Event::event_type)),
            shown::cell(event.and_then(Event::id)),
            Redactor::text(letter.reason()),
        ]);
        Ok(())
    }

    fn end(self) -> Result<(), Trouble> {
        self.0.map_or(Ok(()), out::Table::say)
    }
}

/// A dead letter with its body as it may be shown.
#[derive(Serialize)]
struct WithBody<'a> {
    #[serde(flatten)]
    letter: LetterJson<'a>,
    body: Option<String>,
}

impl Show {
    async fn run(self, place: &Place) -> Result<(), Trouble> {
        let redactor = self.body.redactor()?;
        let desk = place.open().await?;
        let found = desk.inbox.dead_letter(&self.handler, &self.entry).await;
        let Some(letter) = desk.of_handler(&self.handler, found).await? else {
            return Err(self.missing());
        };
        let body = letter.event().map(|event| redactor.redact(event.body()));
        if let Some(event) = letter.event() {
            self.body.keep(event)?;
        }
        if place.json {
            let letter = LetterJson::of(&letter);
            return out::say_json(&WithBody { letter, body });
        }
        let died = letter.died_at();
        let mut facts = vec![
            ("handler", letter.handler().to_owned()),
            ("entry", letter.entry().to_owned()),
            ("key", letter.key().to_owned()),
            (
                "died",
                format!("{} ({} ago)", times::exact(died), text::ago(died)),
            ),
            ("attempts", letter.attempts().to_string()),
            ("replays", letter.replays().to_string()),
            ("reason", Redactor::text(letter.reason())),
        ];
        facts.extend(letter.event().map(shown::facts).unwrap_or_default());
        out::say_facts(&facts)?;
        out::say(format!("\n{}", body.as_deref().unwrap_or(shown::NEWER)))
    }

    fn missing(&self) -> Trouble {
        let entry = visible(&self.entry);
        no(format!("{} has no dead letter {entry}", self.handler))
    }
}

impl Desk {
    /// Those that have dead letters, removed ones too.
    pub(super) async fn handlers_with_dead(&self) -> Result<Vec<String>, Trouble> {
        let stats = self.inbox.stats().await.map_err(|why| trouble(&why))?;
        let with_dead = stats.handlers.into_iter().filter(|stats| stats.dead > 0);
        Ok(with_dead.map(|stats| stats.handler).collect())
    }

    /// What the store said about a handler; when it knows none of that name, which it knows.
    pub(super) async fn of_handler<T>(
        &self,
        handler: &str,
        said: Result<T, StoreError>,
    ) -> Result<T, Trouble> {
        let why = match said {
            Err(why) if why.kind() == StoreErrorKind::Invalid => why,
            other => return other.map_err(|why| trouble(&why)),
        };
        let stats = self.inbox.stats().await.map_err(|why| trouble(&why))?;
        let known: Vec<_> = stats.handlers.into_iter().map(|h| h.handler).collect();
        if known.iter().any(|known| known == handler) {
            return Err(trouble(&why));
        }
        let known = match known.is_empty() {
            true => "there is none".to_owned(),
            false => format!("there are {}", known.join(", ")),
        };
        let handler = visible(handler);
        Err(Trouble::usage(format!("no handler {handler}: {known}")))
    }
}
