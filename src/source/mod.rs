//! Sources: one configured endpoint each, and the synchronous door to verification.
//!
//! A delivery is verified when, in this order:
//! 1. its method is one of the row's, its declared length is within the limit, and it is not compressed;
//! 2. the headers that the signature needs are there once each and well-formed, and the header
//!    timestamp is fresh;
//! 3. one of the active secrets signed the raw body (and whatever else the scheme signs);
//! 4. the timestamp in the signed body is fresh, for schemes that put it there.
//!
//! Only then is JSON looked at, for id, type and version. A verified delivery is never refused
//! because of its JSON.
//!
//! # Handshakes
//! Before it sends anything a provider may want to know that the endpoint is ours. Ask
//! [`Source::answer`] first, whatever the method is; where the row's handshake is in the body, ask
//! [`Source::answer_body`] or [`Source::enrol`] next; and ask [`Source::answer_event`] of what was
//! verified. The middleware does all of this.
//!
//! ```
//! # use hookgate::{Secret, Source, provider};
//! let source = Source::builder("meta", provider::META)
//!     .add_secret(Secret::new("app secret")?)
//!     .with_verify_token(Secret::new("we-chose-this")?)
//!     .build()?;
//! let query = "hub.mode=subscribe&hub.verify_token=we-chose-this&hub.challenge=1158201444";
//! let (parts, ()) = http::Request::get(format!("/?{query}")).body(())?.into_parts();
//! let reply = source.answer(&parts).expect("it is a handshake")?;
//! assert_eq!(reply.into_response::<bytes::Bytes>().body(), "1158201444");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this does not do
//! It does not remember deliveries: see the inbox for that. It does not read bodies: see
//! the middleware.
//!
//! ```
//! use hookgate::{RejectionKind, Secret, Source, clock::UnixTime, provider};
//! let source = Source::builder("github", provider::GITHUB)
//!     .add_secret(Secret::new("It's a Secret to Everybody")?)
//!     .build()?;
//! // The example of GitHub's own page.
//! let (parts, ()) = http::Request::post("/")
//!     .header("x-hub-signature-256",
//!         "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
//!     .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
//!     .body(())?
//!     .into_parts();
//! let now = UnixTime::from_secs(1_790_000_000);
//! let event = source.verify(&parts, b"Hello, World!".as_slice(), now)?;
//! assert_eq!(event.id().map(|id| &*id.value), Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
//! let forged = source.verify(&parts, b"Hello, World?".as_slice(), now);
//! assert_eq!(forged.map(|_| ()).unwrap_err().kind(), RejectionKind::BadSignature);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod border;
mod builder;
mod claims;
mod content;
mod enrol;
mod handshake;
mod head;
mod judge;
mod listed;
mod made;
mod message;
mod mistakes;
mod names;
mod once;
mod place;
mod plan;
#[cfg(feature = "test-util")]
pub(crate) mod sign;
mod target;
mod tenants;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderName, request::Parts};

use self::{once::Once, plan::Plan};
use crate::{
    clock::UnixTime,
    error::{ConfigError, Rejection, RejectionKind},
    event::Event,
    freshness::Tolerance,
    provider::{NoId, Provider},
    scheme::KeySet,
    secret::{Label, Secret},
};

#[cfg(feature = "test-util")]
pub(crate) use self::builder::made_up_secret;
pub use self::{
    builder::{Dangerous, SourceBuilder},
    enrol::{EnrolmentFuture, EnrolmentHook},
    tenants::{TenantFuture, TenantKeys},
};
#[cfg(feature = "verify")]
pub(crate) use self::{
    handshake::MAX_HANDSHAKE_BODY,
    head::{Head, declared_length},
};

/// One configured endpoint: a name, a provider row, secrets, limits and policies. Cheap to clone;
/// clones share their secrets, so that they can be swapped while requests are served.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    name: Label,
    row: Provider,
    plans: Vec<Plan>,
    keys: ArcSwap<KeySet>,
    /// Held while the keys are changed, so that no change is lost; readers never wait for it.
    changing: Mutex<()>,
    tenants: Option<Arc<dyn TenantKeys>>,
    tolerance: Option<Tolerance>,
    max_body: usize,
    public_url: String,
    verify_token: Option<Secret>,
    /// Why nothing is verified, where nothing is.
    unsigned: Option<String>,
    handshake_values: Vec<String>,
    /// What a secret that the sender hands over is stored with, where it does.
    enrolment: Option<Arc<dyn EnrolmentHook>>,
    /// For handshakes that are answered once.
    once: Once,
    kept_headers: Vec<HeaderName>,
    replay: ReplayPolicy,
    no_id: NoId,
    window: Duration,
    deadline: Duration,
}

/// What to do with bytes that come again under another id, when ids are not signed. No bytes at all,
/// as in a GET, are not looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReplayPolicy {
    /// Nothing.
    Off,
    /// Accept them and count it: two honest deliveries may be equal to the byte.
    Flag,
    /// Answer as for a duplicate and drop them.
    Reject,
}

/// The keys by which one delivery is judged: one snapshot, whatever changes meanwhile.
pub(crate) struct Keys {
    pub(crate) set: Arc<KeySet>,
    pub(crate) tenant: Option<String>,
    /// False when the tenant does not exist: the MAC is computed all the same.
    pub(crate) real: bool,
    /// The tenant's [`TenantKeys::withdrawals`] before its keys were asked for.
    pub(crate) withdrawals: u64,
}

impl Source {
    /// Starts the configuration of a source. Its name is part of every event's identity, of
    /// metrics and of paths: 1 to 64 characters out of `[A-Za-z0-9._-]`.
    pub fn builder(name: impl Into<String>, row: Provider) -> SourceBuilder {
        SourceBuilder::new(name.into(), row)
    }

    /// Verifies a delivery whose body has been read: for serverless functions, other frameworks
    /// and queues. `body` must be the raw bytes as received.
    ///
    /// # Errors
    /// Why it was refused. A source with tenants cannot be used this way, see
    /// [`Source::verify_with`].
    pub fn verify(
        &self,
        parts: &Parts,
        body: impl Into<Bytes>,
        now: UnixTime,
    ) -> Result<Event, Rejection> {
        if self.0.tenants.is_some() {
            return Err(RejectionKind::Misconfigured.into());
        }
        let head = self.check_head(parts, now)?;
        self.check_body(parts, &head, &self.fixed_keys(), body.into(), now)
    }

    /// Verifies a delivery with keys that the caller has found, e.g. those of one tenant.
    ///
    /// # Errors
    /// Why it was refused. A source that accepts unsigned deliveries has no use for keys.
    pub fn verify_with(
        &self,
        keys: &KeySet,
        tenant: Option<&str>,
        parts: &Parts,
        body: impl Into<Bytes>,
        now: UnixTime,
    ) -> Result<Event, Rejection> {
        if self.0.unsigned.is_some() {
            return Err(RejectionKind::Misconfigured.into());
        }
        let head = self.check_head(parts, now)?;
        let keys = Keys {
            set: Arc::new(keys.clone()),
            tenant: tenant.map(str::to_owned),
            real: true,
            withdrawals: 0,
        };
        Ok(self.judge(parts, &head, &keys, body.into(), now)?.0)
    }

    /// Replaces all secrets at once. Deliveries that were signed with a secret that is gone and
    /// are still being read are refused.
    ///
    /// # Errors
    /// As at configuration; nothing has changed then.
    pub fn set_secrets(&self, secrets: &[Secret]) -> Result<(), ConfigError> {
        self.change_keys(|_| KeySet::new(&self.0.row.scheme, secrets))
    }

    /// Adds a secret: the first half of a rotation.
    ///
    /// # Errors
    /// As at configuration; nothing has changed then.
    pub fn add_secret(&self, secret: &Secret) -> Result<(), ConfigError> {
        self.change_keys(|keys| keys.with(&self.0.row.scheme, secret))
    }

    /// Removes the secret with this label: the second half of a rotation.
    ///
    /// # Errors
    /// When there is none, or it is the last one.
    pub fn remove_secret(&self, label: &str) -> Result<(), ConfigError> {
        self.change_keys(|keys| keys.without(label))
    }

    /// The labels of the active secrets.
    pub fn secret_labels(&self) -> Vec<String> {
        self.0
            .keys
            .load()
            .labels()
            .map(ToString::to_string)
            .collect()
    }

    /// The labels of the active secrets and since when each is in use, as far as that was said.
    /// None for a source with tenants.
    #[cfg(feature = "inbox")]
    pub(crate) fn secret_ages(&self) -> Vec<(Label, Option<UnixTime>)> {
        if self.0.tenants.is_some() {
            return Vec::new();
        }
        let keys = self.0.keys.load();
        let aged = keys.ages().map(|(label, since)| (label.clone(), since));
        aged.collect()
    }

    /// Keys for [`Source::verify_with`].
    ///
    /// # Errors
    /// As at configuration.
    pub fn keys(&self, secrets: &[Secret]) -> Result<KeySet, ConfigError> {
        KeySet::new(&self.0.row.scheme, secrets)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    #[cfg(feature = "verify")]
    pub(crate) fn label(&self) -> &Label {
        &self.0.name
    }

    /// Its provider's row.
    pub fn provider(&self) -> &Provider {
        &self.0.row
    }

    /// The largest body that is read, in bytes.
    pub fn max_body(&self) -> usize {
        self.0.max_body
    }

    /// How long the whole answer of an inbox endpoint may take.
    pub fn reply_deadline(&self) -> Duration {
        self.0.deadline
    }

    /// How long ids are remembered after the last handler is done.
    pub fn dedup_window(&self) -> Duration {
        self.0.window
    }

    /// What identifies an event without an id.
    pub fn no_id(&self) -> NoId {
        self.0.no_id
    }

    /// What to do with the same bytes under another unsigned id.
    pub fn replay_policy(&self) -> ReplayPolicy {
        self.0.replay
    }

    /// Why it accepts deliveries that nobody signed; `None` when it does not, as it should be.
    pub fn accepts_unsigned(&self) -> Option<&str> {
        self.0.unsigned.as_deref()
    }

    /// Whether the two have a secret in common: deliveries to one are then genuine at the other.
    pub fn shares_a_secret_with(&self, other: &Self) -> bool {
        self.0.tenants.is_none()
            && other.0.tenants.is_none()
            && self.0.keys.load().shares_a_key_with(&other.0.keys.load())
    }

    pub(crate) fn fixed_keys(&self) -> Keys {
        Keys {
            set: self.0.keys.load_full(),
            tenant: None,
            real: true,
            withdrawals: 0,
        }
    }

    #[cfg(feature = "verify")]
    pub(crate) fn tenants(&self) -> Option<&Arc<dyn TenantKeys>> {
        self.0.tenants.as_ref()
    }

    #[cfg(feature = "verify")]
    /// Keys that match nothing, for the tenant that is not there.
    pub(crate) fn nobodys_keys(&self) -> Keys {
        Keys {
            real: false,
            ..self.fixed_keys()
        }
    }

    fn change_keys(
        &self,
        change: impl FnOnce(&KeySet) -> Result<KeySet, ConfigError>,
    ) -> Result<(), ConfigError> {
        let what = match (&self.0.tenants, &self.0.unsigned) {
            (None, None) => None,
            (Some(_), _) => Some("fixed secrets for a source with tenants"),
            (None, Some(_)) => Some("secrets that nothing is verified with"),
        };
        if let Some(what) = what {
            return Err(ConfigError::OutOfRange { what });
        }
        let _one_at_a_time = self
            .0
            .changing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.0.keys.store(Arc::new(change(&self.0.keys.load())?));
        Ok(())
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.0.name)
            .field("provider", &self.0.row.slug)
            .field("secrets", &self.0.keys.load())
            .finish_non_exhaustive()
    }
}
