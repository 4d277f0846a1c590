//! Senders that sign nothing: only with a reason, and never beside a secret.

use hookgate::{
    ConfigError, RejectionKind, Secret, Source,
    event::{Covers, Provenance},
    provider::{self, Envelope, Field, Provider, TOKEN_IN_QUERY, UNSIGNED, X_SIGNATURE},
    scheme::{KeySet, Part, Scheme, TimeAt, TimeUnit},
    source::{SourceBuilder, TenantFuture, TenantKeys},
};
use http::{Request, request::Parts};

use crate::support::{NOW, refusal, secret, sign, source, verify};

const WHY: &str = "it cannot be told anything but a host name";

fn unsigned(row: Provider) -> SourceBuilder {
    Source::builder("lamp", row)
        .dangerous()
        .accept_unsigned(WHY)
}

fn request() -> Request<bytes::Bytes> {
    Request::post("/lamp")
        .body("{\"id\":\"7\"}".into())
        .unwrap()
}

#[test]
fn nothing_is_accepted_unsigned_without_a_reason() {
    let without = Source::builder("lamp", UNSIGNED).build();
    assert!(matches!(without, Err(ConfigError::Missing { .. })));
    let with_a_secret = Source::builder("lamp", UNSIGNED)
        .add_secret(secret(&UNSIGNED, 1))
        .build();
    assert!(matches!(with_a_secret, Err(ConfigError::Missing { .. })));
    for empty in ["", " ", "\n"] {
        let builder = Source::builder("lamp", UNSIGNED);
        let found = builder.dangerous().accept_unsigned(empty).build();
        assert!(matches!(found, Err(ConfigError::OutOfRange { .. })));
    }
    let source = unsigned(UNSIGNED).build().unwrap();
    assert_eq!(source.accepts_unsigned(), Some(WHY));
    assert_eq!(
        crate::support::source(X_SIGNATURE, &[1]).accepts_unsigned(),
        None
    );
}

#[test]
fn a_sender_that_signs_is_never_accepted_unsigned() {
    for row in provider::ALL {
        let found = unsigned(*row)
            .with_public_url("https://hooks.example.com")
            .add_secret(secret(row, 1))
            .build();
        assert!(
            matches!(found, Err(ConfigError::OutOfRange { .. })),
            "{}",
            row.slug
        );
    }
}

#[test]
fn what_nobody_signed_says_so() {
    const ROW: Provider = Provider {
        envelope: Envelope {
            id: &[Field::Body("/id")],
            kind: &[Field::header("x-kind")],
            ..Envelope::NONE
        },
        ..UNSIGNED
    };
    let source = unsigned(ROW).build().unwrap();
    let mut request = request();
    request
        .headers_mut()
        .insert("x-kind", "on".parse().unwrap());
    let event = verify(&source, request.clone()).unwrap();
    assert_eq!(event.covers(), Covers::Nothing);
    assert_eq!(event.id().unwrap().provenance, Provenance::Unsigned);
    let kind = event.event_type().unwrap();
    assert_eq!(
        (kind.value.as_str(), kind.provenance),
        ("on", Provenance::Unsigned)
    );
    assert_eq!(event.secret_label(), "nobody");
    assert_eq!(event.signed_at(), None);
    // The other checks of a delivery are not for sale.
    *request.method_mut() = http::Method::GET;
    assert_eq!(refusal(&source, request.clone()), RejectionKind::Method);
    *request.method_mut() = http::Method::POST;
    let limited = unsigned(ROW).with_max_body(3).build().unwrap();
    assert_eq!(refusal(&limited, request), RejectionKind::TooLarge);
}

#[test]
fn secrets_and_unsigned_deliveries_exclude_each_other() {
    let one = secret(&UNSIGNED, 1);
    let out = |found: Result<(), ConfigError>| {
        assert!(
            matches!(found, Err(ConfigError::OutOfRange { .. })),
            "{found:?}"
        );
    };
    let configured = unsigned(UNSIGNED).add_secret(one.clone()).build();
    out(configured.map(|_| ()));
    out(unsigned(UNSIGNED).with_tenants(Nobody).build().map(|_| ()));
    let source = unsigned(UNSIGNED).build().unwrap();
    out(source.add_secret(&one));
    out(source.set_secrets(&[one]));
    assert!(source.remove_secret("nobody").is_err());
    // Keys of the caller's would be a promise that nobody keeps.
    let (parts, body) = request().into_parts();
    let keys = crate::support::source(X_SIGNATURE, &[1])
        .keys(&[secret(&X_SIGNATURE, 1)])
        .unwrap();
    let found = source.verify_with(&keys, None, &parts, body, NOW);
    assert_eq!(found.unwrap_err().kind(), RejectionKind::Misconfigured);
    let other = unsigned(UNSIGNED).build().unwrap();
    assert!(!source.shares_a_secret_with(&other));
}

#[derive(Debug)]
struct Nobody;

impl TenantKeys for Nobody {
    fn tenant(&self, _: &Parts) -> Option<String> {
        None
    }

    fn keys<'a>(&'a self, _: &'a str, _: &'a Scheme) -> TenantFuture<'a> {
        Box::pin(async { Ok(None) })
    }

    fn known(&self, _: &str, _: &Scheme) -> Option<KeySet> {
        None
    }

    fn withdrawals(&self, _: &str) -> u64 {
        0
    }
}

#[test]
fn a_row_cannot_fall_back_to_nothing_or_sign_a_part_of_nothing() {
    const NOTHING: Scheme = Scheme::UNSIGNED;
    let older = Scheme {
        older: Some(&NOTHING),
        ..X_SIGNATURE.scheme
    };
    let newer = Scheme {
        older: Some(&X_SIGNATURE.scheme),
        ..NOTHING
    };
    let body = Scheme {
        message: &[Part::Body],
        ..NOTHING
    };
    let time = Scheme {
        time: TimeAt::Body {
            path: "/t",
            unit: TimeUnit::Seconds,
        },
        ..NOTHING
    };
    for scheme in [older, newer, body, time] {
        let timed = !matches!(scheme.time, TimeAt::Nowhere);
        let row = Provider {
            scheme,
            tolerance: timed.then_some(hookgate::freshness::Tolerance::symmetric(300)),
            ..UNSIGNED
        };
        for builder in [
            unsigned(row),
            Source::builder("s", row).add_secret(Secret::new("s3cret").unwrap()),
        ] {
            let found = builder.build();
            assert!(
                matches!(found, Err(ConfigError::BadRow { .. })),
                "{scheme:?}"
            );
        }
    }
}

#[test]
fn a_token_in_the_query_is_the_way_out() {
    let source = source(TOKEN_IN_QUERY, &[1]);
    let event = verify(&source, sign(TOKEN_IN_QUERY, "anything")).unwrap();
    assert_eq!(event.covers(), Covers::Sender);
    assert_eq!(refusal(&source, request()), RejectionKind::MissingSignature);
}
