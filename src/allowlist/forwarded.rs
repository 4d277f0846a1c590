//! Headers that proxies append to. Only their right end is ours; all that is left of it was, or may
//! have been, written by the sender.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName};

/// The `n`-th entry from the right, counted from 1, over all lines of a header.
///
/// Read from the right, so that nothing to the left of the entry can move it: not an open quote, not
/// an empty entry, not another line. Only `Forwarded` knows quotes, with commas in them.
pub(super) fn nth_from_the_right<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    n: usize,
    quotes: bool,
) -> Option<&'h [u8]> {
    let lines = headers.get_all(name).iter().rev();
    let mut entries = lines.flat_map(|line| {
        let mut quoted = false;
        line.as_bytes().rsplit(move |byte| {
            quoted ^= quotes && *byte == b'"';
            *byte == b',' && !quoted
        })
    });
    entries.nth(n.checked_sub(1)?)
}

/// The address in an entry: `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, the first and the last
/// also with a port. `None` for what hides (`unknown`, `_hidden`) and for anything else.
pub(super) fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_matches(BLANK);
    let bracketed = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let address = match bracketed {
        Some(text) => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text
            .parse()
            .or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()))
            .ok(),
    };
    address.map(|address| address.to_canonical())
}

/// Whether an entry of `X-Forwarded-Proto` says `https`.
pub(super) fn is_https(entry: &[u8]) -> bool {
    entry.trim_ascii().eq_ignore_ascii_case(b"https")
}

/// The value of a parameter in an element of `Forwarded` (RFC 7239, section 4). `None` when it is
/// not there, there twice, or has an escape in it: no address and no protocol needs one.
pub(super) fn parameter<'e>(element: &'e [u8], name: &str) -> Option<&'e [u8]> {
    let text = std::str::from_utf8(element).ok()?;
    let mut quoted = false;
    let pairs = text.split(move |c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let mut values = pairs
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| key.trim_matches(BLANK).eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches(BLANK));
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!value.contains(['"', '\\'])).then_some(value.as_bytes())
}

const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const NAME: HeaderName = HeaderName::from_static("x-forwarded-for");

    fn headers(lines: &[&str]) -> HeaderMap {
        let value = |line: &&str| HeaderValue::from_str(line).unwrap();
        lines.iter().map(|line| (NAME, value(line))).collect()
    }

    fn nth(lines: &[&str], n: usize) -> Option<String> {
        let headers = headers(lines);
        let entry = nth_from_the_right(&headers, &NAME, n, true)?;
        Some(String::from_utf8(entry.to_vec()).unwrap())
    }

    #[test]
    fn entries_are_counted_from_the_right_over_all_lines() {
        let lines = ["a, b", "c", "d,e"];
        let found: Vec<_> = (0..7).map(|n| nth(&lines, n)).collect();
        let expected = ["e", "d", "c", " b", "a"].map(|entry| Some(entry.to_owned()));
        assert_eq!(found[1..6], expected);
        assert_eq!((&found[0], &found[6]), (&None, &None));
        assert_eq!(nth(&[], 1), None);
    }

    #[test]
    fn empty_entries_count_so_that_nobody_can_shift_the_others() {
        assert_eq!(nth(&["a,,b"], 2).as_deref(), Some(""));
        assert_eq!(nth(&["a", "", "b"], 2).as_deref(), Some(""));
        assert_eq!(nth(&["a,"], 1).as_deref(), Some(""));
    }

    #[test]
    fn commas_in_quotes_do_not_count() {
        let line = r#"for=1.1.1.1, for=2.2.2.2;host="a,b";proto=http"#;
        assert_eq!(
            nth(&[line], 1).as_deref(),
            Some(r#" for=2.2.2.2;host="a,b";proto=http"#)
        );
        assert_eq!(nth(&[line], 2).as_deref(), Some("for=1.1.1.1"));
    }

    #[test]
    fn addresses_are_read_in_every_spelling_and_nothing_else_is() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1\t", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:c000:201]", "192.0.2.1"),
        ] {
            assert_eq!(address(text.as_bytes()), expected.parse().ok(), "{text}");
        }
        for odd in [
            "",
            " ",
            "unknown",
            "_hidden",
            "192.0.2.1:_port",
            "192.0.2",
            "192.0.2.1.",
            "192.0.2.256",
            "0300.0.2.1",
            "3221225985",
            "0xc0000201",
            "192.0.2.0/24",
            "[192.0.2.1]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[[::1]]",
            "[::1]443",
            "fe80::1%eth0",
            "\"192.0.2.1\"",
            "192.0.2.1 192.0.2.2",
            "for=192.0.2.1",
            "localhost",
            "192.0.2.1\u{a0}",
        ] {
            assert_eq!(address(odd.as_bytes()), None, "{odd}");
        }
        assert_eq!(address(b"192.0.2.1\xff"), None);
    }

    #[test]
    fn parameters_are_found_whatever_their_case_order_and_quotes() {
        let found = |element: &'static str, name| {
            parameter(element.as_bytes(), name).map(|v| std::str::from_utf8(v).unwrap())
        };
        let element = r#" By=203.0.113.1 ; FOR="[2001:db8::1]:80";proto=https;host="a;for=b""#;
        assert_eq!(found(element, "for"), Some("[2001:db8::1]:80"));
        assert_eq!(found(element, "proto"), Some("https"));
        for odd in [
            "",
            "for",
            "proto=http",
            "for=1.1.1.1;for=2.2.2.2",
            "for=\"1.1.1.1",
            "for=1.1.1.1\"",
            "for=\"1.1.1.1\"x\"",
            "for=\"1\\.1.1.1\"",
            "xfor=1.1.1.1",
        ] {
            assert_eq!(found(odd, "for"), None, "{odd}");
        }
    }

    #[test]
    fn only_https_is_https() {
        for yes in ["https", "HTTPS", " https "] {
            assert!(is_https(yes.as_bytes()), "{yes}");
        }
        for no in ["http", "", "httpss", "wss", "on", "https https"] {
            assert!(!is_https(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn where_there_are_no_quotes_a_quote_is_a_byte_like_any_other() {
        let headers = headers(&["a, \"b, c"]);
        let entry = |quotes| nth_from_the_right(&headers, &NAME, 2, quotes);
        assert_eq!(entry(false), Some(&b" \"b"[..]));
        assert_eq!(entry(true), Some(&b"a, \"b"[..]));
    }

    /// What a sender may write in front: anything that a header can hold.
    fn forged() -> impl Strategy<Value = Vec<String>> {
        let entry = prop_oneof![
            "[ -~]{0,30}",
            Just("unknown".to_owned()),
            Just("for=\"".to_owned()),
            Just("6.6.6.6".to_owned()),
        ];
        proptest::collection::vec(entry, 0..6)
    }

    fn trusted() -> impl Strategy<Value = Vec<Ipv6Addr>> {
        proptest::collection::vec(any::<u128>().prop_map(Ipv6Addr::from), 1..5)
    }

    proptest! {
        /// The left-most entry never decides: whatever a sender writes, and however proxies add to
        /// it, the entry is the one that the outermost trusted proxy has written.
        #[test]
        fn what_a_sender_writes_never_moves_the_entry(
            forged in forged(),
            trusted in trusted(),
            own_line in any::<bool>(),
        ) {
            let name = NAME;
            let mut headers = HeaderMap::new();
            for line in &forged {
                headers.append(&name, HeaderValue::from_str(line).unwrap());
            }
            for address in &trusted {
                let entry = format!("for=\"[{address}]\";proto=https");
                let values = headers.get_all(&name);
                let last = values.iter().next_back().map(|v| v.to_str().unwrap().to_owned());
                match last.filter(|_| !own_line) {
                    // As most proxies do: one line, theirs at its end.
                    Some(last) => {
                        let all: Vec<_> = headers.get_all(&name).iter().cloned().collect();
                        headers.remove(&name);
                        for value in &all[..all.len() - 1] {
                            headers.append(&name, value.clone());
                        }
                        let joined = format!("{last}, {entry}");
                        headers.append(&name, HeaderValue::from_str(&joined).unwrap());
                    }
                    None => drop(headers.append(
                        &name,
                        HeaderValue::from_str(&entry).unwrap(),
                    )),
                }
            }
            let depth = trusted.len();
            let entry = nth_from_the_right(&headers, &name, depth, true).unwrap();
            let found = parameter(entry, "for").and_then(address);
            prop_assert_eq!(found, Some(IpAddr::V6(trusted[0]).to_canonical()));
        }
    }
}
