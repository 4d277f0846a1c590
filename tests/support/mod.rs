//! What the tests of schemes and presets share.
#![allow(dead_code)] // Each test binary uses its own part of it.

use bytes::Bytes;
use data_encoding::BASE64;
use hookgate::{
    Event, RejectionKind, Secret, Source,
    clock::UnixTime,
    provider::Provider,
    scheme::{KeyDecoding, Part, TimeAt},
    source::SourceBuilder,
    testing::Signer,
};
use http::{Request, request::Parts};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

pub(crate) const URL: &str = "https://hooks.example.com/in?shop=1";

/// The `n`-th secret in the form that the row asks for.
pub(crate) fn secret(row: &Provider, n: u8) -> Secret {
    let text = match row.scheme.key {
        KeyDecoding::Text => format!("secret number {n}"),
        KeyDecoding::Base64 { prefix } => format!("{prefix}{}", BASE64.encode(&[n; 24])),
        KeyDecoding::Hex => format!("{n:02x}").repeat(24),
    };
    Secret::new(text).unwrap()
}

pub(crate) fn builder(row: Provider, secrets: &[u8]) -> SourceBuilder {
    let mut builder = Source::builder(row.slug, row);
    if row
        .scheme
        .message
        .iter()
        .any(|part| matches!(part, Part::PublicUrl))
    {
        builder = builder.with_public_url(URL);
    }
    secrets.iter().fold(builder, |builder, n| {
        builder.add_secret(secret(&row, *n).with_label(&format!("number-{n}")).unwrap())
    })
}

pub(crate) fn source(row: Provider, secrets: &[u8]) -> Source {
    builder(row, secrets).build().unwrap()
}

/// Signs with secret 1.
pub(crate) fn signer(row: Provider) -> Signer {
    Signer::new(row, &secret(&row, 1))
        .unwrap()
        .with_public_url(URL)
}

pub(crate) fn sign(row: Provider, body: impl Into<Bytes>) -> Request<Bytes> {
    signer(row).sign(body, NOW)
}

/// A body that the row accepts at `now`, with some text in it.
pub(crate) fn body(row: &Provider, text: &[u8], now: UnixTime) -> Bytes {
    match row.scheme.time {
        TimeAt::Body { .. } => format!(
            r#"{{"webhookTimestamp":{},"text":"{}"}}"#,
            now.as_millis(),
            BASE64.encode(text)
        )
        .into(),
        _ => Bytes::copy_from_slice(text),
    }
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
