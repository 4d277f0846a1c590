//! Rows with every shape of handshake, and what may be seen of an answer.

use std::{
    future::Future,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use hookgate::{
    Secret, Source,
    provider::{
        self, Answer, Asked, Challenge, ChallengeAt, Charset, GITHUB, Handshake, Must, Payload,
        Provider, Reply,
    },
    scheme::{Algorithm, Encoding, Grammar, KeyDecoding, KeyId, Part, Scheme, SignatureAt},
    source::{EnrolmentFuture, EnrolmentHook},
};

use http::Method;

use crate::{secret, url};

/// What was configured for handshakes.
pub const TOKEN: &str = "our verify token";
pub const VALUE: &str = "https://topic.example/a";

/// The names that handshakes look for, and some beside them.
pub const NAMES: &[&str] = &[
    "hub.mode",
    "hub.verify_token",
    "hub.challenge",
    "hub.topic",
    "challenge",
    "crc_token",
    "challengeCode",
    "bt_challenge",
    "validationToken",
    "x",
];
pub const HEADERS: &[&str] = &[
    "x-challenge",
    "x-mark",
    "x-hook-secret",
    "webhook-request-origin",
    "x-signature",
    "x-hub-signature-256",
    "content-length",
    "content-type",
];

const fn asks(asked: Asked, challenge: Challenge, answer: Answer) -> Handshake {
    Handshake::Challenge {
        asked,
        must: &[],
        challenge,
        answer,
    }
}

const fn row(scheme: Scheme, handshake: Handshake) -> Provider {
    Provider {
        slug: "shape",
        scheme,
        handshake,
        ..Provider::BASE
    }
}

const SIGNED: Answer = Answer::SignedJson {
    challenge: Some("challenge"),
    signature: "signature",
    prefix: "sha256=",
    encoding: Encoding::Base64,
};

const TOPICS: Handshake = Handshake::Challenge {
    asked: Asked::Get,
    must: &[
        ("hub.mode", Must::Be("subscribe")),
        ("hub.topic", Must::BeKnown),
    ],
    challenge: Challenge::query("hub.challenge").of(Charset::Token68),
    answer: Answer::Text,
};

/// Bodies that open with a brace.
const OPENED: Scheme = Scheme {
    grammar: Grammar::Prefix("sha256="),
    encoding: Encoding::Base64,
    opening: "{",
    ..Scheme::BASE
};

/// A literal before the body.
const FENCED: Scheme = Scheme {
    message: &[Part::Literal("hmacsha256="), Part::Body],
    ..Scheme::BASE
};

/// Base64 of XML in a form, and labelled signatures.
const LABELLED: Scheme = Scheme {
    algorithm: Algorithm::HmacSha1ForLegacyUseOnly,
    key: KeyDecoding::Sha1,
    key_id: KeyId::Configured,
    message: &[Part::Payload],
    signature: SignatureAt::Param("bt_signature"),
    grammar: Grammar::Labelled,
    opening: "P",
    ..Scheme::BASE
};

const SHAPES: &[Provider] = &[
    row(Scheme::BASE, TOPICS),
    row(
        Scheme::BASE,
        asks(Asked::Get, Challenge::query("challenge"), Answer::Text),
    ),
    row(
        Scheme::BASE,
        asks(
            Asked::Get,
            Challenge::header("x-challenge").of(Charset::Token68),
            Answer::Json("verification"),
        ),
    ),
    row(
        Scheme::BASE,
        asks(
            Asked::Unsigned,
            Challenge::query("validationToken").of(Charset::Words),
            Answer::Text,
        ),
    ),
    row(
        Scheme::BASE,
        asks(
            Asked::Unsigned,
            Challenge::body("/challenge"),
            Answer::Json("challenge"),
        ),
    ),
    row(
        Scheme::BASE,
        asks(
            Asked::Header("x-mark", "yes"),
            Challenge::body("/challenge"),
            Answer::Text,
        ),
    ),
    row(
        OPENED,
        asks(
            Asked::Get,
            Challenge::query("crc_token").of(Charset::Token68),
            SIGNED,
        ),
    ),
    row(
        FENCED,
        asks(Asked::Get, Challenge::query("challengeCode"), SIGNED),
    ),
    Provider {
        payload: Payload::FormField("bt_payload"),
        ..row(
            LABELLED,
            asks(
                Asked::Get,
                Challenge::query("bt_challenge").of(Charset::LowerHex(20, 32)),
                Answer::SignedLabelled,
            ),
        )
    },
    row(Scheme::BASE, Handshake::Probe(&[Method::HEAD])),
    row(Scheme::BASE, Handshake::Origin),
    row(Scheme::BASE, Handshake::Token { header: "x-verify" }),
];

/// Every shape and every preset with a handshake, and a source of each.
pub static ROWS: LazyLock<Vec<(Provider, Source)>> = LazyLock::new(|| {
    let presets = provider::ALL
        .iter()
        .filter(|row| !matches!(row.handshake, Handshake::None | Handshake::Enrolment { .. }));
    let rows = SHAPES.iter().chain(presets);
    rows.map(|row| (*row, source(*row))).collect()
});

fn source(row: Provider) -> Source {
    let mut builder = Source::builder("fuzz", row)
        .add_secret(secret(&row))
        .with_verify_token(Secret::new(TOKEN).expect("not empty"))
        .add_handshake_value(VALUE);
    if let Some(url) = url(&row) {
        builder = builder.with_public_url(url);
    }
    builder.build().expect("every shape builds")
}

/// A source that waits for its secret, in this place.
pub fn waiting(at: ChallengeAt) -> Source {
    let row = Provider {
        handshake: Handshake::Enrolment { secret: at },
        ..GITHUB
    };
    let builder = Source::builder("fuzz", row).awaiting_enrolment(Forgetful);
    builder.build().expect("it builds")
}

#[derive(Debug)]
struct Forgetful;

impl EnrolmentHook for Forgetful {
    fn store<'a>(&'a self, _: &'a str, _: &'a Secret) -> EnrolmentFuture<'a> {
        Box::pin(async { Ok(()) })
    }
}

/// What a future that waits for nothing is worth.
pub fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}

/// The texts of an answer; panics on one that repeats what no handshake repeats.
pub fn texts(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    let body = std::str::from_utf8(&reply.body).expect("text");
    let texts = match reply
        .headers
        .get("content-type")
        .map(|kind| kind.as_bytes())
    {
        None => {
            assert!(body.is_empty());
            return Vec::new();
        }
        Some(b"text/plain; charset=utf-8") => vec![body.to_owned()],
        Some(b"application/json") => {
            let fields: std::collections::BTreeMap<String, String> =
                serde_json::from_str(body).expect("an object of texts");
            fields.into_values().collect()
        }
        other => panic!("{other:?}"),
    };
    for text in &texts {
        let is_tame = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/= :|".contains(&b);
        assert!((1..=256).contains(&text.len()), "{text:?}");
        assert!(text.bytes().all(is_tame), "{text:?}");
    }
    texts
}
