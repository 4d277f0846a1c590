//! JSON Web Tokens in compact form, RFC 7515 section 3.1 and RFC 7519: only what webhooks need of
//! them. The signature is judged like any other; `alg` must be the one that the row names.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;

use super::json::{self, Found};

/// The value of `alg` in the token's header.
pub(crate) fn algorithm(jwt: &[u8]) -> Option<String> {
    let head = BASE64URL_NOPAD
        .decode(jwt.split(|byte| *byte == b'.').next()?)
        .ok()?;
    text(json::scan(&head, &["/alg"]).pop()?)
}

/// What is signed: header, full stop, payload. `None` unless there are three segments.
pub(crate) fn signed(jwt: &[u8]) -> Option<&[u8]> {
    let mut dots = (0..jwt.len()).filter(|at| jwt.get(*at) == Some(&b'.'));
    match (dots.next(), dots.next(), dots.next()) {
        (Some(_), Some(second), None) => jwt.get(..second),
        _ => None,
    }
}

/// The payload, decoded. Only worth anything once the token is verified.
pub(crate) fn payload(jwt: &[u8]) -> Option<Vec<u8>> {
    let payload = jwt.split(|byte| *byte == b'.').nth(1)?;
    BASE64URL_NOPAD.decode(payload).ok()
}

/// The text that was found, unless it could be read in two ways.
pub(crate) fn text(found: Found<'_>) -> Option<String> {
    found.text.filter(|_| !found.twice).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_segments_and_names_one_algorithm() {
        let head = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"HS256"}"#);
        let jwt = format!("{head}.e30.AAAA");
        assert_eq!(algorithm(jwt.as_bytes()).as_deref(), Some("HS256"));
        assert_eq!(
            signed(jwt.as_bytes()),
            Some(format!("{head}.e30").as_bytes())
        );
        assert_eq!(payload(jwt.as_bytes()), Some(b"{}".to_vec()));
        for bad in ["", ".", "a.b", "a.b.c.d", "..."] {
            assert_eq!(signed(bad.as_bytes()), None, "{bad}");
        }
        let twice = BASE64URL_NOPAD.encode(br#"{"alg":"none","alg":"HS256"}"#);
        assert_eq!(algorithm(format!("{twice}.e30.").as_bytes()), None);
    }
}
