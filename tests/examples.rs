//! The examples that deliver to themselves, run to their end as processes of their own.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/receiver.rs"]
mod receiver;
#[path = "support/redis.rs"]
mod redis;

use receiver::{demo, ran};

/// How many lines contain this.
fn count(lines: &[String], text: &str) -> usize {
    lines.iter().filter(|line| line.contains(text)).count()
}

/// Whether the lines contain these texts in this order.
#[track_caller]
fn in_order(lines: &[String], texts: &[&str]) {
    let mut rest = lines.iter();
    for text in texts {
        let found = rest.any(|line| line.contains(text));
        assert!(found, "{text:?} is missing, or comes too early: {lines:#?}");
    }
}

#[test]
fn the_readme_leads_to_every_example() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut found = 0;
    for entry in std::fs::read_dir(root.join("examples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".rs") {
            assert!(readme.contains(&format!("](examples/{name})")), "{name}");
            found += 1;
        }
    }
    assert!(found >= 13);
}

#[test]
fn forward_is_done_only_when_the_next_hop_says_so() {
    let lines = demo("forward");
    in_order(
        &lines,
        &[
            "evt_busy -> 429, time 1 with this key",
            "evt_busy -> 200, time 2 with this key",
            "dead letter: handler failed for good: downstream answers 422",
            "the next hop goes down",
            "breaker open",
            "... and comes back",
            "everything is handed on but 1 dead letter",
        ],
    );
    // Not before the second that was asked for.
    let second = lines
        .iter()
        .find_map(|line| line.strip_prefix("next hop: evt_busy -> 200, time 2 with this key, "));
    let waited = second.and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(waited.parse::<u64>().unwrap() >= 1_000, "{waited} ms");
    assert_eq!(count(&lines, "evt_odd -> 422"), 1, "refused for good");
    for n in 0..6 {
        assert_eq!(count(&lines, &format!("hop: evt_{n} -> 200")), 1, "{n}");
    }
    // Three failures opened the breaker, of which each used up one attempt.
    assert_eq!(count(&lines, "-> 502, time 1"), 3, "{lines:#?}");
}

#[test]
fn tls_serves_nothing_in_plain_text() {
    let lines = demo("tls");
    in_order(&lines, &["TLSv1_3", "sender: 200", "sender: 401"]);
    in_order(&lines, &["plain HTTP gets a reply: false"]);
    assert_eq!(count(&lines, "worked on evt_1"), 1);
    assert_eq!(count(&lines, "worked on"), 1);
}

#[test]
fn allow_list_goes_from_shadow_to_enforced_and_survives_broken_downloads() {
    let lines = demo("allow_list");
    in_order(
        &lines,
        &[
            "shadow, not listed: 200",
            "enforced, not listed: 403",
            "list: 3 networks now",
            "enforced, listed: 200",
            "the old one stays: line 1 of the address list, \"<html>503</html>\"",
            "the old one stays: 1 networks of 3",
            "the old one stays: an address in the list",
        ],
    );
    assert_eq!(count(&lines, ": 200"), 5);
    assert_eq!(count(&lines, "worked on"), 5);
}

#[test]
fn order_payment_pays_reserves_and_ships_once() {
    let lines = demo("order_payment");
    in_order(
        &lines,
        &[
            "orders: A-1 is paid",
            "stock: the warehouse is down",
            "stock: 2 mugs are set aside for A-1",
            "orders: A-1 is paid, the failure is old",
            "for a person: handler failed for good: the amount is not the order's",
            "A-1: Paid, parcel Some(1)",
            "A-2: Open, parcel None",
            "8 mugs are left",
        ],
    );
    assert_eq!(count(&lines, "evt_2 payment_intent.succeeded -> 200"), 2);
    assert_eq!(count(&lines, "shipping: parcel"), 1);
}

#[test]
fn ai_review_asks_people_while_the_model_is_down_and_reviews_later() {
    let lines = demo("ai_review");
    in_order(
        &lines,
        &[
            "model: answers prose",
            "#1: review",
            "the model goes down",
            "needs a person",
            "... and comes back",
            "6 reviews, 0 dead letters",
        ],
    );
    for number in 3..=6 {
        assert_eq!(count(&lines, &format!("#{number}: label")), 1, "{number}");
        assert_eq!(count(&lines, &format!("#{number}: review")), 1, "{number}");
    }
    assert_eq!(count(&lines, "Sure!"), 0, "prose is passed on");
}

#[test]
fn saas_fanout_does_the_rest_while_the_crm_is_down() {
    let lines = demo("saas_fanout");
    in_order(
        &lines,
        &[
            "sender: 20 events, all 200",
            "mail: 20 sent; database: 20 rows; analytics: 20 signups",
            "crm: asked 3 times, then its breaker opened",
            "breaker of mail: Closed",
            "breaker of crm: Open",
            "mail: 0 wait, 0 dead",
            "crm: 20 wait, 0 dead",
        ],
    );
}

#[test]
fn inbox_worker_retries_dies_alerts_and_is_replayed() {
    let lines = ran("inbox_worker", &[]);
    in_order(
        &lines,
        &[
            "crm:    attempt 1 of replay 0",
            "crm:    attempt 2 of replay 0",
            "crm:    attempt 3 of replay 0",
            "is dead for crm: handler failed: the CRM answers 502",
            "somebody mends the CRM",
            "crm:    attempt 1 of replay 1",
            "nothing is left",
        ],
    );
    assert_eq!(count(&lines, "sender: 200"), 1);
    assert_eq!(count(&lines, "replayed 1 of 1"), 1);
    assert_eq!(count(&lines, "ledger: 4200 cents"), 1, "it never noticed");
    assert_eq!(count(&lines, "ALERT"), 1);
}

#[test]
fn redis_fleet_does_each_event_once_on_two_workers() {
    let server = redis::RedisServer::start();
    let lines = ran("redis_fleet", &[("REDIS_URL", &server.url())]);
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    let shares = line
        .strip_prefix("600 deliveries, 200 events done by two workers: ")
        .unwrap();
    let shares: Vec<u64> = serde_json::from_str(shares).unwrap();
    assert_eq!(shares.iter().sum::<u64>(), 200);
    assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
}

#[test]
fn rotate_secret_refuses_nothing_until_the_old_one_is_gone() {
    let expected = [
        "before:  old 2025",
        "overlap: accepted, signed with 2025",
        "overlap: accepted, signed with 2026",
        "after:   new 2026",
        "after:   old refused: signature does not match",
    ];
    assert_eq!(ran("rotate_secret", &[]), expected);
}

#[test]
fn custom_provider_takes_what_it_signs_and_nothing_else() {
    let lines = ran("custom_provider", &[]);
    in_order(
        &lines,
        &[
            "acme-signature: ts=",
            r#"accepted: Event { source: "acme""#,
            "refused: signature does not match",
        ],
    );
}
