//! Files, tables, pages and drawings.

use super::row::*;

/// Airtable.
///
/// `X-Airtable-Content-MAC: hmac-sha256=…` in hex over the body; the secret is the `macSecretBase64`
/// that comes with the webhook's creation. A delivery only says that something has changed: fetch the
/// changes with the webhook's cursor, and key on their transaction numbers. The delivery itself has no
/// id.
pub const AIRTABLE: Provider = Provider {
    slug: "airtable",
    name: "Airtable",
    scheme: Scheme {
        key: KeyDecoding::Base64 { prefix: "" },
        signature: SignatureAt::header("x-airtable-content-mac"),
        grammar: Grammar::Prefix("hmac-sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(25),
        retries: Retries::All,
        retry_window: hours(24),
        disables: "notifications are switched off after about a day of failures",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://airtable.com/developers/web/api/webhooks-overview",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// Box, webhooks of version 2.
///
/// Base64 in `BOX-SIGNATURE-PRIMARY` and `BOX-SIGNATURE-SECONDARY`, one for each of the two keys, over
/// `{body}{timestamp}`: configure both keys, in any order. Signature version and algorithm must be the
/// known ones. Box refuses any time that lies ahead, and so does this row: keep the clock right.
///
/// The event id is the body's; `BOX-DELIVERY-ID` changes with each attempt.
pub const BOX: Provider = Provider {
    slug: "box",
    name: "Box",
    scheme: Scheme {
        message: &[Part::Body, Part::Timestamp],
        signature: SignatureAt::AnyOf(&[
            Header::named("box-signature-primary"),
            Header::named("box-signature-secondary"),
        ]),
        encoding: Encoding::Base64,
        time: TimeAt::header("box-delivery-timestamp", TimeUnit::Rfc3339),
        require: &[
            (Header::named("box-signature-version"), "1"),
            (Header::named("box-signature-algorithm"), "HmacSHA256"),
        ],
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::new(600, 0)),
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/trigger")],
        sent_at: &[Field::Body("/created_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(30),
        retries: Retries::All,
        retry_window: hours(2),
        signed_time: SignedTime::Attempt,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "box/box-python-sdk:box_sdk_gen/managers/webhooks.py",
            "box/developer.box.com:content/guides/webhooks/v2/signatures-v2.md",
            "box/developer.box.com:content/guides/webhooks/v2/index.md",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// Dropbox.
///
/// Hex in `X-Dropbox-Signature` over the body, keyed with the app's secret. A delivery only names the
/// accounts in which something has changed: fetch the changes with each account's cursor. It has no id,
/// and two of them may well be equal. The challenge of its GET is repeated to whoever asks.
pub const DROPBOX: Provider = Provider {
    slug: "dropbox",
    name: "Dropbox",
    scheme: Scheme {
        signature: SignatureAt::header("x-dropbox-signature"),
        ..Scheme::BASE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[],
        challenge: Challenge::query("challenge").of(Charset::Token68),
        answer: Answer::Text,
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "dropbox/mdwebhook:app.py",
            "https://www.dropbox.com/developers/reference/webhooks",
        ],
        checked: "2026-11",
        unsure: "the retries (not read again)",
    },
    ..Provider::BASE
};

/// Figma, webhooks of version 2.
///
/// Nothing is signed: the webhook's passcode comes with each delivery, in the body as `passcode`, and
/// whoever sees one can send anything. It is in every event's body as well: keep it out of logs and of
/// what is handed on. Events have no id.
pub const FIGMA: Provider = Provider {
    slug: "figma",
    name: "Figma",
    scheme: Scheme::token_at(SignatureAt::Field("/passcode")),
    envelope: Envelope {
        kind: &[Field::Body("/event_type")],
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["figma/rest-api-spec:openapi/openapi.yaml"],
        checked: "2026-11",
        unsure: "how long the three retries take",
    },
    ..Provider::BASE
};

/// Notion.
///
/// `X-Notion-Signature: sha256=…` over the body. The secret is the `verification_token` that Notion
/// sends in its first request to the endpoint, see
/// [`awaiting_enrolment`](crate::source::SourceBuilder::awaiting_enrolment); it is
/// then to be entered in Notion's settings as well.
pub const NOTION: Provider = Provider {
    slug: "notion",
    name: "Notion",
    scheme: Scheme {
        signature: SignatureAt::header("x-notion-signature"),
        grammar: Grammar::Prefix("sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        version: &[Field::Body("/api_version")],
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    handshake: Handshake::Enrolment {
        secret: ChallengeAt::Body("/verification_token"),
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(24),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "makenotion/notion-sdk-js:src/webhooks.ts",
            "makenotion/notion-sdk-js:test/webhooks.test.ts",
            "https://developers.notion.com/reference/webhooks",
        ],
        checked: "2026-11",
        unsure: "the retries (for 24 h) and the version's place: not read again",
    },
    ..Provider::BASE
};
