//! The only file that names `tracing` and `metrics`. Without those features every function here
//! is empty and no call site needs a `cfg`.
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

/// Deliveries received, by source. Unit: deliveries.
pub const RECEIVED: &str = "webhook_received_total";
/// Deliveries refused, by source and kind. Unit: deliveries.
pub const REJECTED: &str = "webhook_rejected_total";
/// Deliveries that a layer in shadow mode let through and would have refused, by source and kind.
/// Unit: deliveries.
pub const SHADOWED: &str = "webhook_shadow_rejected_total";
/// Deliveries verified, by source and label of the secret that matched. Unit: deliveries.
pub const SECRET_MATCHED: &str = "webhook_secret_matched_total";
/// Events accepted as new, by source. Unit: events.
pub const ACCEPTED: &str = "webhook_accepted_total";
/// Duplicates of accepted events, by source. Unit: deliveries.
pub const DUPLICATE: &str = "webhook_duplicate_total";
/// Oddities that are accepted all the same, by source and kind: `repeated_bytes`, `other_body`,
/// `unrouted`, `overflow` (dead at once for a handler with too long a backlog). Unit: events.
pub const FLAGGED: &str = "webhook_flagged_total";
/// From the first look at a delivery to its reply, by source. Unit: seconds.
pub const REPLY_SECONDS: &str = "webhook_reply_seconds";
/// One call of a store, by verb. Unit: seconds.
pub const STORE_SECONDS: &str = "webhook_store_seconds";
/// Leases that ended, by handler and outcome: `done`, `retry`, `dead`, `handed_back`,
/// `postponed` (its downstream's breaker is open), `lost` (to another worker), `unsettled` (the store
/// failed). Unit: leases.
pub const HANDLED: &str = "webhook_handled_total";
/// One run of a handler, by handler. Unit: seconds.
pub const HANDLER_SECONDS: &str = "webhook_handler_seconds";

/// Breakers that are not closed in this process, the handler's own and its downstreams', by handler.
/// Unit: breakers.
pub const BREAKER_OPEN: &str = "webhook_breaker_open";

/// Every metric, for dashboards and tests.
pub const METRICS: &[&str] = &[
    RECEIVED,
    REJECTED,
    SHADOWED,
    SECRET_MATCHED,
    ACCEPTED,
    DUPLICATE,
    FLAGGED,
    REPLY_SECONDS,
    STORE_SECONDS,
    HANDLED,
    HANDLER_SECONDS,
    BREAKER_OPEN,
];

#[cfg(feature = "verify")]
macro_rules! count {
    ($name:ident, $($key:literal => $value:expr),*) => {
        #[cfg(feature = "metrics")]
        metrics::counter!($name, $($key => $value),*).increment(1);
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

#[cfg(feature = "verify")]
pub(crate) fn verified(source: &Label, secret: &Label) {
    count!(SECRET_MATCHED, "source" => source.shared(), "secret" => secret.shared());
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hookgate", %source, %secret, "delivery verified");
}

#[cfg(feature = "inbox")]
pub(crate) fn accepted(source: &Label, key: &str) {
    count!(ACCEPTED, "source" => source.shared());
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hookgate", %source, key, "event accepted");
}

#[cfg(feature = "inbox")]
pub(crate) fn duplicate(source: &Label, key: &str) {
    count!(DUPLICATE, "source" => source.shared());
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

#[cfg(feature = "inbox")]
pub(crate) fn breaker(handler: &Label, opened: bool, open: usize) {
    #[cfg(feature = "metrics")]
    metrics::gauge!(BREAKER_OPEN, "handler" => handler.shared()).set(open as f64);
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

/// The span of one delivery or job; nothing without the feature.
#[cfg(feature = "verify")]
#[derive(Clone, Debug)]
pub(crate) struct Span(#[cfg(feature = "tracing")] tracing::Span);

#[cfg(feature = "verify")]
impl Span {
    pub(crate) fn delivery(source: &Label, provider: &'static str) -> Self {
        Self(
            #[cfg(feature = "tracing")]
            tracing::info_span!(target: "hookgate", "webhook_delivery", %source, provider),
        )
    }

    #[cfg(feature = "inbox")]
    pub(crate) fn job(handler: &Label, key: &str, attempt: u32) -> Self {
        Self(
            #[cfg(feature = "tracing")]
            tracing::info_span!(target: "hookgate", "webhook_job", %handler, key, attempt),
        )
    }

    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        return self.0.in_scope(work);
        #[cfg(not(feature = "tracing"))]
        work()
    }

    /// Runs a future inside the span.
    #[cfg(feature = "inbox")]
    pub(crate) async fn around<F: Future>(self, work: F) -> F::Output {
        #[cfg(feature = "tracing")]
        return tracing::Instrument::instrument(work, self.0).await;
        #[cfg(not(feature = "tracing"))]
        work.await
    }
}
