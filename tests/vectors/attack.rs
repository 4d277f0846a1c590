//! What an attacker without the secret does to a valid vector. All of it must be refused.

use std::ops::Range;

use bytes::Bytes;
use data_encoding::BASE64;
use hookgate::{
    Secret, Source,
    provider::Provider,
    scheme::{Encoding, Grammar, Header, KeyDecoding, KeyId, Part, Scheme, SignatureAt, TimeAt},
};
use http::{HeaderName, HeaderValue, Uri, request::Parts};

use super::{Delivery, Vector, content, deliver, source};

/// Longer signed texts are attacked at a sample of their bits.
const ALL_BITS_UP_TO: usize = 4 * 1024;

/// Bits of a sample; not a multiple of 8 bytes apart, so that every position in a byte is met.
const SAMPLE: usize = 509;

pub(crate) fn refused(row: Provider, vector: &Vector) -> Result<(), String> {
    let target = Target {
        source: source(row, vector).map_err(|why| why.to_string())?,
        parts: vector.parts(),
        body: vector.body(),
        row: way_of(row, vector),
        vector,
    };
    target.with_another_secret()?;
    target.with_other_headers()?;
    target.with_other_bodies()?;
    target.with_flipped_headers()?;
    target.with_other_targets()?;
    target.with_other_urls()
}

/// The row with nothing but that one of its ways of signing by which this vector is valid.
fn way_of(row: Provider, vector: &Vector) -> Provider {
    let ways = std::iter::successors(Some(&row.scheme), |scheme| scheme.older);
    let alone = ways.map(|way| Provider {
        scheme: Scheme {
            older: None,
            ..*way
        },
        tolerance: row
            .tolerance
            .filter(|_| !matches!(way.time, TimeAt::Nowhere)),
        ..row
    });
    let accepts = |row: &Provider| {
        let parts = vector.parts();
        source(*row, vector)
            .is_ok_and(|source| source.verify(&parts, vector.body(), vector.now()).is_ok())
    };
    alone.into_iter().find(accepts).unwrap_or(row)
}

struct Target<'v> {
    source: Source,
    parts: Parts,
    body: Bytes,
    row: Provider,
    vector: &'v Vector,
}

impl Target<'_> {
    /// Refused, or accepted because nothing that is signed has changed.
    fn expect_refusal(&self, what: &str, parts: &Parts, body: &Bytes) -> Result<(), String> {
        let found = deliver(&self.source, parts, body, self.vector, Delivery::Whole);
        if found.is_ok() && !content::says_the_same(&self.row, &self.parts, &self.body, body) {
            return Err(format!("accepted after an attack: {what}"));
        }
        Ok(())
    }

    fn with_another_secret(&self) -> Result<(), String> {
        let text = match self.row.scheme.key {
            KeyDecoding::Text | KeyDecoding::Nfkd | KeyDecoding::Sha1 => {
                "nobody signed with this".to_owned()
            }
            KeyDecoding::Base64 { prefix } | KeyDecoding::Base64OrText { prefix } => {
                format!("{prefix}{}", BASE64.encode(&[0x5a; 24]))
            }
            KeyDecoding::Base64AfterUnderscore => format!("r8_{}", BASE64.encode(&[0x5a; 24])),
            KeyDecoding::Hex => "5a".repeat(24),
        };
        let id = match (self.row.scheme.key_id, self.vector.secrets.first()) {
            (KeyId::None, _) | (_, None) => "",
            (_, Some(first)) => first.rsplit_once(':').map_or("", |(id, _)| id),
        };
        let text = if id.is_empty() {
            text
        } else {
            format!("{id}:{text}")
        };
        let other = Secret::new(text).unwrap();
        self.source.set_secrets(&[other]).unwrap();
        let found = deliver(
            &self.source,
            &self.parts,
            &self.body,
            self.vector,
            Delivery::Whole,
        );
        let mine = |text: &String| Secret::new(text.as_str()).unwrap();
        let mine: Vec<_> = self.vector.secrets.iter().map(mine).collect();
        self.source.set_secrets(&mine).unwrap();
        found.map_or(Ok(()), |_| Err("accepted with another secret".to_owned()))
    }

    /// Each header that the signature needs: taken away, doubled, emptied.
    fn with_other_headers(&self) -> Result<(), String> {
        if let SignatureAt::AnyOf(_) | SignatureAt::Numbered(_) = self.row.scheme.signature {
            // One of them is enough, whichever it is.
            let mut parts = self.parts.clone();
            for name in self.signature_headers() {
                parts.headers.remove(name);
            }
            self.refused_whatever("no signature header", &parts)?;
        }
        let several = !matches!(self.row.scheme.signature, SignatureAt::Header(_));
        for name in self.needed() {
            if several && self.signature_headers().contains(&name) {
                continue;
            }
            let mut parts = self.parts.clone();
            let value = parts.headers.remove(&name).unwrap();
            if !(self.signature_headers().contains(&name) && self.is_signed_besides(&name)) {
                self.refused_whatever(&format!("{name} removed"), &parts)?;
            }
            parts
                .headers
                .insert(name.clone(), HeaderValue::from_static(""));
            self.refused_whatever(&format!("{name} emptied"), &parts)?;
            for second in [value.clone(), HeaderValue::from_static("x")] {
                let mut parts = self.parts.clone();
                parts.headers.append(name.clone(), second);
                self.refused_whatever(&format!("{name} doubled"), &parts)?;
            }
            let first = value.to_str().unwrap();
            if self.signature_headers().contains(&name) && self.joins_to_a_list() {
                continue;
            }
            let joined = HeaderValue::try_from(format!("{first}, {first}")).unwrap();
            let mut parts = self.parts.clone();
            parts.headers.insert(name.clone(), joined);
            self.refused_whatever(&format!("{name} joined"), &parts)?;
        }
        Ok(())
    }

    /// Whether an older way's signature stands beside this one, by which the rest is judged in its
    /// absence.
    fn is_signed_besides(&self, signature: &HeaderName) -> bool {
        let older = self.source.provider().scheme.older;
        let mut older = std::iter::successors(older, |scheme| scheme.older);
        older.any(|scheme| match scheme.signature {
            SignatureAt::Header(header) => {
                let name = header.name_in("");
                name != signature.as_str() && self.parts.headers.contains_key(name)
            }
            _ => false,
        })
    }

    /// Two lists with commas that are joined are one list, unless something must be there once.
    fn joins_to_a_list(&self) -> bool {
        let scheme = &self.row.scheme;
        let commas = matches!(
            scheme.grammar,
            Grammar::Pairs {
                separator: b',',
                ..
            }
        );
        commas && !matches!(scheme.time, TimeAt::InSignature { .. }) && scheme.listed.is_none()
    }

    /// Refused with the same body, although the head has changed.
    fn refused_whatever(&self, what: &str, parts: &Parts) -> Result<(), String> {
        let found = deliver(
            &self.source,
            parts,
            &self.body,
            self.vector,
            Delivery::Whole,
        );
        found.map_or(Ok(()), |_| Err(format!("accepted after an attack: {what}")))
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
        let signatures = self.signature_headers();
        for name in self.needed() {
            let value = self.parts.headers.get(&name).unwrap().as_bytes();
            let ranges = if signatures.contains(&name) {
                self.signed_in(value)
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
        match signatures.as_slice() {
            [only] => self.with_flipped_signatures(only),
            // Several places: another one may rescue it.
            _ => Ok(()),
        }
    }

    fn with_flipped_signatures(&self, signature: &HeaderName) -> Result<(), String> {
        if self.parts.headers.get_all(signature).iter().count() > 1 {
            return Ok(());
        }
        // All signatures in the header at once, because any of them may be right.
        let value = self.parts.headers.get(signature).unwrap().as_bytes();
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
                self.expect_refusal_of(signature, &flipped, &format!("signature bit {bit}"))?;
            }
        }
        for keep in (0..longest).filter(|keep| longest <= 128 || keep % 61 == 0) {
            let mut cut = value.to_vec();
            for range in signatures.iter().rev() {
                cut.drain(range.start + keep.min(range.len())..range.end);
            }
            self.expect_refusal_of(signature, &cut, &format!("signature cut to {keep}"))?;
        }
        Ok(())
    }

    /// Another path or query, where the row signs something of it.
    fn with_other_targets(&self) -> Result<(), String> {
        let whole = self.parts.uri.to_string();
        let start = whole.find("://").map_or(0, |at| {
            whole[at + 3..]
                .find('/')
                .map_or(whole.len(), |slash| at + 3 + slash)
        });
        let signed = |uri: &Uri| content::signed_of_target(&self.row, uri);
        if signed(&self.parts.uri).is_none() {
            return Ok(());
        }
        for bit in bits(whole.len() - start) {
            let mut flipped = whole.clone().into_bytes();
            flipped[start + bit / 8] ^= 1 << (bit % 8);
            let flipped = String::from_utf8(flipped).ok();
            let Some(uri) = flipped.and_then(|text| text.parse::<Uri>().ok()) else {
                continue;
            };
            if signed(&uri) != signed(&self.parts.uri) {
                let mut parts = self.parts.clone();
                parts.uri = uri;
                self.refused_whatever(&format!("path or query bit {bit}"), &parts)?;
            }
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
        self.refused_whatever(what, &parts)
    }

    /// The headers that the signature needs, of the family that this request uses.
    fn needed(&self) -> Vec<HeaderName> {
        let scheme = &self.row.scheme;
        let mut names = self.signature_headers();
        if let TimeAt::Header { header, .. } = scheme.time {
            names.push(self.name(header));
        }
        if let KeyId::Header(header) = scheme.key_id {
            names.push(self.name(header));
        }
        for part in scheme.message {
            if let Part::Header(header) = part {
                names.push(self.name(*header));
            }
        }
        names.extend(scheme.require.iter().map(|(header, _)| self.name(*header)));
        let listed = scheme.listed.iter().flat_map(|listed| listed.required);
        names.extend(listed.map(|header| self.name(*header)));
        names.retain(|name| self.parts.headers.contains_key(name));
        names
    }

    /// The headers with signatures that are there.
    fn signature_headers(&self) -> Vec<HeaderName> {
        let mut names = match self.row.scheme.signature {
            SignatureAt::Header(header) | SignatureAt::Lines(header) => vec![self.name(header)],
            SignatureAt::AnyOf(headers) => {
                headers.iter().map(|header| self.name(*header)).collect()
            }
            SignatureAt::Numbered(header) => (1..=16)
                .map(|n| HeaderName::try_from(format!("{}{n}", self.name(header))).unwrap())
                .collect(),
            SignatureAt::Query(_)
            | SignatureAt::Field(_)
            | SignatureAt::Param(_)
            | SignatureAt::Nowhere => Vec::new(),
        };
        names.retain(|name| self.parts.headers.contains_key(name));
        names
    }

    fn name(&self, header: Header) -> HeaderName {
        let signed = |family: &&&str| match self.row.scheme.signature {
            SignatureAt::Header(signature) => {
                self.parts.headers.contains_key(signature.name_in(family))
            }
            _ => false,
        };
        let family = self.row.families.iter().find(signed).unwrap_or(&"");
        HeaderName::try_from(header.name_in(family)).unwrap()
    }

    /// What of the signature's text is signed itself.
    fn signed_in(&self, value: &[u8]) -> Vec<Range<usize>> {
        match (self.row.scheme.time, self.row.scheme.grammar) {
            (TimeAt::InSignature { key, .. }, Grammar::Pairs { separator, .. }) => {
                elements(value, Some(separator), &format!("{key}="))
            }
            (TimeAt::InSignature { .. }, Grammar::Positional { separator }) => {
                elements(value, Some(separator), "")
                    .into_iter()
                    .take(1)
                    .collect()
            }
            (_, Grammar::Jwt { prefix, .. }) => {
                let end = value
                    .iter()
                    .rposition(|byte| *byte == b'.')
                    .unwrap_or_default();
                std::iter::once(prefix.len()..end).collect()
            }
            _ => Vec::new(),
        }
    }

    fn signatures_in(&self, value: &[u8]) -> Vec<Range<usize>> {
        match self.row.scheme.grammar {
            Grammar::Bare => elements(value, None, ""),
            Grammar::Prefix(prefix) => elements(value, None, prefix),
            Grammar::OptionalPrefix(prefix) => {
                let prefixed = elements(value, None, prefix);
                if prefixed.is_empty() {
                    elements(value, None, "")
                } else {
                    prefixed
                }
            }
            Grammar::Pairs {
                separator,
                signature,
            } => elements(value, Some(separator), &format!("{signature}=")),
            Grammar::Positional { separator } => {
                let timed = matches!(self.row.scheme.time, TimeAt::InSignature { .. });
                let all = elements(value, Some(separator), "").into_iter();
                all.skip(usize::from(timed)).collect()
            }
            Grammar::SpaceList { version } => elements(value, Some(b' '), &format!("{version},")),
            Grammar::Jwt { .. } => {
                let start = value
                    .iter()
                    .rposition(|byte| *byte == b'.')
                    .map_or(0, |dot| dot + 1);
                std::iter::once(start..value.len()).collect()
            }
            // Every vector of these has tests of its own.
            Grammar::Groups { .. } | Grammar::Labelled => Vec::new(),
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
