//! Where code is kept, besides GitHub and GitLab's signing tokens.

use super::{developer, row::*};

/// Bitbucket Cloud.
///
/// `X-Hub-Signature: sha256=…` over the body: the name of GitHub's old SHA-1 header with SHA-256 in
/// it. Other methods are refused. Request id and event key are headers and not signed. `X-Hook-UUID`
/// names the webhook, not the event.
pub const BITBUCKET_CLOUD: Provider = Provider {
    slug: "bitbucket-cloud",
    name: "Bitbucket Cloud",
    scheme: Scheme {
        signature: SignatureAt::header("x-hub-signature"),
        grammar: Grammar::Prefix("sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::header("x-request-uuid")],
        kind: &[Field::header("x-event-key")],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        retries: Retries::On5xx,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
            "hookdeck/webhook-skills:providers.yaml",
        ],
        checked: "2026-11",
        unsure: "the retries (two after a 5xx or a time-out: not read again), and whether the request \
                 id stays the same across them",
    },
    ..Provider::BASE
};

/// Bitbucket Server and Data Center.
///
/// Signed as [`BITBUCKET_CLOUD`]. For servers that authenticate with user and password instead, see the
/// example at [`AWS_EVENTBRIDGE_API_DESTINATIONS`](super::AWS_EVENTBRIDGE_API_DESTINATIONS).
pub const BITBUCKET_SERVER: Provider = Provider {
    slug: "bitbucket-server",
    name: "Bitbucket Server and Data Center",
    envelope: Envelope {
        id: &[Field::header("x-request-id")],
        ..BITBUCKET_CLOUD.envelope
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::Secondary,
        sources: &[
            "https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html",
            "https://coderabbitai.github.io/bitbucket/interfaces/server.BitbucketServerWebhookHeaders.html",
        ],
        checked: "2026-11",
        unsure: "the retries, and whether the request id stays the same across them",
    },
    ..BITBUCKET_CLOUD
};

/// Gitea.
///
/// Hex in `X-Gitea-Signature`, over the JSON. Where the webhook is set to send a form, that is the
/// text of its field `payload` before it was encoded, so nothing else of the form is signed. The
/// twins for GitHub and Gogs that Gitea sends as well are not looked at. A webhook without a secret
/// has the header too, empty, and is refused. Webhooks by GET are not accepted.
///
/// Delivery id and event are headers and not signed. The type is the event with the body's `action`.
pub const GITEA: Provider = Provider {
    slug: "gitea",
    name: "Gitea",
    scheme: Scheme {
        message: &[Part::Payload],
        signature: SignatureAt::header("x-gitea-signature"),
        ..Scheme::BASE
    },
    payload: Payload::BodyOrFormField("payload"),
    envelope: Envelope {
        id: &[Field::header("x-gitea-delivery")],
        kind: &[Field::header("x-gitea-event")],
        kind_suffix: Some(Field::Body("/action")),
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(5),
        retries: Retries::Never,
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["go-gitea/gitea:services/webhook/deliver.go"],
        checked: "2026-11",
        unsure: "that it never tries again by itself; the time-out is the default of a setting",
    },
    ..Provider::BASE
};

/// Forgejo: as [`GITEA`], with `X-Forgejo-*` headers.
pub const FORGEJO: Provider = Provider {
    slug: "forgejo",
    name: "Forgejo",
    scheme: Scheme {
        signature: SignatureAt::header("x-forgejo-signature"),
        ..GITEA.scheme
    },
    envelope: Envelope {
        id: &[Field::header("x-forgejo-delivery")],
        kind: &[Field::header("x-forgejo-event")],
        ..GITEA.envelope
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "forgejo:services/webhook/shared/payloader.go (read in the mirror offsoc/forgejo)",
        ],
        checked: "2026-11",
        unsure: "the retries and time-outs",
    },
    ..GITEA
};

/// GitLab with a secret token, the older way.
///
/// Nothing is signed: the token comes with each delivery in `X-Gitlab-Token`, and whoever sees one can
/// send anything. Prefer [`GITLAB`](super::GITLAB) where the server has signing tokens. Of the three
/// ids that GitLab sends only `Idempotency-Key` stays the same across retries.
pub const GITLAB_TOKEN: Provider = Provider {
    slug: "gitlab-token",
    name: "GitLab (secret token)",
    scheme: Scheme::token(Header::named("x-gitlab-token")),
    envelope: Envelope {
        id: &[Field::header("idempotency-key")],
        kind: developer::GITLAB.envelope.kind,
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(10),
        disables: "after several failures in a row, first for a time and then for good",
        ..Sender::UNKNOWN
    },
    max_body: developer::GITLAB.max_body,
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "gitlabhq/gitlabhq:app/services/web_hook_service.rb",
            "https://docs.gitlab.com/user/project/integrations/webhooks/",
        ],
        checked: "2026-11",
        unsure: "how long it goes on trying",
    },
    ..Provider::BASE
};

/// Hooks of the npm registry.
///
/// `x-npm-signature: sha256=…` over the body. Events have no id.
pub const NPM_HOOKS: Provider = Provider {
    slug: "npm-hooks",
    name: "npm hooks",
    scheme: Scheme {
        signature: SignatureAt::header("x-npm-signature"),
        grammar: Grammar::Prefix("sha256="),
        ..Scheme::BASE
    },
    envelope: Envelope {
        kind: &[Field::Body("/event")],
        version: &[Field::Body("/version")],
        ..Envelope::NONE
    },
    sender: Sender { ..Sender::UNKNOWN },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["npm/npm-hook-receiver:index.js"],
        checked: "2026-11",
        unsure: "whether the service still runs: its receiver is of 2017; and where the version is",
    },
    ..Provider::BASE
};
