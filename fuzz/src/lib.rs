//! What the targets share. Everything goes through the public API.

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use hookgate::{
    Secret, Source,
    clock::UnixTime,
    provider::Provider,
    scheme::{Encoding, KeyDecoding, Part},
};
use sha2::Sha256;

/// No input contains it, and none can be made to match it without breaking HMAC.
const KEY: &[u8; 24] =
    b"\x8e\x13\xd4qf\x90k\xa5\x1e!\xfd\x07\x9b\xc2\x66\x3a\xf5\x0d\x71\xb8\x44\xe6\x29\xca";

pub const URL: &str = "https://hooks.example.com/in?shop=1";

pub const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

pub fn secret(row: &Provider) -> Secret {
    let text = match row.scheme.key {
        KeyDecoding::Text => KEY.to_vec(),
        KeyDecoding::Base64 { prefix } => format!("{prefix}{}", BASE64.encode(KEY)).into_bytes(),
        KeyDecoding::Hex => HEXLOWER.encode(KEY).into_bytes(),
    };
    Secret::new(text).expect("the key is not empty")
}

pub fn source(row: Provider) -> Source {
    let mut builder = Source::builder("fuzz", row).add_secret(secret(&row));
    if row
        .scheme
        .message
        .iter()
        .any(|part| matches!(part, Part::PublicUrl))
    {
        builder = builder.with_public_url(URL);
    }
    if matches!(row.handshake, hookgate::provider::Handshake::GetEcho { .. }) {
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
        Encoding::Base64 => BASE64.encode(&tag),
    }
}
