//! Values that are computed of a delivery, once, before it is hashed for every key.

use std::borrow::Cow;

use http::{HeaderName, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::{
    content::Content,
    plan::{Make, Plan, Signature},
    target::target,
};
use crate::{
    error::RejectionKind,
    scheme::{Case, Port, Repeats, form, json::Found, token},
};

/// A value, or `None` when it is not there.
pub(super) type Made<'m> = Option<Cow<'m, [u8]>>;

/// What values are made of.
pub(super) struct Material<'m> {
    /// The configured URL or origin.
    pub(super) public_url: &'m str,
    pub(super) plan: &'m Plan,
    pub(super) parts: &'m Parts,
    pub(super) body: &'m [u8],
    pub(super) content: &'m Content<'m>,
    /// The signed fields of the payload, or of one item.
    pub(super) fields: &'m [Found<'m>],
    /// The signature's text, where it is a token.
    pub(super) token: &'m [u8],
    /// The names of the listed headers, as written and parsed.
    pub(super) listed: (&'m [u8], &'m [HeaderName]),
}

type Pairs<'p> = Vec<(Cow<'p, str>, Cow<'p, str>)>;

impl<'m> Material<'m> {
    pub(super) fn make(&self) -> Result<Vec<Made<'m>>, RejectionKind> {
        self.plan.makes.iter().map(|make| self.one(*make)).collect()
    }

    pub(super) fn one(&self, make: Make) -> Result<Made<'m>, RejectionKind> {
        let unsigned = RejectionKind::SignedHeader;
        Ok(match make {
            Make::BodySha256 => owned(Sha256::digest(self.body).to_vec()),
            Make::Url(port) => owned(url(self.public_url, self.parts, port).into_bytes()),
            Make::UnescapedUrl(kept) => {
                let url = url(self.public_url, self.parts, Port::AsConfigured);
                owned(unescaped(&url, kept).into_bytes())
            }
            Make::EscapedTarget => owned(escaped_target(self.public_url, self.parts).into_bytes()),
            Make::Query(name, case, fence) => {
                let query = query(self.parts)?;
                let value = form::single(&query, name);
                // What is there twice would be signed like what is not there.
                let clear = match value {
                    Some(value) => fence.is_clear(value),
                    None => query.iter().all(|(found, _)| found != name),
                };
                if !clear {
                    return Err(unsigned);
                }
                let value = value.map(|value| match case {
                    Case::Kept => value.to_owned(),
                    Case::Lower => value.to_ascii_lowercase(),
                });
                value.map(|value| Cow::Owned(value.into_bytes()))
            }
            Make::SortedQuery => owned(sorted_query(query(self.parts)?).into_bytes()),
            Make::SortedForm(repeats) => {
                let fields = self.content.parameters();
                owned(sorted_form(
                    fields.ok_or(RejectionKind::MissingPayload)?,
                    repeats,
                ))
            }
            Make::SortedParams => owned(self.sorted_params()?),
            Make::Field(at, fence) => {
                let found = self.fields.get(at).ok_or(RejectionKind::Misconfigured)?;
                let text = found.text.clone();
                // What is no text would be signed like what is not there.
                let clear = match &text {
                    Some(text) => fence.is_clear(text),
                    None => !found.present,
                };
                if found.twice || !clear {
                    return Err(RejectionKind::MissingPayload);
                }
                text.map(|text| match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                })
            }
            Make::ListedNames => Some(Cow::Borrowed(self.listed.0)),
            Make::ListedValues(between) => {
                let values = self.listed_values(|_, value| value.to_owned())?;
                owned(values.join(between).into_bytes())
            }
            Make::ListedPairs(between) => {
                let pair = |name: &HeaderName, value: &str| format!("{name}:{}", value.trim());
                owned(self.listed_values(pair)?.join(between).into_bytes())
            }
            Make::Token => {
                let jwt = self.plan.wanted().jwt(self.token).to_vec();
                owned(token::signed(&jwt).ok_or(unsigned)?.to_vec())
            }
        })
    }

    fn listed_values(
        &self,
        write: impl Fn(&HeaderName, &str) -> String,
    ) -> Result<Vec<String>, RejectionKind> {
        let values = self.listed.1.iter().map(|name| {
            let value = self
                .parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok());
            value.map(|value| write(name, value))
        });
        values
            .collect::<Option<_>>()
            .ok_or(RejectionKind::SignedHeader)
    }

    /// The parameters of query and payload, as [`Part::SortedParams`](crate::scheme::Part) says.
    fn sorted_params(&self) -> Result<Vec<u8>, RejectionKind> {
        let payload = self.content.parameters();
        let payload = payload.ok_or(RejectionKind::MissingPayload)?;
        let mut all: Pairs<'_> = query(self.parts)?.into_iter().chain(payload).collect();
        if let Signature::Param(signature) = self.plan.signature {
            all.retain(|(name, _)| name != signature);
        }
        // `&a=1&b=2` could be one parameter as well.
        if all.iter().any(|(name, _)| name.contains(['&', '='])) {
            return Err(RejectionKind::MissingPayload);
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let mut text = String::new();
        for (name, value) in all {
            text.push('&');
            text.push_str(&name);
            text.push('=');
            text.extend(
                value
                    .chars()
                    .map(|c| if matches!(c, '&' | '=') { '_' } else { c }),
            );
        }
        Ok(text.into_bytes())
    }
}

fn owned<'m>(value: Vec<u8>) -> Made<'m> {
    Some(Cow::Owned(value))
}

pub(super) fn query(parts: &Parts) -> Result<Pairs<'_>, RejectionKind> {
    let query = parts.uri.query().unwrap_or_default();
    form::pairs(query.as_bytes()).ok_or(RejectionKind::MissingPayload)
}

fn sorted_form(mut fields: Pairs<'_>, repeats: Repeats) -> Vec<u8> {
    match repeats {
        Repeats::Kept => fields.sort_by(|a, b| a.0.cmp(&b.0)),
        Repeats::SortedOnce => {
            fields.sort();
            fields.dedup();
        }
    }
    let written = fields.iter().flat_map(|(name, value)| [name, value]);
    written.flat_map(|text| text.bytes()).collect()
}

fn sorted_query(mut query: Pairs<'_>) -> String {
    query.sort_by(|a, b| a.0.cmp(&b.0));
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(query);
    encoded.finish()
}

/// What `encodeURI` escapes, ECMA-262 section 19.2.6.4, and `#`: no target has one.
const URI: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',');

/// What `encodeURIComponent` escapes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

fn escaped_target(origin: &str, parts: &Parts) -> String {
    let uri = target(parts);
    let mut escaped = format!("{}{}", split_origin(origin).2, uri.path());
    if let Some(query) = uri.query().filter(|query| !query.is_empty()) {
        escaped.push('?');
        escaped.extend(utf8_percent_encode(query, COMPONENT));
    }
    utf8_percent_encode(&escaped, URI).to_string()
}

/// With these characters in place of their percent-escapes, and all other escapes as they are.
fn unescaped(text: &str, characters: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        written.push_str(before);
        let digits = escape.get(1..3).filter(|digits| !digits.starts_with('+'));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let known = byte.map(char::from).filter(|c| characters.contains(*c));
        let taken = match known {
            Some(character) => {
                written.push(character);
                3
            }
            None => {
                written.push('%');
                1
            }
        };
        rest = escape.get(taken..).unwrap_or_default();
    }
    written + rest
}

/// Scheme, authority and path of a configured origin.
fn split_origin(origin: &str) -> (&str, &str, &str) {
    let (scheme, rest) = origin.split_once("://").unwrap_or(("", origin));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (scheme, authority, path)
}

/// The configured origin with the request's own path and query.
pub(super) fn url(origin: &str, parts: &Parts, port: Port) -> String {
    let target = target(parts).path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    let (scheme, authority, prefix) = split_origin(origin);
    // A colon inside of brackets is an IPv6 address's.
    let (host, configured) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let default = if scheme == "http" { "80" } else { "443" };
    let port = match port {
        Port::AsConfigured => configured,
        Port::Without => None,
        Port::With => Some(configured.unwrap_or(default)),
    };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{prefix}{target}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Pairs<'_> {
        form::pairs(text.as_bytes()).unwrap_or_default()
    }

    #[test]
    fn forms_are_sorted_by_name_and_not_by_what_is_written() {
        let written = |text, repeats| String::from_utf8(sorted_form(fields(text), repeats));
        let twice = "Sid=CA&SidAccount=AC&D=5&D=1&D=1";
        assert_eq!(
            written(twice, Repeats::SortedOnce).as_deref(),
            Ok("D1D5SidCASidAccountAC")
        );
        assert_eq!(
            written("b=2&a=3&b=1", Repeats::Kept).as_deref(),
            Ok("a3b2b1")
        );
    }

    #[test]
    fn some_escapes_are_undone_once_and_all_others_kept() {
        let undone = |text| unescaped(text, ":/?@$");
        assert_eq!(undone("/a%3Ab%3a?c=%2F%40%3F"), "/a:b:?c=/@?");
        assert_eq!(undone("%20%25%2B%C3%A4"), "%20%25%2B%C3%A4");
        // What is undone never makes another escape.
        assert_eq!(undone("%253A%25%33A"), "%253A%25%33A");
        assert_eq!(undone("%+3%3%%%"), "%+3%3%%%");
        assert_eq!(undone("%3"), "%3");
        assert_eq!(undone(""), "");
    }

    #[test]
    fn a_query_is_sorted_and_encoded_again() {
        assert_eq!(sorted_query(fields("b=1+2&a=%2B")), "a=%2B&b=1+2");
    }

    #[test]
    fn a_target_is_escaped_once_more_behind_the_origins_path() {
        let target = |origin, target: &str| {
            let request = http::Request::get(target).body(()).unwrap_or_default();
            escaped_target(origin, &request.into_parts().0)
        };
        // Figures of `encodeURI` and `querystring.escape` (Node.js).
        let query = "/in?a=1&b=%20(x)*";
        assert_eq!(target("", query), "/in?a%253D1%2526b%253D%252520(x)*");
        assert_eq!(target("https://h/hooks", "/in"), "/hooks/in");
        assert_eq!(target("https://h", "/a%20b?"), "/a%2520b");
    }
}
