//! The same look-up on top of `serde_json`, to compare with.

use std::{borrow::Cow, fmt};

use proptest::prelude::*;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Found, MAX_TEXT, scan};

/// `None` for what `serde_json` cannot read: no JSON, or texts and numbers on the way that it has
/// no form for.
fn reference<'b>(body: &'b [u8], paths: &[&'static str]) -> Option<Vec<Found<'b>>> {
    let mut found = vec![Found::default(); paths.len()];
    let mut json = serde_json::Deserializer::from_slice(body);
    let level = Level {
        paths,
        found: &mut found,
        prefix: 0,
        active: u32::MAX >> (32 - paths.len()),
    };
    level.deserialize(&mut json).ok()?;
    json.end().ok()?;
    for found in found.iter_mut().filter(|found| found.twice) {
        found.text = None;
    }
    Some(found)
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

const PATHS: &[&[&str]] = &[
    &["/id"],
    &["/id", "/data", "/data/id", "/type"],
    &["/data/object/id", "/data/id", "/id/id", "/", "//"],
    &["", "/a", "/a/a", "/a/a/a", "/caf\u{e9}"],
];

/// The pieces of bodies, mostly what the paths know.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    " ",
    "\n",
    "-",
    "0",
    "7",
    ".5",
    "e9",
    "E+1",
    "1e999",
    "null",
    "true",
    "false",
    "nul",
    "\"id\"",
    "\"data\"",
    "\"object\"",
    "\"type\"",
    "\"a\"",
    "\"\"",
    "\"id\":",
    "\"data\":{",
    "\"a\":",
    "\"\\u0069d\":",
    "\"data/id\":",
    "\"caf\\u00e9\":",
    "\"caf\u{e9}\":",
    "\"\":",
    "\u{e9}",
    "\\ud83d",
    "\\ude00",
    "\\n",
    "\\x",
    "\\u00",
    "\u{feff}",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-0",
    "\u{1}",
];

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        any::<u64>().prop_map(|it| it.to_string()),
        any::<f64>().prop_map(|it| serde_json::json!(it).to_string()),
        any::<String>().prop_map(|it| serde_json::json!(it).to_string()),
        "[a-z]{0,20}".prop_map(|it| serde_json::json!(it).to_string()),
        (1_020..1_030_usize).prop_map(|len| format!("\"{}\\n\"", "x".repeat(len))),
        "(\\\\u00[0-9a-f]{2}|\\\\ud83d|\\\\ude00|[a-z]){0,6}".prop_map(|it| format!("\"{it}\"")),
    ]
}

const KEYS: &[&str] = &[
    "id",
    "id",
    "data",
    "data",
    "object",
    "type",
    "a",
    "a",
    "",
    "\\u0069d",
    "d\\u0061ta",
    "data/id",
    "caf\u{e9}",
    "caf\\u00E9",
    "\\ud83d",
    "\\ud83d\\ude00",
];

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(KEYS).prop_map(str::to_owned),
        1 => "[a-z/]{0,12}",
    ]
}

fn json() -> impl Strategy<Value = String> {
    leaf().prop_recursive(5, 60, 6, |inner| {
        let space = || prop::sample::select(&["", "", " ", "\r\n\t "][..]);
        let entry = (key(), space(), space(), inner.clone(), space()).prop_map(|(key, a, b, value, c)| {
            format!("{a}\"{key}\"{b}:{a}{value}{c}")
        });
        let entries = prop::collection::vec(entry, 0..6);
        prop_oneof![
            4 => (entries, space()).prop_map(|(all, space)| format!("{{{}{space}}}", all.join(","))),
            1 => prop::collection::vec(inner, 0..5).prop_map(|all| format!("[{}]", all.join(" ,"))),
        ]
    })
}

/// Valid bodies, some of them damaged: bytes replaced, put in, taken out, or doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0..4_u8,
        any::<u8>(),
        prop::sample::select(PIECES),
    );
    (json(), prop::collection::vec(change, 0..4)).prop_map(|(body, changes)| {
        let mut body = body.into_bytes();
        for (place, how, byte, piece) in changes {
            let at = place.index(body.len().max(1)).min(body.len());
            let end = (at + 1).min(body.len());
            match how {
                0 => drop(body.splice(at..end, [byte])),
                1 => drop(body.splice(at..at, piece.bytes())),
                2 => drop(body.splice(at..end, [])),
                _ => drop(body.splice(at..end, piece.bytes())),
            }
        }
        body
    })
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(PIECES), 0..12)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

fn agree(body: &[u8]) -> Result<(), TestCaseError> {
    let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    for paths in PATHS {
        let found = scan(body, paths);
        if let Some(reference) = reference(body, paths) {
            prop_assert_eq!(found, reference, "{} {:?}", body.escape_ascii(), paths);
        } else if !is_json {
            let nothing = vec![Found::default(); paths.len()];
            prop_assert_eq!(found, nothing, "{} {:?}", body.escape_ascii(), paths);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn json_and_what_is_nearly_json(body in damaged()) {
        agree(&body)?;
    }

    #[test]
    fn heaps_of_pieces(body in pieces()) {
        agree(&body)?;
    }
}

#[test]
fn what_serde_json_has_no_form_for_is_there_without_a_text() {
    for odd in ["\"\\ud83d\"", "1e999", "\"\\ud83d\\ud83d\\ude00\""] {
        let body = format!("{{\"id\":{odd},\"type\":\"a\",\"data\":{{\"id\":\"b\"}}}}");
        let paths = ["/id", "/type", "/id/x", "/data/id"];
        assert_eq!(reference(body.as_bytes(), &paths), None, "{body}");
        let found = scan(body.as_bytes(), &paths);
        let texts: Vec<_> = found.iter().map(|found| found.text.as_deref()).collect();
        assert_eq!(texts, [None, Some("a"), None, Some("b")], "{body}");
        let present: Vec<_> = found.iter().map(|found| found.present).collect();
        assert_eq!(present, [true, true, false, true], "{body}");
    }
    for key in ["\\ud83d", "i\\udc00d"] {
        let body = format!("{{\"id\":\"a\",\"{key}\":1}}");
        assert_eq!(scan(body.as_bytes(), &["/id"]), [Found::default()]);
    }
}
