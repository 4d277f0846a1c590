use super::row::*;

/// Shopify app webhooks over HTTPS.
///
/// Base64 over the body alone, keyed with the app's client secret. Headers come as `X-Shopify-*`
/// or as `Shopify-*`; one delivery is read from one of the two. Id, topic and version are headers
/// and not signed, and no time is signed: the same bytes under another id are flagged.
pub const SHOPIFY: Provider = Provider {
    slug: "shopify",
    name: "Shopify",
    scheme: Scheme {
        signature: SignatureAt::Header(Header::in_family("hmac-sha256")),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    families: &["x-shopify-", "shopify-"],
    envelope: Envelope {
        id: &[Field::Header(Header::in_family("webhook-id"))],
        kind: &[Field::Header(Header::in_family("topic"))],
        version: &[Field::Header(Header::in_family("api-version"))],
        sent_at: &[Field::Header(Header::in_family("triggered-at"))],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(5),
        retries: Retries::All,
        retry_window: hours(4),
        ..Sender::UNKNOWN
    },
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
    ..Provider::BASE
};
