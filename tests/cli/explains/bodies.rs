//! Bodies that were changed on their way.

use data_encoding::BASE64;
use hookgate::provider::{self, GITHUB, STRIPE};

use super::{Delivery, JSON, OTHER, signed};

#[test]
fn line_ends_and_spaces_at_the_ends() {
    signed(STRIPE, format!("{JSON}\n"))
        .body(JSON)
        .finds(&["trailing_newline_missing"])
        .says("(LF)");
    signed(STRIPE, format!("{JSON}\r\n"))
        .body(JSON)
        .finds(&["trailing_newline_missing"])
        .says("(CRLF)");
    for end in ["\n", "\r\n"] {
        signed(STRIPE, JSON)
            .body(format!("{JSON}{end}"))
            .finds(&["trailing_newline_added"]);
    }
    signed(STRIPE, JSON)
        .body(format!("  {JSON} \n\n"))
        .finds(&["space_around"]);
}

#[test]
fn line_ends_inside_and_byte_order_marks() {
    signed(GITHUB, "a\r\nb\r\nc")
        .body("a\nb\nc")
        .finds(&["line_ends_lf"]);
    signed(GITHUB, "a\nb\nc")
        .body("a\r\nb\r\nc")
        .finds(&["line_ends_crlf"]);
    signed(GITHUB, JSON)
        .body(format!("\u{feff}{JSON}"))
        .finds(&["bom_added"]);
    signed(GITHUB, format!("\u{feff}{JSON}"))
        .body(JSON)
        .finds(&["bom_missing"]);
}

#[test]
fn json_that_was_written_again() {
    let sent = |body: &str| {
        signed(STRIPE, body.to_owned())
            .body(JSON)
            .finds(&["json_rewritten"])
    };
    sent(r#"{"id": "evt_1", "type": "invoice.paid", "data": {"b": [1, 2.50], "a": "x"}}"#)
        .says("a space after each colon and comma");
    sent("{\n  \"id\": \"evt_1\",\n  \"type\": \"invoice.paid\",\n  \"data\": {\n    \"b\": [\n      1,\n      2.50\n    ],\n    \"a\": \"x\"\n  }\n}\n")
        .says("indented by two spaces, with a line end behind it");
    sent(r#"{"data":{"a":"x","b":[1,2.50]},"id":"evt_1","type":"invoice.paid"}"#)
        .says("compact, with sorted names");
    // A pretty one arrives, and the compact one was sent.
    let pretty = "{\n    \"a\": 1,\n    \"b\": [ ]\n}";
    signed(STRIPE, r#"{"a":1,"b":[]}"#)
        .body(pretty)
        .finds(&["json_rewritten"])
        .says("body is compact");
}

#[test]
fn json_whose_characters_were_written_in_another_way() {
    let plain = "{\"a\":\"\u{e4}/\u{20ac}<b>\"}";
    for (sent, how) in [
        (r#"{"a":"\u00e4/\u20ac<b>"}"#, r"\uXXXX for all but ASCII"),
        (r#"{"a":"\u00e4\/\u20ac<b>"}"#, r"\/ for / and \uXXXX"),
        ("{\"a\":\"\u{e4}\\/\u{20ac}<b>\"}", r"with \/ for /."),
        (
            "{\"a\":\"\u{e4}/\u{20ac}\\u003cb\\u003e\"}",
            r"\u003c for <",
        ),
        (r#"{"a": "\u00e4/\u20ac<b>"}"#, "a space after each colon"),
    ] {
        signed(GITHUB, sent)
            .body(plain)
            .finds(&["json_rewritten"])
            .says(how);
        // And the other way round.
        signed(GITHUB, plain)
            .body(sent)
            .finds(&["json_rewritten"])
            .says("no more escapes than needed");
    }
}

#[test]
fn texts_inside_of_texts() {
    let string = serde_json::to_string(JSON).unwrap();
    signed(GITHUB, JSON).body(string).finds(&["json_in_string"]);
    signed(GITHUB, "a\nb\u{e4}")
        .body(r"a\nb\u00e4")
        .finds(&["escapes_typed"]);
    let base64 = BASE64.encode(JSON.as_bytes());
    signed(GITHUB, JSON).body(base64).finds(&["base64_body"]);
    signed(GITHUB, &b"{\"a\":\"\xe4\"}"[..])
        .body("{\"a\":\"\u{e4}\"}")
        .finds(&["charset"]);
}

#[test]
fn forms_that_were_decoded() {
    let form = "payload=%7B%22a%22%3A%22b+c%22%7D&x=1";
    signed(GITHUB, form)
        .body("payload={\"a\":\"b c\"}&x=1")
        .finds(&["percent_decoded"]);
    let form = "payload=%7B%22a%22%3A%22b%20c%22%7D";
    signed(GITHUB, form)
        .body("payload={\"a\":\"b c\"}")
        .finds(&["percent_decoded"]);
    let github = "payload=%7B%22a%22%3A%22b+c%22%7D";
    signed(GITHUB, github)
        .body("{\"a\":\"b c\"}")
        .finds(&["form_around"]);
    signed(GITHUB, "{\"a\":\"b c\"}")
        .body(github)
        .finds(&["form_field"]);
    signed(GITHUB, "{\"a\":1}")
        .body("%7B%22a%22%3A1%7D")
        .finds(&["percent_encoded"]);
}

#[test]
fn bodies_that_were_read_before_or_are_longer_than_they_should_be() {
    signed(GITHUB, "").body(JSON).finds(&["empty_body_signed"]);
    signed(GITHUB, "{}").body("").finds(&["body_emptied"]);
    signed(GITHUB, JSON).body("").sees("body_empty");
    let length = JSON.len().to_string();
    let long = signed(GITHUB, JSON).body(format!("{JSON}-- and a signature"));
    long.header("content-length", &length)
        .finds(&["longer_than_declared"]);
    let short = |body: &str| {
        signed(GITHUB, JSON)
            .body(body)
            .header("content-length", &length)
    };
    short(&JSON[..20]).sees("length").says("the body has 20");
    short(&JSON[..20]).sees("body_cut");
    signed(GITHUB, "\u{fffd}a\u{e4}")
        .body("\u{fffd}a")
        .sees("body_lossy");
}

#[test]
fn a_body_that_a_preset_does_not_cover_is_not_blamed() {
    // Whatever the body is: the token is the secret or is not.
    let delivery: Delivery = signed(provider::GITLAB_TOKEN, JSON).secret(OTHER);
    let said = delivery.finds(&[]);
    assert!(!said.text.contains("canary"), "{}", said.text);
}

#[test]
fn a_body_over_the_limit_is_not_said_to_be_forged() {
    let said = signed(GITHUB, "x".repeat(GITHUB.max_body + 1)).finds(&["limit"]);
    assert_eq!(said.json["reason"], "too_large");
    said.says("with_max_body");
}
