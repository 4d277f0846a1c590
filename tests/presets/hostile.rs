//! Requests that no honest sender makes, against every preset.

use bytes::Bytes;
use hookgate::{
    RejectionKind,
    provider::{self, GITHUB, PADDLE, Provider, STANDARD_WEBHOOKS, STRIPE, SVIX, T_V1},
    scheme::{Algorithm, Grammar, MAX_CANDIDATES, SignatureAt, TimeAt, TimeUnit},
};
use http::{HeaderName, HeaderValue, Request};

use crate::support::{
    NOW, body, builder, joins_to_a_list, refusal, sign, signature_header, source, verify,
};

/// A genuine request of each preset.
pub(crate) fn genuine() -> impl Iterator<Item = (Provider, Request<Bytes>)> {
    let in_header = |row: &&Provider| signature_header(row, "").is_some();
    provider::ALL
        .iter()
        .filter(in_header)
        .map(|row| (*row, sign(*row, body(row, b"{}", NOW))))
}

fn signature_of(row: &Provider) -> HeaderName {
    let family = row.families.first().copied().unwrap_or_default();
    HeaderName::try_from(signature_header(row, family).unwrap()).unwrap()
}

pub(crate) fn with(mut request: Request<Bytes>, name: &str, value: &[u8]) -> Request<Bytes> {
    let name = HeaderName::try_from(name).unwrap();
    request
        .headers_mut()
        .insert(name, HeaderValue::from_bytes(value).unwrap());
    request
}

#[test]
fn signature_headers_that_are_missing_double_or_not_text_are_refused() {
    for (row, request) in genuine() {
        let (source, name) = (source(row, &[1]), signature_of(&row));
        let good = request.headers()[&name].clone();
        let mut missing = request.clone();
        missing.headers_mut().remove(&name);
        assert_eq!(refusal(&source, missing), RejectionKind::MissingSignature);
        // Where a line for each secret is what the sender writes, a right one again does no harm.
        let again = match row.scheme.signature {
            SignatureAt::Lines(_) => HeaderValue::from_static("="),
            _ => good.clone(),
        };
        for second in [
            again,
            HeaderValue::from_static(""),
            HeaderValue::from_static("x"),
        ] {
            let mut double = request.clone();
            double.headers_mut().append(name.clone(), second.clone());
            assert_eq!(refusal(&source, double), RejectionKind::MalformedSignature);
            let mut double = request.clone();
            double.headers_mut().insert(name.clone(), second);
            double.headers_mut().append(name.clone(), good.clone());
            assert_eq!(refusal(&source, double), RejectionKind::MalformedSignature);
        }
        let joined = [good.as_bytes(), b", ", good.as_bytes()].concat();
        let long = vec![b'a'; 9_000];
        for bad in [
            &b""[..],
            b"\xff\xfe",
            b"=",
            b",",
            b";",
            b" ",
            b"v1",
            b"v1=",
            &joined,
            &long,
        ] {
            if bad == joined && joins_to_a_list(&row) {
                continue;
            }
            let found = refusal(&source, with(request.clone(), name.as_str(), bad));
            assert_eq!(found.status(), 401, "{} {bad:?}", row.slug);
            // Any text is a token, and none of these is ours.
            let token = row.scheme.algorithm == Algorithm::Token;
            let hashed = found == RejectionKind::BadSignature;
            assert!(token || !hashed, "{}: it was hashed", row.slug);
        }
    }
}

#[test]
fn time_headers_that_are_missing_double_or_not_a_time_are_refused() {
    for (row, request) in genuine() {
        let TimeAt::Header { header, unit } = row.scheme.time else {
            continue;
        };
        let name = header.name_in(row.families.first().copied().unwrap_or_default());
        let source = source(row, &[1]);
        let mut missing = request.clone();
        missing.headers_mut().remove(&name);
        assert_eq!(refusal(&source, missing), RejectionKind::MissingTimestamp);
        let mut double = request.clone();
        let value = double.headers()[&name].clone();
        double
            .headers_mut()
            .append(HeaderName::try_from(&name).unwrap(), value);
        assert_eq!(refusal(&source, double), RejectionKind::MalformedTimestamp);
        // What is no time to one sender is one to another.
        let is_time = |text: &&[u8]| match unit {
            TimeUnit::Rfc3339 => *text == b"2026-09-21T14:13:20Z",
            TimeUnit::Millis => *text == b"9223372036854775807",
            _ => false,
        };
        let texts = [
            &b""[..],
            b"-1790000000",
            b"+1790000000",
            b"1790000000.0",
            b"1.79e9",
            b"01790000000",
            b"1790000000, 1790000000",
            b"0x6ab0",
            b"NaN",
            b"\xff",
            b"9223372036854775807",
            b"99999999999999999999999",
            b"2026-09-21T14:13:20Z",
            b" 1790000000",
            b"1790000000 ",
        ];
        for bad in texts.into_iter().filter(|text| !is_time(text)) {
            let found = refusal(&source, with(request.clone(), &name, bad));
            assert_eq!(
                found,
                RejectionKind::MalformedTimestamp,
                "{} {bad:?}",
                row.slug
            );
        }
    }
}

#[test]
fn signed_ids_that_are_missing_double_or_not_text_are_refused() {
    for row in [STANDARD_WEBHOOKS, SVIX, provider::GITLAB] {
        let request = sign(row, "{}");
        let name = format!("{}id", row.families.first().unwrap_or(&"webhook-"));
        let source = source(row, &[1]);
        let mut missing = request.clone();
        missing.headers_mut().remove(&name);
        assert_eq!(refusal(&source, missing), RejectionKind::SignedHeader);
        let mut double = request.clone();
        let value = double.headers()[&name].clone();
        double
            .headers_mut()
            .append(HeaderName::try_from(&name).unwrap(), value);
        assert_eq!(refusal(&source, double), RejectionKind::SignedHeader);
        for bad in [&b""[..], b"\xff\xfe", "caf\u{e9}".as_bytes()] {
            let found = refusal(&source, with(request.clone(), &name, bad));
            assert_eq!(found, RejectionKind::SignedHeader, "{bad:?}");
        }
    }
}

#[test]
fn unsigned_headers_that_are_not_text_are_as_good_as_absent() {
    for name in ["x-github-delivery", "x-github-event"] {
        let request = with(sign(GITHUB, "{}"), name, "caf\u{e9}".as_bytes());
        let event = verify(&source(GITHUB, &[1]), request).unwrap();
        let field = if name.ends_with("event") {
            event.event_type()
        } else {
            event.id()
        };
        assert_eq!(field, None);
    }
}

#[test]
fn two_times_in_one_header_are_refused() {
    for (row, key, separator) in [(STRIPE, "t", ","), (T_V1, "t", ","), (PADDLE, "ts", ";")] {
        let request = sign(row, "{}");
        let name = signature_of(&row);
        let good = request.headers()[&name].to_str().unwrap();
        for bad in [
            format!("{key}=1790000000{separator}{good}"),
            format!("{good}{separator}{key}=1790000000"),
            format!("{good}{separator}{key}=1"),
            format!("{good}{separator}{key}="),
        ] {
            let found = refusal(
                &source(row, &[1]),
                with(request.clone(), name.as_str(), bad.as_bytes()),
            );
            assert_eq!(found, RejectionKind::MalformedTimestamp, "{bad}");
        }
    }
}

#[test]
fn a_hundred_signatures_are_refused_before_anything_is_hashed() {
    for (row, request) in genuine() {
        let name = signature_of(&row);
        let good = request.headers()[&name].to_str().unwrap().to_owned();
        let (start, signature, separator) = match row.scheme.grammar {
            Grammar::Pairs { separator, .. } => {
                let separator = char::from(separator).to_string();
                // Whatever else there is stands before the signature.
                let (start, signature) = match good.rsplit_once(&separator) {
                    Some((start, signature)) => (format!("{start}{separator}"), signature),
                    None => (String::new(), good.as_str()),
                };
                (start, signature, separator)
            }
            Grammar::SpaceList { .. } => (String::new(), good.as_str(), " ".to_owned()),
            _ => continue,
        };
        let list = |n| format!("{start}{}", vec![signature; n].join(&separator));
        let source = source(row, &[1]);
        let judge = |n| {
            verify(
                &source,
                with(request.clone(), name.as_str(), list(n).as_bytes()),
            )
            .map(|_| ())
        };
        assert_eq!(judge(MAX_CANDIDATES), Ok(()), "{}", row.slug);
        assert_eq!(
            judge(MAX_CANDIDATES + 1),
            Err(RejectionKind::MalformedSignature)
        );
        assert_eq!(judge(100), Err(RejectionKind::MalformedSignature));
    }
}

#[test]
fn the_reply_says_no_more_than_the_status() {
    // One status for everything about the signature: an attacker learns nothing from it.
    for kind in [
        RejectionKind::MissingSignature,
        RejectionKind::MalformedSignature,
        RejectionKind::MissingTimestamp,
        RejectionKind::MalformedTimestamp,
        RejectionKind::SignedHeader,
        RejectionKind::Stale,
        RejectionKind::Future,
        RejectionKind::UnknownTenant,
        RejectionKind::BadSignature,
        RejectionKind::Handshake,
    ] {
        assert_eq!(kind.status(), 401, "{kind:?}");
    }
}

#[test]
fn secrets_show_nowhere() {
    for row in provider::ALL {
        let source = source(*row, &[1]);
        let secret = crate::support::secret(row, 1);
        let signer = crate::support::signer(*row);
        let event = verify(&source, sign(*row, body(row, b"{}", NOW))).unwrap();
        let shown = format!(
            "{source:?} {secret:?} {signer:?} {event:?} {:#?}",
            builder(*row, &[1])
        );
        assert!(
            !shown.contains("secret number 1") && !shown.contains("AQEBAQEB"),
            "{shown}"
        );
    }
}
