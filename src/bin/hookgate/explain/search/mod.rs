//! Looks for what makes the signature match. Nothing is guessed: each change is made and verified.

mod body;
mod form;
mod head;
mod json;
mod key;
mod scheme;
mod url;

use hookgate::{Event, clock::UnixTime};

use super::{
    case::{Case, Freshness, Verdict},
    change::Change,
};

/// The most that is hashed in search of two changes at once, in bytes.
const BUDGET: usize = 256 * 1024 * 1024;

/// The most pairs that are tried.
const PAIRS: usize = 20_000;

/// What was found.
#[derive(Default)]
pub(super) struct Search {
    /// The changes with which the signature matches.
    pub(super) hints: Vec<Hint>,
    /// How many were tried.
    pub(super) tried: usize,
    /// Whether the search was cut because of the body's size.
    pub(super) cut: bool,
    /// The delivery with the change that was found first, and its event.
    pub(super) matched: Option<(Case, Event)>,
}

/// A change that makes the signature match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Hint {
    pub(super) kind: &'static str,
    pub(super) says: String,
}

impl Search {
    /// Tries one change at a time, and two where none is enough.
    pub(super) fn of(case: &Case, now: UnixTime) -> Self {
        let mut search = Self {
            cut: case.body.len() > body::LARGEST_JSON,
            ..Self::default()
        };
        let (heads, bodies) = (head::changes(case), body::changes(case));
        let (keys, urls) = (key::changes(case), url::changes(case));
        for changes in [&heads, &bodies, &keys, &urls] {
            if search.first(case, changes, now) {
                return search;
            }
        }
        for change in scheme::changes(case) {
            search.tries(case, &change, now);
        }
        scheme::summarize(&mut search.hints);
        if !search.hints.is_empty() || search.first(case, &head::renames(case), now) {
            return search;
        }
        // What needs another source comes first: it is made once for all of the others.
        let pairs = [
            (&keys, &heads),
            (&heads, &bodies),
            (&urls, &keys),
            (&keys, &bodies),
            (&urls, &bodies),
        ];
        for (first, second) in pairs {
            if search.both(case, first, second, now) {
                break;
            }
        }
        search
    }

    /// Whether one of these is it.
    fn first(&mut self, case: &Case, changes: &[Change], now: UnixTime) -> bool {
        let mut changes = changes.iter();
        changes.any(|change| self.tries(case, change, now))
    }

    /// Whether one of the first together with one of the second is it.
    fn both(&mut self, case: &Case, first: &[Change], second: &[Change], now: UnixTime) -> bool {
        let most = PAIRS.min(BUDGET / (case.body.len() + 1_024));
        for one in first {
            let Some(changed) = one.apply(case) else {
                continue;
            };
            for other in second {
                if self.tried >= most {
                    self.cut = true;
                    return false;
                }
                if self.judges(&changed, other, now) {
                    self.hints = vec![hint(one), hint(other)];
                    return true;
                }
            }
        }
        false
    }

    /// Makes the change; whether the signature matches then.
    fn tries(&mut self, case: &Case, change: &Change, now: UnixTime) -> bool {
        let matches = self.judges(case, change, now);
        if matches {
            self.hints.push(hint(change));
        }
        matches
    }

    fn judges(&mut self, case: &Case, change: &Change, now: UnixTime) -> bool {
        let Some(changed) = change.apply(case) else {
            return false;
        };
        self.tried += 1;
        match changed.judge(now, Freshness::Ignored) {
            Verdict::Valid(event) => {
                self.matched.get_or_insert((changed, *event));
                true
            }
            _ => false,
        }
    }
}

fn hint(change: &Change) -> Hint {
    Hint {
        kind: change.kind,
        says: change.says.clone(),
    }
}
