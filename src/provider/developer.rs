use super::{row::*, standard};

/// GitHub.
///
/// `X-Hub-Signature-256: sha256=…` over the body; the older SHA-1 header beside it is not looked
/// at. Delivery id and event name are headers and not signed. The type is the event name with the
/// body's `action`: `pull_request.opened`.
///
/// GitHub never tries again by itself: an outage of the receiver loses deliveries until somebody
/// redelivers them, by hand or through the REST API for webhook deliveries. Redeliveries keep
/// their id.
pub const GITHUB: Provider = Provider {
    slug: "github",
    name: "GitHub",
    scheme: Scheme {
        signature: SignatureAt::header("x-hub-signature-256"),
        grammar: Grammar::Prefix("sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-github-delivery")],
        kind: &[Field::header("x-github-event")],
        kind_suffix: Some(Field::Body("/action")),
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::Never,
        ..Sender::UNKNOWN
    },
    // GitHub caps payloads at 25 MB.
    max_body: 25 * MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
            "https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks",
        ],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// GitLab with a signing token.
///
/// Standard Webhooks headers over `{id}.{timestamp}.{body}`. Servers without that feature send
/// `X-Gitlab-Token` only, which proves nothing about the body; this row does not accept it.
pub const GITLAB: Provider = Provider {
    slug: "gitlab",
    name: "GitLab (signing token)",
    families: &[],
    scheme: Scheme {
        message: &[
            Part::Header(Header::named("webhook-id")),
            Part::Literal("."),
            Part::Timestamp,
            Part::Literal("."),
            Part::Body,
        ],
        signature: SignatureAt::header("webhook-signature"),
        time: TimeAt::header("webhook-timestamp", TimeUnit::Seconds),
        ..standard::STANDARD_WEBHOOKS.scheme
    },
    envelope: Envelope {
        id: &[Field::header("webhook-id")],
        kind: &[Field::Body("/object_kind"), Field::header("x-gitlab-event")],
        ..standard::STANDARD_WEBHOOKS.envelope
    },
    sender: Sender {
        timeout: secs(10),
        ..Sender::UNKNOWN
    },
    // Job and pipeline events with many builds pass 1 MiB.
    max_body: 8 * MIB,
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944",
            "https://gitlab.com/gitlab-org/gitlab/-/work_items/19367",
        ],
        checked: "2026-11",
        unsure: "how the token becomes the key (taken from the Standard Webhooks specification: \
                 base64 after whsec_), and the retries",
    },
    ..standard::STANDARD_WEBHOOKS
};

/// Linear.
///
/// Hex over the body. The signed time is `webhookTimestamp` in the body, in milliseconds, judged
/// after the signature; the header `Linear-Timestamp` is not signed and not looked at. Replies
/// other than 200 count as failures.
pub const LINEAR: Provider = Provider {
    slug: "linear",
    name: "Linear",
    scheme: Scheme {
        signature: SignatureAt::header("linear-signature"),
        time: TimeAt::Body {
            path: "/webhookTimestamp",
            unit: TimeUnit::Millis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::symmetric(60)),
    envelope: Envelope {
        id: &[Field::header("linear-delivery")],
        kind: &[Field::Body("/type"), Field::header("linear-event")],
        kind_suffix: Some(Field::Body("/action")),
        sent_at: &[Field::Body("/createdAt")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(5),
        retries: Retries::All,
        retry_window: hours(6),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "linear/linear:packages/sdk/src/webhooks/client.ts",
            "https://linear.app/developers/webhooks",
        ],
        checked: "2026-11",
        unsure: "the retries (1 min, 1 h, 6 h: not read again), and whether the delivery id stays \
                 the same across them",
    },
    ..Provider::BASE
};
