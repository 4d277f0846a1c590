//! What a check has found.

use serde::Serialize;

use super::{no, out};
use crate::exit::Trouble;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Warn,
    Fail,
}

/// The names are stable.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    note: String,
}

/// In the order in which they were looked for.
#[derive(Default, Serialize)]
pub(super) struct Findings {
    store: String,
    checks: Vec<Finding>,
    /// The store could not be looked into.
    #[serde(skip)]
    out_of_reach: bool,
}

impl Findings {
    pub(super) fn of(store: String) -> Self {
        Self {
            store,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, check: &'static str, state: State, note: impl Into<String>) {
        let note = note.into();
        self.checks.push(Finding { check, state, note });
    }

    pub(super) fn ok(&mut self, check: &'static str, note: impl Into<String>) {
        self.add(check, State::Ok, note);
    }

    /// Good, or not with this as the consequence.
    pub(super) fn judge(
        &mut self,
        check: &'static str,
        good: bool,
        otherwise: State,
        note: impl Into<String>,
    ) {
        self.add(check, if good { State::Ok } else { otherwise }, note);
    }

    /// A failure that has nothing to do with what the store holds.
    pub(super) fn out_of_reach(&mut self, check: &'static str, note: impl Into<String>) {
        self.add(check, State::Fail, note);
        self.out_of_reach = true;
    }

    /// Prints all, and is the end of the command.
    pub(super) fn say(&self, json: bool) -> Result<(), Trouble> {
        if json {
            out::say_json(self)?;
        } else {
            let mut table = out::Table::new([
                out::text("STATE", 5),
                out::text("CHECK", 18),
                out::text("FOUND", 160),
            ]);
            for Finding { check, state, note } in &self.checks {
                let state = format!("{state:?}").to_lowercase();
                table.row([state, (*check).to_owned(), note.clone()]);
            }
            table.say()?;
        }
        let failed = |finding: &&Finding| finding.state == State::Fail;
        match self.checks.iter().filter(failed).count() {
            0 => Ok(()),
            _ if self.out_of_reach => Err(Trouble::outside("the store is out of reach")),
            1 => Err(no("1 check failed")),
            failed => Err(no(format!("{failed} checks failed"))),
        }
    }
}
