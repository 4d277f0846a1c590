use super::row::*;

/// Slack: Events API, slash commands and interactions.
///
/// `X-Slack-Signature: v0=…` over `v0:{timestamp}:{body}`, whatever the body's type. The
/// `url_verification` handshake is signed as well and answered by the middleware. Commands and
/// interactions have no event id; their replies are read by people.
pub const SLACK: Provider = Provider {
    slug: "slack",
    name: "Slack",
    scheme: Scheme {
        message: &[
            Part::Literal("v0:"),
            Part::Timestamp,
            Part::Literal(":"),
            Part::Body,
        ],
        signature: SignatureAt::header("x-slack-signature"),
        grammar: Grammar::Prefix("v0="),
        time: TimeAt::header("x-slack-request-timestamp", TimeUnit::Seconds),
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/event_id")],
        kind: &[Field::Body("/event/type"), Field::Body("/type")],
        sent_at: &[Field::Body("/event_time")],
        ..Envelope::NONE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Type("url_verification"),
        must: &[],
        challenge: Challenge::body("/challenge"),
        answer: Answer::Text,
    },
    sender: Sender {
        timeout: secs(3),
        retries: Retries::All,
        retry_window: Some(Duration::from_secs(6 * 60)),
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "https://docs.slack.dev/authentication/verifying-requests-from-slack",
            "slackapi/python-slack-sdk:slack_sdk/signature/__init__.py",
        ],
        checked: "2026-11",
        unsure: "the retry schedule (at once, 1 min, 5 min: not read again)",
    },
    ..Provider::BASE
};

/// Zoom.
///
/// `x-zm-signature: v0=…` over `v0:{timestamp}:{body}`. Zoom's own sample signs a re-serialised
/// body; the raw bytes are what counts. Events have no id: the digest of the body stands in for
/// it, which is safe because every body carries its `event_ts` in milliseconds.
pub const ZOOM: Provider = Provider {
    slug: "zoom",
    name: "Zoom",
    scheme: Scheme {
        signature: SignatureAt::header("x-zm-signature"),
        time: TimeAt::header("x-zm-request-timestamp", TimeUnit::Seconds),
        ..SLACK.scheme
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[],
        kind: &[Field::Body("/event")],
        sent_at: &[Field::Body("/event_ts")],
        ..Envelope::NONE
    },
    no_id: NoId::BodyDigest,
    handshake: Handshake::Challenge {
        asked: Asked::Type("endpoint.url_validation"),
        must: &[],
        challenge: Challenge::body("/payload/plainToken"),
        answer: Answer::SignedJson {
            challenge: Some("plainToken"),
            signature: "encryptedToken",
            prefix: "",
            encoding: Encoding::Hex,
        },
    },
    sender: Sender {
        timeout: secs(3),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "zoom/webhook-sample:index.js",
            "https://developers.zoom.us/docs/api/webhooks/",
        ],
        checked: "2026-11",
        unsure: "the retries (5, 20 and 60 min: not read again), and that a retry has the same body",
    },
    ..Provider::BASE
};

/// Meta: Facebook, Messenger, Instagram, Threads.
///
/// `X-Hub-Signature-256: sha256=…` over the body, keyed with the app secret; the older SHA-1
/// header is not looked at. One delivery may carry up to 1,000 updates and has no id of its own:
/// the digest of the body stands in for it, and handlers should key on the entries. The GET
/// handshake needs [`with_verify_token`](crate::source::SourceBuilder::with_verify_token).
pub const META: Provider = Provider {
    slug: "meta",
    name: "Meta (Facebook, Messenger, Instagram, Threads)",
    scheme: Scheme {
        signature: SignatureAt::header("x-hub-signature-256"),
        grammar: Grammar::Prefix("sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[],
        kind: &[Field::Body("/object")],
        ..Envelope::NONE
    },
    no_id: NoId::BodyDigest,
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[
            ("hub.mode", Must::Be("subscribe")),
            ("hub.verify_token", Must::BeToken),
        ],
        challenge: Challenge::query("hub.challenge"),
        answer: Answer::Text,
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(36),
        ..Sender::UNKNOWN
    },
    // Batches of updates; WhatsApp's pages name 3 MB.
    max_body: 4 * MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["https://developers.facebook.com/docs/graph-api/webhooks/getting-started/"],
        checked: "2026-11",
        unsure: "that a retry has the same body",
    },
    ..Provider::BASE
};
