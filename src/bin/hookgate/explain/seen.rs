//! What catches the eye when nothing, or not enough, was found by trying. Facts of the delivery, and
//! said to prove nothing.

use hookgate::{
    ConfigError, RejectionKind,
    scheme::{DigestAt, Part, SignatureAt},
};
use http::header;

use super::{case::Case, diagnosis::Refusal, search::Hint};
use crate::shared::carrier::{needed_headers, signature_headers, ways};

/// All of these that are so; without a hint also what is only likely.
pub(super) fn of(case: &Case, refusal: &Refusal, nothing_found: bool) -> Vec<Hint> {
    let mut seen = unusable(case);
    if matches!(
        refusal,
        Refusal::Kind(
            RejectionKind::MissingSignature
                | RejectionKind::MissingTimestamp
                | RejectionKind::SignedHeader
        )
    ) {
        seen.extend(missing(case));
    }
    if nothing_found {
        let facts = [
            url(case, refusal),
            query(case),
            length(case),
            empty(case),
            cut(case),
            lossy(case),
            mode(case),
            api_key(case),
        ];
        seen.extend(facts.into_iter().flatten());
    }
    seen
}

fn seen(kind: &'static str, says: impl Into<String>) -> Hint {
    Hint {
        kind,
        says: says.into(),
    }
}

/// Secrets that are not in the preset's form. What is missing besides is said elsewhere.
fn unusable(case: &Case) -> Vec<Hint> {
    let of_secret = case
        .unusable()
        .filter(|(_, why)| !matches!(why, ConfigError::Missing { .. }));
    of_secret
        .map(|(given, why)| seen("secret_form", format!("{}: {why}", given.label)))
        .collect()
}

fn missing(case: &Case) -> Option<Hint> {
    let is_missing = |name: &&http::HeaderName| !case.parts.headers.contains_key(*name);
    let needed = needed_headers(&case.row);
    // Of several places for a signature one is enough.
    let has_signature = signature_headers(&case.row)
        .iter()
        .any(|name| case.parts.headers.contains_key(name));
    let is_other =
        |name: &&http::HeaderName| !(has_signature && signature_headers(&case.row).contains(name));
    let names: Vec<_> = needed
        .iter()
        .filter(is_missing)
        .filter(is_other)
        .map(|n| n.as_str())
        .collect();
    let says = format!(
        "these headers of the preset did not arrive: {}",
        names.join(", ")
    );
    (!names.is_empty()).then(|| seen("header_missing", says))
}

/// The URL is signed, and nobody said what it is.
fn url(case: &Case, refusal: &Refusal) -> Option<Hint> {
    let missing = matches!(refusal, Refusal::Config(ConfigError::Missing { .. }));
    let says =
        "this preset signs the URL under which the sender knows the endpoint: give it with --url";
    (missing && case.signs_url()).then(|| seen("url_needed", says))
}

/// Something of the query is needed, and there is none.
fn query(case: &Case) -> Option<Hint> {
    let in_query = ways(&case.row.scheme).any(|scheme| {
        let is_query = |part: &Part| matches!(part, Part::Query(..));
        let mut parts = scheme.message.iter().flat_map(|part| match part {
            Part::Optional(parts) => parts,
            part => std::slice::from_ref(part),
        });
        matches!(scheme.signature, SignatureAt::Query(_))
            || matches!(scheme.digest, Some(DigestAt::Query(_)))
            || parts.any(is_query)
    });
    let says =
        "this preset reads the URL's query, and the delivery has none: give the URL with --url";
    (in_query && case.parts.uri.query().is_none()).then(|| seen("query_missing", says))
}

fn length(case: &Case) -> Option<Hint> {
    let declared = case
        .parts
        .headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?;
    let declared: usize = declared.parse().ok()?;
    let found = case.body.len();
    let says = format!("Content-Length says {declared} bytes, and the body has {found}");
    (declared != found).then(|| seen("length", says))
}

fn empty(case: &Case) -> Option<Hint> {
    let says =
        "the body is empty: whatever reads a request's body first leaves nothing to those after it";
    case.body.is_empty().then(|| seen("body_empty", says))
}

fn cut(case: &Case) -> Option<Hint> {
    let begins = matches!(case.body.trim_ascii_start().first(), Some(b'{' | b'['));
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&case.body).is_ok();
    let says = "the body begins like JSON and is none: it is cut off, or was changed";
    (begins && !is_json).then(|| seen("body_cut", says))
}

fn lossy(case: &Case) -> Option<Hint> {
    let text = std::str::from_utf8(&case.body).ok()?;
    let says = "the body has U+FFFD in it: it was decoded as text, and bytes were lost";
    text.contains('\u{fffd}').then(|| seen("body_lossy", says))
}

/// A secret of the test mode for a live payload, or the other way round, by their looks.
fn mode(case: &Case) -> Option<Hint> {
    let live = |pointer: &str| {
        let whole: serde_json::Value = serde_json::from_slice(&case.body).ok()?;
        match whole.pointer(pointer)? {
            serde_json::Value::Bool(live) => Some(*live),
            serde_json::Value::String(mode) => match mode.as_str() {
                "live" | "production" | "prod" => Some(true),
                "test" | "sandbox" => Some(false),
                _ => None,
            },
            _ => None,
        }
    };
    let places = [
        "/livemode",
        "/live_mode",
        "/data/domain",
        "/environment",
        "/mode",
    ];
    let is_live = places.iter().find_map(|place| live(place))?;
    let looks = |mark: &str| {
        let mut texts = case
            .secrets
            .iter()
            .map(|given| String::from_utf8_lossy(&given.text));
        texts.any(|text| text.contains(mark))
    };
    let other = match is_live {
        true => looks("_test_") || looks("test-"),
        false => looks("_live_") || looks("live-"),
    };
    let (payload, secret) = match is_live {
        true => ("live", "test"),
        false => ("test", "live"),
    };
    if other {
        let says = format!(
            "the payload is of the {payload} mode, and a secret looks like one of the {secret} mode"
        );
        return Some(seen("test_or_live", says));
    }
    let stripe = case.row.slug.starts_with("stripe");
    stripe.then(|| {
        let says = format!(
            "the payload is of the {payload} mode. Stripe has a secret for each endpoint in each mode, \
             and `stripe listen` has one of its own"
        );
        seen("test_or_live", says)
    })
}

/// Stripe's API key in place of the endpoint's secret.
fn api_key(case: &Case) -> Option<Hint> {
    let stripe = case.row.slug.starts_with("stripe");
    let is_key = |text: &[u8]| {
        [b"sk_", b"rk_", b"pk_"]
            .iter()
            .any(|start| text.starts_with(*start))
    };
    let given = case
        .secrets
        .iter()
        .find(|given| stripe && is_key(&given.text))?;
    let says = format!(
        "{} looks like an API key; endpoints have secrets that start with whsec_",
        given.label
    );
    Some(seen("api_key", says))
}
