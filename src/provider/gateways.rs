//! Gateways and engines that pass on the events of others.

use super::row::*;

/// CloudEvents over HTTP webhooks, with a token.
///
/// Nothing is signed: the token comes with each delivery as `Authorization: Bearer …`, and whoever
/// sees one can send anything. A token in the URL, which the specification allows and advises
/// against, is `scheme: Scheme::token_in_query("access_token")`.
///
/// An event is known by its source and its id together, in `ce-*` headers (binary mode) or in the body
/// (structured mode). Batches have no id. Before it sends anything a sender asks with OPTIONS, and is
/// answered when its origin is one of those of
/// [`add_handshake_value`](crate::source::SourceBuilder::add_handshake_value). Deliveries are answered with 202: accepted, and not yet
/// dealt with.
pub const CLOUDEVENTS_HTTP_WEBHOOK: Provider = Provider {
    slug: "cloudevents-http-webhook",
    name: "CloudEvents HTTP webhook",
    scheme: Scheme {
        grammar: Grammar::Prefix("Bearer "),
        ..Scheme::token(Header::named("authorization"))
    },
    envelope: Envelope {
        id: &[
            Field::Joined(&[Field::header("ce-source"), Field::header("ce-id")]),
            Field::Joined(&[
                Field::BodyBeside("/source", &["/specversion"]),
                Field::BodyBeside("/id", &["/specversion"]),
            ]),
        ],
        kind: &[
            Field::header("ce-type"),
            Field::BodyBeside("/type", &["/specversion"]),
        ],
        version: &[Field::header("ce-specversion"), Field::Body("/specversion")],
        sent_at: &[
            Field::header("ce-time"),
            Field::BodyBeside("/time", &["/specversion"]),
        ],
        ..Envelope::NONE
    },
    handshake: Handshake::Origin,
    sender: Sender { ..Sender::UNKNOWN },
    replies: Replies {
        status: 202,
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "cloudevents/spec:cloudevents/http-webhook.md",
            "cloudevents/spec:cloudevents/bindings/http-protocol-binding.md",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// Convoy, advanced signatures.
///
/// `X-Convoy-Signature: t=…,v1=…` over `{t},{body}` (a comma). Each `vN` of a project is a hash and an
/// encoding of its own: this row has `v1` with SHA-256 in hexadecimal digits, the default. The header's
/// name is a setting as well:
///
/// ```
/// use hookgate::{provider::{CONVOY_ADVANCED, Provider}};
/// use hookgate::scheme::{Algorithm, Encoding, Grammar, Scheme, SignatureAt};
/// const OURS: Provider = Provider {
///     scheme: Scheme {
///         algorithm: Algorithm::HmacSha512,
///         encoding: Encoding::Base64,
///         signature: SignatureAt::header("x-acme-signature"),
///         grammar: Grammar::Pairs { separator: b',', signature: "v2" },
///         ..CONVOY_ADVANCED.scheme
///     },
///     ..CONVOY_ADVANCED
/// };
/// ```
///
/// The event id is a header, not signed, and there when the project sends it.
pub const CONVOY_ADVANCED: Provider = Provider {
    slug: "convoy-advanced",
    name: "Convoy (advanced signatures)",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal(","), Part::Body],
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Seconds,
        },
        ..CONVOY_SIMPLE.scheme
    },
    tolerance: Some(Tolerance::symmetric(300)),
    ..CONVOY_SIMPLE
};

/// Convoy, simple signatures.
///
/// Hex of SHA-256 in `X-Convoy-Signature` over the body. Hash, encoding and the header's name are
/// settings of the project, as in [`CONVOY_ADVANCED`]. No time is signed.
pub const CONVOY_SIMPLE: Provider = Provider {
    slug: "convoy-simple",
    name: "Convoy (simple signatures)",
    scheme: Scheme {
        signature: SignatureAt::header("x-convoy-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-convoy-event-id")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "frain-dev/convoy:pkg/signature/signature.go",
            "frain-dev/convoy:pkg/signature/testdata/signature-vectors.json",
        ],
        checked: "2026-11",
        unsure: "how often it tries again and how long it waits: settings of each project",
    },
    ..Provider::BASE
};

/// Hasura, event triggers.
///
/// Nothing is signed: a header that is configured with the trigger comes with each delivery, and
/// whoever sees one can send anything. This row has `authorization`; another one is
/// `scheme: Scheme::token(Header::named("x-my-header"))`. The type is the trigger's name with the
/// operation: `insert_user_trigger.INSERT`.
///
/// A trigger does not try again unless `retry_conf` says so. The body of a retry may count the
/// attempts, and then it is not the same delivery, although its id is the same.
pub const HASURA_EVENT_TRIGGERS: Provider = Provider {
    slug: "hasura-event-triggers",
    name: "Hasura event triggers",
    scheme: Scheme::token(Header::named("authorization")),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/trigger/name")],
        kind_suffix: Some(Field::Body("/event/op")),
        sent_at: &[Field::Body("/created_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(60),
        retries: Retries::Never,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "hasura/graphql-engine:docs/docs/event-triggers/create-trigger.mdx",
            "hasura/graphql-engine:docs/docs/event-triggers/payload.mdx",
        ],
        checked: "2026-11",
        unsure: "time-out and retries, which are settings, and whether a retry's body differs",
    },
    ..Provider::BASE
};

/// Hookdeck Event Gateway.
///
/// Base64 in `x-hookdeck-signature` over the body, and in `x-hookdeck-signature-2` while a secret is
/// rolled: either may be right. The headers of whoever sent the event to Hookdeck come along and are
/// not looked at. The event id is a header and not signed.
pub const HOOKDECK: Provider = Provider {
    slug: "hookdeck",
    name: "Hookdeck",
    scheme: Scheme {
        signature: SignatureAt::AnyOf(&[
            Header::named("x-hookdeck-signature"),
            Header::named("x-hookdeck-signature-2"),
        ]),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-hookdeck-eventid")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(60),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "@hookdeck/sdk:dist/webhooks/helpers.js",
            "https://hookdeck.com/docs/authentication",
        ],
        checked: "2026-11",
        unsure: "for how long it tries again, which is a setting",
    },
    ..Provider::BASE
};
