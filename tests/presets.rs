//! What each preset does beyond its signature: ids, types, handshakes, families, limits. And what
//! hostile requests get.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test fails by panicking.

#[path = "presets/custom.rs"]
mod custom;
#[path = "presets/families.rs"]
mod families;
#[path = "presets/handshakes/mod.rs"]
mod handshakes;
#[path = "presets/hostile.rs"]
mod hostile;
#[path = "presets/limits.rs"]
mod limits;
#[path = "presets/messages.rs"]
mod messages;
#[path = "presets/money.rs"]
mod money;
#[path = "presets/services.rs"]
mod services;
mod support;
#[path = "presets/unsigned.rs"]
mod unsigned;

use hookgate::{
    Event, RejectionKind,
    event::Provenance,
    provider::{
        self, GITHUB, GITLAB, LINEAR, Provider, SHOPIFY, STANDARD_WEBHOOKS, STRIPE, SVIX, T_V1,
        X_SIGNATURE,
    },
};
use http::{HeaderName, HeaderValue};

use crate::support::{NOW, body, sign, source, takes_any_bytes, verify};

/// The event of a body that the preset signed, with more headers that nobody signed.
fn event(row: Provider, body: &str, headers: &[(&str, &str)]) -> Event {
    let mut request = sign(row, body.to_owned());
    let flat = row.envelope.id.iter().flat_map(|field| match field {
        provider::Field::Joined(fields) => fields,
        field => std::slice::from_ref(field),
    });
    for envelope in flat.chain(row.envelope.kind) {
        if let provider::Field::Header(header) = envelope {
            // The signer fills these in; here the test says what is there.
            let family = row.families.first().copied().unwrap_or_default();
            if !signed(&row, &header.name_in(family)) {
                request.headers_mut().remove(header.name_in(family));
            }
        }
    }
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request
            .headers_mut()
            .append(HeaderName::try_from(*name).unwrap(), value);
    }
    verify(&source(row, &[1]), request).unwrap()
}

fn signed(row: &Provider, name: &str) -> bool {
    let family = row.families.first().copied().unwrap_or_default();
    row.scheme.message.iter().any(|part| match part {
        hookgate::scheme::Part::Header(header) => header.name_in(family) == name,
        _ => false,
    })
}

fn id(event: &Event) -> Option<(&str, Provenance)> {
    event.id().map(|id| (id.value.as_str(), id.provenance))
}

fn kind(event: &Event) -> Option<(&str, Provenance)> {
    event
        .event_type()
        .map(|kind| (kind.value.as_str(), kind.provenance))
}

#[test]
fn ids_say_whether_the_signature_covers_them() {
    use Provenance::{Signed, Unsigned};
    let standard = (Some(("evt_test", Signed)), &[] as &[_]);
    for (row, text, (expected, headers)) in [
        (
            STRIPE,
            r#"{"id":"evt_1"}"#,
            (Some(("evt_1", Signed)), &[] as &[_]),
        ),
        (
            provider::PADDLE,
            r#"{"event_id":"evt_2"}"#,
            (Some(("evt_2", Signed)), &[]),
        ),
        (
            provider::SQUARE,
            r#"{"event_id":"3"}"#,
            (Some(("3", Signed)), &[]),
        ),
        (
            provider::SLACK,
            r#"{"event_id":"Ev4"}"#,
            (Some(("Ev4", Signed)), &[]),
        ),
        (STANDARD_WEBHOOKS, "{}", standard),
        (SVIX, "{}", standard),
        (GITLAB, "{}", standard),
        (
            GITHUB,
            "{}",
            (Some(("5", Unsigned)), &[("x-github-delivery", "5")]),
        ),
        (
            SHOPIFY,
            "{}",
            (Some(("6", Unsigned)), &[("x-shopify-webhook-id", "6")]),
        ),
        (
            X_SIGNATURE,
            "{}",
            (Some(("7", Unsigned)), &[("x-event-id", "7")]),
        ),
        (provider::ZOOM, r#"{"id":"no"}"#, (None, &[])),
        (provider::META, r#"{"id":"no"}"#, (None, &[])),
        (GITHUB, r#"{"id":"no"}"#, (None, &[])),
    ] {
        let event = event(row, text, headers);
        assert_eq!(id(&event), expected, "{}", row.slug);
    }
    let linear = sign(LINEAR, body(&LINEAR, b"", NOW));
    let linear = verify(&source(LINEAR, &[1]), linear).unwrap();
    assert_eq!(id(&linear), Some(("evt_test", Unsigned)));
}

#[test]
fn the_type_of_github_is_the_event_with_its_action() {
    let kinds = |text, name: Option<&str>| {
        let headers: Vec<_> = name
            .map(|name| ("x-github-event", name))
            .into_iter()
            .collect();
        kind(&event(GITHUB, text, &headers)).map(|(kind, provenance)| {
            assert_eq!(
                provenance,
                Provenance::Unsigned,
                "the header is the weaker part"
            );
            kind.to_owned()
        })
    };
    let opened = r#"{"action":"opened"}"#;
    assert_eq!(
        kinds(opened, Some("pull_request")).as_deref(),
        Some("pull_request.opened")
    );
    assert_eq!(kinds("{}", Some("push")).as_deref(), Some("push"));
    assert_eq!(kinds(r#"{"action":7}"#, Some("x")).as_deref(), Some("x.7"));
    assert_eq!(kinds(r#"{"action":null}"#, Some("x")).as_deref(), Some("x"));
    assert_eq!(
        kinds(r#"{"action":"a","action":"b"}"#, Some("x")).as_deref(),
        Some("x")
    );
    assert_eq!(
        kinds("payload=%7B%22action%22", Some("push")).as_deref(),
        Some("push")
    );
    assert_eq!(kinds(opened, None), None);
    assert_eq!(kinds(opened, Some("")), None);
}

#[test]
fn types_and_versions_are_where_the_rows_say() {
    use Provenance::Signed;
    let stripe = event(
        STRIPE,
        r#"{"type":"invoice.paid","api_version":"2026-08-01"}"#,
        &[],
    );
    assert_eq!(kind(&stripe), Some(("invoice.paid", Signed)));
    assert_eq!(stripe.version().unwrap().value, "2026-08-01");
    let slack = r#"{"type":"event_callback","event":{"type":"app_mention"},"event_time":1}"#;
    let slack = event(provider::SLACK, slack, &[]);
    assert_eq!(kind(&slack), Some(("app_mention", Signed)));
    assert_eq!(slack.sent_at().unwrap().value, "1");
    let gitlab = event(
        GITLAB,
        r#"{"object_kind":"push"}"#,
        &[("x-gitlab-event", "Push Hook")],
    );
    assert_eq!(kind(&gitlab), Some(("push", Signed)));
    let svix = event(SVIX, r#"{"eventType":"a"}"#, &[]);
    assert_eq!(kind(&svix), Some(("a", Signed)));
    let linear = r#"{"type":"Issue","action":"create","webhookTimestamp":1790000000000}"#;
    assert_eq!(
        kind(&event(LINEAR, linear, &[])),
        Some(("Issue.create", Signed))
    );
    let shopify = [
        ("x-shopify-topic", "orders/create"),
        ("x-shopify-api-version", "2026-07"),
    ];
    let shopify = event(SHOPIFY, "{}", &shopify);
    assert_eq!(
        kind(&shopify),
        Some(("orders/create", Provenance::Unsigned))
    );
    assert_eq!(shopify.version().unwrap().value, "2026-07");
}

#[test]
fn an_id_that_can_be_read_in_two_ways_is_none() {
    for text in [
        r#"{"id":"a","id":"b","type":"t"}"#,
        r#"{"id":"a","\u0069d":"b","type":"t"}"#,
        r#"{"id":"a","type":"t","id":null}"#,
        r#"{"id":"a","type":"t"} {"id":"b"}"#,
        r#"{"id":"a","type":"t""#,
        "[{\"id\":\"a\"}]",
        r#"{"id":1.0,"type":"t"}"#,
        r#"{"id":["a"],"type":"t"}"#,
        r#"{"id":"","type":"t"}"#,
        r#"{"id\u0000":"a","type":"t"}"#,
        r#"{"ID":"a","type":"t"}"#,
    ] {
        assert_eq!(id(&event(STRIPE, text, &[])), None, "{text}");
        assert_eq!(id(&event(T_V1, text, &[])), None, "{text}");
    }
    let twice = [("x-github-delivery", "a"), ("x-github-delivery", "b")];
    assert_eq!(id(&event(GITHUB, "{}", &twice)), None);
    let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(1_025));
    assert_eq!(id(&event(STRIPE, &long, &[])), None);
    let longest = format!(r#"{{"id":"{}"}}"#, "x".repeat(1_024));
    assert!(id(&event(STRIPE, &longest, &[])).is_some());
}

#[test]
fn a_delivery_is_never_refused_because_of_its_json() {
    for text in [
        "",
        "null",
        "[]",
        "{",
        "\u{feff}{}",
        "a=b",
        "{\"type\":{\"a\":[[[[]]]]}}",
    ] {
        for row in provider::ALL.iter().filter(|row| takes_any_bytes(row)) {
            let found = verify(&source(*row, &[1]), sign(*row, text.to_owned()));
            assert!(found.is_ok(), "{} {text}", row.slug);
        }
    }
    let deep = "[".repeat(500_000);
    assert!(verify(&source(STRIPE, &[1]), sign(STRIPE, deep)).is_ok());
    let keys = format!("{{{}\"id\":\"a\"}}", "\"id2\":{\"id\":1},".repeat(40_000));
    assert_eq!(
        id(&event(STRIPE, &keys, &[])),
        Some(("a", Provenance::Signed))
    );
}

#[test]
fn the_time_of_linear_is_in_its_body() {
    use RejectionKind::{Future, MalformedTimestamp, MissingTimestamp, Stale};
    let now = NOW.as_millis();
    for (text, expected) in [
        (format!(r#"{{"webhookTimestamp":{now}}}"#), None),
        (format!(r#"{{"webhookTimestamp":"{now}"}}"#), None),
        (format!(r#"{{"webhookTimestamp":{}}}"#, now - 60_000), None),
        (
            format!(r#"{{"webhookTimestamp":{}}}"#, now - 60_001),
            Some(Stale),
        ),
        (
            format!(r#"{{"webhookTimestamp":{}}}"#, now + 60_001),
            Some(Future),
        ),
        (
            format!(r#"{{"webhookTimestamp":{}}}"#, now / 1_000),
            Some(Stale),
        ),
        (format!(r#"{{"webhookTimestamp":{now}000}}"#), Some(Future)),
        (
            format!(r#"{{"webhookTimestamp":{now}.0}}"#),
            Some(MalformedTimestamp),
        ),
        (
            format!(r#"{{"webhookTimestamp":-{now}}}"#),
            Some(MalformedTimestamp),
        ),
        (
            format!(r#"{{"webhookTimestamp":[{now}]}}"#),
            Some(MalformedTimestamp),
        ),
        (
            r#"{"webhookTimestamp":"2026-09-21T14:13:20Z"}"#.into(),
            Some(MalformedTimestamp),
        ),
        (
            r#"{"webhookTimestamp":true}"#.into(),
            Some(MalformedTimestamp),
        ),
        (
            r#"{"webhookTimestamp":null}"#.into(),
            Some(MissingTimestamp),
        ),
        (
            format!(r#"{{"webhookTimestamp":{now},"webhookTimestamp":{now}}}"#),
            Some(MalformedTimestamp),
        ),
        (
            format!(r#"{{"data":{{"webhookTimestamp":{now}}}}}"#),
            Some(MissingTimestamp),
        ),
        (
            format!(r#"[{{"webhookTimestamp":{now}}}]"#),
            Some(MissingTimestamp),
        ),
        (format!("webhookTimestamp={now}"), Some(MissingTimestamp)),
        (String::new(), Some(MissingTimestamp)),
    ] {
        let mut request = sign(LINEAR, text.clone());
        // It is not signed, so it does not help and does not harm.
        let header = HeaderValue::from(now);
        request.headers_mut().insert("linear-timestamp", header);
        let found = verify(&source(LINEAR, &[1]), request);
        assert_eq!(found.map(|_| ()).err(), expected, "{text}");
    }
}
