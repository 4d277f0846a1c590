//! Handshakes, honest ones and those that fish for an echo, a signature or a secret.

mod computed;
mod enrolment;
mod genuine;
mod unsigned;

use hookgate::{
    RejectionKind, Source,
    provider::{self, Handshake, Reply},
};
use http::{HeaderName, HeaderValue, Request};

use crate::support::parts;

/// What no handshake repeats, as text.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "<script>alert(1)</script>",
        "a\nb",
        "a\r\nset-cookie: x",
        "a\"b",
        "a'b",
        "a\\b",
        "a\0",
        "caf\u{e9}",
        "a&c",
        "{\"a\":1}",
        "a;b",
        "a,b",
        "\u{202e}a",
    ]
    .map(str::to_owned)
    .into();
    texts.push("a".repeat(257));
    texts
}

/// The same as JSON values, and some that are no text.
fn hostile_json() -> Vec<String> {
    let texts = hostile().into_iter();
    let mut values: Vec<String> = texts
        .map(|text| serde_json::json!(text).to_string())
        .collect();
    values.extend(["null", "{}", "[\"a\"]", "true", "1.5"].map(str::to_owned));
    values
}

/// The same in a query.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .body(())
        .unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request
            .headers_mut()
            .append(HeaderName::try_from(*name).unwrap(), value);
    }
    request
}

type Answered = Option<Result<Reply, RejectionKind>>;

/// What the source answers to a head.
fn ask(source: &Source, method: &str, target: &str, headers: &[(&str, &str)]) -> Answered {
    let answer = source.answer(&parts(request(method, target, headers)))?;
    Some(answer.map_err(|why| why.kind()))
}

/// The text of an answer, which must be plain text.
fn text(answered: Answered) -> String {
    let reply = answered.expect("a handshake").expect("an answer");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    String::from_utf8(reply.body.to_vec()).unwrap()
}

/// The value of an answer, which must be JSON.
fn json(answered: Answered) -> serde_json::Value {
    let reply = answered.expect("a handshake").expect("an answer");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    serde_json::from_slice(&reply.body).unwrap()
}

const REFUSED: Answered = Some(Err(RejectionKind::Handshake));

/// The senders whose pages or code describe a handshake.
#[test]
fn senders_with_a_handshake_have_one_here() {
    let mut found: Vec<_> = provider::ALL
        .iter()
        .filter(|row| row.handshake != Handshake::None)
        .map(|row| row.slug)
        .collect();
    found.sort_unstable();
    let expected = "asana braintree cloudevents-http-webhook dropbox front intercom linkedin \
        mandrill meta microsoft-graph monday notion okta-event-hooks slack trello \
        twitch-eventsub vercel-drains websub whatsapp-cloud woocommerce x-twitter zoom";
    assert_eq!(found.join(" "), expected);
}
