//! What builds and deploys.

use super::{row::*, standard};

/// Buildkite, webhooks with a signature.
///
/// `X-Buildkite-Signature: timestamp=…,signature=…` over `{timestamp}.{body}`, keyed with the
/// webhook's token. The time is that of the dispatch. A webhook is set to send either this or the
/// token; this row does not accept the token.
pub const BUILDKITE_SIGNATURE: Provider = Provider {
    slug: "buildkite-signature",
    name: "Buildkite (signature)",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("x-buildkite-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "signature",
        },
        time: TimeAt::InSignature {
            key: "timestamp",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/event"), Field::header("x-buildkite-event")],
        ..Envelope::NONE
    },
    sender: Sender {
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "buildkite/docs:pages/apis/webhooks/_webhook_signature.md",
            "buildkite/docs:pages/apis/webhooks/_verifying_hmac_signatures.md",
        ],
        checked: "2026-11",
        unsure: "the retries",
    },
    ..Provider::BASE
};

/// Buildkite, webhooks with a token.
///
/// Nothing is signed: the token comes with each delivery in `X-Buildkite-Token`, and whoever sees one
/// can send anything. Prefer [`BUILDKITE_SIGNATURE`].
pub const BUILDKITE_TOKEN: Provider = Provider {
    slug: "buildkite-token",
    name: "Buildkite (token)",
    scheme: Scheme::token(Header::named("x-buildkite-token")),
    tolerance: None,
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        sources: &["buildkite/docs:pages/apis/webhooks/_http_headers_token_or_signature.md"],
        ..BUILDKITE_SIGNATURE.evidence
    },
    ..BUILDKITE_SIGNATURE
};

/// CircleCI, outbound webhooks.
///
/// `circleci-signature: v1=…` over the body, in a list by version. Only `v1` is known; CircleCI asks
/// that nothing but the newest known version counts.
pub const CIRCLECI: Provider = Provider {
    slug: "circleci",
    name: "CircleCI",
    scheme: Scheme {
        signature: SignatureAt::header("circleci-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type"), Field::header("circleci-event-type")],
        sent_at: &[Field::Body("/happened_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "circleci/circleci-docs:docs/guides/modules/integration/pages/outbound-webhooks.adoc",
        ],
        checked: "2026-11",
        unsure: "for how long it tries again",
    },
    ..Provider::BASE
};

/// Heroku, app webhooks.
///
/// Base64 in `Heroku-Webhook-Hmac-SHA256` over the body, for webhooks that were created with a
/// secret. Those of level `notify` are tried once; only `sync` tries again. The type is the resource
/// with the action: `release.update`.
pub const HEROKU: Provider = Provider {
    slug: "heroku",
    name: "Heroku",
    scheme: Scheme {
        signature: SignatureAt::header("heroku-webhook-hmac-sha256"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/resource")],
        kind_suffix: Some(Field::Body("/action")),
        version: &[Field::Body("/version")],
        sent_at: &[Field::Body("/created_at")],
    },
    sender: Sender {
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://devcenter.heroku.com/articles/app-webhooks",
            "https://docs.rs/heroku_rs (the header, out of Heroku's API reference)",
        ],
        checked: "2026-11",
        unsure: "that the signature is base64 of the raw body's MAC, the version's place, and for how \
                 long level sync tries again",
    },
    ..Provider::BASE
};

/// Netlify, deploy notifications.
///
/// `X-Webhook-Signature` is a JSON Web Token with HS256, issued by `netlify`, whose claim `sha256` is
/// the SHA-256 of the body in hexadecimal digits. It has no time and does not expire. Events have no
/// id: the body's is that of the deploy, which many events share.
pub const NETLIFY: Provider = Provider {
    slug: "netlify",
    name: "Netlify",
    scheme: Scheme {
        message: &[Part::Token],
        signature: SignatureAt::header("x-webhook-signature"),
        grammar: Grammar::Jwt {
            prefix: "",
            alg: "HS256",
            issuer: "netlify",
        },
        encoding: Encoding::Base64Url,
        digest: Some(DigestAt::Claim("/sha256", Encoding::Hex)),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::header("x-netlify-event")],
        sent_at: &[Field::Body("/updated_at")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://docs.netlify.com/site-deploys/notifications/#payload-signature",
            "https://github.com/simstudioai/sim/pull/4518",
            "https://gitlab.com/jamietanna/www-api/-/merge_requests/158",
        ],
        checked: "2026-11",
        unsure: "the names of the headers, that the digest is in hexadecimal digits, and the retries",
    },
    ..Provider::BASE
};

/// Render: Standard Webhooks with a `whsec_` secret.
pub const RENDER: Provider = Provider {
    slug: "render",
    name: "Render",
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &["https://render.com/docs/webhooks"],
        checked: "2026-11",
        unsure: "all of it: that it is Standard Webhooks was not read again; the retries are not known",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// Vercel, webhooks of accounts and integrations.
///
/// Hex of HMAC with SHA-1 over the body, keyed with the webhook's secret or the integration's. Some
/// tables say SHA-256, or know of a time; there is none.
pub const VERCEL: Provider = Provider {
    slug: "vercel",
    name: "Vercel",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
        signature: SignatureAt::header("x-vercel-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/createdAt")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(24),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://vercel.com/docs/webhooks/webhooks-api",
            "hookdeck/webhook-skills:skills/vercel-webhooks/references/verification.md",
        ],
        checked: "2026-11",
        unsure: "the retries (for 24 h: not read again)",
    },
    ..Provider::BASE
};

/// Vercel, log and trace drains.
///
/// Signed as [`VERCEL`]. Bodies are JSON arrays or lines of JSON, without ids; compressed ones are
/// refused, so compression has to be off in the drain.
///
/// When a drain is made, Vercel shows a token and wants to see it in `x-vercel-verify` of an answer: set
/// it with [`with_verify_token`](crate::source::SourceBuilder::with_verify_token). It is shown once, to the
/// first delivery that has no signature, within the handshake window
/// ([`open_handshake`](crate::Source::open_handshake) opens it again). All others are refused.
pub const VERCEL_DRAINS: Provider = Provider {
    slug: "vercel-drains",
    name: "Vercel drains",
    envelope: Envelope::NONE,
    handshake: Handshake::Token {
        header: "x-vercel-verify",
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://vercel.com/docs/drains/security",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "whether a compressed body is signed before or after, the size of the batches, the \
                 retries, and what the request is like that is answered with the token",
    },
    ..VERCEL
};
