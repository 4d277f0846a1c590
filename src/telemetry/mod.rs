//! The only place that names `tracing` and `metrics`. Without those features every function here
//! is empty and no call site needs a `cfg`.
//!
//! Gauges are set every 10 s while [`Inbox::run`](crate::Inbox::run) runs, and whenever
//! [`Inbox::health`](crate::Inbox::health) asks the store.
//!
//! A span stands for each delivery (`webhook_delivery`) and each run of a handler (`webhook_job`).
//! Both have the event's `key` once it is known, which links them, and the `traceparent` that came
//! with the delivery, if it came with one: that header is not signed.
//!
//! Labels come from the configuration (source, handler, secret label) or from fixed lists (kind,
//! outcome). Nothing from a request is ever a label, and no payload or secret is logged.

// Without the two features the arguments have no use.
#![cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(unused_variables)
)]

#[cfg(feature = "verify")]
use std::time::Duration;

#[cfg(feature = "verify")]
use crate::{error::RejectionKind, secret::Label};

mod names;
mod span;

pub use self::names::*;
#[cfg(feature = "verify")]
pub(crate) use self::span::Span;

/// Tells the exporter that is installed the units and descriptions of all metrics. An inbox that is
/// built does that; call it when the exporter is installed later. Nothing without the feature.
pub fn describe() {
    #[cfg(feature = "metrics")]
    for metric in METRICS {
        let unit = match metric.unit {
            "seconds" => metrics::Unit::Seconds,
            "bytes" => metrics::Unit::Bytes,
            _ => metrics::Unit::Count,
        };
        match metric.kind {
            MetricKind::Counter => metrics::describe_counter!(metric.name, unit, metric.help),
            MetricKind::Gauge => metrics::describe_gauge!(metric.name, unit, metric.help),
            MetricKind::Histogram => metrics::describe_histogram!(metric.name, unit, metric.help),
        }
    }
}

#[cfg(feature = "verify")]
macro_rules! count {
    ($name:ident, $($key:literal => $value:expr),*) => {
        #[cfg(feature = "metrics")]
        metrics::counter!($name, $($key => $value),*).increment(1);
    };
}

#[cfg(feature = "inbox")]
macro_rules! gauge {
    ($name:ident, $value:expr $(, $key:literal => $label:expr)*) => {
        #[cfg(feature = "metrics")]
        metrics::gauge!($name $(, $key => $label)*).set($value as f64);
    };
}

#[cfg(feature = "verify")]
macro_rules! time {
    ($name:ident, $took:expr, $($key:literal => $value:expr),*) => {
        #[cfg(feature = "metrics")]
        metrics::histogram!($name, $($key => $value),*).record($took.as_secs_f64());
    };
}

#[cfg(feature = "verify")]
pub(crate) fn received(source: &Label) {
    count!(RECEIVED, "source" => source.shared());
}

#[cfg(feature = "verify")]
pub(crate) fn rejected(source: &Label, kind: RejectionKind) {
    count!(REJECTED, "source" => source.shared(), "kind" => kind.label());
    #[cfg(feature = "tracing")]
    if kind.status().is_server_error() {
        tracing::error!(target: "hookgate", %source, kind = kind.label(), "delivery not taken");
    } else {
        tracing::info!(target: "hookgate", %source, kind = kind.label(), "delivery refused");
    }
}

/// Why one delivery does not pass because of where it came from. The address is parsed, so it can
/// hold nothing else, and without it nobody could tell a stranger from a list that is out of date.
#[cfg(feature = "allowlist")]
pub(crate) fn turned_away(
    source: &Label,
    kind: RejectionKind,
    address: Option<std::net::IpAddr>,
    why: &'static str,
) {
    count!(REJECTED, "source" => source.shared(), "kind" => kind.label());
    #[cfg(feature = "tracing")]
    {
        let ours = kind.status().is_server_error();
        let (kind, address) = (kind.label(), address.map(tracing::field::display));
        if ours {
            tracing::error!(target: "hookgate", %source, kind, address, why, "delivery not taken");
        } else {
            tracing::info!(target: "hookgate", %source, kind, address, why, "delivery refused");
        }
    }
}

/// The same in shadow mode, where it passes.
#[cfg(feature = "allowlist")]
pub(crate) fn shadowed(
    source: &Label,
    kind: RejectionKind,
    address: Option<std::net::IpAddr>,
    why: &'static str,
) {
    count!(SHADOWED, "source" => source.shared(), "kind" => kind.label());
    #[cfg(feature = "tracing")]
    tracing::warn!(
        target: "hookgate",
        %source,
        kind = kind.label(),
        address = address.map(tracing::field::display),
        why,
        "delivery would be refused"
    );
}

/// `age`: of the signature, in seconds, where one is signed.
#[cfg(feature = "verify")]
pub(crate) fn verified(
    source: &Label,
    secret: &Label,
    age: Option<f64>,
    traceparent: Option<&str>,
) {
    if let Some(traceparent) = traceparent {
        span::note("traceparent", traceparent);
    }
    count!(SECRET_MATCHED, "source" => source.shared(), "secret" => secret.shared());
    #[cfg(feature = "metrics")]
    if let Some(age) = age {
        metrics::histogram!(SIGNATURE_AGE, "source" => source.shared()).record(age);
    }
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hookgate", %source, %secret, "delivery verified");
}

#[cfg(feature = "verify")]
pub(crate) fn handshake(source: &Label) {
    count!(HANDSHAKE, "source" => source.shared());
}

#[cfg(feature = "inbox")]
pub(crate) fn in_progress(source: &Label) {
    count!(IN_PROGRESS, "source" => source.shared());
}

#[cfg(feature = "inbox")]
pub(crate) fn accepted(source: &Label, key: &str) {
    count!(ACCEPTED, "source" => source.shared());
    span::note("key", key);
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hookgate", %source, key, "event accepted");
}

#[cfg(feature = "inbox")]
pub(crate) fn duplicate(source: &Label, key: &str) {
    count!(DUPLICATE, "source" => source.shared());
    span::note("key", key);
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hookgate", %source, key, "duplicate acknowledged");
}

#[cfg(feature = "inbox")]
pub(crate) fn flagged(source: &Label, key: &str, kind: &'static str) {
    count!(FLAGGED, "source" => source.shared(), "kind" => kind);
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "hookgate", %source, key, kind, "event flagged");
}

#[cfg(feature = "verify")]
pub(crate) fn replied(source: &Label, took: Duration) {
    time!(REPLY_SECONDS, took, "source" => source.shared());
}

#[cfg(feature = "inbox")]
pub(crate) fn stored(verb: &'static str, took: Duration) {
    time!(STORE_SECONDS, took, "verb" => verb);
}

#[cfg(feature = "inbox")]
pub(crate) fn store_failed(verb: &'static str, why: &crate::error::StoreError) {
    #[cfg(feature = "tracing")]
    tracing::error!(
        target: "hookgate",
        verb,
        kind = ?why.kind(),
        why = %why,
        cause = std::error::Error::source(why).map(tracing::field::display),
        "store call failed"
    );
}

#[cfg(feature = "inbox")]
pub(crate) fn lease_ended(handler: &Label, outcome: &'static str) {
    count!(HANDLED, "handler" => handler.shared(), "outcome" => outcome);
}

#[cfg(feature = "inbox")]
pub(crate) fn handled(handler: &Label, outcome: &'static str, took: Duration) {
    lease_ended(handler, outcome);
    time!(HANDLER_SECONDS, took, "handler" => handler.shared());
}

#[cfg(feature = "inbox")]
pub(crate) fn handler_failed(handler: &Label, why: &str, again: Option<Duration>) {
    #[cfg(feature = "tracing")]
    match again {
        Some(delay) => tracing::warn!(target: "hookgate", %handler, why, ?delay, "attempt failed"),
        None => tracing::error!(target: "hookgate", %handler, why, "job is dead"),
    }
}

/// A repair, for the record: what was done to what, and to how many.
#[cfg(feature = "inbox")]
pub(crate) fn audit(what: &'static str, on: &str, count: usize) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "hookgate", what, on, count, "repair");
}

/// How many of a handler's breakers are not closed.
#[cfg(feature = "inbox")]
pub(crate) fn breakers_open(handler: &Label, open: usize) {
    gauge!(BREAKER_OPEN, open, "handler" => handler.shared());
}

#[cfg(feature = "inbox")]
pub(crate) fn breaker(handler: &Label, opened: bool, open: usize) {
    breakers_open(handler, open);
    // Which downstream it is comes from an event.
    #[cfg(feature = "tracing")]
    if opened {
        tracing::warn!(target: "hookgate", %handler, open, "breaker opened");
    } else {
        tracing::info!(target: "hookgate", %handler, open, "breaker closed");
    }
}

/// Something in the configuration or the store that a person should know about.
#[cfg(feature = "verify")]
pub(crate) fn warn(about: &str, what: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "hookgate", about, "{what}");
}

/// What the store holds.
#[cfg(feature = "inbox")]
pub(crate) fn store_holds(bytes: u64, max_bytes: Option<u64>, unrouted: u64) {
    gauge!(STORE_UP, 1);
    gauge!(STORE_BYTES, bytes);
    gauge!(UNROUTED, unrouted);
    #[cfg(feature = "metrics")]
    if let Some(max) = max_bytes {
        gauge!(STORE_MAX_BYTES, max);
    }
}

/// What the store holds for one handler, its name out of the registry.
#[cfg(feature = "inbox")]
pub(crate) fn handler_holds(
    handler: &str,
    jobs: [(&'static str, u64); 3],
    dead: u64,
    oldest: Option<Duration>,
    paused: bool,
) {
    #[cfg(feature = "metrics")]
    for (state, count) in jobs {
        gauge!(JOBS, count, "handler" => handler.to_owned(), "state" => state);
    }
    let oldest = oldest.unwrap_or_default().as_secs_f64();
    gauge!(DEAD, dead, "handler" => handler.to_owned());
    gauge!(OLDEST, oldest, "handler" => handler.to_owned());
    gauge!(PAUSED, u8::from(paused), "handler" => handler.to_owned());
}

/// The store did not say what it holds.
#[cfg(feature = "inbox")]
pub(crate) fn store_down() {
    gauge!(STORE_UP, 0);
}

/// What deliveries to a source say about the clocks and about what its sender sees.
#[cfg(feature = "inbox")]
pub(crate) fn source_seen(source: &Label, refused_in_a_row: u64, skew: Option<f64>) {
    gauge!(REFUSED_IN_A_ROW, refused_in_a_row, "source" => source.shared());
    #[cfg(feature = "metrics")]
    if let Some(skew) = skew {
        gauge!(CLOCK_SKEW, skew, "source" => source.shared());
    }
}

#[cfg(feature = "inbox")]
pub(crate) fn secret_age(source: &Label, secret: &Label, age: Duration) {
    gauge!(SECRET_AGE, age.as_secs_f64(), "source" => source.shared(), "secret" => secret.shared());
}
