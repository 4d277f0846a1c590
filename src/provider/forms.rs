//! Forms, bookings and leads.

use super::row::*;

/// Cal.com.
///
/// Hex in `X-Cal-Signature-256` over the body. A webhook without a secret has the text
/// `no-secret-provided` there, and is refused. The body may be made by a template of the user's, a form
/// even: where the type is, and whether there is a time, depends on it. The usual body has a `createdAt`
/// that is signed and not judged; to insist on it, add
/// `time: TimeAt::Body { path: "/createdAt", unit: TimeUnit::Rfc3339 }` and a tolerance. Events have no
/// id; handlers should key on the booking's `uid` and the type.
pub const CAL_COM: Provider = Provider {
    slug: "cal-com",
    name: "Cal.com",
    scheme: Scheme {
        signature: SignatureAt::header("x-cal-signature-256"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/triggerEvent")],
        sent_at: &[Field::Body("/createdAt")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::Never,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["calcom/cal.com:packages/features/webhooks/lib/sendPayload.ts"],
        checked: "2026-11",
        unsure: "that it never tries again: no retry is in the sender's code",
    },
    ..Provider::BASE
};

/// Calendly.
///
/// `Calendly-Webhook-Signature: t=…,v1=…` over `{t}.{body}`. A subscription that was made without a
/// signing key is not signed, and is refused. Events have no id.
pub const CALENDLY: Provider = Provider {
    slug: "calendly",
    name: "Calendly",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("calendly-webhook-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(180)),
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        sent_at: &[Field::Body("/created_at")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures.md",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the retries, and whether each is signed anew",
    },
    ..Provider::BASE
};

/// LinkedIn.
///
/// Hex in `X-LI-Signature` over the text `hmacsha256=` and then the body, keyed with the app's client
/// secret. LinkedIn's page can be read as if the text stood in the header as well; it may, and need
/// not. The event id is there when the notification is not one of a batch.
pub const LINKEDIN: Provider = Provider {
    slug: "linkedin",
    name: "LinkedIn",
    scheme: Scheme {
        message: &[Part::Literal("hmacsha256="), Part::Body],
        signature: SignatureAt::header("x-li-signature"),
        grammar: Grammar::OptionalPrefix("hmacsha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/notificationId")],
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[],
        challenge: Challenge::query("challengeCode"),
        answer: Answer::SignedJson {
            challenge: Some("challengeCode"),
            signature: "challengeResponse",
            prefix: "",
            encoding: Encoding::Hex,
        },
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(8),
        disables: "after three failed validations in a row, which come every two hours",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation (a copy)",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "whether the header has the prefix, where the notification's id is, and the retries \
                 (every 5 min for 8 h: from others)",
    },
    ..Provider::BASE
};

/// Typeform.
///
/// `Typeform-Signature: sha256=…` over the body: GitHub's prefix, but base64.
pub const TYPEFORM: Provider = Provider {
    slug: "typeform",
    name: "Typeform",
    scheme: Scheme {
        signature: SignatureAt::header("typeform-signature"),
        grammar: Grammar::Prefix("sha256="),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/event_id")],
        kind: &[Field::Body("/event_type")],
        sent_at: &[Field::Body("/form_response/submitted_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(10),
        disables: "at once after a 404 or a 410",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the retries and what ends them (from others), and that event_id stays the same across \
                 them",
    },
    ..Provider::BASE
};
