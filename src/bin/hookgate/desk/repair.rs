//! `hookgate dead replay` and `discard`: one, or what a filter means.

use std::io::{IsTerminal, Write};

use clap::Args;
use hookgate::{
    StoreError,
    clock::{Clock, SystemClock},
    inbox::{DeadFilter, ReplayOptions, ReplayReport},
    redact::visible,
    store::HandlerStats,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{
    no, out,
    place::{Desk, Place},
    text, trouble,
    wanted::Wanted,
};
use crate::exit::Trouble;

/// One entry, those that a filter means, or all of them in so many words.
#[derive(Args, Debug)]
pub(super) struct Which {
    /// Whose
    handler: String,

    /// Only this one, as `dead list` names it
    #[arg(conflicts_with_all = ["all", "key", "source", "types", "since", "until", "signed_with", "reason"])]
    entry: Option<String>,

    #[command(flatten)]
    wanted: Wanted,

    /// All of the handler's
    #[arg(long)]
    all: bool,

    /// Only count
    #[arg(long)]
    dry_run: bool,
}

/// Queue dead letters again, each with a new budget of attempts and its old idempotency key
///
/// Names one entry, or a filter, or --all. What dies meanwhile is not meant. With --json: handler,
/// dry_run, matched, replayed (the rest was gone by then), stopped.
#[derive(Args, Debug)]
pub(super) struct Replay {
    #[command(flatten)]
    which: Which,

    /// How many a second at the most
    #[arg(long, value_name = "N/s", default_value = "10/s", value_parser = text::rate)]
    rate: u32,
}

/// Give dead letters up for good: each counts as done
///
/// Names one entry, or a filter, or --all; a filter needs --yes, or an answer on a terminal. With
/// --json: handler, dry_run, matched, discarded, stopped.
#[derive(Args, Debug)]
pub(super) struct Discard {
    #[command(flatten)]
    which: Which,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What was done. The names are stable.
#[derive(Serialize)]
struct Done<'a> {
    handler: &'a str,
    dry_run: bool,
    matched: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    replayed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discarded: Option<usize>,
    stopped: bool,
}

impl Which {
    /// Nothing was named: that must not mean everything.
    fn check(&self) -> Result<(), Trouble> {
        if self.entry.is_none() && self.wanted.is_all() && !self.all {
            return Err(Trouble::usage("which? Name an entry, a filter, or --all"));
        }
        Ok(())
    }

    /// What is meant now: what dies while somebody is asked is not.
    fn filter(&self) -> DeadFilter {
        self.wanted.filter_until(SystemClock.now())
    }

    /// How many are meant.
    async fn count(&self, desk: &Desk, filter: &DeadFilter) -> Result<usize, Trouble> {
        let handler = &self.handler;
        let Some(entry) = &self.entry else {
            let dry = ReplayOptions::new().dry_run();
            let counted = desk.inbox.replay_all(handler, filter, dry);
            return Ok(desk.of_handler(handler, counted.await).await?.matched);
        };
        let found = desk.inbox.dead_letter(handler, entry).await;
        match desk.of_handler(handler, found).await? {
            Some(_) => Ok(1),
            None => Err(no(format!(
                "{handler} has no dead letter {}",
                visible(entry)
            ))),
        }
    }

    fn done(&self, matched: usize) -> Done<'_> {
        Done {
            handler: &self.handler,
            dry_run: self.dry_run,
            matched,
            replayed: None,
            discarded: None,
            stopped: false,
        }
    }
}

impl Replay {
    pub(super) async fn run(self, place: &Place) -> Result<(), Trouble> {
        self.which.check()?;
        let (desk, which) = (place.open().await?, &self.which);
        let filter = which.filter();
        let matched = which.count(&desk, &filter).await?;
        let mut done = which.done(matched);
        done.replayed = Some(0);
        if which.dry_run {
            return done.say(place, "would be queued again");
        }
        let handler = &which.handler;
        desk.warn_if_it_waits(handler).await?;
        if let Some(entry) = &which.entry {
            let replayed = desk.inbox.replay(handler, entry).await;
            done.replayed = Some(desk.of_handler(handler, replayed).await?.into());
            return done.say(place, "queued again");
        }
        let bar = bar(matched);
        let options = ReplayOptions::new().with_rate(self.rate);
        let told = |report: ReplayReport| bar.set_position(report.replayed as u64);
        let work = desk.inbox.replay_each(handler, &filter, options, told);
        let (count, stopped) = desk.work(handler, &bar, work).await?;
        (done.replayed, done.stopped) = (Some(count), stopped);
        done.say(place, "queued again")
    }
}

impl Discard {
    pub(super) async fn run(self, place: &Place) -> Result<(), Trouble> {
        self.which.check()?;
        let which = &self.which;
        let may_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let must_ask = which.entry.is_none() && !self.yes && !which.dry_run;
        if must_ask && !may_ask {
            let why = "this gives up all that are meant: look with --dry-run, then say --yes";
            return Err(Trouble::usage(why));
        }
        let (desk, filter) = (place.open().await?, which.filter());
        let matched = which.count(&desk, &filter).await?;
        let mut done = which.done(matched);
        done.discarded = Some(0);
        if which.dry_run {
            return done.say(place, "would be given up");
        }
        let handler = &which.handler;
        if let Some(entry) = &which.entry {
            let discarded = desk.inbox.discard(handler, entry).await;
            done.discarded = Some(desk.of_handler(handler, discarded).await?.into());
            return done.say(place, "given up");
        }
        if must_ask && matched > 0 && !confirmed(matched, handler)? {
            return Err(no("nothing was given up"));
        }
        let bar = bar(matched);
        let told = |count: usize| bar.set_position(count as u64);
        let work = desk.inbox.discard_each(handler, &filter, told);
        let (count, stopped) = desk.work(handler, &bar, work).await?;
        (done.discarded, done.stopped) = (Some(count), stopped);
        done.say(place, "given up")
    }
}

impl Desk {
    /// Until it is done or somebody presses Ctrl-C: how many that were, and whether it was stopped.
    async fn work<T>(
        &self,
        handler: &str,
        bar: &ProgressBar,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<(usize, bool), Trouble> {
        let ended = tokio::select! {
            ended = work => Some(ended),
            _ = tokio::signal::ctrl_c() => None,
        };
        let count = bar.position();
        bar.finish_and_clear();
        let stopped = ended.is_none();
        if let Some(Err(why)) = ended {
            eprintln!("hookgate: {count} were done before this:");
            self.of_handler(handler, Err::<T, _>(why)).await?;
        }
        Ok((usize::try_from(count).unwrap_or(usize::MAX), stopped))
    }

    /// What is queued for a handler that nobody declares any more may wait for ever.
    async fn warn_if_it_waits(&self, handler: &str) -> Result<(), Trouble> {
        let stats = self.inbox.stats().await.map_err(|why| trouble(&why))?;
        let mut all = stats.handlers.iter();
        match all.find(|stats| stats.handler == handler) {
            Some(HandlerStats {
                removal: Some(_), ..
            }) => eprintln!(
                "hookgate: {handler} was removed: its jobs wait until it is declared again"
            ),
            Some(HandlerStats { paused: true, .. }) => {
                eprintln!("hookgate: {handler} is paused: its jobs wait until it is resumed");
            }
            _ => {}
        }
        Ok(())
    }
}

impl Done<'_> {
    fn say(self, place: &Place, what: &str) -> Result<(), Trouble> {
        let stopped = self.stopped;
        if place.json {
            out::say_json(&self)?;
        } else {
            let count = match self.dry_run {
                true => self.matched,
                false => self.replayed.or(self.discarded).unwrap_or(0),
            };
            let letters = if count == 1 { "letter" } else { "letters" };
            let of = match stopped {
                true => format!(" of {}, stopped", self.matched),
                false => String::new(),
            };
            let handler = self.handler;
            out::say(format!("{count} dead {letters} of {handler} {what}{of}"))?;
        }
        if stopped { Err(Trouble::No) } else { Ok(()) }
    }
}

/// On standard error, when that is a terminal.
fn bar(count: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left");
    let bar = ProgressBar::new(count as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn confirmed(count: usize, handler: &str) -> Result<bool, Trouble> {
    eprint!("Give up {count} dead letters of {handler} for good? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stderr()
        .flush()
        .and_then(|()| std::io::stdin().read_line(&mut answer));
    read.map_err(Trouble::outside)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
