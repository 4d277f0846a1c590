//! Times: too old, too new, in another unit.

use hookgate::{
    Secret,
    clock::UnixTime,
    provider::{GITHUB, LINEAR, MONDAY, Provider, STRIPE, WEBFLOW},
    testing::Signer,
};

use super::{Delivery, JSON, KEY, signed};
use crate::support::NOW;

/// Signed so many seconds from [`super::NOW`].
fn at(row: Provider, body: &str, offset: i64) -> Delivery {
    let signer = Signer::new(row, &Secret::new(KEY).unwrap()).unwrap();
    let time = UnixTime::from_secs(NOW.as_secs() + offset);
    Delivery::of(row, KEY.as_bytes(), signer.sign(body.to_owned(), time))
}

#[test]
fn the_age_is_told_in_words_with_the_clock_that_would_take_it() {
    let old = at(STRIPE, JSON, -86_400 * 3 - 7_300);
    let said = old.finds(&["clock_stale"]);
    assert_eq!(said.json["reason"], "stale");
    said.says("3 days 2 hours before")
        .says("takes 5 minutes")
        .says("3 days 1 hour or more behind");
    // What it advises is so.
    let taken = at(STRIPE, JSON, -86_400 * 3 - 7_300).with(&["--at", "2026-09-18T12:11:40Z"]);
    assert_eq!(taken.explain().code, 0);
    let new = at(STRIPE, JSON, 600);
    let said = new.finds(&["clock_future"]);
    said.says("10 minutes after")
        .says("5 minutes or more ahead");
    let body = format!(r#"{{"webhookTimestamp":{}}}"#, NOW.as_millis() - 120_000);
    at(LINEAR, &body, 0)
        .finds(&["clock_stale"])
        .says("2 minutes before");
    at(MONDAY, "{}", -86_400).finds(&["clock"]);
}

#[test]
fn a_time_in_another_unit_is_told_from_one_that_is_off() {
    use hookgate::scheme::{TimeAt, TimeUnit};
    let mut theirs = STRIPE;
    theirs.scheme.time = TimeAt::InSignature {
        key: "t",
        unit: TimeUnit::Millis,
    };
    let mut delivery = signed(theirs, JSON);
    delivery.row = STRIPE;
    delivery
        .finds(&["clock_unit"])
        .says("written in milliseconds");
    let mut theirs = WEBFLOW;
    theirs.scheme.time = TimeAt::header("x-webflow-timestamp", TimeUnit::Seconds);
    let mut delivery = signed(theirs, JSON);
    delivery.row = WEBFLOW;
    delivery.finds(&["clock_unit"]).says("written in seconds");
}

#[test]
fn a_stale_delivery_that_was_changed_as_well_gets_both_hints() {
    let said = at(STRIPE, JSON, -400)
        .body(format!("{JSON}\n"))
        .finds(&["trailing_newline_added", "clock_stale"]);
    said.says("timestamp is too old, and signature does not match");
    // Where no time is signed, nobody speaks of clocks.
    at(GITHUB, JSON, -400_000)
        .body(format!("{JSON}\n"))
        .finds(&["trailing_newline_added"]);
}
