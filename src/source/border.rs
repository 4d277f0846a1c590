//! Where a signed header's value ends in the message: the same bytes must not be readable in two
//! ways, or whoever replays a delivery could move bytes between a header and the body.

use crate::scheme::{Part, TimeAt, TimeUnit};

/// What sets a signed header's value apart. Read from the body outwards, as whoever wants to move
/// bytes between the two would.
#[derive(Clone, Copy, Debug)]
pub(super) enum Border {
    /// It stands before the body, and this follows it.
    Then(&'static str),
    /// It stands after the body, and this comes before it.
    After(&'static str),
    /// An RFC 3339 time follows, which has a colon; the value has none.
    Time,
}

impl Border {
    /// Around part `at` of the message; `None` when nothing fixed is there, and the same bytes
    /// could be split in two ways.
    pub(super) fn around(at: usize, message: &[Part], time: TimeAt) -> Option<Self> {
        let literal = |at: Option<usize>| match message.get(at?) {
            Some(Part::Literal(text)) if !text.is_empty() => Some(*text),
            _ => None,
        };
        let is_body = |part: &Part| {
            matches!(
                part,
                Part::Body
                    | Part::Payload
                    | Part::BodySha256
                    | Part::SortedForm(_)
                    | Part::SortedParams
            )
        };
        // Without a body nothing but the end comes after it.
        let body = message.iter().position(is_body).unwrap_or(message.len());
        let rfc3339 = matches!(
            time,
            TimeAt::Header {
                unit: TimeUnit::Rfc3339,
                ..
            }
        );
        if at > body {
            return literal(at.checked_sub(1)).map(Self::After);
        }
        match message.get(at + 1) {
            Some(Part::Timestamp) if rfc3339 => Some(Self::Time),
            _ => literal(at.checked_add(1)).map(Self::Then),
        }
    }

    /// Whether the value and the text meet in one place only. `a.b` + `.` + `c` is also `a` + `.`
    /// + `b.c`, and `a-` + `--` + `b` is also `a` + `--` + `-b`.
    pub(super) fn is_clear(self, value: &str) -> bool {
        match self {
            Self::Then(text) => [value, text].concat().find(text) == Some(value.len()),
            Self::After(text) => [text, value].concat().rfind(text) == Some(0),
            Self::Time => value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'=' | b'.')),
        }
    }
}

/// What sets a signed field's or parameter's value apart: the literals on both sides, which it must
/// not contain. Empty where there is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Fence {
    before: &'static str,
    after: &'static str,
}

impl Fence {
    pub(super) const NONE: Self = Self {
        before: "",
        after: "",
    };

    /// Around part `at` of the message.
    pub(super) fn around(at: usize, message: &[Part]) -> Self {
        let literal = |at: Option<usize>| match at.and_then(|at| message.get(at)) {
            Some(Part::Literal(text)) => *text,
            _ => "",
        };
        Self {
            before: literal(at.checked_sub(1)),
            after: literal(at.checked_add(1)),
        }
    }

    pub(super) fn is_clear(self, value: &str) -> bool {
        let after = self.after.is_empty() || Border::Then(self.after).is_clear(value);
        after && (self.before.is_empty() || Border::After(self.before).is_clear(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::ConfigError,
        provider::{self, Provider},
        scheme::{Header, Scheme},
        source::plan::Plan,
    };

    const ID: Part = Part::Header(Header::named("x-id"));
    const DOT: Part = Part::Literal(".");

    fn border(at: usize, message: &'static [Part]) -> Option<&'static str> {
        match Border::around(at, message, TimeAt::Nowhere)? {
            Border::Then(text) | Border::After(text) => Some(text),
            Border::Time => None,
        }
    }

    #[test]
    fn a_signed_header_is_fenced_off_on_the_bodys_side() {
        for (message, fence) in [
            (&[ID, Part::Literal("--"), Part::Body] as &[_], Some("--")),
            (&[ID, Part::Body], None),
            (&[ID, Part::Literal(""), Part::Body], None),
            (&[ID, Part::Timestamp, DOT, Part::Body], None),
            (&[ID, DOT], Some(".")),
            (&[ID], None),
        ] {
            assert_eq!(border(0, message), fence, "{message:?}");
        }
        assert_eq!(border(2, &[Part::Body, DOT, ID]), Some("."));
        assert_eq!(border(1, &[Part::Body, ID, DOT]), None);
        let scheme = Scheme {
            message: &[ID, Part::Body],
            ..Scheme::BASE
        };
        let row = Provider {
            scheme,
            ..provider::X_SIGNATURE
        };
        assert!(matches!(Plan::all(&row), Err(ConfigError::BadRow { .. })));
    }

    #[test]
    fn a_signed_field_is_fenced_off_on_both_sides() {
        const FIELD: Part = Part::Field("/a");
        let colons = [Part::Literal("a:"), FIELD, Part::Literal(";")];
        let fence = Fence::around(1, &colons);
        for (value, clear) in [
            ("", true),
            ("1:2", true),
            ("1;2", false),
            ("1;", false),
            ("a:1", false),
        ] {
            assert_eq!(fence.is_clear(value), clear, "{value}");
        }
        assert_eq!(Fence::around(0, &[FIELD, FIELD]), Fence::NONE);
        assert!(Fence::NONE.is_clear("anything"));
    }

    #[test]
    fn a_value_that_could_end_elsewhere_is_refused() {
        for (border, good, bad) in [
            (Border::Then("."), "ab", &["a.b", ".", "ab."] as &[_]),
            (Border::Then("--"), "a-b", &["a--b", "ab-"]),
            (Border::After("."), "ab", &["a.b", ".ab"]),
            (Border::After("--"), "a-b-", &["a--b", "-ab"]),
            (Border::Time, "b76f-2a_3.9=", &["a:b", "{\"a", "a b"]),
        ] {
            assert!(border.is_clear(good), "{border:?} {good}");
            for bad in bad {
                assert!(!border.is_clear(bad), "{border:?} {bad}");
            }
        }
    }
}
