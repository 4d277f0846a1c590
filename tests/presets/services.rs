//! Developer tools, infrastructure and content: what each preset finds in a delivery, and what of it is
//! signed.

use hookgate::{
    ConfigError, Event, RejectionKind, Source,
    event::Provenance::{self, Signed, Unsigned},
    provider::{self, Field, Provider},
    scheme::{Covers, Header, Listed, Scheme},
};
use http::{HeaderName, HeaderValue};

use crate::{
    event, id, kind,
    support::{NOW, builder, refusal, secret, sign, signer, source, verify},
};

type Found = Option<(&'static str, Provenance)>;

/// A slug, a body, headers that nobody signed, and what is found: the id and the type.
type Case = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    Found,
    Found,
);

#[test]
fn ids_and_types_are_where_the_rows_say() {
    let signed = |value| Some((value, Signed));
    let unsigned = |value| Some((value, Unsigned));
    let cases: &[Case] = &[
        (
            "agora",
            r#"{"noticeId":"1","eventType":103}"#,
            &[],
            signed("1"),
            signed("103"),
        ),
        (
            "anthropic",
            r#"{"type":"event","id":"x","data":{"type":"session.idled"}}"#,
            &[],
            signed("evt_test"),
            signed("session.idled"),
        ),
        (
            "aws-eventbridge-api-destinations",
            r#"{"id":"1","detail-type":"Own"}"#,
            &[],
            unsigned("1"),
            unsigned("Own"),
        ),
        // A transformed event's own fields are not EventBridge's.
        (
            "aws-eventbridge-api-destinations",
            r#"{"id":"1"}"#,
            &[],
            None,
            None,
        ),
        (
            "bitbucket-cloud",
            "{}",
            &[
                ("x-request-uuid", "1"),
                ("x-hook-uuid", "2"),
                ("x-event-key", "repo:push"),
            ],
            unsigned("1"),
            unsigned("repo:push"),
        ),
        (
            "buildkite-token",
            r#"{"event":"ping"}"#,
            &[],
            None,
            unsigned("ping"),
        ),
        (
            "circleci",
            r#"{"id":"1","type":"job-completed"}"#,
            &[("circleci-event-type", "lies")],
            signed("1"),
            signed("job-completed"),
        ),
        (
            "favro",
            r#"{"payloadId":"1","action":"ping"}"#,
            &[],
            signed("1"),
            unsigned("ping"),
        ),
        (
            "gitlab-token",
            r#"{"object_kind":"push"}"#,
            &[
                ("idempotency-key", "1"),
                ("x-gitlab-event-uuid", "2"),
                ("x-gitlab-webhook-uuid", "3"),
            ],
            unsigned("1"),
            unsigned("push"),
        ),
        (
            "hasura-event-triggers",
            r#"{"id":"1","trigger":{"name":"t"},"event":{"op":"INSERT"}}"#,
            &[],
            unsigned("1"),
            unsigned("t.INSERT"),
        ),
        (
            "huggingface",
            r#"{"event":{"scope":"repo.content","action":"update"}}"#,
            &[],
            None,
            unsigned("repo.content.update"),
        ),
        (
            "netlify",
            r#"{"id":"of the deploy"}"#,
            &[("x-netlify-event", "deploy_created")],
            None,
            unsigned("deploy_created"),
        ),
        (
            "openai",
            r#"{"id":"evt_1","type":"response.completed"}"#,
            &[],
            signed("evt_test"),
            signed("response.completed"),
        ),
        (
            "pagerduty-v3",
            r#"{"event":{"id":"1","event_type":"incident.triggered"}}"#,
            &[],
            signed("1"),
            signed("incident.triggered"),
        ),
        (
            "replicate",
            r#"{"id":"of the prediction","status":"succeeded"}"#,
            &[],
            signed("evt_test"),
            signed("succeeded"),
        ),
        (
            "sanity",
            r#"{"_id":"1"}"#,
            &[("idempotency-key", "2")],
            unsigned("2"),
            None,
        ),
        (
            "sentry",
            r#"{"action":"created"}"#,
            &[("request-id", "1"), ("sentry-hook-resource", "issue")],
            unsigned("1"),
            unsigned("issue.created"),
        ),
        (
            "trello",
            r#"{"action":{"id":"1","type":"updateCard"}}"#,
            &[],
            signed("1"),
            signed("updateCard"),
        ),
        (
            "workos",
            r#"{"id":"1","event":"user.created"}"#,
            &[],
            signed("1"),
            signed("user.created"),
        ),
    ];
    for (slug, body, headers, expected_id, expected_kind) in cases {
        let row = *provider::by_slug(slug).unwrap();
        let event = event(row, body, headers);
        assert_eq!(id(&event), *expected_id, "{slug} {body}");
        assert_eq!(kind(&event), *expected_kind, "{slug} {body}");
    }
}

#[test]
fn tokens_and_fields_never_pass_for_a_signed_body() {
    let covering = |covers| {
        provider::ALL
            .iter()
            .filter(move |row| row.scheme.covers() == covers)
    };
    for row in covering(Covers::Sender) {
        let alone = r#"{"id":"1","passcode":"there already"}"#;
        let batch = r#"{"id":"1","value":[{"id":"2"}]}"#;
        let delivery = sign(*row, row.scheme.items.map_or(alone, |_| batch));
        let event = verify(&source(*row, &[1]), delivery).unwrap();
        let fields = [
            event.id(),
            event.event_type(),
            event.version(),
            event.sent_at(),
        ];
        for field in fields.into_iter().flatten() {
            assert_eq!(field.provenance, Unsigned, "{}", row.slug);
        }
    }
    let fields: Vec<_> = covering(Covers::Fields).map(|row| row.slug).collect();
    assert!(fields.contains(&"favro"), "{fields:?}");
}

#[test]
fn a_cloudevent_is_known_by_its_source_and_its_id() {
    let row = provider::CLOUDEVENTS_HTTP_WEBHOOK;
    let binary = |headers: &[(&'static str, &str)]| event(row, r#"{"id":"of the data"}"#, headers);
    let headers = [("ce-id", "1"), ("ce-source", "/a"), ("ce-type", "t")];
    let found = binary(&headers);
    assert_eq!(id(&found), Some(("/a:1", Unsigned)));
    assert_eq!(kind(&found), Some(("t", Unsigned)));
    // One without the other is no id, and what is there twice neither.
    for headers in [
        &headers[..1],
        &headers[1..],
        &[("ce-id", "1"), ("ce-source", "")],
        &[("ce-id", "1"), ("ce-source", "/a"), ("ce-source", "/b")],
    ] {
        assert_eq!(id(&binary(headers)), None, "{headers:?}");
    }
    let structured = r#"{"specversion":"1.0","id":"2","source":"/b","type":"u"}"#;
    let structured = event(row, structured, &[]);
    assert_eq!(id(&structured), Some(("/b:2", Unsigned)));
    assert_eq!(structured.version().unwrap().value, "1.0");
    assert_eq!(
        id(&event(row, r#"{"id":"2","source":"/b"}"#, &[])),
        None,
        "no CloudEvent"
    );
}

/// A genuine delivery of Contentful's whose list also has the id, with one more header.
fn contentful(name: &'static str, value: &str) -> Result<Event, RejectionKind> {
    let row = provider::CONTENTFUL;
    let mut request = sign(row, "{}");
    let value = HeaderValue::from_str(value).unwrap();
    request
        .headers_mut()
        .insert(HeaderName::from_static(name), value);
    verify(&source(row, &[1]), request)
}

#[test]
fn contentfuls_headers_are_signed_when_they_are_listed() {
    let event = contentful("x-contentful-topic", "ContentManagement.Entry.publish").unwrap();
    assert_eq!(
        id(&event),
        Some(("evt_test", Signed)),
        "the signer lists the id"
    );
    assert_eq!(
        kind(&event),
        Some(("ContentManagement.Entry.publish", Unsigned))
    );
    for name in [
        "x-contentful-idempotency-key",
        "x-contentful-signed-headers",
    ] {
        assert!(contentful(name, "other").is_err(), "{name}");
    }
}

#[test]
fn a_path_that_was_taken_away_is_configured_with_the_origin() {
    let row = provider::CONTENTFUL;
    let build = |url| {
        let builder = Source::builder("cms", row).add_secret(secret(&row, 1));
        builder.with_public_url(url).build()
    };
    // Signed for /hooks/cms?a=1, as it is in the sender's settings; the router has left /cms.
    let signed = signer(row).with_target("/hooks/cms?a=1").sign("{}", NOW);
    let mut nested = signed.clone();
    *nested.uri_mut() = "/cms?a=1".parse().unwrap();
    let nested = |source| verify(&source, nested.clone()).map(|_| ());
    assert_eq!(
        nested(build("https://cms.example.com/hooks").unwrap()),
        Ok(())
    );
    let plain = build("https://cms.example.com").unwrap();
    assert!(verify(&plain, signed).is_ok());
    assert_eq!(nested(plain), Err(RejectionKind::BadSignature));
    assert!(
        build("https://cms.example.com/hooks/").is_err(),
        "a slash at its end"
    );
    let without = Source::builder("cms", row)
        .add_secret(secret(&row, 1))
        .build();
    assert!(matches!(without, Err(ConfigError::Missing { .. })));
}

#[test]
fn a_list_of_signed_headers_that_is_not_signed_itself_is_a_bad_row() {
    let listed = provider::CONTENTFUL.scheme.listed.unwrap();
    let build = |required| {
        let scheme = Scheme {
            listed: Some(Listed { required, ..listed }),
            ..provider::CONTENTFUL.scheme
        };
        let row = Provider {
            scheme,
            ..provider::CONTENTFUL
        };
        builder(row, &[1]).build().map(|_| ())
    };
    const LIST: Header = Header::named("x-contentful-signed-headers");
    const TIME: Header = Header::named("x-contentful-timestamp");
    const OWN: Header = Header::named("x-own");
    assert_eq!(build(&[TIME, LIST]), Ok(()));
    for required in [&[] as &[_], &[LIST], &[TIME], &[TIME, OWN]] {
        let found = build(required);
        assert!(
            matches!(found, Err(ConfigError::BadRow { .. })),
            "{required:?}"
        );
    }
}

#[test]
fn the_older_signature_of_agora_never_rescues_the_newer_one() {
    let row = provider::AGORA;
    let source = source(row, &[1]);
    let older = Provider {
        scheme: *row.scheme.older.unwrap(),
        ..row
    };
    let old = sign(older, "{}");
    assert!(verify(&source, old.clone()).is_ok(), "alone it counts");
    for newer in ["", "00", "own", &"0".repeat(64)] {
        let mut both = old.clone();
        let value = HeaderValue::from_str(newer).unwrap();
        both.headers_mut()
            .append("agora-signature-v2", value.clone());
        refusal(&source, both.clone());
        both.headers_mut().append("agora-signature-v2", value);
        assert_eq!(refusal(&source, both), RejectionKind::MalformedSignature);
    }
}

#[test]
fn what_names_no_event_is_not_taken_for_an_id() {
    // Ids of deliveries, deploys, predictions and webhooks.
    let wrong = [
        ("box", "box-delivery-id"),
        ("bitbucket-cloud", "x-hook-uuid"),
        ("gitlab-token", "x-gitlab-event-uuid"),
        ("netlify", "/id"),
        ("replicate", "/id"),
        ("notion", "/subscription_id"),
    ];
    for (slug, place) in wrong {
        let row = provider::by_slug(slug).unwrap();
        let taken = row.envelope.id.iter().any(|field| match field {
            Field::Header(header) => header.name_in("") == place,
            Field::Body(path) | Field::BodyBeside(path, _) => *path == place,
            _ => false,
        });
        assert!(!taken, "{slug} {place}");
    }
}
