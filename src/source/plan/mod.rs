//! A row made ready for one way of signing and one header family: names parsed, paths gathered,
//! parts resolved.

mod of_row;

use http::HeaderName;

use super::{
    border::{Border, Fence},
    place::Place,
};
use crate::scheme::{
    Case, Covers, ListedAt, Port, Repeats, Scheme, TimeAt, TimeUnit, candidates::Wanted,
};

#[derive(Debug)]
pub(super) struct Plan {
    /// The place of the scheme among the row's ways of signing.
    pub(super) way: usize,
    pub(super) scheme: Scheme,
    pub(super) covers: Covers,
    pub(super) signature: Signature,
    pub(super) time: Option<HeaderName>,
    pub(super) key_id: Option<HeaderName>,
    /// Where the names of the listed headers are, and those that must be among them.
    pub(super) listed: Option<HeaderName>,
    pub(super) required: Vec<HeaderName>,
    /// How often what joins the listed values is in these.
    pub(super) joints: Vec<(HeaderName, usize)>,
    pub(super) require: Vec<(HeaderName, &'static str)>,
    pub(super) messages: Vec<Vec<Piece>>,
    /// Whether the body's bytes are signed as they are.
    pub(super) signs_bytes: bool,
    /// What is computed of a delivery before it is hashed.
    pub(super) makes: Vec<Make>,
    /// Fields that are needed for that, in the payload or in each item.
    pub(super) signed_fields: Vec<&'static str>,
    /// What the payload is scanned for once it is verified.
    pub(super) paths: Vec<&'static str>,
    /// The same for the claims of a token.
    pub(super) claims: Vec<&'static str>,
    pub(super) body_time: Option<usize>,
    pub(super) id: Vec<Place>,
    pub(super) kind: Vec<Place>,
    pub(super) kind_suffix: Option<Place>,
    pub(super) version: Vec<Place>,
    pub(super) sent_at: Vec<Place>,
}

/// Where the signature is, resolved.
#[derive(Debug)]
pub(super) enum Signature {
    /// In this header, once.
    Header(HeaderName),
    /// In any of these headers, once each.
    AnyOf(Vec<HeaderName>),
    /// In any line of this header.
    Lines(HeaderName),
    Query(&'static str),
    /// In this one of `signed_fields`.
    Field(usize),
    /// In a parameter of the query or of the payload.
    Param(&'static str),
    Nowhere,
}

/// One part of the signed message, resolved.
#[derive(Debug)]
pub(super) enum Piece {
    Body,
    Payload,
    Text(&'static str),
    Timestamp,
    PublicUrl,
    Method,
    Header(HeaderName, Border),
    /// This one of the values that were made.
    Made(usize),
    /// Nothing when one of these is not there.
    Optional(Vec<Self>),
}

/// A value that is computed of a delivery, once for all keys.
#[derive(Clone, Copy, Debug)]
pub(super) enum Make {
    BodySha256,
    Url(Port),
    UnescapedUrl(&'static str),
    EscapedTarget,
    Query(&'static str, Case, Fence),
    SortedQuery,
    SortedForm(Repeats),
    SortedParams,
    /// This one of `signed_fields`.
    Field(usize, Fence),
    ListedNames,
    ListedValues(&'static str),
    ListedPairs(&'static str),
    Token,
}

impl Plan {
    /// What is read out of the signature's text.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            grammar: self.scheme.grammar,
            encoding: self.scheme.encoding,
            tag_len: self.scheme.algorithm.tag_len(),
            time: match self.scheme.time {
                TimeAt::InSignature { key, .. } => Some(key),
                _ => None,
            },
            listed: match self.scheme.listed.map(|listed| listed.at) {
                Some(ListedAt::InSignature(key)) => Some(key),
                _ => None,
            },
        }
    }

    pub(super) fn time_unit(&self) -> Option<TimeUnit> {
        match self.scheme.time {
            TimeAt::Nowhere => None,
            TimeAt::Header { unit, .. }
            | TimeAt::InSignature { unit, .. }
            | TimeAt::Param { unit, .. }
            | TimeAt::Body { unit, .. } => Some(unit),
            TimeAt::Claims(_) => Some(TimeUnit::Seconds),
        }
    }
}
