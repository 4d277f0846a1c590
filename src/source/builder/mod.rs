//! What can be said of a source, before it is built.

mod build;

#[cfg(feature = "test-util")]
pub(crate) use self::build::made_up_secret;

use std::{sync::Arc, time::Duration};

use super::{EnrolmentHook, ReplayPolicy, TenantKeys};
use crate::{
    freshness::Tolerance,
    provider::{NoId, Provider},
    secret::Secret,
};

/// Configures a [`Source`](super::Source).
///
/// # Default
/// - tolerance, body limit, reply deadline, dedup window and no-id rule of the provider's row
/// - no headers kept, no verify token, no handshake values, no public URL
/// - 15 minutes for a handshake that is answered once
/// - [`ReplayPolicy::Flag`]
#[derive(Debug)]
#[must_use]
pub struct SourceBuilder {
    name: String,
    row: Provider,
    secrets: Vec<Secret>,
    tenants: Option<Arc<dyn TenantKeys>>,
    tolerance: Option<Tolerance>,
    max_body: usize,
    public_url: Option<String>,
    verify_token: Option<Secret>,
    unsigned: Option<String>,
    handshake_values: Vec<String>,
    enrolment: Option<Arc<dyn EnrolmentHook>>,
    handshake_window: Duration,
    kept_headers: Vec<String>,
    replay: ReplayPolicy,
    no_id: NoId,
    window: Duration,
    shorter_window: bool,
    deadline: Duration,
}

impl SourceBuilder {
    pub(super) fn new(name: String, row: Provider) -> Self {
        Self {
            name,
            row,
            secrets: Vec::new(),
            tenants: None,
            tolerance: row.tolerance,
            max_body: row.max_body,
            public_url: None,
            verify_token: None,
            unsigned: None,
            handshake_values: Vec::new(),
            enrolment: None,
            handshake_window: Duration::from_secs(15 * 60),
            kept_headers: Vec::new(),
            replay: ReplayPolicy::Flag,
            no_id: row.no_id,
            window: row.dedup_window(),
            shorter_window: false,
            deadline: row.reply_deadline(),
        }
    }

    /// Adds a secret; up to 8 may be active at once, any of which may match.
    pub fn add_secret(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Looks secrets up for each delivery instead: many tenants on one route.
    pub fn with_tenants(mut self, tenants: impl TenantKeys) -> Self {
        self.tenants = Some(Arc::new(tenants));
        self
    }

    /// How far the signed time may be off, up to 7 days. Only for schemes that sign one; where a retry
    /// carries the first attempt's time ([`SignedTime::Event`](crate::provider::SignedTime::Event)),
    /// not less than the sender retries.
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The largest body that is read, in bytes, inclusive; at least 1.
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// The URL under which the sender knows this endpoint, byte for byte as it is configured
    /// there, for schemes that sign one fixed URL (Square, Trello).
    ///
    /// For schemes that sign the URL of each request (Twilio, HubSpot) it is the public origin, such
    /// as `https://hooks.example.com`; the request's own path and query are put behind it. What a
    /// proxy takes away from the front of the path belongs into it as well. What axum's
    /// `Router::nest` takes away is put back with the feature `axum`, and belongs into it without.
    /// What the request says about its host is never used.
    pub fn with_public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// The verify token of a handshake: a text that we choose and enter there (Meta), or that the
    /// sender shows us (Vercel's drains).
    pub fn with_verify_token(mut self, token: Secret) -> Self {
        self.verify_token = Some(token);
        self
    }

    /// A text that a handshake must name to be answered: the topic of a subscription (WebSub), the
    /// origin of a sender (CloudEvents).
    pub fn add_handshake_value(mut self, value: impl Into<String>) -> Self {
        self.handshake_values.push(value.into());
        self
    }

    /// Waits for the sender to hand the secret over (Asana, Notion), instead of configured secrets.
    /// Until then deliveries get 503.
    ///
    /// The first secret that arrives within the handshake window is taken, from whomever it comes: that
    /// is the sender's design. Open it when the sender is about to come, with a path that nobody can
    /// guess. A secret that was stored before is configured with [`SourceBuilder::add_secret`]
    /// instead; it is never replaced.
    pub fn awaiting_enrolment(mut self, hook: impl EnrolmentHook) -> Self {
        self.enrolment = Some(Arc::new(hook));
        self
    }

    /// How long a handshake that is answered once may be, from the build on or from
    /// [`Source::open_handshake`](super::Source::open_handshake): up to a day.
    pub fn with_handshake_window(mut self, window: Duration) -> Self {
        self.handshake_window = window;
        self
    }

    /// Keeps a header with the event. `Authorization` and `Cookie` are refused at build.
    pub fn add_kept_header(mut self, name: impl Into<String>) -> Self {
        self.kept_headers.push(name.into());
        self
    }

    /// What to do with the same bytes under another unsigned id.
    pub fn with_replay_policy(mut self, policy: ReplayPolicy) -> Self {
        self.replay = policy;
        self
    }

    /// What identifies an event without an id.
    pub fn with_no_id(mut self, no_id: NoId) -> Self {
        self.no_id = no_id;
        self
    }

    /// How long ids are remembered after the last handler is done; not less than the row's window.
    pub fn with_dedup_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How long the whole answer of an inbox endpoint may take.
    pub fn with_reply_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Choices that weaken what this crate is for.
    pub fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }
}

/// What [`SourceBuilder::dangerous`] offers.
#[derive(Debug)]
#[must_use]
pub struct Dangerous(SourceBuilder);

impl Dangerous {
    /// Accepts any signed time. A captured delivery can then be replayed for as long as its
    /// secret lives; only the event id stands against it, within the dedup window.
    pub fn without_freshness(mut self) -> SourceBuilder {
        self.0.tolerance = None;
        self.0
    }

    /// Accepts deliveries that nobody signed, for providers that sign nothing
    /// ([`UNSIGNED`](crate::provider::UNSIGNED) and rows made of it): whoever finds the URL can send
    /// events. The reason is for those who read the code later; it is logged at start-up as well.
    ///
    /// Prefer a secret in the URL, see [`TOKEN_IN_QUERY`](crate::provider::TOKEN_IN_QUERY).
    pub fn accept_unsigned(mut self, reason: impl Into<String>) -> SourceBuilder {
        self.0.unsigned = Some(reason.into());
        self.0
    }

    /// Remembers ids for less than the provider's retries last. A late retry is then a new event.
    pub fn with_shorter_window(mut self, window: Duration) -> SourceBuilder {
        self.0.window = window;
        self.0.shorter_window = true;
        self.0
    }
}
