//! Boards and issue trackers.

use super::row::*;

/// Asana.
///
/// Hex in `X-Hook-Signature` over the body. The secret is the one that Asana hands over in
/// `X-Hook-Secret` when the webhook is made, one for each webhook: make a source for each, with
/// [`awaiting_enrolment`](crate::source::SourceBuilder::awaiting_enrolment). A delivery is a batch without an
/// id; an empty one is a heartbeat. Handlers should key on each event's resource, action and time.
pub const ASANA: Provider = Provider {
    slug: "asana",
    name: "Asana",
    scheme: Scheme {
        signature: SignatureAt::header("x-hook-signature"),
        ..Scheme::BASE
    },
    handshake: Handshake::Enrolment {
        secret: ChallengeAt::Header("x-hook-secret"),
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        retry_window: hours(24),
        disables: "the webhook is deleted after 24 h of failures",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Asana/devrel-examples:javascript/webhooks-nodejs/index.js",
            "https://developers.asana.com/docs/webhooks-guide",
            "https://developers.asana.com/docs/establish-a-webhook",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// ClickUp.
///
/// Hex in `X-Signature` over the body, keyed with the webhook's secret. ClickUp's pages sign JSON that
/// was written anew; the raw bytes are what counts. Events have no id of their own.
pub const CLICKUP: Provider = Provider {
    slug: "clickup",
    name: "ClickUp",
    scheme: Scheme {
        signature: SignatureAt::header("x-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(7),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["https://developer.clickup.com/docs/webhooksignature"],
        checked: "2026-11",
        unsure: "the retries (up to five tries, then it is marked as failing: not read again)",
    },
    ..Provider::BASE
};

/// Favro.
///
/// Base64 of HMAC with SHA-1 over the body's `payloadId` and then the webhook's URL, which is set with
/// [`with_public_url`](crate::source::SourceBuilder::with_public_url) exactly as it was registered.
/// Nothing else of the body is signed: whoever has seen one delivery can send another body with its
/// `payloadId`. Fetch what matters from Favro.
pub const FAVRO: Provider = Provider {
    slug: "favro",
    name: "Favro",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
        message: &[Part::Field("/payloadId"), Part::PublicUrl],
        signature: SignatureAt::header("x-favro-webhook"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/payloadId")],
        kind: &[Field::Body("/action")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://favro.com/developer/#webhook-signatures",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the retries, and whether the payloadId stays the same across them",
    },
    ..Provider::BASE
};

/// Jira Cloud, webhooks with a secret.
///
/// `X-Hub-Signature: sha256=…` over the body: the name of GitHub's old SHA-1 header with SHA-256 in it.
/// Other methods are refused. Webhooks without a secret are not signed, and Connect apps have a JSON
/// Web Token instead; neither is accepted. The event id is a header and not signed.
pub const JIRA_CLOUD: Provider = Provider {
    slug: "jira-cloud",
    name: "Jira Cloud",
    scheme: Scheme {
        signature: SignatureAt::header("x-hub-signature"),
        grammar: Grammar::Prefix("sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-atlassian-webhook-identifier")],
        kind: &[Field::Body("/webhookEvent")],
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(20),
        retries: Retries::On5xx,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the retries (five, 5 to 15 min apart, after 5xx and some 4xx: not read again)",
    },
    ..Provider::BASE
};

/// Trello.
///
/// Base64 of HMAC with SHA-1 over the body and then the callback URL, which is set with
/// [`with_public_url`](crate::source::SourceBuilder::with_public_url) exactly as it was registered. The
/// secret is the app's OAuth secret, not the token of the API. A HEAD request comes before a webhook is
/// made.
pub const TRELLO: Provider = Provider {
    slug: "trello",
    name: "Trello",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
        message: &[Part::Body, Part::PublicUrl],
        signature: SignatureAt::header("x-trello-webhook"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/action/id")],
        kind: &[Field::Body("/action/type")],
        sent_at: &[Field::Body("/action/date")],
        ..Envelope::NONE
    },
    handshake: Handshake::Probe(&[Method::HEAD]),
    sender: Sender {
        retries: Retries::All,
        // After 30, 60 and 120 s.
        retry_window: secs(210),
        disables: "after about 30 days of failures",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "that bodies with letters outside of ASCII are signed as they are sent",
    },
    ..Provider::BASE
};
