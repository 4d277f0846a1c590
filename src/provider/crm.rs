//! Customers: CRM, help desks, forms and boards.

use http::Method;

use super::row::*;

/// HubSpot, the newest signature (v3): what new receivers should ask for.
///
/// `X-HubSpot-Signature-v3`: HMAC-SHA256, base64, over method, URL, body and time (milliseconds),
/// without anything between; keyed with the app's client secret. Set the public origin with
/// [`with_public_url`](crate::source::SourceBuilder::with_public_url). HubSpot signs the URL with
/// some escapes undone (`%3A` as `:`), its own libraries as it is; both are tried, they only differ
/// where the URL has such escapes. The older header beside it is not looked at.
///
/// A delivery is a batch of events; `eventId` is not promised to be unique, and `attemptNumber` in
/// the body changes with each try, so that the body's digest is no id either.
pub const HUBSPOT_V3: Provider = Provider {
    slug: "hubspot-v3",
    name: "HubSpot (signature v3)",
    scheme: Scheme {
        message: &[
            Part::Method,
            Part::UnescapedUrl(HUBSPOT_UNESCAPED),
            Part::Body,
            Part::Timestamp,
        ],
        variants: &[&[
            Part::Method,
            Part::Url(Port::AsConfigured),
            Part::Body,
            Part::Timestamp,
        ]],
        signature: SignatureAt::header("x-hubspot-signature-v3"),
        encoding: Encoding::Base64,
        time: TimeAt::header("x-hubspot-request-timestamp", TimeUnit::Millis),
        ..Scheme::BASE
    },
    methods: HUBSPOT_METHODS,
    tolerance: Some(Tolerance::symmetric(300)),
    sender: Sender {
        timeout: secs(5),
        retries: Retries::All,
        retry_window: hours(24),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "HubSpot/hubspot-api-nodejs:src/utils/signature.ts",
            "HubSpot/hubspot-api-python:hubspot/utils/signature.py",
            "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
        ],
        checked: "2026-11",
        unsure: "which escapes are undone (several receivers quote the same list), and the retries \
                 (10 over 24 h: not read again)",
    },
    ..Provider::BASE
};

const HUBSPOT_UNESCAPED: &str = ":/?@!$'()*,;";

/// Cards and actions call their endpoints by other methods as well.
const HUBSPOT_METHODS: &[Method] = &[
    Method::POST,
    Method::GET,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// HubSpot, signature v2: older cards and workflow actions.
///
/// `X-HubSpot-Signature` with `X-HubSpot-Signature-Version: v2`: SHA-256, hex, of client secret,
/// method, URL and body. **That is no MAC.** Whoever has seen one delivery can append to its body
/// and compute the new signature without the secret (length extension), and letters can be moved
/// between URL and body. No time is signed. Use [`HUBSPOT_V3`] wherever HubSpot sends it.
pub const HUBSPOT_V2: Provider = Provider {
    slug: "hubspot-v2",
    name: "HubSpot (signature v2)",
    scheme: Scheme {
        message: &[Part::Method, Part::Url(Port::AsConfigured), Part::Body],
        require: &[(Header::named("x-hubspot-signature-version"), "v2")],
        ..HUBSPOT_V1.scheme
    },
    methods: HUBSPOT_METHODS,
    ..HUBSPOT_V1
};

/// HubSpot, signature v1: webhooks of older apps.
///
/// `X-HubSpot-Signature` with `X-HubSpot-Signature-Version: v1`: SHA-256, hex, of client secret and
/// body. **That is no MAC**: whoever has seen one delivery can append to its body and compute the
/// new signature without the secret (length extension). Padding stands between the two that no JSON
/// has, so parse the whole body, strictly, before you believe any of it. No time is signed. HubSpot
/// sends v3 beside it: use [`HUBSPOT_V3`].
pub const HUBSPOT_V1: Provider = Provider {
    slug: "hubspot-v1",
    name: "HubSpot (signature v1)",
    scheme: Scheme {
        algorithm: Algorithm::Sha256SecretFirstForLegacyUseOnly,
        signature: SignatureAt::header("x-hubspot-signature"),
        require: &[(Header::named("x-hubspot-signature-version"), "v1")],
        ..Scheme::BASE
    },
    sender: HUBSPOT_V3.sender,
    evidence: HUBSPOT_V3.evidence,
    ..Provider::BASE
};

/// Intercom.
///
/// `X-Hub-Signature: sha1=…` over the body, keyed with the app's client secret. SHA-1 is all that
/// Intercom offers; as a MAC it still holds. No time is signed. A HEAD request comes before the endpoint
/// is taken.
pub const INTERCOM: Provider = Provider {
    slug: "intercom",
    name: "Intercom",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
        signature: SignatureAt::header("x-hub-signature"),
        grammar: Grammar::Prefix("sha1="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/topic")],
        ..Envelope::NONE
    },
    handshake: Handshake::Probe(&[Method::HEAD]),
    sender: Sender {
        timeout: secs(5),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://developers.intercom.com/docs/webhooks",
            "https://developers.intercom.com/docs/webhooks/setting-up-webhooks",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the retries (one after a minute), and that an endpoint which answers 410 is \
                 unsubscribed and one that keeps failing is paused: none of it was read again",
    },
    ..Provider::BASE
};

/// Front, application webhooks. Rule webhooks sign another text with SHA-1; this row does not
/// accept them.
///
/// `X-Front-Signature`: HMAC-SHA256, base64, over `{timestamp}:{body}`, keyed with the app's
/// secret; the time is in milliseconds. The challenge that comes whenever the webhook is saved is a
/// header of a signed delivery of the type `sync`.
pub const FRONT: Provider = Provider {
    slug: "front",
    name: "Front (application webhooks)",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal(":"), Part::Body],
        signature: SignatureAt::header("x-front-signature"),
        encoding: Encoding::Base64,
        time: TimeAt::header("x-front-request-timestamp", TimeUnit::Millis),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Type("sync"),
        must: &[],
        challenge: Challenge::header("x-front-challenge").of(Charset::Token68),
        answer: Answer::Text,
    },
    sender: Sender {
        retries: Retries::On5xx,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://dev.frontapp.com/docs/application-webhooks",
            "https://dev.frontapp.com/docs/security-1 (the 5 minutes)",
            "hookdeck/webhook-skills:providers.yaml (the retries)",
        ],
        checked: "2026-11",
        unsure: "the retries (three after 408, 429, 500 and time-outs)",
    },
    ..Provider::BASE
};

/// Zendesk.
///
/// `X-Zendesk-Webhook-Signature`: HMAC-SHA256, base64, over `{timestamp}{body}` without anything
/// between; the time (RFC 3339) has a header of its own. The secret looks like base64 and is used
/// as text. An older revision of Zendesk's page had time and body the other way round, and so has
/// its example.
///
/// Webhooks may be set to any method; GET and DELETE have no body. The body of one that a trigger
/// sends is the user's own: its `id` only counts beside `zendesk_event_version`, which event
/// subscriptions have. The invocation id is a header and not signed.
pub const ZENDESK: Provider = Provider {
    slug: "zendesk",
    name: "Zendesk",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Body],
        signature: SignatureAt::header("x-zendesk-webhook-signature"),
        encoding: Encoding::Base64,
        time: TimeAt::header("x-zendesk-webhook-signature-timestamp", TimeUnit::Rfc3339),
        ..Scheme::BASE
    },
    methods: &[
        Method::POST,
        Method::GET,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ],
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[
            Field::BodyBeside("/id", &["/zendesk_event_version"]),
            Field::header("x-zendesk-webhook-invocation-id"),
        ],
        kind: &[Field::Body("/type")],
        version: &[Field::Body("/zendesk_event_version")],
        sent_at: &[Field::Body("/time")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(12),
        retries: Retries::On5xx,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developer.zendesk.com/documentation/webhooks/verifying/",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the ids, and that they stay the same across retries; the order of time and body \
                 rests on the page's present revision",
    },
    ..Provider::BASE
};

/// monday.com, webhooks of integration apps.
///
/// `Authorization: <JWT>` (HS256) with the app's signing secret. **The token does not cover the
/// body**: it proves that monday.com made it, and whoever has seen one delivery can send another
/// body with it until it expires. Fetch what matters from the API. Webhooks that were not made by
/// an app come without a token and are refused; give those a
/// [`TOKEN_IN_QUERY`](super::TOKEN_IN_QUERY) and this row's handshake. The challenge of the first
/// request, which has no token either, is answered.
pub const MONDAY: Provider = Provider {
    slug: "monday",
    name: "monday.com",
    scheme: Scheme {
        message: &[Part::Token],
        signature: SignatureAt::header("authorization"),
        grammar: Grammar::Jwt {
            prefix: "",
            alg: "HS256",
            issuer: "",
        },
        encoding: Encoding::Base64Url,
        time: TimeAt::Claims(ClaimedTime::Expiry),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(60)),
    envelope: Envelope {
        id: &[Field::Body("/event/triggerUuid")],
        kind: &[Field::Body("/event/type")],
        ..Envelope::NONE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Unsigned,
        must: &[],
        challenge: Challenge::body("/challenge"),
        answer: Answer::Json("challenge"),
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(30 * 60)),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://developer.monday.com/api-reference/reference/webhooks",
            "https://developer.monday.com/apps/docs/integration-authorization",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "that the token stands alone, without `Bearer`, and that triggerUuid stays the same \
                 across retries",
    },
    ..Provider::BASE
};

/// Tally.
///
/// `Tally-Signature`: HMAC-SHA256, base64, over the body; only when a signing secret is set.
/// `createdAt` in the body is the time of the event, and retries go on for longer than a day, so it
/// is not judged. Tally's sample signs a re-serialised body; the raw bytes are what counts.
pub const TALLY: Provider = Provider {
    slug: "tally",
    name: "Tally",
    scheme: Scheme {
        signature: SignatureAt::header("tally-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/eventId")],
        kind: &[Field::Body("/eventType")],
        sent_at: &[Field::Body("/createdAt")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        // 5 min, 30 min, 1 h, 6 h, 1 day.
        retry_window: secs(113_700),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://tally.so/help/webhooks",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "that the raw body is signed (the vendor's sample parses it first)",
    },
    ..Provider::BASE
};
