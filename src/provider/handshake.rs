//! Handshakes: how a provider makes sure that an endpoint is ours before it sends events.
//!
//! A handshake must never become a mirror or a signing oracle. Echoes are plain text out of a
//! small alphabet; a verify token is compared in constant time before anything is echoed; and a
//! computed answer is only given for tokens that cannot be a signed message of the same row.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    error::RejectionKind,
    event::Event,
    scheme::{Encoding, Part, Scheme, json, mac::KeyedMac},
    secret::Secret,
};

/// The shape of a provider's handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Handshake {
    /// None, or an ordinary event.
    None,
    /// An unsigned GET with a verify token that we chose and a challenge to echo. The three are
    /// query parameters.
    GetEcho {
        /// A parameter and the value that it must have.
        mode: (&'static str, &'static str),
        /// The parameter with our verify token.
        token: &'static str,
        /// The parameter to echo.
        challenge: &'static str,
    },
    /// A signed POST of this event type whose challenge is echoed.
    PostEcho {
        /// The event type.
        kind: &'static str,
        /// The challenge, a JSON pointer.
        challenge: &'static str,
    },
    /// A signed POST of this event type whose token is signed with the same secret: the reply is
    /// `{"plainToken", "encryptedToken"}`.
    PostComputed {
        /// The event type.
        kind: &'static str,
        /// The token, a JSON pointer.
        token: &'static str,
    },
}

/// The answer to a handshake: status 200, and `X-Content-Type-Options: nosniff`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Handshake {
    /// Answers a GET. `token` is the verify token of the source.
    pub(crate) fn answer_get(
        self,
        query: &str,
        token: Option<&Secret>,
    ) -> Result<Reply, RejectionKind> {
        let Self::GetEcho {
            mode,
            token: token_name,
            challenge,
        } = self
        else {
            return Err(RejectionKind::Method);
        };
        let ours = token.ok_or(RejectionKind::Handshake)?;
        let theirs = single(query, token_name).ok_or(RejectionKind::Handshake)?;
        // Digests: comparing them shows neither the length nor the place of the first difference.
        let same = Sha256::digest(ours.text()).ct_eq(&Sha256::digest(theirs.as_bytes()));
        let right_mode = single(query, mode.0).is_some_and(|value| value == mode.1);
        let challenge = single(query, challenge).filter(|text| is_token(text));
        match challenge {
            Some(text) if right_mode && bool::from(same) => Ok(Reply::text(text.into_owned())),
            _ => Err(RejectionKind::Handshake),
        }
    }

    /// Answers a verified event, if it is a handshake. A challenge that may not be echoed makes
    /// it an ordinary event.
    pub(crate) fn answer_event(self, event: &Event, key: &KeyedMac) -> Option<Reply> {
        let (kind, path) = match self {
            Self::PostEcho { kind, challenge } => (kind, challenge),
            Self::PostComputed { kind, token } => (kind, token),
            Self::None | Self::GetEcho { .. } => return None,
        };
        event.event_type().filter(|found| found.value == kind)?;
        let token = json::scan(event.body(), &[path])
            .pop()?
            .text
            .filter(|text| is_token(text))?;
        Some(match self {
            Self::PostComputed { .. } => {
                let tag = key.tag(|write| write(token.as_bytes()));
                let hex = Encoding::Hex.encode(&tag);
                let body = format!(r#"{{"plainToken":"{token}","encryptedToken":"{hex}"}}"#);
                Reply {
                    content_type: "application/json",
                    body: body.into(),
                }
            }
            _ => Reply::text(token.into_owned()),
        })
    }

    /// Whether a computed answer could pass as the signature of a delivery.
    pub(crate) fn is_oracle_for(self, scheme: &Scheme) -> bool {
        // Every signed message has a byte that no token has, or the answer would be a signature.
        let apart = scheme.message.iter().any(|part| match part {
            Part::Literal(text) => !text.is_empty() && !is_token(text),
            _ => false,
        });
        matches!(self, Self::PostComputed { .. }) && !apart
    }
}

impl Reply {
    fn text(body: String) -> Self {
        Self {
            content_type: "text/plain; charset=utf-8",
            body: body.into(),
        }
    }

    /// The reply as a response of any body that can be made of bytes.
    pub fn into_response<B: From<Bytes>>(self) -> http::Response<B> {
        let mut response = http::Response::new(B::from(self.body));
        let headers = response.headers_mut();
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static(self.content_type),
        );
        let nosniff = http::HeaderValue::from_static("nosniff");
        headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, nosniff);
        response
    }
}

/// A parameter that is there exactly once.
fn single<'q>(query: &'q str, name: &str) -> Option<std::borrow::Cow<'q, str>> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// RFC 3986's unreserved characters, 1 to 256 of them: nothing that a browser, a log or another
/// scheme reads anything into.
fn is_token(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider;

    const META: Handshake = provider::META.handshake;

    fn ask(query: &str) -> Result<Reply, RejectionKind> {
        let token = Secret::new("let me/in").map_err(|_| RejectionKind::Misconfigured)?;
        META.answer_get(query, Some(&token))
    }

    #[test]
    fn a_challenge_is_echoed_only_for_the_right_token() {
        let good = "hub.mode=subscribe&hub.verify_token=let+me%2Fin&hub.challenge=1158201444";
        assert_eq!(
            ask(good).map(|reply| reply.body),
            Ok(Bytes::from("1158201444"))
        );
        for bad in [
            "",
            "hub.mode=subscribe&hub.verify_token=let+me&hub.challenge=1",
            "hub.mode=unsubscribe&hub.verify_token=let+me%2Fin&hub.challenge=1",
            "hub.verify_token=let+me%2Fin&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=let+me%2Fin",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=let+me%2Fin&hub.verify_token=x&hub.challenge=1",
            "hub.mode=subscribe&hub.verify_token=let+me%2Fin&hub.challenge=1&hub.challenge=2",
            "hub.mode=subscribe&hub.verify_token=let+me%2Fin&hub.challenge=%3Cscript%3E",
            "hub.mode=subscribe&hub.verify_token=let+me%2Fin&hub.challenge=",
        ] {
            assert_eq!(ask(bad), Err(RejectionKind::Handshake), "{bad}");
        }
        let long = format!("{}{}", &good[..good.len() - 10], "1".repeat(257));
        assert_eq!(ask(&long), Err(RejectionKind::Handshake));
    }

    #[test]
    fn without_a_verify_token_nothing_is_echoed() {
        let query = "hub.mode=subscribe&hub.verify_token=&hub.challenge=1";
        assert_eq!(META.answer_get(query, None), Err(RejectionKind::Handshake));
        assert_eq!(
            Handshake::None.answer_get(query, None),
            Err(RejectionKind::Method)
        );
    }

    #[test]
    fn no_preset_signs_its_own_deliveries_for_others() {
        for row in provider::ALL {
            assert!(!row.handshake.is_oracle_for(&row.scheme), "{}", row.slug);
        }
        let body_only = provider::META.scheme;
        assert!(provider::ZOOM.handshake.is_oracle_for(&body_only));
    }
}
