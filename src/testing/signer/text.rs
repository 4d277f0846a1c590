//! Signatures, times and digests as they are written.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

use crate::{
    clock::UnixTime,
    scheme::{Grammar, ListedAt, Scheme, TimeAt, TimeUnit},
};

/// The text at the signature's place.
pub(super) fn value(
    scheme: &Scheme,
    time: &str,
    listed: &str,
    token: &str,
    signatures: &[String],
) -> String {
    let last = signatures.last().map(String::as_str).unwrap_or_default();
    let timed = |key: &str| format!("{key}={time}");
    let time_key = match scheme.time {
        TimeAt::InSignature { key, .. } => Some(key),
        _ => None,
    };
    match scheme.grammar {
        Grammar::Bare => last.to_owned(),
        Grammar::Prefix(prefix) | Grammar::OptionalPrefix(prefix) => format!("{prefix}{last}"),
        Grammar::Pairs {
            separator,
            signature,
        } => {
            let names = match scheme.listed.map(|listed| listed.at) {
                Some(ListedAt::InSignature(key)) => Some(format!("{key}={listed}")),
                _ => None,
            };
            let pairs = signatures.iter().map(|text| format!("{signature}={text}"));
            let head = time_key.map(timed).into_iter().chain(names);
            let all: Vec<_> = head.chain(pairs).collect();
            all.join(&format!("{}{}", char::from(separator), scheme.gap))
        }
        Grammar::Groups { signature } => {
            let time = time_key.map(timed).unwrap_or_default();
            let groups = signatures
                .iter()
                .map(|text| format!("{time},{signature}={text}"));
            groups.collect::<Vec<_>>().join(" ")
        }
        Grammar::Positional { separator } => {
            let time = time_key.map(|_| time.to_owned());
            let all: Vec<_> = time.into_iter().chain(signatures.iter().cloned()).collect();
            all.join(&char::from(separator).to_string())
        }
        Grammar::SpaceList { version } => {
            let all: Vec<_> = signatures
                .iter()
                .map(|text| format!("{version},{text}"))
                .collect();
            all.join(" ")
        }
        Grammar::Labelled => signatures.join("&"),
        Grammar::Jwt { .. } => {
            let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
            format!("{signed}.{last}")
        }
    }
}

/// A signature with its key's id, where they stand together.
pub(super) fn labelled(scheme: &Scheme, id: &str, text: String) -> String {
    match scheme.grammar {
        Grammar::Labelled => format!("{id}|{text}"),
        _ => text,
    }
}

pub(super) fn sha256_hex(of: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(of))
}

pub(super) fn time(time: UnixTime, unit: TimeUnit) -> String {
    match unit {
        TimeUnit::Seconds | TimeUnit::SecondsOrMillis => time.as_secs().to_string(),
        TimeUnit::Millis => time.as_millis().to_string(),
        TimeUnit::Rfc3339 => {
            let nanos = i128::from(time.as_millis()) * 1_000_000;
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanos);
            time.ok()
                .and_then(|time| time.format(&Rfc3339).ok())
                .unwrap_or_default()
        }
        TimeUnit::HttpDate => {
            let time = OffsetDateTime::from_unix_timestamp(time.as_secs());
            time.ok()
                .and_then(|time| time.format(&Rfc2822).ok())
                .map(|text| text.replace("+0000", "GMT"))
                .unwrap_or_default()
        }
    }
}
