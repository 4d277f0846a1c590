use super::{row::*, standard};

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

/// Shopify, events.
///
/// Signed as app webhooks are ([`SHOPIFY`]); the headers are `Shopify-*`, and `X-Shopify-*` only where
/// those are not there. Beside the topic there are an action, a handle and an event id
/// (`Shopify-Event-Id`), which several webhooks of one event share: what identifies a delivery across
/// retries is the webhook id. None of them is signed.
pub const SHOPIFY_EVENTS: Provider = Provider {
    slug: "shopify-events",
    name: "Shopify (events)",
    families: &["shopify-", "x-shopify-"],
    sender: Sender::UNKNOWN,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Shopify/shopify-app-js:packages/apps/shopify-api/lib/types.ts",
            "Shopify/shopify-app-js:packages/apps/shopify-api/lib/webhooks/validate.ts",
            "Shopify/shopify-api-ruby:test/webhooks/request_test.rb",
        ],
        checked: "2026-11",
        unsure: "that the webhook id stays the same across retries, and when it retries",
    },
    ..SHOPIFY
};

/// BigCommerce.
///
/// Standard Webhooks with the text of the app's client secret as the key: nothing is decoded.
/// (BigCommerce's samples *encode* it in base64 for libraries that decode it.) The type is the
/// `scope`.
pub const BIGCOMMERCE: Provider = Provider {
    slug: "bigcommerce",
    name: "BigCommerce",
    scheme: Scheme {
        key: KeyDecoding::Text,
        ..standard::STANDARD_WEBHOOKS.scheme
    },
    envelope: Envelope {
        kind: &[Field::Body("/scope")],
        sent_at: &[Field::Body("/created_at")],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(48),
        disables: "deactivates the hook after about 48 h of failures; where fewer than 90 % of the \
                   deliveries in two minutes succeed, the whole domain gets none for three minutes",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["bigcommerce/docs:docs/integrations/webhooks/https-webhook-overview.mdx"],
        checked: "2026-11",
        unsure: "the tolerance (of Standard Webhooks), whether a retry is signed anew, and that the id \
                 stays the same across retries",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// WooCommerce.
///
/// `X-WC-Webhook-Signature: <base64>` over the body. Delivery id and topic are headers and not signed; no
/// time is signed. Shops run on their own servers: `X-WC-Webhook-Source` names the shop, unsigned, and
/// each has its own secret. When a webhook is saved, the shop posts an unsigned `webhook_id=…` and nothing
/// else, which is answered with 200; every other unsigned delivery is refused. A secret with `<`, `>`, `&` or quotes in it may be signed with in
/// another spelling: choose one without.
pub const WOOCOMMERCE: Provider = Provider {
    slug: "woocommerce",
    name: "WooCommerce",
    scheme: Scheme {
        signature: SignatureAt::header("x-wc-webhook-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-wc-webhook-delivery-id")],
        kind: &[Field::header("x-wc-webhook-topic")],
        ..Envelope::NONE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Unsigned,
        must: &[],
        challenge: Challenge::form("webhook_id"),
        answer: Answer::Nothing,
    },
    sender: Sender {
        disables: "disables the webhook after 5 failed deliveries in a row",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "woocommerce/woocommerce-rest-api-docs:source/includes/wp-api-v3/_webhooks.md",
            "hookdeck/webhook-skills:skills/woocommerce-webhooks/references/verification.md",
        ],
        checked: "2026-11",
        unsure: "how secrets with special characters are decoded before they sign, and whether it \
                 retries at all",
    },
    ..Provider::BASE
};

/// EasyPost.
///
/// `X-Hmac-Signature: hmac-sha256-hex=<hex>` over the body. The secret is normalized first (Unicode's
/// NFKD), which matters for letters with accents. `X-Hmac-Signature-V2`, which may come along, is not
/// looked at. No time is signed; the event id protects against replays.
pub const EASYPOST: Provider = Provider {
    slug: "easypost",
    name: "EasyPost",
    scheme: Scheme {
        key: KeyDecoding::Nfkd,
        signature: SignatureAt::header("x-hmac-signature"),
        grammar: Grammar::Prefix("hmac-sha256-hex="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/description")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "EasyPost/easypost-python:easypost/util.py",
            "EasyPost/easypost-python:tests/test_webhook.py",
            "https://docs.easypost.com/guides/webhooks-guide",
        ],
        checked: "2026-11",
        unsure: "that the id stays the same across retries, and when it retries",
    },
    ..Provider::BASE
};

/// Printful, API v2.
///
/// `x-pf-webhook-signature: <hex>` over the body, with a key that is given in hexadecimal digits. The
/// body counts retries, so its digest is no id, and there is no other: duplicates are not noticed. No
/// time is signed apart from the body's, which is the event's. Webhooks of API v1 are not signed and
/// are refused.
pub const PRINTFUL: Provider = Provider {
    slug: "printful",
    name: "Printful (API v2)",
    scheme: Scheme {
        key: KeyDecoding::Hex,
        signature: SignatureAt::header("x-pf-webhook-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/occurred_at")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &["public implementations of x-pf-webhook-signature and x-pf-webhook-public-key"],
        checked: "2026-11",
        unsure: "everything is from others; one of them uses the key's text instead of decoding its \
                 hexadecimal digits",
    },
    ..Provider::BASE
};
