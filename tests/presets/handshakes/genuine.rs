//! Handshakes that are deliveries: signed like any other, and answered instead of stored.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hookgate::{
    RejectionKind,
    provider::{self, FRONT, Provider, Reply, SLACK, TWITCH_EVENTSUB, ZOOM},
    testing::Signer,
};
use http::{HeaderValue, Request};

use super::{hostile, hostile_json};
use crate::support::{NOW, secret, sign, source, verify};

/// The answer to a genuine delivery with these headers besides.
fn answer_with(row: Provider, text: &str, headers: &[(&'static str, &str)]) -> Option<Reply> {
    let source = source(row, &[2, 1]);
    let mut request = sign(row, text.to_owned());
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().append(*name, value);
    }
    let (parts, body) = request.into_parts();
    let event = source.verify(&parts, body, NOW).unwrap();
    source.answer_event(&parts, &event)
}

fn answer(row: Provider, text: &str) -> Option<Reply> {
    answer_with(row, text, &[])
}

fn slack(challenge: &str) -> String {
    format!(r#"{{"token":"old","challenge":{challenge},"type":"url_verification"}}"#)
}

fn zoom(token: &str) -> String {
    format!(
        r#"{{"event":"endpoint.url_validation","event_ts":1,"payload":{{"plainToken":{token}}}}}"#
    )
}

#[test]
fn slack_gets_its_challenge_back_as_plain_text() {
    let reply = answer(
        SLACK,
        &slack("\"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P\""),
    );
    let response = reply.unwrap().into_response::<Bytes>();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(
        *response.body(),
        "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
    );
    let longest = "a".repeat(256);
    let reply = answer(SLACK, &slack(&format!("\"{longest}\"")));
    assert_eq!(reply.unwrap().body, longest);
}

#[test]
fn slack_gets_nothing_else_back() {
    for challenge in hostile_json() {
        assert_eq!(answer(SLACK, &slack(&challenge)), None, "{challenge}");
    }
    for challenge in ["a b", "a/b", "a+b", "a=", "v0:1790000000:{}"] {
        let challenge = format!("{challenge:?}");
        assert_eq!(answer(SLACK, &slack(&challenge)), None, "{challenge}");
    }
    for text in [
        r#"{"type":"event_callback","challenge":"abc"}"#,
        r#"{"type":"URL_VERIFICATION","challenge":"abc"}"#,
        r#"{"challenge":"abc"}"#,
        r#"{"type":"url_verification","challenge":"abc","challenge":"def"}"#,
        r#"{"type":"url_verification","type":"x","challenge":"abc"}"#,
        "type=url_verification&challenge=abc",
    ] {
        assert_eq!(answer(SLACK, text), None, "{text}");
    }
}

#[test]
fn an_unsigned_handshake_is_refused_like_any_other_delivery() {
    for (row, text) in [(SLACK, slack("\"abc\"")), (ZOOM, zoom("\"abc\""))] {
        let mut request = sign(row, text.clone());
        request
            .headers_mut()
            .remove(crate::support::signature_header(&row, "").unwrap());
        let source = source(row, &[1]);
        let (parts, body) = request.into_parts();
        assert_eq!(source.answer(&parts), None);
        assert_eq!(source.answer_body(&parts, &body), None);
        let found = source.verify(&parts, body, NOW).map(|_| ());
        assert_eq!(found, Err(RejectionKind::MissingSignature.into()));
        let forged = Signer::new(row, &secret(&row, 9)).unwrap().sign(text, NOW);
        let found = verify(&source, forged).map(|_| ());
        assert_eq!(found, Err(RejectionKind::BadSignature));
    }
}

#[test]
fn zoom_gets_its_token_signed_with_the_secret_that_signed_the_request() {
    let reply = answer(ZOOM, &zoom("\"qgg8vlvZRS6UYooatFL8Aw\"")).unwrap();
    assert_eq!(reply.headers["content-type"], "application/json");
    let reply: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply["plainToken"], "qgg8vlvZRS6UYooatFL8Aw");
    // HMAC-SHA256 of the token with `secret number 1`, by the bare preset.
    let bare = Signer::new(provider::X_SIGNATURE, &secret(&ZOOM, 1)).unwrap();
    let signed = bare.sign("qgg8vlvZRS6UYooatFL8Aw", NOW);
    assert_eq!(
        reply["encryptedToken"],
        signed.headers()["x-signature"].to_str().unwrap()
    );
}

#[test]
fn zoom_signs_nothing_that_could_be_a_delivery() {
    for token in hostile_json() {
        assert_eq!(answer(ZOOM, &zoom(&token)), None, "{token}");
    }
    // Every message that the row accepts starts so, and no token contains a colon.
    let message = "v0:1790000000:{}";
    assert_eq!(answer(ZOOM, &zoom(&format!("{message:?}"))), None);
    // A token that is signed proves nothing as a delivery, whatever the time and the body are.
    let reply = answer(ZOOM, &zoom("\"v01790000000\"")).unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let tag = reply["encryptedToken"].as_str().unwrap();
    assert!(HEXLOWER.decode(tag.as_bytes()).is_ok());
    for (time, body) in [
        ("1790000000", ""),
        ("1790000000", "v01790000000"),
        ("", "v01790000000"),
    ] {
        let request = Request::post("/")
            .header("x-zm-signature", format!("v0={tag}"))
            .header("x-zm-request-timestamp", time)
            .body(Bytes::from(body))
            .unwrap();
        assert!(verify(&source(ZOOM, &[1]), request).is_err());
    }
}

#[test]
fn twitch_says_in_a_header_that_a_delivery_is_a_handshake() {
    let body = r#"{"challenge":"pogchamp-kappa-360noscope-vohiyo"}"#;
    let kind = "twitch-eventsub-message-type";
    let ask = |value| answer_with(TWITCH_EVENTSUB, body, &[(kind, value)]);
    let verification = "webhook_callback_verification";
    let reply = ask(verification).unwrap();
    assert_eq!(reply.body, "pogchamp-kappa-360noscope-vohiyo");
    assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
    for other in [
        "notification",
        "revocation",
        "",
        "Webhook_callback_verification",
    ] {
        assert_eq!(ask(other), None, "{other}");
    }
    assert_eq!(answer(TWITCH_EVENTSUB, body), None);
    let twice = [(kind, verification); 2];
    assert_eq!(answer_with(TWITCH_EVENTSUB, body, &twice), None);
    let verification = [(kind, verification)];
    assert_eq!(answer_with(TWITCH_EVENTSUB, "{}", &verification), None);
}

#[test]
fn front_gets_a_header_of_a_genuine_delivery_back() {
    let ask = |body: &str, value: &str| answer_with(FRONT, body, &[("x-front-challenge", value)]);
    let sync = r#"{"type":"sync"}"#;
    assert_eq!(ask(sync, "abc-123").unwrap().body, "abc-123");
    assert_eq!(ask(r#"{"type":"inbound"}"#, "abc-123"), None);
    assert_eq!(answer(FRONT, sync), None);
    let twice = [("x-front-challenge", "a"), ("x-front-challenge", "a")];
    assert_eq!(answer_with(FRONT, sync, &twice), None);
    for text in hostile() {
        if HeaderValue::from_bytes(text.as_bytes()).is_ok() {
            assert_eq!(ask(sync, &text), None, "{text:?}");
        }
    }
    // Nobody gets it repeated without a signature.
    let source = source(FRONT, &[1]);
    let headers = [("x-front-challenge", "abc-123")];
    assert_eq!(super::ask(&source, "POST", "/", &headers), None);
}
