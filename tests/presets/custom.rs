//! The envelopes of home-made senders.

use hookgate::{
    event::Provenance,
    provider::{self, T_V1, X_SIGNATURE},
};

use crate::{event, id, kind};

#[test]
fn home_made_envelopes_are_read_from_the_body_and_then_from_headers() {
    for row in [
        T_V1,
        X_SIGNATURE,
        provider::X_SIGNATURE_SHA256,
        provider::X_WEBHOOK_SIGNATURE,
        provider::X_WEBHOOK_SIGNATURE_SHA256,
    ] {
        let full = r#"{"id":"evt_1","type":"a.b","created_at":"2026-09-21T14:13:20Z","data":{}}"#;
        let found = event(row, full, &[]);
        assert_eq!(id(&found), Some(("evt_1", Provenance::Signed)));
        assert_eq!(kind(&found), Some(("a.b", Provenance::Signed)));
        assert_eq!(found.sent_at().unwrap().value, "2026-09-21T14:13:20Z");
        assert_eq!(found.version(), None);

        let versioned = r#"{"version":2,"event_type":"c.d","data":{"id":"not the event's"}}"#;
        let found = event(row, versioned, &[("x-event-id", "evt_2")]);
        assert_eq!(id(&found), Some(("evt_2", Provenance::Unsigned)));
        assert_eq!(kind(&found), Some(("c.d", Provenance::Signed)));
        assert_eq!(found.version().unwrap().value, "2");

        let headers = [("x-event-id", "evt_3"), ("x-webhook-version", "2026-08")];
        let found = event(row, r#"{"id":"an order's"}"#, &headers);
        assert_eq!(
            id(&found),
            Some(("evt_3", Provenance::Unsigned)),
            "a bare object's id is its own"
        );
        assert_eq!(found.version().unwrap().value, "2026-08");
        assert_eq!(id(&event(row, r#"{"id":"an order's"}"#, &[])), None);
    }
}

#[test]
fn a_header_cannot_make_a_replayed_delivery_new() {
    // Whoever captured a delivery can add headers, but not take the signed id away.
    for row in [T_V1, X_SIGNATURE] {
        let text = r#"{"id":"evt_1","type":"a","version":"1","data":{}}"#;
        let headers = [("x-event-id", "another"), ("x-webhook-version", "2")];
        let found = event(row, text, &headers);
        assert_eq!(
            id(&found),
            Some(("evt_1", Provenance::Signed)),
            "{}",
            row.slug
        );
        assert_eq!(found.version().unwrap().value, "1");
    }
}

#[test]
fn a_mark_that_comes_twice_leaves_open_whose_id_it_is() {
    for (body, expected) in [
        (r#"{"id":"evt_1","data":null,"data":{}}"#, None),
        (r#"{"id":"evt_1","type":"a","data":1,"data":2}"#, None),
        (
            r#"{"id":"evt_1","event_type":"a","data":1,"data":2}"#,
            Some("evt_1"),
        ),
    ] {
        // A header does not stand in for it: whoever sends the delivery again could choose it.
        let found = event(X_SIGNATURE, body, &[("x-event-id", "another")]);
        assert_eq!(id(&found).map(|(id, _)| id), expected, "{body}");
    }
}
