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

/// Stripe, thin events (API v2 event destinations).
///
/// Signed as snapshot events are ([`STRIPE`]), but the payload names an object instead of embedding
/// it, and `created` is an RFC 3339 text. The body's `object` (`v2.core.event`) tells the two apart:
/// a destination of one kind never sends the other.
pub const STRIPE_THIN: Provider = Provider {
    slug: "stripe-thin",
    name: "Stripe (thin events)",
    envelope: Envelope {
        version: &[],
        ..STRIPE.envelope
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "stripe/stripe-python:stripe/_webhook.py",
            "stripe/stripe-node:src/Webhooks.ts",
            "stripe/stripe-dotnet:src/StripeTests/Services/Events/EventUtilityTest.cs",
        ],
        checked: "2026-11",
        unsure: "the retries (taken from snapshot events), and that the id stays the same across them",
    },
    ..STRIPE
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

/// Braintree.
///
/// A form: `bt_payload` is base64 of XML, and `bt_signature` is `public_key|<hex>`, several joined by
/// `&`. HMAC-SHA1 over the payload's text as the form has it, with the SHA-1 of the private key as
/// the key. Configure `public_key:private_key`; whichever public key a signature names, only the
/// private key counts. Some deliveries are signed with a line end behind the payload: base64
/// readers skip it, so a payload with and without one says the same.
///
/// Only payloads that start with `P` (base64 of `<`) are accepted. The same key signs the answers
/// to Braintree's challenges, which are lower-case hexadecimal digits and so never a payload.
///
/// Kind and time are inside the XML, and there is no event id: the digest of the body stands in for
/// it.
pub const BRAINTREE: Provider = Provider {
    slug: "braintree",
    name: "Braintree",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
        key: KeyDecoding::Sha1,
        key_id: KeyId::Configured,
        message: &[Part::Payload],
        variants: &[&[Part::Payload, Part::Literal("\n")]],
        signature: SignatureAt::Param("bt_signature"),
        grammar: Grammar::Labelled,
        opening: "P",
        ..Scheme::BASE
    },
    payload: Payload::FormField("bt_payload"),
    no_id: NoId::BodyDigest,
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[],
        challenge: Challenge::query("bt_challenge").of(Charset::LowerHex(20, 32)),
        answer: Answer::SignedLabelled,
    },
    sender: Sender {
        timeout: secs(30),
        retries: Retries::All,
        retry_window: hours(24),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "braintree/braintree_python:braintree/webhook_notification_gateway.py",
            "braintree/braintree_python:tests/unit/test_webhooks.py",
            "https://developer.paypal.com/braintree/docs/guides/webhooks/parse",
        ],
        checked: "2026-11",
        unsure: "that a retry has the same body (if not, it counts as new)",
    },
    ..Provider::BASE
};

/// Finix.
///
/// `Finix-Signature: timestamp=…, sig=…` over `{timestamp}:{body}`. Basic or bearer authentication
/// can be set in place of the signature: this preset asks for the signature.
pub const FINIX: Provider = Provider {
    slug: "finix",
    name: "Finix",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal(":"), Part::Body],
        signature: SignatureAt::header("finix-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "sig",
        },
        gap: " ",
        time: TimeAt::InSignature {
            key: "timestamp",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/entity")],
        kind_suffix: Some(Field::Body("/type")),
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://docs.finix.com/additional-resources/developers/webhooks/integrating-into-webhooks",
            "public implementations that quote the header's form",
        ],
        checked: "2026-11",
        unsure: "the algorithm, the signed text, where id and type are, and whether a retry is signed \
                 anew (the tolerance of 300 s is ours)",
    },
    ..Provider::BASE
};
