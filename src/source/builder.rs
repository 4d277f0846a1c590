use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use http::{HeaderName, HeaderValue};

use super::{EnrolmentHook, Inner, ReplayPolicy, Source, TenantKeys, once::Once, plan::Plan};
use crate::{
    error::ConfigError,
    freshness::Tolerance,
    provider::{Handshake, NoId, Provider},
    scheme::{KeySet, Scheme, SignedUrl},
    secret::{Label, Secret},
};

/// Configures a [`Source`].
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

    /// How far the signed time may be off, up to 7 days. Only for schemes that sign one.
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
    /// [`Source::open_handshake`]: up to a day.
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

    /// Builds the source.
    ///
    /// # Errors
    /// Every mistake in the row, the name, the secrets and the bounds.
    pub fn build(self) -> Result<Source, ConfigError> {
        let name = Label::new("source", &self.name)?;
        let plans = Plan::all(&self.row)?;
        if self.row.tolerance.is_none() && self.tolerance.is_some() {
            return Err(ConfigError::OutOfRange {
                what: "a tolerance for a scheme that signs no time",
            });
        }
        if self
            .tolerance
            .is_some_and(|t| t.past().max(t.future()) > MAX_TOLERANCE)
        {
            return Err(ConfigError::OutOfRange {
                what: "a tolerance over 7 days; see `dangerous()`",
            });
        }
        if self.max_body == 0 {
            return Err(ConfigError::OutOfRange {
                what: "a body limit of 0 bytes",
            });
        }
        // A delivery that is still fresh must still be a duplicate.
        let fresh = self
            .tolerance
            .map_or(Duration::ZERO, |t| t.past() + t.future());
        let window = if self.shorter_window {
            self.window
        } else {
            self.window.max(fresh)
        };
        if !self.shorter_window && self.window < self.row.dedup_window() {
            return Err(ConfigError::OutOfRange {
                what: "a dedup window shorter than the provider's retries; see `dangerous()`",
            });
        }
        if self.deadline.is_zero() || self.deadline > Duration::from_secs(60) {
            return Err(ConfigError::OutOfRange {
                what: "a reply deadline of 0 or over 60 s",
            });
        }
        check_url(self.public_url.as_deref(), &self.row.scheme)?;
        check_unsigned(&self)?;
        self.check_handshake()?;
        let keys = match (&self.tenants, self.secrets.is_empty()) {
            (None, true) if self.unsigned.is_some() => nobodys_key(&self.row)?,
            (None, true) if self.enrolment.is_some() => KeySet::none(),
            (None, _) => KeySet::new(&self.row.scheme, &self.secrets)?,
            (Some(_), true) => nobodys_key(&self.row)?,
            (Some(_), false) => {
                return Err(ConfigError::Duplicate {
                    what: "way to find secrets of source",
                    name: self.name,
                });
            }
        };
        let is_shown = matches!(self.row.handshake, Handshake::Token { .. });
        Ok(Source(Arc::new(Inner {
            name,
            row: self.row,
            plans,
            keys: ArcSwap::from_pointee(keys),
            changing: std::sync::Mutex::new(()),
            tenants: self.tenants,
            tolerance: self.tolerance,
            max_body: self.max_body,
            public_url: self.public_url.unwrap_or_default(),
            once: Once::new(self.handshake_window, self.enrolment.is_some() || is_shown),
            verify_token: self.verify_token,
            unsigned: self.unsigned,
            handshake_values: self.handshake_values,
            enrolment: self.enrolment,
            kept_headers: kept(&self.kept_headers)?,
            replay: self.replay,
            no_id: self.no_id,
            window,
            deadline: self.deadline,
        })))
    }

    fn check_handshake(&self) -> Result<(), ConfigError> {
        let out = |what| Err(ConfigError::OutOfRange { what });
        if self.handshake_window > Duration::from_secs(24 * 60 * 60) {
            return out("a handshake window over a day");
        }
        if self.handshake_values.iter().any(String::is_empty) {
            return out("an empty handshake value");
        }
        let token = self.verify_token.as_ref();
        if matches!(self.row.handshake, Handshake::Token { .. })
            && token.is_some_and(|token| HeaderValue::from_bytes(token.text()).is_err())
        {
            return out("a verify token that is no header value");
        }
        let enrols = matches!(self.row.handshake, Handshake::Enrolment { .. });
        match self.enrolment {
            Some(_) if !enrols => out("an enrolment hook for a provider that hands no secret over"),
            Some(_) if !self.secrets.is_empty() || self.tenants.is_some() => {
                Err(ConfigError::Duplicate {
                    what: "way to find secrets of source",
                    name: self.name.clone(),
                })
            }
            _ => Ok(()),
        }
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

/// Nothing is accepted unsigned unless someone said why, and nobody says so in passing.
fn check_unsigned(builder: &SourceBuilder) -> Result<(), ConfigError> {
    let out = |what| Err(ConfigError::OutOfRange { what });
    match (&builder.unsigned, builder.row.scheme.is_unsigned()) {
        (None, false) => Ok(()),
        (None, true) => Err(ConfigError::Missing {
            what: "a reason to accept what nobody signed, see `dangerous()`",
        }),
        (Some(_), false) => out("unsigned deliveries of a provider that signs"),
        (Some(reason), true) if reason.trim().is_empty() => {
            out("unsigned deliveries without a reason")
        }
        (Some(_), true) if !builder.secrets.is_empty() || builder.tenants.is_some() => {
            out("secrets that nothing is verified with")
        }
        (Some(_), true) => Ok(()),
    }
}

/// Whether the configured URL is what the row signs.
fn check_url(url: Option<&str>, scheme: &Scheme) -> Result<(), ConfigError> {
    let out = |what| Err(ConfigError::OutOfRange { what });
    let signed = scheme.signed_url();
    let Some(url) = url else {
        let what = match signed {
            SignedUrl::None => return Ok(()),
            SignedUrl::Exact => "the public URL, which this provider signs",
            SignedUrl::Origin => "the public origin, which this provider signs",
        };
        return Err(ConfigError::Missing { what });
    };
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return out("a public URL without http:// or https://");
    }
    if signed == SignedUrl::Origin && (url.contains(['?', '#', '@']) || url.ends_with('/')) {
        return out("a public origin with a query, credentials or a slash at its end");
    }
    Ok(())
}

/// A wider tolerance is no freshness check any more.
const MAX_TOLERANCE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A key that nobody has, for the MAC of deliveries to tenants that do not exist, and in the place
/// of one where nothing is verified.
fn nobodys_key(row: &Provider) -> Result<KeySet, ConfigError> {
    use crate::scheme::{KeyDecoding, KeyId};
    use std::hash::{BuildHasher, RandomState};
    let mut text = match row.scheme.key_id {
        KeyId::None => String::new(),
        KeyId::Header(_) | KeyId::Configured => String::from("nobody:"),
    };
    if let KeyDecoding::Base64 { prefix } | KeyDecoding::Base64OrText { prefix } = row.scheme.key {
        text.push_str(prefix);
    }
    for _ in 0..2 {
        // Hex digits are text, hex and, by the multiple of four, base64.
        text.push_str(&format!("{:016x}", RandomState::new().hash_one(0)));
    }
    KeySet::new(&row.scheme, &[Secret::new(text)?.with_label("nobody")?])
}

fn kept(names: &[String]) -> Result<Vec<HeaderName>, ConfigError> {
    let never = ["authorization", "cookie", "proxy-authorization"];
    let parse = |name: &String| {
        HeaderName::from_bytes(name.as_bytes())
            .ok()
            .filter(|parsed| !never.contains(&parsed.as_str()))
            .ok_or_else(|| ConfigError::BadName {
                what: "kept header",
                name: name.clone(),
            })
    };
    names.iter().map(parse).collect()
}
