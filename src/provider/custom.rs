//! Rows for home-made senders: the handful of conventions that most of them follow.

use super::row::*;

/// What shows that the body is an envelope, and its `id` an event's rather than an object's.
const ENVELOPE_MARKS: &[&str] = &["/event_type", "/data"];

/// An object may have a type of its own; its `id` counts when there is no other.
const WEAK_MARKS: &[&str] = &["/type"];

/// Id from the body or `X-Event-ID`, version from the body or `X-Webhook-Version`; the bodies
/// `{id, type, created_at, data}` and `{version, event_type, data}`.
///
/// The body comes first because it is signed: whoever replays a captured delivery could otherwise
/// make it new by adding a header.
const ENVELOPE: Envelope = Envelope {
    id: &[
        Field::BodyBeside("/id", ENVELOPE_MARKS),
        Field::header("x-event-id"),
        Field::BodyBeside("/id", WEAK_MARKS),
    ],
    kind: &[Field::Body("/type"), Field::Body("/event_type")],
    kind_suffix: None,
    version: &[Field::Body("/version"), Field::header("x-webhook-version")],
    sent_at: &[Field::Body("/created_at")],
};

/// `X-Signature: <hex>`, HMAC-SHA256 over the body.
///
/// No time is signed. The header `X-Event-ID` is not signed either: the same bytes under another
/// id are flagged.
pub const X_SIGNATURE: Provider = Provider {
    slug: "x-signature",
    name: "X-Signature",
    scheme: Scheme {
        signature: SignatureAt::header("x-signature"),
        ..Scheme::BASE
    },
    envelope: ENVELOPE,
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::Convention,
        sources: &["RFC 2104 over the raw body, RFC 4648 section 8"],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// `X-Signature-SHA256: sha256=<hex>`, HMAC-SHA256 over the body; otherwise as [`X_SIGNATURE`].
pub const X_SIGNATURE_SHA256: Provider = Provider {
    slug: "x-signature-sha256",
    name: "X-Signature-SHA256",
    scheme: Scheme {
        signature: SignatureAt::header("x-signature-sha256"),
        grammar: Grammar::Prefix("sha256="),
        ..X_SIGNATURE.scheme
    },
    ..X_SIGNATURE
};

/// `X-Webhook-Signature: <hex>`, HMAC-SHA256 over the body; otherwise as [`X_SIGNATURE`].
pub const X_WEBHOOK_SIGNATURE: Provider = Provider {
    slug: "x-webhook-signature",
    name: "X-Webhook-Signature",
    scheme: Scheme {
        signature: SignatureAt::header("x-webhook-signature"),
        ..X_SIGNATURE.scheme
    },
    ..X_SIGNATURE
};

/// `X-Webhook-Signature-SHA256: sha256=<hex>`, HMAC-SHA256 over the body; otherwise as
/// [`X_SIGNATURE`].
pub const X_WEBHOOK_SIGNATURE_SHA256: Provider = Provider {
    slug: "x-webhook-signature-sha256",
    name: "X-Webhook-Signature-SHA256",
    scheme: Scheme {
        signature: SignatureAt::header("x-webhook-signature-sha256"),
        grammar: Grammar::Prefix("sha256="),
        ..X_SIGNATURE.scheme
    },
    ..X_SIGNATURE
};

/// `Webhook-Signature: t=<unix seconds>,v1=<hex>[,v1=…]`, HMAC-SHA256 over `{t}.{body}`.
///
/// The one to choose for a sender of your own: the time is signed. Prefer an `id` in the body to
/// the header, which is not.
pub const T_V1: Provider = Provider {
    slug: "t-v1",
    name: "Webhook-Signature: t, v1",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("webhook-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Seconds,
        },
        ..X_SIGNATURE.scheme
    },
    tolerance: Some(Tolerance::symmetric(300)),
    sender: Sender {
        signed_time: SignedTime::Attempt,
        ..X_SIGNATURE.sender
    },
    ..X_SIGNATURE
};
