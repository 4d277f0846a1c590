//! A curl line: its quoting is right for a POSIX shell, whatever the body is.

use bytes::Bytes;
use http::{Request, header};

use crate::{exit::Trouble, making::Url};

/// Linux takes no longer argument than 128 KiB; quoting may make four bytes of one.
const LONGEST: usize = 30 * 1024;

/// The line that sends this request; with a file, the body is read from there.
pub(super) fn line(
    url: &Url,
    request: &Request<Bytes>,
    file: Option<&str>,
) -> Result<String, Trouble> {
    // `--globoff`: brackets in a URL are its own.
    let mut words = vec!["curl".to_owned(), "--globoff".to_owned()];
    words.push(format!("--request {}", request.method()));
    for (name, value) in request.headers() {
        let value = value.to_str().map_err(|_| {
            Trouble::usage(format!(
                "the header {name} has characters that curl is not given"
            ))
        })?;
        // A header without a value ends with a semicolon.
        let header = match value.is_empty() {
            true => format!("{name};"),
            false => format!("{name}: {value}"),
        };
        words.push(format!("--header {}", quoted(&header)));
    }
    if !request.headers().contains_key(header::CONTENT_TYPE) {
        // curl would say that it is a form.
        words.push("--header 'content-type:'".to_owned());
    }
    words.push(match (file, carried(request.body())) {
        (Some(path), _) => format!("--data-binary {}", quoted(&format!("@{}", named(path)))),
        // `--data-raw` and not `--data-binary`: a body may begin with `@`.
        (None, Some(text)) => format!("--data-raw {}", quoted(text)),
        (None, None) => {
            let why = "this body does not fit into a shell line; write it with --body-out FILE";
            return Err(Trouble::usage(why));
        }
    });
    words.push(quoted(&format!("{}{}", url.origin, request.uri())));
    Ok(words.join(" "))
}

/// The body as a text that a shell line and a terminal carry unchanged.
fn carried(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let is_plain = |c: char| c == '\n' || !c.is_control();
    (text.len() <= LONGEST && text.chars().all(is_plain)).then_some(text)
}

/// `-` would be standard input.
fn named(path: &str) -> String {
    match path {
        "-" => "./-".to_owned(),
        path => path.to_owned(),
    }
}

/// A word of a POSIX shell: everything between single quotes is itself, but the quote.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_the_only_thing_that_is_escaped() {
        assert_eq!(
            quoted("it's $HOME `x` \"y\" \\n"),
            r#"'it'\''s $HOME `x` "y" \n'"#
        );
    }

    #[test]
    fn what_a_terminal_changes_is_not_put_into_a_line() {
        assert!(carried("{\"a\": \"\u{e4}\",\n}".as_bytes()).is_some());
        for body in [&b"\0"[..], b"\xff", b"a\r\n", b"\t", "\u{85}".as_bytes()] {
            assert!(carried(body).is_none(), "{body:?}");
        }
        assert!(carried(&vec![b'a'; LONGEST + 1]).is_none());
    }
}
