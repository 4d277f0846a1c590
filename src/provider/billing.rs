//! Subscriptions, invoices and books.

use super::{row::*, standard};

/// Chargebee.
///
/// **Nothing is signed.** Each delivery carries the user and password that were entered for the
/// webhook (RFC 7617): configure `user:password` as the secret. Whoever has seen one delivery can
/// send anything, id included; without user and password there, every delivery is refused.
pub const CHARGEBEE: Provider = Provider {
    slug: "chargebee",
    name: "Chargebee",
    scheme: Scheme {
        grammar: Grammar::Prefix("Basic "),
        encoding: Encoding::Base64Token,
        ..Scheme::token(Header::named("authorization"))
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/event_type")],
        version: &[Field::Body("/api_version")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        // Up to 7 times; the last gaps are of a day and of two.
        retry_window: hours(80),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "chargebee/chargebee-node:src/resources/webhook/auth.ts",
            "https://chargebee.com/docs/2.0/site-configuration/articles-and-faq/at-which-rate-can-we-expect-the-webhook-calls-in-chargebee-will-there-be-any-performance-disruption.html",
            "https://chargebee.com/docs/1.0/site-configuration/articles-and-faq/how-would-i-know-if-the-configured-webhook-url-in-my-chargebee-site-is-failing.html",
        ],
        checked: "2026-11",
        unsure: "when exactly the retries end (the page says three days), that the id stays the same \
                 across them, and where the version is",
    },
    ..Provider::BASE
};

/// Lemon Squeezy.
///
/// `X-Signature: <hex>` over the body, with the 6 to 40 characters that were entered for the webhook.
/// Modern Treasury and home-made senders use the same header: it says nothing about the sender. No
/// time is signed and there is no event id; the digest of the body, which has the object's state,
/// stands in for it. Only 200 counts as success.
pub const LEMON_SQUEEZY: Provider = Provider {
    slug: "lemon-squeezy",
    name: "Lemon Squeezy",
    scheme: Scheme {
        signature: SignatureAt::header("x-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[
            Field::Body("/meta/event_name"),
            Field::header("x-event-name"),
        ],
        ..Envelope::NONE
    },
    no_id: NoId::BodyDigest,
    sender: Sender {
        retries: Retries::All,
        // Three times, after 5, 25 and 125 s.
        retry_window: Some(Duration::from_secs(5 * 60)),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
            "https://docs.lemonsqueezy.com/help/webhooks/webhook-requests",
        ],
        checked: "2026-11",
        unsure: "SHA-256 (only code samples show the hash), and that a retry has the same body (if not, \
                 it counts as new)",
    },
    ..Provider::BASE
};

/// Polar.
///
/// Standard Webhooks with the secret's text as the key: nothing is decoded. (Polar's pages have the
/// secret *encoded* in base64 for libraries that decode it.)
pub const POLAR: Provider = Provider {
    slug: "polar",
    name: "Polar",
    scheme: Scheme {
        key: KeyDecoding::Text,
        ..standard::STANDARD_WEBHOOKS.scheme
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        signed_time: SignedTime::Attempt,
        disables: "disables the endpoint after 10 failed deliveries in a row",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "polarsource/polar:sdk/python/polar/webhooks.py",
            "polarsource/polar:sdk/python/tests/test_webhooks.py",
            "polarsource/polar:docs/integrate/webhooks/delivery.mdx",
        ],
        checked: "2026-11",
        unsure: "that the id stays the same across retries, that each is signed anew (as Standard \
                 Webhooks asks), and how long the up to 10 retries take",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// QuickBooks and other products of Intuit.
///
/// `intuit-signature: <base64>` over the body, with the app's verifier token. One delivery carries
/// many events, either in the older form (`eventNotifications`) or as an array of CloudEvents; the
/// signature is the same. No time is signed. Notices name an entity and no content, and may repeat
/// within a second, so no digest stands in for an id: duplicates are not noticed.
pub const QUICKBOOKS: Provider = Provider {
    slug: "quickbooks",
    name: "QuickBooks (Intuit)",
    scheme: Scheme {
        signature: SignatureAt::header("intuit-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks/managing-webhooks-notifications",
            "https://kestra.io/plugins/plugin-quickbooks/trigger/io.kestra.plugin.quickbooks.trigger.webhooktrigger",
        ],
        checked: "2026-11",
        unsure: "the signature's form is from others, and so are the 3 seconds that Intuit is said to \
                 wait; when it retries is not known",
    },
    ..Provider::BASE
};

/// Recurly, JSON webhooks.
///
/// `recurly-signature: <ms>,<hex>[,<hex>…]` over `{ms}.{body}`: a list without names, the time in
/// milliseconds first. The secret is used as text, though it looks like hexadecimal digits. The id in
/// the body is the object's and not an event's, and notices may repeat: duplicates are not noticed.
/// The older XML notifications are not signed and are refused.
pub const RECURLY: Provider = Provider {
    slug: "recurly",
    name: "Recurly (JSON webhooks)",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("recurly-signature"),
        grammar: Grammar::Positional { separator: b',' },
        time: TimeAt::InSignature {
            key: "",
            unit: TimeUnit::Millis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/object_type")],
        kind_suffix: Some(Field::Body("/event_type")),
        sent_at: &[Field::Body("/event_time")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        // Ten times, about 10 + x * 2^(x + 5) seconds apart.
        retry_window: hours(73),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "recurly/recurly-client-ruby:lib/recurly/webhooks.rb",
            "recurly/recurly-client-ruby:spec/recurly/webhooks_spec.rb",
            "https://docs.recurly.com/recurly-subscriptions/docs/automatic-retries",
        ],
        checked: "2026-11",
        unsure: "whether a retry is signed anew, and that no field of the body identifies an event",
    },
    ..Provider::BASE
};

/// Xero.
///
/// `x-xero-signature: <base64>` over the body. The key is used as text, though it looks like base64.
/// Xero tests an endpoint with a series of deliveries, some of them signed wrongly on purpose, and
/// wants what hookgate answers anyway: 200 without a body for the right ones, exactly 401 for the
/// others, no cookies. One delivery carries many events (`events[]`); there is no id, and the digest of
/// the body, which has sequence numbers, stands in for it. No time is signed.
pub const XERO: Provider = Provider {
    slug: "xero",
    name: "Xero",
    scheme: Scheme {
        signature: SignatureAt::header("x-xero-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    no_id: NoId::BodyDigest,
    sender: Sender {
        timeout: secs(5),
        retries: Retries::All,
        retry_window: hours(24),
        disables: "disables the webhook when the retries of 24 h have failed",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developer.xero.com/documentation/webhooks/configuring-your-server",
            "NangoHQ/nango:packages/server/lib/webhook/xero-webhook-routing.ts",
        ],
        checked: "2026-11",
        unsure: "that a retry has the same body (if not, it counts as new)",
    },
    ..Provider::BASE
};
