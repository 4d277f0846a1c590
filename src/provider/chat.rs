//! Chats, social networks and what stands around them.

use super::{messaging, row::*};

/// LINE, Messaging API.
///
/// `X-Line-Signature`: HMAC-SHA256, base64, over the body, keyed with the channel secret. The body
/// is a batch of events, each with a `webhookEventId`; the batch has no id, and a redelivered one
/// says so in its body, so that its digest is none either: handlers should key on the events. An
/// empty batch is legal (the console's "Verify" button sends one).
pub const LINE: Provider = Provider {
    slug: "line",
    name: "LINE",
    scheme: Scheme {
        signature: SignatureAt::header("x-line-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    sender: Sender {
        retries: Retries::Never,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "line/line-bot-sdk-python:linebot/v3/webhook.py",
            "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
        ],
        checked: "2026-11",
        unsure: "the retries: there are none unless redelivery is turned on for the channel",
    },
    ..Provider::BASE
};

/// WhatsApp Cloud API. Signed and set up as [`META`](super::META).
///
/// Ids of messages are in the body's entries, one delivery may carry several, and a message's
/// status changes reuse its id: handlers should key on id and status. The digest of the body stands
/// in for the delivery's.
pub const WHATSAPP_CLOUD: Provider = Provider {
    slug: "whatsapp-cloud",
    name: "WhatsApp Cloud API",
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(7 * 24),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint/",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "that a retry has the same body",
    },
    ..messaging::META
};

/// Telegram bots.
///
/// `X-Telegram-Bot-Api-Secret-Token` has the `secret_token` of `setWebhook`. **Nothing is signed**:
/// the token proves the sender as long as nobody else has seen it, and covers nothing of the
/// delivery. Updates have an id. Their type is the name of the one other key, which is not read
/// here.
///
/// Telegram takes the reply's body for a call of the Bot API: reply with one from a service of your
/// own, and know that a duplicate gets its reply again.
pub const TELEGRAM: Provider = Provider {
    slug: "telegram",
    name: "Telegram",
    scheme: Scheme::token(Header::named("x-telegram-bot-api-secret-token")),
    envelope: Envelope {
        id: &[Field::Body("/update_id")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://core.telegram.org/bots/api#setwebhook",
            "doc comments of the client libraries telers and simbot, which repeat that page",
        ],
        checked: "2026-11",
        unsure: "the page itself was not read again; for how long it tries again is not said",
    },
    ..Provider::BASE
};

/// X (Twitter), account activity and other webhooks.
///
/// `X-Twitter-Webhooks-Signature: sha256=…` over the body, keyed with the consumer secret: base64,
/// although it looks like the hexadecimal kind. X has its challenges answered with the same secret,
/// so only bodies that start with `{` are deliveries: no challenge does. There is no id; the type
/// is the name of a key (`tweet_create_events`), which is not read here.
pub const X_TWITTER: Provider = Provider {
    slug: "x-twitter",
    name: "X (Twitter)",
    scheme: Scheme {
        signature: SignatureAt::header("x-twitter-webhooks-signature"),
        grammar: Grammar::Prefix("sha256="),
        encoding: Encoding::Base64,
        opening: "{",
        ..Scheme::BASE
    },
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[],
        challenge: Challenge::query("crc_token").of(Charset::Token68),
        answer: Answer::SignedJson {
            challenge: None,
            signature: "response_token",
            prefix: "sha256=",
            encoding: Encoding::Base64,
        },
    },
    sender: Sender {
        timeout: secs(10),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "xdevplatform/docs:x-api/webhooks/quickstart.mdx",
            "xdevplatform/docs:x-api/webhooks/introduction.mdx",
        ],
        checked: "2026-11",
        unsure: "whether anything is tried again by itself",
    },
    ..Provider::BASE
};

/// Stream (getstream.io), chat.
///
/// `X-Signature`: HMAC-SHA256, hex, over the body, keyed with the API secret. The id is a header
/// and not signed; it stays the same across attempts, which another header counts.
pub const GETSTREAM: Provider = Provider {
    slug: "getstream",
    name: "Stream (chat)",
    scheme: Scheme {
        signature: SignatureAt::header("x-signature"),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-webhook-id")],
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/created_at")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "GetStream/stream-chat-python:stream_chat/base/client.py",
            "GetStream/stream-chat-python:docs/webhooks/webhooks_overview/webhooks_overview.md",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// Microsoft Teams, outgoing webhooks.
///
/// `Authorization: HMAC …`: HMAC-SHA256, base64, over the body; the security token is base64 too.
/// Teams asks once, waits 5 s and shows the reply in the channel: reply with a message from a
/// service of your own (`VerifyLayer`, `WebhookLayer`), the default reply has no body.
pub const MICROSOFT_TEAMS_OUTGOING: Provider = Provider {
    slug: "microsoft-teams-outgoing",
    name: "Microsoft Teams (outgoing webhooks)",
    scheme: Scheme {
        key: KeyDecoding::Base64 { prefix: "" },
        signature: SignatureAt::header("authorization"),
        grammar: Grammar::Prefix("HMAC "),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/id")],
        kind: &[Field::Body("/type")],
        sent_at: &[Field::Body("/timestamp")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(5),
        retries: Retries::Never,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "MicrosoftDocs/msteams-docs:msteams-platform/webhooks-and-connectors/how-to/add-outgoing-webhook.md",
        ],
        checked: "2026-11",
        unsure: "that the id names the message (the page's sample has one)",
    },
    ..Provider::BASE
};

/// Microsoft Graph, change notifications.
///
/// Each item of the batch `value` carries the `clientState` of its subscription, and each must have
/// one of the configured ones. **Nothing is signed**: `clientState` is a shared token that covers
/// nothing of the delivery. The tokens and the encrypted content of notifications with data are not
/// looked at.
///
/// Items may have ids, the batch has none. Graph wants its answer within 3 s and slows down for
/// endpoints that often take longer than 2.9 s. The `validationToken` in the query of its first request,
/// a sentence, is repeated to whoever asks.
pub const MICROSOFT_GRAPH: Provider = Provider {
    slug: "microsoft-graph",
    name: "Microsoft Graph",
    scheme: Scheme {
        signature: SignatureAt::Field("/clientState"),
        items: Some("/value"),
        ..Scheme::token(Header::named(""))
    },
    handshake: Handshake::Challenge {
        asked: Asked::Unsigned,
        must: &[],
        challenge: Challenge::query("validationToken").of(Charset::Words),
        answer: Answer::Text,
    },
    sender: Sender {
        timeout: secs(3),
        retries: Retries::All,
        retry_window: hours(4),
        disables: "slows down or drops for endpoints that often answer late",
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "microsoftgraph/microsoft-graph-docs-contrib:concepts/change-notifications-delivery-webhooks.md",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// Google Calendar and Drive, push channels.
///
/// `X-Goog-Channel-Token` has the token that was given when the channel was opened. **Nothing is
/// signed**, and the body is empty: everything is in headers, and whoever has seen one delivery can
/// write others. Ask the API what changed. A message's number is its channel's; the two together
/// are the id. The first message of a channel has the state `sync`.
pub const GOOGLE_CALENDAR_DRIVE_CHANNELS: Provider = Provider {
    slug: "google-calendar-drive-channels",
    name: "Google Calendar and Drive (push channels)",
    scheme: Scheme::token(Header::named("x-goog-channel-token")),
    envelope: Envelope {
        id: &[Field::Joined(&[
            Field::header("x-goog-channel-id"),
            Field::header("x-goog-message-number"),
        ])],
        kind: &[Field::header("x-goog-resource-state")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::On5xx,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &["https://developers.google.com/workspace/calendar/api/guides/push"],
        checked: "2026-11",
        unsure: "that a retry has the same number, and the retries (after 500, 502, 503 and 504: not \
                 read again)",
    },
    ..Provider::BASE
};
