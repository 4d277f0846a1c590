//! Form bodies: `application/x-www-form-urlencoded` as the URL standard reads it, and the one field
//! of `multipart/form-data` (RFC 7578) that holds the payload. Strict: what cannot be read in one
//! way only is not read.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// More fields than this are no webhook.
const MAX_FIELDS: usize = 1_000;

/// Names and values, decoded, in the order in which they came. `None` when one is not UTF-8 or there
/// are more than 1,000.
pub(crate) fn pairs(text: &[u8]) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
    let elements = text.split(|byte| *byte == b'&').filter(|e| !e.is_empty());
    let mut pairs = Vec::new();
    for element in elements {
        if pairs.len() == MAX_FIELDS {
            return None;
        }
        let equals = element.iter().position(|byte| *byte == b'=');
        let (name, value) = match equals {
            Some(at) => (element.get(..at)?, element.get(at + 1..)?),
            None => (element, &b""[..]),
        };
        pairs.push((decoded(name)?, decoded(value)?));
    }
    Some(pairs)
}

fn decoded(text: &[u8]) -> Option<Cow<'_, str>> {
    if text.contains(&b'+') {
        let spaced: Vec<u8> = text
            .iter()
            .map(|b| if *b == b'+' { b' ' } else { *b })
            .collect();
        let text = percent_decode(&spaced).decode_utf8().ok()?;
        return Some(Cow::Owned(text.into_owned()));
    }
    percent_decode(text).decode_utf8().ok()
}

/// The value of a name that is there exactly once.
pub(crate) fn single<'p>(pairs: &'p [(Cow<'_, str>, Cow<'_, str>)], name: &str) -> Option<&'p str> {
    let mut values = pairs.iter().filter(|(found, _)| found == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// The content of the part with this name, which must be there exactly once. `None` as well when
/// anything stands before the first part, or any part's name could be read differently by another
/// reader: that one might find the field elsewhere.
pub(crate) fn part<'b>(body: &'b [u8], content_type: &[u8], name: &str) -> Option<&'b [u8]> {
    let delimiter = [b"--", boundary(content_type)?.as_slice()].concat();
    let mut rest = body.strip_prefix(delimiter.as_slice())?;
    let mut found = None;
    // Each turn starts right behind a delimiter, and stops at the last one, which ends in `--`.
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n")?;
        let end = find(part, &[b"\r\n", delimiter.as_slice()].concat())?;
        let (head, content) = split_head(part.get(..end)?)?;
        if name_of(head)? == name && found.replace(content).is_some() {
            return None;
        }
        rest = part.get(end + 2 + delimiter.len()..)?;
    }
    found
}

fn split_head(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = find(part, b"\r\n\r\n")?;
    Some((part.get(..end)?, part.get(end + 4..)?))
}

/// The name in a part's only `Content-Disposition`: `form-data; name="…"`, and nothing behind it but
/// a file's name.
fn name_of(head: &[u8]) -> Option<&str> {
    let mut dispositions = Vec::new();
    for line in std::str::from_utf8(head).ok()?.split("\r\n") {
        // A line that goes on from the last one has white space here.
        let (field, value) = line.split_once(':')?;
        if field.contains([' ', '\t', '\r', '\n']) {
            return None;
        }
        if field.eq_ignore_ascii_case("content-disposition") {
            dispositions.push(value.trim());
        }
    }
    let [disposition] = dispositions.as_slice() else {
        return None;
    };
    let quoted = disposition.strip_prefix("form-data; name=\"")?;
    let (name, rest) = quoted.split_once('"')?;
    let file = rest
        .strip_prefix("; filename=\"")
        .map(|file| file.split_once('"'));
    let nothing_else = rest.is_empty() || file.flatten().is_some_and(|(_, rest)| rest.is_empty());
    (nothing_else && !name.contains('\\')).then_some(name)
}

/// The boundary of a `multipart/form-data` content type, RFC 2046 section 5.1.1: 1 to 70 bytes.
fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(content_type).ok()?;
    let (kind, parameters) = text.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary")
            .then(|| value.trim_matches('"'))
    })?;
    (1..=70)
        .contains(&boundary.len())
        .then(|| boundary.as_bytes().to_vec())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let pairs = pairs(text.as_bytes())?;
        Some(
            pairs
                .into_iter()
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_form_is_decoded_once_and_strictly() {
        let of = |pairs: &[(&str, &str)]| -> Option<Vec<(String, String)>> {
            Some(
                pairs
                    .iter()
                    .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                    .collect(),
            )
        };
        assert_eq!(
            read("a=1&b=+%2B%26&c&a=2"),
            of(&[("a", "1"), ("b", " +&"), ("c", ""), ("a", "2")])
        );
        assert_eq!(read("%C3%A4=%25"), of(&[("ä", "%")]));
        assert_eq!(read("&&"), of(&[]));
        assert_eq!(read("a=%FF"), None);
        assert_eq!(read(&"a&".repeat(MAX_FIELDS + 1)), None);
    }

    #[test]
    fn a_name_that_is_there_twice_has_no_value() {
        let pairs = pairs(b"a=1&b=2&a=1").unwrap_or_default();
        assert_eq!(single(&pairs, "b"), Some("2"));
        assert_eq!(single(&pairs, "a"), None);
        assert_eq!(single(&pairs, "c"), None);
    }

    #[test]
    fn one_part_of_a_multipart_body_is_found() {
        let kind = b"multipart/form-data; boundary=\"x-y\"";
        let part_of = |body: &str| part(body.as_bytes(), kind, "json").map(<[u8]>::to_vec);
        let head = "Content-Disposition: form-data; name=\"json\"";
        let one = format!("--x-y\r\n{head}\r\nX: y\r\n\r\n{{\"a\":1}}\r\n--x-y--\r\n");
        assert_eq!(part_of(&one), Some(b"{\"a\":1}".to_vec()));
        let second =
            format!("--x-y\r\nContent-Disposition: form-data; name=\"o\"\r\n\r\n\r\n{one}");
        assert_eq!(part_of(&second), Some(b"{\"a\":1}".to_vec()));
        let twice = format!("--x-y\r\n{head}\r\n\r\n1\r\n{one}");
        assert_eq!(part_of(&twice), None);
        assert_eq!(part_of(&format!("x{one}")), None);
        for cut in 0..one.len() - 4 {
            assert_eq!(part_of(&one[..cut]), None, "{cut}");
        }
        for other in [
            "Content-Disposition: form-data; NAME=\"json\"",
            "Content-Disposition: form-data; name=json",
            "Content-Disposition: form-data; name=\"o\"; name=\"json\"",
            "Content-Disposition: form-data; name=\"o\"; filename=\"f\"; name=\"json\"",
            "Content-Disposition: form-data; name=\"o\"; name*=utf-8''json",
            "Content-Disposition: form-data; name=\"o\\\"; name=\"json\"",
            "Content-Disposition: form-data; name=\"o\";\r\n name=\"json\"",
            "Content-Disposition: form-data; name=\"o\"\r\nContent-Disposition: form-data; name=\"json\"",
            "Content-Type: text/plain",
            "x",
        ] {
            let beside = format!("--x-y\r\n{other}\r\n\r\n2\r\n{one}");
            assert_eq!(part_of(&beside), None, "{other}");
        }
        let file = "Content-Disposition: form-data; name=\"f\"; filename=\"a.pdf\"";
        let beside = format!("--x-y\r\n{file}\r\n\r\n2\r\n{one}");
        assert_eq!(part_of(&beside), Some(b"{\"a\":1}".to_vec()));
        assert_eq!(
            part(one.as_bytes(), b"text/plain; boundary=x-y", "json"),
            None
        );
        assert_eq!(part(one.as_bytes(), b"multipart/form-data", "json"), None);
    }
}
