//! What a redactor shows, and that nothing else ever comes out.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hookgate::redact::Redactor;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn redact(paths: &[&str], body: &Value) -> String {
    redactor(paths).redact(body.to_string().as_bytes())
}

fn redactor(paths: &[&str]) -> Redactor {
    let show = |redactor: Redactor, path: &&str| redactor.show(path).unwrap();
    paths.iter().fold(Redactor::new(), show)
}

#[test]
fn by_default_there_are_types_and_lengths_only() {
    for (body, shown) in [
        (r#""four""#, "<string, 4 bytes>"),
        ("\"\u{e4}\"", "<string, 2 bytes>"),
        ("1.5", "<number>"),
        ("true", "<boolean>"),
        ("null", "null"),
        ("[]", "<array, 0 items>"),
        ("[1,[2]]", "<array, 2 items>"),
        (r#"{"a":{"b":1}}"#, "<object, 1 members>"),
        ("", "<not JSON, 0 bytes, SHA-256 e3b0c44298fc1c14…>"),
    ] {
        assert_eq!(Redactor::new().redact(body.as_bytes()), shown, "{body}");
    }
    assert_eq!(
        Redactor::new().redact(&[b' '; 1_234_567])[..25],
        *"<not JSON, 1,234,567 byte"
    );
}

#[test]
fn a_path_shows_scalars_at_its_end_and_names_on_its_way() {
    let body = json!({"a": {"b": [{"c": 1, "d": "hidden"}, {"c": [2]}], "e": 3}, "f": "g"});
    assert_eq!(
        redact(&["/a/b/*/c", "/f"], &body),
        r#"{
  "a": {
    "b": [
      {
        "c": 1,
        … 1 more
      },
      {
        "c": <array, 1 items>
      }
    ],
    … 1 more
  },
  "f": "g"
}"#
    );
    assert_eq!(
        redact(&["/a"], &body),
        "{\n  \"a\": <object, 2 members>,\n  … 1 more\n}"
    );
    assert_eq!(
        redact(&["/1"], &json!(["x", "y"])),
        "[\n  \"y\",\n  … 1 more\n]"
    );
    assert_eq!(
        redact(&["/a"], &json!({"a": false})),
        "{\n  \"a\": false\n}"
    );
}

#[test]
fn the_second_of_two_equal_names_is_treated_as_the_first() {
    let body = br#"{"a":{"b":"canary"},"a":"shown"}"#;
    let shown = redactor(&["/a"]).redact(body);
    assert!(
        shown.contains("\"shown\"") && !shown.contains("canary"),
        "{shown}"
    );
}

#[test]
fn names_are_shown_on_request_if_they_look_like_names() {
    let body =
        json!({"order_id": 1, "a@example.com": 2, "id17": 3, "ghp_x": 4, "inner": {"x": "y"}});
    let shown = Redactor::new()
        .with_names()
        .redact(body.to_string().as_bytes());
    for there in [
        "\"order_id\": <number>",
        "\"x\": <string, 1 byte>",
        "… 3 more",
    ] {
        assert!(shown.contains(there), "{shown}");
    }
    let any = redact(&["/*"], &body);
    assert!(
        any.contains("<name, 13 bytes>: 2") && !any.contains("example"),
        "{any}"
    );
    let spelt = redact(&["/id17"], &body);
    assert!(spelt.contains("\"id17\": 3"), "{spelt}");
}

#[test]
fn tokens_stay_hidden_where_a_path_leads_to_them() {
    let body = json!({
        "token": "canary",
        "credentials": {"user": "canary"},
        "client_secret": ["canary"],
        "note": "password=canary",
        "header": "Bearer canary",
        "link": "https://example.com/canary?x=1",
        "key": "whsec_canary",
        "hash": "canary0a1b2c3d4e5f6a7b8c9d0e1f2a3b",
        "fine": "shown",
    });
    let shown = redact(&["/*", "/*/*"], &body);
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("\"fine\": \"shown\""), "{shown}");
    assert!(shown.contains("\"key\": <token, 12 bytes>"), "{shown}");
}

#[test]
fn control_and_direction_characters_are_escaped() {
    let shown = redact(&["/a"], &json!({"a": "x\u{1b}[31m\u{202e}\u{0}\ny"}));
    assert!(shown.contains(r#""x\u{1b}[31m\u{202e}\0\ny""#), "{shown}");
    assert_eq!(
        Redactor::text("it's \u{1b}[31m\u{202e}a\n\n\"b\"\tc"),
        r#"it's \u{1b}[31m\u{202e}a "b" c"#
    );
}

#[test]
fn reasons_keep_their_words_and_lose_their_tokens() {
    for (text, shown) in [
        ("handler failed: no answer", "handler failed: no answer"),
        ("401 for Bearer abc at /v1", "401 for Bearer <token> at /v1"),
        ("password: hunter2!", "password: <token>"),
        ("GET https://u:p@h/ failed", "GET <token> failed"),
        (r#"{"api_key":"abc"}"#, "<token>"),
        ("key sk_live_abc, expired", "key <token> expired"),
    ] {
        assert_eq!(Redactor::text(text), shown);
    }
    let long = Redactor::text(&"word ".repeat(1_000));
    assert!(long.len() < 510 && long.ends_with('…'), "{long}");
}

#[test]
fn the_text_is_bounded() {
    let body = json!((0..10_000).map(|n| json!({"n": n})).collect::<Vec<_>>());
    let shown = redact(&["/*/n"], &body);
    assert!(shown.contains("… 9950 more"), "{shown}");
    let wide: Map<_, _> = (0..10_000)
        .map(|n| (format!("k{n}"), json!("v".repeat(99))))
        .collect();
    let shown = redactor(&["/*"])
        .with_max_output(1_000)
        .redact(json!(wide).to_string().as_bytes());
    assert!(
        shown.len() < 1_040 && shown.ends_with("\n… cut at 1,000 bytes"),
        "{shown}"
    );
    let shown = redact(&["/a"], &json!({"a": "v".repeat(9_999)}));
    assert!(
        shown.len() < 400 && shown.contains("<string, 9,999 bytes>"),
        "{shown}"
    );
    let deep = "[".repeat(100) + &"]".repeat(100);
    assert_eq!(Redactor::new().redact(deep.as_bytes()), "<array, 1 items>");
    let too_deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(
        Redactor::new()
            .with_names()
            .redact(too_deep.as_bytes())
            .len()
            < 1_000
    );
}

#[test]
fn paths_that_cannot_be_meant_are_refused() {
    let deep = "/a".repeat(17);
    for path in ["", "a", "a/b", deep.as_str()] {
        assert!(Redactor::new().show(path).is_err(), "{path}");
    }
    let full = (0..64)
        .try_fold(Redactor::new(), |redactor, _| redactor.show("/a"))
        .unwrap();
    assert!(full.show("/a").is_err());
}

/// A document in which every string, every name and every number is a canary.
fn canaries() -> impl Strategy<Value = Value> {
    let name = "canary-[a-z]{1,8}";
    let leaf = prop_oneof![
        name.prop_map(Value::from),
        Just(json!(7_707_707)),
        Just(json!(7.707707)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn canaries_never_come_out(document in canaries(), depth in 0_usize..4) {
        let path = "/*".repeat(depth) + "/shown";
        for redactor in [Redactor::new(), redactor(&[&path])] {
            let shown = redactor.redact(document.to_string().as_bytes());
            prop_assert!(!shown.contains("7707") && !shown.contains(".7077"), "{}", shown);
            // On the way of a `*` a name that looks like one is shown; no value is.
            for (at, _) in shown.match_indices("canary") {
                let rest: String = shown[at..].chars().take(40).collect();
                prop_assert!(depth > 0 && rest.contains("\": "), "{}", shown);
            }
        }
    }

    #[test]
    fn one_allowed_canary_comes_out_and_no_other(document in canaries()) {
        let body = json!({"shown": "parrot", "rest": document});
        let shown = redact(&["/shown"], &body);
        prop_assert!(shown.contains("\"shown\": \"parrot\""), "{}", shown);
        prop_assert!(!shown.contains("canary") && !shown.contains("7707"), "{}", shown);
    }

    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,80}") {
        let redactor = redactor(&["/*", "/*/*"]).with_names().with_max_output(256);
        prop_assert!(redactor.redact(&body).len() < 256 + 30);
        prop_assert!(Redactor::text(&text).lines().count() <= 1);
    }
}
