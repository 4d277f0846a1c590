//! What rows are written with.
#![allow(unused_imports)] // Each kind of row needs its own part of it.

pub(super) use std::time::Duration;

pub(super) use http::Method;

pub(super) use super::{
    Answer, Asked, Challenge, ChallengeAt, Charset, Confidence, Envelope, Evidence, Field,
    Handshake, MIB, Must, NoId, Payload, Provider, Replies, Retries, Sender, SignedTime, hours,
    secs,
};
pub(super) use crate::{
    error::RejectionKind,
    freshness::Tolerance,
    scheme::{
        Algorithm, Case, ClaimedTime, DigestAt, Encoding, Grammar, Header, KeyDecoding, KeyId,
        Listed, ListedAt, Part, Port, Repeats, Scheme, SignatureAt, TimeAt, TimeUnit,
    },
};
