//! Reads a few scalars out of a JSON body without building a tree.
//!
//! The whole body is read, so that a key that comes twice is noticed: what two readers could read
//! differently is as good as absent.

use std::{borrow::Cow, fmt};

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

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
pub(crate) fn scan<'b>(body: &'b [u8], paths: &[&'static str]) -> Vec<Found<'b>> {
    let nothing = || vec![Found::default(); paths.len()];
    if paths.is_empty() || paths.len() > 32 {
        return nothing();
    }
    let mut found = nothing();
    let mut json = serde_json::Deserializer::from_slice(body);
    let every = u32::MAX >> (32 - paths.len());
    let level = Level {
        paths,
        found: &mut found,
        prefix: 0,
        active: every,
    };
    if level.deserialize(&mut json).is_err() || json.end().is_err() {
        return nothing();
    }
    for found in found.iter_mut().filter(|found| found.twice) {
        found.text = None;
    }
    found
}

/// A value somewhere on the way to some paths.
struct Level<'p, 'f, 'b> {
    paths: &'p [&'static str],
    found: &'f mut [Found<'b>],
    /// How many bytes of each active path lead here. They are all equal so far.
    prefix: usize,
    /// Which paths lead through or to this value, a bit each.
    active: u32,
}

impl<'b> Level<'_, '_, 'b> {
    fn each(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.active;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(at)
        })
    }

    /// Notes a value at the paths that end here.
    fn note(&mut self, text: Option<Cow<'b, str>>) {
        for at in self.each() {
            if self.paths[at].len() == self.prefix {
                let twice = self.found[at].twice;
                self.found[at] = Found {
                    text: text.clone(),
                    present: true,
                    twice,
                };
            }
        }
    }

    /// The paths that go on through `key`.
    fn through(&self, key: &str) -> u32 {
        // `{"data/id": 1}` has nothing at `/data/id`.
        if key.contains('/') {
            return 0;
        }
        let goes_on = |at: &usize| {
            let rest = self.paths[*at]
                .get(self.prefix..)
                .and_then(|rest| rest.strip_prefix('/'));
            let rest = rest.and_then(|rest| rest.strip_prefix(key));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.each()
            .filter(goes_on)
            .fold(0, |mask, at| mask | 1 << at)
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.note(None);
        let mut seen = 0;
        while let Some((active, key_len)) = map.next_key_seed(Key(&self))? {
            if active == 0 {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if seen & active != 0 {
                for at in self.each().filter(|at| active & (1 << at) != 0) {
                    self.found[at].twice = true;
                }
            }
            seen |= active;
            let prefix = self.prefix + 1 + key_len;
            map.next_value_seed(Level {
                paths: self.paths,
                found: self.found,
                prefix,
                active,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.note(None);
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_borrowed_str<E>(mut self, text: &'de str) -> Result<(), E> {
        self.note(short(text).map(Cow::Borrowed));
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.note(short(text).map(|text| Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_u64<E>(mut self, number: u64) -> Result<(), E> {
        self.note(Some(Cow::Owned(number.to_string())));
        Ok(())
    }

    fn visit_i64<E>(mut self, number: i64) -> Result<(), E> {
        self.note(Some(Cow::Owned(number.to_string())));
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // `null` is absent.
        Ok(())
    }
}

fn short(text: &str) -> Option<&str> {
    (text.len() <= MAX_TEXT).then_some(text)
}

/// Compares a key with the paths without copying it.
struct Key<'l, 'p, 'f, 'b>(&'l Level<'p, 'f, 'b>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_, '_> {
    type Value = (u32, usize);

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(u32, usize), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_, '_, '_> {
    type Value = (u32, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<(u32, usize), E> {
        Ok((self.0.through(key), key.len()))
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
