//! `explain`: one broken delivery for each hint, which is found, and no other.

mod bodies;
mod captured;
mod clocks;
mod delivery;
mod heads;
mod secrets;
mod urls;

use bytes::Bytes;
use hookgate::provider;
use http::Request;

use self::delivery::{Delivery, signed, signed_with};
use crate::support::{self, NOW};

/// What it was signed with, unless the test says otherwise.
const KEY: &str = "canary-k3y-of-the-sender";

/// A secret that signed nothing.
const OTHER: &str = "0ther-k3y-of-nobody-4711";

const JSON: &str = r#"{"id":"evt_1","type":"invoice.paid","data":{"b":[1,2.50],"a":"x"}}"#;

#[test]
fn what_is_valid_is_said_to_be_with_all_that_was_read() {
    let said = signed(provider::STRIPE, JSON).explain();
    assert_eq!(said.code, 0, "{}", said.text);
    for text in [
        "valid: stripe",
        "evt_1 (signed)",
        "invoice.paid (signed)",
        "HOOK_SECRET",
        "the whole body",
    ] {
        said.says(text);
    }
    assert_eq!(said.json["valid"], true);
    assert_eq!(said.json["event"]["id"]["value"], "evt_1");
    assert_eq!(said.json["event"]["signed_at"], "2026-09-21T14:13:20Z");
    assert_eq!(said.kinds("hints"), [""; 0]);
    let github = signed(provider::GITHUB, "{}").explain();
    github
        .says("evt_test (unsigned)")
        .says("test.event (unsigned)");
}

#[test]
fn every_preset_explains_its_own_delivery_and_a_forged_one() {
    for row in provider::ALL {
        let key = support::secret(row, 1).reveal().to_vec();
        let body = support::body(row, br#"{"a":1}"#, NOW);
        let signer = support::signer(*row).with_target("/in?shop=1");
        let url = support::url(row).unwrap_or(support::URL);
        let deliver = |request: Request<Bytes>| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let delivery = Delivery::of(*row, &key, request);
            match url == support::URL {
                true => delivery.with(&["--url", &format!("https://hooks.example.com/in?{query}")]),
                false => delivery.with(&["--url", &format!("{url}/in?{query}")]),
            }
        };
        let good = deliver(signer.sign(body.clone(), NOW)).run(&[]);
        assert_eq!(good.code, 0, "{}: {good:?}", row.slug);
        let forged = support::signer_with(*row, 9);
        let forged = forged.with_target("/in?shop=1").sign(body, NOW);
        let said = deliver(forged).run(&["--json"]).json();
        assert_eq!(said["reason"], "bad_signature", "{}", row.slug);
        assert_eq!(said["hints"], serde_json::json!([]), "{}", row.slug);
        assert_ne!(said["tried"], 0);
    }
}

#[test]
fn the_signature_of_another_preset_is_called_by_its_name() {
    let mut delivery = signed(provider::BITBUCKET_CLOUD, "{}");
    delivery.row = provider::GITHUB;
    delivery.finds(&["other_preset"]).says("bitbucket-cloud");
    let mut delivery = signed(provider::STRIPE, JSON);
    delivery.row = provider::SLACK;
    delivery.finds(&["other_preset"]).says("stripe");
}

#[test]
fn another_algorithm_or_encoding_is_named() {
    use hookgate::scheme::{Algorithm, Encoding};
    let mut row = provider::STRIPE;
    row.scheme.algorithm = Algorithm::HmacSha512;
    let mut delivery = signed(row, JSON);
    delivery.row = provider::STRIPE;
    delivery
        .finds(&["other_algorithm"])
        .says("HMAC-SHA512 in hexadecimal digits");
    let mut row = provider::GITHUB;
    row.scheme.encoding = Encoding::Base64;
    let mut delivery = signed(row, JSON);
    delivery.row = provider::GITHUB;
    delivery
        .finds(&["other_algorithm"])
        .says("HMAC-SHA256 in base64");
}

#[test]
fn an_older_signature_beside_a_wrong_newer_one_is_told() {
    let mut delivery = signed(provider::AGORA, JSON);
    let forged = signed_with(provider::AGORA, b"another key", JSON).take("agora-signature-v2");
    let mut older = provider::AGORA;
    older.scheme = *older.scheme.older.unwrap();
    let right = signed(older, JSON).take("agora-signature");
    delivery.take("agora-signature-v2");
    let delivery = delivery
        .header("agora-signature-v2", &forged)
        .header("agora-signature", &right);
    delivery.finds(&["older_way"]);
}

#[test]
fn two_things_may_be_wrong_at_once() {
    let delivery = signed(provider::STRIPE, format!("{JSON}\n")).body(JSON);
    delivery
        .secret(format!("\"{KEY}\""))
        .finds(&["secret_quotes", "trailing_newline_missing"]);
}

#[test]
fn of_several_secrets_one_is_enough() {
    let delivery = signed(provider::GITHUB, JSON);
    let more = delivery.secret(OTHER).with(&["--secret", KEY]);
    let said = more.explain();
    assert_eq!(said.code, 0, "{}", said.text);
    said.says("secret-1");
}

/// A large body with a wrong secret is searched as well, and in bounded time.
#[test]
fn a_large_body_is_not_searched_for_ever() {
    let items = "{\"text\":\"0123456789 0123456789\",\"n\":12345},".repeat(20_000);
    let body = format!("{{\"items\":[{}1]}}", items);
    let delivery = signed(provider::GITHUB, body).secret(OTHER);
    delivery.finds(&[]).says("since the body is large");
}
