//! Bodies that are forms, through rows that sign them: never a panic, nothing read that another reader
//! reads differently, and honest forms accepted.
#![no_main]

use std::{collections::BTreeSet, sync::LazyLock};

use arbitrary::Arbitrary;
use hookgate::{
    RejectionKind, Source,
    provider::{Payload, Provider, X_SIGNATURE},
    scheme::{Encoding, Part, Repeats, Scheme},
};
use hookgate_fuzz::{NOW, source, tag};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// An honest form.
    Pairs(Vec<(Name<'a>, &'a str)>),
    /// Any bytes, and what is thought to be in them.
    Raw(&'a [u8]),
    Multipart(Vec<Element<'a>>, bool),
    RawMultipart(&'a [u8], &'a [u8], &'a str),
}

#[derive(Arbitrary, Debug)]
enum Name<'a> {
    Payload,
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
struct Element<'a> {
    payload: bool,
    name: &'a str,
    file: bool,
    content: &'a [u8],
}

static ROWS: LazyLock<[Source; 3]> = LazyLock::new(|| {
    let row = |payload, message| Provider {
        payload,
        scheme: Scheme {
            message,
            ..X_SIGNATURE.scheme
        },
        ..X_SIGNATURE
    };
    [
        source(row(Payload::FormField("payload"), &[Part::Payload])),
        source(row(Payload::Form, &[Part::SortedForm(Repeats::Kept)])),
        source(row(Payload::MultipartField("payload"), &[Part::Payload])),
    ]
});

fuzz_target!(|input: Input| {
    match input {
        Input::Pairs(fields) => honest(&fields),
        Input::Raw(body) => raw(body),
        Input::Multipart(elements, quoted) => multipart(&elements, quoted),
        Input::RawMultipart(body, content, kind) => raw_multipart(body, content, kind),
    }
});

fn judge(source: &Source, kind: &str, body: &[u8], message: &[u8]) -> Result<(), RejectionKind> {
    let Ok(kind) = HeaderValue::from_str(kind) else {
        return Err(RejectionKind::MissingPayload);
    };
    let request = Request::post("/")
        .header("content-type", kind)
        .header("x-signature", tag(&[message], Encoding::Hex));
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    let found = source.verify(&parts, body.to_vec(), NOW);
    found.map(drop).map_err(|why| why.kind())
}

const FORM: &str = "application/x-www-form-urlencoded";

/// What is written as the URL standard says is read, whatever is in it.
fn honest(fields: &[(Name, &str)]) {
    let name = |name: &Name| match name {
        Name::Payload => "payload".to_owned(),
        Name::Other(text) => (*text).to_owned(),
    };
    let fields: Vec<_> = fields.iter().map(|(n, text)| (name(n), *text)).collect();
    let mut form = form_urlencoded::Serializer::new(String::new());
    let body = form.extend_pairs(&fields).finish();
    let mut sorted = fields.clone();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let message: String = sorted
        .iter()
        .map(|(n, text)| format!("{n}{text}"))
        .collect();
    let fits = fields.len() <= 1_000;
    let found = judge(&ROWS[1], FORM, body.as_bytes(), message.as_bytes());
    assert_eq!(found.is_ok(), fits, "{body}");

    let mut payloads = fields.iter().filter(|(name, _)| name == "payload");
    let (first, second) = (payloads.next(), payloads.next());
    let text = first.map_or("", |(_, text)| *text);
    let found = judge(&ROWS[0], FORM, body.as_bytes(), text.as_bytes());
    let once = first.is_some() && second.is_none();
    assert_eq!(found.is_ok(), fits && once, "{body}");
}

/// Of any bytes only what another reader reads as well.
fn raw(body: &[u8]) {
    let fields: Vec<_> = form_urlencoded::parse(body).collect();
    let mut payloads = fields.iter().filter(|(name, _)| name == "payload");
    let (first, second) = (payloads.next(), payloads.next());
    let text = first.map_or("", |(_, text)| text);
    if judge(&ROWS[0], FORM, body, text.as_bytes()).is_ok() {
        assert!(first.is_some() && second.is_none());
    }
    // With anything else as the message it is no delivery.
    let other = [text.as_bytes(), b"!"].concat();
    assert!(judge(&ROWS[0], FORM, body, &other).is_err());
    let _ = judge(&ROWS[1], FORM, body, body);
}

const BOUNDARY: &str = "x-y-z";

/// A body that is written as RFC 7578 says is read, when its parts can be told apart.
fn multipart(elements: &[Element], quoted: bool) {
    let mut body = Vec::new();
    let mut tame = true;
    for element in elements {
        let name = if element.payload {
            "payload"
        } else {
            element.name
        };
        let is_tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        tame &= name.chars().all(is_tame);
        let file = if element.file {
            "; filename=\"a.txt\""
        } else {
            ""
        };
        let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(element.content);
        body.extend_from_slice(b"\r\n");
        // The delimiter may also begin with the line end before the content.
        let content = [b"\r\n", element.content].concat();
        let delimiter = format!("\r\n--{BOUNDARY}");
        let mut windows = content.windows(delimiter.len());
        tame &= !windows.any(|window| window == delimiter.as_bytes());
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let boundary = if quoted {
        format!("\"{BOUNDARY}\"")
    } else {
        BOUNDARY.to_owned()
    };
    let kind = format!("multipart/form-data; boundary={boundary}");
    let mut payloads = elements
        .iter()
        .filter(|element| element.payload || element.name == "payload");
    let (first, second) = (payloads.next(), payloads.next());
    let content = first.map_or(&b""[..], |element| element.content);
    let found = judge(&ROWS[2], &kind, &body, content);
    if tame {
        let once = first.is_some() && second.is_none();
        assert_eq!(found.is_ok(), once, "{}", String::from_utf8_lossy(&body));
    }
    // Nothing but the contents of its parts is ever the payload.
    let contents: BTreeSet<_> = elements.iter().map(|element| element.content).collect();
    let whole = body.as_slice();
    if tame && !contents.contains(whole) {
        assert!(judge(&ROWS[2], &kind, &body, whole).is_err());
    }
}

/// Of any bytes only what is in them, framed.
fn raw_multipart(body: &[u8], content: &[u8], boundary: &str) {
    let kind = format!("multipart/form-data; boundary={boundary}");
    if judge(&ROWS[2], &kind, body, content).is_ok() {
        let framed = [b"\r\n\r\n", content, b"\r\n--"].concat();
        let mut windows = body.windows(framed.len());
        assert!(windows.any(|window| window == framed));
    }
}
