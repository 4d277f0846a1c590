//! Schemes: how bytes become a signature. Pure and synchronous; a [`Scheme`] is data.
//!
//! ```
//! use hookgate::scheme::{Grammar, Header, Part, Scheme, SignatureAt, TimeAt, TimeUnit};
//! // `Webhook-Signature: t=1700000000,v1=<hex>`, HMAC-SHA256 over `<t>.<body>`
//! const SCHEME: Scheme = Scheme {
//!     message: &[Part::Timestamp, Part::Literal("."), Part::Body],
//!     signature: SignatureAt::Header(Header::named("webhook-signature")),
//!     grammar: Grammar::Pairs { separator: b',', signature: "v1" },
//!     time: TimeAt::InSignature { key: "t", unit: TimeUnit::Seconds },
//!     ..Scheme::BASE
//! };
//! ```

pub(crate) mod candidates;
pub(crate) mod encoding;
pub(crate) mod form;
mod grammar;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod mac;
mod part;
mod place;
pub(crate) mod timestamp;
pub(crate) mod token;

pub use self::{
    encoding::{Encoding, KeyDecoding},
    grammar::Grammar,
    keys::KeySet,
    mac::Algorithm,
    part::{Case, Header, Part, Port, Repeats},
    place::{ClaimedTime, DigestAt, KeyId, Listed, ListedAt, SignatureAt, TimeAt},
    timestamp::TimeUnit,
};

/// How a sender signs.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// The MAC, or whatever stands in for one.
    pub algorithm: Algorithm,
    /// How the configured secret becomes the key.
    pub key: KeyDecoding,
    /// Whether a delivery names the secret that signed it.
    pub key_id: KeyId,
    /// What is signed, in order. Written part by part into the MAC; never built by templates.
    pub message: &'static [Part],
    /// Other messages that the sender may have signed instead, 3 at the most; no delivery says
    /// which it is.
    pub variants: &'static [&'static [Part]],
    /// Where the signature is.
    pub signature: SignatureAt,
    /// What its text looks like there.
    pub grammar: Grammar,
    /// What the sender writes between the separator of [`Grammar::Pairs`] and the next pair: nothing,
    /// or a space. A delivery may have either; libraries of the sender's may insist.
    pub gap: &'static str,
    /// How a signature is written.
    pub encoding: Encoding,
    /// Where the signed time is.
    pub time: TimeAt,
    /// Headers that must be there with exactly this value.
    pub require: &'static [(Header, &'static str)],
    /// What the payload must start with. Sets deliveries apart from handshakes of the same sender
    /// whose answers are signed with the same secret. Empty: anything.
    pub opening: &'static str,
    /// Where the message has a digest of the body in place of the body.
    pub digest: Option<DigestAt>,
    /// A claim of a [`Grammar::Jwt`] that must be the SHA-256, in hexadecimal digits, of the
    /// configured public origin and the request's path and query.
    pub url_digest: Option<&'static str>,
    /// Headers that the sender chose to sign, and named.
    pub listed: Option<Listed>,
    /// The payload is a batch whose items are signed one by one: a JSON pointer to the array. Field
    /// parts and the signature's place are then read from each item.
    pub items: Option<&'static str>,
    /// How the same sender signs as well, usually an older way. Deliveries are judged by it only
    /// when they do not have this one's signature: a wrong one here is never rescued there.
    pub older: Option<&'static Self>,
}

impl Scheme {
    /// What most senders do, to start a row from: HMAC-SHA256 over the raw body with the secret's
    /// text as the key, in hexadecimal digits, alone in the header `x-signature`. No time is signed.
    pub const BASE: Self = Self {
        algorithm: Algorithm::HmacSha256,
        key: KeyDecoding::Text,
        key_id: KeyId::None,
        message: &[Part::Body],
        variants: &[],
        signature: SignatureAt::Header(Header::named("x-signature")),
        grammar: Grammar::Bare,
        gap: "",
        encoding: Encoding::Hex,
        time: TimeAt::Nowhere,
        require: &[],
        opening: "",
        digest: None,
        url_digest: None,
        listed: None,
        items: None,
        older: None,
    };

    /// A shared token, as it is, in this header: the sender is known by it and nothing is signed.
    pub const fn token(header: Header) -> Self {
        Self::token_at(SignatureAt::Header(header))
    }

    /// The same in another place.
    pub const fn token_at(place: SignatureAt) -> Self {
        Self {
            algorithm: Algorithm::Token,
            message: &[],
            signature: place,
            encoding: Encoding::Token,
            ..Self::BASE
        }
    }

    /// The same in this query parameter: the way out for senders that can neither sign nor send a
    /// header, but whose URL is ours to choose. URLs end up in logs; keep them out of yours.
    pub const fn token_in_query(name: &'static str) -> Self {
        Self::token_at(SignatureAt::Query(name))
    }

    /// No signature and no token: nothing is verified.
    pub const UNSIGNED: Self = Self::token_at(SignatureAt::Nowhere);

    /// What the signature stands for.
    pub fn covers(&self) -> Covers {
        if self.is_unsigned() {
            return Covers::Nothing;
        }
        if matches!(self.algorithm, Algorithm::Token) {
            return Covers::Sender;
        }
        let body = |part: &Part| {
            matches!(
                part,
                Part::Body
                    | Part::Payload
                    | Part::BodySha256
                    | Part::SortedForm(_)
                    | Part::SortedParams
            )
        };
        let mut messages = self.messages();
        if self.digest.is_some() || messages.all(|message| message.iter().any(body)) {
            return Covers::Body;
        }
        let field = |part: &Part| {
            matches!(
                part.inner(),
                Part::Field(_) | Part::FreeField(_) | Part::Query(..) | Part::Header(_)
            )
        };
        if self.message.iter().any(field) {
            Covers::Fields
        } else {
            Covers::Sender
        }
    }

    /// What of the URL is signed, and so what must be configured of it.
    pub fn signed_url(&self) -> SignedUrl {
        let has = |is_it: fn(&Part) -> bool| {
            self.chain()
                .flat_map(Self::messages)
                .any(|message| message.iter().any(is_it))
        };
        let claim = self.chain().any(|scheme| scheme.url_digest.is_some());
        let origin = |part: &Part| {
            matches!(
                part,
                Part::Url(_) | Part::UnescapedUrl(_) | Part::EscapedTarget
            )
        };
        if claim || has(origin) {
            SignedUrl::Origin
        } else if has(|part| matches!(part, Part::PublicUrl)) {
            SignedUrl::Exact
        } else {
            SignedUrl::None
        }
    }

    /// Whether nothing is verified.
    pub(crate) fn is_unsigned(&self) -> bool {
        matches!(self.signature, SignatureAt::Nowhere)
    }

    /// The messages that may have been signed.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &'static [Part]> {
        std::iter::once(self.message).chain(self.variants.iter().copied())
    }

    /// This and the older ways.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |scheme| scheme.older)
    }
}

/// What a genuine signature says about a delivery.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Covers {
    /// Every byte of the payload is the sender's.
    Body,
    /// Some fields are the sender's, and nothing else of the payload: whoever has seen one delivery
    /// can send another payload with them. Fetch what matters from the sender.
    Fields,
    /// The delivery comes from somebody who knows the secret, or has seen it in a delivery.
    Sender,
    /// Nothing is proved.
    Nothing,
}

/// What of the URL a scheme signs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignedUrl {
    /// Nothing that must be configured.
    None,
    /// One text, as it is configured with the sender.
    Exact,
    /// The public origin and each request's own path and query.
    Origin,
}

/// More signatures than this in one delivery are refused before the body is hashed.
pub const MAX_CANDIDATES: usize = 16;

/// More secrets than this are refused at configuration.
pub const MAX_SECRETS: usize = 8;

/// More header families than this are refused at configuration.
pub const MAX_FAMILIES: usize = 4;

/// More messages than this, counting every time that a signature may belong to, are refused.
pub const MAX_MESSAGES: usize = 4;

/// More items than this in one batch of [`Scheme::items`] are refused. The first one that is not
/// genuine ends the search, so that a long batch costs a stranger no more than a short one.
pub const MAX_ITEMS: usize = 1_000;

/// A longer signature header is refused before it is parsed, in bytes.
pub(crate) const MAX_SIGNATURE_HEADER: usize = 8 * 1024;
