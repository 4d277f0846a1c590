//! What is printed of what came.

use hookgate::{
    provider::Provider,
    redact::{Redactor, visible},
    scheme::{KeyDecoding, KeyId},
};

use super::receiver::{Arrived, What};
use crate::{
    exit::Trouble,
    explain::{diagnosis::Diagnosis, report},
    shared::{Out, out::bounded, secrets::Given, times},
};

/// The most of a payload that is shown whole, in bytes.
const SHOWN: usize = 64 * 1024;

/// The most of a path that is shown, in characters.
const LONGEST_PATH: usize = 200;

pub(super) struct Show {
    redactor: Redactor,
    all: bool,
}

impl Show {
    pub(super) fn new(paths: &[String], all: bool) -> Result<Self, Trouble> {
        let start = Redactor::new().with_names();
        let redactor = paths
            .iter()
            .try_fold(start, |redactor, path| redactor.show(path));
        Ok(Self {
            redactor: redactor.map_err(Trouble::usage)?,
            all,
        })
    }

    /// Prints it. Whether it was a valid delivery; `None` when it was a handshake.
    pub(super) fn print(&self, out: &Out, arrived: &Arrived) -> Option<bool> {
        let (case, parts) = (&arrived.case, &arrived.case.parts);
        let path: String = parts.uri.path().chars().take(LONGEST_PATH).collect();
        let path = visible(&path);
        let time = times::written(arrived.at);
        let said = match &arrived.what {
            What::Handshake(_) => "handshake",
            What::Event(_) => "valid",
            What::Refused | What::Unread(_) => "refused",
        };
        out.line(&format!("{time} {} {path}: {said}", parts.method));
        match &arrived.what {
            What::Handshake(Ok(())) => None,
            What::Handshake(Err(why)) => {
                out.line(&format!("  not answered: {why}"));
                None
            }
            What::Event(event) => {
                for line in report::read(event, arrived.at) {
                    out.line(&line);
                }
                self.payload(out, event.body());
                Some(true)
            }
            What::Refused => {
                let diagnosis = Diagnosis::of(case, arrived.at);
                for line in report::text(case, &diagnosis, arrived.at) {
                    out.line(&format!("  {line}"));
                }
                Some(false)
            }
            What::Unread(why) => {
                out.line(&format!("  not valid: {why}"));
                Some(false)
            }
        }
    }

    fn payload(&self, out: &Out, body: &[u8]) {
        let lines = match self.all {
            true => bounded(body, SHOWN),
            false => self
                .redactor
                .redact(body)
                .lines()
                .map(str::to_owned)
                .collect(),
        };
        for line in lines {
            out.line(&format!("  | {line}"));
        }
    }
}

/// A secret of the moment in the form that the row asks for.
pub(super) fn made_up(row: &Provider) -> Result<Given, Trouble> {
    let mut random = [0; 24];
    let filled = getrandom::fill(&mut random);
    filled.map_err(|why| Trouble::outside(format!("no random numbers: {why}")))?;
    let (hex, base64) = (
        data_encoding::HEXLOWER.encode(&random),
        data_encoding::BASE64.encode(&random),
    );
    let text = match row.scheme.key {
        KeyDecoding::Base64 { prefix } | KeyDecoding::Base64OrText { prefix } => {
            format!("{prefix}{base64}")
        }
        KeyDecoding::Base64AfterUnderscore => format!("key_{base64}"),
        _ => hex,
    };
    let id = match row.scheme.key_id {
        KeyId::None => "",
        KeyId::Header(_) | KeyId::Configured => "key:",
    };
    Ok(Given {
        label: "secret-1".to_owned(),
        text: format!("{id}{text}").into_bytes(),
    })
}
