//! URLs that are signed, and are not those that were configured.

use hookgate::{
    Secret,
    provider::{self, Provider, SQUARE, TRELLO, TWILIO_FORM},
    testing::Signer,
};

use super::{Delivery, KEY};
use crate::support::NOW;

/// Signed for this URL.
fn sent_to(row: Provider, origin: &str, target: &str) -> Delivery {
    let body = if row.slug.starts_with("twilio") {
        "a=1&b=2"
    } else {
        "{}"
    };
    let signer = Signer::new(row, &Secret::new(KEY).unwrap()).unwrap();
    let url = match row.scheme.signed_url() {
        hookgate::scheme::SignedUrl::Exact => format!("{origin}{target}"),
        _ => origin.to_owned(),
    };
    Delivery::of(
        row,
        KEY.as_bytes(),
        signer
            .with_public_url(&url)
            .with_target(target)
            .sign(body, NOW),
    )
}

#[test]
fn schemes_hosts_ports_slashes_and_queries() {
    for row in [SQUARE, TRELLO, TWILIO_FORM] {
        let sent = || sent_to(row, "https://hooks.example.com", "/in?shop=1");
        let right = "https://hooks.example.com/in?shop=1";
        assert_eq!(
            sent().with(&["--url", right]).explain().code,
            0,
            "{}",
            row.slug
        );
        for (given, kind) in [
            ("http://hooks.example.com/in?shop=1", "url_scheme"),
            ("https://hooks.example.com/in/?shop=1", "url_slash"),
        ] {
            sent()
                .with(&["--url", given])
                .finds(&[kind])
                .says("https://hooks.example.com/in?shop=…");
        }
        let other_host = sent().header("x-forwarded-host", "hooks.example.com");
        other_host
            .with(&["--url", "https://10.0.0.7/in?shop=1"])
            .finds(&["url_host"]);
        let asked = sent().header("x-original-uri", "/in?shop=1");
        asked
            .with(&["--url", "https://hooks.example.com/stripped?shop=1"])
            .finds(&["url_path"]);
        let prefix = sent().header("x-forwarded-prefix", "/in");
        prefix
            .with(&["--url", "https://hooks.example.com?shop=1"])
            .finds(&["url_path"]);
    }
    let bare = sent_to(SQUARE, "https://hooks.example.com", "/in");
    bare.with(&["--url", "https://hooks.example.com/in?a=canary"])
        .finds(&["url_query"]);
}

#[test]
fn ports_that_are_signed_and_not_configured_and_the_other_way_round() {
    let with = sent_to(SQUARE, "https://hooks.example.com:443", "/in");
    with.with(&["--url", "https://hooks.example.com/in"])
        .finds(&["url_port"])
        .says("hooks.example.com:443/in");
    let without = sent_to(SQUARE, "https://hooks.example.com", "/in");
    without
        .with(&["--url", "https://hooks.example.com:8443/in"])
        .finds(&["url_port"]);
}

#[test]
fn a_url_that_nobody_told_the_source_is_found_in_the_request() {
    for row in [SQUARE, TWILIO_FORM] {
        let sent = sent_to(row, "https://hooks.example.com", "/");
        let said = sent
            .header("host", "hooks.example.com")
            .finds(&["public_url"]);
        assert_eq!(said.json["reason"], "configuration");
        said.says("https://hooks.example.com/");
    }
}

#[test]
fn what_only_the_url_can_tell_is_asked_for() {
    let twilio = sent_to(TWILIO_FORM, "https://hooks.example.com", "/in?shop=1");
    twilio.sees("url_needed").says("--url");
    for row in [
        provider::TWILIO_JSON,
        provider::MERCADO_PAGO,
        provider::TOKEN_IN_QUERY,
    ] {
        let mut sent = sent_to(row, "https://hooks.example.com", "/in");
        sent.parts.uri = http::Uri::from_static("/in");
        if row.slug.starts_with("twilio") {
            sent = sent.with(&["--url", "https://hooks.example.com/in"]);
        }
        sent.sees("query_missing").says("--url");
    }
}
