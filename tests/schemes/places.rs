//! Times in parameters, ids of several fields, URLs with some escapes undone: through rows of our own.

use bytes::Bytes;
use hookgate::{
    ConfigError, RejectionKind, Source,
    event::{Covers, Provenance},
    freshness::Tolerance,
    provider::{Envelope, Field, Payload, Provider},
    scheme::{Header, Part, Scheme, SignatureAt, TimeAt, TimeUnit},
};
use http::{Method, Request};

use crate::support::{self, NOW, secret, sign, signer, source, verify};

const PARAMS: Provider = Provider {
    slug: "params",
    name: "Parameters",
    scheme: Scheme {
        message: &[Part::SortedParams],
        signature: SignatureAt::Param("sig"),
        time: TimeAt::Param {
            name: "at",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    methods: &[Method::POST, Method::GET],
    payload: Payload::FormOrBody,
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/id"), Field::Query("id")],
        ..Envelope::NONE
    },
    ..Provider::BASE
};

#[test]
fn a_time_is_a_parameter_wherever_parameters_are() {
    let source = source(PARAMS, &[1]);
    let now = NOW.as_secs();
    // The signature moves with the other parameters: they are signed wherever they are.
    let signed = sign(PARAMS, format!("at={now}&id=7"));
    let form = String::from_utf8(signed.body().to_vec()).unwrap();
    let in_query = Request::get(format!("/?{form}"))
        .body(Bytes::new())
        .unwrap();
    let fields: serde_json::Map<_, _> = form_urlencoded::parse(form.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into()))
        .collect();
    let mut in_json = signed.clone();
    in_json.headers_mut().remove("content-type");
    *in_json.body_mut() = serde_json::Value::from(fields).to_string().into();
    for request in [signed, in_query, in_json] {
        let event = verify(&source, request).unwrap();
        assert_eq!(event.signed_at(), Some(NOW));
        let id = event.id().unwrap();
        assert_eq!(
            (id.value.as_str(), id.provenance),
            ("7", Provenance::Signed)
        );
    }
    for (text, why) in [
        (format!("at={}", now - 301), Err(RejectionKind::Stale)),
        (format!("at={}", now + 301), Err(RejectionKind::Future)),
        ("at=soon".into(), Err(RejectionKind::MalformedTimestamp)),
        ("a=1".into(), Err(RejectionKind::MissingTimestamp)),
        (
            format!("at={now}&at={now}"),
            Err(RejectionKind::MissingTimestamp),
        ),
        (format!("at={now}"), Ok(())),
    ] {
        let found = verify(&source, sign(PARAMS, text.clone())).map(|_| ());
        assert_eq!(found, why, "{text}");
    }
}

/// The same signed bytes must not be other parameters: a captured delivery could come again without
/// its id, as a new event.
#[test]
fn a_parameter_cannot_hide_in_the_name_of_another() {
    let source = source(PARAMS, &[1]);
    let now = NOW.as_secs();
    let signed = sign(PARAMS, format!("at={now}&id=7&z=1"));
    assert!(verify(&source, signed.clone()).is_ok());
    let form = String::from_utf8(signed.body().to_vec()).unwrap();
    let hidden = form.replace("id=7&z=1", "id%3D7%26z=1");
    assert_ne!(hidden, form);
    let json: serde_json::Map<_, _> = form_urlencoded::parse(hidden.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into()))
        .collect();
    let mut in_json = signed.clone();
    in_json.headers_mut().remove("content-type");
    *in_json.body_mut() = serde_json::Value::from(json).to_string().into();
    let mut in_form = signed;
    *in_form.body_mut() = hidden.into();
    for request in [in_form, in_json] {
        let why = verify(&source, request).map(|_| ());
        assert_eq!(why, Err(RejectionKind::MissingPayload));
    }
}

/// Of a JSON payload nothing but texts and integers is signed.
#[test]
fn what_no_parameter_can_say_is_not_taken_for_signed() {
    let source = source(PARAMS, &[1]);
    let signed = sign(PARAMS, format!("at={}&id=7", NOW.as_secs()));
    let query = String::from_utf8(signed.body().to_vec()).unwrap();
    let with = |body: &'static str| {
        let request = Request::post(format!("/?{query}"));
        verify(&source, request.body(Bytes::from(body)).unwrap()).map(|event| event.covers())
    };
    for body in ["", "{}", r#"{"x":null}"#] {
        assert_eq!(with(body), Ok(Covers::Body), "{body}");
    }
    for body in [
        r#"{"order":{"amount":1000000}}"#,
        r#"{"order":[1]}"#,
        r#"{"approved":true}"#,
        r#"{"amount":1.5}"#,
        r#"{"amount":18446744073709551616}"#,
    ] {
        assert_eq!(with(body), Err(RejectionKind::MissingSignature), "{body}");
    }
}

#[test]
fn a_time_in_a_parameter_must_be_signed_with_all_of_them() {
    let row = Provider {
        scheme: Scheme {
            message: &[Part::Body],
            ..PARAMS.scheme
        },
        ..PARAMS
    };
    let found = Source::builder("s", row)
        .add_secret(secret(&row, 1))
        .build();
    assert!(matches!(found, Err(ConfigError::BadRow { .. })));
}

#[test]
fn an_id_of_several_fields_needs_all_of_them() {
    const ROW: Provider = Provider {
        slug: "joined",
        envelope: Envelope {
            id: &[
                Field::Joined(&[Field::Body("/object"), Field::header("x-number")]),
                Field::Body("/id"),
            ],
            kind: &[Field::Joined(&[Field::Body("/a"), Field::Body("/b")])],
            ..Envelope::NONE
        },
        ..Provider::BASE
    };
    let source = source(ROW, &[1]);
    let id = |text: &str, number: Option<&str>| {
        let mut request = sign(ROW, text.to_owned());
        let headers = request.headers_mut();
        headers.remove("x-number");
        for number in number.into_iter().flat_map(|numbers| numbers.split('+')) {
            headers.append("x-number", number.parse().unwrap());
        }
        let event = verify(&source, request).unwrap();
        event.id().map(|id| (id.value.clone(), id.provenance))
    };
    let unsigned = |text: &str| Some((text.to_owned(), Provenance::Unsigned));
    let signed = |text: &str| Some((text.to_owned(), Provenance::Signed));
    let whole = r#"{"object":"a","id":"x"}"#;
    assert_eq!(id(whole, Some("7")), unsigned("a:7"));
    assert_eq!(id(whole, None), signed("x"));
    assert_eq!(id(r#"{"id":"x"}"#, Some("7")), signed("x"));
    // One that says two things ends the search, as everywhere.
    assert_eq!(id(whole, Some("7+8")), None);
    let long = format!(r#"{{"object":"{}"}}"#, "x".repeat(1_023));
    assert_eq!(id(&long, Some("7")), None, "1,024 bytes are the most");
    let event = verify(&source, sign(ROW, r#"{"a":"p","b":"q"}"#)).unwrap();
    let kind = event.event_type().unwrap();
    assert_eq!(
        (kind.value.as_str(), kind.provenance),
        ("p:q", Provenance::Signed)
    );
}

#[test]
fn a_url_is_signed_with_the_named_escapes_undone() {
    const ROW: Provider = Provider {
        slug: "unescaped",
        scheme: Scheme {
            message: &[Part::UnescapedUrl(":/"), Part::Body],
            signature: SignatureAt::Header(Header::named("x-signature")),
            ..Scheme::BASE
        },
        ..Provider::BASE
    };
    let source = source(ROW, &[1]);
    let request = signer(ROW).with_target("/in?a=b%3Ac%20d").sign("{}", NOW);
    assert!(verify(&source, request.clone()).is_ok());
    let at = |target: &str| {
        let mut request = request.clone();
        *request.uri_mut() = target.parse().unwrap();
        verify(&source, request).map(|_| ())
    };
    assert_eq!(at("/in?a=b:c%20d"), Ok(()));
    for other in ["/in?a=b%3Ac+d", "/in?a=b%3Ac", "/in?a=b%253Ac%20d", "/"] {
        assert_eq!(at(other), Err(RejectionKind::BadSignature), "{other}");
    }
    let nothing = Source::builder("s", ROW).add_secret(support::secret(&ROW, 1));
    assert!(matches!(nothing.build(), Err(ConfigError::Missing { .. })));
}
