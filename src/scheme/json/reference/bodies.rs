//! Bodies to look into: JSON, nearly JSON, and heaps of pieces.

use proptest::prelude::*;

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
pub(super) fn damaged() -> impl Strategy<Value = Vec<u8>> {
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

pub(super) fn pieces() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(PIECES), 0..12)
        .prop_map(|pieces| pieces.concat().into_bytes())
}
