//! Where a field of the envelope is, resolved, and what is there.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, request::Parts};

use crate::{
    error::RejectionKind,
    event::{Field, Provenance},
    scheme::{form, json, json::MAX_TEXT},
};

use super::made::query;

#[derive(Debug)]
pub(super) enum Place {
    /// Signed, too, where the sender lists it as such.
    Header(HeaderName, Provenance),
    /// The index of a path that the payload is scanned for.
    Body(usize, Provenance),
    BodyBeside(usize, Vec<usize>, Provenance),
    Query(&'static str, Provenance),
    /// The index of a claim.
    Claim(usize),
    Joined(Vec<Self>),
}

/// Where places are looked up.
pub(super) struct Found<'f> {
    pub(super) parts: &'f Parts,
    pub(super) body: &'f [json::Found<'f>],
    pub(super) claims: &'f [json::Found<'f>],
    /// The headers that the sender chose to sign.
    pub(super) listed: &'f [HeaderName],
}

/// It is there twice, or in a form that two readers could read differently.
struct Ambiguous;

/// The first of these that is there; headers that the sender listed as signed before all others,
/// which anybody could have added. One that says two things ends the search without a result:
/// falling back to the next would let whoever made it ambiguous choose.
pub(super) fn first(places: &[Place], found: &Found<'_>) -> Option<Field> {
    let is_listed = |place: &&Place| match place {
        Place::Header(name, _) => found.listed.contains(name),
        _ => false,
    };
    let others = places.iter().filter(|place| !is_listed(place));
    for place in places.iter().filter(is_listed).chain(others) {
        match place.read(found) {
            Ok(None) => {}
            Ok(field) => return field,
            Err(Ambiguous) => return None,
        }
    }
    None
}

impl Place {
    fn read(&self, found: &Found<'_>) -> Result<Option<Field>, Ambiguous> {
        let (value, provenance): (Option<Cow<'_, str>>, _) = match self {
            Self::Header(name, provenance) => {
                let value = single(found.parts, name).map_err(|_| Ambiguous)?;
                let value = value.map(|value| value.to_str().map_err(|_| Ambiguous));
                let listed = found.listed.contains(name);
                (
                    value.transpose()?.map(|value| value.trim().into()),
                    if listed {
                        Provenance::Signed
                    } else {
                        *provenance
                    },
                )
            }
            Self::Body(at, provenance) => (text(found.body, *at)?.map(Cow::from), *provenance),
            Self::BodyBeside(at, marks, provenance) => {
                let text = text(found.body, *at)?;
                let is_beside = text.is_some() && any_mark(found.body, marks)?;
                (text.filter(|_| is_beside).map(Cow::from), *provenance)
            }
            Self::Query(name, provenance) => {
                let query = query(found.parts).map_err(|_| Ambiguous)?;
                let value = form::single(&query, name).map(|value| Cow::from(value.to_owned()));
                if value.is_none() && query.iter().any(|(found, _)| found == name) {
                    return Err(Ambiguous);
                }
                (value, *provenance)
            }
            Self::Claim(at) => (text(found.claims, *at)?.map(Cow::from), Provenance::Signed),
            Self::Joined(places) => match joined(places, found)? {
                Some(field) => (Some(field.value.into()), field.provenance),
                None => (None, Provenance::Unsigned),
            },
        };
        let usable = |value: &Cow<'_, str>| !value.is_empty() && value.len() <= MAX_TEXT;
        Ok(value.filter(usable).map(|value| Field {
            value: value.into_owned(),
            provenance,
        }))
    }
}

/// All of these with a colon between two, as trustworthy as the weakest.
fn joined(places: &[Place], found: &Found<'_>) -> Result<Option<Field>, Ambiguous> {
    let fields: Option<Vec<Field>> = places
        .iter()
        .map(|place| place.read(found).transpose())
        .collect::<Option<Result<_, _>>>()
        .transpose()?;
    Ok(fields.map(|fields| {
        let values: Vec<_> = fields.iter().map(|field| field.value.as_str()).collect();
        let weakest = fields.iter().map(|field| field.provenance).max();
        Field {
            value: values.join(":"),
            provenance: weakest.unwrap_or(Provenance::Unsigned),
        }
    }))
}

fn text<'f>(found: &'f [json::Found<'_>], at: usize) -> Result<Option<&'f str>, Ambiguous> {
    let Some(found) = found.get(at) else {
        return Ok(None);
    };
    if found.twice {
        return Err(Ambiguous);
    }
    Ok(found.text.as_deref())
}

/// Whether something is at one of these. One that is there twice could be `null` to one reader and
/// not to another, so it does not count, and leaves the answer open where no other one does.
fn any_mark(found: &[json::Found<'_>], marks: &[usize]) -> Result<bool, Ambiguous> {
    let marks = || marks.iter().filter_map(|mark| found.get(*mark));
    if marks().any(|mark| mark.present && !mark.twice) {
        return Ok(true);
    }
    if marks().any(|mark| mark.twice) {
        return Err(Ambiguous);
    }
    Ok(false)
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
