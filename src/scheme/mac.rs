use std::sync::Arc;

use hmac::{
    Hmac, KeyInit, Mac,
    digest::{Digest, FixedOutput, Output},
};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::error::ConfigError;

/// A keyed hash, or what some senders use for one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// HMAC with SHA-256, RFC 2104 and FIPS 180-4: 32 bytes.
    HmacSha256,
    /// HMAC with SHA-384: 48 bytes.
    HmacSha384,
    /// HMAC with SHA-512: 64 bytes.
    HmacSha512,
    /// HMAC with SHA-1: 20 bytes. Not broken as a MAC, but nothing new should use it.
    HmacSha1ForLegacyUseOnly,
    /// HMAC with MD5, RFC 2104: 16 bytes. Nothing new should use it.
    HmacMd5ForLegacyUseOnly,
    /// SHA-256 of the secret and then the message. Whoever has seen one delivery can sign longer
    /// messages that begin with it (length extension): a body with something appended.
    Sha256SecretFirstForLegacyUseOnly,
    /// SHA-256 of the message and then the secret.
    Sha256SecretLastForLegacyUseOnly,
    /// SHA-1 of the message and then the secret. Two messages with one SHA-1, which can be made,
    /// have one signature.
    Sha1SecretLastForLegacyUseOnly,
    /// No signature: the secret itself comes with each delivery. Nothing of the delivery is
    /// covered.
    Token,
}

impl Algorithm {
    /// The length of a signature in bytes. Shorter ones are never accepted. Tokens have any length;
    /// they are compared by their SHA-256.
    pub const fn tag_len(self) -> usize {
        match self {
            Self::HmacSha256
            | Self::Sha256SecretFirstForLegacyUseOnly
            | Self::Sha256SecretLastForLegacyUseOnly
            | Self::Token => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
            Self::HmacSha1ForLegacyUseOnly | Self::Sha1SecretLastForLegacyUseOnly => 20,
            Self::HmacMd5ForLegacyUseOnly => 16,
        }
    }
}

/// The longest tag in bytes.
pub(crate) const MAX_TAG: usize = 64;

/// A finished tag. Of one fixed size, so that comparing two looks at every byte whatever they are.
#[derive(Clone, Copy)]
pub(crate) struct Tag {
    bytes: [u8; MAX_TAG],
    len: usize,
}

impl Tag {
    /// Takes the first 64 bytes at the most.
    pub(crate) fn new(tag: &[u8]) -> Self {
        let len = tag.len().min(MAX_TAG);
        let mut bytes = [0; MAX_TAG];
        bytes[..len].copy_from_slice(&tag[..len]);
        Self { bytes, len }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl std::fmt::Debug for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tag({})", self.len)
    }
}

impl ConstantTimeEq for Tag {
    fn ct_eq(&self, other: &Self) -> Choice {
        // Eight bytes at a time, past the tags' ends too: what is there is zero.
        fn words(bytes: &[u8; MAX_TAG]) -> impl Iterator<Item = u64> {
            let (words, _) = bytes.as_chunks();
            words.iter().copied().map(u64::from_ne_bytes)
        }
        // The length is the algorithm's, not the sender's: it is no secret.
        let same_len = Choice::from(u8::from(self.len == other.len));
        let pairs = words(&self.bytes).zip(words(&other.bytes));
        pairs.fold(same_len, |same, (a, b)| same & a.ct_eq(&b))
    }
}

/// A MAC with its key already absorbed: two compressions less for every message. Wiped on drop by
/// the `zeroize` features of the hashes. Those that are rare are boxed.
#[derive(Clone)]
pub(crate) enum KeyedMac {
    Sha256(Hmac<Sha256>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
    Sha1(Hmac<Sha1>),
    Md5(Hmac<Md5>),
    /// A hash that has absorbed the secret.
    Sha256First(Sha256),
    Sha256Last(Arc<Zeroizing<Vec<u8>>>),
    Sha1Last(Arc<Zeroizing<Vec<u8>>>),
    /// The token's SHA-256.
    Token(Tag),
}

impl KeyedMac {
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, ConfigError> {
        if key.is_empty() {
            return Err(ConfigError::EmptySecret);
        }
        let last = || Arc::new(Zeroizing::new(key.to_vec()));
        let keyed = match algorithm {
            Algorithm::HmacSha256 => Hmac::new_from_slice(key).map(Self::Sha256),
            Algorithm::HmacSha384 => Hmac::new_from_slice(key).map(|m| Self::Sha384(Box::new(m))),
            Algorithm::HmacSha512 => Hmac::new_from_slice(key).map(|m| Self::Sha512(Box::new(m))),
            Algorithm::HmacSha1ForLegacyUseOnly => Hmac::new_from_slice(key).map(Self::Sha1),
            Algorithm::HmacMd5ForLegacyUseOnly => Hmac::new_from_slice(key).map(Self::Md5),
            Algorithm::Sha256SecretFirstForLegacyUseOnly => {
                Ok(Self::Sha256First(Sha256::new().chain_update(key)))
            }
            Algorithm::Sha256SecretLastForLegacyUseOnly => Ok(Self::Sha256Last(last())),
            Algorithm::Sha1SecretLastForLegacyUseOnly => Ok(Self::Sha1Last(last())),
            Algorithm::Token => Ok(Self::Token(token(key))),
        };
        // HMAC takes a key of any length; the trait does not know that.
        keyed.map_err(|_| ConfigError::MalformedSecret {
            expected: "a key of another length",
        })
    }

    /// The tag of what `write` feeds, piece by piece, into the MAC.
    pub(crate) fn tag(&self, write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Tag {
        match self {
            Self::Sha256(keyed) => Tag::new(&hmac(keyed, write)),
            Self::Sha384(keyed) => Tag::new(&hmac(&**keyed, write)),
            Self::Sha512(keyed) => Tag::new(&hmac(&**keyed, write)),
            Self::Sha1(keyed) => Tag::new(&hmac(keyed, write)),
            Self::Md5(keyed) => Tag::new(&hmac(keyed, write)),
            Self::Sha256First(keyed) => Tag::new(&hash(keyed.clone(), write, b"")),
            Self::Sha256Last(key) => Tag::new(&hash(Sha256::new(), write, key)),
            Self::Sha1Last(key) => Tag::new(&hash(Sha1::new(), write, key)),
            Self::Token(token) => *token,
        }
    }
}

fn hmac<M: Mac + Clone + FixedOutput>(
    keyed: &M,
    write: impl FnOnce(&mut dyn FnMut(&[u8])),
) -> Output<M> {
    let mut mac = keyed.clone();
    write(&mut |piece| Mac::update(&mut mac, piece));
    Mac::finalize(mac).into_bytes()
}

fn hash<H: Digest>(
    mut hash: H,
    write: impl FnOnce(&mut dyn FnMut(&[u8])),
    last: &[u8],
) -> Output<H> {
    write(&mut |piece| hash.update(piece));
    hash.update(last);
    hash.finalize()
}

/// What stands for a token when it is compared: one size, whatever the token's.
pub(crate) fn token(text: &[u8]) -> Tag {
    Tag::new(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Algorithm; 8] = [
        Algorithm::HmacSha256,
        Algorithm::HmacSha384,
        Algorithm::HmacSha512,
        Algorithm::HmacSha1ForLegacyUseOnly,
        Algorithm::HmacMd5ForLegacyUseOnly,
        Algorithm::Sha256SecretFirstForLegacyUseOnly,
        Algorithm::Sha256SecretLastForLegacyUseOnly,
        Algorithm::Sha1SecretLastForLegacyUseOnly,
    ];

    #[test]
    fn every_keyed_state_is_wiped() {
        // An HMAC is two states of its hash.
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        is_wiped::<Md5>();
        is_wiped::<Sha1>();
        is_wiped::<Sha256>();
        is_wiped::<Sha384>();
        is_wiped::<Sha512>();
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_tag(
            key in proptest::collection::vec(any::<u8>(), 1..200),
            message in proptest::collection::vec(any::<u8>(), 0..2_000),
            cut in 1_usize..300,
        ) {
            for algorithm in ALL {
                let mac = KeyedMac::new(algorithm, &key).map_err(|e| TestCaseError::fail(e.to_string()))?;
                let whole = mac.tag(|w| w(&message));
                let chunked = mac.tag(|w| message.chunks(cut).for_each(w));
                prop_assert!(bool::from(whole.ct_eq(&chunked)));
                prop_assert_eq!(whole.as_bytes().len(), algorithm.tag_len());
            }
        }
    }

    #[test]
    fn tags_of_other_lengths_or_bytes_differ() {
        let tag = Tag::new(&[7; 32]);
        assert!(bool::from(tag.ct_eq(&Tag::new(&[7; 32]))));
        assert!(!bool::from(tag.ct_eq(&Tag::new(&[7; 31]))));
        let mut other = [7; 32];
        other[31] = 8;
        assert!(!bool::from(tag.ct_eq(&Tag::new(&other))));
    }
}
