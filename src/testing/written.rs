//! How signatures are written into requests.

use bytes::Bytes;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::HeaderValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

use crate::{
    clock::UnixTime,
    provider::Payload,
    scheme::{
        ClaimedTime, DigestAt, Encoding, Grammar, ListedAt, Scheme, SignatureAt, TimeAt, TimeUnit,
        mac::Tag,
    },
    source::sign::SignError,
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

fn set(whole: &mut Value, path: &str, text: &str) {
    let mut place = whole;
    for key in path.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[key];
    }
    *place = Value::from(text);
}

/// The text at the signature's place.
pub(super) fn value(
    scheme: &Scheme,
    time: &str,
    listed: &str,
    token: &str,
    signatures: &[String],
) -> String {
    let last = signatures.last().map(String::as_str).unwrap_or_default();
    let timed = |key: &str| format!("{key}={time}");
    let time_key = match scheme.time {
        TimeAt::InSignature { key, .. } => Some(key),
        _ => None,
    };
    match scheme.grammar {
        Grammar::Bare => last.to_owned(),
        Grammar::Prefix(prefix) | Grammar::OptionalPrefix(prefix) => format!("{prefix}{last}"),
        Grammar::Pairs {
            separator,
            signature,
        } => {
            let names = match scheme.listed.map(|listed| listed.at) {
                Some(ListedAt::InSignature(key)) => Some(format!("{key}={listed}")),
                _ => None,
            };
            let pairs = signatures.iter().map(|text| format!("{signature}={text}"));
            let head = time_key.map(timed).into_iter().chain(names);
            let all: Vec<_> = head.chain(pairs).collect();
            all.join(&format!("{}{}", char::from(separator), scheme.gap))
        }
        Grammar::Groups { signature } => {
            let time = time_key.map(timed).unwrap_or_default();
            let groups = signatures
                .iter()
                .map(|text| format!("{time},{signature}={text}"));
            groups.collect::<Vec<_>>().join(" ")
        }
        Grammar::Positional { separator } => {
            let time = time_key.map(|_| time.to_owned());
            let all: Vec<_> = time.into_iter().chain(signatures.iter().cloned()).collect();
            all.join(&char::from(separator).to_string())
        }
        Grammar::SpaceList { version } => {
            let all: Vec<_> = signatures
                .iter()
                .map(|text| format!("{version},{text}"))
                .collect();
            all.join(" ")
        }
        Grammar::Labelled => signatures.join("&"),
        Grammar::Jwt { .. } => {
            let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
            format!("{signed}.{last}")
        }
    }
}

/// A signature with its key's id, where they stand together.
pub(super) fn labelled(scheme: &Scheme, id: &str, text: String) -> String {
    match scheme.grammar {
        Grammar::Labelled => format!("{id}|{text}"),
        _ => text,
    }
}

/// What a token says besides what the row asks for.
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) claims: Vec<(String, String)>,
    /// In seconds.
    pub(super) life: u32,
}

/// A token without its signature, and what stands before it, for schemes that have one.
pub(super) fn token(
    scheme: &Scheme,
    extras: &Extras,
    body: &[u8],
    url: &str,
    now: UnixTime,
) -> String {
    let Grammar::Jwt {
        prefix,
        alg,
        issuer,
    } = scheme.grammar
    else {
        return String::new();
    };
    let mut claims = json!({});
    for (name, value) in &extras.claims {
        claims[name] = json!(value);
    }
    if !issuer.is_empty() {
        set(&mut claims, "/iss", issuer);
    }
    match scheme.digest {
        Some(DigestAt::Claim(path, encoding)) => {
            set(&mut claims, path, &digest(encoding, body));
        }
        Some(DigestAt::ClaimUnlessEmpty(path, encoding)) if !body.is_empty() => {
            set(&mut claims, path, &digest(encoding, body));
        }
        _ => {}
    }
    if let Some(path) = scheme.url_digest {
        set(&mut claims, path, &digest(Encoding::Hex, url.as_bytes()));
    }
    let now = now.as_secs();
    let end = now.saturating_add(extras.life.into());
    match scheme.time {
        TimeAt::Claims(ClaimedTime::IssuedAt) => claims["iat"] = json!(now),
        TimeAt::Claims(ClaimedTime::Window) => {
            claims["nbf"] = json!(now);
            claims["exp"] = json!(end);
        }
        TimeAt::Claims(ClaimedTime::Expiry) => claims["exp"] = json!(end),
        _ => {}
    }
    let head = BASE64URL_NOPAD.encode(json!({"alg": alg, "typ": "JWT"}).to_string().as_bytes());
    let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    format!("{prefix}{head}.{claims}.")
}

fn digest(encoding: Encoding, of: &[u8]) -> String {
    encoding.encode(&Tag::new(&Sha256::digest(of)))
}

pub(super) fn sha256_hex(of: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(of))
}

pub(super) fn time(time: UnixTime, unit: TimeUnit) -> String {
    match unit {
        TimeUnit::Seconds | TimeUnit::SecondsOrMillis => time.as_secs().to_string(),
        TimeUnit::Millis => time.as_millis().to_string(),
        TimeUnit::Rfc3339 => {
            let nanos = i128::from(time.as_millis()) * 1_000_000;
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanos);
            time.ok()
                .and_then(|time| time.format(&Rfc3339).ok())
                .unwrap_or_default()
        }
        TimeUnit::HttpDate => {
            let time = OffsetDateTime::from_unix_timestamp(time.as_secs());
            time.ok()
                .and_then(|time| time.format(&Rfc2822).ok())
                .map(|text| text.replace("+0000", "GMT"))
                .unwrap_or_default()
        }
    }
}
