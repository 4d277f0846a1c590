use std::time::Duration;

use super::{
    Confidence, Envelope, Evidence, Field, Handshake, MIB, NoId, Provider, Retries, Sender,
    SignedTime,
};
use crate::scheme::{Algorithm, Encoding, Grammar, Header, KeyDecoding, Part, Scheme, TimeAt};

/// Shopify app webhooks over HTTPS.
///
/// Base64 over the body alone, keyed with the app's client secret. Headers come as `X-Shopify-*`
/// or as `Shopify-*`; one delivery is read from one of the two. Id, topic and version are headers
/// and not signed, and no time is signed: the same bytes under another id are flagged.
pub const SHOPIFY: Provider = Provider {
    slug: "shopify",
    name: "Shopify",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha256,
        key: KeyDecoding::Text,
        message: &[Part::Body],
        header: Header::in_family("hmac-sha256"),
        grammar: Grammar::Bare,
        encoding: Encoding::Base64,
        time: TimeAt::Nowhere,
    },
    families: &["x-shopify-", "shopify-"],
    tolerance: None,
    envelope: Envelope {
        id: &[Field::Header(Header::in_family("webhook-id"))],
        kind: &[Field::Header(Header::in_family("topic"))],
        kind_suffix: None,
        version: &[Field::Header(Header::in_family("api-version"))],
        sent_at: &[Field::Header(Header::in_family("triggered-at"))],
    },
    no_id: NoId::AcceptAll,
    handshake: Handshake::None,
    sender: Sender {
        timeout: Some(Duration::from_secs(5)),
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(4 * 60 * 60)),
        signed_time: SignedTime::Unknown,
    },
    max_body: MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
            "https://shopify.dev/changelog/updates-to-webhook-retry-mechanism",
            "Shopify/shopify-app-js:packages/apps/shopify-api/lib/types.ts",
        ],
        checked: "2026-11",
        unsure: "that the webhook id stays the same across retries (stated by others)",
    },
};
