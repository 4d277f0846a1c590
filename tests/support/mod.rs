//! What the tests of schemes and presets share.
#![allow(dead_code)] // Each test binary uses its own part of it.

use bytes::Bytes;
use data_encoding::BASE64;
use hookgate::{
    Event, RejectionKind, Secret, Source,
    clock::UnixTime,
    provider::{Payload, Provider},
    scheme::{Grammar, KeyDecoding, KeyId, Part, SignatureAt, SignedUrl, TimeAt, TimeUnit},
    source::SourceBuilder,
    testing::Signer,
};
use http::{Request, request::Parts};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

pub(crate) const URL: &str = "https://hooks.example.com/in?shop=1";

/// The `n`-th secret in the form that the row asks for.
pub(crate) fn secret(row: &Provider, n: u8) -> Secret {
    Secret::new(secret_text(row, n)).unwrap()
}

/// The same as it is configured.
pub(crate) fn secret_text(row: &Provider, n: u8) -> String {
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
    format!("{id}{text}")
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
        SignatureAt::Query(_)
        | SignatureAt::Field(_)
        | SignatureAt::Param(_)
        | SignatureAt::Nowhere => return None,
    })
}

/// Whether there is room for several signatures in one delivery.
pub(crate) fn has_room_for_two(row: &Provider) -> bool {
    let lists = matches!(
        row.scheme.grammar,
        Grammar::Pairs { .. }
            | Grammar::Groups { .. }
            | Grammar::Positional { .. }
            | Grammar::SpaceList { .. }
            | Grammar::Labelled
    );
    let places = matches!(
        row.scheme.signature,
        SignatureAt::AnyOf(_) | SignatureAt::Lines(_) | SignatureAt::Numbered(_)
    );
    lists || places
}

/// Whether the row takes any bytes for a payload.
pub(crate) fn takes_any_bytes(row: &Provider) -> bool {
    body(row, b"any", NOW) == "any"
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
    signer_with(row, 1)
}

/// Signs with the `n`-th secret.
pub(crate) fn signer_with(row: Provider, n: u8) -> Signer {
    Signer::new(row, &secret(&row, n))
        .unwrap()
        .with_public_url(url(&row).unwrap_or(URL))
}

/// Whether two signature headers that a proxy joins are one list, which says no more and no less: with
/// a comma between two elements, and nothing in it that must be there once.
pub(crate) fn joins_to_a_list(row: &Provider) -> bool {
    let commas = matches!(
        row.scheme.grammar,
        Grammar::Pairs {
            separator: b',',
            ..
        }
    );
    commas && !matches!(row.scheme.time, TimeAt::InSignature { .. }) && row.scheme.listed.is_none()
}

pub(crate) fn sign(row: Provider, body: impl Into<Bytes>) -> Request<Bytes> {
    signer(row).sign(body, NOW)
}

/// A payload that the row accepts at `now`, with some text in it.
pub(crate) fn body(row: &Provider, text: &[u8], now: UnixTime) -> Bytes {
    let scheme = &row.scheme;
    let encoded = BASE64.encode(text);
    let mut whole = serde_json::json!({ "text": encoded });
    match (scheme.time, scheme.items) {
        (TimeAt::Body { path, unit }, _) => set(&mut whole, path, time(now, unit)),
        (TimeAt::Param { name, unit }, _) => set(&mut whole, &format!("/{name}"), time(now, unit)),
        (_, Some(path)) => {
            let item = serde_json::json!({ "text": encoded });
            set(&mut whole, path, serde_json::json!([item, item]));
        }
        _ if !scheme.opening.is_empty() => return format!("{}{encoded}", scheme.opening).into(),
        _ if matches!(row.payload, Payload::FormField(_)) => return encoded.into(),
        _ if matches!(row.payload, Payload::Form | Payload::FormOrBody) => {}
        _ if !matches!(scheme.signature, SignatureAt::Field(_)) => {
            return Bytes::copy_from_slice(text);
        }
        _ => {}
    }
    match row.payload {
        Payload::Form | Payload::FormOrBody => form(&whole).into(),
        _ => whole.to_string().into(),
    }
}

/// The fields of an object as those of a form.
fn form(whole: &serde_json::Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in whole.as_object().unwrap() {
        form.append_pair(name, value.to_string().trim_matches('"'));
    }
    form.finish()
}

fn time(now: UnixTime, unit: TimeUnit) -> serde_json::Value {
    match unit {
        TimeUnit::Seconds | TimeUnit::SecondsOrMillis => now.as_secs().into(),
        TimeUnit::Millis => now.as_millis().into(),
        TimeUnit::Rfc3339 => rfc3339(now).into(),
        TimeUnit::HttpDate => panic!("in no payload"),
    }
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
