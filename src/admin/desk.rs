//! What all pages share.

use std::sync::Mutex;

use data_encoding::{BASE64, HEXLOWER};
use http::HeaderValue;
use sha2::{Digest, Sha256};

use super::{auth::Auth, replays::Replays};
use crate::{error::ConfigError, inbox::Inbox, redact::Redactor};

pub(super) const STYLE: &str = include_str!("templates/page.css");
pub(super) const SCRIPT: &str = include_str!("templates/page.js");

pub(super) struct Desk {
    pub(super) inbox: Inbox,
    pub(super) auth: Auth,
    pub(super) redactor: Redactor,
    pub(super) public_path: Option<String>,
    /// What a form of this process has in it.
    pub(super) token: String,
    /// What a browser that has seen a page of this process sends.
    pub(super) cookie: String,
    pub(super) policy: HeaderValue,
    pub(super) replays: Mutex<Replays>,
}

impl Desk {
    pub(super) fn new(
        inbox: Inbox,
        auth: Auth,
        redactor: Redactor,
        public_path: Option<String>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            inbox,
            auth,
            redactor,
            public_path,
            token: random()?,
            cookie: random()?,
            policy: policy(),
            replays: Mutex::new(Replays::default()),
        })
    }
}

fn random() -> Result<String, ConfigError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| ConfigError::Missing {
        what: "random numbers of the system",
    })?;
    Ok(HEXLOWER.encode(&bytes))
}

/// Nothing may run, load or be sent anywhere but what the page itself has.
fn policy() -> HeaderValue {
    let hash = |text: &str| BASE64.encode(&Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    // Base64 and the text above are fit for a header.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
