//! The verdict on a delivery, and what was found out about it.

use hookgate::{ConfigError, Event, RejectionKind, clock::UnixTime};

use super::{
    case::{Case, Freshness, Verdict},
    clock,
    search::{Hint, Search},
    seen,
};

/// What can be said of a delivery.
pub(crate) struct Diagnosis {
    pub(super) verdict: Verdict,
    /// What the signature says once the time does not count; with [`Diagnosis::verdict`], the whole
    /// refusal.
    pub(super) without_time: Option<Refusal>,
    /// What was tried, and then the signature matches.
    pub(super) hints: Vec<Hint>,
    /// What catches the eye and is not proved.
    pub(super) seen: Vec<Hint>,
    /// How many changes were tried.
    pub(super) tried: usize,
    /// Whether pairs of changes were left out because of the body's size.
    pub(super) cut: bool,
}

/// Why there is no event.
pub(super) enum Refusal {
    Kind(RejectionKind),
    Config(ConfigError),
}

impl Diagnosis {
    /// Judges the delivery, and looks for the reason where it is refused.
    pub(crate) fn of(case: &Case, now: UnixTime) -> Self {
        let mut found = Self {
            verdict: case.judge(now, Freshness::Counts),
            without_time: None,
            hints: Vec::new(),
            seen: Vec::new(),
            tried: 0,
            cut: false,
        };
        if found.is_valid() {
            return found;
        }
        match case.judge(now, Freshness::Ignored) {
            Verdict::Valid(event) => {
                let hint = clock::hint(case, &event, now);
                found.hints.push(hint.unwrap_or_else(|| found.limit(case)));
            }
            Verdict::Refused(kind) => found.search(case, Refusal::Kind(kind), now),
            Verdict::Unusable(why) => found.search(case, Refusal::Config(why), now),
        }
        found
    }

    /// The signature is right, and so is the time.
    fn limit(&self, case: &Case) -> Hint {
        let (length, most) = (case.body.len(), case.row.max_body);
        let says = match &self.verdict {
            Verdict::Refused(RejectionKind::TooLarge) => format!(
                "the signature is right, but the body has {length} bytes and the preset reads {most}: \
                 the source takes more with `with_max_body`"
            ),
            _ => "the signature is right; the refusal has nothing to do with it".to_owned(),
        };
        Hint {
            kind: "limit",
            says,
        }
    }

    fn search(&mut self, case: &Case, refusal: Refusal, now: UnixTime) {
        let search = Search::of(case, now);
        self.hints = search.hints;
        (self.tried, self.cut) = (search.tried, search.cut);
        if let Some((changed, event)) = &search.matched {
            self.hints.extend(clock::hint(changed, event, now));
        }
        self.seen = seen::of(case, &refusal, self.hints.is_empty());
        self.without_time = Some(refusal);
    }

    pub(crate) fn is_valid(&self) -> bool {
        matches!(self.verdict, Verdict::Valid(_))
    }

    /// What a receiver reads, where it takes the delivery.
    pub(crate) fn event(&self) -> Option<&Event> {
        match &self.verdict {
            Verdict::Valid(event) => Some(event),
            _ => None,
        }
    }
}
