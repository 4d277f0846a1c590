//! Calls and text messages.

use http::Method;

use super::row::*;

/// Twilio, calls and messages: form bodies, or parameters in the query of a GET.
///
/// `X-Twilio-Signature`: HMAC-SHA1 over the URL of the request and then the form's fields in the
/// order of their names, without anything between. The URL is the public one: set the origin with
/// [`with_public_url`](crate::source::SourceBuilder::with_public_url). Twilio is not consistent
/// about the port, so the URL is tried without one and with one. The secret is the account's auth
/// token.
///
/// URL, names and values are joined without separators: whoever replays a delivery can move letters
/// between the end of the query and the fields, and between a name and its value. No time is
/// signed. The idempotency token is a header and not signed; message and call ids are shared by all
/// status callbacks of one message or call, so they are no event ids.
///
/// Twilio reads the reply to calls and incoming messages as TwiML. The default reply is an empty
/// `<Response/>`; to say more, reply from a service of your own behind `VerifyLayer` or
/// `WebhookLayer`.
pub const TWILIO_FORM: Provider = Provider {
    slug: "twilio-form",
    name: "Twilio (calls and messages)",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
        message: &[
            Part::Url(Port::Without),
            Part::SortedForm(Repeats::SortedOnce),
        ],
        variants: &[&[Part::Url(Port::With), Part::SortedForm(Repeats::SortedOnce)]],
        signature: SignatureAt::header("x-twilio-signature"),
        encoding: Encoding::Base64,
        ..Scheme::BASE
    },
    methods: &[Method::POST, Method::GET],
    payload: Payload::Form,
    envelope: Envelope {
        id: &[Field::header("i-twilio-idempotency-token")],
        kind: &[
            Field::Body("/MessageStatus"),
            Field::Body("/CallStatus"),
            Field::Body("/SmsStatus"),
            Field::Query("MessageStatus"),
            Field::Query("CallStatus"),
            Field::Query("SmsStatus"),
        ],
        ..Envelope::NONE
    },
    sender: Sender {
        timeout: secs(15),
        ..Sender::UNKNOWN
    },
    replies: Replies {
        body: "<Response/>",
        content_type: "text/xml",
        ..Replies::DEFAULT
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "twilio/twilio-python:twilio/request_validator.py",
            "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
        ],
        checked: "2026-11",
        unsure: "the idempotency token's header (seen in receivers, not read in Twilio's pages), and \
                 the retries: settings in the URL's fragment decide about them",
    },
    ..Provider::BASE
};

/// Twilio, products that send JSON.
///
/// `X-Twilio-Signature`: HMAC-SHA1 over the URL alone, as in [`TWILIO_FORM`]. The body's SHA-256 is
/// in the URL, as `bodySHA256`, and is compared with the body: without that any body would do.
pub const TWILIO_JSON: Provider = Provider {
    slug: "twilio-json",
    name: "Twilio (JSON)",
    scheme: Scheme {
        message: &[Part::Url(Port::Without)],
        variants: &[&[Part::Url(Port::With)]],
        digest: Some(DigestAt::Query("bodySHA256")),
        ..TWILIO_FORM.scheme
    },
    methods: &[Method::POST],
    payload: Payload::Body,
    envelope: Envelope::NONE,
    sender: Sender::UNKNOWN,
    replies: Replies::DEFAULT,
    evidence: Evidence {
        unsure: "what identifies an event, and the retries",
        ..TWILIO_FORM.evidence
    },
    ..TWILIO_FORM
};

/// Vonage: Voice, Messages, Verify and other products with signed webhooks.
///
/// `Authorization: Bearer <JWT>` (HS256, the signature secret as text). The token's `payload_hash`
/// is the SHA-256 of the body, `iat` the time; Vonage's own library does not look at the hash, and
/// without it a token fits any body. A token without it is only taken for a request without a body.
pub const VONAGE_JWT: Provider = Provider {
    slug: "vonage-jwt",
    name: "Vonage (signed webhooks)",
    scheme: Scheme {
        message: &[Part::Token],
        signature: SignatureAt::header("authorization"),
        grammar: Grammar::Jwt {
            prefix: "Bearer ",
            alg: "HS256",
            issuer: "",
        },
        encoding: Encoding::Base64Url,
        time: TimeAt::Claims(ClaimedTime::IssuedAt),
        digest: Some(DigestAt::ClaimUnlessEmpty("/payload_hash", Encoding::Hex)),
        ..Scheme::BASE
    },
    methods: &[Method::POST, Method::GET],
    tolerance: Some(Tolerance::symmetric(300)),
    sender: Sender {
        retries: Retries::All,
        retry_window: hours(24),
        ..Sender::UNKNOWN
    },
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Vonage/vonage-python-sdk:jwt/src/vonage_jwt/verify_jwt.py",
            "https://developer.vonage.com/en/getting-started/concepts/webhooks",
        ],
        checked: "2026-11",
        unsure: "payload_hash (not in the library; receivers read it as hexadecimal digits), and the \
                 retries for 24 h",
    },
    ..Provider::BASE
};

/// Vonage, SMS API with message signatures.
///
/// The parameter `sig`, wherever the parameters are (query, form or JSON, an account setting): an
/// HMAC over `&name=value` of all others in the order of their names. Its algorithm is an account
/// setting as well. This row is for SHA-256 HMAC; for another one write `Scheme { algorithm:
/// Algorithm::HmacSha512, ..VONAGE_SMS_SIGNATURE.scheme }`. The account's default, an MD5 hash that
/// is no HMAC, is not supported: change the setting.
///
/// `&` and `=` in values are signed as `_`, so two texts that differ in nothing else have one
/// signature. The id of a message is shared by its delivery receipts; it is no event id.
pub const VONAGE_SMS_SIGNATURE: Provider = Provider {
    slug: "vonage-sms-signature",
    name: "Vonage SMS API (message signatures)",
    scheme: Scheme {
        message: &[Part::SortedParams],
        signature: SignatureAt::Param("sig"),
        time: TimeAt::Param {
            name: "timestamp",
            unit: TimeUnit::Seconds,
        },
        ..Scheme::BASE
    },
    methods: &[Method::POST, Method::GET],
    payload: Payload::FormOrBody,
    tolerance: Some(Tolerance::symmetric(300)),
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "Vonage/vonage-python-sdk:http_client/src/vonage_http_client/auth.py",
            "https://developer.vonage.com/en/getting-started/concepts/signing-messages",
        ],
        checked: "2026-11",
        unsure: "the tolerance, and the retries",
    },
    ..Provider::BASE
};

/// Bird (MessageBird), webhooks with a token.
///
/// `MessageBird-Signature-JWT`: a token (HS256, HS384 or HS512) whose `url_hash` is the SHA-256 of
/// the request's whole URL and whose `payload_hash` is that of the body, absent exactly when there
/// is none. It is good from `nbf` to `exp`, a minute or so. Set the public origin with
/// [`with_public_url`](crate::source::SourceBuilder::with_public_url); the order of the query's
/// parameters counts. The tolerance is that of MessageBird's library, 5 s at both ends.
pub const MESSAGEBIRD_JWT: Provider = Provider {
    slug: "messagebird-jwt",
    name: "MessageBird (JWT)",
    scheme: MESSAGEBIRD_HS256,
    methods: &[
        Method::POST,
        Method::GET,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ],
    tolerance: Some(Tolerance::symmetric(5)),
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &[
            "messagebird/messagebird-nodejs:lib/webhook-signature-jwt.js",
            "messagebird/messagebird-nodejs:lib/testdata/webhook-signature-jwt-reference.json",
        ],
        checked: "2026-11",
        unsure: "what identifies an event (the claim jti is the token's), and the retries",
    },
    ..Provider::BASE
};

const MESSAGEBIRD_HS256: Scheme = Scheme {
    algorithm: Algorithm::HmacSha256,
    grammar: messagebird("HS256"),
    older: Some(&MESSAGEBIRD_HS384),
    ..MESSAGEBIRD_HS512
};

const MESSAGEBIRD_HS384: Scheme = Scheme {
    algorithm: Algorithm::HmacSha384,
    grammar: messagebird("HS384"),
    older: Some(&MESSAGEBIRD_HS512),
    ..MESSAGEBIRD_HS512
};

const MESSAGEBIRD_HS512: Scheme = Scheme {
    algorithm: Algorithm::HmacSha512,
    message: &[Part::Token],
    signature: SignatureAt::header("messagebird-signature-jwt"),
    grammar: messagebird("HS512"),
    encoding: Encoding::Base64Url,
    time: TimeAt::Claims(ClaimedTime::Window),
    digest: Some(DigestAt::ClaimUnlessEmpty("/payload_hash", Encoding::Hex)),
    url_digest: Some("/url_hash"),
    ..Scheme::BASE
};

const fn messagebird(alg: &'static str) -> Grammar {
    Grammar::Jwt {
        prefix: "",
        alg,
        issuer: "MessageBird",
    }
}

/// MessageBird, the deprecated signature of older webhooks.
///
/// `MessageBird-Signature`: HMAC-SHA256 over the time, a line end, the query sorted by name, a line
/// end, and the 32 bytes of the body's SHA-256. Host and path are not signed: what one endpoint
/// accepts, another with the same key accepts too. The tolerance is that of MessageBird's Python
/// library; the one for Node.js takes 100 s.
pub const MESSAGEBIRD_LEGACY: Provider = Provider {
    slug: "messagebird-legacy",
    name: "MessageBird (deprecated signature)",
    scheme: Scheme {
        message: &[
            Part::Timestamp,
            Part::Literal("\n"),
            Part::SortedQuery,
            Part::Literal("\n"),
            Part::BodySha256,
        ],
        signature: SignatureAt::header("messagebird-signature"),
        encoding: Encoding::Base64,
        time: TimeAt::header("messagebird-request-timestamp", TimeUnit::Seconds),
        ..Scheme::BASE
    },
    methods: &[Method::POST, Method::GET],
    tolerance: Some(Tolerance::symmetric(10)),
    evidence: Evidence {
        confidence: Confidence::OfficialSdk,
        sources: &["messagebird/python-rest-api:messagebird/signed_request.py"],
        checked: "2026-11",
        unsure: "that GET is signed in the same way, and the retries",
    },
    ..Provider::BASE
};
