//! Deliveries with something wrong.

use std::time::Duration;

use bytes::Bytes;
use http::Request;

use super::{SignError, Signer};
use crate::{clock::UnixTime, scheme::KeyId, secret::Secret};

/// What may be wrong with a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Tamper {
    /// Signed with a secret that is not configured.
    OtherSecret,
    /// Signed a second before the row's tolerance begins. As it should be where no time is signed.
    Old,
    /// Signed a second after the row's tolerance ends. As it should be where no time is signed.
    Future,
    /// The last byte of the body is missing.
    Truncated,
    /// There is no signature.
    Unsigned,
}

impl Signer {
    /// The same as [`sign`](Self::sign) with something wrong.
    ///
    /// # Panics
    /// When the provider cannot sign it, with the words of [`try_tampered`](Self::try_tampered)'s
    /// error.
    #[track_caller]
    pub fn tampered(
        &self,
        payload: impl Into<Bytes>,
        now: UnixTime,
        what: Tamper,
    ) -> Request<Bytes> {
        self.or_panic(self.try_tampered(payload, now, what))
    }

    /// The same as [`try_sign`](Self::try_sign) with something wrong.
    ///
    /// # Errors
    /// Those of [`try_sign`](Self::try_sign), and when the secret that nobody knows of does not fit
    /// the row.
    pub fn try_tampered(
        &self,
        payload: impl Into<Bytes>,
        now: UnixTime,
        what: Tamper,
    ) -> Result<Request<Bytes>, SignError> {
        let tolerance = self.row.tolerance;
        let by = |limit: Option<Duration>| match limit {
            Some(limit) => i64::try_from(limit.as_millis()).unwrap_or(i64::MAX / 4) + 1_000,
            None => 0,
        };
        match what {
            Tamper::OtherSecret => self.by_a_stranger().try_sign(payload, now),
            Tamper::Old => {
                let by = by(tolerance.map(|tolerance| tolerance.past()));
                self.try_sign(payload, UnixTime::from_millis(now.as_millis() - by))
            }
            Tamper::Future => {
                let by = by(tolerance.map(|tolerance| tolerance.future()));
                self.try_sign(payload, UnixTime::from_millis(now.as_millis() + by))
            }
            Tamper::Truncated => {
                let mut request = self.try_sign(payload, now)?;
                let body = request.body_mut();
                body.truncate(body.len().saturating_sub(1));
                Ok(request)
            }
            Tamper::Unsigned => {
                let mut nobody = self.clone();
                nobody.secrets.clear();
                nobody.try_sign(payload, now)
            }
        }
    }

    /// The same signer with a secret of the same form that nobody knows of.
    fn by_a_stranger(&self) -> Self {
        let id = self.secrets.last().and_then(|secret| {
            let text = secret.text();
            let at = text.iter().rposition(|byte| *byte == b':')?;
            Some(String::from_utf8_lossy(text.get(..=at)?).into_owned())
        });
        let id = match self.row.scheme.key_id {
            KeyId::None => String::new(),
            KeyId::Header(_) | KeyId::Configured => id.unwrap_or_default(),
        };
        // Text, hexadecimal and base64 alike.
        let secret = Secret::new(format!("{id}5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"));
        Self {
            secrets: secret.into_iter().collect(),
            ..self.clone()
        }
    }
}
