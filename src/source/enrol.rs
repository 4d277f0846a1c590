//! Secrets that senders hand over in a handshake.

use std::{error::Error, fmt, future::Future, pin::Pin};

use http::{HeaderName, HeaderValue, request::Parts};

use super::{Source, once::NotNow};
use crate::{
    error::{ConfigError, Rejection, RejectionKind},
    provider::{Challenge, ChallengeAt, Charset, Handshake, Reply},
    scheme::KeySet,
    secret::Secret,
};
use std::sync::{Arc, PoisonError};

/// What [`EnrolmentHook::store`] returns.
pub type EnrolmentFuture<'a> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// Keeps a secret that a sender handed over.
pub trait EnrolmentHook: fmt::Debug + Send + Sync + 'static {
    /// Stores the secret so that it outlives the process; it is in [`Secret::reveal`]. Only then is
    /// the sender answered. On an error it gets 503, and the source waits on. The error is not
    /// logged, because it may name what is secret: log here what you need.
    ///
    /// It is dropped when the sender hangs up or the deadline is over, and the source then waits
    /// on; so store in one step, and overwrite what is there.
    fn store<'a>(&'a self, source: &'a str, secret: &'a Secret) -> EnrolmentFuture<'a>;
}

impl<H: EnrolmentHook> EnrolmentHook for Arc<H> {
    fn store<'a>(&'a self, source: &'a str, secret: &'a Secret) -> EnrolmentFuture<'a> {
        H::store(self, source, secret)
    }
}

/// A shorter secret is refused, in characters.
const SHORTEST: usize = 16;

impl Source {
    /// Whether it has no secret yet and waits for its sender to hand one over.
    pub fn is_awaiting_enrolment(&self) -> bool {
        self.0.enrolment.is_some() && self.0.keys.load().is_empty()
    }

    /// Opens a handshake that is answered once for its window, again if need be.
    ///
    /// # Errors
    /// When the provider has none, or there is a secret already: it is never replaced.
    pub fn open_handshake(&self) -> Result<(), ConfigError> {
        match self.0.row.handshake {
            Handshake::Token { .. } => {}
            Handshake::Enrolment { .. } if self.is_awaiting_enrolment() => {}
            _ => {
                return Err(ConfigError::OutOfRange {
                    what: "opening a handshake for a source that waits for none",
                });
            }
        }
        self.0.once.open();
        Ok(())
    }

    /// Takes the secret that the sender hands over, if this request does and the source waits for it:
    /// see [`SourceBuilder::awaiting_enrolment`](super::SourceBuilder::awaiting_enrolment). `None`
    /// for all other requests; verify them.
    ///
    /// # Errors
    /// [`RejectionKind::Handshake`] when it is too late or this is no secret,
    /// [`RejectionKind::AwaitingEnrolment`] when it was not stored, or another one is being stored.
    pub async fn enrol(&self, parts: &Parts, body: &[u8]) -> Option<Result<Reply, Rejection>> {
        let Handshake::Enrolment { secret: at } = self.0.row.handshake else {
            return None;
        };
        if !self.may_enrol(parts) {
            return None;
        }
        let challenge = Challenge {
            at,
            charset: Charset::Unreserved,
        };
        let text = challenge.read(parts, body);
        let Some(text) = text.filter(|text| text.len() >= SHORTEST) else {
            // A body without a secret is a delivery that came too early.
            let refused = at.is_in_head(parts);
            return refused.then(|| Err(RejectionKind::Handshake.into()));
        };
        let reply = self.take(text.into_owned(), at).await;
        Some(reply.map_err(Rejection::from))
    }

    /// Whether a request may hand a secret over, by its head.
    pub(crate) fn may_enrol(&self, parts: &Parts) -> bool {
        let Handshake::Enrolment { secret } = self.0.row.handshake else {
            return false;
        };
        let may_be_there = secret.is_in_body() || secret.is_in_head(parts);
        may_be_there && self.0.row.methods.contains(&parts.method) && self.is_awaiting_enrolment()
    }

    async fn take(&self, text: String, at: ChallengeAt) -> Result<Reply, RejectionKind> {
        let visit = self.0.once.enter().map_err(|why| match why {
            NotNow::Closed => RejectionKind::Handshake,
            NotNow::Busy => RejectionKind::AwaitingEnrolment,
        })?;
        let secret = Secret::new(text).map_err(|_| RejectionKind::Handshake)?;
        let keys = KeySet::new(&self.0.row.scheme, std::slice::from_ref(&secret));
        let keys = keys.map_err(|_| RejectionKind::Handshake)?;
        let hook = self.0.enrolment.as_ref();
        let hook = hook.ok_or(RejectionKind::Misconfigured)?;
        let stored = hook.store(self.name(), &secret).await;
        stored.map_err(|_| RejectionKind::AwaitingEnrolment)?;
        let changing = self.0.changing.lock();
        let _one_at_a_time = changing.unwrap_or_else(PoisonError::into_inner);
        // One may have been configured by hand meanwhile.
        if !self.0.keys.load().is_empty() {
            return Err(RejectionKind::Handshake);
        }
        self.0.keys.store(Arc::new(keys));
        visit.used();
        repeated(&secret, at)
    }
}

/// 200, with the secret in the header in which it came.
fn repeated(secret: &Secret, at: ChallengeAt) -> Result<Reply, RejectionKind> {
    let mut reply = Reply::empty();
    if let ChallengeAt::Header(name) = at {
        let name = HeaderName::try_from(name).map_err(|_| RejectionKind::Misconfigured)?;
        let value = HeaderValue::from_bytes(secret.text());
        let mut value = value.map_err(|_| RejectionKind::Misconfigured)?;
        value.set_sensitive(true);
        reply.headers.insert(name, value);
    }
    Ok(reply)
}
