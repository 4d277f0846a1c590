//! What is said of money: ids, types and their provenance at senders whose signature does not cover
//! everything, what their keys must never sign, and replies that they insist on.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hookgate::{
    Event, RejectionKind, Secret, Source,
    event::{Covers, Provenance},
    provider::{
        self, ADYEN_PAYMENTS, BRAINTREE, CHARGEBEE, COINBASE_CDP, DROPBOX_SIGN, FLUTTERWAVE_V3,
        HOOK0, LEMON_SQUEEZY, MERCADO_PAGO, Provider, RECURLY, XERO,
    },
    testing::Signer,
};
use http::{HeaderValue, Request};

use crate::{
    event, id, kind,
    support::{NOW, refusal, sign, signer, source, verify},
};

/// With an unsigned body in place of the one that was sent.
fn with_body(row: Provider, request: Request<Bytes>, body: &str) -> Event {
    let request = request.map(|_| Bytes::copy_from_slice(body.as_bytes()));
    verify(&source(row, &[1]), request).unwrap()
}

#[test]
fn what_nobody_signed_is_said_to_be_unsigned() {
    let token = event(FLUTTERWAVE_V3, r#"{"event":"charge.completed"}"#, &[]);
    assert_eq!(token.covers(), Covers::Sender);
    assert_eq!(
        kind(&token),
        Some(("charge.completed", Provenance::Unsigned))
    );
    let basic = sign(
        CHARGEBEE,
        r#"{"id":"ev_1","event_type":"a","api_version":"v2"}"#,
    );
    let basic = verify(&source(CHARGEBEE, &[1]), basic).unwrap();
    assert_eq!(basic.covers(), Covers::Sender);
    assert_eq!(id(&basic), Some(("ev_1", Provenance::Unsigned)));
    assert_eq!(basic.version().unwrap().provenance, Provenance::Unsigned);

    let pago = with_body(
        MERCADO_PAGO,
        signer(MERCADO_PAGO)
            .with_target("/mp?type=payment")
            .sign("", NOW),
        r#"{"id":12,"type":"forged"}"#,
    );
    assert_eq!(pago.covers(), Covers::Fields);
    assert_eq!(id(&pago), Some(("12", Provenance::Unsigned)));
    assert_eq!(kind(&pago), Some(("forged", Provenance::Unsigned)));
    let pago = signer(MERCADO_PAGO)
        .with_target("/mp?type=payment")
        .sign("", NOW);
    let pago = verify(&source(MERCADO_PAGO, &[1]), pago).unwrap();
    assert_eq!(kind(&pago), Some(("payment", Provenance::Unsigned)));
}

#[test]
fn the_type_of_dropbox_sign_is_signed_and_the_rest_of_its_body_is_not() {
    let text = format!(
        r#"{{"event":{{"event_time":"{}","event_type":"signature_request_signed"}}}}"#,
        NOW.as_secs()
    );
    let signed = sign(DROPBOX_SIGN, text);
    let found = verify(&source(DROPBOX_SIGN, &[1]), signed.clone()).unwrap();
    assert_eq!(found.covers(), Covers::Fields);
    assert_eq!(
        kind(&found),
        Some(("signature_request_signed", Provenance::Signed))
    );
    assert_eq!(found.sent_at().unwrap().provenance, Provenance::Signed);
    assert_eq!(found.signed_at(), Some(NOW));
    let text = String::from_utf8(signed.body().to_vec()).unwrap();
    let forged = text.replacen("{\"event\"", "{\"own\":1,\"event\"", 1);
    assert_ne!(text, forged);
    with_body(DROPBOX_SIGN, signed, &forged);
}

#[test]
fn a_batch_is_as_good_as_its_worst_item() {
    let body = |reference: &str| {
        format!(
            r#"{{"notificationItems":[{{"NotificationRequestItem":{{"pspReference":"1","merchantReference":"{reference}"}}}},{{"NotificationRequestItem":{{"pspReference":"2"}}}}]}}"#
        )
    };
    let request = sign(ADYEN_PAYMENTS, body("order:1"));
    let source = source(ADYEN_PAYMENTS, &[1]);
    let found = verify(&source, request.clone()).unwrap();
    assert_eq!((found.covers(), id(&found)), (Covers::Fields, None));
    for (old, new, why) in [
        (
            "\"pspReference\":\"1\"",
            "\"pspReference\":\"3\"",
            RejectionKind::BadSignature,
        ),
        (
            "\"pspReference\":\"2\"",
            "\"pspReference\":\"3\"",
            RejectionKind::BadSignature,
        ),
        (
            "\"pspReference\":\"2\"",
            "\"pspReference\":{}",
            RejectionKind::MissingPayload,
        ),
        (
            "\"pspReference\":\"2\"",
            "\"pspReference\":\"2:\"",
            RejectionKind::MissingPayload,
        ),
    ] {
        let text = String::from_utf8(request.body().to_vec()).unwrap();
        let forged = text.replacen(old, new, 1);
        assert_ne!(text, forged, "{old}");
        let forged = request.clone().map(|_| Bytes::from(forged));
        assert_eq!(refusal(&source, forged), why, "{new}");
    }
}

#[test]
fn braintree_signs_challenges_with_the_same_key_and_none_is_a_payload() {
    // What a challenge is signed with, and what it looks like: 20 to 32 lower-case digits.
    let source = source(BRAINTREE, &[1]);
    for challenge in ["20f9f8ed05f77439fe955c977e4c8a53", "0123456789abcdef0123"] {
        assert!(HEXLOWER.decode(challenge.as_bytes()).is_ok());
        // The signer signs anything: here it plays the endpoint that answers.
        let answer = sign(BRAINTREE, challenge);
        assert_eq!(refusal(&source, answer), RejectionKind::MissingPayload);
    }
    // Base64 of anything that starts as XML does.
    for xml in ["<notification>", "<?xml version=\"1.0\"?>", "<"] {
        let payload = data_encoding::BASE64.encode(xml.as_bytes());
        assert!(verify(&source, sign(BRAINTREE, payload)).is_ok(), "{xml}");
    }
}

/// A delivery of Hook0 with these headers, of which the signer lists the event id.
fn hook0(row: Provider, headers: &[(&'static str, &'static str)]) -> Request<Bytes> {
    let mut request = signer(row).with_id("evt-1").sign(r#"{"a":"b.c"}"#, NOW);
    for (name, value) in headers {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(*name, value);
    }
    request
}

#[test]
fn headers_that_are_listed_are_signed_and_those_that_are_not_are_not() {
    let found = verify(&source(HOOK0, &[1]), hook0(HOOK0, &[])).unwrap();
    assert_eq!(id(&found), Some(("evt-1", Provenance::Signed)));
    assert_eq!(kind(&found), Some(("test.event", Provenance::Unsigned)));
    let changed = hook0(HOOK0, &[("x-event-id", "evt-2")]);
    assert_eq!(
        refusal(&source(HOOK0, &[1]), changed),
        RejectionKind::BadSignature
    );
}

#[test]
fn a_header_that_somebody_added_never_stands_before_one_that_is_listed() {
    // Older deliveries list `x-hook0-id` and have no `x-event-id`: who adds one changes nothing.
    const OLDER: Provider = Provider {
        envelope: provider::Envelope {
            id: &[provider::Field::header("x-hook0-id")],
            ..COINBASE_CDP.envelope
        },
        ..COINBASE_CDP
    };
    let request = hook0(OLDER, &[("x-event-id", "another")]);
    let found = verify(&source(COINBASE_CDP, &[1]), request).unwrap();
    assert_eq!(id(&found), Some(("evt-1", Provenance::Signed)));
}

#[test]
fn a_weaker_signature_counts_only_where_the_row_says_so() {
    let (row, name) = (HOOK0, "x-hook0-signature");
    let older = Provider {
        scheme: *row.scheme.older.unwrap(),
        ..row
    };
    let request = signer(older).with_id("evt-1").sign("{}", NOW);
    let found = verify(&source(HOOK0, &[1]), request.clone()).unwrap();
    assert_eq!(id(&found), Some(("evt-1", Provenance::Unsigned)));
    assert_eq!(
        refusal(&source(COINBASE_CDP, &[1]), request.clone()),
        RejectionKind::SignedHeader,
        "no list of names"
    );
    // Beside any v1 it counts nowhere.
    let weak = request.headers()[name].to_str().unwrap();
    for v1 in ["", "00", &"00".repeat(32)] {
        let value = HeaderValue::try_from(format!("{weak},h=x-event-id,v1={v1}")).unwrap();
        let mut both = request.clone();
        both.headers_mut().insert(name, value);
        assert!(verify(&source(HOOK0, &[1]), both).is_err(), "{v1}");
    }
}

#[test]
fn types_are_composed_and_taken_from_the_body_first() {
    let recurly = event(
        RECURLY,
        r#"{"id":"object","object_type":"account","event_type":"updated"}"#,
        &[],
    );
    assert_eq!(
        kind(&recurly),
        Some(("account.updated", Provenance::Signed))
    );
    assert_eq!(id(&recurly), None, "the object's id is no event's");
    let lemon = event(
        LEMON_SQUEEZY,
        r#"{"meta":{"event_name":"order_created"}}"#,
        &[("x-event-name", "another")],
    );
    assert_eq!(kind(&lemon), Some(("order_created", Provenance::Signed)));
}

#[test]
fn senders_that_read_the_reply_get_theirs() {
    assert_eq!(DROPBOX_SIGN.replies.body, "Hello API Event Received");
    assert_eq!(ADYEN_PAYMENTS.replies.body, "[accepted]");
    for row in provider::ALL {
        let replies = row.replies;
        assert!((200..300).contains(&replies.status), "{}", row.slug);
        assert_eq!(
            replies.body.is_empty(),
            replies.content_type.is_empty(),
            "{}",
            row.slug
        );
        let odd = |(_, status): &(RejectionKind, u16)| !(400..600).contains(status);
        assert!(!replies.refusals.iter().any(odd), "{}", row.slug);
    }
    // Xero wants 200 without a body, and exactly 401: what everybody gets.
    assert_eq!((XERO.replies.status, XERO.replies.body), (200, ""));
    assert!(XERO.replies.refusals.is_empty());
    assert_eq!(RejectionKind::BadSignature.status(), 401);
}

#[test]
fn a_secret_is_user_and_password_and_nothing_less() {
    let source = |text: &str| {
        let secret = Secret::new(text).unwrap();
        Source::builder("s", CHARGEBEE)
            .add_secret(secret)
            .build()
            .unwrap()
    };
    let signed = |text: &str| {
        let secret = Secret::new(text).unwrap();
        Signer::new(CHARGEBEE, &secret).unwrap().sign("{}", NOW)
    };
    assert!(verify(&source("a:b:c"), signed("a:b:c")).is_ok());
    assert_eq!(
        refusal(&source("a:b:c"), signed("a:b")),
        RejectionKind::BadSignature
    );
    let request = sign(CHARGEBEE, "{}");
    let value = request.headers()["authorization"].to_str().unwrap();
    assert!(value.starts_with("Basic "));
    let found = crate::support::source(CHARGEBEE, &[1]);
    assert!(verify(&found, request).is_ok());
}
