//! What the tests of schemes and presets share.
#![allow(dead_code)] // Each test binary uses its own part of it.

use bytes::Bytes;
use data_encoding::BASE64;
use hookgate::{
    Event, RejectionKind, Secret, Source,
    clock::UnixTime,
    provider::{Payload, Provider},
    scheme::{KeyDecoding, KeyId, Part, SignatureAt, SignedUrl, TimeAt, TimeUnit},
    source::SourceBuilder,
    testing::Signer,
};
use http::{Request, request::Parts};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

pub(crate) const URL: &str = "https://hooks.example.com/in?shop=1";

/// The `n`-th secret in the form that the row asks for.
pub(crate) fn secret(row: &Provider, n: u8) -> Secret {
    let text = match row.scheme.key {
        KeyDecoding::Text | KeyDecoding::Nfkd | KeyDecoding::Sha1 => format!("secret number {n}"),
        KeyDecoding::Base64 { prefix } | KeyDecoding::Base64OrText { prefix } => {
            format!("{prefix}{}", BASE64.encode(&[n; 24]))
        }
        KeyDecoding::Base64AfterUnderscore => format!("r8_{}", BASE64.encode(&[n; 24])),
        KeyDecoding::Hex => format!("{n:02x}").repeat(24),
    };
    let id = match row.scheme.key_id {
        KeyId::None => "",
        KeyId::Header(_) | KeyId::Configured => "key-id:",
    };
    Secret::new(format!("{id}{text}")).unwrap()
}

pub(crate) fn builder(row: Provider, secrets: &[u8]) -> SourceBuilder {
    let mut builder = Source::builder(row.slug, row);
    if let Some(url) = url(&row) {
        builder = builder.with_public_url(url);
    }
    secrets.iter().fold(builder, |builder, n| {
        builder.add_secret(secret(&row, *n).with_label(&format!("number-{n}")).unwrap())
    })
}

/// What must be configured of the URL.
pub(crate) fn url(row: &Provider) -> Option<&'static str> {
    match row.scheme.signed_url() {
        SignedUrl::None => None,
        SignedUrl::Exact => Some(URL),
        SignedUrl::Origin => Some("https://hooks.example.com"),
    }
}

/// The header in which the first signature is; `None` when it is in no header.
pub(crate) fn signature_header(row: &Provider, family: &str) -> Option<String> {
    Some(match row.scheme.signature {
        SignatureAt::Header(header) | SignatureAt::Lines(header) => header.name_in(family),
        SignatureAt::AnyOf(headers) => headers.first()?.name_in(family),
        SignatureAt::Numbered(header) => format!("{}1", header.name_in(family)),
        SignatureAt::Query(_) | SignatureAt::Field(_) | SignatureAt::Param(_) => return None,
    })
}

/// Whether every bit of the body as it is sent is signed.
pub(crate) fn signs_raw_body(row: &Provider) -> bool {
    let scheme = row.scheme;
    let raw = |part: &Part| match part {
        Part::Body | Part::BodySha256 => true,
        Part::Payload => matches!(row.payload, Payload::Body | Payload::BodyOrFormField(_)),
        _ => false,
    };
    let mut messages = std::iter::once(&scheme.message).chain(scheme.variants);
    scheme.digest.is_some() || messages.all(|message| message.iter().any(raw))
}

pub(crate) fn source(row: Provider, secrets: &[u8]) -> Source {
    builder(row, secrets).build().unwrap()
}

/// Signs with secret 1.
pub(crate) fn signer(row: Provider) -> Signer {
    Signer::new(row, &secret(&row, 1))
        .unwrap()
        .with_public_url(url(&row).unwrap_or(URL))
}

pub(crate) fn sign(row: Provider, body: impl Into<Bytes>) -> Request<Bytes> {
    signer(row).sign(body, NOW)
}

/// A payload that the row accepts at `now`, with some text in it.
pub(crate) fn body(row: &Provider, text: &[u8], now: UnixTime) -> Bytes {
    let encoded = BASE64.encode(text);
    let mut whole = serde_json::json!({ "text": encoded });
    if let TimeAt::Body { path, unit } = row.scheme.time {
        let time = match unit {
            TimeUnit::Seconds | TimeUnit::SecondsOrMillis => serde_json::json!(now.as_secs()),
            TimeUnit::Millis => serde_json::json!(now.as_millis()),
            TimeUnit::Rfc3339 => serde_json::json!(rfc3339(now)),
        };
        set(&mut whole, path, time);
    } else if let Some(path) = row.scheme.items {
        let item = serde_json::json!({ "text": encoded });
        set(&mut whole, path, serde_json::json!([item, item]));
    } else if !row.scheme.opening.is_empty() {
        return format!("{}{encoded}", row.scheme.opening).into();
    } else if matches!(row.payload, Payload::Form | Payload::FormOrBody) {
        return format!("text={}", encoded.replace(['+', '/', '='], "-")).into();
    } else if !matches!(row.scheme.signature, SignatureAt::Field(_)) {
        return Bytes::copy_from_slice(text);
    }
    if matches!(row.payload, Payload::Form) {
        let fields = whole.as_object().unwrap().iter();
        let fields =
            fields.map(|(name, value)| format!("{name}={}", value.to_string().trim_matches('"')));
        return fields
            .collect::<Vec<_>>()
            .join("&")
            .replace(['+', '/'], "-")
            .into();
    }
    whole.to_string().into()
}

fn set(whole: &mut serde_json::Value, path: &str, value: serde_json::Value) {
    let mut place = whole;
    for key in path.split('/').skip(1) {
        if !place.is_object() {
            *place = serde_json::json!({});
        }
        place = &mut place[key];
    }
    *place = value;
}

fn rfc3339(time: UnixTime) -> String {
    let nanos = i128::from(time.as_millis()) * 1_000_000;
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
    time.format(&time::format_description::well_known::Rfc3339)
        .unwrap()
}

/// Judges a request at [`NOW`].
pub(crate) fn verify(source: &Source, request: Request<Bytes>) -> Result<Event, RejectionKind> {
    verify_at(source, request, NOW)
}

pub(crate) fn verify_at(
    source: &Source,
    request: Request<Bytes>,
    now: UnixTime,
) -> Result<Event, RejectionKind> {
    let (parts, body) = request.into_parts();
    source.verify(&parts, body, now).map_err(|why| why.kind())
}

/// The kind of refusal; panics on an event.
pub(crate) fn refusal(source: &Source, request: Request<Bytes>) -> RejectionKind {
    verify(source, request).expect_err("this delivery should have been refused")
}

pub(crate) fn parts(request: Request<()>) -> Parts {
    request.into_parts().0
}
