//! What happens to bodies between the sender and the verifier.

use data_encoding::{BASE64, BASE64_NOPAD};
use http::header;

use super::{form, json};
use crate::explain::{case::Case, change::Change};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// JSON is not written again when there is more of it, in bytes.
pub(super) const LARGEST_JSON: usize = 4 * 1024 * 1024;

/// Undoes each, the likeliest first.
pub(super) fn changes(case: &Case) -> Vec<Change> {
    if case.body.is_empty() {
        return emptied();
    }
    let mut all = ends();
    all.extend(declared(case));
    all.extend(lines_and_marks());
    if case.body.len() <= LARGEST_JSON {
        all.extend(json::changes(&case.body));
    }
    all.extend(form::changes(&case.body));
    all.extend(codings());
    all
}

/// The body is empty: what it may have been.
fn emptied() -> Vec<Change> {
    let was = |text: &'static str| {
        let says = format!("the signed body is `{text}`, and here it is empty");
        Change::body("body_emptied", says, |_| Some(text.into()))
    };
    ["{}", "[]", "null", "\"\"", "\n"].map(was).into()
}

fn ends() -> Vec<Change> {
    let end = |end: &'static str, name: &str| {
        let says = format!("the line end ({name}) at the end of the signed body is missing here");
        Change::body("trailing_newline_missing", says, |body| {
            Some([body, end.as_bytes()].concat())
        })
    };
    let added =
        "the body ends with a line end that was not signed: an editor, `echo` or a log added it";
    let around = "the body has white space around it that was not signed";
    vec![
        Change::body("trailing_newline_added", added, |body| {
            let body = body.strip_suffix(b"\n")?;
            Some(body.strip_suffix(b"\r").unwrap_or(body).to_vec())
        }),
        end("\n", "LF"),
        end("\r\n", "CRLF"),
        Change::body("space_around", around, |body| {
            Some(body.trim_ascii_end().to_vec())
        }),
        Change::body("space_around", around, |body| {
            Some(body.trim_ascii().to_vec())
        }),
    ]
}

/// Longer than its head says.
fn declared(case: &Case) -> Option<Change> {
    let length = case
        .parts
        .headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?;
    let length: usize = length.parse().ok()?;
    let says = format!("only the first {length} bytes, as Content-Length says, were signed");
    Some(Change::body("longer_than_declared", says, move |body| {
        body.get(..length).map(<[u8]>::to_vec)
    }))
}

fn lines_and_marks() -> Vec<Change> {
    vec![
        Change::body(
            "line_ends_lf",
            "the signed body has CRLF line ends, and here they are LF",
            |body| Some(replaced(&replaced(body, b"\r\n", b"\n"), b"\n", b"\r\n")),
        ),
        Change::body(
            "line_ends_crlf",
            "the signed body has LF line ends, and here they are CRLF",
            |body| Some(replaced(body, b"\r\n", b"\n")),
        ),
        Change::body(
            "bom_added",
            "the body begins with a byte order mark that was not signed",
            |body| body.strip_prefix(BOM).map(<[u8]>::to_vec),
        ),
        Change::body(
            "bom_missing",
            "the signed body begins with a byte order mark, which is missing here",
            |body| Some([BOM, body].concat()),
        ),
    ]
}

fn codings() -> Vec<Change> {
    vec![
        Change::body(
            "charset",
            "the signed body is in Latin-1, and was decoded and encoded as UTF-8 on its way",
            |body| {
                let text = std::str::from_utf8(body).ok()?;
                let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
                bytes.collect()
            },
        ),
        Change::body(
            "base64_body",
            "this is the base64 of the body (as API gateways hand it over): decode it first",
            |body| {
                let text = body.trim_ascii();
                let decoded = BASE64.decode(text);
                decoded.or_else(|_| BASE64_NOPAD.decode(text)).ok()
            },
        ),
        Change::body(
            "empty_body_signed",
            "the signature is that of an empty body: the sender sent none, or signed too early",
            |_| Some(Vec::new()),
        ),
    ]
}

fn replaced(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(body.len());
    let mut rest = body;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(from) {
            written.extend_from_slice(to);
            rest = after;
        } else if let Some((first, after)) = rest.split_first() {
            written.push(*first);
            rest = after;
        }
    }
    written
}
