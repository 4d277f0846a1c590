//! The URL that was signed, where one is: another scheme, port, host or path than configured.

mod place;

use hookgate::scheme::SignedUrl;

use self::place::{Place, address, difference};
use crate::explain::{case::Case, change::Change};

/// Addresses and paths that are combined.
const MOST: usize = 12;

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
