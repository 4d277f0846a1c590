//! What a body says, read by other parsers than the crate's own: an attack that changes nothing of
//! what is signed is none.

use bytes::Bytes;
use hookgate::{
    provider::{Payload, Provider},
    scheme::{Case, Covers, Encoding, Part, SignatureAt, SignedUrl},
};
use http::{Uri, header, request::Parts};
use serde_json::Value;

/// Whether everything that the row says is signed is the same in both bodies. Where there are several
/// messages that may have been signed, one of them is enough.
pub(crate) fn says_the_same(row: &Provider, parts: &Parts, one: &Bytes, other: &Bytes) -> bool {
    if row.scheme.covers() == Covers::Sender {
        // Nothing, but for a token that is in the body itself.
        let SignatureAt::Field(path) = row.scheme.signature else {
            return true;
        };
        let token = |body: &Bytes| {
            // Elsewhere in it may be what is no text.
            let value: Value = serde_json::from_str(&String::from_utf8_lossy(body)).ok()?;
            let items = row
                .scheme
                .items
                .map_or(Some(&value), |at| value.pointer(at));
            let items = items?
                .as_array()
                .map_or(std::slice::from_ref(&value), Vec::as_slice);
            let tokens = items.iter().map(|item| item.pointer(path).cloned());
            Some(tokens.collect::<Vec<_>>())
        };
        return token(one).is_some() && token(one) == token(other);
    }
    let messages = std::iter::once(&row.scheme.message).chain(row.scheme.variants);
    let raw = |part: &Part| matches!(part, Part::Body | Part::BodySha256);
    if row.scheme.digest.is_some() || messages.clone().any(|message| message.iter().any(raw)) {
        return one == other;
    }
    let read = |body: &Bytes| -> Option<Vec<Vec<String>>> {
        messages
            .clone()
            .map(|message| signed(row, message, parts, body))
            .collect()
    };
    match (read(one), read(other)) {
        (Some(one), Some(other)) => one.iter().any(|text| other.contains(text)),
        _ => one == other,
    }
}

/// What of a body is in a message; `None` when it cannot be read.
fn signed(row: &Provider, message: &[Part], parts: &Parts, body: &Bytes) -> Option<Vec<String>> {
    let sorted = |part: &Part| matches!(part, Part::SortedForm(_) | Part::SortedParams);
    if message.iter().any(sorted) {
        let text = std::str::from_utf8(body).ok()?;
        return Some(parameters(row, text));
    }
    let paths = message.iter().filter_map(|part| match part {
        Part::Field(path) | Part::FreeField(path) => Some(*path),
        _ => None,
    });
    let paths: Vec<_> = paths.collect();
    if paths.is_empty() {
        let mut text = String::new();
        for part in message {
            match part {
                Part::Payload => text.push_str(&payload(row, parts, body)?),
                Part::Literal(literal) => text.push_str(literal),
                _ => {}
            }
        }
        return Some(vec![text]);
    }
    let value: Value = serde_json::from_str(&payload(row, parts, body)?).ok()?;
    let items = match row.scheme.items {
        Some(pointer) => value.pointer(pointer)?.as_array()?.clone(),
        None => vec![value],
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(value) => value.to_string(),
    };
    let fields = items
        .iter()
        .flat_map(|item| paths.iter().map(|path| text(item.pointer(path))));
    Some(fields.collect())
}

fn payload(row: &Provider, parts: &Parts, body: &Bytes) -> Option<String> {
    // What is not text is no part of what is signed: such fields are refused.
    let text = String::from_utf8_lossy(body);
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let form = b"application/x-www-form-urlencoded";
    let is_form = kind.is_some_and(|kind| kind.as_bytes().starts_with(form));
    let payload = match row.payload {
        Payload::BodyOrFormField(name) if is_form => Payload::FormField(name),
        payload => payload,
    };
    match payload {
        Payload::FormField(name) => {
            let mut found = form_urlencoded::parse(body).filter(|(found, _)| found == name);
            found.next().map(|(_, value)| value.into_owned())
        }
        Payload::MultipartField(name) => {
            parts.headers.get(header::CONTENT_TYPE)?;
            let named = text.find(&format!("name=\"{name}\""))?;
            let start = named + text.get(named..)?.find("\r\n\r\n")? + 4;
            let end = start + text.get(start..)?.find("\r\n--")?;
            text.get(start..end).map(str::to_owned)
        }
        _ => Some(text.into_owned()),
    }
}

/// The parameters of a form or of a JSON object, in order; the text when it is neither.
fn parameters(row: &Provider, text: &str) -> Vec<String> {
    let fields: Vec<(String, String)> = if text.trim_start().starts_with('{') {
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
            return vec![text.to_owned()];
        };
        fields
            .into_iter()
            .map(|(name, value)| (name, value.to_string()))
            .collect()
    } else {
        form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect()
    };
    let hex = row.scheme.encoding == Encoding::Hex;
    let mut written: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| match row.scheme.signature {
            // The digits of the signature may be written in either case.
            SignatureAt::Param(signature) if hex && signature == name => {
                format!("{name}={}", value.to_ascii_lowercase())
            }
            _ => format!("{name}={value}"),
        })
        .collect();
    written.sort();
    written
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
    if parts().any(|part| matches!(part, Part::EscapedTarget)) {
        // A query without anything in it is none.
        let query = uri.query().unwrap_or_default();
        return Some(vec![uri.path().to_owned(), query.to_owned()]);
    }
    if scheme.signed_url() == SignedUrl::Origin {
        return Some(vec![target.to_owned()]);
    }
    let query = uri.query().unwrap_or_default();
    if parts().any(|part| matches!(part, Part::SortedQuery | Part::SortedParams)) {
        return Some(parameters(row, query));
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
