use super::row::*;

/// Standard Webhooks, symmetric (`v1`).
///
/// `webhook-signature: v1,<base64> …` over `{webhook-id}.{webhook-timestamp}.{body}`. The key is
/// base64 after `whsec_`. Elements of other versions, `v1a` among them, are skipped.
pub const STANDARD_WEBHOOKS: Provider = Provider {
    slug: "standard-webhooks",
    name: "Standard Webhooks",
    scheme: Scheme {
        key: KeyDecoding::Base64 { prefix: "whsec_" },
        message: &[
            Part::Header(Header::in_family("id")),
            Part::Literal("."),
            Part::Timestamp,
            Part::Literal("."),
            Part::Body,
        ],
        signature: SignatureAt::Header(Header::in_family("signature")),
        grammar: Grammar::SpaceList { version: "v1" },
        encoding: Encoding::Base64,
        time: TimeAt::Header {
            header: Header::in_family("timestamp"),
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    families: &["webhook-"],
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Header(Header::in_family("id"))],
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(15),
        retries: Retries::All,
        retry_window: hours(76),
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "standard-webhooks/standard-webhooks:spec/standard-webhooks.md",
            "standard-webhooks/standard-webhooks:libraries/go/webhook_test.go",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// Svix, and the many senders that use it.
///
/// As [`STANDARD_WEBHOOKS`], with `svix-*` or `webhook-*` headers; one delivery is read from one of
/// the two.
pub const SVIX: Provider = Provider {
    slug: "svix",
    name: "Svix",
    families: &["svix-", "webhook-"],
    envelope: Envelope {
        kind: &[
            Field::Body("/type"),
            Field::Body("/event_type"),
            Field::Body("/eventType"),
        ],
        ..STANDARD_WEBHOOKS.envelope
    },
    sender: Sender {
        timeout: secs(15),
        retries: Retries::All,
        retry_window: hours(28),
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    // Svix's own tests sign one MiB; the limit is inclusive.
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "svix/svix-docs:content/receiving/verifying-payloads/how-manual.mdx",
            "svix/svix-webhooks:javascript/src/webhook.test.ts",
        ],
        checked: "2026-11",
        unsure: "where the type is: each sender chooses",
    },
    ..STANDARD_WEBHOOKS
};
