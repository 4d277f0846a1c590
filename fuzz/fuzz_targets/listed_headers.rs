//! Headers that the sender chose to sign: never a panic, nothing accepted that is not there or not
//! listed, and the same signed bytes never read in two ways.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use hookgate::{
    Source,
    provider::{CONTENTFUL, HOOK0},
    scheme::Encoding,
};
use hookgate_fuzz::{NOW, source, tag};
use http::{HeaderName, HeaderValue, Request, request::Parts};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    contentful: bool,
    headers: Vec<(u8, &'a str)>,
    list: Vec<(u8, bool)>,
    /// Instead of the list.
    raw: Option<&'a str>,
    body: &'a str,
    /// Where the signed bytes are cut otherwise.
    cuts: Vec<u8>,
}

const NAMES: [&str; 8] = [
    "x-event-id",
    "x-event-type",
    "content-type",
    "x-contentful-timestamp",
    "x-contentful-signed-headers",
    "x-contentful-topic",
    "x-a",
    "x-a.b",
];

static SOURCES: LazyLock<[Source; 2]> = LazyLock::new(|| [source(HOOK0), source(CONTENTFUL)]);

fuzz_target!(|input: Input| {
    let separator = if input.contentful { "," } else { " " };
    let names = input.list.iter().map(|(at, upper)| {
        let name = NAMES[usize::from(*at) % NAMES.len()];
        if *upper {
            name.to_ascii_uppercase()
        } else {
            name.to_owned()
        }
    });
    let names: Vec<_> = names.collect();
    let list = input.raw.map_or(names.join(separator), str::to_owned);
    let mut request = Request::post("/in?a=b").body(()).expect("a request");
    for (at, value) in &input.headers {
        let name = NAMES[usize::from(*at) % NAMES.len()];
        if let Ok(value) = HeaderValue::from_str(value) {
            request.headers_mut().append(name, value);
        }
    }
    let (parts, ()) = request.into_parts();
    if input.contentful {
        contentful(&list, parts, input.body);
    } else {
        hook0(&list, parts, &input);
    }
});

/// The values of the listed headers, as the sender has them; nothing when one is not there.
fn values<'p>(list: &str, separator: char, parts: &'p Parts) -> Option<Vec<&'p str>> {
    let names = list.split(separator).map(str::trim_ascii);
    names
        .map(|name| parts.headers.get(name)?.to_str().ok())
        .collect()
}

fn put(parts: &mut Parts, name: &str, value: &str) -> Option<()> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let value = HeaderValue::from_str(value).ok()?;
    parts.headers.insert(name, value);
    Some(())
}

/// What holds of every delivery that is accepted.
fn check_list(list: &str, separator: char, parts: &Parts, required: &[&str]) {
    let names = list.split(separator).map(str::trim_ascii);
    let mut names: Vec<_> = names.map(str::to_ascii_lowercase).collect();
    for name in required {
        assert!(names.iter().any(|listed| listed == name), "{name}: {list}");
    }
    for name in &names {
        assert_eq!(parts.headers.get_all(name).iter().count(), 1, "{name}");
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "one twice: {list}");
    assert!(count <= 32);
}

fn hook0(list: &str, mut parts: Parts, input: &Input) {
    let Some(values) = values(list, ' ', &parts) else {
        return;
    };
    let values: Vec<_> = values.into_iter().map(str::to_owned).collect();
    let joined = values.join(".");
    let message = format!("1790000000.{list}.{joined}.{}", input.body);
    let signature = tag(&[message.as_bytes()], Encoding::Hex);
    let signature = format!("t=1790000000,h={list},v1={signature}");
    if put(&mut parts, "x-hook0-signature", &signature).is_none() {
        return;
    }
    let source = &SOURCES[0];
    let accepts = |parts: &Parts, body: &str| source.verify(parts, body.to_owned(), NOW).is_ok();
    if !accepts(&parts, input.body) {
        return;
    }
    check_list(list, ' ', &parts, &["x-event-id"]);
    // The same bytes, cut elsewhere: other values of the same headers, and another body.
    let whole = format!("{joined}.{}", input.body);
    let pieces: Vec<_> = whole.split('.').collect();
    let mut cuts: Vec<_> = input
        .cuts
        .iter()
        .map(|cut| usize::from(*cut) % pieces.len())
        .filter(|cut| *cut > 0)
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    if cuts.len() != values.len() {
        return;
    }
    let (mut start, mut others) = (0, Vec::new());
    for cut in &cuts {
        others.push(pieces[start..*cut].join("."));
        start = *cut;
    }
    let body = pieces[start..].join(".");
    if others == values {
        return;
    }
    for (name, value) in list.split(' ').zip(&others) {
        if put(&mut parts, name.trim_ascii(), value).is_none() {
            return;
        }
    }
    assert!(!accepts(&parts, &body), "{values:?} is also {others:?}");
}

fn contentful(list: &str, mut parts: Parts, body: &str) {
    let required = ["x-contentful-signed-headers", "x-contentful-timestamp"];
    let set = put(&mut parts, required[0], list);
    if set
        .and_then(|()| put(&mut parts, required[1], "1790000000000"))
        .is_none()
    {
        return;
    }
    let Some(values) = values(list, ',', &parts) else {
        return;
    };
    let names = list
        .split(',')
        .map(|name| name.trim_ascii().to_ascii_lowercase());
    let pairs = names
        .zip(values)
        .map(|(name, value)| format!("{name}:{}", value.trim()));
    let pairs: Vec<_> = pairs.collect();
    let message = format!("POST\n/in?a%3Db\n{}\n{body}", pairs.join(";"));
    let signature = tag(&[message.as_bytes()], Encoding::Hex);
    let _ = put(&mut parts, "x-contentful-signature", &signature);
    if SOURCES[1].verify(&parts, body.to_owned(), NOW).is_ok() {
        check_list(list, ',', &parts, &required);
    }
}
