//! Payloads as people may see them: everything hidden but what was named.
//!
//! A [`Redactor`] turns a body into a text for terminals, pages, logs and alerts:
//! 1. A value is shown only when a path names it, and then only a string, a number or a boolean.
//!    Of everything else there is the type and the length. Names of members are content too: they
//!    are shown on the way to a path, or, with [`Redactor::with_names`], when they look like names.
//! 2. A string that seems to hold a token is never shown, and neither is what stands under a name
//!    like `token`, `secret` or `password`: providers put such things into bodies.
//! 3. Bytes that are not JSON are a length and a digest.
//! 4. The text is bounded, and control and direction characters in it are escaped.
//!
//! Whether a string holds a token is a guess that prefers hiding: known prefixes, URLs with a query
//! or a user, and long words of mixed letters and digits (a UUID is not one; a Git hash is).
//!
//! ```
//! use hookgate::redact::Redactor;
//! let redactor = Redactor::new().show("/type")?.show("/items/*/sku")?;
//! let body = br#"{"type":"order.paid","email":"a@example.com","items":[{"sku":"A-1","price":9}]}"#;
//! assert_eq!(redactor.redact(body), r#"{
//!   "type": "order.paid",
//!   "items": [
//!     {
//!       "sku": "A-1",
//!       … 1 more
//!     }
//!   ],
//!   … 1 more
//! }"#);
//! assert_eq!(redactor.redact(b"hello"), "<not JSON, 5 bytes, SHA-256 2cf24dba5fb0a30e…>");
//! # Ok::<(), hookgate::ConfigError>(())
//! ```

mod token;
mod write;

use serde::de::{DeserializeSeed, IgnoredAny};
use sha2::{Digest, Sha256};

use self::write::{Node, Out};
use crate::error::ConfigError;

/// Decides what of a payload is shown. See the [module docs](crate::redact) for the rules and an
/// example.
///
/// # Default
/// - no value and no name is shown
/// - at most 16 KiB of text
#[derive(Clone, Debug)]
#[must_use]
pub struct Redactor {
    paths: Vec<Vec<Segment>>,
    names: bool,
    max_output: usize,
}

/// One step of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Segment {
    /// Every member of an object and every item of an array.
    Any,
    /// The member with this name, or the item with this number.
    Named(String),
}

/// Paths of one redactor: their places are bits of a `u64`.
const MAX_PATHS: usize = 64;

/// Segments of one path, and the depth to which names are shown.
const MAX_DEPTH: usize = 16;

/// Characters of free text in [`Redactor::text`].
const MAX_TEXT: usize = 500;

impl Redactor {
    /// Shows nothing but types and lengths.
    pub fn new() -> Self {
        Self {
            paths: Vec::new(),
            names: false,
            max_output: 16 * 1024,
        }
    }

    /// Shows the string, number or boolean at this path: segments with a `/` before each, in which
    /// `*` stands for any member or item, e.g. `/data/object/amount`, `/items/*/sku`, `/items/0`.
    /// An object or array at a path stays closed. A member whose name contains `/` has no path.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] when the path does not begin with `/`, has more than 16 segments,
    /// or is the 65th.
    pub fn show(mut self, path: &str) -> Result<Self, ConfigError> {
        let segments = path.strip_prefix('/').map(|rest| rest.split('/'));
        let segments: Vec<_> = segments
            .into_iter()
            .flatten()
            .map(|segment| match segment {
                "*" => Segment::Any,
                name => Segment::Named(name.to_owned()),
            })
            .collect();
        if !(1..=MAX_DEPTH).contains(&segments.len()) || self.paths.len() == MAX_PATHS {
            return Err(ConfigError::OutOfRange {
                what: "paths to show: 64 of 1 to 16 segments, each with a / before it",
            });
        }
        self.paths.push(segments);
        Ok(self)
    }

    /// Also shows names of members that look like names: at most 40 letters, `_`, `-` and `.`, and
    /// nothing that looks like a token. Where senders use data as names, leave it.
    pub fn with_names(mut self) -> Self {
        self.names = true;
        self
    }

    /// The longest text, in bytes: 256 to 1,048,576. The note that it was cut comes on top.
    pub fn with_max_output(mut self, bytes: usize) -> Self {
        self.max_output = bytes.clamp(256, 1024 * 1024);
        self
    }

    /// The text that may be shown of this body.
    pub fn redact(&self, body: &[u8]) -> String {
        if serde_json::from_slice::<IgnoredAny>(body).is_err() {
            let digest = Sha256::digest(body);
            let digest = data_encoding::HEXLOWER.encode(&digest[..8]);
            return format!("<not JSON, {}, SHA-256 {digest}…>", bytes(body.len()));
        }
        let mut out = Out::new(self.max_output);
        let root = Node::root(self, &mut out);
        // It is JSON, so the only error is that the text is full.
        let _ = root.deserialize(&mut serde_json::Deserializer::from_slice(body));
        out.finish()
    }

    /// What may be shown of a text in people's words, such as the reason of a dead letter: the
    /// first 500 characters on one line, with every word that seems to hold a token replaced.
    pub fn text(text: &str) -> String {
        let (mut shown, mut before) = (String::new(), "");
        let cut: String = text.chars().take(MAX_TEXT).collect();
        for word in cut.split_whitespace() {
            if !before.is_empty() {
                shown.push(' ');
            }
            if token::is_in(word) || token::is_announced(before, word) {
                shown.push_str("<token>");
            } else {
                shown.push_str(&visible(word));
            }
            before = word;
        }
        if cut.len() < text.len() {
            shown.push('…');
        }
        shown
    }

    /// Which of the paths in `active`, all of which have led to `depth`, go on through `name`.
    fn through(&self, active: u64, depth: usize, name: &str) -> u64 {
        let goes_on = |path: &[Segment]| match path.get(depth) {
            Some(Segment::Any) => true,
            Some(Segment::Named(segment)) => segment == name,
            None => false,
        };
        self.filter(active, goes_on)
    }

    /// Whether one of these paths names the way to `depth` by its text and not by a `*`.
    fn names_last(&self, active: u64, depth: usize) -> bool {
        let last = |path: &[Segment]| {
            let segment = depth.checked_sub(1).and_then(|at| path.get(at));
            matches!(segment, Some(Segment::Named(_)))
        };
        self.filter(active, last) != 0
    }

    fn filter(&self, active: u64, keep: impl Fn(&[Segment]) -> bool) -> u64 {
        let paths = self.paths.iter().enumerate();
        let kept = paths.filter(|(at, path)| active & 1 << at != 0 && keep(path));
        kept.fold(0, |mask, (at, _)| mask | 1 << at)
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

/// A text with its control and direction characters escaped, so that it is what it looks like: on a
/// terminal, too. Hides nothing.
///
/// ```
/// use hookgate::redact::visible;
/// assert_eq!(visible("evt_1\u{1b}[2J \u{202e}kcab"), "evt_1\\u{1b}[2J \\u{202e}kcab");
/// ```
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// A length in words: `1,024 bytes`.
fn bytes(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + if count == 1 { " byte" } else { " bytes" }
}
