//! One URL, and how it differs from another.

use std::fmt;

use hookgate::scheme::SignedUrl;
use http::Uri;

use crate::explain::case::Case;

/// The parts of a URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: Option<String>,
    pub(super) path: String,
    pub(super) query: Option<String>,
}

/// Host and port.
pub(super) fn address(text: &str) -> Option<(String, Option<String>)> {
    let authority: http::uri::Authority = text.trim().parse().ok()?;
    let port = authority.port().map(|port| port.as_str().to_owned());
    Some((authority.host().to_owned(), port))
}

impl Place {
    pub(super) fn read(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (host, port) = address(uri.authority()?.as_str())?;
        // `http` reads no path as `/`, which a signed text may not have.
        let has_path = text.split_once("://")?.1.contains('/');
        Some(Self {
            scheme: uri.scheme_str()?.to_owned(),
            host,
            port,
            path: if has_path {
                uri.path().to_owned()
            } else {
                String::new()
            },
            query: uri.query().map(str::to_owned),
        })
    }

    /// The case with this URL configured, and the request's target to fit.
    pub(super) fn applied(&self, case: &Case, signed: SignedUrl) -> Option<Case> {
        let whole = self.to_string();
        if signed == SignedUrl::Exact {
            return Some(case.reconfigured(|case| case.url = Some(whole)));
        }
        let at = whole.find("://")? + 3;
        let path = whole.get(at..)?.find('/').map(|path| at + path);
        let (origin, target) = whole.split_at(path.unwrap_or(whole.len()));
        let target = target.parse().ok()?;
        Some(case.reconfigured(|case| {
            case.url = Some(origin.to_owned());
            case.parts.uri = target;
        }))
    }

    /// Without the query's values, which may be tokens.
    fn shown(&self) -> String {
        let hidden = |query: &String| {
            let names = query
                .split('&')
                .map(|pair| pair.split('=').next().unwrap_or_default());
            names
                .map(|name| format!("{name}=…"))
                .collect::<Vec<_>>()
                .join("&")
        };
        Self {
            query: self.query.as_ref().map(hidden),
            ..self.clone()
        }
        .to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if let Some(port) = &self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)?;
        match &self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

/// What differs, the kind being that of the first.
pub(super) fn difference(place: &Place, given: Option<&Place>) -> (&'static str, String) {
    let url = place.shown();
    let Some(given) = given else {
        let says = format!("the sender signed the URL {url}; the source is to be told of it");
        return ("public_url", says);
    };
    let slash = |path: &str| path.trim_end_matches('/').to_owned();
    let mut found = Vec::new();
    let mut differs = |kind, what: &str, is: bool| {
        if is {
            found.push((kind, what.to_owned()));
        }
    };
    differs("url_scheme", "another scheme", place.scheme != given.scheme);
    differs("url_host", "another host", place.host != given.host);
    differs("url_port", "another port", place.port != given.port);
    let same_path = slash(&place.path) == slash(&given.path);
    differs(
        "url_slash",
        "a slash at the end",
        same_path && place.path != given.path,
    );
    differs("url_path", "another path", !same_path);
    differs("url_query", "another query", place.query != given.query);
    let kind = found.first().map_or("url_scheme", |(kind, _)| *kind);
    let what: Vec<_> = found.into_iter().map(|(_, what)| what).collect();
    (
        kind,
        format!(
            "the sender signed the URL {url}, and not the one given: {}",
            what.join("; ")
        ),
    )
}
