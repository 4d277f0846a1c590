//! Every mistake surfaces here.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use http::{HeaderName, HeaderValue};

use super::SourceBuilder;
use crate::{
    error::ConfigError,
    provider::{Handshake, Provider, SignedTime},
    scheme::{KeySet, Scheme, SignedUrl},
    secret::{Label, Secret},
    source::{Inner, Source, once::Once, plan::Plan},
};

impl SourceBuilder {
    /// Builds the source.
    ///
    /// # Errors
    /// Every mistake in the row, the name, the secrets and the bounds.
    pub fn build(self) -> Result<Source, ConfigError> {
        let name = Label::new("source", &self.name)?;
        let plans = Plan::all(&self.row)?;
        self.check_bounds()?;
        check_url(self.public_url.as_deref(), &self.row.scheme)?;
        check_unsigned(&self)?;
        self.check_handshake()?;
        let keys = self.keys()?;
        let is_shown = matches!(self.row.handshake, Handshake::Token { .. });
        let window = self.remembered();
        Ok(Source(Arc::new(Inner {
            name,
            row: self.row,
            plans,
            keys: ArcSwap::from_pointee(keys),
            changing: std::sync::Mutex::new(()),
            tenants: self.tenants,
            tolerance: self.tolerance,
            max_body: self.max_body,
            public_url: self.public_url.unwrap_or_default(),
            once: Once::new(self.handshake_window, self.enrolment.is_some() || is_shown),
            verify_token: self.verify_token,
            unsigned: self.unsigned,
            handshake_values: self.handshake_values,
            enrolment: self.enrolment,
            kept_headers: kept(&self.kept_headers)?,
            replay: self.replay,
            no_id: self.no_id,
            window,
            deadline: self.deadline,
        })))
    }

    fn check_bounds(&self) -> Result<(), ConfigError> {
        let out = |what| Err(ConfigError::OutOfRange { what });
        if self.row.tolerance.is_none() && self.tolerance.is_some() {
            return out("a tolerance for a scheme that signs no time");
        }
        let widest = self.tolerance.map(|t| t.past().max(t.future()));
        if widest.is_some_and(|widest| widest > MAX_TOLERANCE) {
            return out("a tolerance over 7 days; see `dangerous()`");
        }
        // Else an outage of minutes costs what came in it: its retries are refused as stale.
        let retries = self.row.sender.retry_window.unwrap_or_default();
        if self.row.sender.signed_time == SignedTime::Event
            && self.tolerance.is_some_and(|t| t.past() < retries)
        {
            return out(
                "a tolerance shorter than the retries of a sender that does not sign them anew",
            );
        }
        if self.max_body == 0 {
            return out("a body limit of 0 bytes");
        }
        if !self.shorter_window && self.window < self.row.dedup_window() {
            return out("a dedup window shorter than the provider's retries; see `dangerous()`");
        }
        if self.deadline.is_zero() || self.deadline > Duration::from_secs(60) {
            return out("a reply deadline of 0 or over 60 s");
        }
        Ok(())
    }

    /// How long ids are: what is still fresh must still be a duplicate.
    fn remembered(&self) -> Duration {
        let fresh = self.tolerance.map(|t| t.past() + t.future());
        match fresh {
            Some(fresh) if !self.shorter_window => self.window.max(fresh),
            _ => self.window,
        }
    }

    fn check_handshake(&self) -> Result<(), ConfigError> {
        let out = |what| Err(ConfigError::OutOfRange { what });
        if self.handshake_window > Duration::from_secs(24 * 60 * 60) {
            return out("a handshake window over a day");
        }
        if self.handshake_values.iter().any(String::is_empty) {
            return out("an empty handshake value");
        }
        let token = self.verify_token.as_ref();
        if matches!(self.row.handshake, Handshake::Token { .. })
            && token.is_some_and(|token| HeaderValue::from_bytes(token.text()).is_err())
        {
            return out("a verify token that is no header value");
        }
        let enrols = matches!(self.row.handshake, Handshake::Enrolment { .. });
        match self.enrolment {
            Some(_) if !enrols => out("an enrolment hook for a provider that hands no secret over"),
            Some(_) if !self.secrets.is_empty() || self.tenants.is_some() => Err(self.two_ways()),
            _ => Ok(()),
        }
    }

    fn keys(&self) -> Result<KeySet, ConfigError> {
        match (&self.tenants, self.secrets.is_empty()) {
            (None, true) if self.unsigned.is_some() => nobodys_key(&self.row),
            (None, true) if self.enrolment.is_some() => Ok(KeySet::none()),
            (None, _) => KeySet::new(&self.row.scheme, &self.secrets),
            (Some(_), true) => nobodys_key(&self.row),
            (Some(_), false) => Err(self.two_ways()),
        }
    }

    fn two_ways(&self) -> ConfigError {
        ConfigError::Duplicate {
            what: "way to find secrets of source",
            name: self.name.clone(),
        }
    }
}

/// Nothing is accepted unsigned unless someone said why, and nobody says so in passing.
fn check_unsigned(builder: &SourceBuilder) -> Result<(), ConfigError> {
    let out = |what| Err(ConfigError::OutOfRange { what });
    match (&builder.unsigned, builder.row.scheme.is_unsigned()) {
        (None, false) => Ok(()),
        (None, true) => Err(ConfigError::Missing {
            what: "a reason to accept what nobody signed, see `dangerous()`",
        }),
        (Some(_), false) => out("unsigned deliveries of a provider that signs"),
        (Some(reason), true) if reason.trim().is_empty() => {
            out("unsigned deliveries without a reason")
        }
        (Some(_), true) if !builder.secrets.is_empty() || builder.tenants.is_some() => {
            out("secrets that nothing is verified with")
        }
        (Some(_), true) => Ok(()),
    }
}

/// Whether the configured URL is what the row signs.
fn check_url(url: Option<&str>, scheme: &Scheme) -> Result<(), ConfigError> {
    let out = |what| Err(ConfigError::OutOfRange { what });
    let signed = scheme.signed_url();
    let Some(url) = url else {
        let what = match signed {
            SignedUrl::None => return Ok(()),
            SignedUrl::Exact => "the public URL, which this provider signs",
            SignedUrl::Origin => "the public origin, which this provider signs",
        };
        return Err(ConfigError::Missing { what });
    };
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return out("a public URL without http:// or https://");
    }
    if signed == SignedUrl::Origin && (url.contains(['?', '#', '@']) || url.ends_with('/')) {
        return out("a public origin with a query, credentials or a slash at its end");
    }
    Ok(())
}

/// A wider tolerance is no freshness check any more.
const MAX_TOLERANCE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A key that nobody has, for the MAC of deliveries to tenants that do not exist, and in the place
/// of one where nothing is verified.
fn nobodys_key(row: &Provider) -> Result<KeySet, ConfigError> {
    let secret = made_up_secret(row)?.with_label("nobody")?;
    KeySet::new(&row.scheme, &[secret])
}

/// A secret of the moment, in the form that this provider's have.
pub(crate) fn made_up_secret(row: &Provider) -> Result<Secret, ConfigError> {
    use crate::scheme::{KeyDecoding, KeyId};
    use std::hash::{BuildHasher, RandomState};
    let mut text = match row.scheme.key_id {
        KeyId::None => String::new(),
        KeyId::Header(_) | KeyId::Configured => String::from("nobody:"),
    };
    if let KeyDecoding::Base64 { prefix } | KeyDecoding::Base64OrText { prefix } = row.scheme.key {
        text.push_str(prefix);
    }
    for _ in 0..2 {
        // Hex digits are text, hex and, by the multiple of four, base64.
        text.push_str(&format!("{:016x}", RandomState::new().hash_one(0)));
    }
    Secret::new(text)
}

fn kept(names: &[String]) -> Result<Vec<HeaderName>, ConfigError> {
    let never = ["authorization", "cookie", "proxy-authorization"];
    let parse = |name: &String| {
        HeaderName::from_bytes(name.as_bytes())
            .ok()
            .filter(|parsed| !never.contains(&parsed.as_str()))
            .ok_or_else(|| ConfigError::BadName {
                what: "kept header",
                name: name.clone(),
            })
    };
    names.iter().map(parse).collect()
}
