//! Where a field of the envelope is, resolved, and what is there.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, request::Parts};

use crate::{
    error::RejectionKind,
    event::{Field, Provenance},
    scheme::json::{Found, MAX_TEXT},
};

#[derive(Debug)]
pub(super) enum Place {
    Header(HeaderName, Provenance),
    /// The index of a path that the body is scanned for.
    Body(usize),
    BodyBeside(usize, Vec<usize>),
    Query(&'static str),
}

/// It is there twice, or in a form that two readers could read differently.
struct Ambiguous;

/// The first of these that is there. One that says two things ends the search without a result:
/// falling back to the next would let whoever made it ambiguous choose.
pub(super) fn first(places: &[Place], parts: &Parts, found: &[Found<'_>]) -> Option<Field> {
    for place in places {
        match place.read(parts, found) {
            Ok(None) => {}
            Ok(field) => return field,
            Err(Ambiguous) => return None,
        }
    }
    None
}

impl Place {
    fn read(&self, parts: &Parts, found: &[Found<'_>]) -> Result<Option<Field>, Ambiguous> {
        let (value, provenance): (Cow<'_, str>, _) = match self {
            Self::Header(name, provenance) => {
                let Some(value) = single(parts, name).map_err(|_| Ambiguous)? else {
                    return Ok(None);
                };
                let value = value.to_str().map_err(|_| Ambiguous)?.trim();
                (value.into(), *provenance)
            }
            Self::Body(at) => match text(found, *at)? {
                Some(text) => (text.into(), Provenance::Signed),
                None => return Ok(None),
            },
            Self::BodyBeside(at, marks) => {
                let present = |mark: &usize| found.get(*mark).is_some_and(|f| f.present);
                match text(found, *at)? {
                    Some(text) if marks.iter().any(present) => (text.into(), Provenance::Signed),
                    _ => return Ok(None),
                }
            }
            Self::Query(name) => {
                let query = parts.uri.query().unwrap_or_default().as_bytes();
                let mut values = form_urlencoded::parse(query).filter(|(key, _)| key == name);
                match (values.next(), values.next()) {
                    (None, _) => return Ok(None),
                    (Some((_, value)), None) => (value, Provenance::Unsigned),
                    (Some(_), Some(_)) => return Err(Ambiguous),
                }
            }
        };
        let usable = !value.is_empty() && value.len() <= MAX_TEXT;
        Ok(usable.then(|| Field {
            value: value.into_owned(),
            provenance,
        }))
    }
}

fn text<'f>(found: &'f [Found<'_>], at: usize) -> Result<Option<&'f str>, Ambiguous> {
    let Some(found) = found.get(at) else {
        return Ok(None);
    };
    if found.twice {
        return Err(Ambiguous);
    }
    Ok(found.text.as_deref())
}

/// The value of a header that may be absent but not there twice.
pub(super) fn single<'p>(
    parts: &'p Parts,
    name: &HeaderName,
) -> Result<Option<&'p HeaderValue>, RejectionKind> {
    let mut values = parts.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(RejectionKind::SignedHeader),
        (first, None) => Ok(first),
    }
}
