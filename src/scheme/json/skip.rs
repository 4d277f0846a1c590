//! The grammar of JSON, without a meaning: where a token or a whole value ends.
//!
//! Accepts exactly what `serde_json` accepts of a value that it ignores: texts need not be UTF-8
//! and surrogates need not come in pairs. All functions take the place where something starts and
//! answer the place behind it, or `None` when it is not JSON. Nothing here calls itself, so depth
//! is no danger.

use super::texts::Texts;

/// The next byte that is no white space, and its place. At the end it is 0, which begins nothing.
#[inline(always)]
pub(super) fn peek(body: &[u8], mut at: usize) -> (usize, u8) {
    loop {
        match body.get(at) {
            Some(b' ' | b'\n' | b'\t' | b'\r') => at += 1,
            Some(byte) => return (at, *byte),
            None => return (at, 0),
        }
    }
}

pub(super) fn escape(body: &[u8], at: usize) -> Option<usize> {
    match *body.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => {
            let digits = body.get(at + 1..)?.first_chunk::<4>()?;
            digits
                .iter()
                .all(u8::is_ascii_hexdigit)
                .then_some(at + 1 + digits.len())
        }
        _ => None,
    }
}

/// Behind a number, and whether it is written as an integer.
#[inline(always)]
pub(super) fn number(body: &[u8], mut at: usize) -> Option<(usize, bool)> {
    if body.get(at) == Some(&b'-') {
        at += 1;
    }
    let start = at;
    at = digits(body, at);
    // No digits, or more of them after a nought.
    if at == start || (at > start + 1 && body.get(start) == Some(&b'0')) {
        return None;
    }
    match body.get(at) {
        Some(b'.' | b'e' | b'E') => Some((fraction(body, at)?, false)),
        _ => Some((at, true)),
    }
}

fn fraction(body: &[u8], mut at: usize) -> Option<usize> {
    if body.get(at) == Some(&b'.') {
        let start = at + 1;
        at = digits(body, start);
        if at == start {
            return None;
        }
    }
    if let Some(b'e' | b'E') = body.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = body.get(at) {
            at += 1;
        }
        let start = at;
        at = digits(body, start);
        if at == start {
            return None;
        }
    }
    Some(at)
}

#[inline(always)]
fn digits(body: &[u8], mut at: usize) -> usize {
    while body.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// Behind `word`, if it is there.
#[inline(always)]
pub(super) fn literal(body: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    body.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// From behind an object's key to its value.
#[inline(always)]
pub(super) fn colon(body: &[u8], at: usize) -> Option<usize> {
    match peek(body, at) {
        (at, b':') => Some(at + 1),
        _ => None,
    }
}

/// Behind the whole value that begins here, after white space.
pub(super) fn value(texts: &mut Texts<'_>, mut at: usize) -> Option<usize> {
    let body = texts.body;
    let mut open = Open::default();
    loop {
        let (start, byte) = peek(body, at);
        at = match byte {
            b'"' => texts.end(start + 1)?.0 + 1,
            b'-' | b'0'..=b'9' => number(body, start)?.0,
            b'{' => match peek(body, start + 1) {
                (end, b'}') => end + 1,
                (key, b'"') => {
                    open.push(true);
                    at = colon(body, texts.end(key + 1)?.0 + 1)?;
                    continue;
                }
                _ => return None,
            },
            b'[' => match peek(body, start + 1) {
                (end, b']') => end + 1,
                (first, _) => {
                    open.push(false);
                    at = first;
                    continue;
                }
            },
            b't' => literal(body, start, b"true")?,
            b'f' => literal(body, start, b"false")?,
            b'n' => literal(body, start, b"null")?,
            _ => return None,
        };
        // Behind a value: the end of what it is in, or the next.
        loop {
            if open.depth == 0 {
                return Some(at);
            }
            let in_object = open.is_object();
            match peek(body, at) {
                (comma, b',') if in_object => {
                    let (key, b'"') = peek(body, comma + 1) else {
                        return None;
                    };
                    at = colon(body, texts.end(key + 1)?.0 + 1)?;
                    break;
                }
                (comma, b',') => {
                    at = comma + 1;
                    break;
                }
                (end, b'}') if in_object => at = end + 1,
                (end, b']') if !in_object => at = end + 1,
                _ => return None,
            }
            open.pop();
        }
    }
}

/// The objects and arrays that are open, a bit each: the innermost is the lowest bit of `top`.
#[derive(Default)]
struct Open {
    depth: usize,
    top: u64,
    /// Full words below `top`.
    below: Vec<u64>,
}

impl Open {
    #[inline(always)]
    fn push(&mut self, object: bool) {
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.below.push(self.top);
        }
        self.top = self.top << 1 | u64::from(object);
        self.depth += 1;
    }

    #[inline(always)]
    fn pop(&mut self) {
        self.depth -= 1;
        self.top >>= 1;
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.top = self.below.pop().unwrap_or_default();
        }
    }

    #[inline(always)]
    const fn is_object(&self) -> bool {
        self.top & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    fn is_json(body: &[u8]) -> bool {
        let end = value(&mut Texts::new(body), 0);
        end.is_some_and(|end| peek(body, end).0 == body.len())
    }

    #[test]
    fn every_short_text_is_read_as_serde_json_reads_it() {
        // Every body of up to six of these, the end of the string at every place in a word.
        const BYTES: &[u8] = b"{}[]\",:-0.1e ";
        for len in 0..=5_u32 {
            for mut n in 0..BYTES.len().pow(len) {
                let mut body = Vec::new();
                for _ in 0..len {
                    body.push(BYTES[n % BYTES.len()]);
                    n /= BYTES.len();
                }
                let reference = serde_json::from_slice::<IgnoredAny>(&body).is_ok();
                assert_eq!(is_json(&body), reference, "{}", body.escape_ascii());
            }
        }
    }

    #[test]
    fn every_byte_at_every_place_of_a_string_or_number() {
        for (before, after) in [("\"", "\""), ("\"\\", "0041\""), ("1", ""), ("[1", "1 ]")] {
            for len in [1, 7, 8, 61, 66] {
                for place in 0..len {
                    for byte in 0..=u8::MAX {
                        let mut body = before.as_bytes().to_vec();
                        body.extend(vec![b'7'; len]);
                        body[before.len() + place] = byte;
                        body.extend(after.as_bytes());
                        let reference = serde_json::from_slice::<IgnoredAny>(&body).is_ok();
                        assert_eq!(is_json(&body), reference, "{}", body.escape_ascii());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_open_is_remembered_at_any_depth() {
        for depth in [1, 63, 64, 65, 127, 128, 129, 200, 1_000_000] {
            let kinds = (0..depth).map(|n: u32| n.wrapping_mul(0x9e37_79b9) >> 31 == 1);
            let mut body = Vec::new();
            for object in kinds.clone() {
                body.extend(if object { &b"{\"\":"[..] } else { b"[" });
            }
            assert!(!is_json(&body));
            body.push(b'0');
            body.extend(kinds.rev().map(|object| if object { b'}' } else { b']' }));
            assert!(is_json(&body), "{depth}");
            let last = body.len() - 1;
            body[last] ^= b'}' ^ b']';
            assert!(!is_json(&body), "{depth}");
        }
    }
}
