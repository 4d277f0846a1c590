//! Handshakes, honest ones and those that fish for an echo or a signature.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hookgate::{
    ConfigError, RejectionKind, Secret, Source,
    provider::{self, Handshake, META, Provider, SLACK, ZOOM},
    scheme::Part,
    source::HandshakeReply,
    testing::Signer,
};
use http::Request;

use crate::support::{NOW, parts, secret, sign, source, verify};

fn answer(row: Provider, text: &str) -> Option<HandshakeReply> {
    let source = source(row, &[2, 1]);
    let event = verify(&source, sign(row, text.to_owned())).unwrap();
    source.answer_event(&event)
}

fn slack(challenge: &str) -> String {
    format!(r#"{{"token":"old","challenge":{challenge},"type":"url_verification"}}"#)
}

fn zoom(token: &str) -> String {
    format!(
        r#"{{"event":"endpoint.url_validation","event_ts":1,"payload":{{"plainToken":{token}}}}}"#
    )
}

/// What no handshake repeats, as JSON values.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "<script>alert(1)</script>",
        "a b",
        "a\\nb",
        "a\\\"b",
        "a\\u0000",
        "caf\u{e9}",
        "v0:1790000000:{}",
        "a=b&c",
        "a/b",
        "a+b",
    ]
    .map(|text| format!("\"{text}\""))
    .into();
    texts.extend([
        format!("\"{}\"", "a".repeat(257)),
        "null".into(),
        "{}".into(),
        "[\"a\"]".into(),
    ]);
    texts
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
    assert_eq!(
        answer(SLACK, &slack(&format!("\"{longest}\"")))
            .unwrap()
            .body,
        longest
    );
}

#[test]
fn slack_gets_nothing_else_back() {
    for challenge in hostile() {
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
        let found = verify(&source(row, &[1]), request).map(|_| ());
        assert_eq!(found, Err(RejectionKind::MissingSignature));
        let forged = Signer::new(row, &secret(&row, 9)).unwrap().sign(text, NOW);
        let found = verify(&source(row, &[1]), forged).map(|_| ());
        assert_eq!(found, Err(RejectionKind::BadSignature));
    }
}

#[test]
fn zoom_gets_its_token_signed_with_the_secret_that_signed_the_request() {
    let reply = answer(ZOOM, &zoom("\"qgg8vlvZRS6UYooatFL8Aw\"")).unwrap();
    assert_eq!(reply.content_type, "application/json");
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
    for token in hostile() {
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
fn a_row_whose_handshake_would_sign_deliveries_does_not_build() {
    let handshake = ZOOM.handshake;
    for row in provider::ALL {
        let oracle = Provider { handshake, ..*row };
        let build = crate::support::builder(oracle, &[1]).build().map(|_| ());
        // A colon fences messages off from every token; a full stop does not.
        let outside = |c: char| !(c.is_ascii_alphanumeric() || "-._~".contains(c));
        let fenced = row.scheme.message.iter().any(|part| match part {
            Part::Literal(text) => text.contains(outside),
            _ => false,
        });
        if fenced {
            assert_eq!(build, Ok(()));
        } else {
            let refused = matches!(build, Err(ConfigError::BadRow { .. }));
            assert!(refused, "{}: {build:?}", row.slug);
        }
    }
}

fn meta() -> Source {
    let token = Secret::new("we chose this").unwrap();
    crate::support::builder(META, &[1])
        .with_verify_token(token)
        .build()
        .unwrap()
}

fn ask(source: &Source, method: &str, query: &str) -> Result<Bytes, RejectionKind> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/in?{query}"))
        .body(())
        .unwrap();
    let reply = source.answer_get(&parts(request));
    reply.map(|reply| reply.body).map_err(|why| why.kind())
}

#[test]
fn meta_gets_its_challenge_back_for_our_verify_token() {
    let good = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=we%20chose+this";
    assert_eq!(ask(&meta(), "GET", good), Ok("1158201444".into()));
    let other_order = "hub.verify_token=we+chose+this&hub.challenge=a-b._~&hub.mode=subscribe&x=1";
    assert_eq!(ask(&meta(), "GET", other_order), Ok("a-b._~".into()));
}

#[test]
fn meta_gets_nothing_back_for_anything_else() {
    let query = |token: &str, challenge: &str| {
        format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}")
    };
    let ours = "we+chose+this";
    for bad in [
        query("", "1"),
        query("we+chose", "1"),
        query("we+chose+this+", "1"),
        query("WE+CHOSE+THIS", "1"),
        query("we%00chose+this", "1"),
        query(ours, ""),
        query(ours, "%3Cscript%3E"),
        query(ours, "a%0d%0aSet-Cookie:x"),
        query(ours, "%ff"),
        query(ours, &"1".repeat(257)),
        query(ours, "1") + "&hub.challenge=1",
        query(ours, "1") + "&hub.verify_token=we+chose+this",
        query(ours, "1") + "&hub.mode=subscribe",
        query(ours, "1").replace("subscribe", "Subscribe"),
        query(ours, "1").replace("hub.", "hub_"),
        String::new(),
    ] {
        assert_eq!(
            ask(&meta(), "GET", &bad),
            Err(RejectionKind::Handshake),
            "{bad}"
        );
    }
    for method in ["POST", "HEAD", "PUT", "get"] {
        let found = ask(&meta(), method, &query(ours, "1"));
        assert_eq!(found, Err(RejectionKind::Method), "{method}");
    }
}

#[test]
fn without_a_verify_token_or_a_handshake_a_get_gets_nothing() {
    let query = "hub.mode=subscribe&hub.verify_token=&hub.challenge=1";
    let tokenless = source(META, &[1]);
    assert_eq!(ask(&tokenless, "GET", query), Err(RejectionKind::Handshake));
    for row in provider::ALL {
        if !matches!(row.handshake, Handshake::GetEcho { .. }) {
            let found = ask(&source(*row, &[1]), "GET", query);
            assert_eq!(found, Err(RejectionKind::Method), "{}", row.slug);
        }
    }
}
