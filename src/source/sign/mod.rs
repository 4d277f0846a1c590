//! The other side, for tests and tools: the signatures that a sender would make.

mod error;

use bytes::Bytes;
use http::{HeaderName, request::Parts};

pub use self::error::SignError;
use super::{
    content::Content,
    made::Material,
    message::Message,
    plan::{Make, Plan},
};
use crate::{
    error::ConfigError,
    provider::{Payload, Provider},
    scheme::{KeySet, json, mac::Tag},
    secret::Secret,
};

/// How a row signs, for one of its header families.
#[derive(Debug)]
pub(crate) struct Signing {
    plan: Plan,
    payload: Payload,
    keys: KeySet,
}

/// What is signed.
pub(crate) struct Draft<'d> {
    pub(crate) public_url: &'d str,
    pub(crate) parts: &'d Parts,
    pub(crate) body: &'d Bytes,
    /// One item of a batch.
    pub(crate) item: Option<&'d [u8]>,
    pub(crate) time: &'d str,
    /// A token as it is sent, whose last segment may be anything.
    pub(crate) token: &'d str,
    /// The names of the headers that are signed besides.
    pub(crate) listed: &'d str,
}

impl Signing {
    pub(crate) fn new(
        row: &Provider,
        family: &str,
        secrets: &[Secret],
    ) -> Result<Self, ConfigError> {
        let families = row.families.iter().position(|known| *known == family);
        let plan = Plan::all(row)?
            .into_iter()
            .nth(families.unwrap_or_default());
        Ok(Self {
            plan: plan.ok_or(ConfigError::Unknown {
                what: "header family",
                name: family.to_owned(),
            })?,
            payload: row.payload,
            keys: KeySet::new(&row.scheme, secrets)?,
        })
    }

    /// The name by which deliveries call each key, where they do.
    pub(crate) fn key_ids(&self) -> impl Iterator<Item = Option<&str>> {
        self.keys.iter().map(|key| key.id.as_deref())
    }

    /// One signature a key, over the first message.
    pub(crate) fn tags(&self, draft: &Draft<'_>) -> Result<Vec<Tag>, SignError> {
        let content = Content::of(self.payload, draft.parts, draft.body);
        let content = content.map_err(|_| SignError::NotAForm)?;
        let paths = &self.plan.signed_fields;
        let fields = match draft.item {
            Some(item) => json::scan(item, paths),
            None => content.fields(paths),
        };
        let separator = self
            .plan
            .scheme
            .listed
            .map_or(b' ', |listed| listed.separator);
        let listed: Vec<_> = draft
            .listed
            .split(char::from(separator))
            .filter_map(|name| HeaderName::try_from(name).ok())
            .collect();
        let material = Material {
            public_url: draft.public_url,
            plan: &self.plan,
            parts: draft.parts,
            body: draft.body,
            content: &content,
            fields: &fields,
            token: draft.token.as_bytes(),
            listed: (draft.listed.as_bytes(), &listed),
        };
        let message = Message::of(&material).map_err(|_| self.lack(&material))?;
        let pieces = self.plan.messages.first().map_or(&[][..], Vec::as_slice);
        let write =
            |into: &mut dyn FnMut(&[u8])| message.write(pieces, draft.time.as_bytes(), into);
        Ok(self.keys.iter().map(|key| key.mac.tag(write)).collect())
    }

    /// What the first value that cannot be made of this is made of.
    fn lack(&self, material: &Material<'_>) -> SignError {
        let mut makes = self.plan.makes.iter();
        match makes.find(|make| material.one(**make).is_err()) {
            Some(Make::Field(at, _)) => SignError::Field {
                path: self.plan.signed_fields.get(*at).copied().unwrap_or("/"),
            },
            Some(Make::Query(name, ..)) => SignError::Query { name },
            Some(Make::SortedForm(_) | Make::SortedParams) => SignError::NoParameters,
            Some(Make::ListedValues(_) | Make::ListedPairs(_)) => {
                let has_none = |name: &&HeaderName| !material.parts.headers.contains_key(*name);
                let name = material.listed.1.iter().find(has_none);
                SignError::Header {
                    name: name.map(ToString::to_string).unwrap_or_default(),
                }
            }
            _ => SignError::Target,
        }
    }
}
