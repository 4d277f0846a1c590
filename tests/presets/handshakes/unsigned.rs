//! Handshakes that anybody may send: what is repeated, to whom, and what is not.

use hookgate::{
    RejectionKind, Secret, Source,
    event::Covers,
    provider::{
        self, Answer, Asked, Challenge, GITHUB, Handshake, META, MONDAY, Provider, VERCEL_DRAINS,
        WEBSUB,
    },
};

use super::{REFUSED, ask, encoded, hostile, hostile_json, json, request, text};
use crate::support::{NOW, builder, parts, sign, source};

fn echo(asked: Asked, challenge: Challenge, answer: Answer) -> Provider {
    Provider {
        handshake: Handshake::Challenge {
            asked,
            must: &[],
            challenge,
            answer,
        },
        ..GITHUB
    }
}

fn meta() -> Source {
    let token = Secret::new("we chose this").unwrap();
    let builder = builder(META, &[1]).with_verify_token(token);
    builder.build().unwrap()
}

#[test]
fn meta_gets_its_challenge_back_for_our_verify_token() {
    let ask = |query: &str| text(ask(&meta(), "GET", &format!("/in?{query}"), &[]));
    let good = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=we%20chose+this";
    assert_eq!(ask(good), "1158201444");
    let other_order = "hub.verify_token=we+chose+this&hub.challenge=a-b._~&hub.mode=subscribe&x=1";
    assert_eq!(ask(other_order), "a-b._~");
}

#[test]
fn meta_gets_nothing_back_for_anything_else() {
    let query = |token: &str, challenge: &str| {
        format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}")
    };
    let ours = "we+chose+this";
    let mut bad = vec![
        query("", "1"),
        query("we+chose", "1"),
        query("we+chose+this+", "1"),
        query("WE+CHOSE+THIS", "1"),
        query("we%00chose+this", "1"),
        query(ours, "%ff"),
        query(ours, "1") + "&hub.challenge=1",
        query(ours, "1") + "&hub.verify_token=we+chose+this",
        query(ours, "1") + "&hub.mode=subscribe",
        query(ours, "1").replace("subscribe", "Subscribe"),
        query(ours, "1").replace("hub.", "hub_"),
        String::new(),
    ];
    bad.extend(hostile().iter().map(|text| query(ours, &encoded(text))));
    for bad in bad {
        let found = ask(&meta(), "GET", &format!("/in?{bad}"), &[]);
        assert_eq!(found, REFUSED, "{bad}");
    }
    // Any other method is no handshake; as a delivery it has no signature.
    for method in ["POST", "HEAD", "PUT", "get"] {
        let good = format!("/in?{}", query(ours, "1"));
        assert_eq!(ask(&meta(), method, &good, &[]), None, "{method}");
    }
}

#[test]
fn without_a_verify_token_or_a_handshake_a_get_gets_nothing() {
    let target = "/?hub.mode=subscribe&hub.verify_token=&hub.challenge=1";
    assert_eq!(ask(&source(META, &[1]), "GET", target, &[]), REFUSED);
    for row in provider::ALL {
        let mut methods = row.endpoint_methods();
        let signs = row.scheme.covers() != Covers::Nothing;
        if signs && !methods.any(|method| *method == http::Method::GET) {
            let source = source(*row, &[1]);
            assert_eq!(ask(&source, "GET", target, &[]), None, "{}", row.slug);
            let head = parts(request("GET", target, &[]));
            let found = source.verify(&head, "", NOW).map(|_| ());
            assert_eq!(found, Err(RejectionKind::Method.into()), "{}", row.slug);
        }
    }
}

#[test]
fn dropbox_gets_its_challenge_back_without_a_token() {
    let source = source(provider::DROPBOX, &[1]);
    assert_eq!(text(ask(&source, "GET", "/?challenge=C-1", &[])), "C-1");
    for target in [
        "/",
        "/?challenge=",
        "/?challenge=a&challenge=a",
        "/?Challenge=a",
    ] {
        assert_eq!(ask(&source, "GET", target, &[]), REFUSED, "{target}");
    }
    for text in hostile() {
        let target = format!("/?challenge={}", encoded(&text));
        assert_eq!(ask(&source, "GET", &target, &[]), REFUSED, "{text:?}");
    }
}

#[test]
fn websub_is_answered_for_the_topics_that_were_configured() {
    let topic = "https://feeds.example/a?b=c";
    let builder = builder(WEBSUB, &[1])
        .add_handshake_value("https://feeds.example/other")
        .add_handshake_value(topic);
    let source = builder.build().unwrap();
    let target = |mode: &str, topic: &str, challenge: &str| {
        let (topic, challenge) = (encoded(topic), encoded(challenge));
        format!("/?hub.mode={mode}&hub.topic={topic}&hub.challenge={challenge}&hub.lease_seconds=9")
    };
    let good = target("subscribe", topic, "aGk+/w==");
    assert_eq!(text(ask(&source, "GET", &good, &[])), "aGk+/w==");
    for bad in [
        target("unsubscribe", topic, "a"),
        target("denied", topic, "a"),
        target("subscribe", "https://feeds.example/A?b=c", "a"),
        target("subscribe", "https://feeds.example/a", "a"),
        target("subscribe", "", "a"),
        target("subscribe", topic, "a b"),
        target("subscribe", topic, "a").replace("hub.topic", "topic"),
        target("subscribe", topic, "a") + "&hub.topic=https://feeds.example/other",
    ] {
        assert_eq!(ask(&source, "GET", &bad, &[]), REFUSED, "{bad}");
    }
    let none = crate::support::source(WEBSUB, &[1]);
    assert_eq!(ask(&none, "GET", &good, &[]), REFUSED);
    // A hub takes it as a refusal.
    let status = WEBSUB.replies.refusal(RejectionKind::Handshake);
    assert_eq!(status, 404);
    let empty = crate::support::builder(WEBSUB, &[1]).add_handshake_value("");
    assert!(empty.build().is_err());
}

#[test]
fn okta_gets_its_header_back_in_json() {
    let source = source(provider::OKTA_EVENT_HOOKS, &[1]);
    let header = "x-okta-verification-challenge";
    let asked = |value| ask(&source, "GET", "/", &[(header, value)]);
    assert_eq!(
        json(asked("Y3Jh+w==")),
        serde_json::json!({"verification": "Y3Jh+w=="})
    );
    assert_eq!(ask(&source, "GET", "/", &[]), REFUSED);
    let twice = [(header, "a"), (header, "a")];
    assert_eq!(ask(&source, "GET", "/", &twice), REFUSED);
    for text in ["", "a b", "a\"b", "a\\b", "{}", "caf\u{e9}", "a,b"] {
        assert_eq!(asked(text), REFUSED, "{text:?}");
    }
}

#[test]
fn graph_gets_the_sentence_of_its_query_back() {
    let source = source(provider::MICROSOFT_GRAPH, &[1]);
    let sentence = "Validation: Testing client application reachability Request-Id: 522a8e7e-096a";
    let target = format!("/?validationToken={}", encoded(sentence));
    assert_eq!(text(ask(&source, "POST", &target, &[])), sentence);
    // A delivery has none, and a hostile one is not taken for a delivery either.
    assert_eq!(ask(&source, "POST", "/", &[]), None);
    assert_eq!(ask(&source, "GET", &target, &[]), None);
    for text in hostile() {
        let target = format!("/?validationToken={}", encoded(&text));
        assert_eq!(ask(&source, "POST", &target, &[]), REFUSED, "{text:?}");
    }
}

#[test]
fn a_delivery_with_a_signature_is_no_unsigned_handshake() {
    let challenge = Challenge::query("validationToken");
    let source = source(echo(Asked::Unsigned, challenge, Answer::Text), &[1]);
    let target = "/?validationToken=abc";
    assert_eq!(text(ask(&source, "POST", target, &[])), "abc");
    for header in ["sha256=00", "x", ""] {
        let headers = [("x-hub-signature-256", header)];
        assert_eq!(ask(&source, "POST", target, &headers), None, "{header}");
    }
}

#[test]
fn monday_gets_the_challenge_of_its_body_back() {
    let source = source(MONDAY, &[1]);
    let post = parts(request("POST", "/", &[]));
    let asked = |body: &str| {
        let answer = source.answer_body(&post, body.as_bytes())?;
        Some(answer.map_err(|why| why.kind()))
    };
    let body = r#"{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#;
    let same: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(json(asked(body)), same);
    for challenge in hostile_json() {
        let body = format!(r#"{{"challenge":{challenge}}}"#);
        assert_eq!(asked(&body), None, "{challenge}");
    }
    for body in [
        "",
        "{}",
        "[]",
        "challenge=abc",
        r#"{"event":{"challenge":"abc"}}"#,
        r#"{"challenge":"abc","challenge":"def"}"#,
        r#"{"challenge":"abc""#,
    ] {
        assert_eq!(asked(body), None, "{body}");
    }
    let long = format!(r#"{{"challenge":"abc","x":"{}"}}"#, "x".repeat(4_096));
    assert_eq!(asked(&long), None, "no handshake is that long");
    // With a signature it is a delivery, whatever it is worth.
    for (method, headers) in [
        ("POST", &[("authorization", "a.b.c")] as &[_]),
        ("GET", &[]),
        ("PUT", &[]),
    ] {
        let head = parts(request(method, "/", headers));
        assert_eq!(source.answer_body(&head, body.as_bytes()), None, "{method}");
    }
    // A genuine one is answered as well.
    let (parts, body) = sign(MONDAY, body).into_parts();
    let event = source.verify(&parts, body, NOW).unwrap();
    let reply = source.answer_event(&parts, &event);
    assert_eq!(json(reply.map(Ok)), same);
    let (parts, body) = sign(MONDAY, r#"{"event":{}}"#).into_parts();
    let event = source.verify(&parts, body, NOW).unwrap();
    assert_eq!(source.answer_event(&parts, &event), None);
}

#[test]
fn a_token_in_the_query_goes_with_any_handshake() {
    let row = Provider {
        handshake: MONDAY.handshake,
        ..provider::TOKEN_IN_QUERY
    };
    let challenge = r#"{"challenge":"abc"}"#;
    let source = source(row, &[1]);
    let (head, body) = sign(row, challenge).into_parts();
    assert_eq!(source.answer_body(&head, &body), None, "it has a token");
    let event = source.verify(&head, body, NOW).unwrap();
    let reply = source.answer_event(&head, &event);
    assert_eq!(json(reply.map(Ok)), serde_json::json!({"challenge": "abc"}));
    let head = parts(request("POST", "/", &[]));
    let reply = source.answer_body(&head, challenge.as_bytes()).unwrap();
    assert_eq!(
        json(Some(Ok(reply.unwrap()))),
        serde_json::json!({"challenge": "abc"})
    );
}

#[test]
fn woocommerce_pings_with_one_field_of_a_form() {
    let source = source(provider::WOOCOMMERCE, &[1]);
    let post = parts(request("POST", "/", &[]));
    let asked = |body: &str| source.answer_body(&post, body.as_bytes());
    let reply = asked("webhook_id=42").unwrap().unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0));
    // Whatever says more may be an event, and is not lost behind a 200.
    for body in [
        "",
        "webhook_id=",
        "webhook_id=42&id=1",
        "webhook_id=1&webhook_id=1",
        "webhook_id=a+b",
        "id=42",
        "{\"webhook_id\":42}",
    ] {
        assert_eq!(asked(body), None, "{body}");
    }
}

#[test]
fn head_is_answered_where_the_sender_probes_with_it() {
    for row in [provider::TRELLO, provider::MANDRILL, provider::INTERCOM] {
        let source = source(row, &[1]);
        let reply = ask(&source, "HEAD", "/?x=%3C", &[]).unwrap().unwrap();
        assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0));
        for method in ["GET", "POST", "OPTIONS", "head"] {
            assert_eq!(ask(&source, method, "/", &[]), None, "{method}");
        }
    }
    assert_eq!(ask(&source(GITHUB, &[1]), "HEAD", "/", &[]), None);
}

#[test]
fn cloudevents_are_consented_to_from_origins_that_were_configured() {
    let row = provider::CLOUDEVENTS_HTTP_WEBHOOK;
    let known = builder(row, &[1]).add_handshake_value("eventemitter.example.com");
    let known = known.build().unwrap();
    let asked = |source: &Source, origin| {
        let headers = [
            ("webhook-request-origin", origin),
            ("webhook-request-rate", "120"),
        ];
        ask(source, "OPTIONS", "/", &headers)
    };
    for origin in ["eventemitter.example.com", "EventEmitter.example.com"] {
        let reply = asked(&known, origin).unwrap().unwrap();
        assert_eq!(reply.status, 200);
        assert!(reply.body.is_empty());
        let headers = &reply.headers;
        assert_eq!(
            headers["webhook-allowed-origin"],
            "eventemitter.example.com"
        );
        assert_eq!(headers["webhook-allowed-rate"], "*");
        assert_eq!(headers["allow"], "POST, OPTIONS");
    }
    for origin in [
        "",
        "*",
        "example.com",
        "eventemitter.example.com.evil.example",
    ] {
        assert_eq!(asked(&known, origin), REFUSED, "{origin}");
    }
    assert_eq!(ask(&known, "OPTIONS", "/", &[]), REFUSED);
    let twice = [("webhook-request-origin", "eventemitter.example.com"); 2];
    assert_eq!(ask(&known, "OPTIONS", "/", &twice), REFUSED);
    let unknown = source(row, &[1]);
    assert_eq!(asked(&unknown, "eventemitter.example.com"), REFUSED);
    assert_eq!(ask(&known, "POST", "/", &twice), None);
}

#[test]
fn rows_say_which_methods_their_endpoint_answers() {
    for (row, expected) in [
        (GITHUB, "POST"),
        (META, "POST GET"),
        (provider::TRELLO, "POST HEAD"),
        (provider::CLOUDEVENTS_HTTP_WEBHOOK, "POST OPTIONS"),
        (provider::SLACK, "POST"),
        (provider::MONDAY, "POST"),
        (provider::ASANA, "POST"),
    ] {
        let methods = row.endpoint_methods().map(http::Method::as_str);
        let methods = methods.collect::<Vec<_>>().join(" ");
        assert_eq!(methods, expected, "{}", row.slug);
    }
}

#[test]
fn vercel_sees_the_token_once_in_the_answer_to_a_delivery_without_a_signature() {
    let token = || Secret::new("84e391d43aa038d3").unwrap();
    let shown = builder(VERCEL_DRAINS, &[1])
        .with_verify_token(token())
        .build()
        .unwrap();
    let signed = [("x-vercel-signature", "00")];
    assert_eq!(ask(&shown, "POST", "/", &signed), None);
    assert_eq!(ask(&shown, "GET", "/", &[]), None);
    let reply = ask(&shown, "POST", "/", &[]).unwrap().unwrap();
    assert_eq!(reply.headers["x-vercel-verify"], "84e391d43aa038d3");
    assert!(!format!("{reply:?}").contains("84e391"), "{reply:?}");
    assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0));
    // What comes next without a signature would be lost behind a 200.
    assert_eq!(ask(&shown, "POST", "/", &[]), None);
    let head = parts(request("POST", "/", &[]));
    let found = shown.verify(&head, "[]", NOW).map(|_| ());
    assert_eq!(found, Err(RejectionKind::MissingSignature.into()));
    shown.open_handshake().unwrap();
    assert!(ask(&shown, "POST", "/", &[]).is_some());

    assert_eq!(
        ask(&source(VERCEL_DRAINS, &[1]), "POST", "/", &[]),
        None,
        "no token"
    );
    let late = builder(VERCEL_DRAINS, &[1])
        .with_verify_token(token())
        .with_handshake_window(std::time::Duration::ZERO);
    assert_eq!(ask(&late.build().unwrap(), "POST", "/", &[]), None);
    let line = Secret::new("a\nb").unwrap();
    assert!(
        builder(VERCEL_DRAINS, &[1])
            .with_verify_token(line)
            .build()
            .is_err()
    );
    assert!(source(GITHUB, &[1]).open_handshake().is_err());
}
