//! What can be said of a delivery before a byte of its body is read.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, header, request::Parts};

use super::{
    Source,
    border::Border,
    listed::listed_headers,
    made::query,
    place::single,
    plan::{Piece, Plan, Signature},
};
use crate::{
    clock::UnixTime,
    error::RejectionKind,
    scheme::{
        MAX_CANDIDATES, TimeAt, TimeUnit,
        candidates::{Claimed, Tags},
        form,
    },
};

/// What was learnt from a delivery's head.
pub(crate) struct Head {
    pub(super) plan: usize,
    /// `None` when the signature is in the payload, or nowhere.
    pub(super) claim: Option<Claim>,
}

/// What a signature's text claims.
pub(super) struct Claim {
    pub(super) first: Group,
    /// Nearly always empty.
    pub(super) more: Vec<Group>,
    /// The headers that the sender says it signed, and their names as written.
    pub(super) listed: Vec<HeaderName>,
    pub(super) names: Vec<u8>,
    /// The signature's text, where more is read out of it later.
    pub(super) text: Vec<u8>,
}

/// Signatures and the time that they were made with.
pub(super) struct Group {
    pub(super) tags: Tags,
    pub(super) time: Option<SignedTime>,
}

/// A signed time and its text as received.
#[derive(Clone, Copy)]
pub(super) struct SignedTime {
    text: [u8; Self::LONGEST],
    len: usize,
    pub(super) at: UnixTime,
}

impl Claim {
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl Source {
    /// Step 3 of a delivery.
    pub(crate) fn check_head(&self, parts: &Parts, now: UnixTime) -> Result<Head, RejectionKind> {
        if !self.0.row.methods.contains(&parts.method) {
            return Err(RejectionKind::Method);
        }
        if self.is_awaiting_enrolment() {
            return Err(RejectionKind::AwaitingEnrolment);
        }
        if declared_length(parts).is_some_and(|length| length > self.0.max_body as u64) {
            return Err(RejectionKind::TooLarge);
        }
        let mut codings = parts.headers.get_all(header::CONTENT_ENCODING).iter();
        if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(RejectionKind::ContentEncoding);
        }
        let (at, plan, texts) = self.plan_for(parts)?;
        for (name, value) in &plan.require {
            let found = single(parts, name)?.ok_or(RejectionKind::SignedHeader)?;
            if found.as_bytes() != value.as_bytes() {
                return Err(RejectionKind::SignedHeader);
            }
        }
        if let Some(name) = &plan.key_id {
            single(parts, name)?.ok_or(RejectionKind::MissingSignature)?;
        }
        check_signed_headers(parts, plan.messages.iter().flatten())?;
        let claim = texts
            .map(|texts| self.claim(plan, parts, &texts, now))
            .transpose()?;
        Ok(Head { plan: at, claim })
    }

    /// The first way of signing that the delivery shows, in the first header family whose signature
    /// is there, and nothing of any other.
    fn plan_for<'p>(&self, parts: &'p Parts) -> Result<Chosen<'_, 'p>, RejectionKind> {
        let only_way = self.0.plans.last().is_none_or(|plan| plan.way == 0);
        let (mut seen, mut otherwise) = (None, Err(RejectionKind::MissingSignature));
        for (at, plan) in self.0.plans.iter().enumerate() {
            if seen == Some(plan.way) {
                continue;
            }
            let texts = match plan.signature.in_head(parts) {
                Err(RejectionKind::MissingSignature) => continue,
                texts => texts,
            };
            seen = Some(plan.way);
            // What is there and cannot be read, twice say, is not rescued by an older way either.
            let texts = texts?;
            let wanted = plan.wanted();
            let is_there = texts
                .as_ref()
                .is_none_or(|texts| texts.iter().any(|text| wanted.is_there(text)));
            let chosen = Ok((at, plan, texts));
            if only_way || is_there {
                return chosen;
            }
            if matches!(otherwise, Err(RejectionKind::MissingSignature)) {
                otherwise = chosen;
            }
        }
        otherwise
    }

    /// Reads the signature's text and judges the time in it or in a header of its own.
    pub(super) fn claim(
        &self,
        plan: &Plan,
        parts: &Parts,
        texts: &Texts<'_>,
        now: UnixTime,
    ) -> Result<Claim, RejectionKind> {
        let wanted = plan.wanted();
        let mut texts = texts.iter();
        let text = texts.next().ok_or(RejectionKind::MissingSignature)?;
        let (mut claimed, more) = wanted.read(text)?;
        for text in texts {
            // Several places never come with times or lists of their own.
            let (other, _) = wanted.read(text)?;
            claimed.tags = claimed.tags.and(other.tags)?;
        }
        let header = self.header_time(plan, parts)?;
        let (listed, names) = listed_headers(plan, parts, &claimed, text)?;
        let grammar_needs_text = !wanted.jwt(text).is_empty();
        let group = |claimed: Claimed| self.group(plan, claimed, text, header, now);
        let (first, more) = fresh(group(claimed), more.into_iter().map(group))?;
        Ok(Claim {
            first,
            more,
            listed,
            names,
            text: if grammar_needs_text {
                text.to_vec()
            } else {
                Vec::new()
            },
        })
    }

    fn group(
        &self,
        plan: &Plan,
        claimed: Claimed,
        text: &[u8],
        header: Option<SignedTime>,
        now: UnixTime,
    ) -> Result<Group, RejectionKind> {
        let time = match (claimed.time, plan.scheme.time) {
            (Some(range), TimeAt::InSignature { unit, .. }) => {
                Some(SignedTime::read(text.get(range).unwrap_or_default(), unit)?)
            }
            _ => header,
        };
        if let (Some(time), Some(unit)) = (&time, plan.time_unit()) {
            self.check_fresh(time.at, unit, now)?;
        }
        Ok(Group {
            tags: claimed.tags,
            time,
        })
    }

    fn header_time(&self, plan: &Plan, parts: &Parts) -> Result<Option<SignedTime>, RejectionKind> {
        let (Some(name), TimeAt::Header { unit, .. }) = (&plan.time, plan.scheme.time) else {
            return Ok(None);
        };
        let value = single(parts, name).map_err(|_| RejectionKind::MalformedTimestamp)?;
        let value = value.ok_or(RejectionKind::MissingTimestamp)?;
        SignedTime::read(value.as_bytes(), unit).map(Some)
    }

    pub(super) fn check_fresh(
        &self,
        signed: UnixTime,
        unit: TimeUnit,
        now: UnixTime,
    ) -> Result<(), RejectionKind> {
        // Before 2001: a machine that has not learnt the time yet. Not the sender's fault.
        if self.0.tolerance.is_some() && now < UnixTime::from_secs(1_000_000_000) {
            return Err(RejectionKind::Clock);
        }
        self.0.tolerance.map_or(Ok(()), |tolerance| {
            tolerance.check(signed, now, unit.precision())
        })
    }
}

/// The groups that are fresh; the first one's refusal when none is.
fn fresh(
    first: Result<Group, RejectionKind>,
    more: impl Iterator<Item = Result<Group, RejectionKind>>,
) -> Result<(Group, Vec<Group>), RejectionKind> {
    match first {
        Ok(first) => Ok((first, more.filter_map(Result::ok).collect())),
        Err(why) => {
            let mut more = more.filter_map(Result::ok);
            let first = more.next().ok_or(why)?;
            Ok((first, more.collect()))
        }
    }
}

impl SignedTime {
    /// The longest text of a time, in bytes.
    const LONGEST: usize = 64;

    pub(super) fn read(text: &[u8], unit: TimeUnit) -> Result<Self, RejectionKind> {
        let at = unit.parse(text).ok_or(RejectionKind::MalformedTimestamp)?;
        let mut copy = [0; Self::LONGEST];
        let room = copy.get_mut(..text.len());
        room.ok_or(RejectionKind::MalformedTimestamp)?
            .copy_from_slice(text);
        Ok(Self {
            text: copy,
            len: text.len(),
            at,
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }
}

/// A plan, its place, and the signature's texts unless they are in the payload.
type Chosen<'s, 'p> = (usize, &'s Plan, Option<Texts<'p>>);

/// Where the signature stands: nearly always one text.
pub(super) enum Texts<'p> {
    One(Cow<'p, [u8]>),
    Many(Vec<&'p [u8]>),
}

impl Texts<'_> {
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let (one, many) = match self {
            Self::One(text) => (Some(&**text), &[][..]),
            Self::Many(texts) => (None, texts.as_slice()),
        };
        one.into_iter().chain(many.iter().copied())
    }
}

impl Signature {
    /// The texts; `None` when they are in the payload or nowhere.
    pub(super) fn in_head<'p>(&self, parts: &'p Parts) -> Result<Option<Texts<'p>>, RejectionKind> {
        let (missing, malformed) = (
            RejectionKind::MissingSignature,
            RejectionKind::MalformedSignature,
        );
        let one = |name: &HeaderName| single(parts, name).map_err(|_| malformed);
        let texts: Vec<_> = match self {
            Self::Header(name) => {
                let text = one(name)?.ok_or(missing)?.as_bytes();
                return Ok(Some(Texts::One(text.into())));
            }
            Self::AnyOf(names) => {
                let found = names.iter().filter_map(|name| one(name).transpose());
                let texts = found.map(|found| found.map(HeaderValue::as_bytes));
                texts.collect::<Result<_, _>>()?
            }
            Self::Lines(name) => {
                let lines = parts.headers.get_all(name).iter();
                lines.map(HeaderValue::as_bytes).collect()
            }
            Self::Query(name) => {
                let query = query(parts)?;
                let text = form::single(&query, name).ok_or(missing)?;
                return Ok(Some(Texts::One(text.as_bytes().to_vec().into())));
            }
            Self::Field(_) | Self::Param(_) | Self::Nowhere => return Ok(None),
        };
        match texts.len() {
            0 => Err(missing),
            1..=MAX_CANDIDATES => Ok(Some(Texts::Many(texts))),
            _ => Err(malformed),
        }
    }
}

/// Signed headers must be there once, and may not contain the text that ends them: the signature
/// would cover both readings.
fn check_signed_headers<'p>(
    parts: &Parts,
    pieces: impl Iterator<Item = &'p Piece>,
) -> Result<(), RejectionKind> {
    for piece in pieces {
        match piece {
            Piece::Header(name, border) => {
                let value = single(parts, name)?.ok_or(RejectionKind::SignedHeader)?;
                check_signed_header(value, *border)?;
            }
            Piece::Optional(inner) => {
                for piece in inner {
                    if let Piece::Header(name, border) = piece
                        && let Some(value) = single(parts, name)?
                    {
                        check_signed_header(value, *border)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_signed_header(value: &HeaderValue, border: Border) -> Result<(), RejectionKind> {
    let text = value.to_str().map_err(|_| RejectionKind::SignedHeader)?;
    if text.is_empty() || !border.is_clear(text) {
        return Err(RejectionKind::SignedHeader);
    }
    Ok(())
}

pub(crate) fn declared_length(parts: &Parts) -> Option<u64> {
    parts
        .headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
