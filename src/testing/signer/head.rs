//! The request without its signature: target and headers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header, request::Parts};

use super::{SignError, Signer, body, text};
use crate::{
    provider::Field,
    scheme::{DigestAt, Header, ListedAt, Part},
};

impl Signer {
    pub(super) fn put_target(&self, parts: &mut Parts, body: &Bytes) -> Result<(), SignError> {
        parts.uri = self.target.parse().map_err(|_| SignError::Target)?;
        let scheme = &self.row.scheme;
        for part in scheme.message {
            if let Part::Query(name, _) = part.inner() {
                add_to_query(parts, name, &self.id)?;
            }
        }
        if let Some(DigestAt::Query(name)) = scheme.digest {
            add_to_query(parts, name, &text::sha256_hex(body))?;
        }
        Ok(())
    }

    pub(super) fn put_headers(&self, parts: &mut Parts, body: &Bytes) -> Result<(), SignError> {
        let row = &self.row;
        for (fields, value) in [(row.envelope.id, &self.id), (row.envelope.kind, &self.kind)] {
            for header in headers(fields) {
                self.put(parts, header, value)?;
            }
        }
        for part in row.scheme.message {
            for part in std::iter::once(part).chain(inside(part)) {
                if let Part::Header(header) = part {
                    self.put(parts, *header, &self.id)?;
                }
            }
        }
        for (header, value) in row.scheme.require {
            self.put(parts, *header, value)?;
        }
        if let Some(kind) = body::content_type(row.payload, body) {
            parts.headers.insert(header::CONTENT_TYPE, kind);
        }
        Ok(())
    }

    /// Chooses the headers that are signed besides: those that must be, and the event's id.
    pub(super) fn listed(&self, parts: &mut Parts) -> Result<String, SignError> {
        let Some(listed) = self.row.scheme.listed else {
            return Ok(String::new());
        };
        let mut headers = listed.required.to_vec();
        headers.extend(self::headers(self.row.envelope.id));
        if let ListedAt::Header(header) = listed.at {
            headers.push(header);
        }
        let mut names: Vec<_> = headers
            .iter()
            .map(|header| header.name_in(self.family))
            .collect();
        names.sort();
        names.dedup();
        let names = names.join(&char::from(listed.separator).to_string());
        if let ListedAt::Header(header) = listed.at {
            self.put(parts, header, &names)?;
        }
        Ok(names)
    }

    pub(super) fn put(
        &self,
        parts: &mut Parts,
        header: Header,
        value: &str,
    ) -> Result<(), SignError> {
        let (name, value) = line(&header.name_in(self.family), value)?;
        parts.headers.insert(name, value);
        Ok(())
    }
}

/// The headers among these fields.
fn headers(fields: &[Field]) -> Vec<Header> {
    let of = |field: &Field| match field {
        Field::Header(header) => vec![*header],
        Field::Joined(fields) => headers(fields),
        _ => Vec::new(),
    };
    fields.iter().flat_map(of).collect()
}

fn inside(part: &'static Part) -> &'static [Part] {
    match part {
        Part::Optional(parts) => parts,
        _ => &[],
    }
}

pub(super) fn line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SignError> {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        _ => Err(SignError::Header {
            name: name.to_owned(),
        }),
    }
}

pub(super) fn add_to_query(parts: &mut Parts, name: &str, value: &str) -> Result<(), SignError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, value);
    let old = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let sign = if parts.uri.query().is_some() {
        '&'
    } else {
        '?'
    };
    let uri = format!("{old}{sign}{}", query.finish()).parse();
    parts.uri = uri.map_err(|_| SignError::Target)?;
    Ok(())
}
