//! The rarer MACs against published figures, and the hashes that are none against Python's.

use data_encoding::HEXLOWER;
use hookgate::{RejectionKind, scheme::Algorithm};

use crate::{judge, rfc_2202, rfc_4231};

fn decoded(figure: &str) -> Vec<u8> {
    HEXLOWER.decode(figure.as_bytes()).unwrap()
}

/// HMAC-SHA-384 of the cases of RFC 4231, sections 4.2 to 4.8. Case 5 prints the first 128 bits only.
const SHA384: [&str; 7] = [
    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
    "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
    "3abf34c3503b2a23a46efc619baef897",
    "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
    "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
];

/// HMAC-MD5 of RFC 2202, section 2. Its keys of 20 bytes have 16 here.
const MD5: [&str; 7] = [
    "9294727a3638bb1c13f48ef8158bfc9d",
    "750c783e6ab0b503eaa86e310a5db738",
    "56be34521d144c88dbb8c733f0e8b3f6",
    "697eaf0aca3a3aea3a75164746ffaa79",
    "56461ef2342edc00f9bab995690efd4c",
    "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
    "6f630fad67cda0ee1fb1f562db3aa53e",
];

/// SHA-256 of key and data, SHA-256 of data and key, SHA-1 of data and key, of RFC 4231's cases: made
/// with Python's hashlib.
const HASHES: [(&str, &str, &str); 7] = [
    (
        "9000e06f7d262eac9b27728faaaee3a54d901591a9262c1af171f25fe97c7717",
        "ad438bd3454082897a8a1e62f9ea08599a7f05ec67d4cc6088481aa52e69a2dc",
        "2c6f739115c22867228d7354c0f733b52ef2dcd5",
    ),
    (
        "689a1a0fa183259e022c4d77a4eb0810a94e9090d132c5f8732ccce2b36e3621",
        "af980fc798b4db65900912b2e9a542e94cf612e63fec80bd07ef4b8e2f288d11",
        "15f46cb4566251c575326e7d4358f030865eea57",
    ),
    (
        "76480ff831ca6847a70dd070ee62b2d4cabfa521f4e3e2290d35ca8bb43359ed",
        "36cabf4488599612992ab182b0dc23a18e2538114c957484c824c033b03282ab",
        "84cc6fb4449d951c44d43035ecb8d6682789ccee",
    ),
    (
        "a51b2fdd9ed457df7a8a26939e226492eb0519a4c17ec34d985f4148912e0a45",
        "c801effe98c293c384e748156dcbf1e711eafaa77512f2c9485502e24aef5e7d",
        "a28e1018a2de90705ac52f76a8c0f29d2634e263",
    ),
    (
        "7d719ccdb5a78ef838ca427dc5fc64510ecece7af8c1d614eac5f38eac795995",
        "047b839381abd1a2b41e14c8f9b5c3d5ac764a7b2ef7a0d83d885eea10fae86e",
        "0e9eca09477421ca4c51f9f9e6370307a101f42c",
    ),
    (
        "728923c6e23c77d2f189dbdad4ebadf12ac3fb94b29d5ca4795764a1c84c0b30",
        "7ed467ed0ad2f5dbda516d23605348287772478517bab064bfdbb09d9fe47ae3",
        "6ce88c9fe9f62ae857eaf3dd04fb7fd1666845e2",
    ),
    (
        "007365c809fb49f959afe455d3165c39bf620345811bd3eb317273504f2b5e39",
        "58d0e3928cd7ec1e324999e980f53ce06dbe090d4d05f79ee571e9b8cc78bbb4",
        "fef809be2a50e1be46003c4b7612234575ace53a",
    ),
];

#[test]
fn the_sha_384_figures_of_rfc_4231_are_accepted_and_its_truncated_one_refused() {
    for (case, ((key, data, ..), figure)) in (1..).zip(rfc_4231().into_iter().zip(SHA384)) {
        let found = judge(Algorithm::HmacSha384, &key, &data, &decoded(figure));
        let expected = if case == 5 {
            Err(RejectionKind::MalformedSignature)
        } else {
            Ok(())
        };
        assert_eq!(found, expected, "case {case}");
    }
}

#[test]
fn the_md5_figures_of_rfc_2202_are_accepted_and_its_truncated_one_refused() {
    for (case, ((mut key, data, _), figure)) in (1..).zip(rfc_2202().into_iter().zip(MD5)) {
        if key.len() == 20 {
            key.truncate(16);
        }
        let (algorithm, tag) = (Algorithm::HmacMd5ForLegacyUseOnly, decoded(figure));
        assert_eq!(judge(algorithm, &key, &data, &tag), Ok(()), "case {case}");
        let cut = judge(algorithm, &key, &data, &tag[..12]);
        assert_eq!(cut, Err(RejectionKind::MalformedSignature), "case {case}");
    }
}

#[test]
fn hashes_with_a_secret_are_what_python_makes_of_them() {
    use Algorithm::{
        Sha1SecretLastForLegacyUseOnly as Sha1Last,
        Sha256SecretFirstForLegacyUseOnly as Sha256First,
        Sha256SecretLastForLegacyUseOnly as Sha256Last,
    };
    for (case, ((key, data, ..), (first, last, sha1))) in
        (1..).zip(rfc_4231().into_iter().zip(HASHES))
    {
        for (algorithm, figure) in [(Sha256First, first), (Sha256Last, last), (Sha1Last, sha1)] {
            let found = judge(algorithm, &key, &data, &decoded(figure));
            assert_eq!(found, Ok(()), "case {case} {algorithm:?}");
        }
        // Where the secret stands makes another hash.
        let swapped = judge(Sha256First, &key, &data, &decoded(last));
        assert_eq!(swapped, Err(RejectionKind::BadSignature), "case {case}");
    }
}

#[test]
fn every_shorter_and_longer_tag_of_the_rarer_ones_is_refused() {
    for algorithm in [
        Algorithm::HmacMd5ForLegacyUseOnly,
        Algorithm::Sha1SecretLastForLegacyUseOnly,
        Algorithm::Sha256SecretFirstForLegacyUseOnly,
        Algorithm::Sha256SecretLastForLegacyUseOnly,
    ] {
        for len in (0..=65).filter(|len| *len != algorithm.tag_len()) {
            let found = judge(algorithm, b"key", b"message", &vec![0; len]);
            let expected = Err(RejectionKind::MalformedSignature);
            assert_eq!(found, expected, "{algorithm:?} {len}");
        }
    }
}
