use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Which events a handler gets. Made by [`on`].
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
}

const VERSION: u8 = 1;

/// Events whose type matches this pattern, in which `*` stands for any text: `invoice.*`, `*`.
///
/// An event without a type matches every pattern, and so does one without a version: what cannot
/// be told is handled rather than lost.
pub fn on(types: impl Into<String>) -> Filter {
    Filter {
        v: VERSION,
        types: vec![types.into()],
        sources: Vec::new(),
        versions: Vec::new(),
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

    pub(super) fn matches(&self, source: &str, kind: Option<&str>, version: Option<&str>) -> bool {
        let any = |patterns: &[String], text: Option<&str>| {
            patterns.is_empty() || text.is_none_or(|text| patterns.iter().any(|p| glob(p, text)))
        };
        any(&self.types, kind) && any(&self.sources, Some(source)) && any(&self.versions, version)
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// The filter that was declared with these bytes. One that this version cannot read lets
    /// everything through: its handler may get too much during an upgrade, never too little.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let read = serde_json::from_slice(bytes)
            .ok()
            .filter(|filter: &Self| filter.v == VERSION);
        read.unwrap_or_else(|| on("*"))
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
        assert!(filter.matches("stripe-eu", Some("a.x"), Some("2026-01")));
        assert!(filter.matches("stripe", Some("b"), None));
        assert!(filter.matches("stripe", None, None));
        assert!(!filter.matches("github", None, None));
        assert!(!filter.matches("stripe", Some("c"), None));
        assert!(!filter.matches("stripe", Some("b"), Some("2025-01")));
    }

    #[test]
    fn a_filter_survives_being_stored_and_a_newer_one_lets_everything_through() {
        let filter = on("a").or("b").from_source("s").in_version("v");
        assert_eq!(Filter::from_bytes(&filter.to_bytes()), filter);
        for unknown in [&b""[..], b"{}", br#"{"v":2,"types":["a"]}"#, b"\xff"] {
            assert_eq!(Filter::from_bytes(unknown), on("*"));
        }
    }
}
