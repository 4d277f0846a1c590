//! The JSON form of a vector.

use std::{collections::BTreeMap, path::Path};

use bytes::Bytes;
use data_encoding::BASE64;
use hookgate::{
    clock::UnixTime,
    provider::{self, Provider},
    scheme::{Algorithm, Encoding},
};
use http::{Request, request::Parts};
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Expect {
    Valid,
    Invalid,
}

/// One request and the judgement that is expected. Fields that nobody needs are skipped.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Vector {
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) secrets: Vec<String>,
    #[serde(default)]
    public_keys: Vec<serde_json::Value>,
    method: String,
    pub(crate) url: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
    body_repeat: Option<(String, usize)>,
    now: Option<i64>,
    pub(crate) tolerance_s: Option<u64>,
    pub(crate) expect: Expect,
    pub(crate) why: Option<String>,
    #[serde(default)]
    params: BTreeMap<String, String>,
}

pub(crate) fn read(file: &Path) -> Vec<Vector> {
    let text = std::fs::read(file).unwrap();
    serde_json::from_slice(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
}

/// The algorithm that a setting of the sender stands for.
fn algorithm(row: &Provider, hash: &str) -> Algorithm {
    let last = matches!(
        row.scheme.algorithm,
        Algorithm::Sha1SecretLastForLegacyUseOnly | Algorithm::Sha256SecretLastForLegacyUseOnly
    );
    match hash {
        "sha256" if last => Algorithm::Sha256SecretLastForLegacyUseOnly,
        "sha256" | "hmac-sha256" => Algorithm::HmacSha256,
        "sha512" | "hmac-sha512" => Algorithm::HmacSha512,
        "hmac-sha1" => Algorithm::HmacSha1ForLegacyUseOnly,
        "hmac-md5" => Algorithm::HmacMd5ForLegacyUseOnly,
        other => panic!("no algorithm {other}"),
    }
}

impl Vector {
    /// The preset to judge it by. Vectors with nothing but public keys are for asymmetric schemes,
    /// of which there are none yet.
    pub(crate) fn preset(&self) -> Option<Provider> {
        let keyless = self.secrets.is_empty() && !self.public_keys.is_empty();
        let mut row = *provider::by_slug(&self.provider).filter(|_| !keyless)?;
        for (name, value) in &self.params {
            match (name.as_str(), value.as_str()) {
                ("hash" | "signature_method", hash) => row.scheme.algorithm = algorithm(&row, hash),
                ("encoding", "hex") => row.scheme.encoding = Encoding::Hex,
                ("encoding", "base64") => row.scheme.encoding = Encoding::Base64,
                _ => panic!("{}: unknown parameter {name} = {value}", self.name),
            }
        }
        Some(row)
    }

    /// Where no time is signed any will do.
    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.now.unwrap_or(1_790_000_000))
    }

    pub(crate) fn body(&self) -> Bytes {
        match (&self.body, &self.body_base64, &self.body_repeat) {
            (Some(text), None, None) => Bytes::copy_from_slice(text.as_bytes()),
            (None, Some(text), None) => BASE64.decode(text.as_bytes()).unwrap().into(),
            (None, None, Some((text, count))) => text.repeat(*count).into(),
            _ => panic!("{}: not exactly one body", self.name),
        }
    }

    pub(crate) fn parts(&self) -> Parts {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(self.url.as_deref().unwrap_or("/"));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }
}
