//! Alerts, incidents, and what infrastructure reports.

use super::row::*;

/// Amazon EventBridge, API destinations with an API key.
///
/// Nothing is signed: the key comes with each delivery, and whoever sees one can send anything. The
/// header's name is chosen with the connection; this row has `x-api-key`. With another name, or with
/// user and password (configured as `user:password`):
///
/// ```
/// use hookgate::{provider::{AWS_EVENTBRIDGE_API_DESTINATIONS, Provider}, scheme::{Encoding, Grammar, Header, Scheme}};
/// const NAMED: Provider = Provider {
///     scheme: Scheme::token(Header::named("x-my-key")),
///     ..AWS_EVENTBRIDGE_API_DESTINATIONS
/// };
/// const BASIC: Provider = Provider {
///     scheme: Scheme {
///         grammar: Grammar::Prefix("Basic "),
///         encoding: Encoding::Base64Token,
///         ..Scheme::token(Header::named("authorization"))
///     },
///     ..AWS_EVENTBRIDGE_API_DESTINATIONS
/// };
/// ```
///
/// Id and type are there when the event is passed on whole, not transformed. EventBridge also has
/// other methods than POST and tokens of OAuth, neither of which is accepted.
pub const AWS_EVENTBRIDGE_API_DESTINATIONS: Provider = Provider {
    slug: "aws-eventbridge-api-destinations",
    name: "Amazon EventBridge API destinations",
    scheme: Scheme::token(Header::named("x-api-key")),
    envelope: Envelope {
        id: &[Field::BodyBeside("/id", &["/detail-type"])],
        kind: &[Field::Body("/detail-type")],
        version: &[Field::BodyBeside("/version", &["/detail-type"])],
        sent_at: &[Field::Body("/time")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(5),
        // And after 429.
        retries: Retries::On5xx,
        retry_window: hours(24),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "awsdocs/amazon-eventbridge-user-guide:doc_source/eb-api-destinations.md",
            "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
        ],
        checked: "2026-11",
        unsure: "that the id stays the same across retries",
    },
    ..Provider::BASE
};

/// Cloudflare, notifications to a webhook.
///
/// Nothing is signed: the secret comes with each delivery in `cf-webhook-auth`, and whoever sees one
/// can send anything. Without a secret the header is not there, and the delivery is refused.
pub const CLOUDFLARE_NOTIFICATIONS: Provider = Provider {
    slug: "cloudflare-notifications",
    name: "Cloudflare notifications",
    scheme: Scheme::token(Header::named("cf-webhook-auth")),
    envelope: Envelope {
        kind: &[Field::Body("/alert_type")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "cloudflare/cloudflare-docs:src/content/docs/notifications/get-started/configure-webhooks.mdx",
        ],
        checked: "2026-11",
        unsure: "where the type is (not read again), and the retries",
    },
    ..Provider::BASE
};

/// Grafana Alerting, the webhook contact point with HMAC.
///
/// Hex over the body. The header's name is a setting; this row has its default. When a header for the
/// time is set as well, the message begins with it, and the time should be judged:
///
/// ```
/// use hookgate::{freshness::Tolerance, provider::{GRAFANA_ALERTING, Provider}};
/// use hookgate::scheme::{Part, Scheme, SignatureAt, TimeAt, TimeUnit};
/// const WITH_TIME: Provider = Provider {
///     scheme: Scheme {
///         message: &[Part::Timestamp, Part::Literal(":"), Part::Body],
///         signature: SignatureAt::header("x-my-signature"),
///         time: TimeAt::header("x-my-timestamp", TimeUnit::Seconds),
///         ..GRAFANA_ALERTING.scheme
///     },
///     tolerance: Some(Tolerance::symmetric(300)),
///     ..GRAFANA_ALERTING
/// };
/// ```
///
/// One delivery may carry several alerts and has no id; handlers should key on `fingerprint`, `status`
/// and `startsAt` of each.
pub const GRAFANA_ALERTING: Provider = Provider {
    slug: "grafana-alerting",
    name: "Grafana Alerting",
    scheme: Scheme {
        signature: SignatureAt::header("x-grafana-alerting-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/status")],
        version: &[Field::Body("/version")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["grafana/alerting:http/hmac.go"],
        checked: "2026-11",
        unsure: "the retries",
    },
    ..Provider::BASE
};

/// PagerDuty, webhooks of version 3.
///
/// `X-PagerDuty-Signature: v1=…` over the body; several while a secret is rolled. The secret is used
/// as text, though it looks like base64.
pub const PAGERDUTY_V3: Provider = Provider {
    slug: "pagerduty-v3",
    name: "PagerDuty (webhooks v3)",
    scheme: Scheme {
        signature: SignatureAt::header("x-pagerduty-signature"),
        grammar: Grammar::Pairs {
            separator: b',',
            signature: "v1",
        },
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/event/id")],
        kind: &[Field::Body("/event/event_type")],
        sent_at: &[Field::Body("/event/occurred_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(48),
        ..Sender::UNKNOWN
    },
    // So that a delivery that can never be right is not sent again.
    replies: Replies {
        refusals: &[
            (RejectionKind::BadSignature, 403),
            (RejectionKind::MalformedSignature, 400),
            (RejectionKind::MissingSignature, 400),
        ],
        ..Replies::DEFAULT
    },
    // What PagerDuty's own library reads at the most.
    max_body: 2 * MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "PagerDuty/go-pagerduty:webhookv3/webhookv3.go",
            "https://developer.pagerduty.com/docs/verifying-signatures",
        ],
        checked: "2026-11",
        unsure: "the retries (for 48 h: not read again), and that the event id stays the same across \
                 them",
    },
    ..Provider::BASE
};

/// Sentry, webhooks of integrations.
///
/// Hex in `Sentry-Hook-Signature` over the body, which may be empty, keyed with the integration's
/// client secret. Sentry's own sample signs a re-serialised body; the raw bytes are what counts. The
/// time in `Sentry-Hook-Timestamp` is not signed and not judged. Requests of user interface components
/// have `Sentry-App-Signature` instead and are not events.
///
/// Sentry waits one second. Request id and resource are headers and not signed; the type is the
/// resource with the body's `action`.
pub const SENTRY: Provider = Provider {
    slug: "sentry",
    name: "Sentry",
    scheme: Scheme {
        signature: SignatureAt::header("sentry-hook-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("request-id")],
        kind: &[Field::header("sentry-hook-resource")],
        kind_suffix: Some(Field::Body("/action")),
        sent_at: &[Field::header("sentry-hook-timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(1),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "getsentry/integration-platform-example:backend-py/src/api/middleware/verify_sentry_signature.py",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the request id (named by others), and whether it tries again",
    },
    ..Provider::BASE
};
