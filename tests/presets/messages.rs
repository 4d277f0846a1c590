//! Ids, types and cover of the senders of messages: what their deliveries say of themselves.

use hookgate::{
    Event, RejectionKind,
    event::{Covers, Provenance},
    provider::{
        self, CUSTOMER_IO, GOOGLE_CALENDAR_DRIVE_CHANNELS, MAILGUN, MESSAGEBIRD_LEGACY,
        MICROSOFT_GRAPH, MONDAY, POSTMARK, Provider, TELEGRAM, TWILIO_FORM, TWITCH_EVENTSUB,
        VONAGE_SMS_SIGNATURE, ZENDESK,
    },
};

use crate::{
    id, kind,
    support::{NOW, refusal, sign, signer, source, verify},
};

fn genuine(row: Provider, body: &str) -> Event {
    verify(&source(row, &[1]), sign(row, body.to_owned())).unwrap()
}

#[test]
fn what_less_than_the_body_is_covered_is_said() {
    for (slugs, covers) in [
        (
            &[
                "brevo",
                "google-calendar-drive-channels",
                "microsoft-graph",
                "monday",
                "postmark",
                "telegram",
            ] as &[_],
            Covers::Sender,
        ),
        (&["mailgun"], Covers::Fields),
        (
            &[
                "fusionauth",
                "livekit",
                "messagebird-jwt",
                "twilio-form",
                "twilio-json",
                "vonage-jwt",
                "vonage-sms-signature",
            ],
            Covers::Body,
        ),
    ] {
        for slug in slugs {
            let row = provider::by_slug(slug).unwrap();
            assert_eq!(row.scheme.covers(), covers, "{slug}");
        }
    }
    for row in [TELEGRAM, POSTMARK, MONDAY] {
        let event = genuine(
            row,
            r#"{"update_id":7,"RecordType":"Open","event":{"triggerUuid":"u"}}"#,
        );
        let id = id(&event);
        assert!(
            id.is_none_or(|(_, provenance)| provenance == Provenance::Unsigned),
            "{}: {id:?}",
            row.slug
        );
    }
}

#[test]
fn mailguns_token_is_the_id_and_signed_although_the_event_is_not() {
    let signature = format!(
        r#""signature":{{"timestamp":"{}","token":"t1"}}"#,
        NOW.as_secs()
    );
    let event = genuine(
        MAILGUN,
        &format!(r#"{{{signature},"event-data":{{"event":"opened","id":"e1"}}}}"#),
    );
    assert_eq!(id(&event), Some(("t1", Provenance::Signed)));
    assert_eq!(kind(&event), Some(("opened", Provenance::Unsigned)));
    assert_eq!(event.covers(), Covers::Fields);
    // Other data beside the same block are the same event: they do not get in as a new one.
    let other = genuine(
        MAILGUN,
        &format!(r#"{{{signature},"event-data":{{"event":"failed","id":"e2"}}}}"#),
    );
    assert_eq!(id(&other), id(&event));
}

#[test]
fn a_channel_and_its_number_are_an_id_together() {
    let row = GOOGLE_CALENDAR_DRIVE_CHANNELS;
    let mut request = signer(row)
        .with_id("channel")
        .with_type("sync")
        .sign("", NOW);
    let number = "x-goog-message-number";
    request.headers_mut().insert(number, 12.into());
    let event = verify(&source(row, &[1]), request.clone()).unwrap();
    assert_eq!(id(&event), Some(("channel:12", Provenance::Unsigned)));
    assert_eq!(kind(&event), Some(("sync", Provenance::Unsigned)));
    request.headers_mut().remove(number);
    let event = verify(&source(row, &[1]), request).unwrap();
    assert_eq!(id(&event), None, "other channels have the same numbers");
}

#[test]
fn a_signed_type_goes_before_an_unsigned_one() {
    let body = r#"{"subscription":{"type":"channel.follow","version":"2"}}"#;
    let event = genuine(TWITCH_EVENTSUB, body);
    assert_eq!(id(&event), Some(("evt_test", Provenance::Signed)));
    assert_eq!(kind(&event), Some(("channel.follow", Provenance::Signed)));
    assert_eq!(event.version().unwrap().value, "2");
    let bare = genuine(TWITCH_EVENTSUB, "{}");
    assert_eq!(kind(&bare), Some(("test.event", Provenance::Unsigned)));
    let mail = r#"{"event_id":"e","object_type":"email","metric":"opened"}"#;
    let event = genuine(CUSTOMER_IO, mail);
    assert_eq!(kind(&event), Some(("email.opened", Provenance::Signed)));
}

#[test]
fn an_id_in_a_users_own_body_is_not_zendesks() {
    let event = genuine(
        ZENDESK,
        r#"{"id":"e1","type":"zen:event-type:ticket.created","zendesk_event_version":"2022-11-06"}"#,
    );
    assert_eq!(id(&event), Some(("e1", Provenance::Signed)));
    let trigger = genuine(ZENDESK, r#"{"id":"a ticket's"}"#);
    assert_eq!(id(&trigger), Some(("evt_test", Provenance::Unsigned)));
}

#[test]
fn parameters_that_are_signed_are_signed_wherever_they_are() {
    let target = "/sms?MessageStatus=sent&msisdn=1";
    let event = |row: Provider, body: &str| {
        let request = signer(row).with_target(target).sign(body.to_owned(), NOW);
        verify(&source(row, &[1]), request).unwrap()
    };
    let twilio = event(TWILIO_FORM, "CallSid=CA1");
    assert_eq!(kind(&twilio), Some(("sent", Provenance::Signed)));
    let twilio = event(TWILIO_FORM, "CallStatus=busy");
    assert_eq!(kind(&twilio), Some(("busy", Provenance::Signed)));
    assert_eq!(id(&twilio), Some(("evt_test", Provenance::Unsigned)));
    let time = format!("timestamp={}", NOW.as_secs());
    assert_eq!(event(VONAGE_SMS_SIGNATURE, &time).signed_at(), Some(NOW));
    assert_eq!(event(MESSAGEBIRD_LEGACY, "").covers(), Covers::Body);
}

#[test]
fn a_thousand_notifications_are_the_most_in_one_batch() {
    let source = source(MICROSOFT_GRAPH, &[1]);
    let batch = |count| {
        let items = vec!["{}"; count].join(",");
        sign(MICROSOFT_GRAPH, format!(r#"{{"value":[{items}]}}"#))
    };
    let event = verify(&source, batch(1_000)).unwrap();
    assert_eq!(event.covers(), Covers::Sender);
    assert_eq!(id(&event), None);
    let found = refusal(&source, batch(1_001));
    assert_eq!(found, RejectionKind::MissingPayload);
}
