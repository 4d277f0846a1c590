//! Payment providers of Africa, India and Latin America.

use super::row::*;

/// Flutterwave, API v3.
///
/// **Nothing is signed.** The "secret hash" of the dashboard comes in clear in the header `verif-hash`
/// of each delivery: whoever has seen one can send anything. Fetch what matters from the API. The
/// secret hash is optional there: set one. `data.id` names a transaction and not an event, so
/// duplicates are not noticed.
pub const FLUTTERWAVE_V3: Provider = Provider {
    slug: "flutterwave-v3",
    name: "Flutterwave (API v3)",
    scheme: Scheme::token(Header::named("verif-hash")),
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developer.flutterwave.com/docs/webhooks.md",
            "https://flutterwaveinc.mintlify.app/webhooks",
        ],
        checked: "2026-11",
        unsure: "when it retries",
    },
    ..Provider::BASE
};

/// Flutterwave, API v4.
///
/// `flutterwave-signature: <base64>` over the body, with the secret hash as the key. A copy of the
/// vendor's page compares that header with the secret hash itself, as v3 does; this preset refuses
/// such deliveries, since accepting both would let a copied header pass for a signature. No event id
/// is known for sure: duplicates are not noticed.
pub const FLUTTERWAVE_V4: Provider = Provider {
    slug: "flutterwave-v4",
    name: "Flutterwave (API v4)",
    scheme: Scheme {
        signature: SignatureAt::header("flutterwave-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://developer.flutterwave.com/docs/webhooks.md",
            "https://flutterwave.toneflix.net/guide/webhooks.html",
        ],
        checked: "2026-11",
        unsure: "that it is an HMAC and not a token (try it against a live delivery), the base64, and \
                 where an event id is",
    },
    ..Provider::BASE
};

/// Mercado Pago.
///
/// `x-signature: ts=…,v1=…` over `id:{data.id};request-id:{x-request-id};ts:{ts};`, where `data.id` is a
/// query parameter, and pairs without a value are left out. Whether `data.id` is signed in lower
/// case differs between Mercado Pago's texts: both are accepted. `ts` has been seen in seconds and in
/// milliseconds.
///
/// **The body is not signed.** Only the query's `data.id` is Mercado Pago's; take it, and fetch the
/// resource. The id of the notification is in the body and so counts only together with its digest.
/// Notifications of QR codes are not signed at all and are refused.
pub const MERCADO_PAGO: Provider = Provider {
    slug: "mercado-pago",
    name: "Mercado Pago",
    scheme: Scheme {
        message: &[
            Part::Optional(&[
                Part::Literal("id:"),
                Part::Query("data.id", Case::Kept),
                Part::Literal(";"),
            ]),
            MERCADO_PAGO_REQUEST,
            Part::Literal("ts:"),
            Part::Timestamp,
            Part::Literal(";"),
        ],
        variants: &[&[
            Part::Optional(&[
                Part::Literal("id:"),
                Part::Query("data.id", Case::Lower),
                Part::Literal(";"),
            ]),
            MERCADO_PAGO_REQUEST,
            Part::Literal("ts:"),
            Part::Timestamp,
            Part::Literal(";"),
        ]],
        signature: SignatureAt::header("x-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        time: TimeAt::InSignature {
            key: "ts",
            unit: TimeUnit::SecondsOrMillis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type"), Field::Query("type")],
        version: &[Field::Body("/api_version")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "mercadopago/sdk-nodejs:src/utils/webhook/index.ts",
            "mercadopago/sdk-nodejs:src/utils/webhook/webhook.spec.ts",
        ],
        checked: "2026-11",
        unsure: "the tolerance (the library checks the time only when told to), whether a retry is \
                 signed anew, and when it retries",
    },
    ..Provider::BASE
};

const MERCADO_PAGO_REQUEST: Part = Part::Optional(&[
    Part::Literal("request-id:"),
    Part::Header(Header::named("x-request-id")),
    Part::Literal(";"),
]);

/// Monnify.
///
/// `monnify-signature: <hex>`, HMAC-SHA512 over the body, with the client secret as the key. The
/// formula in Monnify's text (SHA-512 of secret and body) is not what its own sample shows. No time is
/// signed and there is no event id; the digest of the body stands in for it, since a body has the
/// transaction's reference and its state.
pub const MONNIFY: Provider = Provider {
    slug: "monnify",
    name: "Monnify",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha512,
        signature: SignatureAt::header("monnify-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/eventType")],
        ..Envelope::NONE
    },
    no_id: NoId::BodyDigest,
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developers.monnify.com/docs/integration-tools/webhooks",
            "https://teamapt.atlassian.net/wiki/spaces/MON/pages/212008918/Computing+Request+Validation+Hash",
        ],
        checked: "2026-11",
        unsure: "that a retry has the same body (if not, it counts as new), and when it retries",
    },
    ..Provider::BASE
};

/// Paystack.
///
/// `x-paystack-signature: <hex>`, HMAC-SHA512 over the body, with the API's secret key (`sk_…`): there is
/// no webhook secret, and rotating the API key rotates this one. No time is signed and there is no
/// event id (`data.id` and the event's name together come near): duplicates are not noticed.
pub const PAYSTACK: Provider = Provider {
    slug: "paystack",
    name: "Paystack",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha512,
        signature: SignatureAt::header("x-paystack-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://paystack-django.readthedocs.io/en/stable/_sources/advanced/webhook_security.rst.txt",
            "https://skills.sh/rexedge/paystack/paystack-webhooks",
        ],
        checked: "2026-11",
        unsure: "everything is from others (they agree), and when it retries is not known",
    },
    ..Provider::BASE
};

/// Razorpay.
///
/// `X-Razorpay-Signature: <hex>` over the body, with the webhook secret (not the API key's). The event
/// id is the header `x-razorpay-event-id`, which is not signed; no time is. After a change of the
/// secret, retries of older events are still signed with the old one: keep both for a day.
pub const RAZORPAY: Provider = Provider {
    slug: "razorpay",
    name: "Razorpay",
    scheme: Scheme {
        signature: SignatureAt::header("x-razorpay-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-razorpay-event-id")],
        kind: &[Field::Body("/event")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(24),
        disables: "disables the webhook when the retries of 24 h have failed",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "razorpay/razorpay-python:razorpay/utility/utility.py",
            "razorpay/razorpay-node:test/utils/razorpay-utils.spec.js",
            "https://razorpay.com/docs/webhooks/faqs",
        ],
        checked: "2026-11",
        unsure: "the header with the event id (not read again)",
    },
    ..Provider::BASE
};
