//! What an attacker without the secret does to a valid vector. All of it must be refused.

use std::ops::Range;

use bytes::Bytes;
use data_encoding::BASE64;
use hookgate::{
    Secret, Source,
    provider::Provider,
    scheme::{Encoding, Grammar, Header, KeyDecoding, Part, TimeAt},
};
use http::{HeaderName, HeaderValue, request::Parts};

use super::{Delivery, Vector, deliver, source};

/// Longer signed texts are attacked at a sample of their bits.
const ALL_BITS_UP_TO: usize = 4 * 1024;

/// Bits of a sample; not a multiple of 8 bytes apart, so that every position in a byte is met.
const SAMPLE: usize = 509;

pub(crate) fn refused(row: Provider, vector: &Vector) -> Result<(), String> {
    let target = Target {
        source: source(row, vector).map_err(|why| why.to_string())?,
        parts: vector.parts(),
        body: vector.body(),
        row,
        vector,
    };
    target.with_another_secret()?;
    target.with_other_headers()?;
    target.with_other_bodies()?;
    target.with_flipped_headers()?;
    target.with_other_urls()
}

struct Target<'v> {
    source: Source,
    parts: Parts,
    body: Bytes,
    row: Provider,
    vector: &'v Vector,
}

impl Target<'_> {
    fn expect_refusal(&self, what: &str, parts: &Parts, body: &Bytes) -> Result<(), String> {
        let found = deliver(&self.source, parts, body, self.vector, Delivery::Whole);
        found.map_or(Ok(()), |_| Err(format!("accepted after an attack: {what}")))
    }

    fn with_another_secret(&self) -> Result<(), String> {
        let text = match self.row.scheme.key {
            KeyDecoding::Text => "nobody signed with this".to_owned(),
            KeyDecoding::Base64 { prefix } => format!("{prefix}{}", BASE64.encode(&[0x5a; 24])),
            KeyDecoding::Hex => "5a".repeat(24),
        };
        let other = Secret::new(text).unwrap();
        self.source.set_secrets(&[other]).unwrap();
        let result = self.expect_refusal("another secret", &self.parts, &self.body);
        let mine = |text: &String| Secret::new(text.as_str()).unwrap();
        let mine: Vec<_> = self.vector.secrets.iter().map(mine).collect();
        self.source.set_secrets(&mine).unwrap();
        result
    }

    /// Each header that the signature needs: taken away, doubled, emptied.
    fn with_other_headers(&self) -> Result<(), String> {
        for name in self.needed() {
            let mut parts = self.parts.clone();
            let value = parts.headers.remove(&name).unwrap();
            self.expect_refusal(&format!("{name} removed"), &parts, &self.body)?;
            parts
                .headers
                .insert(name.clone(), HeaderValue::from_static(""));
            self.expect_refusal(&format!("{name} emptied"), &parts, &self.body)?;
            for second in [value.clone(), HeaderValue::from_static("x")] {
                let mut parts = self.parts.clone();
                parts.headers.append(name.clone(), second);
                self.expect_refusal(&format!("{name} doubled"), &parts, &self.body)?;
            }
            let first = value.to_str().unwrap();
            let joined = HeaderValue::try_from(format!("{first}, {first}")).unwrap();
            let mut parts = self.parts.clone();
            parts.headers.insert(name.clone(), joined);
            self.expect_refusal(&format!("{name} joined"), &parts, &self.body)?;
        }
        Ok(())
    }

    fn with_other_bodies(&self) -> Result<(), String> {
        let body = &self.body;
        for at in bits(body.len()) {
            let mut flipped = body.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            self.expect_refusal(&format!("body bit {at}"), &self.parts, &flipped.into())?;
        }
        for byte in [b' ', b'\n', 0] {
            let longer = [body, &[byte][..]].concat();
            self.expect_refusal("a longer body", &self.parts, &longer.into())?;
            let longer = [&[byte][..], body].concat();
            self.expect_refusal("a body moved", &self.parts, &longer.into())?;
        }
        if !body.is_empty() {
            self.expect_refusal("no first byte", &self.parts, &body.slice(1..))?;
            self.expect_refusal("no last byte", &self.parts, &body.slice(..body.len() - 1))?;
            self.expect_refusal("no body", &self.parts, &Bytes::new())?;
        }
        Ok(())
    }

    fn with_flipped_headers(&self) -> Result<(), String> {
        let signature = self.name(self.row.scheme.header);
        for name in self.needed() {
            let value = self.parts.headers.get(&name).unwrap().as_bytes();
            let ranges = if name == signature {
                self.time_in(value)
            } else {
                std::iter::once(0..value.len()).collect()
            };
            for range in ranges {
                for bit in bits(range.len()) {
                    let mut flipped = value.to_vec();
                    flipped[range.start + bit / 8] ^= 1 << (bit % 8);
                    self.expect_refusal_of(&name, &flipped, &format!("{name} bit {bit}"))?;
                }
            }
        }
        // All signatures in the header at once, because any of them may be right.
        let value = self.parts.headers.get(&signature).unwrap().as_bytes();
        let signatures = self.signatures_in(value);
        let longest = signatures.iter().map(Range::len).max().unwrap_or_default();
        for bit in bits(longest) {
            let mut flipped = value.to_vec();
            for range in &signatures {
                if let Some(byte) = flipped
                    .get_mut(range.start + bit / 8)
                    .filter(|_| bit / 8 < range.len())
                {
                    *byte ^= 1 << (bit % 8);
                }
            }
            // Hex digits may be written in either case.
            let same = self.row.scheme.encoding == Encoding::Hex && bit % 8 == 5;
            if !(same && flipped.eq_ignore_ascii_case(value)) {
                self.expect_refusal_of(&signature, &flipped, &format!("signature bit {bit}"))?;
            }
        }
        for keep in (0..longest).filter(|keep| longest <= 128 || keep % 61 == 0) {
            let mut cut = value.to_vec();
            for range in signatures.iter().rev() {
                cut.drain(range.start + keep.min(range.len())..range.end);
            }
            self.expect_refusal_of(&signature, &cut, &format!("signature cut to {keep}"))?;
        }
        Ok(())
    }

    fn with_other_urls(&self) -> Result<(), String> {
        let signs_url = |part: &Part| matches!(part, Part::PublicUrl);
        let Some(url) = self
            .vector
            .url
            .as_ref()
            .filter(|_| self.row.scheme.message.iter().any(signs_url))
        else {
            return Ok(());
        };
        for bit in bits(url.len()) {
            let mut flipped = url.clone().into_bytes();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(flipped) = String::from_utf8(flipped) else {
                continue;
            };
            let mut other = self.vector.clone();
            other.url = Some(flipped);
            let Ok(source) = source(self.row, &other) else {
                continue;
            };
            let found = deliver(
                &source,
                &self.parts,
                &self.body,
                self.vector,
                Delivery::Whole,
            );
            if found.is_ok() {
                return Err(format!("accepted after an attack: URL bit {bit}"));
            }
        }
        Ok(())
    }

    /// With another value of one header; one that no HTTP library lets through is refused already.
    fn expect_refusal_of(&self, name: &HeaderName, value: &[u8], what: &str) -> Result<(), String> {
        let Ok(value) = HeaderValue::from_bytes(value) else {
            return Ok(());
        };
        let mut parts = self.parts.clone();
        parts.headers.insert(name.clone(), value);
        self.expect_refusal(what, &parts, &self.body)
    }

    /// The headers that the signature needs, of the family that this request uses.
    fn needed(&self) -> Vec<HeaderName> {
        let scheme = &self.row.scheme;
        let mut names = vec![self.name(scheme.header)];
        if let TimeAt::Header { header, .. } = scheme.time {
            names.push(self.name(header));
        }
        for part in scheme.message {
            if let Part::Header(header) = part {
                names.push(self.name(*header));
            }
        }
        names
    }

    fn name(&self, header: Header) -> HeaderName {
        let signed = |family: &&&str| {
            let signature = self.row.scheme.header.name_in(family);
            self.parts.headers.contains_key(signature)
        };
        let family = self.row.families.iter().find(signed).unwrap_or(&"");
        HeaderName::try_from(header.name_in(family)).unwrap()
    }

    fn time_in(&self, value: &[u8]) -> Vec<Range<usize>> {
        match (self.row.scheme.time, self.row.scheme.grammar) {
            (TimeAt::InSignature { key, .. }, Grammar::Pairs { separator, .. }) => {
                elements(value, Some(separator), &format!("{key}="))
            }
            _ => Vec::new(),
        }
    }

    fn signatures_in(&self, value: &[u8]) -> Vec<Range<usize>> {
        match self.row.scheme.grammar {
            Grammar::Bare => elements(value, None, ""),
            Grammar::Prefix(prefix) => elements(value, None, prefix),
            Grammar::Pairs {
                separator,
                signature,
            } => elements(value, Some(separator), &format!("{signature}=")),
            Grammar::SpaceList { version } => elements(value, Some(b' '), &format!("{version},")),
        }
    }
}

/// Where the elements are that start with `prefix`, without it.
fn elements(value: &[u8], separator: Option<u8>, prefix: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut found = Vec::new();
    for element in value.split(|byte| Some(*byte) == separator) {
        let end = start + element.len();
        if let Some(text) = element.trim_ascii_start().strip_prefix(prefix.as_bytes()) {
            found.push(end - text.len()..end);
        }
        start = end + 1;
    }
    found
}

fn bits(len: usize) -> Box<dyn Iterator<Item = usize>> {
    let all = len * 8;
    if len <= ALL_BITS_UP_TO {
        Box::new(0..all)
    } else {
        Box::new((0..SAMPLE).map(move |n| (all - 1) / (SAMPLE - 1) * n))
    }
}
