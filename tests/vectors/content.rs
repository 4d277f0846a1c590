//! What a body says, read by other parsers than the crate's own: an attack that changes nothing of
//! what is signed is none.

use bytes::Bytes;
use hookgate::{
    provider::{Payload, Provider},
    scheme::{Case, Covers, Part, SignatureAt, SignedUrl},
};
use http::{Uri, header, request::Parts};
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
    let sorted = |part: &Part| matches!(part, Part::SortedForm(_) | Part::SortedParams);
    if row.scheme.message.iter().any(sorted) {
        let text = std::str::from_utf8(body).ok()?;
        return Some(form(text).unwrap_or_else(|| vec![text.to_owned()]));
    }
    let payload = payload(row, parts, body)?;
    let whole = |part: &Part| matches!(part, Part::Payload);
    if row.scheme.message.iter().any(whole) {
        return Some(vec![payload]);
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

/// The fields of a form, decoded, in order; `None` of what is JSON.
fn form(text: &str) -> Option<Vec<String>> {
    if text.starts_with('{') {
        return None;
    }
    let pairs = form_urlencoded::parse(text.as_bytes());
    let mut pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.sort();
    Some(pairs)
}

/// What the row signs of a request's path and query; `None` when nothing.
pub(crate) fn signed_of_target(row: &Provider, uri: &Uri) -> Option<Vec<String>> {
    let scheme = &row.scheme;
    let parts = || {
        std::iter::once(&scheme.message)
            .chain(scheme.variants)
            .flat_map(|message| message.iter())
    };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if parts().any(|part| matches!(part, Part::UnescapedUrl(_))) {
        // In which case the digits of an escape are does not matter then.
        return Some(vec![
            percent_encoding::percent_decode_str(target)
                .decode_utf8_lossy()
                .into_owned(),
        ]);
    }
    if scheme.signed_url() == SignedUrl::Origin {
        return Some(vec![target.to_owned()]);
    }
    let query = uri.query().unwrap_or_default();
    if parts().any(|part| matches!(part, Part::SortedQuery | Part::SortedParams)) {
        return form(query);
    }
    let mut names: Vec<(&str, Case)> = parts()
        .filter_map(|part| match part {
            Part::Query(name, case) => Some((*name, *case)),
            _ => None,
        })
        .collect();
    if let SignatureAt::Query(name) = scheme.signature {
        names.push((name, Case::Kept));
    }
    if names.is_empty() {
        return None;
    }
    let pairs = form_urlencoded::parse(query.as_bytes());
    let named = pairs.filter_map(|(found, value)| {
        let (name, case) = names.iter().find(|(name, _)| *name == found)?;
        Some(match case {
            Case::Kept => format!("{name}={value}"),
            Case::Lower => format!("{name}={}", value.to_ascii_lowercase()),
        })
    });
    Some(named.collect())
}
