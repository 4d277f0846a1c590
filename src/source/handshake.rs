//! The doors for handshakes: what is answered before anything is verified, and what after.

use http::{HeaderName, HeaderValue, Method, header, request::Parts};

use super::Source;
#[cfg(feature = "verify")]
use super::head::declared_length;
use crate::{
    error::{Rejection, RejectionKind},
    event::Event,
    provider::{Asked, Handshake, Reply, handshake::Told},
    scheme::KeySet,
};

/// A larger body is no handshake, in bytes.
pub(crate) const MAX_HANDSHAKE_BODY: usize = 4 * 1024;

impl Source {
    /// Answers a request that is an unsigned handshake, whatever its method. Ask this first; when it
    /// is `None`, the request is to be verified.
    ///
    /// Where the answer is signed and there are several secrets, it is made with the one that was
    /// added last: those senders have one secret at a time, and a new one can only be added here
    /// once they have it.
    ///
    /// # Errors
    /// [`RejectionKind::Handshake`] when the sender did not prove itself or asks for what may not be
    /// answered. A source with tenants needs [`Source::answer_with`] where the answer is signed.
    pub fn answer(&self, parts: &Parts) -> Option<Result<Reply, Rejection>> {
        if self.wants_keys(parts) {
            return Some(Err(RejectionKind::Misconfigured.into()));
        }
        self.answer_with(&self.0.keys.load(), parts)
    }

    /// The same with keys that the caller has found, e.g. those of one tenant.
    ///
    /// # Errors
    /// As [`Source::answer`].
    pub fn answer_with(&self, keys: &KeySet, parts: &Parts) -> Option<Result<Reply, Rejection>> {
        let answer = match self.0.row.handshake {
            Handshake::Probe(methods) if methods.contains(&parts.method) => Ok(Reply::empty()),
            Handshake::Origin if parts.method == Method::OPTIONS => self.allow_origin(parts),
            Handshake::Challenge { .. } if self.is_asked(parts) => self.reply(keys, parts, &[]),
            Handshake::Token { header } if self.is_unsigned_delivery(parts) => {
                return self.show_token(header);
            }
            Handshake::Enrolment { secret }
                if self.is_unsigned_delivery(parts)
                    && secret.is_in_head(parts)
                    && !self.is_awaiting_enrolment() =>
            {
                Err(RejectionKind::Handshake)
            }
            _ => return None,
        };
        Some(answer.map_err(Rejection::from))
    }

    /// Answers a delivery whose body has been read and is an unsigned handshake (monday, WooCommerce). `None` when
    /// it is none.
    ///
    /// # Errors
    /// As [`Source::answer`].
    pub fn answer_body(&self, parts: &Parts, body: &[u8]) -> Option<Result<Reply, Rejection>> {
        let Handshake::Challenge { challenge, .. } = self.0.row.handshake else {
            return None;
        };
        if !self.may_ask_in_body(parts) || body.len() > MAX_HANDSHAKE_BODY {
            return None;
        }
        challenge.read(parts, body)?;
        let keys = self.0.keys.load();
        Some(self.reply(&keys, parts, body).map_err(Rejection::from))
    }

    /// The answer to a verified event that is a handshake; `None` for all others. A challenge that
    /// may not be answered makes it an ordinary event.
    pub fn answer_event(&self, parts: &Parts, event: &Event) -> Option<Reply> {
        let Handshake::Challenge {
            asked,
            challenge,
            answer,
            ..
        } = self.0.row.handshake
        else {
            return None;
        };
        if !asked.in_event(parts, event) {
            return None;
        }
        let text = challenge.read(parts, event.body())?;
        self.musts_hold(parts).ok()?;
        let keys = match (&self.0.tenants, event.tenant()) {
            (Some(tenants), Some(tenant)) => tenants.known(tenant, &self.0.row.scheme)?,
            _ => KeySet::clone(&self.0.keys.load()),
        };
        answer.reply(&text, keys.labelled(&event.head.secret)).ok()
    }

    /// Whether an unsigned handshake is answered with a tenant's secret, which must be found first.
    pub(crate) fn wants_keys(&self, parts: &Parts) -> bool {
        let signed = match self.0.row.handshake {
            Handshake::Challenge { answer, .. } => answer.is_signed(),
            _ => false,
        };
        signed && self.0.tenants.is_some() && self.is_asked(parts)
    }

    /// Whether the body, a small one, must be read to know if this is an unsigned handshake.
    #[cfg(feature = "verify")]
    pub(crate) fn may_be_handshake(&self, parts: &Parts) -> bool {
        let length = declared_length(parts);
        (self.may_ask_in_body(parts) || self.may_enrol(parts))
            && length.is_none_or(|length| length <= MAX_HANDSHAKE_BODY as u64)
    }

    fn may_ask_in_body(&self, parts: &Parts) -> bool {
        let asked = match self.0.row.handshake {
            Handshake::Challenge {
                asked, challenge, ..
            } => asked == Asked::Unsigned && challenge.at.is_in_body(),
            _ => false,
        };
        asked && self.is_unsigned_delivery(parts)
    }

    /// Whether the head alone is an unsigned handshake. A GET that is no delivery can be nothing else.
    fn is_asked(&self, parts: &Parts) -> bool {
        let Handshake::Challenge {
            asked, challenge, ..
        } = self.0.row.handshake
        else {
            return false;
        };
        match asked {
            Asked::Get if parts.method != Method::GET => false,
            Asked::Get if !self.0.row.methods.contains(&Method::GET) => true,
            Asked::Get | Asked::Unsigned => {
                self.is_unsigned_delivery(parts) && challenge.at.is_in_head(parts)
            }
            Asked::Type(_) | Asked::Header(..) => false,
        }
    }

    /// A delivery in which no signature is to be seen.
    fn is_unsigned_delivery(&self, parts: &Parts) -> bool {
        let unsigned = self.0.plans.iter().all(|plan| {
            matches!(
                plan.signature.in_head(parts),
                Err(RejectionKind::MissingSignature) | Ok(None)
            )
        });
        unsigned && self.0.row.methods.contains(&parts.method)
    }

    fn reply(&self, keys: &KeySet, parts: &Parts, body: &[u8]) -> Result<Reply, RejectionKind> {
        let Handshake::Challenge {
            challenge, answer, ..
        } = self.0.row.handshake
        else {
            return Err(RejectionKind::Misconfigured);
        };
        self.musts_hold(parts)?;
        let text = challenge.read(parts, body);
        answer.reply(&text.ok_or(RejectionKind::Handshake)?, keys.newest())
    }

    fn musts_hold(&self, parts: &Parts) -> Result<(), RejectionKind> {
        let Handshake::Challenge { must, .. } = self.0.row.handshake else {
            return Ok(());
        };
        let told = Told {
            token: self.0.verify_token.as_ref(),
            values: &self.0.handshake_values,
        };
        let mut musts = must.iter();
        musts
            .all(|(name, must)| must.holds(name, parts, &told))
            .then_some(())
            .ok_or(RejectionKind::Handshake)
    }

    /// Consents to deliveries of this origin, if it is one that was configured.
    fn allow_origin(&self, parts: &Parts) -> Result<Reply, RejectionKind> {
        let mut asked = parts.headers.get_all("webhook-request-origin").iter();
        let origin = asked.next().filter(|_| asked.next().is_none());
        let origin = origin.ok_or(RejectionKind::Handshake)?.as_bytes();
        let mut known = self.0.handshake_values.iter();
        let known = known.find(|known| known.as_bytes().eq_ignore_ascii_case(origin));
        // The configured text, not the one that was received.
        let value = HeaderValue::from_str(known.ok_or(RejectionKind::Handshake)?);
        let value = value.map_err(|_| RejectionKind::Misconfigured)?;
        let mut reply = Reply::empty();
        let allowed = HeaderName::from_static("webhook-allowed-origin");
        reply.headers.insert(allowed, value);
        reply.set(HeaderName::from_static("webhook-allowed-rate"), "*");
        let allow = HeaderValue::from_str(&self.0.row.allow());
        let allow = allow.map_err(|_| RejectionKind::Misconfigured)?;
        reply.headers.insert(header::ALLOW, allow);
        Ok(reply)
    }

    /// The verify token, once. The next unsigned delivery is refused as such.
    fn show_token(&self, header: &'static str) -> Option<Result<Reply, Rejection>> {
        let token = self.0.verify_token.as_ref()?;
        let visit = self.0.once.enter().ok()?;
        let name = HeaderName::try_from(header).ok()?;
        let mut value = HeaderValue::from_bytes(token.text()).ok()?;
        value.set_sensitive(true);
        let mut reply = Reply::empty();
        reply.headers.insert(name, value);
        visit.used();
        Some(Ok(reply))
    }
}
