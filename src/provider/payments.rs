use std::time::Duration;

use super::{
    Confidence, Envelope, Evidence, Field, Handshake, MIB, NoId, Provider, Retries, Sender,
    SignedTime,
};
use crate::{
    freshness::Tolerance,
    scheme::{Algorithm, Encoding, Grammar, Header, KeyDecoding, Part, Scheme, TimeAt, TimeUnit},
};

/// Stripe, snapshot events (API v1).
///
/// `Stripe-Signature: t=…,v1=…` over `{t}.{body}`; several `v1` while a secret is rolled, other
/// keys are ignored. The endpoint secret is used as text, `whsec_` included; it is not base64.
/// Stripe's own libraries accept any future time; this row does not.
pub const STRIPE: Provider = Provider {
    slug: "stripe",
    name: "Stripe",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha256,
        key: KeyDecoding::Text,
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        header: Header::named("stripe-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        encoding: Encoding::Hex,
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Seconds,
        },
    },
    families: &[],
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        kind_suffix: None,
        version: &[Field::Body("/api_version")],
        sent_at: &[Field::Body("/created")],
    },
    no_id: NoId::AcceptAll,
    handshake: Handshake::None,
    sender: Sender {
        timeout: None,
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(3 * 24 * 60 * 60)),
        signed_time: SignedTime::Attempt,
    },
    max_body: MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "stripe/stripe-python:stripe/_webhook.py",
            "stripe/stripe-node:src/Webhooks.ts",
            "https://docs.stripe.com/webhooks",
        ],
        checked: "2026-11",
        unsure: "the retry window of 3 days, and that the id stays the same across retries",
    },
};

/// Paddle Billing.
///
/// `Paddle-Signature: ts=…;h1=…` (semicolons) over `{ts}:{body}` (a colon). The tolerance is the
/// five seconds of Paddle's own libraries; widen it with
/// [`with_tolerance`](crate::source::SourceBuilder::with_tolerance) where clocks or queues are
/// worse than that.
pub const PADDLE: Provider = Provider {
    slug: "paddle",
    name: "Paddle Billing",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha256,
        key: KeyDecoding::Text,
        message: &[Part::Timestamp, Part::Literal(":"), Part::Body],
        header: Header::named("paddle-signature"),
        grammar: Grammar::Pairs {
            separator: b';',
            signature: "h1",
        },
        encoding: Encoding::Hex,
        time: TimeAt::InSignature {
            key: "ts",
            unit: TimeUnit::Seconds,
        },
    },
    families: &[],
    tolerance: Some(Tolerance::symmetric(5)),
    envelope: Envelope {
        id: &[Field::Body("/event_id")],
        kind: &[Field::Body("/event_type")],
        kind_suffix: None,
        version: &[],
        sent_at: &[Field::Body("/occurred_at")],
    },
    no_id: NoId::AcceptAll,
    handshake: Handshake::None,
    sender: Sender {
        timeout: Some(Duration::from_secs(5)),
        retries: Retries::All,
        retry_window: None,
        signed_time: SignedTime::Unknown,
    },
    max_body: MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "PaddleHQ/paddle-python-sdk:paddle_billing/Notifications/PaddleSignature.py",
            "PaddleHQ/paddle-node-sdk:src/__tests__/notifications/webhooks-validator.node.test.ts",
            "https://developer.paddle.com/webhooks/about/signature-verification",
        ],
        checked: "2026-11",
        unsure: "that event_id stays the same across retries; the retry schedule is not known",
    },
};

/// Square.
///
/// The signed message is the notification URL exactly as it stands in Square's dashboard, then the
/// body: set it with [`with_public_url`](crate::source::SourceBuilder::with_public_url). No time is
/// signed; only the event id protects against replays.
pub const SQUARE: Provider = Provider {
    slug: "square",
    name: "Square",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha256,
        key: KeyDecoding::Text,
        message: &[Part::PublicUrl, Part::Body],
        header: Header::named("x-square-hmacsha256-signature"),
        grammar: Grammar::Bare,
        encoding: Encoding::Base64,
        time: TimeAt::Nowhere,
    },
    families: &[],
    tolerance: None,
    envelope: Envelope {
        id: &[Field::Body("/event_id")],
        kind: &[Field::Body("/type")],
        kind_suffix: None,
        version: &[],
        sent_at: &[Field::Body("/created_at")],
    },
    no_id: NoId::AcceptAll,
    handshake: Handshake::None,
    sender: Sender {
        timeout: Some(Duration::from_secs(10)),
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(72 * 60 * 60)),
        signed_time: SignedTime::Unknown,
    },
    max_body: MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "square/square-nodejs-sdk:src/wrapper/WebhooksHelper.ts",
            "square/square-python-sdk:tests/integration/test_webhooks_helper.py",
            "https://developer.squareup.com/docs/webhooks/troubleshooting",
        ],
        checked: "2026-11",
        unsure: "the retry window (copies of the page say 24 h and 72 h; the longer one is used), \
                 and that event_id stays the same across retries",
    },
};
