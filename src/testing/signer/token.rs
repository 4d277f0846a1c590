//! The claims of a token.

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::body::set;
use crate::{
    clock::UnixTime,
    scheme::{ClaimedTime, DigestAt, Encoding, Grammar, Scheme, TimeAt, mac::Tag},
};

/// What a token says besides what the row asks for.
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) claims: Vec<(String, String)>,
    /// In seconds.
    pub(super) life: u32,
}

/// A token without its signature, and what stands before it, for schemes that have one.
pub(super) fn token(
    scheme: &Scheme,
    extras: &Extras,
    body: &[u8],
    url: &str,
    now: UnixTime,
) -> String {
    let Grammar::Jwt {
        prefix,
        alg,
        issuer,
    } = scheme.grammar
    else {
        return String::new();
    };
    let mut claims = json!({});
    for (name, value) in &extras.claims {
        claims[name] = json!(value);
    }
    if !issuer.is_empty() {
        set(&mut claims, "/iss", issuer);
    }
    match scheme.digest {
        Some(DigestAt::Claim(path, encoding)) => {
            set(&mut claims, path, &digest(encoding, body));
        }
        Some(DigestAt::ClaimUnlessEmpty(path, encoding)) if !body.is_empty() => {
            set(&mut claims, path, &digest(encoding, body));
        }
        _ => {}
    }
    if let Some(path) = scheme.url_digest {
        set(&mut claims, path, &digest(Encoding::Hex, url.as_bytes()));
    }
    let now = now.as_secs();
    let end = now.saturating_add(extras.life.into());
    match scheme.time {
        TimeAt::Claims(ClaimedTime::IssuedAt) => claims["iat"] = json!(now),
        TimeAt::Claims(ClaimedTime::Window) => {
            claims["nbf"] = json!(now);
            claims["exp"] = json!(end);
        }
        TimeAt::Claims(ClaimedTime::Expiry) => claims["exp"] = json!(end),
        _ => {}
    }
    let head = BASE64URL_NOPAD.encode(json!({"alg": alg, "typ": "JWT"}).to_string().as_bytes());
    let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    format!("{prefix}{head}.{claims}.")
}

fn digest(encoding: Encoding, of: &[u8]) -> String {
    encoding.encode(&Tag::new(&Sha256::digest(of)))
}
