//! Where in a delivery the signature is, and which headers a row needs.

use hookgate::{
    provider::Provider,
    scheme::{Algorithm, Header, KeyId, ListedAt, Part, Scheme, SignatureAt, TimeAt},
};
use http::{HeaderName, request::Parts};

use super::out::shortened;

/// A scheme and its older ways.
pub(crate) fn ways(scheme: &Scheme) -> impl Iterator<Item = &Scheme> {
    std::iter::successors(Some(scheme), |scheme| scheme.older)
}

/// The names that a header has in the row's families.
fn names(row: &Provider, header: Header) -> Vec<HeaderName> {
    let families = match row.families {
        [] => &[""],
        families => families,
    };
    let mut names: Vec<_> = families
        .iter()
        .filter_map(|family| HeaderName::try_from(header.name_in(family)).ok())
        .collect();
    names.dedup();
    names
}

/// The headers in which a signature of this row may be.
pub(crate) fn signature_headers(row: &Provider) -> Vec<HeaderName> {
    let mut all = Vec::new();
    for scheme in ways(&row.scheme) {
        match scheme.signature {
            SignatureAt::Header(header) | SignatureAt::Lines(header) => {
                all.extend(names(row, header));
            }
            SignatureAt::AnyOf(headers) => {
                all.extend(headers.iter().flat_map(|header| names(row, *header)));
            }
            SignatureAt::Numbered(header) => {
                for name in names(row, header) {
                    let numbered = (1..=4).map(|n| HeaderName::try_from(format!("{name}{n}")));
                    all.extend(numbered.filter_map(Result::ok));
                }
            }
            _ => {}
        }
    }
    all
}

/// All headers without which nothing is verified, the signature's among them.
pub(crate) fn needed_headers(row: &Provider) -> Vec<HeaderName> {
    let mut all = signature_headers(row);
    for scheme in ways(&row.scheme) {
        let parts = scheme.message.iter().flat_map(|part| match part {
            Part::Optional(parts) => parts,
            part => std::slice::from_ref(part),
        });
        let signed = parts.filter_map(|part| match part {
            Part::Header(header) => Some(*header),
            _ => None,
        });
        let listed = scheme.listed.iter().flat_map(|listed| {
            let list = match listed.at {
                ListedAt::Header(header) => Some(header),
                ListedAt::InSignature(_) => None,
            };
            list.into_iter().chain(listed.required.iter().copied())
        });
        let time = match scheme.time {
            TimeAt::Header { header, .. } => Some(header),
            _ => None,
        };
        let id = match scheme.key_id {
            KeyId::Header(header) => Some(header),
            _ => None,
        };
        let required = scheme.require.iter().map(|(header, _)| *header);
        let headers = signed.chain(listed).chain(time).chain(id).chain(required);
        all.extend(headers.flat_map(|header| names(row, header)));
    }
    let mut seen = Vec::new();
    all.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    all
}

/// What carries the signature of this delivery, shortened: `stripe-signature: t=1790000000,v1=5a0f21…`.
/// A token is the secret itself, and nothing of it is shown.
pub(crate) fn carried(row: &Provider, parts: &Parts) -> Vec<String> {
    let token = matches!(row.scheme.algorithm, Algorithm::Token);
    let mut lines = Vec::new();
    for name in signature_headers(row) {
        for value in parts.headers.get_all(&name) {
            let text = String::from_utf8_lossy(value.as_bytes());
            lines.push(match token {
                true => format!("{name}: (the secret itself)"),
                false => format!("{name}: {}", shortened(&text)),
            });
        }
    }
    match row.scheme.signature {
        SignatureAt::Query(name) => lines.push(format!("the query's {name}")),
        SignatureAt::Field(path) => lines.push(format!("the payload's {path}")),
        SignatureAt::Param(name) => lines.push(format!("the parameter {name}")),
        _ => {}
    }
    lines
}
