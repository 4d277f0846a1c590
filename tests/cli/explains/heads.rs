//! Headers that were lost, renamed or changed.

use hookgate::provider::{self, GITHUB, SLACK, STANDARD_WEBHOOKS, STRIPE};

use super::{JSON, signed, signed_with};

#[test]
fn names_that_proxies_and_frameworks_change() {
    for (was, is) in [
        ("x-hub-signature-256", "x_hub_signature_256"),
        ("x-hub-signature-256", "http_x_hub_signature_256"),
        ("x-hub-signature-256", "x-forwarded-hub-signature-256"),
        ("x-hub-signature-256", "x-original-x-hub-signature-256"),
        ("x-hub-signature-256", "hub-signature-256"),
        ("x-hub-signature-256", "something-else"),
    ] {
        let mut delivery = signed(GITHUB, JSON);
        let value = delivery.take(was);
        let said = delivery.header(is, &value).finds(&["header_renamed"]);
        said.says(is);
        assert_eq!(said.json["reason"], "missing_signature");
        assert_eq!(said.kinds("seen"), ["header_missing"]);
    }
    // Both at once, by one rule.
    let mut delivery = signed(SLACK, JSON);
    for name in ["x-slack-signature", "x-slack-request-timestamp"] {
        let value = delivery.take(name);
        delivery = delivery.header(&name.replace('-', "_"), &value);
    }
    delivery.finds(&["header_renamed"]);
}

#[test]
fn what_did_not_arrive_is_named() {
    let mut delivery = signed(GITHUB, JSON);
    delivery.take("x-hub-signature-256");
    delivery
        .sees("header_missing")
        .says("did not arrive: x-hub-signature-256");
    let key = data_encoding::BASE64.encode(b"canary-of-the-sender");
    let mut delivery = signed_with(STANDARD_WEBHOOKS, key.as_bytes(), JSON);
    delivery.take("webhook-id");
    delivery
        .sees("header_missing")
        .says("did not arrive: webhook-id");
}

#[test]
fn values_with_something_around_them() {
    let mut delivery = signed(STRIPE, JSON);
    let value = delivery.take("stripe-signature");
    delivery
        .header("stripe-signature", &format!("\"{value}\""))
        .finds(&["header_value"]);
    let mut delivery = signed(GITHUB, JSON);
    let value = delivery.take("x-hub-signature-256");
    let bare = value.strip_prefix("sha256=").unwrap();
    delivery
        .header("x-hub-signature-256", bare)
        .finds(&["header_prefix"]);
    let mut delivery = signed(provider::SHOPIFY, JSON);
    let value = delivery.take("x-shopify-hmac-sha256");
    let escaped = value
        .replace('=', "%3D")
        .replace('/', "%2F")
        .replace('+', "%2B");
    delivery
        .header("x-shopify-hmac-sha256", &escaped)
        .finds(&["header_value"])
        .says("percent-encoded");
}

#[test]
fn values_that_are_there_twice() {
    for row in [GITHUB, STRIPE] {
        let name = if row.slug == "github" {
            "x-hub-signature-256"
        } else {
            "stripe-signature"
        };
        let delivery = signed(row, JSON);
        let value = delivery.parts.headers[name].to_str().unwrap().to_owned();
        delivery
            .header(name, &value)
            .finds(&["header_doubled"])
            .says("2 times");
        let mut delivery = signed(row, JSON);
        let value = delivery.take(name);
        delivery
            .header(name, &format!("{value}, {value}"))
            .finds(&["header_doubled"])
            .says("joined");
    }
}

#[test]
fn methods_codings_and_content_types() {
    signed(GITHUB, JSON)
        .header("content-encoding", "gzip")
        .finds(&["content_encoding"]);
    let mut delivery = signed(GITHUB, JSON);
    delivery.parts.method = http::Method::PUT;
    let said = delivery.finds(&["method"]);
    assert_eq!(said.json["reason"], "method");
    // Gitea signs the field of a form, and the JSON else.
    let form = "payload=%7B%22a%22%3A1%7D";
    let mut delivery = signed(provider::GITEA, r#"{"a":1}"#).body(form);
    delivery.parts.headers.remove("content-type");
    delivery.finds(&["content_type"]);
}
