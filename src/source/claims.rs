//! The claims of a verified token, RFC 7519 section 4.1.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::plan::Plan;
use crate::{
    clock::UnixTime,
    error::RejectionKind,
    freshness::Tolerance,
    scheme::{
        ClaimedTime, DigestAt, Encoding, Grammar, TimeAt, TimeUnit,
        json::{self, Found},
        mac::Tag,
        token,
    },
};

/// A token's payload; empty for schemes without one.
#[derive(Default)]
pub(super) struct Claims(Vec<u8>);

impl Claims {
    /// Out of the signature's text, after it was verified.
    pub(super) fn of(plan: &Plan, text: &[u8]) -> Result<Self, RejectionKind> {
        let payload = token::payload(plan.wanted().jwt(text));
        payload.map(Self).ok_or(RejectionKind::MalformedSignature)
    }

    pub(super) fn is_token(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn fields(&self, paths: &[&'static str]) -> Vec<Found<'_>> {
        json::scan(&self.0, paths)
    }

    /// What is at one path. Twice is an error: a token that says two things says nothing.
    fn text(&self, path: &'static str) -> Result<Option<String>, RejectionKind> {
        let Some(found) = json::scan(&self.0, &[path]).pop() else {
            return Ok(None);
        };
        if found.twice || (found.present && found.text.is_none()) {
            return Err(RejectionKind::MalformedSignature);
        }
        Ok(token::text(found))
    }

    pub(super) fn check_issuer(&self, plan: &Plan) -> Result<(), RejectionKind> {
        match plan.scheme.grammar {
            Grammar::Jwt { issuer, .. } if !issuer.is_empty() => {
                let named = self.text("/iss")?;
                let same = named.is_some_and(|named| named == issuer);
                same.then_some(()).ok_or(RejectionKind::BadSignature)
            }
            _ => Ok(()),
        }
    }

    /// The digest of the body that the token covers in the body's place.
    pub(super) fn check_body(&self, plan: &Plan, body: &[u8]) -> Result<(), RejectionKind> {
        let (path, encoding, may_be_absent) = match plan.scheme.digest {
            Some(DigestAt::Claim(path, encoding)) => (path, encoding, false),
            Some(DigestAt::ClaimUnlessEmpty(path, encoding)) => (path, encoding, true),
            _ => return Ok(()),
        };
        match self.text(path)? {
            None if may_be_absent && body.is_empty() => Ok(()),
            Some(_) if may_be_absent && body.is_empty() => Err(RejectionKind::BadSignature),
            None => Err(RejectionKind::MissingPayload),
            Some(claimed) => same_digest(&claimed, encoding, body),
        }
    }

    /// The digest of the URL. Asks for the URL only when there is one.
    pub(super) fn check_url(
        &self,
        plan: &Plan,
        url: impl FnOnce() -> String,
    ) -> Result<(), RejectionKind> {
        let Some(path) = plan.scheme.url_digest else {
            return Ok(());
        };
        let claimed = self.text(path)?.ok_or(RejectionKind::MissingPayload)?;
        same_digest(&claimed, Encoding::Hex, url().as_bytes())
    }

    /// Whether the token is in its life, and when that began. Without a tolerance it always is.
    pub(super) fn check_time(
        &self,
        plan: &Plan,
        tolerance: Option<Tolerance>,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, RejectionKind> {
        let TimeAt::Claims(which) = plan.scheme.time else {
            return Ok(None);
        };
        let time = |path| -> Result<UnixTime, RejectionKind> {
            let text = self.text(path)?.ok_or(RejectionKind::MissingTimestamp)?;
            let time = TimeUnit::Seconds.parse(text.as_bytes());
            time.ok_or(RejectionKind::MalformedTimestamp)
        };
        let (starts, ends) = match which {
            ClaimedTime::IssuedAt => (Some(time("/iat")?), None),
            ClaimedTime::Window => (Some(time("/nbf")?), Some(time("/exp")?)),
            ClaimedTime::Expiry => (None, Some(time("/exp")?)),
        };
        let Some(tolerance) = tolerance else {
            return Ok(starts);
        };
        if now < UnixTime::from_secs(1_000_000_000) {
            return Err(RejectionKind::Clock);
        }
        if let (Some(issued), None) = (starts, ends) {
            tolerance.check(issued, now, TimeUnit::Seconds.precision())?;
        }
        // Claims are whole seconds, and so is the clock that they are compared with.
        let now = UnixTime::from_secs(now.as_secs());
        if starts.is_some_and(|at| at.saturating_since(now) > tolerance.future()) {
            return Err(RejectionKind::Future);
        }
        if ends.is_some_and(|at| now.saturating_since(at) > tolerance.past()) {
            return Err(RejectionKind::Stale);
        }
        Ok(starts)
    }
}

fn same_digest(claimed: &str, encoding: Encoding, of: &[u8]) -> Result<(), RejectionKind> {
    let digest = encoding.encode(&Tag::new(&Sha256::digest(of)));
    let same = digest.as_bytes().ct_eq(claimed.as_bytes());
    bool::from(same)
        .then_some(())
        .ok_or(RejectionKind::BadSignature)
}
