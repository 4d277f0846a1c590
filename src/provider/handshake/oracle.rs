//! Proof that what is signed for strangers is never a delivery's signature.
//!
//! An answer to a challenge is the MAC of whatever a stranger sent, made with the secret that
//! deliveries are verified with. It is harmless when no challenge is a message: when each message that
//! the row accepts has a byte that no challenge has.

use super::Charset;
use crate::{
    provider::{Payload, Provider},
    scheme::{Algorithm, Part, Scheme},
};

/// Whether no challenge of this alphabet is a message that a delivery of this row may have signed,
/// in whichever way of signing.
pub(super) fn are_apart(row: &Provider, charset: Charset) -> bool {
    row.scheme
        .chain()
        .all(|way| is_hmac(way.algorithm) && way.messages().all(|m| has_sign(m, way, row, charset)))
}

/// Whether every text that these parts stand for has a byte outside of the alphabet. Parts that may be
/// left out prove nothing.
fn has_sign(message: &[Part], way: &Scheme, row: &Provider, charset: Charset) -> bool {
    let foreign = |text: &str| text.bytes().any(|byte| !charset.has(byte));
    message.iter().any(|part| match part {
        Part::Literal(text) => foreign(text),
        Part::Payload => foreign(way.opening),
        // The opening is the payload's, which is not always the body.
        Part::Body => matches!(row.payload, Payload::Body) && foreign(way.opening),
        _ => false,
    })
}

/// Of a hash with a secret in it, one answer may lead to others: that of secret and challenge to that
/// of secret, challenge and more. A token would answer with its own digest.
const fn is_hmac(algorithm: Algorithm) -> bool {
    match algorithm {
        Algorithm::HmacSha256
        | Algorithm::HmacSha384
        | Algorithm::HmacSha512
        | Algorithm::HmacSha1ForLegacyUseOnly
        | Algorithm::HmacMd5ForLegacyUseOnly => true,
        Algorithm::Sha256SecretFirstForLegacyUseOnly
        | Algorithm::Sha256SecretLastForLegacyUseOnly
        | Algorithm::Sha1SecretLastForLegacyUseOnly
        | Algorithm::Token => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Header, SignatureAt};

    const ROW: Provider = Provider {
        slug: "test",
        ..Provider::BASE
    };

    fn apart(scheme: Scheme) -> bool {
        are_apart(&Provider { scheme, ..ROW }, Charset::Token68)
    }

    #[test]
    fn a_literal_in_every_message_sets_them_apart() {
        const FENCED: Scheme = Scheme {
            message: &[Part::Literal("v0:"), Part::Body],
            ..Scheme::BASE
        };
        assert!(apart(FENCED));
        assert!(!apart(Scheme::BASE), "a bare body may be a challenge");
        // In the alphabet, empty, or left out at times.
        for weak in [
            &[Part::Literal("v0="), Part::Body] as &[_],
            &[Part::Literal(""), Part::Body],
            &[Part::Optional(&[Part::Literal(":")]), Part::Body],
            &[Part::Timestamp, Part::Body],
            &[Part::Token],
            &[Part::Method, Part::Url(crate::scheme::Port::AsConfigured)],
        ] {
            let scheme = Scheme {
                message: weak,
                ..Scheme::BASE
            };
            assert!(!apart(scheme), "{weak:?}");
        }
        let variants = Scheme {
            variants: &[&[Part::Literal("v1."), Part::Body]],
            ..FENCED
        };
        assert!(!apart(variants), "one message of several is enough");
        const NAKED: Scheme = Scheme {
            signature: SignatureAt::Header(Header::named("x-old")),
            ..Scheme::BASE
        };
        let older = Scheme {
            older: Some(&NAKED),
            ..FENCED
        };
        assert!(!apart(older), "one way of several is enough");
    }

    #[test]
    fn an_opening_sets_them_apart_where_it_is_signed() {
        const OPENED: Scheme = Scheme {
            opening: "{",
            ..Scheme::BASE
        };
        assert!(apart(OPENED));
        let opened = |opening, charset| {
            let scheme = Scheme { opening, ..OPENED };
            are_apart(&Provider { scheme, ..ROW }, charset)
        };
        assert!(!opened("P", Charset::Token68) && opened("P", Charset::LowerHex(20, 32)));
        assert!(!opened("abc", Charset::LowerHex(20, 32)));
        // The body of a form opens as it likes.
        let row = |payload, message| Provider {
            scheme: Scheme { message, ..OPENED },
            payload,
            ..ROW
        };
        let charset = Charset::Unreserved;
        let field = Payload::FormField("payload");
        assert!(!are_apart(&row(field, &[Part::Body]), charset));
        assert!(are_apart(&row(field, &[Part::Payload]), charset));
        let mixed = Payload::BodyOrFormField("payload");
        assert!(!are_apart(&row(mixed, &[Part::Body]), charset));
        // Without the payload in the message nothing of it is signed.
        assert!(!are_apart(
            &row(Payload::Body, &[Part::Field("/id")]),
            charset
        ));
        assert!(!are_apart(
            &row(Payload::Body, &[Part::BodySha256]),
            charset
        ));
    }

    #[test]
    fn only_an_hmac_may_be_asked_for() {
        for algorithm in [
            Algorithm::Sha256SecretFirstForLegacyUseOnly,
            Algorithm::Sha256SecretLastForLegacyUseOnly,
            Algorithm::Sha1SecretLastForLegacyUseOnly,
            Algorithm::Token,
        ] {
            let scheme = Scheme {
                algorithm,
                opening: "{",
                ..Scheme::BASE
            };
            assert!(!apart(scheme), "{algorithm:?}");
        }
    }
}
