//! The stored form of an event's head. The first byte is its version.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    clock::UnixTime,
    event::{Covers, Event, Field, Head, Provenance, Verified, trace::TraceParent},
    secret::Label,
};

const VERSION: u8 = 1;

/// Most heads are shorter, in bytes.
const USUAL_LEN: usize = 256;

/// Short names: there is one of these for every waiting event. Borrows what it can: it is made
/// twice for every event.
#[derive(Deserialize, Serialize)]
struct Stored<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<(Cow<'a, str>, char)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<(Cow<'a, str>, char)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ver: Option<(Cow<'a, str>, char)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<(Cow<'a, str>, char)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<i64>,
    recv: i64,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(default = "body", skip_serializing_if = "is_body")]
    cov: char,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hdr: Vec<(String, Vec<u8>)>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tp: Option<Cow<'a, str>>,
}

/// The head of an event as bytes.
pub(super) fn encode(event: &Event) -> Bytes {
    let head = &event.head;
    let stored = Stored {
        s: head.source.as_str().into(),
        t: head.tenant.as_deref().map(Cow::Borrowed),
        id: head.id.as_ref().map(field),
        kind: head.kind.as_ref().map(field),
        ver: head.version.as_ref().map(field),
        sent: head.sent_at.as_ref().map(field),
        signed: head.signed_at.map(UnixTime::as_millis),
        recv: head.received_at.as_millis(),
        key: head.secret.as_str().into(),
        cov: covers(head.covers),
        hdr: head
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.to_vec()))
            .collect(),
        tp: event.trace_parent().map(Cow::Borrowed),
    };
    let mut bytes = Vec::with_capacity(USUAL_LEN);
    bytes.push(VERSION);
    // Strings, numbers and lists of them always serialize, and a `Vec` takes every write.
    let _ = serde_json::to_writer(&mut bytes, &stored);
    bytes.into()
}

/// The event that was stored; `None` when a newer version wrote it or the bytes are damaged.
pub(super) fn decode(head: &[u8], body: Bytes) -> Option<Event> {
    let (&version, json) = head.split_first()?;
    if version != VERSION {
        return None;
    }
    let stored: Stored = serde_json::from_slice(json).ok()?;
    let field = |(value, from): (Cow<'_, str>, char)| Field {
        value: value.into_owned(),
        provenance: provenance(from),
    };
    let head = Head {
        source: Label::new("source", &stored.s).ok()?,
        tenant: stored.t.map(Cow::into_owned),
        id: stored.id.map(field),
        kind: stored.kind.map(field),
        version: stored.ver.map(field),
        sent_at: stored.sent.map(field),
        signed_at: stored.signed.map(UnixTime::from_millis),
        received_at: UnixTime::from_millis(stored.recv),
        secret: Label::new("secret label", &stored.key).ok()?,
        covers: covered(stored.cov),
        digest: None,
        headers: stored
            .hdr
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect(),
        trace_parent: stored
            .tp
            .and_then(|text| TraceParent::parse(text.as_bytes())),
    };
    // It was verified before it was stored; nothing else is.
    Some(Event::new(head, body, Verified::by_signature()))
}

fn field(field: &Field) -> (Cow<'_, str>, char) {
    let from = match field.provenance {
        Provenance::Signed => 's',
        Provenance::Derived => 'd',
        Provenance::Unsigned => 'u',
    };
    (Cow::Borrowed(&field.value), from)
}

fn covers(covers: Covers) -> char {
    match covers {
        Covers::Body => 'b',
        Covers::Fields => 'f',
        Covers::Sender => 's',
        Covers::Nothing => 'n',
    }
}

fn covered(by: char) -> Covers {
    match by {
        'b' => Covers::Body,
        'f' => Covers::Fields,
        's' => Covers::Sender,
        _ => Covers::Nothing,
    }
}

/// What nearly all heads have is not stored.
fn body() -> char {
    'b'
}

fn is_body(by: &char) -> bool {
    *by == 'b'
}

fn provenance(from: char) -> Provenance {
    match from {
        's' => Provenance::Signed,
        'd' => Provenance::Derived,
        _ => Provenance::Unsigned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Result<Event, crate::ConfigError> {
        let field = |value: &str, provenance| {
            Some(Field {
                value: value.to_owned(),
                provenance,
            })
        };
        let head = Head {
            source: Label::new("source", "stripe")?,
            tenant: Some("acme".to_owned()),
            id: field("evt_1\u{0}\"", Provenance::Unsigned),
            kind: field("a.b", Provenance::Signed),
            version: None,
            sent_at: field("1", Provenance::Derived),
            signed_at: Some(UnixTime::from_secs(-1)),
            received_at: UnixTime::from_millis(1_234),
            secret: Label::new("secret label", "new")?,
            covers: Covers::Fields,
            digest: None,
            headers: vec![("x-a".to_owned(), Bytes::from_static(b"\xff\x00"))],
            trace_parent: TraceParent::parse(
                b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
        };
        Ok(Event::new(
            head,
            Bytes::from_static(b"\xff"),
            Verified::by_signature(),
        ))
    }

    #[test]
    fn a_head_survives_being_stored() -> Result<(), Box<dyn std::error::Error>> {
        let event = event()?;
        let stored = encode(&event);
        let back = decode(&stored, event.body().clone()).ok_or("not decoded")?;
        assert_eq!(format!("{:?}", back.head), format!("{:?}", event.head));
        assert_eq!(back.body(), event.body());
        Ok(())
    }

    #[test]
    fn what_this_version_cannot_read_is_left_alone() -> Result<(), crate::ConfigError> {
        let stored = encode(&event()?);
        let mut newer = stored.to_vec();
        newer[0] = 2;
        for bytes in [&newer[..], &stored[..stored.len() - 1], b"", &[VERSION]] {
            assert!(decode(bytes, Bytes::new()).is_none());
        }
        Ok(())
    }

    #[test]
    fn version_1_is_readable_for_ever() {
        let stored =
            b"\x01{\"s\":\"github\",\"id\":[\"x\",\"u\"],\"recv\":5,\"key\":\"k\",\"later\":1}";
        let event = decode(stored, Bytes::new());
        assert_eq!(
            event.and_then(|e| e.id().map(|id| id.provenance)),
            Some(Provenance::Unsigned)
        );
    }
}
