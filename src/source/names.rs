//! A row's names, resolved: those of headers in one family, and those of fields by their place.

use http::HeaderName;

use super::plan::Signature;
use crate::{
    error::ConfigError,
    provider::Provider,
    scheme::{Header, MAX_CANDIDATES, SignatureAt},
};

/// Turns a row's header names into real ones.
pub(super) struct Names<'r> {
    pub(super) row: &'r Provider,
    pub(super) family: &'r str,
}

impl Names<'_> {
    pub(super) fn bad(&self, reason: &'static str) -> ConfigError {
        ConfigError::BadRow {
            slug: self.row.slug,
            reason,
        }
    }

    pub(super) fn of(&self, header: Header) -> Result<HeaderName, ConfigError> {
        HeaderName::try_from(header.name_in(self.family))
            .map_err(|_| self.bad("a header name is malformed"))
    }

    pub(super) fn signature(
        &self,
        at: SignatureAt,
        fields: &mut Vec<&'static str>,
    ) -> Result<Signature, ConfigError> {
        Ok(match at {
            SignatureAt::Header(header) => Signature::Header(self.of(header)?),
            SignatureAt::Lines(header) => Signature::Lines(self.of(header)?),
            SignatureAt::AnyOf(headers) => {
                let names = headers.iter().map(|header| self.of(*header));
                Signature::AnyOf(names.collect::<Result<_, _>>()?)
            }
            SignatureAt::Numbered(header) => {
                let prefix = header.name_in(self.family);
                let name = |n| {
                    HeaderName::try_from(format!("{prefix}{n}"))
                        .map_err(|_| self.bad("a header name is malformed"))
                };
                Signature::AnyOf((1..=MAX_CANDIDATES).map(name).collect::<Result<_, _>>()?)
            }
            SignatureAt::Query(name) => Signature::Query(name),
            SignatureAt::Field(path) => Signature::Field(index(fields, path)),
            SignatureAt::Param(name) => Signature::Param(name),
            SignatureAt::Nowhere => Signature::Nowhere,
        })
    }
}

/// The place of a path among those that are looked for.
pub(super) fn index(paths: &mut Vec<&'static str>, path: &'static str) -> usize {
    let known = paths.iter().position(|known| *known == path);
    known.unwrap_or_else(|| {
        paths.push(path);
        paths.len() - 1
    })
}
