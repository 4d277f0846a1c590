//! Reads a few scalars out of a JSON body without building a tree.
//!
//! The whole body is read, so that a key that comes twice is noticed: what two readers could read
//! differently is as good as absent.

use std::borrow::Cow;

use serde::de::Deserialize;

mod skip;
mod text;
mod texts;

#[cfg(test)]
mod reference;

/// Longer texts are not ids, types or versions, in bytes.
pub(crate) const MAX_TEXT: usize = 1_024;

/// What was found at one path.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Found<'b> {
    /// The text of a string or the digits of an integer; `None` for anything else. Copied only
    /// where the body has it in another form.
    pub(crate) text: Option<Cow<'b, str>>,
    /// Something is there.
    pub(crate) present: bool,
    /// A key on the way to it comes twice: it has no text then.
    pub(crate) twice: bool,
}

/// Looks all of `paths` (JSON pointers of object keys, at most 32) up in `body`. A body that is
/// not one JSON value has nothing at any of them.
///
/// A string at one of them that is not Unicode (bytes that are not UTF-8, half a surrogate pair)
/// is there but has no text. Such a key beside one on the way makes the body as good as no JSON,
/// since readers mend it in different ways. Elsewhere neither is looked at.
pub(crate) fn scan<'b>(body: &'b [u8], paths: &[&'static str]) -> Vec<Found<'b>> {
    let nothing = || vec![Found::default(); paths.len()];
    if paths.is_empty() || paths.len() > 32 {
        return nothing();
    }
    let mut scan = Scan {
        texts: texts::Texts::new(body),
        paths,
        found: nothing(),
    };
    let every = u32::MAX >> (32 - paths.len());
    let end = scan.value(0, 0, every);
    if end.is_none_or(|end| skip::peek(body, end).0 != body.len()) {
        return nothing();
    }
    for found in scan.found.iter_mut().filter(|found| found.twice) {
        found.text = None;
    }
    scan.found
}

/// Places are answered as in [`skip`].
struct Scan<'p, 'b> {
    texts: texts::Texts<'b>,
    paths: &'p [&'static str],
    found: Vec<Found<'b>>,
}

impl<'b> Scan<'_, 'b> {
    /// Reads a value on the way to `active` paths, a bit each, of which `prefix` bytes lead here.
    /// They are all equal so far. Objects are read by recursion as long as paths lead into them,
    /// so paths bound its depth and not the body.
    fn value(&mut self, at: usize, prefix: usize, active: u32) -> Option<usize> {
        let (at, byte) = skip::peek(self.texts.body, at);
        match byte {
            b'{' => {
                self.note(prefix, active, || None);
                self.object(at + 1, prefix, active)
            }
            b'"' => {
                let start = at + 1;
                let (end, escaped) = self.texts.end(start)?;
                let raw = self.texts.body.get(start..end)?;
                self.note(prefix, active, || text::short(raw, escaped));
                Some(end + 1)
            }
            b'-' | b'0'..=b'9' => {
                let (end, is_integer) = skip::number(self.texts.body, at)?;
                let raw = self.texts.body.get(at..end).filter(|_| is_integer);
                self.note(prefix, active, || {
                    raw.and_then(text::integer).map(Cow::Borrowed)
                });
                Some(end)
            }
            // `null` is absent.
            b'n' => skip::literal(self.texts.body, at, b"null"),
            _ => {
                self.note(prefix, active, || None);
                skip::value(&mut self.texts, at)
            }
        }
    }

    fn object(&mut self, at: usize, prefix: usize, active: u32) -> Option<usize> {
        let (mut at, mut byte) = skip::peek(self.texts.body, at);
        if byte == b'}' {
            return Some(at + 1);
        }
        let mut seen = 0;
        while byte == b'"' {
            let start = at + 1;
            let (end, escaped) = self.texts.end(start)?;
            let key = text::text(self.texts.body.get(start..end)?, escaped)?;
            let through = self.through(&key, prefix, active);
            at = skip::colon(self.texts.body, end + 1)?;
            at = if through == 0 {
                skip::value(&mut self.texts, at)?
            } else {
                for twice in each(seen & through) {
                    if let Some(found) = self.found.get_mut(twice) {
                        found.twice = true;
                    }
                }
                seen |= through;
                self.value(at, prefix + 1 + key.len(), through)?
            };
            (at, byte) = skip::peek(self.texts.body, at);
            match byte {
                b',' => (at, byte) = skip::peek(self.texts.body, at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
        None
    }

    /// Notes a value at the paths that end here.
    fn note(&mut self, prefix: usize, active: u32, text: impl Fn() -> Option<Cow<'b, str>>) {
        for at in each(active) {
            let ends_here = self.paths.get(at).is_some_and(|path| path.len() == prefix);
            if let Some(found) = self.found.get_mut(at).filter(|_| ends_here) {
                found.text = text();
                found.present = true;
            }
        }
    }

    /// The paths that go on through `key`.
    fn through(&self, key: &str, prefix: usize, active: u32) -> u32 {
        let goes_on = |at: &usize| {
            let path = self.paths.get(*at).map(|path| path.as_bytes());
            let rest = path.and_then(|path| path.get(prefix..)?.strip_prefix(b"/"));
            let rest = rest.and_then(|rest| rest.strip_prefix(key.as_bytes()));
            rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
        };
        let through = each(active)
            .filter(goes_on)
            .fold(0, |mask, at| mask | 1 << at);
        // `{"data/id": 1}` has nothing at `/data/id`.
        if through != 0 && key.contains('/') {
            return 0;
        }
        through
    }
}

/// The places of the bits that are set.
fn each(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros() as usize;
        bits &= bits.checked_sub(1)?;
        Some(at)
    })
}

/// The names and values of an object's strings and integers; `None` when the body is no object, has a
/// name twice or a value of another kind. `null` is absent.
pub(crate) fn scalars(body: &[u8]) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
    use serde_json::value::RawValue;

    let object: Vec<(String, Box<RawValue>)> = serde_json::from_slice::<Members>(body).ok()?.0;
    let mut names: Vec<_> = object.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|two| two.first() == two.last()) {
        return None;
    }
    let scalar = |(name, raw): (String, Box<RawValue>)| {
        let raw = raw.get();
        let text = if raw.starts_with('"') {
            serde_json::from_str(raw).ok()?
        } else {
            text::integer(raw.as_bytes())?.to_owned()
        };
        Some((Cow::Owned(name), Cow::Owned(text)))
    };
    let there = object.into_iter().filter(|(_, raw)| raw.get() != "null");
    there.map(scalar).collect()
}

/// An object's members in order, doubled names and all.
struct Members(Vec<(String, Box<serde_json::value::RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> serde::de::Visitor<'de> for Visit {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Visit)
    }
}

/// Deserializes the value at a JSON pointer of object keys; the empty pointer is the whole body.
pub(crate) fn value_at<T: serde::de::DeserializeOwned>(
    body: &[u8],
    pointer: &str,
) -> Result<T, serde_json::Error> {
    use serde::de::Error as _;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    let mut raw: &RawValue = serde_json::from_slice(body)?;
    for segment in pointer.split('/').skip(1) {
        let mut object = BTreeMap::<Cow<'_, str>, &RawValue>::deserialize(raw)?;
        let inner = object.remove(segment);
        raw = inner.ok_or_else(|| serde_json::Error::custom("nothing at the given pointer"))?;
    }
    serde_json::from_str(raw.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str, paths: &[&'static str]) -> Vec<Option<String>> {
        scan(body.as_bytes(), paths)
            .into_iter()
            .map(|found| found.text.map(Cow::into_owned))
            .collect()
    }

    fn text(body: &str, path: &'static str) -> Option<String> {
        texts(body, &[path]).remove(0)
    }

    #[test]
    fn strings_and_integers_are_read_at_any_depth() {
        let body =
            r#"{"a":[{"id":"no"}],"id":"evt_1","n":-7,"data":{"object":{"id":"in"},"id":3}}"#;
        let paths = ["/id", "/n", "/data/object/id", "/data/id", "/data", "/nope"];
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            texts(body, &paths),
            [some("evt_1"), some("-7"), some("in"), some("3"), None, None]
        );
        let present: Vec<_> = scan(body.as_bytes(), &paths)
            .iter()
            .map(|f| f.present)
            .collect();
        assert_eq!(present, [true, true, true, true, true, false]);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_absent() {
        for body in [
            r#"{"id":"a","id":"b"}"#,
            r#"{"id":"a","id":"a"}"#,
            r#"{"id":"a","\u0069d":"b"}"#,
            r#"{"id":"a","x":{"y":1},"id":null}"#,
        ] {
            assert_eq!(text(body, "/id"), None, "{body}");
        }
        assert_eq!(text(r#"{"d":{"id":"a"},"d":{"id":"b"}}"#, "/d/id"), None);
        assert_eq!(text(r#"{"d":{"id":"a"},"d":null}"#, "/d/id"), None);
        assert_eq!(text(r#"{"d":{"id":"a","id":"b"}}"#, "/d/id"), None);
        // Twice elsewhere does not matter.
        assert_eq!(
            text(r#"{"x":1,"x":2,"id":"a","d":{"id":1,"id":2}}"#, "/id").as_deref(),
            Some("a")
        );
    }

    #[test]
    fn only_whole_json_counts() {
        for body in [
            "",
            "{",
            r#"{"id":"a"} x"#,
            r#"{"id":"a"}{"#,
            r#"{"id":"a""#,
            "id=a",
            "\u{feff}{}",
        ] {
            assert_eq!(text(body, "/id"), None, "{body}");
        }
        assert_eq!(text("{\"id\":\"a\"}\r\n ", "/id").as_deref(), Some("a"));
    }

    #[test]
    fn other_types_are_no_ids() {
        for body in [
            r#"{"id":1.5}"#,
            r#"{"id":[1]}"#,
            r#"{"id":{}}"#,
            r#"{"id":true}"#,
            r#"{"id":null}"#,
            r#"{"id":1e3}"#,
            r#"{"id":123456789012345678901234567890}"#,
            r#"["id","a"]"#,
            r#""id""#,
        ] {
            assert_eq!(text(body, "/id"), None, "{body}");
        }
        let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(MAX_TEXT + 1));
        assert_eq!(text(&long, "/id"), None);
    }

    #[test]
    fn a_key_with_a_slash_is_one_key() {
        assert_eq!(text(r#"{"data/id":"a"}"#, "/data/id"), None);
        let both = r#"{"data/id":"a","data":{"id":"b"}}"#;
        assert_eq!(text(both, "/data/id").as_deref(), Some("b"));
    }

    #[test]
    fn numbers_are_read_whatever_other_crates_ask_of_the_parser() {
        // Holds with `--features serde_json/arbitrary_precision` too, which any crate in a build
        // can turn on: integers that fit still come as integers.
        for number in ["0", "-7", "1790000000000", "18446744073709551615"] {
            let body = format!(r#"{{"n":{number}}}"#);
            assert_eq!(text(&body, "/n").as_deref(), Some(number));
        }
        for number in ["-0", "1.0", "1E3", "18446744073709551616"] {
            assert_eq!(text(&format!(r#"{{"n":{number}}}"#), "/n"), None);
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!(
            r#"{{"a":{}{},"id":"x"}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let _ = scan(deep.as_bytes(), &["/id", "/a/b"]);
    }

    #[test]
    fn a_pointer_leads_to_a_typed_value() {
        let body = br#"{"data":{"object":{"n":3}}}"#;
        assert_eq!(value_at::<u8>(body, "/data/object/n").ok(), Some(3));
        assert!(value_at::<u8>(body, "/data/nope").is_err());
        assert!(value_at::<serde_json::Value>(body, "").is_ok());
    }
}
