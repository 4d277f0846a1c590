use std::ops::Range;

use crate::{
    error::RejectionKind,
    scheme::{Encoding, Grammar, MAX_CANDIDATES, MAX_SIGNATURE_HEADER, mac::Tag},
};

/// What a well-formed signature header says.
pub(crate) struct Checked {
    /// Where the time's text is, when one was asked for.
    pub(crate) time: Option<Range<usize>>,
    /// The signature, when there is one and no more: it need not be decoded again then.
    pub(crate) only: Option<Tag>,
}

impl Grammar {
    /// Checks the form of a signature header's value, before anything is hashed. `time_key` asks
    /// for the time.
    pub(crate) fn check(
        self,
        value: &[u8],
        encoding: Encoding,
        tag_len: usize,
        time_key: Option<&str>,
    ) -> Result<Checked, RejectionKind> {
        if value.len() > MAX_SIGNATURE_HEADER {
            return Err(RejectionKind::MalformedSignature);
        }
        if self.is_joined(value) {
            return Err(RejectionKind::MalformedSignature);
        }
        let time = match self {
            Self::Pairs { .. } => self.time(value, time_key)?,
            Self::Bare | Self::Prefix(_) | Self::SpaceList { .. } => None,
        };
        let (mut first, mut written) = (None, 0);
        for text in self.written(value) {
            // Rubbish counts too: it costs as much to skip as a signature does.
            if written == MAX_CANDIDATES {
                return Err(RejectionKind::MalformedSignature);
            }
            written += 1;
            first = first.or_else(|| encoding.decode(text, tag_len));
        }
        if first.is_none() {
            return Err(RejectionKind::MalformedSignature);
        }
        Ok(Checked {
            time,
            only: first.filter(|_| written == 1),
        })
    }

    /// Whether a proxy made one value of two headers, where a comma cannot be anything else. (With
    /// [`Grammar::Bare`] and [`Grammar::Prefix`] it is in no alphabet, and in lists with commas
    /// the time is then there twice.)
    fn is_joined(self, value: &[u8]) -> bool {
        match self {
            Self::Bare | Self::Prefix(_) => false,
            Self::Pairs { separator, .. } => separator != b',' && value.contains(&b','),
            Self::SpaceList { .. } => value.windows(2).any(|two| two == b", "),
        }
    }

    /// The well-formed signatures in the value. One that is not well-formed cannot match, so it
    /// is skipped: senders put other schemes' signatures beside their own.
    pub(crate) fn candidates(
        self,
        value: &[u8],
        encoding: Encoding,
        tag_len: usize,
    ) -> impl Iterator<Item = Tag> + Clone {
        self.written(value)
            .filter_map(move |text| encoding.decode(text, tag_len))
    }

    /// The texts that stand where a signature stands.
    fn written(self, value: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
        let separator = match self {
            Self::Bare | Self::Prefix(_) => None,
            Self::Pairs { separator, .. } => Some(separator),
            Self::SpaceList { .. } => Some(b' '),
        };
        value
            .split(move |byte| Some(*byte) == separator)
            .filter_map(move |element| match self {
                Self::Bare => Some(element),
                Self::Prefix(prefix) => element.strip_prefix(prefix.as_bytes()),
                Self::Pairs { signature, .. } => element
                    .trim_ascii_start()
                    .strip_prefix(signature.as_bytes())?
                    .strip_prefix(b"="),
                Self::SpaceList { version } => {
                    element.strip_prefix(version.as_bytes())?.strip_prefix(b",")
                }
            })
    }

    fn time(
        self,
        value: &[u8],
        time_key: Option<&str>,
    ) -> Result<Option<Range<usize>>, RejectionKind> {
        let Self::Pairs { separator, .. } = self else {
            return Ok(None);
        };
        let (mut start, mut time) = (0, None);
        for element in value.split(|byte| *byte == separator) {
            let end = start + element.len();
            let trimmed = element.trim_ascii_start();
            let Some(equals) = trimmed.iter().position(|byte| *byte == b'=') else {
                if trimmed.is_empty() {
                    start = end + 1;
                    continue;
                }
                return Err(RejectionKind::MalformedSignature);
            };
            if time_key.is_some_and(|key| trimmed[..equals] == *key.as_bytes()) {
                let text = end - (trimmed.len() - equals - 1)..end;
                if time.replace(text).is_some() {
                    return Err(RejectionKind::MalformedTimestamp);
                }
            }
            start = end + 1;
        }
        match (time_key, time) {
            (Some(_), None) => Err(RejectionKind::MissingTimestamp),
            (_, time) => Ok(time),
        }
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

    fn check(grammar: Grammar, value: &str) -> Result<Option<Range<usize>>, RejectionKind> {
        let checked = grammar.check(value.as_bytes(), Encoding::Hex, 2, Some("t"))?;
        // What is kept is what would be found again.
        let found = found(grammar, value);
        if let Some(only) = checked.only {
            assert_eq!(found, [only.as_bytes()]);
        }
        Ok(checked.time)
    }

    fn found(grammar: Grammar, value: &str) -> Vec<Vec<u8>> {
        let tags = grammar.candidates(value.as_bytes(), Encoding::Hex, 2);
        tags.map(|tag| tag.as_bytes().to_vec()).collect()
    }

    #[test]
    fn pairs_give_the_time_and_every_signature_of_their_version() {
        let value = "t=12, v1=00ff,v0=0102,v1=zz,v1=0a0b,other=";
        assert_eq!(check(PAIRS, value), Ok(Some(2..4)));
        assert_eq!(found(PAIRS, value), [[0, 255], [10, 11]]);
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
    }

    #[test]
    fn a_space_list_skips_other_versions_and_odd_elements() {
        assert_eq!(
            found(SPACES, "v2,0102 v1,00ff nocomma v1a,0304  v1,0a0b"),
            [[0, 255], [10, 11]]
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
}
