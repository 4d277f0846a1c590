//! Streams, feeds and messages in real time.

use super::{payments, row::*};

/// Ably, batched webhooks. Others are not signed.
///
/// `X-Ably-Signature`: HMAC-SHA256, base64, over the body. `X-Ably-Key` names the key; secrets are
/// configured as Ably shows its keys, `appId.keyId:secret`. The body is a batch of items (JSON, or
/// MessagePack when so configured); they have ids of their own, the batch has none.
pub const ABLY: Provider = Provider {
    slug: "ably",
    name: "Ably (batched webhooks)",
    scheme: Scheme {
        key_id: KeyId::Header(Header::named("x-ably-key")),
        signature: SignatureAt::header("x-ably-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        version: &[Field::header("x-ably-version")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(5 * 60)),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["ably/docs:src/pages/docs/platform/integrations/webhooks/index.mdx"],
        checked: "2026-11",
        unsure: "after which answers a batch is sent again",
    },
    ..Provider::BASE
};

/// Pusher Channels.
///
/// `X-Pusher-Signature`: HMAC-SHA256, hex, over the body. `X-Pusher-Key` names the app's key;
/// secrets are configured as `key:secret`, which is how a key is rotated. The signed time is
/// `time_ms` in the body, judged after the signature. The body is a batch of events without ids.
pub const PUSHER_CHANNELS: Provider = Provider {
    slug: "pusher-channels",
    name: "Pusher Channels",
    scheme: Scheme {
        key_id: KeyId::Header(Header::named("x-pusher-key")),
        signature: SignatureAt::header("x-pusher-signature"),
        time: TimeAt::Body {
            path: "/time_ms",
            unit: TimeUnit::Millis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    sender: Sender {
        timeout: secs(4),
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(5 * 60)),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "pusher/pusher-http-node:lib/webhook.js",
            "pusher/pusher-http-python:pusher/authentication_client.py (the tolerance)",
            "https://docs.bird.com/pusher/channels/channels/webhooks/channels-webhook-timeouts-and-retries",
        ],
        checked: "2026-11",
        unsure: "whether a retry has the first try's time_ms; both would be fresh",
    },
    ..Provider::BASE
};

/// LiveKit.
///
/// `Authorization: <JWT>` (HS256, no `Bearer`) with the API secret. The token's `sha256` is that of
/// the body, in base64; it is good from `nbf` to `exp`. The same secret signs the access tokens of
/// participants; those do not have the hash and are refused. The issuer, the API key, is not looked
/// at: every configured secret may match. The minute of tolerance is that of LiveKit's verifier.
pub const LIVEKIT: Provider = Provider {
    slug: "livekit",
    name: "LiveKit",
    scheme: Scheme {
        message: &[Part::Token],
        signature: SignatureAt::header("authorization"),
        grammar: Grammar::Jwt {
            prefix: "",
            alg: "HS256",
            issuer: "",
        },
        encoding: Encoding::Base64Url,
        time: TimeAt::Claims(ClaimedTime::Window),
        digest: Some(DigestAt::Claim("/sha256", Encoding::Base64)),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(60)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/event")],
        sent_at: &[Field::Body("/createdAt")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "livekit/protocol:webhook/verifier.go",
            "livekit/protocol:auth/verifier.go",
            "livekit/node-sdks:packages/livekit-server-sdk/src/WebhookReceiver.test.ts",
        ],
        checked: "2026-11",
        unsure: "the id in the body (not read again), and the retries, whose limits the operator of a \
                 server sets",
    },
    ..Provider::BASE
};

/// Mux.
///
/// `Mux-Signature: t=…,v1=…` over `{t}.{body}`, as Stripe signs; several `v1` while a secret is
/// rolled. Mux's own library accepts any future time; this row does not.
pub const MUX: Provider = Provider {
    slug: "mux",
    name: "Mux",
    scheme: Scheme {
        signature: SignatureAt::header("mux-signature"),
        ..payments::STRIPE.scheme
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["muxinc/mux-node-sdk:src/resources/webhooks/webhooks.ts"],
        checked: "2026-11",
        unsure: "that the id stays the same across retries, and the retries",
    },
    ..Provider::BASE
};

/// Twitch EventSub.
///
/// `Twitch-Eventsub-Message-Signature: sha256=…` over `{message id}{timestamp}{body}` without
/// anything between; the time is RFC 3339 with nanoseconds and is signed as received. An id with
/// other characters than `A-Z a-z 0-9 _ - = .` is refused. The class of a message (notification,
/// verification, revocation) is a header and not signed; the type of the subscription is read from
/// the body, which is.
pub const TWITCH_EVENTSUB: Provider = Provider {
    slug: "twitch-eventsub",
    name: "Twitch EventSub",
    scheme: Scheme {
        message: &[
            Part::Header(Header::named("twitch-eventsub-message-id")),
            Part::Timestamp,
            Part::Body,
        ],
        signature: SignatureAt::header("twitch-eventsub-message-signature"),
        grammar: Grammar::Prefix("sha256="),
        time: TimeAt::header("twitch-eventsub-message-timestamp", TimeUnit::Rfc3339),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(600)),
    envelope: Envelope {
        id: &[Field::header("twitch-eventsub-message-id")],
        kind: &[
            Field::Body("/subscription/type"),
            Field::header("twitch-eventsub-subscription-type"),
        ],
        version: &[
            Field::Body("/subscription/version"),
            Field::header("twitch-eventsub-subscription-version"),
        ],
        ..Envelope::NONE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Header(
            "twitch-eventsub-message-type",
            "webhook_callback_verification",
        ),
        must: &[],
        challenge: Challenge::body("/challenge").of(Charset::Token68),
        answer: Answer::Text,
    },
    sender: Sender {
        retries: Retries::All,
        disables: "revokes the subscription after too many failures",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
            "twitchdev/twitch-cli:internal/events/trigger/forward_event.go",
        ],
        checked: "2026-11",
        unsure: "how often and how long it tries again, and whether a retry has the first try's time",
    },
    ..Provider::BASE
};

/// WebSub subscribers (W3C), YouTube's feeds among them.
///
/// `X-Hub-Signature: <method>=<hex>` over the body with the secret of the subscription; the hub
/// chooses the method. All four of the recommendation are taken, the strongest that is there: a hub
/// signs with one. A source that knows its hub can do without SHA-1: `Scheme { older: None,
/// ..WEBSUB.scheme }` takes SHA-512 alone. Without a secret in the subscription nothing is signed,
/// and refused here. Bodies are of any type, usually Atom.
///
/// A hub asks before it subscribes the endpoint to a topic, and is answered for those of
/// [`add_handshake_value`](crate::source::SourceBuilder::add_handshake_value); anybody can
/// make it ask, so take a path that nobody can guess. It gets 404 for other topics, and when a
/// subscription is to end: that ends with its lease.
pub const WEBSUB: Provider = Provider {
    slug: "websub",
    name: "WebSub",
    scheme: WEBSUB_SHA512,
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[
            ("hub.mode", Must::Be("subscribe")),
            ("hub.topic", Must::BeKnown),
        ],
        challenge: Challenge::query("hub.challenge").of(Charset::Token68),
        answer: Answer::Text,
    },
    replies: Replies {
        refusals: &[(RejectionKind::Handshake, 404)],
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["w3c/websub:index.html, sections 7.1 and 8"],
        checked: "2026-11",
        unsure: "the retries, which are each hub's own",
    },
    ..Provider::BASE
};

const WEBSUB_SHA512: Scheme = Scheme {
    algorithm: Algorithm::HmacSha512,
    grammar: Grammar::Prefix("sha512="),
    older: Some(&WEBSUB_SHA384),
    ..WEBSUB_SHA1
};

const WEBSUB_SHA384: Scheme = Scheme {
    algorithm: Algorithm::HmacSha384,
    grammar: Grammar::Prefix("sha384="),
    older: Some(&WEBSUB_SHA256),
    ..WEBSUB_SHA1
};

const WEBSUB_SHA256: Scheme = Scheme {
    algorithm: Algorithm::HmacSha256,
    grammar: Grammar::Prefix("sha256="),
    older: Some(&WEBSUB_SHA1),
    ..WEBSUB_SHA1
};

const WEBSUB_SHA1: Scheme = Scheme {
    algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
    signature: SignatureAt::header("x-hub-signature"),
    grammar: Grammar::Prefix("sha1="),
    ..Scheme::BASE
};
