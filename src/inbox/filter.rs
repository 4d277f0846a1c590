use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    event::{Event, Field, Provenance},
    redact::visible,
};

/// Which events a handler gets. Made by [`on`].
///
/// # What a filter can be relied on for
///
/// Some senders do not sign an event's type or version: GitHub and Shopify send them in headers. Who
/// has a captured delivery can then send it again under another type, and no check can tell. That
/// does no harm where the handler reads from the signed body what it has to do, or where the filter
/// only spares it work. Where it is the filter that decides (a handler that pays out whatever
/// arrives as `refund.approved`), say [`only_signed`](Self::only_signed). Each field's
/// [`Provenance`] tells how it stands; the source's name is always ours.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[must_use]
pub struct Filter {
    /// The stored form's version.
    v: u8,
    types: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    only_signed: bool,
}

/// Of a filter that the first readers know.
const VERSION: u8 = 1;

/// Of one that only signed fields may pass, which an older reader must not take for another.
const SIGNED_VERSION: u8 = 2;

/// Events whose type matches this pattern, in which `*` stands for any text: `invoice.*`, `*`.
///
/// An event without a type matches every pattern, and so does one without a version: what cannot
/// be told is handled rather than lost. Types that the sender does not sign can be forged by whoever
/// has a captured delivery; see [`Filter`].
pub fn on(types: impl Into<String>) -> Filter {
    Filter {
        v: VERSION,
        types: vec![types.into()],
        sources: Vec::new(),
        versions: Vec::new(),
        only_signed: false,
    }
}

impl Filter {
    /// Or whose type matches this pattern.
    pub fn or(mut self, types: impl Into<String>) -> Self {
        self.types.push(types.into());
        self
    }

    /// Only from sources whose name matches this pattern or another one given this way.
    pub fn from_source(mut self, sources: impl Into<String>) -> Self {
        self.sources.push(sources.into());
        self
    }

    /// Only in versions that match this pattern or another one given this way.
    pub fn in_version(mut self, versions: impl Into<String>) -> Self {
        self.versions.push(versions.into());
        self
    }

    /// Only events whose type and version, as far as they have them, are covered by the signature,
    /// or computed from what is. One without a type is let through only by the pattern `*`, and one
    /// without a version only where none or `*` is asked for: a header that is not signed can be left
    /// out as well as changed.
    ///
    /// For when it is the filter that decides about security; see [the type's page](Self). From a
    /// source that does not sign its types nothing passes: those events are another handler's, or
    /// kept as unrouted.
    pub fn only_signed(mut self) -> Self {
        self.v = SIGNED_VERSION;
        self.only_signed = true;
        self
    }

    pub(super) fn matches(&self, event: &Event) -> bool {
        self.lets_through(event.source(), event.event_type(), event.version())
    }

    fn lets_through(&self, source: &str, kind: Option<&Field>, version: Option<&Field>) -> bool {
        let any = |patterns: &[String], text: &str| patterns.iter().any(|p| glob(p, text));
        let field = |patterns: &[String], field: Option<&Field>| match field {
            Some(field) if self.only_signed && field.provenance == Provenance::Unsigned => false,
            Some(field) => patterns.is_empty() || any(patterns, &field.value),
            // What asks for anything in particular is not given what may be anything.
            None => !self.only_signed || patterns.is_empty() || patterns.iter().any(|p| p == "*"),
        };
        field(&self.types, kind)
            && (self.sources.is_empty() || any(&self.sources, source))
            && field(&self.versions, version)
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// The filter that was declared with these bytes. One that this version cannot read lets
    /// everything through: its handler may get too much during an upgrade, never too little.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let read = serde_json::from_slice(bytes)
            .ok()
            .filter(|filter: &Self| [VERSION, SIGNED_VERSION].contains(&filter.v));
        read.unwrap_or_else(|| on("*"))
    }
}

/// In words: `invoice.* or order.* from stripe in 2026-*, only signed`. Patterns are shown as
/// [`visible`] shows them.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any = |patterns: &[String]| {
            let patterns: Vec<_> = patterns.iter().map(|pattern| visible(pattern)).collect();
            patterns.join(" or ")
        };
        f.write_str(&any(&self.types))?;
        for (word, patterns) in [(" from ", &self.sources), (" in ", &self.versions)] {
            if !patterns.is_empty() {
                write!(f, "{word}{}", any(patterns))?;
            }
        }
        f.write_str(if self.only_signed {
            ", only signed"
        } else {
            ""
        })
    }
}

/// Whether `text` is `pattern` with each `*` replaced by some text. Takes time proportional to the
/// product of both lengths at the worst. Ours because it is part of the stored form: a pattern
/// must mean the same in every version.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let Some((middle, end)) = rest.rsplit_once('*') else {
        return text.ends_with(rest);
    };
    for piece in middle.split('*') {
        match text.find(piece) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "a.b"),
            ("invoice.*", "invoice.paid"),
            ("invoice.*", "invoice."),
            ("*.paid", "invoice.paid"),
            ("a*b*c", "abc"),
            ("a*b*c", "aXbYbZc"),
            ("a**b", "ab"),
            ("", ""),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("invoice.*", "invoice"),
            ("invoice.*", "xinvoice.paid"),
            ("*.paid", "invoice.paid.x"),
            ("a*a", "a"),
            ("a*b*c", "acb"),
            ("", "a"),
            ("a", "A"),
        ] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_handled() {
        let filter = on("a.*")
            .or("b")
            .from_source("stripe*")
            .in_version("2026-*");
        let lets = |source, kind: Option<&str>, version: Option<&str>| {
            let unsigned = |text: &str| field(text, Provenance::Unsigned);
            let (kind, version) = (kind.map(unsigned), version.map(unsigned));
            filter.lets_through(source, kind.as_ref(), version.as_ref())
        };
        assert!(lets("stripe-eu", Some("a.x"), Some("2026-01")));
        assert!(lets("stripe", Some("b"), None));
        assert!(lets("stripe", None, None));
        assert!(!lets("github", None, None));
        assert!(!lets("stripe", Some("c"), None));
        assert!(!lets("stripe", Some("b"), Some("2025-01")));
    }

    fn field(text: &str, provenance: Provenance) -> Field {
        Field {
            value: text.to_owned(),
            provenance,
        }
    }

    #[test]
    fn only_what_is_signed_passes_where_that_is_asked_for() {
        use Provenance::{Derived, Signed, Unsigned};
        let (paid, any) = (on("paid").only_signed(), on("*").only_signed());
        let both = on("paid").in_version("2*").only_signed();
        let fields = |kind: Option<Provenance>, version: Option<Provenance>| {
            let kind = kind.map(|p| field("paid", p));
            (kind, version.map(|p| field("2026", p)))
        };
        for (kind, version, expected) in [
            // Let through by `paid`, by `*`, and by `paid` in version `2*`.
            (Some(Signed), None, [true, true, false]),
            (Some(Signed), Some(Signed), [true, true, true]),
            (Some(Derived), Some(Derived), [true, true, true]),
            (Some(Signed), Some(Unsigned), [false, false, false]),
            (Some(Unsigned), Some(Signed), [false, false, false]),
            (Some(Unsigned), None, [false, false, false]),
            (None, Some(Signed), [false, true, false]),
            (None, None, [false, true, false]),
        ] {
            let (kind, version) = fields(kind, version);
            let lets = |f: &Filter| f.lets_through("s", kind.as_ref(), version.as_ref());
            assert_eq!(
                [&paid, &any, &both].map(lets),
                expected,
                "{kind:?} {version:?}"
            );
            let alike = [on("paid"), on("*"), on("paid").in_version("2*")];
            assert!(alike.iter().all(lets), "without it all of them pass");
        }
        let other = field("refunded", Signed);
        assert!(!paid.lets_through("s", Some(&other), None));
    }

    #[test]
    fn a_filter_is_told_in_words() {
        assert_eq!(on("*").to_string(), "*");
        let filter = on("a.*").or("b\n").from_source("s").from_source("t*");
        let filter = filter.in_version("2*").only_signed();
        assert_eq!(
            filter.to_string(),
            "a.* or b\\n from s or t* in 2*, only signed"
        );
    }

    #[test]
    fn a_filter_survives_being_stored_and_a_newer_one_lets_everything_through() {
        let filter = on("a").or("b").from_source("s").in_version("v");
        assert_eq!(Filter::from_bytes(&filter.to_bytes()), filter);
        for unknown in [&b""[..], b"{}", br#"{"v":3,"types":["a"]}"#, b"\xff"] {
            assert_eq!(Filter::from_bytes(unknown), on("*"));
        }
    }

    #[test]
    fn a_filter_without_the_mark_is_stored_as_ever_and_one_with_it_as_something_new() {
        let first = br#"{"v":1,"types":["a"],"sources":[],"versions":[]}"#;
        assert_eq!(on("a").to_bytes(), first[..]);
        assert_eq!(Filter::from_bytes(first), on("a"));
        let signed = on("a").only_signed();
        assert!(signed.to_bytes().starts_with(br#"{"v":2,"#));
        assert_eq!(Filter::from_bytes(&signed.to_bytes()), signed);
    }
}
