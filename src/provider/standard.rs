use std::time::Duration;

use super::{
    Confidence, Envelope, Evidence, Field, Handshake, MIB, NoId, Provider, Retries, Sender,
    SignedTime,
};
use crate::{
    freshness::Tolerance,
    scheme::{Algorithm, Encoding, Grammar, Header, KeyDecoding, Part, Scheme, TimeAt, TimeUnit},
};

/// Standard Webhooks, symmetric (`v1`).
///
/// `webhook-signature: v1,<base64> …` over `{webhook-id}.{webhook-timestamp}.{body}`. The key is
/// base64 after `whsec_`. Elements of other versions, `v1a` among them, are skipped.
pub const STANDARD_WEBHOOKS: Provider = Provider {
    slug: "standard-webhooks",
    name: "Standard Webhooks",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha256,
        key: KeyDecoding::Base64 { prefix: "whsec_" },
        message: &[
            Part::Header(Header::in_family("id")),
            Part::Literal("."),
            Part::Timestamp,
            Part::Literal("."),
            Part::Body,
        ],
        header: Header::in_family("signature"),
        grammar: Grammar::SpaceList { version: "v1" },
        encoding: Encoding::Base64,
        time: TimeAt::Header {
            header: Header::in_family("timestamp"),
            unit: TimeUnit::Seconds,
        },
    },
    families: &["webhook-"],
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Header(Header::in_family("id"))],
        kind: &[Field::Body("/type")],
        kind_suffix: None,
        version: &[],
        sent_at: &[Field::Body("/timestamp")],
    },
    no_id: NoId::AcceptAll,
    handshake: Handshake::None,
    sender: Sender {
        timeout: Some(Duration::from_secs(15)),
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(76 * 60 * 60)),
        signed_time: SignedTime::Attempt,
    },
    max_body: MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "standard-webhooks/standard-webhooks:spec/standard-webhooks.md",
            "standard-webhooks/standard-webhooks:libraries/go/webhook_test.go",
        ],
        checked: "2026-11",
        unsure: "",
    },
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
        timeout: Some(Duration::from_secs(15)),
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(28 * 60 * 60)),
        signed_time: SignedTime::Attempt,
    },
    // Svix's own tests sign one MiB; the limit is inclusive.
    max_body: MIB,
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
