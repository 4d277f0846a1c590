use super::row::*;

/// Stripe, snapshot events (API v1).
///
/// `Stripe-Signature: t=…,v1=…` over `{t}.{body}`; several `v1` while a secret is rolled, other
/// keys are ignored. The endpoint secret is used as text, `whsec_` included; it is not base64.
/// Stripe's own libraries accept any future time; this row does not.
pub const STRIPE: Provider = Provider {
    slug: "stripe",
    name: "Stripe",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("stripe-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        version: &[Field::Body("/api_version")],
        sent_at: &[Field::Body("/created")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(72),
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
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
    ..Provider::BASE
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
        message: &[Part::Timestamp, Part::Literal(":"), Part::Body],
        signature: SignatureAt::header("paddle-signature"),
        grammar: Grammar::Pairs {
            separator: b';',
            signature: "h1",
        },
        time: TimeAt::InSignature {
            key: "ts",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(5)),
    envelope: Envelope {
        id: &[Field::Body("/event_id")],
        kind: &[Field::Body("/event_type")],
        sent_at: &[Field::Body("/occurred_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(5),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
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
    ..Provider::BASE
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
        message: &[Part::PublicUrl, Part::Body],
        signature: SignatureAt::header("x-square-hmacsha256-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/event_id")],
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/created_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        retry_window: hours(72),
        ..Sender::UNKNOWN
    },
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
    ..Provider::BASE
};
