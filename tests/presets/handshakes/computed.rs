//! Answers that are signed for whoever asks, and why no delivery can be made of them.

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use hookgate::{
    ConfigError, Secret, Source,
    provider::{self, BRAINTREE, LINKEDIN, Payload, Provider, X_TWITTER},
    scheme::{Algorithm, Part, Scheme},
};
use http::Request;

use super::{REFUSED, ask, encoded, hostile, json, text};
use crate::support::{NOW, body, builder, secret, sign, source, verify};

fn sha256(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn x_gets_the_mac_of_its_token_in_json() {
    let source = source(X_TWITTER, &[1]);
    let crc = "M2RkODJkZmMtYjlkYi00NmQ4LTk0MGUtM2JjYzkwM2Q4MjQ0";
    let answer = json(ask(
        &source,
        "GET",
        &format!("/?crc_token={crc}&nonce=1"),
        &[],
    ));
    let mac = BASE64.encode(&sha256(b"secret number 1", crc));
    let expected = serde_json::json!({"response_token": format!("sha256={mac}")});
    assert_eq!(answer, expected);
    for text in hostile() {
        let target = format!("/?crc_token={}", encoded(&text));
        assert_eq!(ask(&source, "GET", &target, &[]), REFUSED, "{text:?}");
    }
    assert_eq!(ask(&source, "GET", "/", &[]), REFUSED);
    assert_eq!(
        ask(&source, "POST", &format!("/?crc_token={crc}"), &[]),
        None
    );
}

#[test]
fn linkedin_gets_its_code_back_with_its_mac() {
    let code = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    let target = format!("/?challengeCode={code}");
    let answer = json(ask(&source(LINKEDIN, &[1]), "GET", &target, &[]));
    let mac = HEXLOWER.encode(&sha256(b"secret number 1", code));
    let expected = serde_json::json!({"challengeCode": code, "challengeResponse": mac});
    assert_eq!(answer, expected);
}

#[test]
fn braintree_gets_what_its_own_sdk_answers() {
    // braintree/braintree_python, tests/unit/test_webhooks.py.
    let secret = Secret::new("integration_public_key:integration_private_key").unwrap();
    let source = Source::builder("braintree", BRAINTREE).add_secret(secret);
    let source = source.build().unwrap();
    let target = "/?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53";
    assert_eq!(
        text(ask(&source, "GET", target, &[])),
        "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"
    );
    for challenge in [
        "goodbye cruel world",
        "20f9f8ed05f77439fe9",
        "20f9f8ed05f77439fe955c977e4c8a53a",
        "20F9F8ED05F77439FE955C977E4C8A53",
        "20f9f8ed05f77439fe955c977e4c8a5g",
        "20f9f8ed05f77439fe955c977e4c8a53\n",
        "",
    ] {
        let target = format!("/?bt_challenge={}", encoded(challenge));
        assert_eq!(ask(&source, "GET", &target, &[]), REFUSED, "{challenge}");
    }
}

#[test]
fn the_secret_that_was_added_last_answers() {
    let source = source(X_TWITTER, &[1]);
    let answer = || {
        let answer = json(ask(&source, "GET", "/?crc_token=abc", &[]));
        answer["response_token"].as_str().unwrap().to_owned()
    };
    let with = |secret: &str| {
        format!(
            "sha256={}",
            BASE64.encode(&sha256(secret.as_bytes(), "abc"))
        )
    };
    assert_eq!(answer(), with("secret number 1"));
    let second = secret(&X_TWITTER, 2).with_label("second").unwrap();
    source.add_secret(&second).unwrap();
    assert_eq!(answer(), with("secret number 2"));
    source.remove_secret("second").unwrap();
    assert_eq!(answer(), with("secret number 1"));
}

#[test]
fn what_is_signed_for_strangers_is_no_delivery() {
    let signed = |row, target: &str| json(ask(&source(row, &[1]), "GET", target, &[]));
    // The challenge itself as the body, with the answer as its signature.
    let answer = signed(X_TWITTER, "/?crc_token=abc");
    let forged = Request::post("/")
        .header(
            "x-twitter-webhooks-signature",
            answer["response_token"].as_str().unwrap(),
        )
        .body(Bytes::from("abc"))
        .unwrap();
    assert!(verify(&source(X_TWITTER, &[1]), forged).is_err());
    // What would be needed for it is refused, whichever way it is written.
    for message in ["{}", "{\"a\":1}", "%7B%7D"] {
        let target = format!("/?crc_token={}", encoded(message));
        assert_eq!(ask(&source(X_TWITTER, &[1]), "GET", &target, &[]), REFUSED);
    }
    for message in ["hmacsha256={}", "hmacsha256="] {
        let target = format!("/?challengeCode={}", encoded(message));
        assert_eq!(ask(&source(LINKEDIN, &[1]), "GET", &target, &[]), REFUSED);
    }
    // The rows accept what they are for.
    for row in [X_TWITTER, LINKEDIN] {
        assert!(verify(&source(row, &[1]), sign(row, "{\"a\":1}")).is_ok());
    }
    let labelled = sign(BRAINTREE, body(&BRAINTREE, b"x", NOW));
    assert!(verify(&source(BRAINTREE, &[1]), labelled).is_ok());
}

/// Whether a row can be built.
fn builds(row: Provider) -> bool {
    match builder(row, &[1]).build() {
        Ok(_) => true,
        Err(ConfigError::BadRow { .. }) => false,
        Err(why) => panic!("{}: {why}", row.slug),
    }
}

#[test]
fn a_row_that_is_an_oracle_does_not_build() {
    assert!(builds(X_TWITTER) && builds(LINKEDIN) && builds(BRAINTREE));
    let scheme = |scheme| Provider {
        scheme,
        ..X_TWITTER
    };
    let token = X_TWITTER.scheme;
    for (why, oracle) in [
        (
            "any body",
            scheme(Scheme {
                opening: "",
                ..token
            }),
        ),
        (
            "an opening that may be asked for",
            scheme(Scheme {
                opening: "a",
                ..token
            }),
        ),
        (
            "another message without it",
            scheme(Scheme {
                variants: &[&[Part::Literal("v1."), Part::BodySha256]],
                ..token
            }),
        ),
        (
            "an older way without it",
            scheme(Scheme {
                older: Some(&Scheme::BASE),
                ..token
            }),
        ),
        (
            "a hash instead of an HMAC",
            scheme(Scheme {
                algorithm: Algorithm::Sha256SecretFirstForLegacyUseOnly,
                ..token
            }),
        ),
        (
            "a literal in the alphabet",
            Provider {
                scheme: Scheme {
                    message: &[Part::Literal("id."), Part::Body],
                    ..LINKEDIN.scheme
                },
                ..LINKEDIN
            },
        ),
        (
            "a form that opens as it likes",
            Provider {
                payload: Payload::FormField("payload"),
                ..X_TWITTER
            },
        ),
    ] {
        assert!(!builds(oracle), "{why}");
    }
    // A key without a name has no label.
    let nameless = Provider {
        handshake: BRAINTREE.handshake,
        ..LINKEDIN
    };
    assert!(!builds(nameless));
}

/// Whether every message of every way has a byte that no token has, said anew.
fn is_fenced(row: &Provider) -> bool {
    let is_foreign = |b: u8| !b.is_ascii_alphanumeric() && !b"-._~".contains(&b);
    let foreign = |text: &str| text.bytes().any(is_foreign);
    let ways = std::iter::successors(Some(&row.scheme), |way| way.older);
    let mut messages = ways.flat_map(|way| {
        let all = std::iter::once(way.message).chain(way.variants.iter().copied());
        all.map(move |message| (way, message))
    });
    messages.all(|(way, message)| {
        let body = match row.payload {
            Payload::Body => message
                .iter()
                .any(|p| matches!(p, Part::Body | Part::Payload)),
            _ => message.iter().any(|p| matches!(p, Part::Payload)),
        };
        let literals = message.iter().filter_map(|part| match part {
            Part::Literal(text) => Some(*text),
            _ => None,
        });
        literals.into_iter().any(foreign) || (body && foreign(way.opening))
    })
}

#[test]
fn a_row_takes_on_a_computed_handshake_only_if_its_messages_are_fenced() {
    let handshake = provider::ZOOM.handshake;
    let mut fenced = Vec::new();
    for row in provider::ALL {
        let builds = builds(Provider { handshake, ..*row });
        let hmac = format!("{:?}", row.scheme.algorithm).starts_with("Hmac");
        assert_eq!(builds, hmac && is_fenced(row), "{}", row.slug);
        fenced.extend(builds.then_some(row.slug));
    }
    // A colon does it, a full stop does not.
    for slug in ["paddle", "slack", "zoom"] {
        assert!(fenced.contains(&slug), "{slug}");
    }
    assert!(!fenced.contains(&"stripe") && !fenced.contains(&"github"));
}
