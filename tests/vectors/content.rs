//! What a body says, read by other parsers than the crate's own: an attack that changes nothing of
//! what is signed is none.

use bytes::Bytes;
use hookgate::{
    provider::{Payload, Provider},
    scheme::{Covers, Part},
};
use http::{header, request::Parts};
use serde_json::Value;

/// Whether everything that the row says is signed is the same in both bodies.
pub(crate) fn says_the_same(row: &Provider, parts: &Parts, one: &Bytes, other: &Bytes) -> bool {
    let read = |body: &Bytes| signed(row, parts, body);
    match (read(one), read(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The signed content; `None` when it is every byte, or cannot be read.
fn signed(row: &Provider, parts: &Parts, body: &Bytes) -> Option<Vec<String>> {
    if row.scheme.covers() == Covers::Sender {
        return Some(Vec::new());
    }
    let mut messages = std::iter::once(&row.scheme.message).chain(row.scheme.variants);
    let raw = |part: &Part| matches!(part, Part::Body | Part::BodySha256);
    if row.scheme.digest.is_some() || messages.any(|message| message.iter().any(raw)) {
        return None;
    }
    let payload = payload(row, parts, body)?;
    let whole = |part: &Part| matches!(part, Part::Payload);
    if row.scheme.message.iter().any(whole) {
        return Some(vec![payload]);
    }
    let sorted = |part: &Part| matches!(part, Part::SortedForm(_) | Part::SortedParams);
    if row.scheme.message.iter().any(sorted) {
        return Some(form(&payload));
    }
    let value: Value = serde_json::from_str(&payload).ok()?;
    let items = match row.scheme.items {
        Some(pointer) => value.pointer(pointer)?.as_array()?.clone(),
        None => vec![value],
    };
    let paths = row.scheme.message.iter().filter_map(|part| match part {
        Part::Field(path) => Some(*path),
        _ => None,
    });
    let paths: Vec<_> = paths.collect();
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let fields = items
        .iter()
        .flat_map(|item| paths.iter().map(|path| text(item.pointer(path))));
    Some(fields.collect())
}

fn payload(row: &Provider, parts: &Parts, body: &Bytes) -> Option<String> {
    let text = || std::str::from_utf8(body).ok().map(str::to_owned);
    match row.payload {
        Payload::FormField(name) => {
            let mut found = form_urlencoded::parse(body).filter(|(found, _)| found == name);
            found.next().map(|(_, value)| value.into_owned())
        }
        Payload::MultipartField(_) => {
            parts.headers.get(header::CONTENT_TYPE)?;
            let text = text()?;
            let start = text.find("\r\n\r\n")? + 4;
            let end = start + text.get(start..)?.find("\r\n--")?;
            text.get(start..end).map(str::to_owned)
        }
        _ => text(),
    }
}

fn form(text: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let mut pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.sort();
    pairs
}
