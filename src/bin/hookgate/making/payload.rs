//! A payload that a preset's receiver understands: id, type and time are where its row looks.

use data_encoding::BASE64;
use hookgate::{
    clock::UnixTime,
    provider::{Field, Payload, Provider},
    scheme::{Part, TimeAt, TimeUnit},
};
use serde_json::{Value, json};

use crate::shared::times;

/// The payload of the event with this id and type, for a sender that signs at `now`.
pub(super) fn of(row: &Provider, id: &str, kind: &str, now: UnixTime) -> Vec<u8> {
    if row.scheme.opening.starts_with('P') {
        // Braintree's: XML in base64.
        let xml = format!(
            "<?xml version=\"1.0\"?><notification><kind>{kind}</kind><id>{id}</id></notification>"
        );
        return BASE64.encode(xml.as_bytes()).into_bytes();
    }
    // What differs from one event to the next, also where the row knows of no id.
    let mut whole = json!({ "hookgate": id });
    let (name, suffix) = type_parts(row, kind);
    put(&mut whole, row.envelope.id, id);
    put(&mut whole, row.envelope.kind, name);
    if let (Some(field), Some(suffix)) = (row.envelope.kind_suffix, suffix) {
        put(&mut whole, &[field], suffix);
    }
    match row.scheme.time {
        TimeAt::Body { path, unit } => set(&mut whole, path, time(now, unit)),
        TimeAt::Param { name, unit } => set(&mut whole, &format!("/{name}"), time(now, unit)),
        _ => {}
    }
    match row.scheme.items {
        Some(path) => {
            let mut item = json!({ "hookgate": id });
            put_signed(&mut item, row, id);
            set(&mut whole, path, json!([item]));
        }
        None => put_signed(&mut whole, row, id),
    }
    match row.payload {
        Payload::Form | Payload::FormOrBody => form(&whole).into_bytes(),
        _ => whole.to_string().into_bytes(),
    }
}

/// `pull_request` and `opened`, where the row composes the type of two fields.
pub(super) fn type_parts<'k>(row: &Provider, kind: &'k str) -> (&'k str, Option<&'k str>) {
    match (row.envelope.kind_suffix, kind.rsplit_once('.')) {
        (Some(_), Some((name, suffix))) => (name, Some(suffix)),
        _ => (kind, None),
    }
}

/// Puts the text at the first of these places, if that is in the payload; the signer does headers.
fn put(whole: &mut Value, fields: &[Field], text: &str) {
    match fields.first() {
        Some(Field::Body(path)) => set(whole, path, text.into()),
        Some(Field::BodyBeside(path, marks)) => {
            set(whole, path, text.into());
            let is_there = |mark: &&&str| whole.pointer(mark).is_some();
            if let (None, Some(mark)) = (marks.iter().find(is_there), marks.first()) {
                set(whole, mark, "1".into());
            }
        }
        Some(Field::Joined(fields)) => {
            for field in *fields {
                put(whole, std::slice::from_ref(field), text);
            }
        }
        _ => {}
    }
}

/// Gives every field that is signed a text, where it has none.
fn put_signed(whole: &mut Value, row: &Provider, text: &str) {
    for part in row.scheme.message {
        if let Part::Field(path) | Part::FreeField(path) = part
            && whole.pointer(path).is_none()
        {
            set(whole, path, text.into());
        }
    }
}

fn set(whole: &mut Value, path: &str, value: Value) {
    let mut place = whole;
    for key in path.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[key];
    }
    *place = value;
}

fn time(now: UnixTime, unit: TimeUnit) -> Value {
    match unit {
        TimeUnit::Millis => now.as_millis().into(),
        TimeUnit::Seconds | TimeUnit::SecondsOrMillis => now.as_secs().into(),
        TimeUnit::Rfc3339 | TimeUnit::HttpDate => times::written(now).into(),
    }
}

/// The members at the top as the fields of a form.
fn form(whole: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in whole.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}
