//! The delivery to explain: captured as a whole, or described by flags.

use bytes::Bytes;
use hookgate::provider::Provider;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header, request::Parts};

use crate::{exit::Trouble, shared::input};

/// Headers of one captured request.
const HEADERS: usize = 256;

/// A request of headers, body and method.
pub(super) fn described(
    headers: &[String],
    body: Option<&str>,
    method: Option<Method>,
    row: &Provider,
) -> Result<(Parts, Bytes), Trouble> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = method
        .or_else(|| row.methods.first().cloned())
        .unwrap_or(Method::POST);
    for (at, line) in (1..).zip(headers) {
        // The value is not repeated: it may be a token.
        let wrong = || Trouble::usage(format!("header {at} is not `Name: value`"));
        let (name, value) = line.split_once(':').ok_or_else(wrong)?;
        let name = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
        let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| wrong())?;
        parts.headers.append(name, value);
    }
    let body = input::value(body.unwrap_or_default())?;
    Ok((parts, body.into()))
}

/// A request as it came over the wire, with line ends of either kind.
pub(super) fn captured(from: &str) -> Result<(Parts, Bytes), Trouble> {
    if !from.starts_with(['@', '-']) {
        return Err(Trouble::usage(
            "--request is @FILE, or - for standard input",
        ));
    }
    let text = with_version(input::value(from)?);
    let wrong = |why: &dyn std::fmt::Display| {
        Trouble::usage(format!("this is no captured HTTP/1.1 request: {why}"))
    };
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let end = match parsed.parse(&text).map_err(|why| wrong(&why))? {
        httparse::Status::Complete(end) => end,
        httparse::Status::Partial => return Err(wrong(&"its head does not end")),
    };
    let (mut parts, ()) = Request::new(()).into_parts();
    let method = parsed.method.unwrap_or_default();
    parts.method = Method::from_bytes(method.as_bytes()).map_err(|why| wrong(&why))?;
    let target: Uri = parsed
        .path
        .unwrap_or("/")
        .parse()
        .map_err(|why| wrong(&why))?;
    // Proxies are asked for whole URLs.
    let target = target
        .path_and_query()
        .map_or("/", |target| target.as_str());
    parts.uri = target.parse().map_err(|why| wrong(&why))?;
    for found in parsed.headers.iter() {
        let name = HeaderName::try_from(found.name).map_err(|why| wrong(&why))?;
        let value = HeaderValue::from_bytes(found.value).map_err(|why| wrong(&why))?;
        parts.headers.append(name, value);
    }
    let body = text.get(end..).unwrap_or_default();
    let coding = parts.headers.get(header::TRANSFER_ENCODING);
    let chunked = coding.is_some_and(|coding| coding.as_bytes().ends_with(b"chunked"));
    let joined = chunked.then(|| joined(body)).flatten();
    let body = joined.unwrap_or_else(|| body.to_vec());
    Ok((parts, body.into()))
}

/// With a version that the parser knows, and with the end that a head without a body may lack.
fn with_version(text: Vec<u8>) -> Vec<u8> {
    let end = text
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let line = String::from_utf8_lossy(line);
    let words: Vec<_> = line.split_whitespace().collect();
    let mut whole = match words[..] {
        [method, target] => format!("{method} {target} HTTP/1.1\r").into_bytes(),
        [method, target, version] if version.starts_with("HTTP/") => {
            format!("{method} {target} HTTP/1.1\r").into_bytes()
        }
        _ => line.trim_end_matches('\r').as_bytes().to_vec(),
    };
    whole.extend_from_slice(rest);
    let ends = whole.windows(2).any(|two| two == b"\n\n");
    if !ends && !whole.windows(4).any(|four| four == b"\r\n\r\n") {
        whole.extend_from_slice(b"\r\n\r\n");
    }
    whole
}

/// The chunks of a body in one; `None` when it is not in chunks (any more).
fn joined(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let httparse::Status::Complete((head, size)) = httparse::parse_chunk_size(body).ok()?
        else {
            return None;
        };
        let rest = body.get(head..)?;
        if size == 0 {
            return Some(whole);
        }
        let size = usize::try_from(size).ok()?;
        whole.extend_from_slice(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_everything_else_is_left() {
        assert_eq!(
            joined(b"3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n\r\n"),
            Some(b"{\"a\":1}".to_vec())
        );
        for body in [
            &b"{\"a\":1}"[..],
            b"3\r\nab",
            b"3\r\nabcd\r\n0\r\n\r\n",
            b"",
        ] {
            assert_eq!(joined(body), None, "{body:?}");
        }
    }

    #[test]
    fn the_first_line_gets_a_version_that_is_known() {
        for line in [
            "POST /a HTTP/2",
            "POST /a",
            "POST /a HTTP/1.1",
            "POST /a HTTP/2.0\r",
        ] {
            let whole = with_version(format!("{line}\nA: b\n\nbody").into_bytes());
            assert_eq!(whole, b"POST /a HTTP/1.1\r\nA: b\n\nbody", "{line}");
        }
        assert_eq!(
            with_version(b"GET / HTTP/1.1\r\nA: b".to_vec()),
            b"GET / HTTP/1.1\r\nA: b\r\n\r\n"
        );
    }
}
