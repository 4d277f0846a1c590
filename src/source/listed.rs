//! The headers that a sender chose to sign, and named: which they are, and that nobody has moved the
//! places where one value ends and the next begins.

use http::{HeaderName, request::Parts};

use super::{border::Fence, place::single, plan::Plan};
use crate::{
    error::RejectionKind,
    scheme::{ListedAt, Part, candidates::Claimed},
};

/// More headers than this are not listed.
const MAX_LISTED: usize = 32;

/// The headers that the sender names as signed, and their names as written. All must be there,
/// once; those that the row requires must be among them.
pub(super) fn listed_headers(
    plan: &Plan,
    parts: &Parts,
    claimed: &Claimed,
    text: &[u8],
) -> Result<(Vec<HeaderName>, Vec<u8>), RejectionKind> {
    let why = RejectionKind::SignedHeader;
    let Some(listed) = plan.scheme.listed else {
        return Ok((Vec::new(), Vec::new()));
    };
    let names = match (listed.at, &plan.listed) {
        (ListedAt::Header(_), Some(name)) => single(parts, name)?.ok_or(why)?.as_bytes(),
        _ => claimed
            .listed
            .clone()
            .and_then(|at| text.get(at))
            .ok_or(why)?,
    };
    check_names(plan, names)?;
    let mut headers = Vec::new();
    for name in names.split(|byte| *byte == listed.separator) {
        let name = HeaderName::from_bytes(name.trim_ascii()).map_err(|_| why)?;
        let value = single(parts, &name)?.ok_or(why)?;
        if headers.len() == MAX_LISTED || headers.contains(&name) {
            return Err(why);
        }
        check_value(plan, &name, value.to_str().map_err(|_| why)?)?;
        headers.push(name);
    }
    if !plan.required.iter().all(|name| headers.contains(name))
        || !pairs_are_clear(plan, parts, &headers)
    {
        return Err(why);
    }
    Ok((headers, names.to_vec()))
}

/// Where the names are signed, they must not contain what ends them: a header's name may have a
/// full stop in it.
fn check_names(plan: &Plan, names: &[u8]) -> Result<(), RejectionKind> {
    let why = RejectionKind::SignedHeader;
    let names = std::str::from_utf8(names).map_err(|_| why)?;
    for message in plan.scheme.messages() {
        let at = message
            .iter()
            .position(|part| matches!(part, Part::ListedNames));
        if at.is_some_and(|at| !Fence::around(at, message).is_clear(names)) {
            return Err(why);
        }
    }
    Ok(())
}

/// Values are joined. With as many joints as the row says in each, the same bytes are no other
/// values.
fn check_value(plan: &Plan, name: &HeaderName, value: &str) -> Result<(), RejectionKind> {
    let joint = plan.scheme.message.iter().find_map(|part| match part {
        Part::ListedValues(joint) => Some(*joint),
        _ => None,
    });
    let known = plan.joints.iter().find(|(known, _)| known == name);
    let expected = known.map_or(0, |(_, count)| *count);
    match joint {
        Some(joint) if value.matches(joint).count() != expected => Err(RejectionKind::SignedHeader),
        _ => Ok(()),
    }
}

/// With the list itself among them it is enough that no value holds another pair's beginning.
fn pairs_are_clear(plan: &Plan, parts: &Parts, headers: &[HeaderName]) -> bool {
    plan.scheme.message.iter().all(|part| match part {
        Part::ListedPairs(joint) => {
            let starts: Vec<_> = headers
                .iter()
                .map(|name| format!("{joint}{name}:"))
                .collect();
            let values = headers.iter().filter_map(|name| parts.headers.get(name));
            let mut texts = values.filter_map(|value| value.to_str().ok());
            texts.all(|text| !starts.iter().any(|start| text.contains(start)))
        }
        _ => true,
    })
}
