//! Where in a delivery the things are that a scheme needs.

use super::{Encoding, Header, TimeUnit};

/// Where the signature is.
#[derive(Clone, Copy, Debug)]
pub enum SignatureAt {
    /// In this header, which must be there exactly once.
    Header(Header),
    /// In any of these headers, of which one at least must be there and none twice. The sender has
    /// several keys and gives each its own header.
    AnyOf(&'static [Header]),
    /// In this header, which may come several times.
    Lines(Header),
    /// In headers whose names are this one's and a number, from `1` up.
    Numbered(Header),
    /// In a query parameter, which must be there exactly once.
    Query(&'static str),
    /// In a field of the payload (or of the item, in batches): a JSON pointer of object keys, or
    /// `/` and the name of a form field. Then the payload must be read before it is verified.
    Field(&'static str),
    /// In a query parameter or form field of this name.
    Param(&'static str),
    /// There is none: nothing is verified. Only for sources that say so, see
    /// [`accept_unsigned`](crate::source::Dangerous::accept_unsigned).
    Nowhere,
}

impl SignatureAt {
    /// In the header with this lower-case name.
    pub const fn header(name: &'static str) -> Self {
        Self::Header(Header::named(name))
    }
}

impl TimeAt {
    /// In the header with this lower-case name.
    pub const fn header(name: &'static str, unit: TimeUnit) -> Self {
        Self::Header {
            header: Header::named(name),
            unit,
        }
    }
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
    /// In the signature's text, under this key of [`Grammar::Pairs`](super::Grammar::Pairs) and
    /// [`Grammar::Groups`](super::Grammar::Groups), or first in
    /// [`Grammar::Positional`](super::Grammar::Positional).
    InSignature {
        /// The key; not looked at in positional lists.
        key: &'static str,
        /// How the time is written.
        unit: TimeUnit,
    },
    /// In the signed payload; judged after the signature.
    Body {
        /// Its JSON pointer, of object keys only; or `/` and the name of a form field.
        path: &'static str,
        /// How the time is written.
        unit: TimeUnit,
    },
    /// In a query parameter or form field of this name that
    /// [`Part::SortedParams`](super::Part::SortedParams) signs; judged after the signature.
    Param {
        /// The parameter, which must be there once.
        name: &'static str,
        /// How the time is written.
        unit: TimeUnit,
    },
    /// In the claims of a [`Grammar::Jwt`](super::Grammar::Jwt); judged after the signature.
    Claims(ClaimedTime),
}

/// Which claims of a token bound its life, RFC 7519 section 4.1. Seconds since the epoch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClaimedTime {
    /// From `nbf` to `exp`; the tolerance is added at both ends.
    Window,
    /// Until `exp`; the tolerance is added.
    Expiry,
    /// `iat`, with the tolerance around it.
    IssuedAt,
}

/// Whether a delivery names the secret that signed it.
#[derive(Clone, Copy, Debug)]
pub enum KeyId {
    /// It does not: all secrets are tried.
    None,
    /// This header does. Secrets are configured as `id:secret`, the id up to the last colon.
    Header(Header),
    /// It does not, but secrets are configured as `id:secret` all the same, since the id is needed
    /// elsewhere.
    Configured,
}

/// Headers that the sender chose to sign.
///
/// Their values are joined by a text that any of them may contain, and whoever replays a delivery
/// could move the places where one ends. So how often a value contains it is fixed, and a delivery
/// with another number is refused.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Where their names are.
    pub at: ListedAt,
    /// What stands between two names.
    pub separator: u8,
    /// What must be among them.
    pub required: &'static [Header],
    /// Headers whose values contain the text that joins values, and exactly how often. In all
    /// others it must not be.
    pub joints: &'static [(Header, usize)],
}

/// Where the names of [`Listed`] headers are.
#[derive(Clone, Copy, Debug)]
pub enum ListedAt {
    /// In the signature's text, under this key of [`Grammar::Pairs`](super::Grammar::Pairs).
    InSignature(&'static str),
    /// In a header of their own.
    Header(Header),
}

/// Where a digest (SHA-256) of the raw body is that the message covers in the body's place. A
/// delivery is refused when it is another one.
#[derive(Clone, Copy, Debug)]
pub enum DigestAt {
    /// In a query parameter, in hexadecimal digits.
    Query(&'static str),
    /// In a claim of a [`Grammar::Jwt`](super::Grammar::Jwt).
    Claim(&'static str, Encoding),
    /// The same, but the claim is not there exactly when the body is empty.
    ClaimUnlessEmpty(&'static str, Encoding),
}
