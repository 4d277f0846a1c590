//! Commands that look into an inbox and repair it, while its receivers run (Redis) or instead of
//! one (a file).
//!
//! Looking changes nothing, and no command makes an inbox. What a sender wrote is escaped, cut, and
//! of a payload only what was named is shown.

mod check;
mod dead;
mod findings;
mod handlers;
mod inbox;
mod list;
mod out;
mod place;
mod repair;
mod shown;
mod stats;
mod text;
mod wanted;
mod which;

pub(crate) use self::{check::Check, dead::Dead, handlers::Handlers, inbox::Inbox};

use hookgate::{StoreError, error::StoreErrorKind};

use crate::exit::Trouble;

/// What a store's error means for whoever typed the command.
fn trouble(why: &StoreError) -> Trouble {
    match why.kind() {
        StoreErrorKind::Invalid => Trouble::usage(told(why)),
        _ => Trouble::outside(told(why)),
    }
}

/// An error with what caused it, each part once.
fn told(why: &StoreError) -> String {
    let mut text = why.to_string();
    let mut cause = std::error::Error::source(why);
    while let Some(why) = cause {
        let more = why.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = why.source();
    }
    text
}

/// The answer is no, and this is why.
fn no(why: impl std::fmt::Display) -> Trouble {
    eprintln!("hookgate: {why}");
    Trouble::No
}
