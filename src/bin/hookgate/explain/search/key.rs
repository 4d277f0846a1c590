//! Secrets that were copied with something around them, or are decoded in another way.

use data_encoding::{
    BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE,
};
use hookgate::scheme::{KeyDecoding, KeyId};

use crate::{
    explain::{case::Case, change::Change},
    shared::secrets::Given,
};

pub(super) fn changes(case: &Case) -> Vec<Change> {
    let each = case.secrets.iter().flat_map(|given| of(case, given));
    each.collect()
}

fn of(case: &Case, given: &Given) -> Vec<Change> {
    let label = &given.label;
    let text = given.text.as_slice();
    let trimmed = text.trim_ascii();
    let plain = unquoted(trimmed);
    let mut all = Vec::new();
    if trimmed != text {
        let says = format!("{label} has white space or a line end around it");
        all.push(as_text("secret_space", says, given, trimmed.to_vec()));
    }
    if plain != trimmed {
        let says = format!("{label} has quotes around it");
        all.push(as_text("secret_quotes", says, given, plain.to_vec()));
    }
    all.extend(key_id(case, given, plain));
    let (id, secret) = match case.row.scheme.key_id {
        KeyId::None => (&b""[..], plain),
        KeyId::Header(_) | KeyId::Configured => split(plain),
    };
    for (kind, how, key) in readings(secret) {
        let says = format!("{label} {how}");
        all.push(as_key(kind, says, given, id, &key));
    }
    all
}

/// The same secret with another text.
fn as_text(kind: &'static str, says: String, given: &Given, text: Vec<u8>) -> Change {
    let label = given.label.clone();
    Change::new(kind, says, move |case| {
        let (label, text) = (label.clone(), text.clone());
        Some(case.reconfigured(|case| case.secrets = vec![Given { label, text }]))
    })
}

/// The same secret with this key, whatever the row makes of texts.
fn as_key(kind: &'static str, says: String, given: &Given, id: &[u8], key: &[u8]) -> Change {
    let label = given.label.clone();
    let text = [id, HEXLOWER.encode(key).as_bytes()].concat();
    Change::new(kind, says, move |case| {
        let (label, text) = (label.clone(), text.clone());
        Some(case.reconfigured(|case| {
            case.row.scheme.key = KeyDecoding::Hex;
            case.row.scheme.older = None;
            case.secrets = vec![Given { label, text }];
        }))
    })
}

/// The id by which the delivery calls the key, where the secret was given without it.
fn key_id(case: &Case, given: &Given, plain: &[u8]) -> Option<Change> {
    let KeyId::Header(header) = case.row.scheme.key_id else {
        return None;
    };
    let family = case.row.families.first().copied().unwrap_or_default();
    let named = case.parts.headers.get(header.name_in(family))?;
    let (_, secret) = split(plain);
    let text = [named.as_bytes(), b":", secret].concat();
    let says = format!(
        "{} is to be given as `id:secret`, with the id that the deliveries name in their header",
        given.label
    );
    Some(as_text("secret_id", says, given, text))
}

/// `id:` and the secret.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let at = text.iter().rposition(|byte| *byte == b':');
    at.map_or((b"", text), |at| text.split_at(at + 1))
}

fn unquoted(text: &[u8]) -> &[u8] {
    let quotes = [b'"', b'\'', b'`'];
    match text {
        [first, inner @ .., last] if first == last && quotes.contains(first) => inner.trim_ascii(),
        _ => text,
    }
}

type Reading = (&'static str, &'static str, Option<Vec<u8>>);

/// Prefixes of one secret that are tried, `whsec_` and the like.
const PREFIXES: usize = 4;

/// What this text may be as a key.
fn readings(text: &[u8]) -> impl Iterator<Item = (&'static str, &'static str, Vec<u8>)> {
    let whole: [Reading; 3] = [
        (
            "secret_as_text",
            "is used as text, prefix and all, not decoded",
            Some(text.to_vec()),
        ),
        (
            "secret_as_base64",
            "is base64, which is to be decoded",
            base64(text),
        ),
        (
            "secret_as_hex",
            "is hexadecimal digits, which are to be decoded",
            hex(text),
        ),
    ];
    let rests = (1..).zip(text).filter(|(_, byte)| **byte == b'_');
    let rests = rests.filter_map(|(at, _)| text.get(at..)).take(PREFIXES);
    let behind = rests.flat_map(|rest| -> [Reading; 3] {
        [
            (
                "secret_prefix",
                "is used without its prefix, as text",
                Some(rest.to_vec()),
            ),
            (
                "secret_prefix",
                "is base64 behind its prefix, which is to be decoded",
                base64(rest),
            ),
            (
                "secret_prefix",
                "is hexadecimal digits behind its prefix",
                hex(rest),
            ),
        ]
    });
    let at_the_sender: [Reading; 4] = [
        (
            "secret_prefix",
            "is used as text with `whsec_` before it",
            Some([b"whsec_", text].concat()),
        ),
        (
            "secret_newline",
            "has a line end behind it at the sender (as from `echo`)",
            Some([text, b"\n"].concat()),
        ),
        (
            "secret_encoded",
            "is used in base64, not decoded, by the sender",
            Some(BASE64.encode(text).into_bytes()),
        ),
        (
            "secret_encoded",
            "is used in hexadecimal digits, as text, by the sender",
            Some(HEXLOWER.encode(text).into_bytes()),
        ),
    ];
    let all = whole.into_iter().chain(behind).chain(at_the_sender);
    all.filter_map(|(kind, how, key)| Some((kind, how, key.filter(|key| !key.is_empty())?)))
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let alphabets = [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD];
    alphabets
        .iter()
        .find_map(|alphabet| alphabet.decode(text).ok())
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text).ok()
}
