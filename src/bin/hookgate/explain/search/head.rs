//! What proxies and frameworks do to heads.

use http::{HeaderName, HeaderValue, header, request::Parts};
use percent_encoding::percent_decode;

use hookgate::scheme::{Grammar, SignatureAt};

use crate::{
    explain::{case::Case, change::Change},
    shared::carrier::{needed_headers, signature_headers},
};

/// What is known to happen.
pub(super) fn changes(case: &Case) -> Vec<Change> {
    let mut all = Vec::new();
    for name in needed_headers(&case.row) {
        all.extend(values(case, &name));
    }
    all.extend(prefixes(case));
    all.extend(rules(case));
    if case.parts.headers.contains_key(header::CONTENT_ENCODING) {
        let says = "the body is no longer compressed, but Content-Encoding still says so: something in \
                    front undid it and left the header";
        let mut parts = case.parts.clone();
        parts.headers.remove(header::CONTENT_ENCODING);
        all.push(Change::head("content_encoding", says, parts));
    }
    for method in case
        .row
        .methods
        .iter()
        .filter(|method| **method != case.parts.method)
    {
        let says = format!("the delivery was sent as {method}");
        let mut parts = case.parts.clone();
        parts.method = method.clone();
        all.push(Change::head("method", says, parts));
    }
    all.extend(content_types(case));
    all
}

/// Headers that nobody would look for: any of the delivery's under the name of one that is missing.
pub(super) fn renames(case: &Case) -> Vec<Change> {
    let mut all = Vec::new();
    for name in missing(case) {
        for (other, value) in &case.parts.headers {
            let says = format!("the header {name} is missing; its value came as {other}");
            let mut parts = case.parts.clone();
            parts.headers.insert(name.clone(), value.clone());
            all.push(Change::head("header_renamed", says, parts));
        }
    }
    all
}

/// Headers that the row needs and that are not there.
fn missing(case: &Case) -> impl Iterator<Item = HeaderName> {
    let needed = needed_headers(&case.row).into_iter();
    needed.filter(|name| !case.parts.headers.contains_key(name))
}

/// A value with something around it, or there twice.
fn values(case: &Case, name: &HeaderName) -> Vec<Change> {
    let mut all = Vec::new();
    let mut change = |kind, says: String, value: &[u8]| {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            let mut parts = case.parts.clone();
            parts.headers.insert(name.clone(), value);
            all.push(Change::head(kind, says, parts));
        }
    };
    let found: Vec<_> = case.parts.headers.get_all(name).iter().collect();
    let Some(first) = found.first().map(|value| value.as_bytes()) else {
        return all;
    };
    if found.len() > 1 {
        let says = format!("the header {name} is there {} times", found.len());
        for value in &found {
            change("header_doubled", says.clone(), value.as_bytes());
        }
        return all;
    }
    let plain = first.trim_ascii();
    let plain = match plain {
        [quote @ (b'"' | b'\''), inner @ .., last] if quote == last => inner.trim_ascii(),
        plain => plain,
    };
    if plain != first {
        change(
            "header_value",
            format!("the header {name} has quotes or white space around it"),
            plain,
        );
    }
    let commas: Vec<_> = first
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .collect();
    for half in [commas.len() / 2, 1] {
        let (one, rest) = commas.split_at(half.min(commas.len()));
        if !one.is_empty() && rest.chunks(one.len()).all(|again| again == one) && !rest.is_empty() {
            let says = format!("the header {name} was there several times and was joined to one");
            change("header_doubled", says, &one.join(&b","[..]));
        }
    }
    if first.contains(&b'%') {
        let says = format!("the header {name} was percent-encoded on its way");
        change(
            "header_value",
            says,
            &percent_decode(first).collect::<Vec<_>>(),
        );
    }
    all
}

/// `sha256=` that was cut off.
fn prefixes(case: &Case) -> Vec<Change> {
    let (Grammar::Prefix(prefix), SignatureAt::Header(_)) =
        (case.row.scheme.grammar, case.row.scheme.signature)
    else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for name in signature_headers(&case.row) {
        let value = case.parts.headers.get(&name);
        let whole = value.map(|value| [prefix.as_bytes(), value.as_bytes()].concat());
        if let Some(Ok(whole)) = whole.map(|whole| HeaderValue::from_bytes(&whole)) {
            let says = format!("the header {name} has lost its `{}`", prefix.trim_end());
            let mut parts = case.parts.clone();
            parts.headers.insert(name, whole);
            all.push(Change::head("header_prefix", says, parts));
        }
    }
    all
}

/// Names that were changed by a rule, all at once.
fn rules(case: &Case) -> Vec<Change> {
    type Rule = fn(&str) -> Option<String>;
    const RULES: [Rule; 6] = [
        |name| Some(name.replace('_', "-")),
        |name| Some(name.replace('_', "-").strip_prefix("http-")?.to_owned()),
        |name| Some(name.strip_prefix("x-forwarded-")?.to_owned()),
        |name| Some(format!("x-{}", name.strip_prefix("x-forwarded-")?)),
        |name| Some(name.strip_prefix("x-original-")?.to_owned()),
        |name| Some(format!("x-{name}")),
    ];
    let missing: Vec<_> = missing(case).collect();
    let renamed = |rule: &Rule| -> Option<Change> {
        let (mut parts, mut pairs) = (case.parts.clone(), Vec::new());
        for (name, value) in &case.parts.headers {
            let new = rule(name.as_str())
                .or_else(|| rule(name.as_str().strip_prefix("x-")?).map(|name| format!("x-{name}")))
                .and_then(|new| HeaderName::try_from(new).ok());
            if let Some(new) = new.filter(|new| missing.contains(new)) {
                pairs.push(format!("{new} came as {name}"));
                parts.headers.insert(new, value.clone());
            }
        }
        let says = format!("headers were renamed on their way: {}", pairs.join(", "));
        (!pairs.is_empty()).then(|| Change::head("header_renamed", says, parts))
    };
    RULES.iter().filter_map(renamed).collect()
}

/// What says that a body is a form.
fn content_types(case: &Case) -> Vec<Change> {
    let with = |value: Option<HeaderValue>| {
        let mut parts: Parts = case.parts.clone();
        let old = parts.headers.remove(header::CONTENT_TYPE);
        let now = value.clone();
        if let Some(value) = value {
            parts.headers.insert(header::CONTENT_TYPE, value);
        }
        (old != now).then_some(parts)
    };
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    // A multipart body begins with its boundary.
    let boundary = case
        .body
        .strip_prefix(b"--")
        .and_then(|rest| rest.split(|b| *b == b'\r').next());
    let boundary = boundary.filter(|text| text.len() <= 70).and_then(|text| {
        HeaderValue::from_bytes(&[b"multipart/form-data; boundary=", text].concat()).ok()
    });
    let types = [Some(form), None].into_iter().chain(boundary.map(Some));
    let says = "the Content-Type is not the one that the delivery was sent with";
    let changes = types.filter_map(with);
    changes
        .map(|parts| Change::head("content_type", says, parts))
        .collect()
}
