//! Payment providers of Europe; Paddle is with the others in `payments`.

use super::row::*;

/// Adyen, standard webhooks of payments.
///
/// The signature is in the JSON, one for each item of `notificationItems`, base64 under a key that
/// is given in hexadecimal digits. Every item must be right: one forged item refuses the batch.
///
/// **Eight fields are signed and nothing else**: psp reference, original reference, merchant
/// account, merchant reference, amount and currency, event code, success. Reasons, dates and all of
/// `additionalData` are whoever's. The fields are joined by colons without any escaping, so only the
/// merchant reference may contain one; the others are refused with it, and a colon cannot wander.
///
/// There is no event id (psp reference, event code and success together are one) and no time. The
/// digest of the body stands in for the id; whoever has seen a delivery can make a new one of it
/// by changing what is not signed, so handlers should key on the three. `[accepted]` is what older
/// set-ups want to read. Platform webhooks are [`ADYEN_PLATFORM`].
pub const ADYEN_PAYMENTS: Provider = Provider {
    slug: "adyen-payments",
    name: "Adyen (payments, standard webhooks)",
    scheme: Scheme {
        key: KeyDecoding::Hex,
        message: &[
            Part::Field("/NotificationRequestItem/pspReference"),
            Part::Literal(":"),
            Part::Field("/NotificationRequestItem/originalReference"),
            Part::Literal(":"),
            Part::Field("/NotificationRequestItem/merchantAccountCode"),
            Part::Literal(":"),
            Part::FreeField("/NotificationRequestItem/merchantReference"),
            Part::Literal(":"),
            Part::Field("/NotificationRequestItem/amount/value"),
            Part::Literal(":"),
            Part::Field("/NotificationRequestItem/amount/currency"),
            Part::Literal(":"),
            Part::Field("/NotificationRequestItem/eventCode"),
            Part::Literal(":"),
            Part::Field("/NotificationRequestItem/success"),
        ],
        signature: SignatureAt::Field("/NotificationRequestItem/additionalData/hmacSignature"),
        encoding: Encoding::Base64,
        items: Some("/notificationItems"),
        ..Scheme::BASE
    },
    no_id: NoId::BodyDigest,
    sender: ADYEN_SENDER,
    replies: Replies {
        body: "[accepted]",
        content_type: "text/plain",
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Adyen/adyen-python-api-library:Adyen/util.py",
            "Adyen/adyen-java-api-library:src/test/java/com/adyen/util/HMACValidatorTest.java",
            "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
            "https://docs.adyen.com/development-resources/webhooks/troubleshoot",
        ],
        checked: "2026-11",
        unsure: "whether anyone still needs the text [accepted], and that a retry has the same body \
                 (if not, it counts as new)",
    },
    ..Provider::BASE
};

/// Adyen, webhooks of the balance platform, of banking and of management.
///
/// `HmacSignature: <base64>` over the body, with a key that is given in hexadecimal digits. No time
/// is signed and no event id is known: duplicates are not noticed. An account may need this preset
/// and [`ADYEN_PAYMENTS`], on a path each.
pub const ADYEN_PLATFORM: Provider = Provider {
    slug: "adyen-platform",
    name: "Adyen (platform, banking and management webhooks)",
    scheme: Scheme {
        key: KeyDecoding::Hex,
        signature: SignatureAt::header("hmacsignature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    sender: ADYEN_SENDER,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Adyen/adyen-python-api-library:Adyen/util.py",
            "Adyen/adyen-node-api-library:src/utils/hmacValidator.ts",
            "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
            "https://docs.adyen.com/development-resources/webhooks/troubleshoot",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

const ADYEN_SENDER: Sender = Sender {
    timeout: secs(10),
    retries: Retries::All,
    retry_window: hours(30 * 24),
    ..Sender::UNKNOWN
};

/// Checkout.com.
///
/// `Cko-Signature: <hex>` over the body, with the signature key of the workflow's webhook action.
/// No time is signed; the event id protects against replays.
pub const CHECKOUT_COM: Provider = Provider {
    slug: "checkout-com",
    name: "Checkout.com",
    scheme: Scheme {
        signature: SignatureAt::header("cko-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://checkout.com/docs/workflows/set-up-your-webhook-receiver",
            "https://www.checkout.com/docs/workflows",
        ],
        checked: "2026-11",
        unsure: "where id and type are (not read again), that the id stays the same across retries, \
                 and when it retries",
    },
    ..Provider::BASE
};

/// GoCardless.
///
/// `Webhook-Signature: <hex>` over the body (no relation to Standard Webhooks). One delivery carries
/// many events: key handlers on each of `events[].id`. `meta.webhook_id` names the delivery and not an
/// event; the digest of the body stands in for an id. No time is signed. A wrong signature is
/// answered with 498, as the API reference asks.
pub const GOCARDLESS: Provider = Provider {
    slug: "gocardless",
    name: "GoCardless",
    scheme: Scheme {
        signature: SignatureAt::header("webhook-signature"),
        ..Scheme::BASE
    },
    no_id: NoId::BodyDigest,
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    replies: Replies {
        refusals: &[
            (RejectionKind::MissingSignature, 498),
            (RejectionKind::MalformedSignature, 498),
            (RejectionKind::BadSignature, 498),
        ],
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "gocardless/gocardless-pro-python:gocardless_pro/webhooks.py",
            "gocardless/gocardless-pro-python:tests/webhooks_test.py",
            "https://support.gocardless.com/hc/en-nz/articles/360000989989-Webhook-retries-failures",
        ],
        checked: "2026-11",
        unsure: "the status 498 (quoted by others), how long it retries (8 times at growing \
                 intervals), and that a retry has the same body (if not, it counts as new)",
    },
    ..Provider::BASE
};

/// Klarna, notifications API.
///
/// `Klarna-Signature: <hex>` over the body; `Klarna-Signing-Key-Id` names the key, and no other is
/// tried. Configure `key id:key`, such as `krn:partner:global:notification:signing-key:…:secret`; the
/// key is shown once, when it is created. No time is signed. A wrong signature is answered with 400,
/// as Klarna asks. The push callbacks of classic Klarna Payments are not signed.
pub const KLARNA: Provider = Provider {
    slug: "klarna",
    name: "Klarna",
    scheme: Scheme {
        key_id: KeyId::Header(Header::named("klarna-signing-key-id")),
        signature: SignatureAt::header("klarna-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/metadata/event_id")],
        kind: &[Field::Body("/metadata/event_type")],
        version: &[Field::Body("/metadata/event_version")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        // 10 s, 2 min, 15 min, 3 h, 6 h and 12 h after one another.
        retry_window: hours(22),
        ..Sender::UNKNOWN
    },
    replies: Replies {
        refusals: &[
            (RejectionKind::MissingSignature, 400),
            (RejectionKind::MalformedSignature, 400),
            (RejectionKind::BadSignature, 400),
        ],
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://docs.klarna.com/klarna-network-distribution/setup-your-integration/connection-configuration/setup-your-webhooks/",
            "https://docs.klarna.com/api/kn/klarna-notifications-api/klarna-notifications_release/4",
            "Krokedil's Klarna plug-in for WooCommerce",
        ],
        checked: "2026-11",
        unsure: "that the signature is in hexadecimal digits (the plug-in does so, the page does not \
                 say), and that the event id stays the same across retries",
    },
    ..Provider::BASE
};

/// Mollie, next-generation webhooks.
///
/// `X-Mollie-Signature: sha256=<hex>` over the body, one header line for each secret; the prefix may be
/// missing. No time is signed; the event id protects against replays. Classic webhooks carry
/// nothing but a payment id and are not signed: this preset refuses them.
pub const MOLLIE: Provider = Provider {
    slug: "mollie",
    name: "Mollie (next-generation webhooks)",
    scheme: Scheme {
        signature: SignatureAt::Lines(Header::named("x-mollie-signature")),
        grammar: Grammar::OptionalPrefix("sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "mollie/mollie-api-php:src/Webhooks/SignatureValidator.php",
            "mollie/mollie-api-php:docs/recipes/webhooks/signature-verification.md",
        ],
        checked: "2026-11",
        unsure: "where the type is, that the id stays the same across retries, and when it retries",
    },
    ..Provider::BASE
};

/// Revolut, business and merchant.
///
/// `Revolut-Signature: v1=<hex>`, several with commas while a secret is rolled, over
/// `v1.{timestamp}.{body}`: the version is part of the text, and the header
/// `Revolut-Request-Timestamp` is in milliseconds. There is no event id, and bodies without a time of
/// their own repeat: duplicates are not noticed.
pub const REVOLUT: Provider = Provider {
    slug: "revolut",
    name: "Revolut (business and merchant)",
    scheme: Scheme {
        message: &[
            Part::Literal("v1."),
            Part::Timestamp,
            Part::Literal("."),
            Part::Body,
        ],
        signature: SignatureAt::header("revolut-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        time: TimeAt::header("revolut-request-timestamp", TimeUnit::Millis),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        ..Envelope::NONE
    },
    sender: Sender {
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developer.revolut.com/docs/guides/manage-accounts/webhooks/verify-the-payload-signature.md",
            "https://developer.revolut.com/docs/guides/merchant/monitor-and-observe/webhooks/verify-the-payload-signature.md",
            "https://developer.revolut.com/docs/api/merchant/operations/webhook-webhook-event.md",
        ],
        checked: "2026-11",
        unsure: "when it retries",
    },
    ..Provider::BASE
};
