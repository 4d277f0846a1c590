//! Models and what runs them.

use super::{row::*, standard};

/// Anthropic, webhooks of Claude's managed agents.
///
/// Standard Webhooks with `webhook-*` headers and a `whsec_` secret.
pub const ANTHROPIC: Provider = Provider {
    slug: "anthropic",
    name: "Anthropic (Claude managed agents)",
    envelope: Envelope {
        kind: &[Field::Body("/data/type"), Field::Body("/type")],
        sent_at: &[Field::Body("/created_at")],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "anthropics/anthropic-sdk-python:src/anthropic/resources/beta/webhooks.py",
            "https://platform.claude.com/docs/en/managed-agents/webhooks",
        ],
        checked: "2026-11",
        unsure: "where the type is, the retries, and that the id stays the same across them",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// ElevenLabs.
///
/// `ElevenLabs-Signature: t=…,v0=…` over `{t}.{body}`: the version is `v0`, and this is not Standard
/// Webhooks, whatever some tables say. Events have no id. ElevenLabs' own library accepts a time of
/// half an hour ago, and any future one; this row takes half an hour both ways.
pub const ELEVENLABS: Provider = Provider {
    slug: "elevenlabs",
    name: "ElevenLabs",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("elevenlabs-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v0",
        },
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(1_800)),
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/event_timestamp")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["elevenlabs/elevenlabs-python:src/elevenlabs/webhooks_custom.py"],
        checked: "2026-11",
        unsure: "whether it tries again, and when it switches an endpoint off",
    },
    ..Provider::BASE
};

/// Hugging Face Hub.
///
/// Nothing is signed: the webhook's secret comes with each delivery in `X-Webhook-Secret`, and
/// whoever sees one can send anything. A secret in the URL instead is
/// `scheme: Scheme::token_in_query("secret")`. The type is scope and action:
/// `discussion.comment.create`.
pub const HUGGINGFACE: Provider = Provider {
    slug: "huggingface",
    name: "Hugging Face Hub",
    scheme: Scheme::token(Header::named("x-webhook-secret")),
    envelope: Envelope {
        kind: &[Field::Body("/event/scope")],
        kind_suffix: Some(Field::Body("/event/action")),
        version: &[Field::Body("/webhook/version")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["huggingface/hub-docs:docs/hub/webhooks.md"],
        checked: "2026-11",
        unsure: "the retries",
    },
    ..Provider::BASE
};

/// OpenAI.
///
/// Standard Webhooks. The key is base64 after `whsec_`; a secret without that prefix is used as text.
/// OpenAI's own libraries also take a signature without `v1,`; this row does not. The event id is the
/// signed header, not the body's `id`.
pub const OPENAI: Provider = Provider {
    slug: "openai",
    name: "OpenAI",
    scheme: Scheme {
        key: KeyDecoding::Base64OrText { prefix: "whsec_" },
        ..standard::STANDARD_WEBHOOKS.scheme
    },
    envelope: Envelope {
        sent_at: &[Field::Body("/created_at")],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "openai/openai-python:src/openai/lib/_webhooks.py",
            "openai/openai-python:tests/lib/test_webhooks.py",
        ],
        checked: "2026-11",
        unsure: "the retries, and that the id stays the same across them",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// Replicate.
///
/// Standard Webhooks; the key is base64 after the secret's last underscore. Replicate's own libraries
/// do not insist on a fresh time; this row does. The body's `id` is the prediction, which many events
/// share: the event id is the signed header. The type is the prediction's status.
pub const REPLICATE: Provider = Provider {
    slug: "replicate",
    name: "Replicate",
    scheme: Scheme {
        key: KeyDecoding::Base64AfterUnderscore,
        ..standard::STANDARD_WEBHOOKS.scheme
    },
    envelope: Envelope {
        kind: &[Field::Body("/status")],
        sent_at: &[],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "replicate/replicate-javascript:lib/util.js",
            "replicate/replicate-javascript:index.test.ts",
        ],
        checked: "2026-11",
        unsure: "the retries",
    },
    ..standard::STANDARD_WEBHOOKS
};
