//! Presets with handshakes, and what may be seen of an answer.

use std::{
    future::Future,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use hookgate::{
    Secret, Source,
    provider::{self, Asked, ChallengeAt, Handshake, Provider, Reply},
    source::{EnrolmentFuture, EnrolmentHook},
};

use crate::{secret, url};

/// What was configured for handshakes.
pub const TOKEN: &str = "our verify token";
pub const VALUE: &str = "https://topic.example/a";

/// The parameters that a row's handshake looks for, and one beside them.
pub fn parameters(row: &Provider) -> Vec<&'static str> {
    let mut names = vec!["x"];
    if let Handshake::Challenge {
        must, challenge, ..
    } = row.handshake
    {
        names.extend(must.iter().map(|(name, _)| *name));
        if let ChallengeAt::Query(name) = challenge.at {
            names.push(name);
        }
    }
    names
}

/// The same of headers.
pub fn headers(row: &Provider) -> Vec<&'static str> {
    let mut names = vec!["x-hook-secret", "content-length"];
    match row.handshake {
        Handshake::Challenge {
            asked: Asked::Header(name, _),
            ..
        } => names.push(name),
        Handshake::Challenge { challenge, .. } => {
            if let ChallengeAt::Header(name) = challenge.at {
                names.push(name);
            }
        }
        Handshake::Origin => names.push("webhook-request-origin"),
        _ => {}
    }
    names
}

/// Every preset with a handshake that is answered with no more than words, and a source of each.
pub static ROWS: LazyLock<Vec<(Provider, Source)>> = LazyLock::new(|| {
    let presets = provider::ALL
        .iter()
        .filter(|row| !matches!(row.handshake, Handshake::None | Handshake::Enrolment { .. }));
    presets.map(|row| (*row, source(*row))).collect()
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

/// A source that waits for its secret.
pub fn waiting(row: Provider) -> Source {
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
