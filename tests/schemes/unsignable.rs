//! What a sender could not have signed: the signer says so, and makes no delivery of something else.

use hookgate::{
    RejectionKind,
    provider::{
        self, ADYEN_PAYMENTS, DROPBOX_SIGN, FIGMA, GITHUB, LIVEKIT, MAILGUN, MERCADO_PAGO,
        MESSAGEBIRD_JWT, MICROSOFT_GRAPH, MONDAY, Provider, STRIPE, TWILIO_FORM,
        VONAGE_SMS_SIGNATURE,
    },
    testing::{SignError, Tamper},
};

use crate::support::{NOW, signer, source, verify};

/// Of which some are no form, no JSON, or neither an object nor an array of them.
const PAYLOADS: [&[u8]; 7] = [b"", b"text", b"\xff", b"null", b"[1]", b"a=1&a=2", b"{}"];

fn lack(row: Provider, payload: impl AsRef<[u8]>) -> SignError {
    let made = signer(row).try_sign(payload.as_ref().to_vec(), NOW);
    made.expect_err(row.slug)
}

#[test]
fn a_delivery_that_was_made_is_signed_whatever_its_payload() {
    for (row, payload) in provider::ALL
        .iter()
        .flat_map(|row| PAYLOADS.map(|payload| (row, payload)))
    {
        let Ok(request) = signer(*row).try_sign(payload, NOW) else {
            continue;
        };
        let (source, sent) = (source(*row, &[1]), format!("{} {payload:?}", row.slug));
        assert!(row.methods.contains(request.method()), "{sent}");
        match verify(&source, request) {
            Ok(_) => {}
            // A time in the payload is not the signer's to write.
            Err(RejectionKind::MissingTimestamp | RejectionKind::MalformedTimestamp) => {}
            Err(RejectionKind::MissingPayload)
                if !payload.starts_with(row.scheme.opening.as_bytes()) => {}
            Err(why) => panic!("{sent}: {why:?}"),
        }
    }
}

#[test]
fn forms_must_be_forms() {
    let signer = signer(TWILIO_FORM).with_target("/sms?a=1");
    assert!(signer.try_sign("Body=hi&Sid=1", NOW).is_ok());
    for payload in ["Body=%ff".to_owned(), "a&".repeat(1_001)] {
        assert_eq!(lack(TWILIO_FORM, payload), SignError::NotAForm);
    }
}

#[test]
fn parameters_are_those_of_a_form_or_of_an_object() {
    let (row, time) = (VONAGE_SMS_SIGNATURE, NOW.as_secs());
    for payload in [
        format!("timestamp={time}"),
        format!("{{\"timestamp\":{time}}}"),
    ] {
        let request = signer(row).sign(payload, NOW);
        assert!(verify(&source(row, &[1]), request).is_ok());
    }
    for payload in ["{", r#"{"a":1,"a":2}"#] {
        assert_eq!(lack(row, payload), SignError::NoParameters, "{payload}");
    }
}

#[test]
fn a_signature_in_json_needs_an_object() {
    for (row, path) in [
        (MAILGUN, "/signature/signature"),
        (DROPBOX_SIGN, "/event/event_hash"),
        (FIGMA, "/passcode"),
    ] {
        for payload in ["", "text", "[]", "null", "a=1"] {
            assert_eq!(lack(row, payload), SignError::NotAnObject { path });
        }
    }
}

#[test]
fn a_signed_field_is_one_text() {
    let (row, path) = (MAILGUN, "/signature/token");
    for payload in [
        r#"{"signature":{"timestamp":"1","token":[]}}"#,
        r#"{"signature":{"timestamp":"1","token":"a","token":"b"}}"#,
    ] {
        assert_eq!(lack(row, payload), SignError::Field { path }, "{payload}");
    }
    // A colon parts the texts that are signed, here of an item.
    let path = "/NotificationRequestItem/eventCode";
    let item = r#"{"NotificationRequestItem":{"eventCode":"A:B"}}"#;
    let payload = format!(r#"{{"notificationItems":[{item}]}}"#);
    assert_eq!(lack(ADYEN_PAYMENTS, payload), SignError::Field { path });
}

#[test]
fn a_batch_has_items_to_sign() {
    for (row, path) in [
        (ADYEN_PAYMENTS, "/notificationItems"),
        (MICROSOFT_GRAPH, "/value"),
    ] {
        let name = &path[1..];
        let items = ["[]", "{}", "[1]", r#"[{},"a"]"#].map(|it| format!(r#"{{"{name}":{it}}}"#));
        for payload in items.iter().map(String::as_str).chain(["", "{}", "[{}]"]) {
            assert_eq!(lack(row, payload), SignError::NoItems { path }, "{payload}");
        }
        let payload = format!(r#"{{"{name}":[{{}},{{}}]}}"#);
        let request = signer(row).sign(payload, NOW);
        assert!(verify(&source(row, &[1]), request).is_ok(), "{}", row.slug);
    }
}

#[test]
fn claims_are_made_of_any_payload_and_only_of_a_target_that_is_one() {
    for row in [LIVEKIT, MESSAGEBIRD_JWT, MONDAY] {
        for payload in PAYLOADS {
            let request = signer(row).sign(payload, NOW);
            assert!(verify(&source(row, &[1]), request).is_ok(), "{}", row.slug);
        }
        let nowhere = signer(row).with_target("no path").try_sign("{}", NOW);
        assert_eq!(nowhere.unwrap_err(), SignError::Target);
    }
}

#[test]
fn id_and_type_must_fit_their_places() {
    let error = |row, id, kind| {
        let signer = signer(row).with_id(id).with_type(kind);
        signer.try_sign("{}", NOW).unwrap_err()
    };
    let name = "x-github-delivery".to_owned();
    assert_eq!(error(GITHUB, "a\nb", "push"), SignError::Header { name });
    let name = "x-github-event".to_owned();
    assert_eq!(error(GITHUB, "1", "pu\nsh"), SignError::Header { name });
    // It would end the part of the message that names it.
    let name = "data.id";
    assert_eq!(error(MERCADO_PAGO, "1;2", "a"), SignError::Query { name });
}

#[test]
fn what_is_wrong_on_purpose_lacks_nothing_else() {
    for what in [
        Tamper::OtherSecret,
        Tamper::Old,
        Tamper::Future,
        Tamper::Truncated,
    ] {
        let made = signer(ADYEN_PAYMENTS).try_tampered("{}", NOW, what);
        let path = "/notificationItems";
        assert_eq!(made.unwrap_err(), SignError::NoItems { path }, "{what:?}");
        assert!(signer(STRIPE).try_tampered("{}", NOW, what).is_ok());
    }
    let unsigned = signer(ADYEN_PAYMENTS).try_tampered("{}", NOW, Tamper::Unsigned);
    assert_eq!(unsigned.unwrap().body(), "{}");
}

#[test]
#[should_panic = "figma: the payload is not a JSON object, into which the signature is put at \
                  \"/passcode\""]
fn who_does_not_ask_first_is_told_by_a_panic() {
    signer(FIGMA).sign("text", NOW);
}
