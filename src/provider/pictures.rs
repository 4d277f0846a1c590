//! Calls, pictures and video.

use super::row::*;

/// Agora, notifications.
///
/// Hex in `Agora-Signature-V2` over the body. Where that header is missing, the older
/// `Agora-Signature` counts, HMAC with SHA-1 and the same secret; where it is there and wrong, nothing
/// else helps. The body's `notifyMs` is signed with it and is not judged: Agora's pages do not say
/// whether a retry renews it. To insist on it, add
/// `time: TimeAt::Body { path: "/notifyMs", unit: TimeUnit::Millis }` and a tolerance.
pub const AGORA: Provider = Provider {
    slug: "agora",
    name: "Agora",
    scheme: Scheme {
        signature: SignatureAt::header("agora-signature-v2"),
        older: Some(&Scheme {
            algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
            signature: SignatureAt::header("agora-signature"),
            ..Scheme::BASE
        }),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/noticeId")],
        kind: &[Field::Body("/eventType")],
        sent_at: &[Field::Body("/notifyMs")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    replies: Replies {
        body: "{}",
        content_type: "application/json",
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://docs.agora.io/en/video-calling/advanced-features/receive-notifications",
            "https://docs.agora.io/en/realtime-media/rtmp-gateway/build/receive-notifications",
        ],
        checked: "2026-11",
        unsure: "how long the three retries take",
    },
    ..Provider::BASE
};

/// Cloudflare Stream.
///
/// `Webhook-Signature: time=…,sig1=…` over `{time}.{body}`: the header's name is that of Standard
/// Webhooks, the rest is not. The secret is used as text, though it looks hexadecimal. The type is the
/// video's state; events have no id.
pub const CLOUDFLARE_STREAM: Provider = Provider {
    slug: "cloudflare-stream",
    name: "Cloudflare Stream",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("webhook-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "sig1",
        },
        time: TimeAt::InSignature {
            key: "time",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/status/state")],
        sent_at: &[Field::Body("/modified")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "cloudflare/cloudflare-docs:src/content/docs/stream/manage-video-library/using-webhooks.mdx",
        ],
        checked: "2026-11",
        unsure: "how old a time may be (not said), and the retries",
    },
    ..Provider::BASE
};

/// Cloudinary, notifications.
///
/// Not a MAC but a hash: SHA-1 over body, time and then the API secret, in hex. Two bodies with one
/// SHA-1, which can be made by whoever decides what is in both, have one signature; set the account to
/// SHA-256 if you can, and then:
///
/// ```
/// use hookgate::{provider::{CLOUDINARY, Provider}, scheme::{Algorithm, Scheme}};
/// const WITH_SHA256: Provider = Provider {
///     scheme: Scheme {
///         algorithm: Algorithm::Sha256SecretLastForLegacyUseOnly,
///         ..CLOUDINARY.scheme
///     },
///     ..CLOUDINARY
/// };
/// ```
///
/// The tolerance of two hours is that of Cloudinary's own libraries, which accept any future time as
/// well; this row does not. Events have no id.
pub const CLOUDINARY: Provider = Provider {
    slug: "cloudinary",
    name: "Cloudinary",
    scheme: Scheme {
        algorithm: Algorithm::Sha1SecretLastForLegacyUseOnly,
        message: &[Part::Body, Part::Timestamp],
        signature: SignatureAt::header("x-cld-signature"),
        time: TimeAt::header("x-cld-timestamp", TimeUnit::Seconds),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(7_200)),
    envelope: Envelope {
        kind: &[Field::Body("/notification_type")],
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "cloudinary/pycloudinary:cloudinary/utils.py",
            "cloudinary/pycloudinary:test/test_notifications.py",
            "cloudinary/cloudinary_npm:test/utils/utils_spec.js",
        ],
        checked: "2026-11",
        unsure: "the retries, and whether each is signed anew",
    },
    ..Provider::BASE
};
