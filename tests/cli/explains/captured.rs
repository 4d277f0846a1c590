//! Captured requests, as a whole.

use hookgate::provider::{GITHUB, STRIPE, TWILIO_FORM};

use super::{Delivery, JSON, KEY, signed};
use crate::{
    program::{Ran, SECRET, run_with_input},
    support::NOW,
};

/// The request's text, with these line ends in its head.
fn text(delivery: &Delivery, first: &str, end: &str) -> Vec<u8> {
    let mut text = format!("{first}{end}Host: hooks.example.com{end}");
    for (name, value) in &delivery.parts.headers {
        text.push_str(&format!("{name}: {}{end}", value.to_str().unwrap()));
    }
    text.push_str(end);
    [text.as_bytes(), &delivery.body].concat()
}

fn explain(slug: &str, text: &[u8], more: &[&str]) -> Ran {
    let at = NOW.as_secs().to_string();
    let arguments = [
        "explain",
        slug,
        "--secret-env",
        SECRET,
        "--request",
        "-",
        "--at",
        &at,
    ];
    run_with_input(KEY, &[&arguments[..], more].concat(), text)
}

#[test]
fn heads_have_line_ends_of_either_kind_and_any_version() {
    let delivery = signed(STRIPE, format!("{JSON}\r\n\r\n\0\u{ff}"));
    for end in ["\n", "\r\n"] {
        for first in [
            "POST /hooks HTTP/1.1",
            "POST /hooks HTTP/2",
            "POST http://a/hooks HTTP/1.0",
        ] {
            let ran = explain("stripe", &text(&delivery, first, end), &[]);
            assert_eq!(ran.code, 0, "{first} {end:?} {ran:?}");
        }
    }
}

#[test]
fn chunks_are_joined_where_there_are_any() {
    let chunks = format!(
        "5\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &JSON[..5],
        JSON.len() - 5,
        &JSON[5..]
    );
    for body in [JSON, &chunks] {
        let delivery = signed(GITHUB, JSON)
            .body(body)
            .header("transfer-encoding", "chunked");
        let ran = explain("github", &text(&delivery, "POST / HTTP/1.1", "\r\n"), &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn the_target_and_the_host_are_those_of_the_request() {
    let mut delivery = signed(TWILIO_FORM, "a=1&b=2");
    let first = "POST /in?shop=1 HTTP/1.1";
    let right = ["--url", "https://hooks.example.com/in?shop=1"];
    let ran = explain("twilio-form", &text(&delivery, first, "\n"), &right);
    assert_eq!(ran.code, 0, "{ran:?}");
    // A proxy has taken `/front` away.
    let taken = text(&delivery, "POST /in?shop=1 HTTP/1.1", "\n");
    let ran = explain(
        "twilio-form",
        &taken,
        &["--url", "https://hooks.example.com/front/in", "--json"],
    );
    assert_eq!(ran.json()["hints"][0]["kind"], "url_path", "{ran:?}");
    // Found by the request's own Host.
    let ran = explain("twilio-form", &text(&delivery, first, "\n"), &["--json"]);
    assert_eq!(ran.json()["hints"][0]["kind"], "public_url", "{ran:?}");
    delivery.body.push(b'\n');
    let ran = explain(
        "twilio-form",
        &text(&delivery, first, "\n"),
        &[&right[..], &["--json"]].concat(),
    );
    assert_eq!(
        ran.json()["hints"][0]["kind"],
        "trailing_newline_added",
        "{ran:?}"
    );
}

#[test]
fn what_is_no_request_ends_with_2() {
    for text in ["", "hello", "POST\n\n", "POST / HTTP/1.1\nno colon\n\n"] {
        let ran = explain("stripe", text.as_bytes(), &[]);
        assert_eq!(ran.code, 2, "{text:?} {ran:?}");
    }
}
