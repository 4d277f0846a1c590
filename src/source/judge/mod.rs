//! What is checked of a delivery once its body is there: the MAC, the body's own timestamp, and the
//! envelope.

mod event;

use std::borrow::Cow;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{HeaderName, request::Parts};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    Keys, Source,
    content::Content,
    head::{Head, SignedTime, Texts},
    made::{Material, query},
    message::Message,
    plan::{Plan, Signature},
};
use crate::{
    clock::UnixTime,
    error::{Rejection, RejectionKind},
    event::{Event, Verified},
    scheme::{DigestAt, form, json, keys::Key},
};

impl Source {
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
        let plan = self.0.plans.get(head.plan);
        let delivery = Delivery {
            source: self,
            plan: plan.ok_or(RejectionKind::Misconfigured)?,
            parts,
            body: &body,
            content: Content::of(self.0.row.payload, parts, &body)?,
            keys,
            now,
        };
        let key = delivery.verify(head)?;
        let event = delivery.event(head, key)?;
        let proof = match self.0.unsigned {
            None => Verified::by_signature(),
            Some(_) => Verified::by_choice(),
        };
        Ok((Event::new(event, body, proof), key))
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

/// One delivery under judgement.
struct Delivery<'d, 'k> {
    source: &'d Source,
    plan: &'d Plan,
    parts: &'d Parts,
    body: &'d [u8],
    content: Content<'d>,
    keys: &'k Keys,
    now: UnixTime,
}

impl<'k> Delivery<'_, 'k> {
    /// Step 6, for the whole payload or for each of its items.
    fn verify(&self, head: &Head) -> Result<&'k Key, RejectionKind> {
        if !self
            .content
            .bytes(self.body)
            .starts_with(self.plan.scheme.opening.as_bytes())
        {
            return Err(RejectionKind::MissingPayload);
        }
        if self.plan.scheme.is_unsigned() {
            return self.keys.set.first().ok_or(RejectionKind::Misconfigured);
        }
        let paths = &self.plan.signed_fields;
        let key = match self.plan.scheme.items {
            Some(pointer) => {
                let mut first = None;
                for item in self.content.items(pointer)? {
                    let fields = json::scan(item.get().as_bytes(), paths);
                    let key = self.verify_one(head, &fields)?;
                    first = first.or(Some(key));
                }
                first.ok_or(RejectionKind::MissingPayload)?
            }
            None if paths.is_empty() => self.verify_one(head, &[])?,
            None => self.verify_one(head, &self.content.fields(paths))?,
        };
        self.check_query_digest()?;
        Ok(key)
    }

    fn verify_one(
        &self,
        head: &Head,
        fields: &[json::Found<'_>],
    ) -> Result<&'k Key, RejectionKind> {
        let found;
        let claim = match &head.claim {
            Some(claim) => claim,
            None => {
                let text = Texts::One(self.signature(fields)?);
                found = self.source.claim(self.plan, self.parts, &text, self.now)?;
                &found
            }
        };
        let message = Message::of(&Material {
            fields,
            token: &claim.text,
            listed: (&claim.names, &claim.listed),
            ..self.material()
        })?;
        let id = self.plan.key_id.as_ref();
        let id = id.map(|name| {
            self.parts
                .headers
                .get(name)
                .map_or(&b""[..], |id| id.as_bytes())
        });
        let mut key = None;
        // All of them, whichever matches.
        for group in claim.groups() {
            let time = group
                .time
                .as_ref()
                .map(SignedTime::bytes)
                .unwrap_or_default();
            for pieces in &self.plan.messages {
                let candidates = group.tags.as_slice();
                let write = |into: &mut dyn FnMut(&[u8])| message.write(pieces, time, into);
                let matching = self.keys.set.matching(self.plan.way, id, candidates, write);
                key = key.or(matching);
            }
        }
        key.ok_or(if self.keys.real {
            RejectionKind::BadSignature
        } else {
            RejectionKind::UnknownTenant
        })
    }

    /// A signature that is in the payload.
    fn signature<'f>(&self, fields: &'f [json::Found<'_>]) -> Result<Cow<'f, [u8]>, RejectionKind> {
        let (missing, malformed) = (
            RejectionKind::MissingSignature,
            RejectionKind::MalformedSignature,
        );
        match self.plan.signature {
            Signature::Field(at) => {
                let found = fields
                    .get(at)
                    .filter(|found| found.present)
                    .ok_or(missing)?;
                let text = found.text.as_deref().filter(|_| !found.twice);
                Ok(text.ok_or(malformed)?.as_bytes().into())
            }
            Signature::Param(name) => Ok(self.param(name, missing)?.into_bytes().into()),
            _ => Err(RejectionKind::Misconfigured),
        }
    }

    /// A parameter of the query or of the payload that is there once.
    fn param(&self, name: &str, missing: RejectionKind) -> Result<String, RejectionKind> {
        let payload = self.content.parameters().ok_or(missing)?;
        let all: Vec<_> = query(self.parts)?.into_iter().chain(payload).collect();
        let text = form::single(&all, name).ok_or(missing)?;
        Ok(text.to_owned())
    }

    /// A digest in the query is signed with the URL; what it is of must be checked besides.
    fn check_query_digest(&self) -> Result<(), RejectionKind> {
        let Some(DigestAt::Query(name)) = self.plan.scheme.digest else {
            return Ok(());
        };
        let query = query(self.parts)?;
        let text = form::single(&query, name).ok_or(RejectionKind::MissingPayload)?;
        let digest = HEXLOWER.encode(&Sha256::digest(self.body));
        let same = digest.as_bytes().ct_eq(text.as_bytes());
        bool::from(same)
            .then_some(())
            .ok_or(RejectionKind::BadSignature)
    }

    /// Of what is the same in every delivery; the rest is empty.
    fn material(&self) -> Material<'_> {
        Material {
            public_url: &self.source.0.public_url,
            plan: self.plan,
            parts: self.parts,
            body: self.body,
            content: &self.content,
            fields: &[],
            token: b"",
            listed: (b"", &[]),
        }
    }
}
