//! What a sender asks with: where its challenge is, and what it may look like.

use std::borrow::Cow;

use http::request::Parts;

use crate::scheme::{form, json};

/// A text that a sender chose, and wants to see again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Challenge {
    /// Where it is.
    pub at: ChallengeAt,
    /// What it may look like. Anything else is not answered.
    pub charset: Charset,
}

/// Where a challenge is. It must be there once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChallengeAt {
    /// In a parameter of the query, decoded.
    Query(&'static str),
    /// In the header with this lower-case name.
    Header(&'static str),
    /// In the JSON body: a pointer of object keys.
    Body(&'static str),
    /// In the one field of a form body.
    Form(&'static str),
}

/// Small alphabets: nothing that a browser, a log or another scheme reads anything into. A text has 1
/// to 256 characters of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Charset {
    /// Letters, digits and `-._~`: RFC 3986's unreserved characters.
    Unreserved,
    /// The same and `+/=`, for base64: those of RFC 9110's token68.
    Token68,
    /// The same and spaces and colons, for sentences.
    Words,
    /// Lower-case hexadecimal digits, from so many to so many.
    LowerHex(usize, usize),
}

impl Challenge {
    /// In this parameter of the query, of [`Charset::Unreserved`].
    pub const fn query(name: &'static str) -> Self {
        Self::at(ChallengeAt::Query(name))
    }

    /// In the header with this lower-case name, of [`Charset::Unreserved`].
    pub const fn header(name: &'static str) -> Self {
        Self::at(ChallengeAt::Header(name))
    }

    /// At this pointer in the JSON body, of [`Charset::Unreserved`].
    pub const fn body(path: &'static str) -> Self {
        Self::at(ChallengeAt::Body(path))
    }

    /// In this field of a form body that has no other, of [`Charset::Unreserved`].
    pub const fn form(name: &'static str) -> Self {
        Self::at(ChallengeAt::Form(name))
    }

    /// The same of another alphabet.
    pub const fn of(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    const fn at(at: ChallengeAt) -> Self {
        Self {
            at,
            charset: Charset::Unreserved,
        }
    }

    /// The challenge of this request, if it may be answered.
    pub(crate) fn read<'r>(self, parts: &'r Parts, body: &'r [u8]) -> Option<Cow<'r, str>> {
        let text = self.at.read(parts, body)?;
        self.charset.allows(&text).then_some(text)
    }
}

impl ChallengeAt {
    /// Whether something is there, whatever it is. The body is not looked at.
    pub(crate) fn is_in_head(self, parts: &Parts) -> bool {
        match self {
            Self::Query(name) => pairs(parts).iter().any(|(found, _)| found == name),
            Self::Header(name) => parts.headers.contains_key(name),
            Self::Body(_) | Self::Form(_) => false,
        }
    }

    /// Whether the body must be read for it.
    pub(crate) const fn is_in_body(self) -> bool {
        matches!(self, Self::Body(_) | Self::Form(_))
    }

    fn read<'r>(self, parts: &'r Parts, body: &'r [u8]) -> Option<Cow<'r, str>> {
        match self {
            Self::Query(name) => parameter(parts, name).map(Cow::Owned),
            Self::Header(name) => {
                let mut values = parts.headers.get_all(name).iter();
                let value = values.next().filter(|_| values.next().is_none())?;
                value.to_str().ok().map(Cow::Borrowed)
            }
            Self::Body(path) => {
                let found = json::scan(body, &[path]).pop()?;
                found.text.filter(|_| !found.twice)
            }
            Self::Form(name) => {
                let [(found, value)] = &form::pairs(body)?[..] else {
                    return None;
                };
                (found == name).then(|| Cow::Owned(value.clone().into_owned()))
            }
        }
    }
}

impl Charset {
    pub(crate) fn allows(self, text: &str) -> bool {
        let (from, to) = match self {
            Self::LowerHex(from, to) => (from.max(1), to.min(Self::LONGEST)),
            Self::Unreserved | Self::Token68 | Self::Words => (1, Self::LONGEST),
        };
        (from..=to).contains(&text.len()) && text.bytes().all(|byte| self.has(byte))
    }

    /// The longest text in characters, which are bytes.
    const LONGEST: usize = 256;

    pub(crate) fn has(self, byte: u8) -> bool {
        let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        match self {
            Self::Unreserved => unreserved,
            Self::Token68 => unreserved || matches!(byte, b'+' | b'/' | b'='),
            Self::Words => Self::Token68.has(byte) || matches!(byte, b' ' | b':'),
            Self::LowerHex(..) => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        }
    }
}

/// A parameter of the query that is there exactly once.
pub(super) fn parameter(parts: &Parts, name: &str) -> Option<String> {
    form::single(&pairs(parts), name).map(str::to_owned)
}

fn pairs(parts: &Parts) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let query = parts.uri.query().unwrap_or_default();
    form::pairs(query.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alphabet_has_nothing_that_means_anything_elsewhere() {
        let all = [
            Charset::Unreserved,
            Charset::Token68,
            Charset::Words,
            Charset::LowerHex(0, usize::MAX),
        ];
        for charset in all {
            for bad in [
                "", "<", ">", "\"", "'", "\\", "{", "&", "%", "\n", "\0", "ä",
            ] {
                assert!(!charset.allows(bad), "{charset:?} {bad:?}");
            }
            assert!(charset.allows("0af"));
            assert!(charset.allows(&"a".repeat(256)));
            assert!(!charset.allows(&"a".repeat(257)));
        }
    }

    #[test]
    fn an_alphabet_has_what_it_is_for() {
        assert!(Charset::Unreserved.allows("a-Z_0.~"));
        assert!(!Charset::Unreserved.allows("a+b") && Charset::Token68.allows("a+/b=="));
        assert!(!Charset::Token68.allows("a b") && Charset::Words.allows("Validation: a 1-2"));
        let hex = Charset::LowerHex(20, 32);
        for (len, fits) in [(19, false), (20, true), (32, true), (33, false)] {
            assert_eq!(hex.allows(&"a".repeat(len)), fits, "{len}");
        }
        assert!(!hex.allows(&"A".repeat(20)) && !hex.allows(&"g".repeat(20)));
    }
}
