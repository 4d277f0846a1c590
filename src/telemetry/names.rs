//! The table of metrics.

/// A metric: what it counts or measures, in which unit, and which labels it has.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: MetricKind,
    /// What one of it is: `seconds`, `bytes`, or the things that are counted.
    pub unit: &'static str,
    /// Its labels. Their values come from the configuration or from fixed lists.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence or two.
    pub help: &'static str,
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetricKind {
    /// Only rises, and starts at 0 with the process.
    Counter,
    /// Has a value of its own at any time.
    Gauge,
    /// Is observed often; of interest is how the observations are distributed.
    Histogram,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal $kind:ident, $unit:literal, [$($label:literal),*];)*) => {
        $(
            $(#[doc = $doc])+
            ///
            #[doc = concat!(stringify!($kind), " of ", $unit, $(", by `", $label, "`",)* ".")]
            pub const $name: &str = $text;
        )*

        /// Every metric, for exporters, dashboards and tests.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            kind: MetricKind::$kind,
            unit: $unit,
            labels: &[$($label),*],
            help: concat!($($doc),+).trim_ascii(),
        }),*];
    };
}

metrics! {
    /// Deliveries received.
    RECEIVED = "webhook_received_total" Counter, "deliveries", ["source"];
    /// Deliveries refused, whoever sent them; the kinds are those of
    /// `RejectionKind`.
    REJECTED = "webhook_rejected_total" Counter, "deliveries", ["source", "kind"];
    /// Deliveries that a layer in shadow mode let through and would have refused.
    SHADOWED = "webhook_shadow_rejected_total" Counter, "deliveries", ["source", "kind"];
    /// Handshakes answered.
    HANDSHAKE = "webhook_handshake_total" Counter, "deliveries", ["source"];
    /// Deliveries verified, by the label of the secret that matched.
    SECRET_MATCHED = "webhook_secret_matched_total" Counter, "deliveries", ["source", "secret"];
    /// Events accepted as new.
    ACCEPTED = "webhook_accepted_total" Counter, "events", ["source"];
    /// Duplicates of accepted events.
    DUPLICATE = "webhook_duplicate_total" Counter, "deliveries", ["source"];
    /// Deliveries that `DedupLayer` turned away because the first copy was still being worked on.
    IN_PROGRESS = "webhook_in_progress_total" Counter, "deliveries", ["source"];
    /// Oddities that are accepted all the same: `repeated_bytes`, `other_body`, `unrouted`, `overflow`
    /// (dead at once for a handler with too long a backlog).
    FLAGGED = "webhook_flagged_total" Counter, "events", ["source", "kind"];
    /// From the first look at a delivery to its reply. `REPLY_BUCKETS` suit it.
    REPLY_SECONDS = "webhook_reply_seconds" Histogram, "seconds", ["source"];
    /// The time of verification minus the signed time, of verified deliveries. Negative when the
    /// sender's clock is ahead of ours. `AGE_BUCKETS` suit it.
    SIGNATURE_AGE = "webhook_signature_age_seconds" Histogram, "seconds", ["source"];
    /// The smallest signature age of the last minutes: what is left of it when nothing was late is
    /// the difference of the clocks, ours minus the sender's.
    CLOCK_SKEW = "webhook_clock_skew_seconds" Gauge, "seconds", ["source"];
    /// Replies other than 2xx since the last 2xx, strangers' deliveries included. Senders disable
    /// endpoints that go on like this.
    REFUSED_IN_A_ROW = "webhook_refused_in_a_row" Gauge, "deliveries", ["source"];
    /// How old an active secret is: since `Secret::with_since`, or
    /// since this process first had it. A warning is logged from `SECRET_WARNING` on.
    SECRET_AGE = "webhook_secret_age_seconds" Gauge, "seconds", ["source", "secret"];
    /// One call of a store: those that a delivery waits for (`accept`, `registry`, `requeue`, `claim`,
    /// `settle`), and `stats`.
    STORE_SECONDS = "webhook_store_seconds" Histogram, "seconds", ["verb"];
    /// 1 when the store answered the last time that its counts were asked for, else 0.
    STORE_UP = "webhook_store_up" Gauge, "stores", [];
    /// Payloads held.
    STORE_BYTES = "webhook_store_bytes" Gauge, "bytes", [];
    /// The bound on them, for stores that have one. A warning is logged from 80 % on.
    STORE_MAX_BYTES = "webhook_store_max_bytes" Gauge, "bytes", [];
    /// Events kept that no handler wanted.
    UNROUTED = "webhook_unrouted_events" Gauge, "events", [];
    /// Jobs that are not over: `queued`, `processing`, `delayed`.
    JOBS = "webhook_jobs" Gauge, "jobs", ["handler", "state"];
    /// How long the oldest of the queued jobs has waited; 0 when none waits.
    OLDEST = "webhook_oldest_job_seconds" Gauge, "seconds", ["handler"];
    /// 1 while a handler is paused, else 0.
    PAUSED = "webhook_handler_paused" Gauge, "handlers", ["handler"];
    /// Dead letters kept.
    DEAD = "webhook_dead_letters" Gauge, "jobs", ["handler"];
    /// Leases that ended: `done`, `retry`, `dead`, `handed_back`, `postponed` (its downstream's
    /// breaker is open), `lost` (to another worker), `unsettled` (the store failed).
    HANDLED = "webhook_handled_total" Counter, "leases", ["handler", "outcome"];
    /// One run of a handler. `HANDLER_BUCKETS` suit it.
    HANDLER_SECONDS = "webhook_handler_seconds" Histogram, "seconds", ["handler"];
    /// Breakers that are not closed in this process, the handler's own and its downstreams'.
    BREAKER_OPEN = "webhook_breaker_open" Gauge, "breakers", ["handler"];
}

/// Buckets for [`REPLY_SECONDS`], in seconds: they tell p50 and p99 apart from a millisecond on,
/// and are close together around 3 s, where the first senders give up.
pub const REPLY_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.25, 2.5, 2.75, 3.0,
    3.25, 3.5, 4.0, 5.0, 10.0,
];

/// Buckets for [`SIGNATURE_AGE`], in seconds, on both sides of zero.
pub const AGE_BUCKETS: &[f64] = &[
    -300.0, -60.0, -10.0, -1.0, 0.0, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 240.0, 300.0, 3_600.0,
];

/// Buckets for [`HANDLER_SECONDS`], in seconds, up to the 15 minutes that a channel's jobs get.
pub const HANDLER_BUCKETS: &[f64] = &[
    0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0,
];

/// Buckets for [`STORE_SECONDS`], in seconds; one try of a store takes 1.2 s at most.
pub const STORE_BUCKETS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.2,
];

/// From this age on a secret should have been changed: 180 days.
pub const SECRET_WARNING: std::time::Duration = std::time::Duration::from_secs(180 * 24 * 60 * 60);
