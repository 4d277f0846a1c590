//! Banking, cards and money movement by API.

use super::{row::*, standard};

/// Brex.
///
/// Standard Webhooks; the secrets come from Brex's API (`GET /v1/webhooks/secrets`), are base64, and
/// two are live while one is rolled: configure both.
pub const BREX: Provider = Provider {
    slug: "brex",
    name: "Brex",
    envelope: Envelope {
        kind: &[Field::Body("/event_type")],
        sent_at: &[],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender::UNKNOWN,
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://developer.brex.com/guides/webhooks.md",
            "https://developer.brex.com/openapi/webhooks_api/webhook-subscriptions",
            "https://trigger.dev/apis/brex/examples/brex-http-endpoint",
        ],
        checked: "2026-11",
        unsure: "the signed text and how the secret becomes the key (an example of others; Brex's \
                 pages name the headers and the rotation), the tolerance of 300 s, and that the id \
                 stays the same across retries",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// Dwolla.
///
/// `X-Request-Signature-SHA-256: <hex>` over the body. The body's `timestamp` is the event's, not the
/// attempt's, and is not judged: the event id protects against replays.
pub const DWOLLA: Provider = Provider {
    slug: "dwolla",
    name: "Dwolla",
    scheme: Scheme {
        signature: SignatureAt::header("x-request-signature-sha-256"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/topic")],
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        retry_window: hours(72),
        disables: "pauses the subscription after 400 failures in a row and 24 h without a success",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developers.dwolla.com/docs/balance/webhooks/frequently-asked-questions",
            "https://developers.dwolla.com/docs/connect/webhooks/process-validate",
            "https://developers.dwolla.com/docs/api-reference/webhook-subscriptions",
        ],
        checked: "2026-11",
        unsure: "the hexadecimal digits, and that the id stays the same across retries",
    },
    ..Provider::BASE
};

/// Increase.
///
/// Standard Webhooks with the secret's text as the key: nothing is decoded, even where it looks like
/// base64. Payloads name an object and do not embed it. The older header
/// `Increase-Webhook-Signature` is not looked at.
pub const INCREASE: Provider = Provider {
    slug: "increase",
    name: "Increase",
    scheme: Scheme {
        key: KeyDecoding::Text,
        ..standard::STANDARD_WEBHOOKS.scheme
    },
    envelope: Envelope {
        kind: &[Field::Body("/category")],
        sent_at: &[],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender::UNKNOWN,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Increase/increase-python:src/increase/resources/events.py",
            "https://increase.com/documentation/webhooks",
        ],
        checked: "2026-11",
        unsure: "that the id stays the same across retries, and when it retries",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// Lithic.
///
/// Standard Webhooks, base64 after `whsec_`.
pub const LITHIC: Provider = Provider {
    slug: "lithic",
    name: "Lithic",
    envelope: Envelope {
        kind: &[Field::Body("/event_type")],
        sent_at: &[],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender::UNKNOWN,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "lithic-com/lithic-python:src/lithic/resources/webhooks.py",
            "lithic-com/lithic-python:tests/api_resources/test_webhooks.py",
        ],
        checked: "2026-11",
        unsure: "where the type is (not read again), and when it retries",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// Modern Treasury.
///
/// `X-Signature: <hex>` over the body. Lemon Squeezy and home-made senders use the same header: it says
/// nothing about the sender. No time is signed and no event id is known; the digest of the body,
/// which has the object's state, stands in for it.
pub const MODERN_TREASURY: Provider = Provider {
    slug: "modern-treasury",
    name: "Modern Treasury",
    scheme: Scheme {
        signature: SignatureAt::header("x-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        ..Envelope::NONE
    },
    no_id: NoId::BodyDigest,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Modern-Treasury/modern-treasury-python:src/modern_treasury/resources/webhooks.py",
            "Modern-Treasury/modern-treasury-python:tests/api_resources/test_webhooks.py",
        ],
        checked: "2026-11",
        unsure: "where the type is, that a retry has the same body (if not, it counts as new), and when \
                 it retries",
    },
    ..Provider::BASE
};

/// Ramp, the spend platform (not Ramp Network, which signs with a public key).
///
/// `X-Ramp-Signature: <hex>` over the body. No time is signed; the event id protects against replays.
/// A new subscription is pending until the challenge that Ramp posts has been sent back through its
/// API: hookgate does not do that.
pub const RAMP: Provider = Provider {
    slug: "ramp",
    name: "Ramp",
    scheme: Scheme {
        signature: SignatureAt::header("x-ramp-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/created_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::On5xx,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://www.skills.sh/jeremylongshore/tons-of-skills-marketplace/ramp-webhooks-events",
            "https://docs.propstack.app/providers/ramp",
        ],
        checked: "2026-11",
        unsure: "everything is from others: one of them names the header X-Ramp-Webhook-Signature, and \
                 hexadecimal digits are what most of them use. It is said to retry after 429 and 5xx, \
                 up to 10 times",
    },
    ..Provider::BASE
};
