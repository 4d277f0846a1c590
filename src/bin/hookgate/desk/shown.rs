//! What may be shown of an event.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use clap::Args;
use hookgate::{
    Event,
    event::{Covers, Field, Provenance},
    inbox::DeadLetter,
    redact::{Redactor, visible},
};
use indicatif::HumanBytes;
use serde::Serialize;

use crate::{exit::Trouble, shared::times};

/// How much of a body is shown.
#[derive(Args, Debug)]
pub(super) struct BodyArgs {
    /// Show the value at this path of the body, e.g. /data/object/amount or '/items/*/sku'; may be
    /// repeated. Everything else is hidden, and what seems to hold a token stays so
    #[arg(long = "show", value_name = "PATH")]
    paths: Vec<String>,

    /// Show the names of all members, too
    #[arg(long)]
    names: bool,

    /// Write the raw body into this new file: nothing of it is hidden
    #[arg(long, value_name = "FILE")]
    body_out: Option<PathBuf>,
}

impl BodyArgs {
    /// The body as it may be printed. A mistake in a path is found before anything is opened.
    pub(super) fn redactor(&self) -> Result<Redactor, Trouble> {
        let mut redactor = Redactor::new();
        for path in &self.paths {
            redactor = redactor.show(path).map_err(Trouble::usage)?;
        }
        Ok(if self.names {
            redactor.with_names()
        } else {
            redactor
        })
    }

    /// Writes the raw body, if that is wanted.
    pub(super) fn keep(&self, event: &Event) -> Result<(), Trouble> {
        let Some(path) = &self.body_out else {
            return Ok(());
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It is as confidential as the inbox.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(path)
            .and_then(|mut file| file.write_all(event.body()));
        written.map_err(|why| Trouble::usage(format!("{}: {why}", path.display())))
    }
}

/// A field with how far it can be trusted.
#[derive(Serialize)]
struct FieldJson<'a> {
    value: &'a str,
    provenance: &'static str,
}

/// An event without its body. The names are stable.
#[derive(Serialize)]
pub(super) struct EventJson<'a> {
    source: &'a str,
    tenant: Option<&'a str>,
    id: Option<FieldJson<'a>>,
    r#type: Option<FieldJson<'a>>,
    version: Option<FieldJson<'a>>,
    sent_at: Option<FieldJson<'a>>,
    signed_at: Option<String>,
    received_at: String,
    secret: &'a str,
    covers: &'static str,
    trace_parent: Option<&'a str>,
    bytes: usize,
}

/// A dead letter without its body. The names are stable.
#[derive(Serialize)]
pub(super) struct LetterJson<'a> {
    state: &'static str,
    handler: &'a str,
    entry: &'a str,
    key: &'a str,
    died_at: String,
    attempts: u32,
    replays: u32,
    reason: String,
    event: Option<EventJson<'a>>,
}

impl<'a> LetterJson<'a> {
    pub(super) fn of(letter: &'a DeadLetter) -> Self {
        Self {
            state: "dead",
            handler: letter.handler(),
            entry: letter.entry(),
            key: letter.key(),
            died_at: times::exact(letter.died_at()),
            attempts: letter.attempts(),
            replays: letter.replays(),
            reason: Redactor::text(letter.reason()),
            event: letter.event().map(EventJson::of),
        }
    }
}

impl<'a> EventJson<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let field = |field: Option<&'a Field>| {
            field.map(|field| FieldJson {
                value: &field.value,
                provenance: provenance(field),
            })
        };
        Self {
            source: event.source(),
            tenant: event.tenant(),
            id: field(event.id()),
            r#type: field(event.event_type()),
            version: field(event.version()),
            sent_at: field(event.sent_at()),
            signed_at: event.signed_at().map(times::exact),
            received_at: times::exact(event.received_at()),
            secret: event.secret_label(),
            covers: covers(event),
            trace_parent: event.trace_parent(),
            bytes: event.body().len(),
        }
    }
}

/// The same for people.
pub(super) fn facts(event: &Event) -> Vec<(&'static str, String)> {
    let field = |field: Option<&Field>| {
        let field = field?;
        Some(format!("{} ({})", visible(&field.value), provenance(field)))
    };
    let facts = [
        ("source", Some(event.source().to_owned())),
        ("tenant", event.tenant().map(visible)),
        ("id", field(event.id())),
        ("type", field(event.event_type())),
        ("version", field(event.version())),
        ("sent at", field(event.sent_at())),
        ("signed at", event.signed_at().map(times::exact)),
        ("received", Some(times::exact(event.received_at()))),
        ("signed with", Some(event.secret_label().to_owned())),
        ("covers", Some(covers(event).to_owned())),
        ("trace", event.trace_parent().map(str::to_owned)),
        (
            "body",
            Some(HumanBytes(event.body().len() as u64).to_string()),
        ),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    known.collect()
}

/// The text of a field for a table.
pub(super) fn cell(field: Option<&Field>) -> String {
    field.map(|field| visible(&field.value)).unwrap_or_default()
}

/// Instead of an event that cannot be read.
pub(super) const NEWER: &str = "a newer version of hookgate has stored it";

fn provenance(field: &Field) -> &'static str {
    match field.provenance {
        Provenance::Signed => "signed",
        Provenance::Derived => "derived",
        Provenance::Unsigned => "unsigned",
    }
}

fn covers(event: &Event) -> &'static str {
    match event.covers() {
        Covers::Body => "body",
        Covers::Fields => "fields",
        Covers::Sender => "sender",
        Covers::Nothing => "nothing",
    }
}
