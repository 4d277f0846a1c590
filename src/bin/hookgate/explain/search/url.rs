//! The URL that was signed, where one is: another scheme, port, host or path than configured.

use std::fmt;

use hookgate::scheme::SignedUrl;
use http::Uri;

use crate::explain::case::{Case, Change};

/// Addresses and paths that are combined.
const MOST: usize = 12;

/// The parts of a URL.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Place {
    scheme: String,
    host: String,
    port: Option<String>,
    path: String,
    query: Option<String>,
}

pub(super) fn changes(case: &Case) -> Vec<Change> {
    let signed = case.row.scheme.signed_url();
    if signed == SignedUrl::None {
        return Vec::new();
    }
    let given = given(case, signed);
    let mut all = Vec::new();
    for place in places(case, given.as_ref()) {
        if Some(&place) == given.as_ref() {
            continue;
        }
        let (kind, says) = difference(&place, given.as_ref());
        all.push(Change::new(kind, says, move |case| {
            place.applied(case, signed)
        }));
    }
    // What differs least comes first.
    all.sort_by_key(|change| change.says.matches("; ").count());
    all
}

/// The URL by which the delivery was judged.
fn given(case: &Case, signed: SignedUrl) -> Option<Place> {
    let url = case.url.as_ref()?;
    let whole = match signed {
        SignedUrl::Origin => format!("{}{}", url.trim_end_matches('/'), target(case)),
        _ => url.clone(),
    };
    Place::read(&whole)
}

fn target(case: &Case) -> &str {
    let target = case.parts.uri.path_and_query();
    target.map_or("/", |target| target.as_str())
}

/// Every combination of what is known of the delivery's way.
fn places(case: &Case, given: Option<&Place>) -> Vec<Place> {
    let header = |name: &str| {
        case.parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let mut schemes = vec!["https".to_owned(), "http".to_owned()];
    if let Some(given) = given {
        schemes.sort_by_key(|scheme| *scheme != given.scheme);
    }
    let mut addresses: Vec<(String, Option<String>)> = Vec::new();
    let mut add = |address: (String, Option<String>)| {
        if !addresses.contains(&address) && addresses.len() < MOST {
            addresses.push(address);
        }
    };
    let named = ["x-forwarded-host", "x-original-host", "host"].map(header);
    let named = named
        .into_iter()
        .flatten()
        .filter_map(|text| address(text.split(',').next()?));
    let known: Vec<_> = given
        .map(|given| (given.host.clone(), given.port.clone()))
        .into_iter()
        .chain(named)
        .collect();
    let forwarded = header("x-forwarded-port").map(str::to_owned);
    for (host, port) in &known {
        add((host.clone(), port.clone()));
    }
    for (host, _) in &known {
        let ports = [
            None,
            forwarded.clone(),
            Some("443".to_owned()),
            Some("80".to_owned()),
        ];
        for port in ports
            .into_iter()
            .chain(known.iter().map(|(_, port)| port.clone()))
        {
            add((host.clone(), port));
        }
    }
    let mut all = Vec::new();
    for (path, query) in targets(case, given) {
        for scheme in &schemes {
            for (host, port) in &addresses {
                all.push(Place {
                    scheme: scheme.clone(),
                    host: host.clone(),
                    port: port.clone(),
                    path: path.clone(),
                    query: query.clone(),
                });
            }
        }
    }
    all
}

type Target = (String, Option<String>);

/// Paths and queries: as received, with and without a slash, and as proxies say it was.
fn targets(case: &Case, given: Option<&Place>) -> Vec<Target> {
    let split = |text: &str| match text.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (text.to_owned(), None),
    };
    let header = |name: &&str| {
        case.parts
            .headers
            .get(*name)
            .and_then(|value| value.to_str().ok())
    };
    let mut all: Vec<Target> = Vec::new();
    let mut add = |target: Target| {
        if !all.contains(&target) && all.len() < MOST {
            all.push(target);
        }
    };
    let received = split(target(case));
    let originals = [
        "x-original-uri",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-uri",
    ];
    let originals = originals
        .iter()
        .filter_map(header)
        .map(|text| match Place::read(text) {
            Some(place) => (place.path, place.query),
            None => split(text),
        });
    let prefixed = ["x-forwarded-prefix", "x-script-name"]
        .iter()
        .filter_map(header)
        .map(|prefix| {
            let path = format!("{}{}", prefix.trim_end_matches('/'), received.0);
            (path, received.1.clone())
        });
    let configured = given.map(|given| (given.path.clone(), given.query.clone()));
    let known: Vec<_> = configured
        .into_iter()
        .chain([received.clone()])
        .chain(originals)
        .chain(prefixed)
        .collect();
    for target in &known {
        add(target.clone());
    }
    for (path, query) in &known {
        let turned = match path.strip_suffix('/') {
            Some(shorter) => shorter.to_owned(),
            None => format!("{path}/"),
        };
        add((turned, query.clone()));
        add((path.clone(), None));
        add((path.clone(), received.1.clone()));
    }
    all
}

/// Host and port.
fn address(text: &str) -> Option<(String, Option<String>)> {
    let authority: http::uri::Authority = text.trim().parse().ok()?;
    let port = authority.port().map(|port| port.as_str().to_owned());
    Some((authority.host().to_owned(), port))
}

impl Place {
    fn read(text: &str) -> Option<Self> {
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
    fn applied(&self, case: &Case, signed: SignedUrl) -> Option<Case> {
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
fn difference(place: &Place, given: Option<&Place>) -> (&'static str, String) {
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
