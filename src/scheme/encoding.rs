use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use sha1::{Digest, Sha1};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    error::ConfigError,
    scheme::mac::{MAX_TAG, Tag, token},
};

/// How a signature is written. Decoding is strict: alphabet, exact length, padding, and no bits
/// left over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// Two hexadecimal digits a byte, upper or lower case.
    Hex,
    /// RFC 4648 section 4, with padding.
    Base64,
    /// RFC 4648 section 5, without padding.
    Base64Url,
    /// A token as it is, not empty. With [`Algorithm::Token`](super::Algorithm::Token).
    Token,
    /// The same in base64 (RFC 4648 section 4, with padding): `user:password` of RFC 7617.
    Base64Token,
}

impl Encoding {
    /// Reads exactly `len` bytes, or nothing.
    pub(crate) fn decode(self, text: &[u8], len: usize) -> Option<Tag> {
        let (encoding, text) = match self {
            Self::Hex => (&HEXLOWER_PERMISSIVE, text),
            // The padding is taken off here, because the decoder would also take it in the middle.
            Self::Base64 => (&BASE64_NOPAD, text.strip_suffix(padding(len))?),
            Self::Base64Url => (&BASE64URL_NOPAD, text),
            Self::Token => return (!text.is_empty()).then(|| token(text)),
            Self::Base64Token => {
                let text = BASE64.decode(text).ok().filter(|text| !text.is_empty())?;
                return Some(token(&text));
            }
        };
        let mut buffer = [0; MAX_TAG];
        let room = encoding.decode_len(text.len()).ok()?;
        let read = encoding.decode_mut(text, buffer.get_mut(..room)?).ok()?;
        (read == len).then(|| Tag::new(buffer.get(..read).unwrap_or_default()))
    }

    /// Writes a tag. Tokens are not written: nothing but their digest is known here.
    pub(crate) fn encode(self, tag: &Tag) -> String {
        match self {
            Self::Hex | Self::Token => data_encoding::HEXLOWER.encode(tag.as_bytes()),
            Self::Base64 | Self::Base64Token => BASE64.encode(tag.as_bytes()),
            Self::Base64Url => BASE64URL_NOPAD.encode(tag.as_bytes()),
        }
    }
}

/// What base64 of `len` bytes ends with.
const fn padding(len: usize) -> &'static [u8] {
    match len % 3 {
        1 => b"==",
        2 => b"=",
        _ => b"",
    }
}

/// How the text of a secret becomes a key. A column of the provider's row, never guessed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyDecoding {
    /// The bytes of the text as they are, whatever they look like.
    Text,
    /// Base64 (with or without padding) after this prefix, which may be left out.
    Base64 {
        /// The prefix, e.g. `whsec_`.
        prefix: &'static str,
    },
    /// Base64 after this prefix. A text without it is used as it is.
    Base64OrText {
        /// The prefix, e.g. `whsec_`.
        prefix: &'static str,
    },
    /// Base64 (with or without padding) after the last underscore.
    Base64AfterUnderscore,
    /// Hexadecimal digits.
    Hex,
    /// The text in Unicode's normalization form NFKD.
    Nfkd,
    /// The 20 bytes of the text's SHA-1.
    Sha1,
}

impl KeyDecoding {
    pub(crate) fn key(self, secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
        let base64 = |text: &[u8]| {
            BASE64
                .decode(text)
                .or_else(|_| BASE64_NOPAD.decode(text))
                .ok()
        };
        let (decoded, expected) = match self {
            Self::Text => (Some(secret.to_vec()), "text"),
            Self::Base64 { prefix } => {
                let text = secret.strip_prefix(prefix.as_bytes()).unwrap_or(secret);
                (base64(text), "base64, after an optional prefix")
            }
            Self::Base64OrText { prefix } => match secret.strip_prefix(prefix.as_bytes()) {
                Some(text) => (base64(text), "base64 after the prefix, or text without it"),
                None => (Some(secret.to_vec()), "text"),
            },
            Self::Base64AfterUnderscore => {
                let text = secret.rsplit(|byte| *byte == b'_').next().unwrap_or(secret);
                (base64(text), "base64 after the last underscore")
            }
            Self::Hex => (
                HEXLOWER_PERMISSIVE.decode(secret).ok(),
                "hexadecimal digits",
            ),
            Self::Nfkd => {
                let text = std::str::from_utf8(secret).ok();
                // Room enough that no copy is left behind where it grew.
                let normal = text.map(|text| {
                    let mut normal = String::with_capacity(text.len() * 18);
                    normal.extend(text.nfkd());
                    normal.into_bytes()
                });
                (normal, "text in UTF-8")
            }
            Self::Sha1 if secret.is_empty() => (Some(Vec::new()), "text"),
            Self::Sha1 => (Some(Sha1::digest(secret).to_vec()), "text"),
        };
        let key = Zeroizing::new(decoded.ok_or(ConfigError::MalformedSecret { expected })?);
        if key.is_empty() {
            return Err(ConfigError::EmptySecret);
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_exact() {
        let decode = |text: &str| Encoding::Hex.decode(text.as_bytes(), 2);
        assert_eq!(
            decode("00fF").map(|t| t.as_bytes().to_vec()),
            Some(vec![0, 255])
        );
        for bad in [
            "",
            "00f",
            "00f",
            "00ff00",
            "00",
            "0x00",
            "00 f",
            "00fg",
            "00f\u{661}",
        ] {
            assert!(decode(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn base64_is_exact() {
        let decode = |text: &str| Encoding::Base64.decode(text.as_bytes(), 1);
        assert_eq!(
            decode("/w==").map(|t| t.as_bytes().to_vec()),
            Some(vec![255])
        );
        // No padding, trailing bits, URL alphabet, white space, a second value.
        for bad in [
            "/w",
            "/x==",
            "_w==",
            "/w== ",
            "/w==,/w==",
            "",
            "====",
            "/w=="[..3].as_ref(),
        ] {
            assert!(decode(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn padding_in_the_middle_is_refused() {
        let decode = |text: &str, len| Encoding::Base64.decode(text.as_bytes(), len);
        assert!(decode("//8=", 2).is_some());
        assert!(decode("/w==/w==", 2).is_none());
        assert!(decode("/w==////", 4).is_none());
    }

    #[test]
    fn long_input_is_refused_without_room_for_it() {
        for len in [129, 130, 131, 132, 8_192] {
            assert!(Encoding::Hex.decode(&vec![b'a'; len], 64).is_none());
            assert!(Encoding::Base64.decode(&vec![b'A'; len], 64).is_none());
        }
    }

    #[test]
    fn keys_are_decoded_as_the_row_says_and_not_otherwise() -> Result<(), ConfigError> {
        let whsec = KeyDecoding::Base64 { prefix: "whsec_" };
        assert_eq!(**whsec.key(b"whsec_AAECAw==")?, [0, 1, 2, 3]);
        assert_eq!(**whsec.key(b"AAECAw")?, [0, 1, 2, 3]);
        assert_eq!(**KeyDecoding::Text.key(b"whsec_AAECAw")?, *b"whsec_AAECAw");
        assert_eq!(**KeyDecoding::Hex.key(b"00fF")?, [0, 255]);
        assert!(whsec.key(b"whsec_!").is_err());
        assert_eq!(
            whsec.key(b"whsec_").map(|_| ()),
            Err(ConfigError::EmptySecret)
        );
        assert!(KeyDecoding::Hex.key(b"0xff").is_err());
        Ok(())
    }
}
