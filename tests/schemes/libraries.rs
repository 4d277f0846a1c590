//! What libraries of the senders' own insist on, as `tests/interop` found.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hookgate::provider::{FINIX, LIVEKIT, MESSAGEBIRD_JWT, STRIPE, WORKOS};
use serde_json::{Value, json};

use crate::support::{NOW, signer, source, verify, verify_at};

#[test]
fn a_space_stands_between_two_pairs_where_the_sender_writes_one() {
    for (row, header, pair) in [
        (WORKOS, "workos-signature", ", v1="),
        (FINIX, "finix-signature", ", sig="),
        (STRIPE, "stripe-signature", ",v1="),
    ] {
        let mut request = signer(row).sign("{}", NOW);
        let value = request.headers()[header].to_str().unwrap().to_owned();
        assert!(value.contains(pair), "{value}");
        verify(&source(row, &[1]), request.clone()).unwrap();
        // Either is read.
        let other = match pair.strip_prefix(", ") {
            Some(_) => value.replace(", ", ","),
            None => value.replace(',', ", "),
        };
        request.headers_mut().insert(header, other.parse().unwrap());
        verify(&source(row, &[1]), request).unwrap();
    }
}

#[test]
fn a_token_says_what_it_is_told_to_and_lives_that_long() {
    let life = Duration::from_secs(60);
    for (row, header, tolerance) in [
        (LIVEKIT, "authorization", 60),
        (MESSAGEBIRD_JWT, "messagebird-signature-jwt", 5),
    ] {
        let signer = signer(row)
            .with_life(60)
            .with_claim("jti", "one")
            .with_claim("nbf", "not to be replaced");
        let request = signer.sign("{}", NOW);
        let token = request.headers()[header].to_str().unwrap();
        let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes());
        let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
        assert_eq!(claims["jti"], json!("one"));
        assert_eq!(claims["nbf"], json!(NOW.as_secs()));
        assert_eq!(claims["exp"], json!(NOW.as_secs() + 60));
        let source = source(row, &[1]);
        let last = NOW.saturating_add(life + Duration::from_secs(tolerance));
        verify_at(&source, request.clone(), last).unwrap();
        let later = last.saturating_add(Duration::from_secs(1));
        verify_at(&source, request, later).unwrap_err();
    }
}
