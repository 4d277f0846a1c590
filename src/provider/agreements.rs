//! Signatures on documents, and proofs of identity.

use super::row::*;

/// DocuSign, Connect.
///
/// `X-DocuSign-Signature-1: <base64>` over the body, `-2` and so on for each further key of the account.
/// The first 16 are looked at, and one match is enough. No time is signed apart from the body's
/// `generatedDateTime`, which is the event's and is not judged. There is no event id, and the body
/// counts retries, so its digest is none either: duplicates are not noticed.
///
/// Deliveries with documents in them pass the limit of 1 MiB: raise it with
/// [`with_max_body`](crate::source::SourceBuilder::with_max_body). XML payloads are verified all the
/// same, without a type.
pub const DOCUSIGN: Provider = Provider {
    slug: "docusign",
    name: "DocuSign (Connect)",
    scheme: Scheme {
        signature: SignatureAt::Numbered(Header::named("x-docusign-signature-")),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        version: &[Field::Body("/apiVersion")],
        sent_at: &[Field::Body("/generatedDateTime")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://developers.docusign.com/platform/webhooks/connect/validate.md",
            "docusign/code-examples-node:lib/connect/examples/validateWebhookMessage.js",
        ],
        checked: "2026-11",
        unsure: "where version and time are (not read again), and when it retries",
    },
    ..Provider::BASE
};

/// Dropbox Sign (HelloSign).
///
/// A multipart form whose field `json` is the payload. `event.event_hash` in it is an HMAC over
/// `event.event_time` and `event.event_type`, with the API key of the account.
///
/// **Nothing else is signed.** Time and type are Dropbox Sign's; documents, signers and states are
/// whoever's: fetch them. Two events of one type in one second have the same hash, so it is no id,
/// and there is no other: duplicates are not noticed. The time is the event's and is judged with as
/// much room as the retries need. Dropbox Sign reads the reply: without `Hello API Event Received` in
/// it the delivery has failed, that of the test event included.
pub const DROPBOX_SIGN: Provider = Provider {
    slug: "dropbox-sign",
    name: "Dropbox Sign (HelloSign)",
    scheme: Scheme {
        message: &[
            Part::Field("/event/event_time"),
            Part::Field("/event/event_type"),
        ],
        signature: SignatureAt::Field("/event/event_hash"),
        time: TimeAt::Body {
            path: "/event/event_time",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    payload: Payload::MultipartField("json"),
    // Three days of retries, and one more.
    tolerance: Some(Tolerance::new(4 * 24 * 60 * 60, 300)),
    envelope: Envelope {
        kind: &[Field::Body("/event/event_type")],
        sent_at: &[Field::Body("/event/event_time")],
        ..Envelope::NONE
    },
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(72),
        signed_time: SignedTime::Event,
        ..Sender::UNKNOWN
    },
    replies: Replies {
        body: "Hello API Event Received",
        content_type: "text/plain",
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "hellosign/dropbox-sign-python:dropbox_sign/event_callback_helper.py",
            "https://developers.hellosign.com/api/manual-reference-pages/glossary/callbacks-events.md",
        ],
        checked: "2026-11",
        unsure: "the end of the retries (about three days), and so the tolerance, which is ours",
    },
    ..Provider::BASE
};

/// Persona.
///
/// `Persona-Signature: t=…,v1=<hex>` over `{t}.{body}`; two such groups with a space between them while
/// a secret is rolled, each with its own time. The secret (`wbhsec_…`) is used as text.
pub const PERSONA: Provider = Provider {
    slug: "persona",
    name: "Persona",
    scheme: Scheme {
        message: &[Part::Timestamp, Part::Literal("."), Part::Body],
        signature: SignatureAt::header("persona-signature"),
        grammar: Grammar::Groups { signature: "v1" },
        time: TimeAt::InSignature {
            key: "t",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(300)),
    envelope: Envelope {
        id: &[Field::Body("/data/id")],
        kind: &[Field::Body("/data/attributes/name")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(5),
        retries: Retries::All,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://docs.withpersona.com/v2022-09-01/docs/best-practices",
            "https://docs.withpersona.com/2022-09-01/webhooks-best-practices/llms.txt",
            "https://docs.withpersona.com/2026-09-29/webhooks",
        ],
        checked: "2026-11",
        unsure: "the tolerance (Persona names none), whether a retry is signed anew, how long the up to \
                 8 attempts take, and that the id stays the same across them",
    },
    ..Provider::BASE
};
