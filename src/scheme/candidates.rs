//! Reads what stands where a signature stands.

use std::ops::Range;

use super::token;
use crate::{
    error::RejectionKind,
    scheme::{Encoding, Grammar, MAX_CANDIDATES, MAX_MESSAGES, MAX_SIGNATURE_HEADER, mac::Tag},
};

/// What a well-formed signature text says.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    /// Where the time's text is, when one was asked for.
    pub(crate) time: Option<Range<usize>>,
    /// Where the names of the listed headers are, when they were asked for.
    pub(crate) listed: Option<Range<usize>>,
    pub(crate) tags: Tags,
}

/// The signatures, decoded. Nearly always there is one.
#[derive(Clone, Debug)]
pub(crate) enum Tags {
    One(Tag),
    Many(Vec<Tag>),
}

impl Default for Tags {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Tags {
    pub(crate) fn as_slice(&self) -> &[Tag] {
        match self {
            Self::One(tag) => std::slice::from_ref(tag),
            Self::Many(tags) => tags,
        }
    }

    /// These and those of another place.
    pub(crate) fn and(self, more: Self) -> Result<Self, RejectionKind> {
        let all = [self.as_slice(), more.as_slice()].concat();
        if all.len() > MAX_CANDIDATES {
            return Err(RejectionKind::MalformedSignature);
        }
        Ok(Self::Many(all))
    }
}

/// What is looked for in a signature's text.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) grammar: Grammar,
    pub(crate) encoding: Encoding,
    pub(crate) tag_len: usize,
    /// The key of the time, when the scheme has it there. Any text in positional lists.
    pub(crate) time: Option<&'static str>,
    /// The key of the listed headers' names, when the scheme has them there.
    pub(crate) listed: Option<&'static str>,
}

impl Wanted {
    /// Whether the text has this grammar's kind of signature at all, well-formed or not.
    pub(crate) fn is_there(&self, value: &[u8]) -> bool {
        match self.grammar {
            Grammar::Bare
            | Grammar::OptionalPrefix(_)
            | Grammar::Positional { .. }
            | Grammar::Labelled => true,
            Grammar::Jwt { alg, .. } => token::algorithm(self.jwt(value)).is_some_and(|a| a == alg),
            _ => self.written(value).next().is_some(),
        }
    }

    /// Reads the text, before anything is hashed. More than one only in [`Grammar::Groups`].
    pub(crate) fn read(&self, value: &[u8]) -> Result<(Claimed, Vec<Claimed>), RejectionKind> {
        if value.len() > MAX_SIGNATURE_HEADER || self.is_joined(value) {
            return Err(RejectionKind::MalformedSignature);
        }
        let Grammar::Groups { signature } = self.grammar else {
            return Ok((self.one(value)?, Vec::new()));
        };
        let pairs = Self {
            grammar: Grammar::Pairs {
                separator: b',',
                signature,
            },
            ..*self
        };
        let mut groups = Vec::new();
        let mut start = 0;
        for group in value.split(|byte| *byte == b' ') {
            if groups.len() == MAX_MESSAGES {
                return Err(RejectionKind::MalformedSignature);
            }
            let mut claimed = pairs.one(group)?;
            claimed.time = claimed.time.map(|at| at.start + start..at.end + start);
            groups.push(claimed);
            start += group.len() + 1;
        }
        let total: usize = groups.iter().map(|g| g.tags.as_slice().len()).sum();
        if groups.is_empty() || total > MAX_CANDIDATES {
            return Err(RejectionKind::MalformedSignature);
        }
        Ok((groups.remove(0), groups))
    }

    fn one(&self, value: &[u8]) -> Result<Claimed, RejectionKind> {
        let time = match self.time {
            Some(key) => Some(self.time_in(value, key)?),
            None => {
                self.check_pairs(value)?;
                None
            }
        };
        let why = RejectionKind::SignedHeader;
        let listed = match self.listed {
            Some(key) => Some(self.value_of(value, key, why)?.ok_or(why)?),
            None => None,
        };
        let (mut first, mut more, mut written) = (None, Vec::new(), 0);
        for text in self.written(value) {
            // Rubbish counts too: it costs as much to skip as a signature does.
            if written == MAX_CANDIDATES {
                return Err(RejectionKind::MalformedSignature);
            }
            written += 1;
            // One that is not well-formed cannot match, so it is skipped: senders put other
            // schemes' signatures beside their own.
            match (self.encoding.decode(text, self.tag_len), &first) {
                (Some(tag), None) => first = Some(tag),
                (Some(tag), Some(_)) => more.push(tag),
                (None, _) => {}
            }
        }
        let first = first.ok_or(RejectionKind::MalformedSignature)?;
        let tags = if more.is_empty() {
            Tags::One(first)
        } else {
            more.insert(0, first);
            Tags::Many(more)
        };
        Ok(Claimed { time, listed, tags })
    }

    /// Whether a proxy made one value of two headers, where a comma cannot be anything else. (With
    /// [`Grammar::Bare`] and prefixes it is in no alphabet, and in lists with commas the time is then
    /// there twice. Tokens may have commas: two joined ones are another token.)
    fn is_joined(&self, value: &[u8]) -> bool {
        match self.grammar {
            Grammar::Pairs { separator, .. } => separator != b',' && value.contains(&b','),
            Grammar::SpaceList { .. } | Grammar::Positional { .. } | Grammar::Groups { .. } => {
                value.windows(2).any(|two| two == b", ")
            }
            _ => false,
        }
    }

    /// The texts that stand where a signature stands.
    fn written<'v>(&self, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> + use<'v> {
        let grammar = self.grammar;
        let separator = match grammar {
            Grammar::Pairs { separator, .. } | Grammar::Positional { separator } => Some(separator),
            Grammar::Groups { .. } => Some(b','),
            Grammar::SpaceList { .. } => Some(b' '),
            Grammar::Labelled => Some(b'&'),
            _ => None,
        };
        // In positional lists the time comes first.
        let skip =
            usize::from(matches!(grammar, Grammar::Positional { .. }) && self.time.is_some());
        let texts = value.split(move |byte| Some(*byte) == separator);
        texts.skip(skip).filter_map(move |element| match grammar {
            Grammar::Bare | Grammar::Positional { .. } => Some(element),
            Grammar::Prefix(prefix) => element.strip_prefix(prefix.as_bytes()),
            Grammar::OptionalPrefix(prefix) => {
                Some(element.strip_prefix(prefix.as_bytes()).unwrap_or(element))
            }
            Grammar::Pairs { signature, .. } | Grammar::Groups { signature } => element
                .trim_ascii_start()
                .strip_prefix(signature.as_bytes())?
                .strip_prefix(b"="),
            Grammar::SpaceList { version } => {
                element.strip_prefix(version.as_bytes())?.strip_prefix(b",")
            }
            Grammar::Labelled => {
                let bar = element.iter().position(|byte| *byte == b'|')?;
                element.get(bar + 1..)
            }
            Grammar::Jwt { prefix, alg, .. } => {
                let jwt = element.strip_prefix(prefix.as_bytes())?;
                token::algorithm(jwt).filter(|named| named == alg)?;
                jwt.rsplit(|byte| *byte == b'.').next()
            }
        })
    }

    /// The token in a [`Grammar::Jwt`]; empty in others.
    pub(crate) fn jwt<'v>(&self, value: &'v [u8]) -> &'v [u8] {
        match self.grammar {
            Grammar::Jwt { prefix, .. } => {
                value.strip_prefix(prefix.as_bytes()).unwrap_or_default()
            }
            _ => &[],
        }
    }

    fn time_in(&self, value: &[u8], key: &str) -> Result<Range<usize>, RejectionKind> {
        if let Grammar::Positional { separator } = self.grammar {
            let end = value.iter().position(|byte| *byte == separator);
            return end
                .map(|end| 0..end)
                .ok_or(RejectionKind::MalformedSignature);
        }
        self.value_of(value, key, RejectionKind::MalformedTimestamp)?
            .ok_or(RejectionKind::MissingTimestamp)
    }

    fn check_pairs(&self, value: &[u8]) -> Result<(), RejectionKind> {
        self.value_of(value, "", RejectionKind::MalformedSignature)
            .map(drop)
    }

    /// Where the value of this key is, in lists of pairs. It may not be there `twice`.
    fn value_of(
        &self,
        value: &[u8],
        wanted: &str,
        twice: RejectionKind,
    ) -> Result<Option<Range<usize>>, RejectionKind> {
        let Grammar::Pairs { separator, .. } = self.grammar else {
            return Ok(None);
        };
        let (mut start, mut found) = (0, None);
        for element in value.split(|byte| *byte == separator) {
            let end = start + element.len();
            start = end + 1;
            let trimmed = element.trim_ascii_start();
            let Some(equals) = trimmed.iter().position(|byte| *byte == b'=') else {
                if trimmed.is_empty() {
                    continue;
                }
                return Err(RejectionKind::MalformedSignature);
            };
            let is_it = !wanted.is_empty() && trimmed[..equals] == *wanted.as_bytes();
            if is_it
                && found
                    .replace(end - (trimmed.len() - equals - 1)..end)
                    .is_some()
            {
                return Err(twice);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: Grammar = Grammar::Pairs {
        separator: b',',
        signature: "v1",
    };
    const SPACES: Grammar = Grammar::SpaceList { version: "v1" };

    fn wanted(grammar: Grammar) -> Wanted {
        let timed = matches!(
            grammar,
            Grammar::Pairs { .. } | Grammar::Groups { .. } | Grammar::Positional { .. }
        );
        Wanted {
            grammar,
            encoding: Encoding::Hex,
            tag_len: 2,
            time: timed.then_some("t"),
            listed: None,
        }
    }

    fn check(grammar: Grammar, value: &str) -> Result<Option<Range<usize>>, RejectionKind> {
        Ok(wanted(grammar).read(value.as_bytes())?.0.time)
    }

    fn bytes(claimed: &Claimed) -> Vec<Vec<u8>> {
        let tags = claimed.tags.as_slice().iter();
        tags.map(|tag| tag.as_bytes().to_vec()).collect()
    }

    fn found(grammar: Grammar, value: &str) -> Result<Vec<Vec<u8>>, RejectionKind> {
        Ok(bytes(&wanted(grammar).read(value.as_bytes())?.0))
    }

    #[test]
    fn pairs_give_the_time_and_every_signature_of_their_version() {
        let value = "t=12, v1=00ff,v0=0102,v1=zz,v1=0a0b,other=";
        assert_eq!(check(PAIRS, value), Ok(Some(2..4)));
        assert_eq!(found(PAIRS, value), Ok(vec![vec![0, 255], vec![10, 11]]));
        assert_eq!(check(PAIRS, "v1=00ff, t=34"), Ok(Some(11..13)));
        assert_eq!(check(PAIRS, "t=1,v1=00ff,"), Ok(Some(2..3)));
    }

    #[test]
    fn pairs_that_say_two_things_or_nothing_are_refused() {
        for (value, why) in [
            ("t=1,t=1,v1=00ff", RejectionKind::MalformedTimestamp),
            ("v1=00ff", RejectionKind::MissingTimestamp),
            ("t=1", RejectionKind::MalformedSignature),
            ("t=1,v1=", RejectionKind::MalformedSignature),
            ("t,v1=00ff", RejectionKind::MalformedSignature),
            ("t=1;v1=00ff", RejectionKind::MalformedSignature),
            ("t=1,v2=00ff", RejectionKind::MalformedSignature),
            ("t=1,V1=00ff", RejectionKind::MalformedSignature),
            ("", RejectionKind::MissingTimestamp),
            (",,", RejectionKind::MissingTimestamp),
        ] {
            assert_eq!(check(PAIRS, value), Err(why), "{value:?}");
        }
    }

    #[test]
    fn a_bare_value_with_a_comma_is_two_headers_in_one() {
        assert!(check(Grammar::Bare, "00ff").is_ok());
        for bad in ["00ff,00ff", "00ff, 00ff", " 00ff", "00ff ", "sha256=00ff"] {
            assert_eq!(
                check(Grammar::Bare, bad),
                Err(RejectionKind::MalformedSignature),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn lists_joined_by_a_proxy_are_refused() {
        let semicolons = Grammar::Pairs {
            separator: b';',
            signature: "v1",
        };
        for (grammar, value) in [
            (semicolons, "t=1;v1=00ff"),
            (PAIRS, "t=1,v1=00ff"),
            (SPACES, "v1,00ff"),
            (Grammar::Positional { separator: b',' }, "1,00ff"),
            (Grammar::Groups { signature: "v1" }, "t=1,v1=00ff"),
        ] {
            assert!(check(grammar, value).is_ok(), "{value}");
            assert!(check(grammar, &format!("{value}, {value}")).is_err());
        }
    }

    #[test]
    fn a_prefix_is_exact() {
        let prefixed = Grammar::Prefix("sha256=");
        assert!(check(prefixed, "sha256=00ff").is_ok());
        for bad in [
            "00ff",
            "SHA256=00ff",
            "sha256=sha256=00ff",
            "sha1=00ff",
            "sha256= 00ff",
        ] {
            assert_eq!(
                check(prefixed, bad),
                Err(RejectionKind::MalformedSignature),
                "{bad:?}"
            );
        }
        let optional = Grammar::OptionalPrefix("sha256=");
        assert!(check(optional, "sha256=00ff").is_ok() && check(optional, "00ff").is_ok());
        assert!(check(optional, "sha256=sha256=00ff").is_err());
    }

    #[test]
    fn a_space_list_skips_other_versions_and_odd_elements() {
        assert_eq!(
            found(SPACES, "v2,0102 v1,00ff nocomma v1a,0304  v1,0a0b"),
            Ok(vec![vec![0, 255], vec![10, 11]])
        );
        assert_eq!(
            check(SPACES, "v2,00ff"),
            Err(RejectionKind::MalformedSignature)
        );
        assert_eq!(
            check(SPACES, "v1,00ff,v1,00ff"),
            Err(RejectionKind::MalformedSignature)
        );
    }

    #[test]
    fn too_many_signatures_are_refused_whole() {
        let list = |n| vec!["v1,00ff"; n].join(" ");
        assert!(check(SPACES, &list(MAX_CANDIDATES)).is_ok());
        assert_eq!(
            check(SPACES, &list(MAX_CANDIDATES + 1)),
            Err(RejectionKind::MalformedSignature)
        );
        let rubbish = format!("v1,00ff {}", vec!["v1,x"; MAX_CANDIDATES].join(" "));
        assert_eq!(
            check(SPACES, &rubbish),
            Err(RejectionKind::MalformedSignature)
        );
    }

    #[test]
    fn a_positional_list_starts_with_its_time() {
        let list = Grammar::Positional { separator: b',' };
        assert_eq!(check(list, "12,00ff,x,0a0b"), Ok(Some(0..2)));
        assert_eq!(
            found(list, "12,00ff,x,0a0b"),
            Ok(vec![vec![0, 255], vec![10, 11]])
        );
        for bad in ["", "12", "12,", "00ff", ",00f"] {
            assert!(check(list, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_group_has_its_own_time_and_signatures() -> Result<(), RejectionKind> {
        let groups = wanted(Grammar::Groups { signature: "v1" });
        let (first, more) = groups.read(b"t=1,v1=00ff t=23,v1=0a0b,v1=0102")?;
        assert_eq!(
            (first.time.clone(), bytes(&first)),
            (Some(2..3), vec![vec![0, 255]])
        );
        assert_eq!(more.len(), 1);
        assert_eq!(more[0].time, Some(14..16));
        assert_eq!(bytes(&more[0]), [[10, 11], [1, 2]]);
        for bad in ["t=1,v1=00ff  t=2,v1=00ff", "t=1,v1=00ff v1=00ff", ""] {
            assert!(groups.read(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let many = ["t=1,v1=00ff"; MAX_MESSAGES + 1].join(" ");
        assert!(groups.read(many.as_bytes()).is_err());
        Ok(())
    }

    #[test]
    fn labelled_signatures_are_taken_whoever_they_name() {
        let list = Grammar::Labelled;
        assert_eq!(
            found(list, "me|00ff&you|0a0b&odd"),
            Ok(vec![vec![0, 255], vec![10, 11]])
        );
        assert!(found(list, "00ff").is_err());
    }
}
