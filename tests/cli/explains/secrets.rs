//! Secrets that were copied or decoded wrongly.

use data_encoding::{BASE64, HEXLOWER};
use hookgate::{
    provider::{self, ADYEN_PLATFORM, GITHUB, Provider, STANDARD_WEBHOOKS, STRIPE},
    scheme::KeyDecoding,
};

use super::{Delivery, JSON, KEY, signed, signed_with};

/// Signed by a sender that makes its key in another way than the preset says.
fn decoded(row: Provider, key: KeyDecoding, secret: &str) -> Delivery {
    let mut theirs = row;
    theirs.scheme.key = key;
    let mut delivery = signed_with(theirs, secret.as_bytes(), JSON);
    delivery.row = row;
    delivery
}

#[test]
fn white_space_and_quotes_around_it() {
    for around in [
        format!(" {KEY}"),
        format!("{KEY}\n"),
        format!("{KEY}\r\n"),
        format!("\t{KEY} "),
    ] {
        signed(GITHUB, JSON).secret(around).finds(&["secret_space"]);
    }
    for quote in ['"', '\'', '`'] {
        signed(GITHUB, JSON)
            .secret(format!("{quote}{KEY}{quote}"))
            .finds(&["secret_quotes"]);
    }
    signed(GITHUB, JSON)
        .secret(format!("\"{KEY}\"\n"))
        .finds(&["secret_quotes"]);
}

#[test]
fn text_for_base64_and_hex_and_the_other_way_round() {
    let base64 = BASE64.encode(KEY.as_bytes());
    let hex = HEXLOWER.encode(KEY.as_bytes());
    let whsec = format!("whsec_{base64}");
    let decoding = KeyDecoding::Base64 { prefix: "whsec_" };
    decoded(GITHUB, decoding, &base64).finds(&["secret_as_base64"]);
    decoded(GITHUB, KeyDecoding::Hex, &hex).finds(&["secret_as_hex"]);
    decoded(STANDARD_WEBHOOKS, KeyDecoding::Text, &whsec).finds(&["secret_as_text"]);
    decoded(ADYEN_PLATFORM, KeyDecoding::Text, &hex).finds(&["secret_as_text"]);
    // Stripe's is text, prefix and all; Svix' is base64 behind the same prefix.
    decoded(STRIPE, decoding, &whsec)
        .finds(&["secret_prefix"])
        .says("base64 behind its prefix");
    decoded(STANDARD_WEBHOOKS, KeyDecoding::Hex, &hex).finds(&["secret_as_hex"]);
}

#[test]
fn prefixes_that_were_cut_off_or_kept() {
    signed_with(STRIPE, format!("whsec_{KEY}").as_bytes(), JSON)
        .secret(KEY)
        .finds(&["secret_prefix"])
        .says("`whsec_` before it");
    signed(STRIPE, JSON)
        .secret(format!("whsec_{KEY}"))
        .finds(&["secret_prefix"]);
}

#[test]
fn keys_that_were_made_of_something_else() {
    let hexed = |key: &[u8]| {
        let mut delivery = decoded(GITHUB, KeyDecoding::Hex, &HEXLOWER.encode(key));
        delivery.secret = KEY.into();
        delivery
    };
    hexed(format!("{KEY}\n").as_bytes()).finds(&["secret_newline"]);
    hexed(BASE64.encode(KEY.as_bytes()).as_bytes()).finds(&["secret_encoded"]);
    hexed(HEXLOWER.encode(KEY.as_bytes()).as_bytes()).finds(&["secret_encoded"]);
}

#[test]
fn secrets_without_the_id_that_belongs_to_them() {
    let key = format!("key-1:{KEY}");
    let said = signed_with(provider::KLARNA, key.as_bytes(), JSON)
        .secret(KEY)
        .finds(&["secret_id"]);
    assert_eq!(said.json["reason"], "configuration");
    said.says("`id:secret`");
}

#[test]
fn secrets_that_cannot_be_ones_are_named_with_what_is_expected() {
    let said = signed_with(ADYEN_PLATFORM, b"00ff00ff00ff", JSON)
        .secret("n0-h3x-in-this-canary")
        .sees("secret_form");
    said.says("HOOK_SECRET: a secret is not in the provider's form; expected hexadecimal digits");
}

#[test]
fn modes_and_keys_of_another_kind_are_seen_by_their_looks() {
    let live = r#"{"livemode":true}"#;
    let other = "sk_test_canary-of-another-secret";
    signed(STRIPE, live)
        .secret("whsec_canary-of-another")
        .sees("test_or_live")
        .says("each mode");
    signed(STRIPE, live).secret(other).sees("api_key");
    let paystack = signed(provider::PAYSTACK, r#"{"data":{"domain":"live"}}"#);
    paystack
        .secret(other)
        .sees("test_or_live")
        .says("looks like one of the test mode");
    // Where the secret is the right one, nobody speaks of modes.
    let newline = signed(STRIPE, format!("{live}\n")).body(live);
    let said = newline.finds(&["trailing_newline_missing"]);
    assert_eq!(said.kinds("seen"), [""; 0]);
}
