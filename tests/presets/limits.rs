//! Methods, codings and sizes.

use hookgate::{
    RejectionKind,
    freshness::Tolerance,
    provider::{self, SignedTime},
};
use http::{HeaderValue, Method};

use crate::{
    hostile::{genuine, with},
    support::{NOW, body, builder, refusal, sign, source, verify},
};

#[test]
fn only_the_methods_of_the_row_are_deliveries() {
    for (row, request) in genuine() {
        let theirs = |method: &&str| !row.methods.iter().any(|m| m == method);
        let all = [
            "GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "post", "POSTS",
        ];
        for method in all.into_iter().filter(theirs) {
            let mut request = request.clone();
            *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
            let found = refusal(&source(row, &[1]), request);
            assert_eq!(found, RejectionKind::Method, "{} {method}", row.slug);
            assert_eq!(found.status(), 405);
        }
    }
}

#[test]
fn compressed_bodies_are_refused() {
    for (row, request) in genuine() {
        for coding in ["gzip", "br", "deflate", "GZIP", "identity, gzip", "x", ""] {
            let request = with(request.clone(), "content-encoding", coding.as_bytes());
            let found = refusal(&source(row, &[1]), request);
            assert_eq!(
                found,
                RejectionKind::ContentEncoding,
                "{} {coding}",
                row.slug
            );
            assert_eq!(found.status(), 415);
        }
        for coding in ["identity", "Identity"] {
            let request = with(request.clone(), "content-encoding", coding.as_bytes());
            assert!(verify(&source(row, &[1]), request).is_ok());
        }
        let mut two = with(request, "content-encoding", b"identity");
        two.headers_mut()
            .append("content-encoding", HeaderValue::from_static("gzip"));
        assert_eq!(
            refusal(&source(row, &[1]), two),
            RejectionKind::ContentEncoding
        );
    }
}

#[test]
fn bodies_over_the_limit_are_refused_as_declared_and_as_received() {
    for row in provider::ALL {
        let limit = |bytes| builder(*row, &[1]).with_max_body(bytes).build().unwrap();
        let request = sign(*row, body(row, b"0123456789", NOW));
        let length = request.body().len();
        assert!(
            verify(&limit(length), request.clone()).is_ok(),
            "the limit is inclusive"
        );
        let received = refusal(&limit(length - 1), request.clone());
        assert_eq!(received, RejectionKind::TooLarge);
        assert_eq!(received.status(), 413);
        let declared = with(
            request.clone(),
            "content-length",
            row.max_body.to_string().as_bytes(),
        );
        assert!(
            verify(&source(*row, &[1]), declared).is_ok(),
            "only what is read counts"
        );
        for length in [(row.max_body + 1).to_string(), u64::MAX.to_string()] {
            let declared = with(request.clone(), "content-length", length.as_bytes());
            assert_eq!(
                refusal(&source(*row, &[1]), declared),
                RejectionKind::TooLarge
            );
        }
        // Refused by the HTTP server long before; here it says nothing.
        let odd = with(request, "content-length", b"99999999999999999999999999");
        assert!(verify(&source(*row, &[1]), odd).is_ok());
    }
}

#[test]
fn bodies_of_any_bytes_are_only_bytes() {
    for row in provider::ALL {
        for text in [
            &b""[..],
            b"\0",
            b"\xff\xfe",
            b"\xed\xa0\x80",
            &[0x80; 1_000],
        ] {
            let request = sign(*row, body(row, text, NOW));
            let event = verify(&source(*row, &[1]), request.clone()).unwrap();
            assert_eq!(event.body(), request.body(), "{}", row.slug);
        }
    }
}

#[test]
fn a_time_that_retries_carry_too_is_fresh_for_as_long_as_they_come() {
    let of_events = |row: &&provider::Provider| row.sender.signed_time == SignedTime::Event;
    let mut rows = 0;
    for row in provider::ALL.iter().filter(of_events) {
        let Some(retries) = row.sender.retry_window else {
            continue;
        };
        let tolerating = |past: u64| builder(*row, &[1]).with_tolerance(Tolerance::new(past, 300));
        assert!(
            tolerating(retries.as_secs()).build().is_ok(),
            "{}",
            row.slug
        );
        let why = tolerating(retries.as_secs() - 1).build().unwrap_err();
        assert!(why.to_string().contains("retries"), "{}: {why}", row.slug);
        // Without the check of times there is nothing that a retry could fail.
        let unchecked = builder(*row, &[1]).dangerous().without_freshness();
        assert!(unchecked.build().is_ok(), "{}", row.slug);
        rows += 1;
    }
    assert!(rows >= 2, "{rows}");
    // Where each attempt is signed anew, it may be as short as one likes.
    let stripe = builder(provider::STRIPE, &[1]).with_tolerance(Tolerance::symmetric(5));
    assert!(stripe.build().is_ok());
}
