//! Sign-in and identity.

use super::{row::*, standard};

/// Auth0 log streams to a custom webhook.
///
/// Nothing is signed: the text that was entered as the stream's authorization token comes with each
/// delivery, in `Authorization`, and whoever sees one can send anything. Deliveries are batches
/// without an id of their own; each entry has a `log_id` for handlers to key on.
pub const AUTH0_LOG_STREAMS: Provider = Provider {
    slug: "auth0-log-streams",
    name: "Auth0 log streams",
    scheme: Scheme::token(Header::named("authorization")),
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://auth0.com/docs/customize/log-streams/custom-log-streams",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "that the configured text is the whole value, and the form of the batches",
    },
    ..Provider::BASE
};

/// Clerk, which sends through Svix: as [`SVIX`](super::SVIX).
pub const CLERK: Provider = Provider {
    slug: "clerk",
    name: "Clerk",
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "clerk/clerk-docs:docs/guides/development/webhooks/overview.mdx",
            "hookdeck/webhook-skills:skills/clerk-webhooks/references/verification.md",
        ],
        checked: "2026-11",
        unsure: "the retries (those of Svix)",
    },
    ..standard::SVIX
};

/// Okta event hooks.
///
/// Nothing is signed: the secret that was entered for the hook comes with each delivery, and whoever
/// sees one can send anything. It is in `Authorization` unless another header was chosen:
/// `scheme: Scheme::token(Header::named("x-my-header"))`. One delivery may carry several events; its
/// id and type are those of the delivery, and handlers should key on the `uuid` of each event.
pub const OKTA_EVENT_HOOKS: Provider = Provider {
    slug: "okta-event-hooks",
    name: "Okta event hooks",
    scheme: Scheme::token(Header::named("authorization")),
    envelope: Envelope {
        id: &[Field::Body("/eventId")],
        kind: &[Field::Body("/eventType")],
        version: &[Field::Body("/eventTypeVersion")],
        sent_at: &[Field::Body("/eventTime")],
        ..Envelope::NONE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[],
        challenge: Challenge::header("x-okta-verification-challenge").of(Charset::Token68),
        answer: Answer::Json("verification"),
    },
    sender: Sender {
        timeout: secs(3),
        retries: Retries::On5xx,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "okta/okta-developer-docs:packages/@okta/vuepress-site/docs/concepts/event-hooks/index.md",
        ],
        checked: "2026-11",
        unsure: "how long after the first try the one retry comes",
    },
    ..Provider::BASE
};

/// Supabase Auth hooks over HTTP.
///
/// Standard Webhooks. The secret is configured as Supabase shows it, `v1,whsec_…`; where its setting
/// holds several with `|` between, each is added by itself.
///
/// Most of these hooks ask a question: the reply decides whether somebody may sign in. Answer those
/// in a handler behind the middleware; an inbox only ever says `{}`.
pub const SUPABASE_AUTH_HOOKS: Provider = Provider {
    slug: "supabase-auth-hooks",
    name: "Supabase Auth hooks",
    scheme: Scheme {
        key: KeyDecoding::Base64 {
            prefix: "v1,whsec_",
        },
        ..standard::STANDARD_WEBHOOKS.scheme
    },
    envelope: Envelope {
        kind: &[],
        sent_at: &[],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender {
        timeout: secs(5),
        retries: Retries::On5xx,
        retry_window: secs(19),
        ..Sender::UNKNOWN
    },
    replies: Replies {
        body: "{}",
        content_type: "application/json",
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["supabase/supabase:apps/docs/content/guides/auth/auth-hooks.mdx"],
        checked: "2026-11",
        unsure: "that the id stays the same across the retries, which only come after a 429 or a \
                 503 with Retry-After",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// WorkOS.
///
/// `WorkOS-Signature: t=…, v1=…` (a comma and a space) over `{t}.{body}`, the time in milliseconds.
/// Actions are signed the same way and want a signed reply, which is not made here.
pub const WORKOS: Provider = Provider {
    slug: "workos",
    name: "WorkOS",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("workos-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        gap: " ",
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Millis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(180)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/event")],
        sent_at: &[Field::Body("/created_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(72),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "workos/workos-python:src/workos/webhooks/_resource.py",
            "workos/workos-node:src/common/crypto/signature-provider.ts",
        ],
        checked: "2026-11",
        unsure: "the retries (for 3 days: not read again), and whether each attempt is signed anew",
    },
    ..Provider::BASE
};
