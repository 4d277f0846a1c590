//! The files under `examples/monitoring` and what the receiver really exports.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    fs,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use hookgate::{
    RejectionKind, Secret,
    clock::{Clock, SystemClock},
    provider,
    telemetry::{METRICS, Metric, MetricKind},
    testing::Signer,
};

#[path = "support/browser.rs"]
mod browser;
#[path = "support/receiver.rs"]
mod receiver;

use self::browser::Browser;

fn file(name: &str) -> String {
    fs::read_to_string(format!(
        "{}/examples/monitoring/{name}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

/// Every series that a text names: the metric's name as it stands there.
fn series(text: &str) -> BTreeSet<&str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text
        .split(|c| !word(c))
        .filter(|word| word.starts_with("webhook_"));
    words.collect()
}

/// The metric that a series belongs to.
fn metric(series: &str) -> &'static Metric {
    let belongs = |metric: &&Metric| match metric.kind {
        MetricKind::Histogram => ["_bucket", "_sum", "_count"]
            .iter()
            .any(|end| series.strip_suffix(end) == Some(metric.name)),
        MetricKind::Counter | MetricKind::Gauge => series == metric.name,
    };
    let found = METRICS.iter().find(belongs);
    found.unwrap_or_else(|| panic!("there is no metric {series}"))
}

/// Every label that an expression selects or sums by, with the values of the former.
fn labels(expression: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for by in expression.split(" by (").skip(1) {
        let names = by.split(')').next().unwrap().split(',');
        found.extend(names.map(|name| (name.trim().to_owned(), Vec::new())));
    }
    for selector in expression.split('{').skip(1) {
        let selector = selector.split('}').next().unwrap();
        for part in selector.split("\",").filter(|part| part.contains('=')) {
            let (name, values) = part.split_once('=').unwrap();
            let values = values
                .trim_matches(['~', '"'])
                .split('|')
                .map(str::to_owned);
            found.push((name.trim().to_owned(), values.collect()));
        }
    }
    found
}

fn check(expression: &str) {
    let metrics: Vec<_> = series(expression).into_iter().map(metric).collect();
    assert!(!metrics.is_empty(), "{expression} names no metric");
    for (label, values) in labels(expression) {
        let known = metrics
            .iter()
            .any(|metric| metric.labels.contains(&&*label))
            || label == "le";
        assert!(known, "no metric of {expression} has a label {label}");
        for value in values.iter().filter(|value| !value.starts_with('$')) {
            let help: String = metrics.iter().map(|metric| metric.help).collect();
            let listed = help.contains(&format!("`{value}`"));
            let kind = RejectionKind::ALL.iter().any(|kind| kind.label() == value);
            assert!(
                listed || (label == "kind" && kind),
                "{label} is never {value}: {expression}"
            );
        }
    }
}

#[test]
fn every_metric_and_label_of_the_alert_rules_exists() {
    let text = file("alerts.yml");
    let rules: Vec<_> = text.split("- alert: ").skip(1).collect();
    assert!(rules.len() >= 10, "{}", rules.len());
    for rule in rules {
        let expression = rule.split("expr: ").nth(1).unwrap();
        let end = ["\n        for:", "\n        labels:"];
        let end = end
            .iter()
            .filter_map(|end| expression.find(end))
            .min()
            .unwrap();
        check(&expression[..end]);
        for part in ["severity: ", "summary: ", "description: "] {
            assert!(rule.contains(part), "no {part} in {rule}");
        }
    }
}

#[test]
fn every_metric_and_label_of_the_dashboard_exists_and_none_is_forgotten() {
    let text = file("dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut shown = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(!panel["title"].as_str().unwrap().is_empty());
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            check(expression);
            shown.extend(series(expression).into_iter().map(|name| metric(name).name));
        }
    }
    let all: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(shown, all, "a metric that nobody sees");
}

#[test]
fn a_wrong_name_or_label_is_noticed() {
    for wrong in [
        "webhook_no_such_total",
        "webhook_reply_seconds",
        "webhook_received_total_bucket",
        "sum by (handler) (webhook_received_total)",
        "webhook_handled_total{outcome=\"won\"}",
        "webhook_rejected_total{kind=~\"stale|fresh\"}",
        "up",
    ] {
        let checked = std::panic::catch_unwind(|| check(wrong));
        assert!(checked.is_err(), "{wrong} was not noticed");
    }
}

#[tokio::test]
async fn the_receiver_exports_what_the_table_says_and_serves_the_page() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let variables = [
        ("STRIPE_WEBHOOK_SECRET", "whsec_test"),
        ("OPS_LISTEN", &*free.to_string()),
        ("OPS_PASSWORD", "correct horse battery"),
    ];
    let receiver = receiver::Receiver::start("receiver", &variables);
    let signer = Signer::new(provider::STRIPE, &Secret::new("whsec_test").unwrap()).unwrap();
    let signed = signer.sign(r#"{"id":"evt_1","type":"invoice.paid"}"#, SystemClock.now());
    let signature = signed.headers()["stripe-signature"]
        .to_str()
        .unwrap()
        .to_owned();
    let address: SocketAddr = receiver.address().parse().unwrap();
    let sender = Browser::new(address).with_header("stripe-signature", &signature);
    let body = std::str::from_utf8(signed.body()).unwrap();
    assert_eq!(sender.post("/webhooks/stripe", body).await.status, 200);
    receiver.wait_for("evt_1");

    let ops = Browser::new(free);
    for probe in ["/live", "/ready"] {
        let answer = ops.get(probe).await;
        assert_eq!((answer.status, &*answer.body), (200, r#"{"status":"ok"}"#));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let metrics = ops.get("/metrics").await.body;
    for line in [
        "webhook_accepted_total{source=\"stripe\"} 1",
        "webhook_reply_seconds_bucket{source=\"stripe\",le=\"3\"} 1",
        "webhook_signature_age_seconds_bucket{source=\"stripe\",le=\"300\"} 1",
        "webhook_handled_total{handler=\"print\",outcome=\"done\"} 1",
        "webhook_store_up 1",
        "webhook_jobs{handler=\"print\",state=\"queued\"} 0",
        "# TYPE webhook_reply_seconds histogram",
        "# HELP webhook_dead_letters Dead letters kept.",
    ] {
        assert!(
            metrics.lines().any(|there| there == line),
            "{line} is not in\n{metrics}"
        );
    }
    for line in metrics.lines().filter(|line| line.starts_with("webhook_")) {
        metric(line.split(['{', ' ']).next().unwrap());
    }
    assert_eq!(ops.get("/admin").await.status, 401);
    let page = ops
        .logged_in("ops", "correct horse battery")
        .get("/admin/deliveries")
        .await;
    assert!(page.body.contains("evt_1"), "{}", page.body);
    receiver.stop();
}
