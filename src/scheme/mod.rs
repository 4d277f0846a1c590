//! Schemes: how bytes become a signature. Pure and synchronous; a [`Scheme`] is data.
//!
//! ```
//! use hookgate::scheme::{
//!     Algorithm, Encoding, Grammar, Header, KeyDecoding, Part, Scheme, TimeAt, TimeUnit,
//! };
//! // `Webhook-Signature: t=1700000000,v1=<hex>` over `<t>.<body>`
//! const SCHEME: Scheme = Scheme {
//!     algorithm: Algorithm::HmacSha256,
//!     key: KeyDecoding::Text,
//!     message: &[Part::Timestamp, Part::Literal("."), Part::Body],
//!     header: Header::named("webhook-signature"),
//!     grammar: Grammar::Pairs { separator: b',', signature: "v1" },
//!     encoding: Encoding::Hex,
//!     time: TimeAt::InSignature { key: "t", unit: TimeUnit::Seconds },
//! };
//! ```

pub(crate) mod candidates;
pub(crate) mod encoding;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod mac;
pub(crate) mod timestamp;

pub use self::{
    encoding::{Encoding, KeyDecoding},
    keys::KeySet,
    mac::Algorithm,
    timestamp::TimeUnit,
};

/// How a sender signs.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// The MAC.
    pub algorithm: Algorithm,
    /// How the configured secret becomes the key.
    pub key: KeyDecoding,
    /// What is signed, in order. Written part by part into the MAC; never built by templates.
    pub message: &'static [Part],
    /// The header with the signature. It must be there exactly once.
    pub header: Header,
    /// What that header's value looks like.
    pub grammar: Grammar,
    /// How a signature is written.
    pub encoding: Encoding,
    /// Where the signed time is.
    pub time: TimeAt,
}

/// One part of the signed message.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// The raw body.
    Body,
    /// A header's value as received. It must be there exactly once. A literal must stand between
    /// it and the body's side, and the value must not contain it: the same bytes could then be
    /// split in two ways.
    Header(Header),
    /// Fixed text.
    Literal(&'static str),
    /// The time's text as received, from where [`Scheme::time`] says.
    Timestamp,
    /// The one public URL that is configured for the source, byte for byte.
    PublicUrl,
}

/// A header by name, or by its name within the row's header families.
///
/// A family is a name prefix. Some providers send the same headers under one of several prefixes
/// (`svix-id` or `webhook-id`). All headers of one delivery are read from one family, the first
/// whose signature header is there: families are never mixed.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub(crate) name: &'static str,
    pub(crate) in_family: bool,
}

impl Header {
    /// A header with this lower-case name.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            in_family: false,
        }
    }

    /// A header whose name is the family's prefix and this.
    pub const fn in_family(name: &'static str) -> Self {
        Self {
            name,
            in_family: true,
        }
    }

    /// Its whole name in the family with this prefix.
    pub fn name_in(self, family: &str) -> String {
        let prefix = if self.in_family { family } else { "" };
        format!("{prefix}{}", self.name)
    }
}

/// The form of the signature header's value.
#[derive(Clone, Copy, Debug)]
pub enum Grammar {
    /// The signature alone.
    Bare,
    /// A fixed text, then the signature: `sha256=…`.
    Prefix(&'static str),
    /// `key=value` elements. Elements with the signature's key are candidates and may repeat;
    /// unknown keys are skipped; the time's key must be there exactly once.
    Pairs {
        /// Between two elements: a comma or a semicolon.
        separator: u8,
        /// The key of a signature.
        signature: &'static str,
    },
    /// Elements `version,signature` with a space between two. Other versions are skipped.
    SpaceList {
        /// The version that this scheme signs.
        version: &'static str,
    },
}

/// Where the signed time is.
#[derive(Clone, Copy, Debug)]
pub enum TimeAt {
    /// No time is signed. Only the event id protects against replays.
    Nowhere,
    /// In a header of its own, which is part of the message.
    Header {
        /// The header.
        header: Header,
        /// How the time is written.
        unit: TimeUnit,
    },
    /// In the signature header, under this key of [`Grammar::Pairs`].
    InSignature {
        /// The key.
        key: &'static str,
        /// How the time is written.
        unit: TimeUnit,
    },
    /// In the signed JSON body; judged after the signature.
    Body {
        /// Its JSON pointer; object keys only.
        path: &'static str,
        /// How the time is written.
        unit: TimeUnit,
    },
}

/// More signatures than this in one header are refused before the body is read.
pub const MAX_CANDIDATES: usize = 16;

/// More secrets than this are refused at configuration.
pub const MAX_SECRETS: usize = 8;

/// More header families than this are refused at configuration.
pub const MAX_FAMILIES: usize = 4;

/// A longer signature header is refused before it is parsed, in bytes.
pub(crate) const MAX_SIGNATURE_HEADER: usize = 8 * 1024;
