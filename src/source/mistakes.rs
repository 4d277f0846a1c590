//! Rows that make no sense.

use crate::{
    error::ConfigError,
    provider::Provider,
    scheme::{
        Covers, DigestAt, Grammar, Header, Listed, ListedAt, MAX_FAMILIES, MAX_MESSAGES, Part,
        Scheme, TimeAt,
    },
};

/// What makes no sense in a row, whatever the family.
pub(super) fn check(row: &Provider) -> Result<(), ConfigError> {
    let bad = |reason| {
        Err(ConfigError::BadRow {
            slug: row.slug,
            reason,
        })
    };
    if row.families.len() > MAX_FAMILIES {
        return bad("more than 4 header families");
    }
    if row.methods.is_empty() {
        return bad("no method");
    }
    if matches!(row.scheme.time, TimeAt::Nowhere) == row.tolerance.is_some() {
        return bad("a tolerance belongs to a signed time, and a signed time to a tolerance");
    }
    if let Some(mistake) = row.handshake.mistake(row).or_else(|| row.replies.mistake()) {
        return bad(mistake);
    }
    if row.scheme.chain().take(MAX_MESSAGES + 1).count() > MAX_MESSAGES {
        return bad("more than 4 ways of signing");
    }
    for scheme in row.scheme.chain() {
        check_scheme(row, scheme)?;
    }
    Ok(())
}

fn check_scheme(row: &Provider, scheme: &Scheme) -> Result<(), ConfigError> {
    let bad = |reason| {
        Err(ConfigError::BadRow {
            slug: row.slug,
            reason,
        })
    };
    let nothing = scheme.message.is_empty() && scheme.variants.is_empty() && scheme.older.is_none();
    let older = !std::ptr::eq(scheme, &row.scheme);
    if scheme.is_unsigned() && (older || !nothing || !matches!(scheme.time, TimeAt::Nowhere)) {
        return bad("without a signature there is nothing signed, and no other way to sign");
    }
    let time_is_written = matches!(
        scheme.time,
        TimeAt::Header { .. } | TimeAt::InSignature { .. }
    );
    for message in scheme.messages() {
        let count = |is_it: fn(&Part) -> bool| message.iter().filter(|part| is_it(part)).count();
        if count(|part| matches!(part, Part::Body | Part::Payload)) > 1 {
            return bad("the message must contain the body once");
        }
        let times = count(|part| matches!(part, Part::Timestamp));
        if times != usize::from(time_is_written && !lists_its_time(scheme)) {
            return bad("a time outside the body must be in the message exactly once");
        }
        let params = count(|part| matches!(part, Part::SortedParams)) > 0;
        if matches!(scheme.time, TimeAt::Param { .. }) && !params {
            return bad("a time in a parameter must be signed with all of them");
        }
    }
    if let TimeAt::Body { path, .. } = scheme.time
        && scheme.covers() != Covers::Body
    {
        let is_it = |part: &Part| matches!(part, Part::Field(signed) if *signed == path);
        if !scheme.messages().all(|message| message.iter().any(is_it)) {
            return bad("a time in the body must be signed");
        }
    }
    let groups = matches!(scheme.grammar, Grammar::Groups { .. });
    if scheme.variants.len() >= MAX_MESSAGES || (groups && !scheme.variants.is_empty()) {
        return bad("more than 4 messages");
    }
    let carries_time = matches!(
        scheme.grammar,
        Grammar::Pairs { .. } | Grammar::Groups { .. } | Grammar::Positional { .. }
    );
    if matches!(scheme.time, TimeAt::InSignature { .. }) && !carries_time {
        return bad("only lists carry a time in the signature's text");
    }
    if let Some(listed) = scheme.listed
        && !signs_its_list(scheme, &listed)
    {
        return bad("the names of the listed headers must be signed as well");
    }
    let jwt = matches!(scheme.grammar, Grammar::Jwt { .. });
    let needs_jwt = matches!(scheme.time, TimeAt::Claims(_))
        || scheme.url_digest.is_some()
        || matches!(
            scheme.digest,
            Some(DigestAt::Claim(..) | DigestAt::ClaimUnlessEmpty(..))
        );
    if needs_jwt && !jwt {
        return bad("only tokens have claims");
    }
    Ok(())
}

/// Otherwise whoever replays a delivery could list other headers and keep the joined text.
fn signs_its_list(scheme: &Scheme, listed: &Listed) -> bool {
    let in_message =
        |message: &[Part]| message.iter().any(|part| matches!(part, Part::ListedNames));
    match listed.at {
        ListedAt::Header(header) => {
            let is_it =
                |other: &Header| other.name == header.name && other.in_family == header.in_family;
            scheme.messages().all(in_message) || listed.required.iter().any(is_it)
        }
        ListedAt::InSignature(_) => scheme.messages().all(in_message),
    }
}

/// Whether the time's header must be among the listed ones.
fn lists_its_time(scheme: &Scheme) -> bool {
    let TimeAt::Header { header, .. } = scheme.time else {
        return false;
    };
    let mut required = scheme.listed.iter().flat_map(|listed| listed.required);
    required.any(|listed| listed.name == header.name && listed.in_family == header.in_family)
}
