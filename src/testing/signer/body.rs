//! The body: a payload, what is around it, and signatures in it.

use bytes::Bytes;
use http::HeaderValue;
use serde_json::{Value, json};

use super::SignError;
use crate::{
    provider::Payload,
    scheme::{Scheme, SignatureAt},
};

/// Signatures, and the body when they were put into it.
pub(super) struct Placed {
    pub(super) texts: Vec<String>,
    pub(super) body: Option<Bytes>,
}

impl Placed {
    /// Signs every item of a batch.
    pub(super) fn in_items(
        scheme: &Scheme,
        body: &Bytes,
        pointer: &'static str,
        texts: impl Fn(Option<&[u8]>) -> Result<Vec<String>, SignError>,
    ) -> Result<Self, SignError> {
        let mut whole: Value = serde_json::from_slice(body).unwrap_or_default();
        let items = whole.pointer_mut(pointer).and_then(Value::as_array_mut);
        let items = items.filter(|items| !items.is_empty() && items.iter().all(Value::is_object));
        for item in items.ok_or(SignError::NoItems { path: pointer })? {
            let texts = texts(Some(item.to_string().as_bytes()))?;
            if let (SignatureAt::Field(path), Some(text)) = (scheme.signature, texts.last()) {
                set(item, path, text);
            }
        }
        Ok(Self {
            texts: Vec::new(),
            body: Some(whole.to_string().into()),
        })
    }
}

/// The body around a payload.
pub(super) fn wrapped(payload: Payload, text: Bytes) -> Bytes {
    match payload {
        Payload::FormField(name) => {
            let text: String = form_urlencoded::byte_serialize(&text).collect();
            format!("{name}={text}").into()
        }
        Payload::MultipartField(name) => {
            let head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            let end = format!("\r\n--{BOUNDARY}--\r\n");
            [head.as_bytes(), &text, end.as_bytes()].concat().into()
        }
        _ => text,
    }
}

const BOUNDARY: &str = "hookgate-boundary";

pub(super) fn content_type(payload: Payload, body: &[u8]) -> Option<HeaderValue> {
    let form = "application/x-www-form-urlencoded";
    let kind = match payload {
        Payload::FormField(_) | Payload::Form => form,
        Payload::FormOrBody if !body.starts_with(b"{") => form,
        Payload::MultipartField(_) => "multipart/form-data; boundary=hookgate-boundary",
        _ if body.starts_with(b"{") || body.starts_with(b"[") => "application/json",
        _ => return None,
    };
    Some(HeaderValue::from_static(kind))
}

/// The body with a text at a JSON pointer, or in a form field.
pub(super) fn with_field(
    payload: Payload,
    body: &Bytes,
    path: &'static str,
    text: &str,
) -> Result<Bytes, SignError> {
    let missing = SignError::NotAnObject { path };
    match payload {
        Payload::Form => Ok(with_form_field(body, path.trim_start_matches('/'), text)),
        Payload::MultipartField(_) => {
            // What was wrapped by us.
            let start = body
                .windows(4)
                .position(|w| w == b"\r\n\r\n")
                .map_or(0, |at| at + 4);
            let end = body.len().saturating_sub(BOUNDARY.len() + 8);
            let inner = with_json_field(&body.slice(start..end.max(start)), path, text);
            Ok(wrapped(payload, inner.ok_or(missing)?))
        }
        _ => with_json_field(body, path, text).ok_or(missing),
    }
}

/// The body with one parameter more: of a form, or at the top of a JSON object.
pub(super) fn with_param(
    payload: Payload,
    body: &Bytes,
    name: &str,
    text: &str,
) -> Result<Bytes, SignError> {
    match payload {
        Payload::FormOrBody if body.starts_with(b"{") => {
            with_json_field(body, &format!("/{name}"), text).ok_or(SignError::NoParameters)
        }
        _ => Ok(with_form_field(body, name, text)),
    }
}

fn with_json_field(body: &[u8], path: &str, text: &str) -> Option<Bytes> {
    let whole = serde_json::from_slice(body).ok();
    let mut whole = whole.filter(Value::is_object)?;
    set(&mut whole, path, text);
    Some(whole.to_string().into())
}

fn with_form_field(body: &[u8], name: &str, text: &str) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::from_utf8_lossy(body).into_owned());
    form.append_pair(name, text);
    form.finish().into()
}

pub(super) fn set(whole: &mut Value, path: &str, text: &str) {
    let mut place = whole;
    for key in path.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[key];
    }
    *place = Value::from(text);
}
