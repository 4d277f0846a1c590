//! Digital assets, and Hook0, whose scheme Coinbase's platform sends.

use super::row::*;

/// Alchemy, Notify.
///
/// `x-alchemy-signature: <hex>` over the body. The signing key is used as text, `whsec_` included; it is
/// not base64. The body's `createdAt` is the event's time and is not judged: the event id protects
/// against replays.
pub const ALCHEMY: Provider = Provider {
    slug: "alchemy",
    name: "Alchemy (Notify)",
    scheme: Scheme {
        signature: SignatureAt::header("x-alchemy-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/createdAt")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "alchemyplatform/docs:fern/api-reference/data/webhooks/notify-api-quickstart.mdx",
        ],
        checked: "2026-11",
        unsure: "that the id stays the same across retries, and when it retries",
    },
    ..Provider::BASE
};

/// Coinbase Commerce.
///
/// `X-CC-Webhook-Signature: <hex>` over the body. No time is signed; the event id, inside of `event`,
/// protects against replays. The body counts attempts and so differs between retries: do not key on
/// its digest.
pub const COINBASE_COMMERCE: Provider = Provider {
    slug: "coinbase-commerce",
    name: "Coinbase Commerce",
    scheme: Scheme {
        signature: SignatureAt::header("x-cc-webhook-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/event/id")],
        kind: &[Field::Body("/event/type")],
        version: &[Field::Body("/event/api_version")],
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
            "coinbase/coinbase-commerce-python:coinbase_commerce/webhook.py",
            "https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-overview",
            "https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-security",
        ],
        checked: "2026-11",
        unsure: "that the id stays the same across retries",
    },
    ..Provider::BASE
};

/// Hook0, and those who send through it.
///
/// `X-Hook0-Signature: t=…,h=…,v1=…`, with `v0=…` beside it or alone. `v1` covers
/// `{t}.{h}.{values}.{body}`: `h` names the request's headers that were signed, and their values are
/// joined by full stops. `v0` covers `{t}.{body}` and no headers; it counts only where there is no `v1`.
///
/// Values must not be movable from one header into the next: full stops are allowed in the event
/// type alone, exactly two (`service.resource.verb`). **A subscription with headers of its own whose
/// values have full stops is refused**: copy the row and name the header in
/// [`Listed::joints`](crate::scheme::Listed::joints). The event id must be among the signed headers.
///
/// Whoever has seen a delivery with both signatures can take `h` and `v1` away; the id is unsigned
/// then, and another one makes the same bytes look new until the time is stale. Where all senders
/// sign with `v1`, copy the row with `older: None`, as [`COINBASE_CDP`] is.
pub const HOOK0: Provider = Provider {
    slug: "hook0",
    name: "Hook0",
    scheme: Scheme {
        listed: Some(Listed {
            at: ListedAt::InSignature("h"),
            separator: b' ',
            required: &[Header::named("x-event-id")],
            joints: HOOK0_JOINTS,
        }),
        older: Some(&HOOK0_V0),
        ..HOOK0_V1
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::header("x-event-id")],
        kind: &[Field::header("x-event-type")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "hook0/hook0:output-worker/src/work.rs",
            "hook0/hook0:output-worker/src/retry.rs",
            "hook0/hook0:clients/conformance/signature.json",
        ],
        checked: "2026-11",
        unsure: "how long it retries: each installation and each subscription chooses",
    },
    ..Provider::BASE
};

/// Coinbase Developer Platform (CDP).
///
/// The scheme of [`HOOK0`], with `v1` always: a delivery with `v0` alone is refused. The id is
/// `X-Event-Id`, in older deliveries `X-Hook0-Id`, whichever is listed as signed. The subscription's
/// secret is used as text.
pub const COINBASE_CDP: Provider = Provider {
    slug: "coinbase-cdp",
    name: "Coinbase Developer Platform (CDP)",
    scheme: Scheme {
        listed: Some(Listed {
            at: ListedAt::InSignature("h"),
            separator: b' ',
            required: &[],
            joints: HOOK0_JOINTS,
        }),
        ..HOOK0_V1
    },
    envelope: Envelope {
        id: &[Field::header("x-event-id"), Field::header("x-hook0-id")],
        ..HOOK0.envelope
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://docs.cdp.coinbase.com/webhooks/verify-signatures.md",
            "https://docs.cdp.coinbase.com/data/webhooks/verify-signatures",
            "https://docs.cdp.coinbase.com/webhooks/transfers/verification.md",
        ],
        checked: "2026-11",
        unsure: "that event types have two full stops as Hook0's have, that the id stays the same \
                 across retries, and how it retries (back-off, says the page)",
    },
    ..HOOK0
};

const HOOK0_JOINTS: &[(Header, usize)] = &[(Header::named("x-event-type"), 2)];

/// Without what is said of the listed headers.
const HOOK0_V1: Scheme = Scheme {
    message: &[
        Part::Timestamp,
        Part::Literal("."),
        Part::ListedNames,
        Part::Literal("."),
        Part::ListedValues("."),
        Part::Literal("."),
        Part::Body,
    ],
    grammar: Grammar::Pairs {
        separator: b',',
        signature: "v1",
    },
    ..HOOK0_V0
};

const HOOK0_V0: Scheme = Scheme {
    message: &[Part::Timestamp, Part::Literal("."), Part::Body],
    signature: SignatureAt::header("x-hook0-signature"),
    grammar: Grammar::Pairs {
        separator: b',',
        signature: "v0",
    },
    time: TimeAt::InSignature {
        key: "t",
        unit: TimeUnit::Seconds,
    },
    ..Scheme::BASE
};
