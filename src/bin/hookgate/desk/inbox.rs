//! `hookgate inbox`: what it holds, one event, and what became of it.

use clap::{Args, Subcommand};
use hookgate::{
    redact::{Redactor, visible},
    store::JobState,
};
use serde::Serialize;

use super::{
    list::List,
    no, out,
    place::Place,
    shown::{self, BodyArgs, EventJson},
    stats::stats,
    trouble,
    which::Which,
};
use crate::{exit::Trouble, shared::times};

/// Look at what an inbox holds
///
/// A file that a receiver has open is refused: use its admin page, or stop it.
#[derive(Args, Debug)]
pub(crate) struct Inbox {
    #[command(flatten)]
    place: Place,

    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Counts of each handler, room, and what a 2xx stands for
    ///
    /// With --json a document: store, level (volatile, local, replicated:N or null; what the server
    /// is set up for), bytes of payload, unrouted, redis (used_memory, maxmemory, or null), and handlers:
    /// handler, queued, processing, delayed, dead, oldest_seconds (null when none waits), paused,
    /// removal (drain, bury or null).
    Stats,
    List(List),
    Show(Show),
    Status(Status),
    Route(Route),
}

/// Show an event that is not finished; of its body only what --show names
///
/// With --json a document: key, event as in `dead list`, and body as text, as it may be shown.
#[derive(Args, Debug)]
struct Show {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    body: BodyArgs,
}

/// Tell what became of an event, handler by handler
///
/// With --json a document: key, known, and handlers: handler, state (queued, processing, delayed, dead
/// or done), due (of delayed ones) and reason (of dead ones). None of them: no handler wanted it. A job
/// whose lease ran out is queued.
#[derive(Args, Debug)]
struct Status {
    #[command(flatten)]
    which: Which,
}

/// Queue an event that no handler wanted
#[derive(Args, Debug)]
struct Route {
    /// Its name, as `inbox list unrouted` tells
    entry: String,

    /// For whom; may be repeated
    #[arg(long = "to", value_name = "HANDLER", required = true)]
    handlers: Vec<String>,
}

impl Inbox {
    pub(crate) async fn run(self) -> Result<(), Trouble> {
        let Self { place, act } = self;
        match act {
            Act::Stats => stats(&place).await,
            Act::List(list) => list.run(&place).await,
            Act::Show(show) => show.run(&place).await,
            Act::Status(status) => status.run(&place).await,
            Act::Route(route) => route.run(&place).await,
        }
    }
}

#[derive(Serialize)]
struct ShowJson<'a> {
    key: &'a str,
    event: EventJson<'a>,
    body: String,
}

impl Show {
    async fn run(self, place: &Place) -> Result<(), Trouble> {
        let redactor = self.body.redactor()?;
        let (desk, key) = (place.open().await?, self.which.key());
        let found = desk.inbox.event(&key).await;
        let Some(event) = found.map_err(|why| trouble(&why))? else {
            let why = "never accepted, or finished: nothing of it is kept";
            return Err(no(format!("{key}: {why}{}", self.which.hint())));
        };
        self.body.keep(&event)?;
        let body = redactor.redact(event.body());
        if place.json {
            let (key, event) = (&*key, EventJson::of(&event));
            return out::say_json(&ShowJson { key, event, body });
        }
        out::say_facts(&shown::facts(&event))?;
        out::say(format!("\n{body}"))
    }
}

#[derive(Serialize)]
struct StatusJson<'a> {
    key: &'a str,
    known: bool,
    handlers: Vec<JobJson<'a>>,
}

#[derive(Serialize)]
struct JobJson<'a> {
    handler: &'a str,
    state: &'static str,
    due: Option<String>,
    reason: Option<String>,
}

impl<'a> JobJson<'a> {
    fn of((handler, state): &'a (String, JobState)) -> Self {
        let (due, reason) = match state {
            JobState::Delayed { due } => (Some(times::exact(*due)), None),
            JobState::Dead { reason } => (None, Some(Redactor::text(reason))),
            _ => (None, None),
        };
        Self {
            handler,
            state: state.name(),
            due,
            reason,
        }
    }
}

impl Status {
    async fn run(self, place: &Place) -> Result<(), Trouble> {
        let (desk, key) = (place.open().await?, self.which.key());
        let jobs = desk.inbox.status(&key).await;
        let jobs = jobs.map_err(|why| trouble(&why))?;
        let known = jobs.is_some();
        let jobs = jobs.unwrap_or_default();
        let handlers = jobs.iter().map(JobJson::of).collect::<Vec<_>>();
        if place.json {
            let key = &*key;
            out::say_json(&StatusJson {
                key,
                known,
                handlers,
            })?;
        } else if !known {
            let why = "never accepted, or finished and forgotten";
            out::say(format!("{key}: {why}{}", self.which.hint()))?;
        } else if handlers.is_empty() {
            out::say(format!("{key}: accepted; no handler wanted it"))?;
        } else {
            let mut table = out::Table::new([
                out::text("HANDLER", 64),
                out::text("STATE", 10),
                out::text("DUE OR REASON", 200),
            ]);
            for job in handlers {
                let more = job.due.or(job.reason).unwrap_or_default();
                table.row([job.handler.to_owned(), job.state.to_owned(), more]);
            }
            table.say()?;
        }
        if known { Ok(()) } else { Err(Trouble::No) }
    }
}

impl Route {
    async fn run(self, place: &Place) -> Result<(), Trouble> {
        let desk = place.open().await?;
        let handlers: Vec<_> = self.handlers.iter().map(String::as_str).collect();
        let routed = desk.inbox.route(&self.entry, &handlers).await;
        let entry = visible(&self.entry);
        if !routed.map_err(|why| trouble(&why))? {
            return Err(no(format!("there is no unrouted event {entry}")));
        }
        let to = self.handlers.join(", ");
        if place.json {
            return out::say_json(&serde_json::json!({"entry": self.entry, "to": self.handlers}));
        }
        out::say(format!("{entry} queued for {to}"))
    }
}
