//! What a string or a number says.

use std::borrow::Cow;

use super::MAX_TEXT;

/// The text between two quotes; `None` when it is not Unicode: bytes that are not UTF-8, or half
/// a surrogate pair. `escaped` says whether there are escapes in it; they are well-formed.
pub(super) fn text(raw: &[u8], escaped: bool) -> Option<Cow<'_, str>> {
    if escaped {
        unescape(raw).map(Cow::Owned)
    } else {
        std::str::from_utf8(raw).ok().map(Cow::Borrowed)
    }
}

/// The same, for texts that are wanted up to [`MAX_TEXT`] only.
pub(super) fn short(raw: &[u8], escaped: bool) -> Option<Cow<'_, str>> {
    // An escape of six bytes stands for one byte at least.
    if raw.len() > MAX_TEXT * 6 {
        return None;
    }
    text(raw, escaped).filter(|text| text.len() <= MAX_TEXT)
}

/// The digits of an integer of 64 bits. The grammar lets nothing be written in two ways but zero.
pub(super) fn integer(raw: &[u8]) -> Option<&str> {
    let digits = std::str::from_utf8(raw).ok()?;
    let fits = if digits.starts_with('-') {
        digits.parse::<i64>().is_ok_and(|number| number != 0)
    } else {
        digits.parse::<u64>().is_ok()
    };
    fits.then_some(digits)
}

fn unescape(mut raw: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(raw.len());
    while let Some(at) = raw.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = raw.split_at(at);
        text.extend_from_slice(before);
        let (kind, rest) = escape.get(1..)?.split_first()?;
        raw = rest;
        text.push(match kind {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (char, rest) = unicode(rest)?;
                text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                raw = rest;
                continue;
            }
            itself => *itself,
        });
    }
    text.extend_from_slice(raw);
    String::from_utf8(text).ok()
}

/// The character behind a `\u`, and what follows it.
fn unicode(raw: &[u8]) -> Option<(char, &[u8])> {
    let (first, rest) = unit(raw)?;
    if let Some(char) = char::from_u32(first) {
        return Some((char, rest));
    }
    let (second, rest) = unit(rest.strip_prefix(b"\\u")?)?;
    let pair = [first, second].map(|unit| unit as u16);
    let mut chars = char::decode_utf16(pair);
    // Two halves make one character; anything else begins with an error.
    Some((chars.next()?.ok()?, rest))
}

fn unit(raw: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = raw.split_first_chunk::<4>()?;
    let unit = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_or_there_is_no_text() {
        for (raw, expected) in [
            (r"\u0069d", Some("id")),
            (r#"\"\\\/\b\f\n\r\t"#, Some("\"\\/\u{8}\u{c}\n\r\t")),
            (
                r"\u00e9\u20AC\ud83d\ude00!",
                Some("\u{e9}\u{20ac}\u{1f600}!"),
            ),
            (r"\u0000", Some("\0")),
            (r"\ud83d", None),
            (r"\ud83d\n", None),
            (r"\ud83d\u0041", None),
            (r"\ud83d\ud83d\ude00", None),
            (r"\ude00\ud83d", None),
        ] {
            assert_eq!(text(raw.as_bytes(), true).as_deref(), expected, "{raw}");
        }
        assert_eq!(text(b"\xc3\xa9", false).as_deref(), Some("\u{e9}"));
        assert_eq!(text(b"\xc3", false), None);
        // Half a character before an escape does not become whole by it.
        assert_eq!(text(b"\xc3\\u00a9", true), None);
    }

    #[test]
    fn only_the_decoded_length_counts() {
        let escaped = r"\u0041".repeat(MAX_TEXT);
        assert!(short(escaped.as_bytes(), true).is_some());
        let more = escaped + "A";
        assert_eq!(short(more.as_bytes(), true), None);
        assert_eq!(short(&[b'A'; MAX_TEXT + 1], false), None);
    }

    #[test]
    fn integers_of_64_bits_have_a_text() {
        for yes in [
            "0",
            "7",
            "-7",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            assert_eq!(integer(yes.as_bytes()), Some(yes));
        }
        for no in ["-0", "18446744073709551616", "-9223372036854775809"] {
            assert_eq!(integer(no.as_bytes()), None, "{no}");
        }
    }
}
