//! What the targets share. Everything goes through the public API.

pub mod handshakes;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use hookgate::{
    Secret, Source,
    clock::UnixTime,
    provider::{Handshake, Must, Provider},
    scheme::{Algorithm, Encoding, KeyDecoding, KeyId, SignedUrl},
};
use sha2::Sha256;

/// No input contains it, and none can be made to match it without breaking HMAC. It has no colon, which
/// would be the end of a key id.
const KEY: &[u8; 24] =
    b"\x8e\x13\xd4qf\x90k\xa5\x1e!\xfd\x07\x9b\xc2\x66\x3b\xf5\x0d\x71\xb8\x44\xe6\x29\xca";

pub const URL: &str = "https://hooks.example.com/in?shop=1";

pub const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

pub fn secret(row: &Provider) -> Secret {
    let text = match row.scheme.key {
        // Tokens stand in headers as they are.
        KeyDecoding::Text if row.scheme.algorithm == Algorithm::Token => {
            HEXLOWER.encode(KEY).into_bytes()
        }
        KeyDecoding::Text | KeyDecoding::Sha1 => KEY.to_vec(),
        // Normal already.
        KeyDecoding::Nfkd => HEXLOWER.encode(KEY).into_bytes(),
        KeyDecoding::Base64 { prefix } | KeyDecoding::Base64OrText { prefix } => {
            format!("{prefix}{}", BASE64.encode(KEY)).into_bytes()
        }
        KeyDecoding::Base64AfterUnderscore => format!("r8_{}", BASE64.encode(KEY)).into_bytes(),
        KeyDecoding::Hex => HEXLOWER.encode(KEY).into_bytes(),
    };
    let id: &[u8] = match row.scheme.key_id {
        KeyId::None => b"",
        KeyId::Header(_) | KeyId::Configured => b"key-id:",
    };
    Secret::new([id, &text].concat()).expect("the key is not empty")
}

/// What must be configured of the URL.
pub fn url(row: &Provider) -> Option<&'static str> {
    match row.scheme.signed_url() {
        SignedUrl::None => None,
        SignedUrl::Exact => Some(URL),
        SignedUrl::Origin => Some("https://hooks.example.com"),
    }
}

pub fn source(row: Provider) -> Source {
    let mut builder = Source::builder("fuzz", row).add_secret(secret(&row));
    if let Some(url) = url(&row) {
        builder = builder.with_public_url(url);
    }
    if let Handshake::Challenge { must, .. } = row.handshake
        && must.iter().any(|(_, must)| *must == Must::BeToken)
    {
        builder = builder.with_verify_token(secret(&row));
    }
    builder.build().expect("every preset builds")
}

/// HMAC-SHA256 with the secret, computed without hookgate.
pub fn tag(message: &[&[u8]], encoding: Encoding) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any length is a key");
    message.iter().for_each(|piece| mac.update(piece));
    let tag = mac.finalize().into_bytes();
    match encoding {
        Encoding::Hex => HEXLOWER.encode(&tag),
        _ => BASE64.encode(&tag),
    }
}
