//! Every preset against requests of any kind: nothing panics, nothing is accepted without the
//! secret, and of a genuine request nothing that is signed can be changed.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use bytes::Bytes;
use hookgate::{
    Source,
    clock::UnixTime,
    event::Provenance,
    provider::{self, Provider},
    scheme::{ClaimedTime, Header, Part, SignatureAt, TimeAt},
    testing::Signer,
};
use hookgate_fuzz::{NOW, secret, source, url};
use http::{HeaderName, HeaderValue, Method, Request, Uri, request::Parts};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    preset: u8,
    family: u8,
    body: &'a [u8],
    changes: Vec<Change<'a>>,
    /// Signed by the provider and then changed, or nothing but changes.
    genuine: bool,
    now: i64,
    far: bool,
}

#[derive(Arbitrary, Debug)]
enum Change<'a> {
    FlipBody(u16, u8),
    CutBody(u16),
    GrowBody(&'a [u8]),
    FlipHeader(u8, u8, u8),
    RemoveHeader(u8),
    DoubleHeader(u8),
    MoveIntoHeader(u8, u8),
    KnownHeader(u8, &'a [u8]),
    AnyHeader(&'a [u8], &'a [u8]),
    Method(&'a [u8]),
    Url(&'a [u8]),
}

static SOURCES: LazyLock<Vec<Source>> =
    LazyLock::new(|| provider::ALL.iter().map(|row| source(*row)).collect());

fuzz_target!(|input: Input| {
    let at = usize::from(input.preset) % provider::ALL.len();
    let (row, source) = (provider::ALL[at], &SOURCES[at]);
    let family = match row.families.len() {
        0 => "",
        n => row.families[usize::from(input.family) % n],
    };
    let now = if input.far {
        UnixTime::from_millis(input.now)
    } else {
        UnixTime::from_millis(NOW.as_millis() + input.now % 700_000)
    };
    let payload = support::body(&row, input.body, NOW);
    let genuine = Signer::new(row, &secret(&row))
        .expect("the secret fits")
        .with_public_url(url(&row).unwrap_or_default())
        .with_family(family)
        .sign(payload.clone(), NOW);
    let request = if input.genuine {
        genuine.clone()
    } else {
        Request::post("/").body(payload).expect("a request")
    };
    let (mut parts, mut body) = request.into_parts();
    for change in &input.changes {
        apply(change, &row, family, &mut parts, &mut body);
    }
    let _ = (source.answer(&parts), source.answer_body(&parts, &body));
    let Ok(event) = source.verify(&parts, body.clone(), now) else {
        // What is genuine, unchanged and fresh is accepted.
        let fresh = row.tolerance.is_none() || now == NOW;
        assert!(
            !(input.genuine && input.changes.is_empty() && fresh),
            "{} refused",
            row.slug
        );
        return;
    };
    assert!(input.genuine, "{} accepted without the secret", row.slug);
    assert_eq!(event.body(), &body);
    if support::signs_raw_body(&row) {
        assert_eq!(&body, genuine.body(), "{}: another body", row.slug);
    }
    let until = matches!(row.scheme.time, TimeAt::Claims(ClaimedTime::Expiry));
    if let Some(tolerance) = row.tolerance.filter(|_| !until) {
        let apart = now.saturating_since(NOW).max(NOW.saturating_since(now));
        assert_eq!(event.signed_at(), Some(NOW), "{}: another time", row.slug);
        assert!(
            apart
                <= tolerance.past().max(tolerance.future()) + std::time::Duration::from_millis(999)
        );
    }
    if let Some(id) = event.id().filter(|id| id.provenance == Provenance::Signed) {
        let (parts, body) = genuine.into_parts();
        let first = source.verify(&parts, body, NOW).expect("it is genuine");
        assert_eq!(Some(id), first.id(), "{}: another id", row.slug);
    }
    let _ = source.answer_event(&parts, &event);
});

fn apply(change: &Change, row: &Provider, family: &str, parts: &mut Parts, body: &mut Bytes) {
    let nth = |parts: &Parts, n: u8| {
        let count = parts.headers.keys_len();
        (count > 0)
            .then(|| parts.headers.keys().nth(usize::from(n) % count).cloned())
            .flatten()
    };
    match *change {
        Change::FlipBody(at, bit) => {
            let mut bytes = body.to_vec();
            let len = bytes.len();
            if len > 0 {
                bytes[usize::from(at) % len] ^= 1 << (bit % 8);
            }
            *body = bytes.into();
        }
        Change::CutBody(at) => body.truncate(usize::from(at)),
        Change::GrowBody(more) => *body = [body, more].concat().into(),
        Change::FlipHeader(n, at, bit) => {
            let Some(name) = nth(parts, n) else { return };
            let mut bytes = parts.headers[&name].as_bytes().to_vec();
            let len = bytes.len();
            if len > 0 {
                bytes[usize::from(at) % len] ^= 1 << (bit % 8);
            }
            put(parts, name, &bytes);
        }
        Change::RemoveHeader(n) => {
            if let Some(name) = nth(parts, n) {
                parts.headers.remove(name);
            }
        }
        Change::DoubleHeader(n) => {
            if let Some(name) = nth(parts, n) {
                let value = parts.headers[&name].clone();
                parts.headers.append(name, value);
            }
        }
        Change::MoveIntoHeader(n, count) => {
            let Some(name) = nth(parts, n) else { return };
            let moved = body.split_to(usize::from(count).min(body.len()));
            let bytes = [parts.headers[&name].as_bytes(), &moved].concat();
            put(parts, name, &bytes);
        }
        Change::KnownHeader(n, value) => {
            let known = known(row);
            let name = known[usize::from(n) % known.len()].name_in(family);
            put(parts, HeaderName::try_from(name).expect("a name"), value);
        }
        Change::AnyHeader(name, value) => {
            if let Ok(name) = HeaderName::from_bytes(name) {
                put(parts, name, value);
            }
        }
        Change::Method(text) => parts.method = Method::from_bytes(text).unwrap_or(Method::GET),
        Change::Url(text) => {
            if let Ok(uri) = Uri::try_from(text) {
                parts.uri = uri;
            }
        }
    }
}

fn known(row: &Provider) -> Vec<Header> {
    let mut known = vec![
        Header::named("content-type"),
        Header::named("content-length"),
        Header::named("content-encoding"),
        Header::named("x-event-id"),
    ];
    match row.scheme.signature {
        SignatureAt::Header(header) => known.push(header),
        SignatureAt::AnyOf(headers) => known.extend(headers),
        _ => {}
    }
    if let TimeAt::Header { header, .. } = row.scheme.time {
        known.push(header);
    }
    known.extend(row.scheme.message.iter().filter_map(|part| match part {
        Part::Header(header) => Some(*header),
        _ => None,
    }));
    known
}

fn put(parts: &mut Parts, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        parts.headers.insert(name, value);
    }
}
