//! Content management and web sites.

use super::row::*;

/// Contentful, webhooks and app requests.
///
/// `x-contentful-signature` in hex over method, path and query, the signed headers, and the body, a
/// line each. Path and query are percent-encoded once more than they are sent. Contentful chooses the
/// headers and names them in `x-contentful-signed-headers`; that list and the time must be among them,
/// or the delivery is refused. What else is in the list is trusted as signed. A value that could be
/// taken for two headers is refused.
///
/// The origin is configured with
/// [`with_public_url`](crate::source::SourceBuilder::with_public_url); what counts of it is a path that
/// a proxy or a router has taken away. Contentful's own library accepts any future time; this row does
/// not. Webhooks by other methods than POST are not accepted.
pub const CONTENTFUL: Provider = Provider {
    slug: "contentful",
    name: "Contentful",
    scheme: Scheme {
        message: &[
            Part::Method,
            Part::Literal("\n"),
            Part::EscapedTarget,
            Part::Literal("\n"),
            Part::ListedPairs(";"),
            Part::Literal("\n"),
            Part::Body,
        ],
        signature: SignatureAt::header("x-contentful-signature"),
        time: TimeAt::header("x-contentful-timestamp", TimeUnit::Millis),
        listed: Some(Listed {
            at: ListedAt::Header(Header::named("x-contentful-signed-headers")),
            separator: b',',
            required: &[
                Header::named("x-contentful-signed-headers"),
                Header::named("x-contentful-timestamp"),
            ],
            joints: &[],
        }),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(30)),
    envelope: Envelope {
        id: &[Field::header("x-contentful-idempotency-key")],
        kind: &[Field::header("x-contentful-topic")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::On5xx,
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "contentful/node-apps-toolkit:src/requests/sign-request.ts",
            "contentful/node-apps-toolkit:src/requests/verify-request.ts",
            "https://contentful.com/developers/docs/webhooks/request-verification",
            "https://www.contentful.com/developers/changelog/idempotency-key-headers-for-webhook-requests/",
        ],
        checked: "2026-11",
        unsure: "the retries (two, 30 s apart, after 429 and 5xx: not read again), and that each is \
                 signed anew",
    },
    ..Provider::BASE
};

/// Sanity, GROQ-powered webhooks.
///
/// `sanity-webhook-signature: t=…,v1=…` over `{t}.{body}`: it looks like Stripe's, but the time is in
/// milliseconds and the signature in base64 for URLs. The event id is a header and not signed; there
/// is no type. Sanity's own library does not judge the time; this row does.
pub const SANITY: Provider = Provider {
    slug: "sanity",
    name: "Sanity",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("sanity-webhook-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        encoding: Encoding::Base64Url,
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Millis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::header("idempotency-key")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(30),
        retries: Retries::All,
        // Two retries, half a minute apart, and what each may take.
        retry_window: secs(150),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "sanity-io/webhook-toolkit:src/signature.ts",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "whether each attempt is signed anew",
    },
    ..Provider::BASE
};

/// Strapi.
///
/// Nothing is signed: a header that is configured with the webhook, or for all of them, comes with
/// each delivery, and whoever sees one can send anything. This row has `authorization`, with whatever
/// was configured there as the secret; another header is
/// `scheme: Scheme::token(Header::named("x-my-header"))`. Events have no id.
pub const STRAPI: Provider = Provider {
    slug: "strapi",
    name: "Strapi",
    scheme: Scheme::token(Header::named("authorization")),
    envelope: Envelope {
        kind: &[Field::Body("/event"), Field::header("x-strapi-event")],
        sent_at: &[Field::Body("/createdAt")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::Never,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["strapi/documentation:docusaurus/docs/cms/backend-customization/webhooks.md"],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// Webflow.
///
/// Hex in `x-webflow-signature` over `{timestamp}:{body}` (a colon), the time in milliseconds, keyed
/// with the webhook's secret or the app's client secret. Webhooks that were made in the dashboard are
/// not signed, and are refused. Events have no id. Webflow's own library does not judge the time; this
/// row does.
pub const WEBFLOW: Provider = Provider {
    slug: "webflow",
    name: "Webflow",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal(":"), Part::Body],
        signature: SignatureAt::header("x-webflow-signature"),
        time: TimeAt::header("x-webflow-timestamp", TimeUnit::Millis),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/triggerType")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "webflow/js-webflow-api:src/wrapper/WebhooksClient.ts",
            "https://developers.webflow.com/data/docs/working-with-webhooks",
        ],
        checked: "2026-11",
        unsure: "that the time is in milliseconds, the retries (three, 10 min apart), both not read \
                 again, and whether each is signed anew",
    },
    ..Provider::BASE
};
