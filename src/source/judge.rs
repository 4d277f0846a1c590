//! What is checked of a delivery, in order.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header, request::Parts};

use super::{
    Keys, Source,
    place::{Place, first, single},
    plan::{Border, Piece, Plan},
};
use crate::{
    clock::UnixTime,
    error::{Rejection, RejectionKind},
    event::{Event, Field, Head as EventHead, Verified},
    scheme::{TimeAt, TimeUnit, json, keys::Key, mac::Tag},
};

/// What was learnt from a delivery's head.
pub(crate) struct Head {
    plan: usize,
    signature: HeaderValue,
    /// The signature decoded, when there is only one.
    only: Option<Tag>,
    time: Option<SignedTime>,
}

struct SignedTime {
    text: HeaderValue,
    range: Range<usize>,
    at: UnixTime,
}

impl Source {
    /// Step 3 of a delivery: everything that can be said before a byte of the body is read.
    pub(crate) fn check_head(&self, parts: &Parts, now: UnixTime) -> Result<Head, RejectionKind> {
        if parts.method != Method::POST {
            return Err(RejectionKind::Method);
        }
        if declared_length(parts).is_some_and(|length| length > self.0.max_body as u64) {
            return Err(RejectionKind::TooLarge);
        }
        let mut codings = parts.headers.get_all(header::CONTENT_ENCODING).iter();
        if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(RejectionKind::ContentEncoding);
        }
        // The first family whose signature is there, and nothing of any other.
        let mut plans = self.0.plans.iter().enumerate();
        let (at, plan, signature) = plans
            .find_map(|(at, plan)| Some((at, plan, single(parts, &plan.signature).transpose()?)))
            .ok_or(RejectionKind::MissingSignature)?;
        let signature = signature.map_err(|_| RejectionKind::MalformedSignature)?;
        let (only, time) = self.header_time(parts, plan, signature)?;
        if let (Some(time), Some(unit)) = (&time, self.time_unit()) {
            self.check_fresh(time.at, unit, now)?;
        }
        for piece in &plan.message {
            if let Piece::Header(name, border) = piece {
                let value = single(parts, name)?.ok_or(RejectionKind::SignedHeader)?;
                check_signed_header(value, *border)?;
            }
        }
        Ok(Head {
            plan: at,
            signature: signature.clone(),
            only,
            time,
        })
    }

    /// Steps 6 and 7: the MAC, the body's own timestamp, and the envelope.
    pub(crate) fn check_body(
        &self,
        parts: &Parts,
        head: &Head,
        keys: &Keys,
        body: Bytes,
        now: UnixTime,
    ) -> Result<Event, Rejection> {
        let (event, key) = self.judge(parts, head, keys, body, now)?;
        if !keys.real {
            return Err(RejectionKind::UnknownTenant.into());
        }
        self.check_active(key, keys)?;
        Ok(event)
    }

    pub(super) fn judge<'k>(
        &self,
        parts: &Parts,
        head: &Head,
        keys: &'k Keys,
        body: Bytes,
        now: UnixTime,
    ) -> Result<(Event, &'k Key), RejectionKind> {
        if body.len() > self.0.max_body {
            return Err(RejectionKind::TooLarge);
        }
        let plan = self
            .0
            .plans
            .get(head.plan)
            .ok_or(RejectionKind::Misconfigured)?;
        let scheme = &self.0.row.scheme;
        let tag_len = scheme.algorithm.tag_len();
        let write =
            |into: &mut dyn FnMut(&[u8])| self.write_message(plan, parts, head, &body, into);
        let found = match head.only {
            Some(only) => keys.set.matching(std::iter::once(only), write),
            None => {
                let value = head.signature.as_bytes();
                let candidates = scheme.grammar.candidates(value, scheme.encoding, tag_len);
                keys.set.matching(candidates, write)
            }
        };
        let key = found.ok_or(if keys.real {
            RejectionKind::BadSignature
        } else {
            RejectionKind::UnknownTenant
        })?;
        let fields = json::scan(&body, &plan.paths);
        let mut signed_at = head.time.as_ref().map(|time| time.at);
        if let (Some(at), Some(unit)) = (plan.body_time, self.time_unit()) {
            let field = fields
                .get(at)
                .filter(|f| f.present)
                .ok_or(RejectionKind::MissingTimestamp)?;
            let text = field.text.as_deref().unwrap_or_default();
            let time = unit
                .parse(text.as_bytes())
                .ok_or(RejectionKind::MalformedTimestamp)?;
            self.check_fresh(time, unit, now)?;
            signed_at = Some(time);
        }
        let read = |places: &[Place]| first(places, parts, &fields);
        let head = EventHead {
            source: self.0.name.clone(),
            tenant: keys.tenant.clone(),
            id: read(&plan.id),
            kind: compose(read(&plan.kind), read(plan.kind_suffix.as_slice())),
            version: read(&plan.version),
            sent_at: read(&plan.sent_at),
            signed_at,
            received_at: now,
            secret: key.label.clone(),
            headers: self.kept(parts),
        };
        Ok((Event::new(head, body, Verified::by_signature()), key))
    }

    fn write_message(
        &self,
        plan: &Plan,
        parts: &Parts,
        head: &Head,
        body: &[u8],
        into: &mut dyn FnMut(&[u8]),
    ) {
        for piece in &plan.message {
            match piece {
                Piece::Body => into(body),
                Piece::Text(text) => into(text.as_bytes()),
                Piece::PublicUrl => into(self.0.public_url.as_bytes()),
                // Both were found by `check_head`; without them the tag cannot match.
                Piece::Timestamp => {
                    into(
                        head.time
                            .as_ref()
                            .map(SignedTime::bytes)
                            .unwrap_or_default(),
                    );
                }
                Piece::Header(name, _) => {
                    into(
                        parts
                            .headers
                            .get(name)
                            .map(HeaderValue::as_bytes)
                            .unwrap_or_default(),
                    );
                }
            }
        }
    }

    /// Checks the signature header's form and finds the time, in it or in a header of its own.
    /// Also answers the signature, when there is only one.
    fn header_time(
        &self,
        parts: &Parts,
        plan: &Plan,
        signature: &HeaderValue,
    ) -> Result<(Option<Tag>, Option<SignedTime>), RejectionKind> {
        let scheme = &self.0.row.scheme;
        let key = match scheme.time {
            TimeAt::InSignature { key, .. } => Some(key),
            _ => None,
        };
        let tag_len = scheme.algorithm.tag_len();
        let checked = scheme
            .grammar
            .check(signature.as_bytes(), scheme.encoding, tag_len, key)?;
        let (text, range, unit) = match (scheme.time, checked.time, &plan.time) {
            (TimeAt::InSignature { unit, .. }, Some(range), _) => (signature, range, unit),
            (TimeAt::Header { unit, .. }, _, Some(name)) => {
                let value = single(parts, name).map_err(|_| RejectionKind::MalformedTimestamp)?;
                let value = value.ok_or(RejectionKind::MissingTimestamp)?;
                (value, 0..value.len(), unit)
            }
            _ => return Ok((checked.only, None)),
        };
        let digits = text.as_bytes().get(range.clone()).unwrap_or_default();
        let at = unit
            .parse(digits)
            .ok_or(RejectionKind::MalformedTimestamp)?;
        let time = SignedTime {
            text: text.clone(),
            range,
            at,
        };
        Ok((checked.only, Some(time)))
    }

    fn check_fresh(
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

    fn time_unit(&self) -> Option<TimeUnit> {
        match self.0.row.scheme.time {
            TimeAt::Nowhere => None,
            TimeAt::Header { unit, .. }
            | TimeAt::InSignature { unit, .. }
            | TimeAt::Body { unit, .. } => Some(unit),
        }
    }

    /// Whether a key that matched has not been revoked since the snapshot was taken.
    fn check_active(&self, key: &Key, keys: &Keys) -> Result<(), RejectionKind> {
        let active = match (&self.0.tenants, keys.tenant.as_deref()) {
            (Some(tenants), Some(tenant)) => match tenants.known(tenant, &self.0.row.scheme) {
                Some(known) => known.has(key),
                None if tenants.withdrawals(tenant) == keys.withdrawals => true,
                // Not known to be revoked, nor to be still good: the sender is to come again.
                None => return Err(RejectionKind::Resolver),
            },
            _ => self.0.keys.load().has(key),
        };
        active.then_some(()).ok_or(RejectionKind::BadSignature)
    }

    fn kept(&self, parts: &Parts) -> Vec<(String, Bytes)> {
        let keep = |name: &HeaderName| {
            let value = parts.headers.get(name)?;
            Some((name.to_string(), Bytes::copy_from_slice(value.as_bytes())))
        };
        self.0.kept_headers.iter().filter_map(keep).collect()
    }
}

impl SignedTime {
    fn bytes(&self) -> &[u8] {
        self.text
            .as_bytes()
            .get(self.range.clone())
            .unwrap_or_default()
    }
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

/// A signed header may not contain the text that ends it: the signature would cover both readings.
fn check_signed_header(value: &HeaderValue, border: Border) -> Result<(), RejectionKind> {
    let text = value.to_str().map_err(|_| RejectionKind::SignedHeader)?;
    if text.is_empty() || !border.is_clear(text) {
        return Err(RejectionKind::SignedHeader);
    }
    Ok(())
}

/// `pull_request` and `opened` make `pull_request.opened`, as trustworthy as the weaker of the two.
fn compose(kind: Option<Field>, suffix: Option<Field>) -> Option<Field> {
    match (kind, suffix) {
        (Some(kind), Some(suffix)) => Some(Field {
            value: format!("{}.{}", kind.value, suffix.value),
            provenance: kind.provenance.max(suffix.provenance),
        }),
        (kind, _) => kind,
    }
}
