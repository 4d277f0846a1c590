//! Handshakes: how a provider makes sure that an endpoint is ours before it sends events.
//!
//! A handshake must never become a mirror or a signing oracle. Echoes are plain text, or the JSON that
//! the sender wants, out of a small alphabet; a verify token is compared in constant time before
//! anything is echoed; answers that are signed are given only where no challenge can be a signed
//! message of the same row; and what is handed over once is taken once.

mod answer;
mod challenge;
mod oracle;

use http::{HeaderName, Method, request::Parts};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::{
    answer::Answer,
    challenge::{Challenge, ChallengeAt, Charset},
};
use super::Provider;
use crate::{
    event::Event,
    scheme::{KeyId, SignatureAt},
    secret::Secret,
};

/// The shape of a provider's handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Handshake {
    /// None, or an ordinary event.
    None,
    /// The sender asks with a challenge.
    Challenge {
        /// In what kind of request.
        asked: Asked,
        /// Parameters of the query that must be there once, and as this says.
        must: &'static [(&'static str, Must)],
        /// What is to be answered.
        challenge: Challenge,
        /// And how.
        answer: Answer,
    },
    /// A request with one of these methods, answered with 200 and nothing else.
    Probe(&'static [Method]),
    /// An OPTIONS request with the sender's name in `WebHook-Request-Origin`, answered with
    /// `WebHook-Allowed-Origin` when it is one of the source's
    /// [handshake values](crate::source::SourceBuilder::add_handshake_value): CloudEvents, HTTP 1.1
    /// Web Hooks, section 4.
    Origin,
    /// One delivery without a signature, answered with 200 and the source's verify token in this
    /// header. The next one is refused; so is the first, once the source's handshake window is over.
    Token {
        /// The header of the answer, in lower case.
        header: &'static str,
    },
    /// The sender hands the secret over, once, to a source that
    /// [waits for it](crate::source::SourceBuilder::awaiting_enrolment). From a header it is
    /// repeated in the same header of the answer.
    Enrolment {
        /// Where the secret is: 16 to 256 characters of [`Charset::Unreserved`].
        secret: ChallengeAt,
    },
}

/// In what kind of request a challenge comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// An unsigned GET.
    Get,
    /// A delivery that has no signature, or a genuine one.
    Unsigned,
    /// A genuine delivery of this event type.
    Type(&'static str),
    /// A genuine delivery with this value in the header with this lower-case name.
    Header(&'static str, &'static str),
}

/// What a parameter beside a challenge must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Must {
    /// This.
    Be(&'static str),
    /// The source's [verify token](crate::source::SourceBuilder::with_verify_token). Without one the
    /// handshake is refused.
    BeToken,
    /// One of the source's
    /// [handshake values](crate::source::SourceBuilder::add_handshake_value).
    BeKnown,
}

/// What the source was told about its handshake.
pub(crate) struct Told<'s> {
    pub(crate) token: Option<&'s Secret>,
    pub(crate) values: &'s [String],
}

impl Handshake {
    /// The methods of its requests, where they are not those of deliveries.
    pub const fn methods(self) -> &'static [Method] {
        const GET: &[Method] = &[Method::GET];
        const OPTIONS: &[Method] = &[Method::OPTIONS];
        match self {
            Self::Challenge {
                asked: Asked::Get, ..
            } => GET,
            Self::Probe(methods) => methods,
            Self::Origin => OPTIONS,
            _ => &[],
        }
    }

    /// What makes no sense in it for this row.
    pub(crate) fn mistake(self, row: &Provider) -> Option<&'static str> {
        let is_header = |name: &str| HeaderName::from_lowercase(name.as_bytes()).is_ok();
        let at_header = |at| match at {
            ChallengeAt::Header(name) => is_header(name),
            _ => true,
        };
        let headers = match self {
            Self::Challenge {
                asked: Asked::Header(name, _),
                challenge,
                ..
            } => is_header(name) && at_header(challenge.at),
            Self::Challenge { challenge, .. } => at_header(challenge.at),
            Self::Token { header } => is_header(header),
            Self::Enrolment { secret } => at_header(secret),
            Self::None | Self::Probe(_) | Self::Origin => true,
        };
        if !headers {
            return Some("a header of the handshake is no lower-case header name");
        }
        let mut ways = row.scheme.chain();
        let is_seen = ways.all(|way| {
            !matches!(
                way.signature,
                SignatureAt::Field(_) | SignatureAt::Param(_) | SignatureAt::Nowhere
            )
        });
        match self {
            Self::Challenge {
                asked, challenge, ..
            } if asked == Asked::Get && challenge.at.is_in_body() => {
                Some("a GET has no body for the challenge")
            }
            Self::Challenge {
                challenge, answer, ..
            } if answer.is_signed() && !oracle::are_apart(row, challenge.charset) => {
                Some("the computed handshake would sign deliveries for anybody")
            }
            Self::Challenge { answer, .. }
                if answer == Answer::SignedLabelled && matches!(row.scheme.key_id, KeyId::None) =>
            {
                Some("an answer with the key's id, and secrets without one")
            }
            Self::Probe(methods) if methods.iter().any(|method| row.methods.contains(method)) => {
                Some("a delivery would be answered as a probe")
            }
            Self::Token { .. } if !is_seen => {
                Some("whether a delivery is unsigned must be seen in its head")
            }
            Self::Challenge {
                asked: Asked::Unsigned,
                challenge,
                ..
            } if !is_seen && challenge.at.is_in_body() => {
                Some("whether a delivery is unsigned must be seen in its head")
            }
            _ => None,
        }
    }
}

impl Asked {
    /// Whether a genuine delivery asks.
    pub(crate) fn in_event(self, parts: &Parts, event: &Event) -> bool {
        match self {
            Self::Get => false,
            Self::Unsigned => true,
            Self::Type(kind) => event.event_type().is_some_and(|found| found.value == kind),
            Self::Header(name, value) => {
                let mut values = parts.headers.get_all(name).iter();
                values.next().is_some_and(|found| found == value) && values.next().is_none()
            }
        }
    }
}

impl Must {
    /// Whether the query's parameter is as it must be.
    pub(crate) fn holds(self, name: &str, parts: &Parts, told: &Told<'_>) -> bool {
        let Some(theirs) = challenge::parameter(parts, name) else {
            return false;
        };
        match self {
            Self::Be(text) => theirs == text,
            Self::BeKnown => told.values.contains(&theirs),
            Self::BeToken => told.token.is_some_and(|ours| {
                // Digests: comparing them shows neither the length nor the first difference.
                let (ours, theirs) = (Sha256::digest(ours.text()), Sha256::digest(theirs));
                ours.ct_eq(&theirs).into()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider;

    #[test]
    fn no_preset_signs_its_own_deliveries_for_others() {
        let mut signed = 0;
        for row in provider::ALL {
            assert_eq!(row.handshake.mistake(row), None, "{}", row.slug);
            if let Handshake::Challenge { answer, .. } = row.handshake {
                signed += usize::from(answer.is_signed());
            }
        }
        assert!(signed > 0);
    }

    #[test]
    fn handshakes_that_make_no_sense_are_found() {
        let body = Handshake::Challenge {
            asked: Asked::Get,
            must: &[],
            challenge: Challenge::body("/challenge"),
            answer: Answer::Text,
        };
        let upper = Handshake::Token { header: "X-Token" };
        let spaced = Handshake::Enrolment {
            secret: ChallengeAt::Header("x secret"),
        };
        let nameless = Handshake::Challenge {
            asked: Asked::Get,
            must: &[],
            challenge: Challenge::query("c"),
            answer: Answer::SignedLabelled,
        };
        for handshake in [body, upper, spaced, nameless] {
            assert!(
                handshake.mistake(&provider::ZOOM).is_some(),
                "{handshake:?}"
            );
        }
        let scheme = crate::scheme::Scheme {
            signature: SignatureAt::Field("/signature"),
            ..provider::ZOOM.scheme
        };
        let unseen = Provider {
            scheme,
            ..provider::ZOOM
        };
        let token = Handshake::Token { header: "x-token" };
        let in_body = Handshake::Challenge {
            asked: Asked::Unsigned,
            must: &[],
            challenge: Challenge::body("/challenge"),
            answer: Answer::Text,
        };
        for handshake in [token, in_body] {
            assert!(handshake.mistake(&unseen).is_some());
            assert_eq!(handshake.mistake(&provider::ZOOM), None);
        }
        let probe = |methods| Handshake::Probe(methods).mistake(&provider::ZOOM);
        assert_eq!(probe(&[Method::HEAD]), None);
        assert!(probe(&[Method::HEAD, Method::POST]).is_some());
    }
}
