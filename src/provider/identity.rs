//! Accounts and sign-in.

use super::row::*;

/// FusionAuth with an HMAC key.
///
/// `X-FusionAuth-Signature-JWT`: a token (HS256) whose `request_body_sha256` is that of the body,
/// in base64. No time is in it; the event's id is the only defence against replays. The secret is
/// the key's text as FusionAuth shows it. For keys of other lengths write the row with `HS384` and
/// [`Algorithm::HmacSha384`], or `HS512` and [`Algorithm::HmacSha512`]; public keys come later.
pub const FUSIONAUTH: Provider = Provider {
    slug: "fusionauth",
    name: "FusionAuth (HMAC key)",
    scheme: Scheme {
        message: &[Part::Token],
        signature: SignatureAt::header("x-fusionauth-signature-jwt"),
        grammar: Grammar::Jwt {
            prefix: "",
            alg: "HS256",
            issuer: "",
        },
        encoding: Encoding::Base64Url,
        digest: Some(DigestAt::Claim("/request_body_sha256", Encoding::Base64)),
        ..Scheme::BASE
    },
    envelope: Envelope {
        id: &[Field::Body("/event/id")],
        kind: &[Field::Body("/event/type")],
        sent_at: &[Field::Body("/event/createInstant")],
        ..Envelope::NONE
    },
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &[
            "FusionAuth/fusionauth-site:astro/src/content/docs/extend/events-and-webhooks/signing.mdx",
        ],
        checked: "2026-11",
        unsure: "that the key's text is used as it is, and the retries, which depend on the transaction \
                 setting of an event",
    },
    ..Provider::BASE
};
