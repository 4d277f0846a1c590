//! Step 7: what a genuine delivery says.

use std::borrow::Cow;

use http::request::Parts;
use sha2::{Digest, Sha256};

use super::Delivery;
use crate::{
    clock::UnixTime,
    error::RejectionKind,
    event::{Field, Head as EventHead, trace::TraceParent},
    scheme::{Covers, Port, TimeAt, json, keys::Key},
    source::{
        claims::Claims,
        content::Content,
        head::{Claim, Head},
        made::url,
        place::{Found, Place, first},
        plan::Make,
    },
};

impl Delivery<'_, '_> {
    /// Of what is signed of the body, where that is decoded: whoever captured a delivery can write
    /// the same in other bytes.
    fn digest(&self) -> Result<Option<[u8; 32]>, RejectionKind> {
        if self.plan.signs_bytes || self.plan.covers != Covers::Body {
            return Ok(None);
        }
        let is_decoded = |make: &&Make| matches!(make, Make::SortedForm(_) | Make::SortedParams);
        let text = match (self.plan.makes.iter().find(is_decoded), &self.content) {
            (Some(make), _) => self.material().one(*make)?,
            // A line's end behind it may be signed or not.
            (None, Content::Field(text, _)) => Some(Cow::from(text.trim_ascii_end())),
            (None, _) => None,
        };
        Ok(text.map(|text| Sha256::digest(text).into()))
    }

    /// Step 7. The delivery is genuine.
    pub(super) fn event(&self, head: &Head, key: &Key) -> Result<EventHead, RejectionKind> {
        let plan = self.plan;
        let claim = head.claim.as_ref();
        let fields = self.content.fields(&plan.paths);
        let in_head = claim.and_then(|claim| claim.first.time);
        let mut signed_at = in_head.map(|time| time.at);
        if let Some(time) = self.payload_time(&fields)? {
            signed_at = Some(time);
        }
        let claims = match claim {
            Some(claim) if !claim.text.is_empty() => Claims::of(plan, &claim.text)?,
            _ => Claims::default(),
        };
        if let Some(issued) = self.check_claims(&claims)? {
            signed_at = Some(issued);
        }
        let claimed = claims.fields(&plan.claims);
        let found = Found {
            parts: self.parts,
            body: &fields,
            claims: &claimed,
            listed: claim
                .map(|claim: &Claim| claim.listed.as_slice())
                .unwrap_or_default(),
        };
        let read = |places: &[Place]| first(places, &found);
        Ok(EventHead {
            source: self.source.0.name.clone(),
            tenant: self.keys.tenant.clone(),
            id: read(&plan.id),
            kind: compose(read(&plan.kind), read(plan.kind_suffix.as_slice())),
            version: read(&plan.version),
            sent_at: read(&plan.sent_at),
            signed_at,
            received_at: self.now,
            secret: key.label.clone(),
            covers: plan.covers,
            digest: self.digest()?,
            headers: self.source.kept(self.parts),
            trace_parent: trace_parent(self.parts),
        })
    }

    /// The time in the payload, for schemes that have it there, if it is fresh.
    fn payload_time(&self, fields: &[json::Found<'_>]) -> Result<Option<UnixTime>, RejectionKind> {
        let missing = RejectionKind::MissingTimestamp;
        let (text, unit) = match (self.plan.scheme.time, self.plan.body_time) {
            (TimeAt::Body { unit, .. }, Some(at)) => {
                let found = fields.get(at).filter(|found| found.present);
                let text = found.ok_or(missing)?.text.as_deref();
                (Cow::from(text.unwrap_or_default()), unit)
            }
            (TimeAt::Param { name, unit }, _) => (self.param(name, missing)?.into(), unit),
            _ => return Ok(None),
        };
        let time = unit.parse(text.as_bytes());
        let time = time.ok_or(RejectionKind::MalformedTimestamp)?;
        self.source.check_fresh(time, unit, self.now)?;
        Ok(Some(time))
    }

    fn check_claims(&self, claims: &Claims) -> Result<Option<UnixTime>, RejectionKind> {
        if !claims.is_token() {
            return Ok(None);
        }
        claims.check_issuer(self.plan)?;
        claims.check_body(self.plan, self.body)?;
        claims.check_url(self.plan, || {
            url(&self.source.0.public_url, self.parts, Port::AsConfigured)
        })?;
        claims.check_time(self.plan, self.source.0.tolerance, self.now)
    }
}

/// Set by proxies, and by anybody else: for tracing only.
fn trace_parent(parts: &Parts) -> Option<TraceParent> {
    let mut values = parts.headers.get_all("traceparent").iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    TraceParent::parse(only.as_bytes())
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
