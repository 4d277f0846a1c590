//! Mail and marketing.

use super::{messaging, row::*, standard};

/// Brevo.
///
/// `Authorization: Bearer …` with the token of the webhook, or `Basic …` when the URL was entered
/// with credentials; the secret is then `user:password`. **Nothing is signed**: both cover nothing
/// of the delivery. There is no id. Brevo takes a 4xx as final: what is refused is not sent again.
pub const BREVO: Provider = Provider {
    slug: "brevo",
    name: "Brevo",
    scheme: Scheme {
        grammar: Grammar::Prefix("Bearer "),
        older: Some(&BASIC),
        ..Scheme::token(Header::named("authorization"))
    },
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::On5xx,
        // 10 min, 1 h, 2 h, 8 h.
        retry_window: secs(40_200),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developers.brevo.com/docs/secured-webhooks.md",
            "https://developers.brevo.com/docs/retry-mechanism",
        ],
        checked: "2026-11",
        unsure: "where the type is",
    },
    ..Provider::BASE
};

/// Credentials of the URL, RFC 7617.
const BASIC: Scheme = Scheme {
    grammar: Grammar::Prefix("Basic "),
    encoding: Encoding::Base64Token,
    ..Scheme::token(Header::named("authorization"))
};

/// Postmark.
///
/// `Authorization: Basic …` with the credentials of the webhook's URL; the secret is
/// `user:password`. **Nothing is signed**: the credentials cover nothing of the delivery. A
/// `MessageID` is shared by all that happens to one message, so there is no id. Postmark drops a
/// delivery for good when it gets a 403, which is not how this row refuses. Inbound messages come
/// with their attachments: give them room with
/// [`with_max_body`](crate::source::SourceBuilder::with_max_body).
pub const POSTMARK: Provider = Provider {
    slug: "postmark",
    name: "Postmark",
    scheme: BASIC,
    envelope: Envelope {
        kind: &[Field::Body("/RecordType")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        // 1 min, 5 min, 3 times 10 min, 15 min, 30 min, 1 h, 2 h, 6 h.
        retry_window: secs(37_260),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://postmarkapp.com/developer/webhooks/webhooks-overview",
            "https://postmarkapp.com/support/article/understanding-inbound-webhook-retries-in-postmark",
        ],
        checked: "2026-11",
        unsure: "the retries of other than inbound webhooks",
    },
    ..Provider::BASE
};

/// Mailgun, webhooks (JSON).
///
/// The body's `signature` holds a time, a random token and an HMAC-SHA256, hex, over the two
/// without anything between; keyed with the HTTP webhook signing key. **The event data are not
/// signed**: whoever has seen one delivery can put its signature beside other data. The token is
/// the same on every retry and signed, and so it is the id: a signature is good for one event, the
/// first that comes with it. The time is the event's, and the tolerance outlasts the 8 hours of
/// retries.
///
/// The second signature that the parent of a subaccount may check is not looked at, nor are the
/// form posts of routes and of older webhooks, which have the three fields elsewhere.
pub const MAILGUN: Provider = Provider {
    slug: "mailgun",
    name: "Mailgun",
    scheme: Scheme {
        message: &[
            Part::Field("/signature/timestamp"),
            Part::Field("/signature/token"),
        ],
        signature: SignatureAt::Field("/signature/signature"),
        time: TimeAt::Body {
            path: "/signature/timestamp",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::new(9 * 60 * 60, 300)),
    envelope: Envelope {
        id: &[Field::Body("/signature/token")],
        kind: &[Field::Body("/event-data/event")],
        sent_at: &[Field::Body("/event-data/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(8),
        signed_time: SignedTime::Event,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "anymail/django-anymail:anymail/webhooks/mailgun.py and tests/test_mailgun_webhooks.py",
            "hookdeck/webhook-skills:skills/mailgun-webhooks/references/verification.md",
            "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries",
        ],
        checked: "2026-11",
        unsure: "that a retry has the same time and token (from others); were they new each time, \
                 retries would be new events",
    },
    ..Provider::BASE
};

/// Mailchimp Transactional (Mandrill).
///
/// `X-Mandrill-Signature`: HMAC-SHA1, base64, over the URL exactly as it was entered (query and
/// all) and then the form's fields in the order of their names, without anything between. Set that
/// URL with [`with_public_url`](crate::source::SourceBuilder::with_public_url). The payload is the
/// field `mandrill_events`, a JSON array of events; the batch has no id. No time is signed. Inbound
/// messages come with their attachments: give them room with
/// [`with_max_body`](crate::source::SourceBuilder::with_max_body).
///
/// A HEAD request comes before the webhook is made, and the key is shown only after it: start with any
/// secret, and put the key in its place with [`set_secrets`](crate::Source::set_secrets).
pub const MANDRILL: Provider = Provider {
    slug: "mandrill",
    name: "Mailchimp Transactional (Mandrill)",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
        message: &[Part::PublicUrl, Part::SortedForm(Repeats::Kept)],
        signature: SignatureAt::header("x-mandrill-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    payload: Payload::FormField("mandrill_events"),
    handshake: Handshake::Probe(&[Method::HEAD]),
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://mandrill.zendesk.com/hc/en-us/articles/360039232513-How-to-Authenticate-Webhook-Requests",
            "anymail/django-anymail:anymail/webhooks/mandrill.py and tests/test_mandrill_webhooks.py",
        ],
        checked: "2026-11",
        unsure: "the retries, and whether a newer header name (X-Mailchimp-Signature) is in use",
    },
    ..Provider::BASE
};

/// Resend. Sent through Svix, see [`SVIX`](super::SVIX).
pub const RESEND: Provider = Provider {
    slug: "resend",
    name: "Resend",
    families: &["svix-"],
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/created_at")],
        ..standard::SVIX.envelope
    },
    sender: Sender {
        timeout: secs(15),
        retries: Retries::All,
        // 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
        retry_window: secs(99_305),
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "resend/resend-node:src/webhooks/webhooks.ts and webhooks.spec.ts",
            "https://resend.com/docs/webhooks/retries-and-replays",
        ],
        checked: "2026-11",
        unsure: "the time-out of 15 s",
    },
    ..standard::SVIX
};

/// Customer.io, reporting webhooks.
///
/// `X-CIO-Signature`: HMAC-SHA256, hex, over `v0:{timestamp}:{body}`: as Slack signs, but without
/// `v0=` before the signature. The type is that of the object with what happened to it:
/// `email.opened`.
pub const CUSTOMER_IO: Provider = Provider {
    slug: "customer-io",
    name: "Customer.io (reporting webhooks)",
    scheme: Scheme {
        signature: SignatureAt::header("x-cio-signature"),
        grammar: Grammar::Bare,
        time: TimeAt::header("x-cio-timestamp", TimeUnit::Seconds),
        ..messaging::SLACK.scheme
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/event_id")],
        kind: &[Field::Body("/object_type")],
        kind_suffix: Some(Field::Body("/metric")),
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(4),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://docs.customer.io/api/webhooks",
            "https://docs.customer.io/journeys/webhooks/",
            "public receivers that cite those pages",
        ],
        checked: "2026-11",
        unsure: "the tolerance, the retries, and that event_id stays the same across them",
    },
    ..Provider::BASE
};

/// Klaviyo, system webhooks. The webhook action of flows is not signed.
///
/// `Klaviyo-Signature`: HMAC-SHA256, hex, over `{body}{Klaviyo-Timestamp}`: the time comes after
/// the body, without anything between, and is written as in HTTP headers (`Sun, 22 Nov 2026
/// 08:00:00 GMT`). A delivery is a batch of up to 1,000 events, each with an `external_id`; the
/// batch has no id. `Klaviyo-Webhook-Id` names the webhook.
pub const KLAVIYO: Provider = Provider {
    slug: "klaviyo",
    name: "Klaviyo (system webhooks)",
    scheme: Scheme {
        message: &[Part::Body, Part::Timestamp],
        signature: SignatureAt::header("klaviyo-signature"),
        time: TimeAt::header("klaviyo-timestamp", TimeUnit::HttpDate),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        sent_at: &[Field::Body("/meta/timestamp")],
        ..Envelope::NONE
    },
    max_body: 8 * MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
            "hookdeck/webhook-skills:skills/klaviyo-webhooks/references/verification.md",
        ],
        checked: "2026-11",
        unsure: "the form of the time (two public receivers read it as an HTTP date, the vendor's page \
                 does not say), the tolerance, and the retries",
    },
    ..Provider::BASE
};

/// Courier, outbound webhooks.
///
/// `Courier-Signature: t=…,signature=…` over `{t}.{body}`, hex; the time is in milliseconds.
/// Courier signs only when the webhook has a secret.
pub const COURIER: Provider = Provider {
    slug: "courier",
    name: "Courier",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("courier-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "signature",
        },
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Millis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "hookdeck/webhook-skills:providers.yaml",
            "https://www.courier.com/docs/platform/workspaces/outbound-webhooks",
        ],
        checked: "2026-11",
        unsure: "the full stop between time and body (others say so; the stored page lists the two \
                 only), an id (others name one in the body, the page does not), and the retries",
    },
    ..Provider::BASE
};

/// Knock, outbound webhooks.
///
/// `X-Knock-Signature: t=…,s=…` over `{t}.{body}`, base64; the time is in milliseconds.
pub const KNOCK: Provider = Provider {
    slug: "knock",
    name: "Knock",
    scheme: Scheme {
        signature: SignatureAt::header("x-knock-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "s",
        },
        encoding: Encoding::Base64,
        ..COURIER.scheme
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        kind: &[Field::Body("/type")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "hookdeck/webhook-skills:providers.yaml",
            "https://docs.knock.app/developer-tools/outbound-webhooks",
        ],
        checked: "2026-11",
        unsure: "everything but the header's name, which the vendor's page shows too; an id in the \
                 body is named by others and not used here",
    },
    ..Provider::BASE
};
