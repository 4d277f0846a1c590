//! What the page says of a handshake.

use hookgate::provider::{Answer, Asked, ChallengeAt, Handshake, Must};

pub(crate) fn says(handshake: Handshake) -> Option<String> {
    Some(match handshake {
        Handshake::None => return None,
        Handshake::Challenge {
            asked,
            must,
            challenge,
            answer,
        } => {
            let musts = must
                .iter()
                .map(|(name, must)| format!(" with {}", condition(name, *must)));
            let musts: Vec<_> = musts.collect();
            let (asked, at) = (asks(asked), place(challenge.at));
            format!(
                "{asked}{}: {at}, answered {}",
                musts.join(","),
                answers(answer)
            )
        }
        Handshake::Probe(methods) => {
            let methods: Vec<_> = methods.iter().map(http::Method::as_str).collect();
            format!("{}, answered with 200", methods.join(" or "))
        }
        Handshake::Origin => {
            "OPTIONS with an origin that was configured (CloudEvents), answered with its consent"
                .to_owned()
        }
        Handshake::Token { header } => {
            format!("one unsigned delivery, answered with the verify token in `{header}`")
        }
        Handshake::Enrolment { secret } => {
            format!("hands its secret over once: {}", place(secret))
        }
    })
}

fn asks(asked: Asked) -> String {
    match asked {
        Asked::Get => "an unsigned GET".to_owned(),
        Asked::Unsigned => "a delivery without a signature".to_owned(),
        Asked::Type(kind) => format!("a genuine delivery of the type `{kind}`"),
        Asked::Header(name, value) => format!("a genuine delivery with `{name}: {value}`"),
    }
}

fn condition(name: &str, must: Must) -> String {
    match must {
        Must::Be(text) => format!("`{name}={text}`"),
        Must::BeToken => format!("our verify token as `{name}`"),
        Must::BeKnown => format!("a configured `{name}`"),
    }
}

fn place(at: ChallengeAt) -> String {
    match at {
        ChallengeAt::Query(name) => format!("`{name}` of the query"),
        ChallengeAt::Header(name) => format!("the header `{name}`"),
        ChallengeAt::Body(path) => format!("the body's `{path}`"),
        ChallengeAt::Form(name) => format!("the form's only field `{name}`"),
    }
}

fn answers(answer: Answer) -> String {
    match answer {
        Answer::Nothing => "with nothing".to_owned(),
        Answer::Text => "as it is".to_owned(),
        Answer::Json(name) => format!("in JSON as `{name}`"),
        Answer::SignedJson {
            signature, prefix, ..
        } => format!("with its MAC, in JSON as `{signature}`{}", after(prefix)),
        Answer::SignedLabelled => "with the key's id and its MAC".to_owned(),
    }
}

fn after(prefix: &str) -> String {
    if prefix.is_empty() {
        String::new()
    } else {
        format!(" after `{prefix}`")
    }
}
