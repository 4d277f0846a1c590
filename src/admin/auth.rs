//! Who may see the page.

use std::fmt;

use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{error::ConfigError, secret::Secret};

/// Who may see an admin page.
#[must_use]
pub struct Auth(Kind);

enum Kind {
    Basic { user: String, password: Secret },
    Bearer { token: Secret },
    Outside { why: String },
}

/// Guesses go over the network and are not limited here.
const SHORTEST: usize = 12;

impl Auth {
    /// Whoever knows this name and password (RFC 7617). Only over TLS, or on loopback: the browser
    /// sends both with every request.
    pub fn basic(user: impl Into<String>, password: Secret) -> Self {
        let user = user.into();
        Self(Kind::Basic { user, password })
    }

    /// Whoever sends `Authorization: Bearer` with this token (RFC 6750): for proxies and scripts.
    pub fn bearer(token: Secret) -> Self {
        Self(Kind::Bearer { token })
    }

    /// Whoever gets here: something of yours in front asks who it is. Say what, for the log.
    pub fn mine_is_outside(why: impl Into<String>) -> Self {
        let why = why.into();
        Self(Kind::Outside { why })
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let what = match &self.0 {
            Kind::Basic { user, .. } if user.contains(':') => {
                "the admin page's user: it has no colon in it"
            }
            Kind::Basic {
                password: secret, ..
            }
            | Kind::Bearer { token: secret }
                if secret.text().len() < SHORTEST =>
            {
                "the admin page's password or token: 12 bytes or more"
            }
            Kind::Outside { why } if why.trim().is_empty() => {
                "the reason why the admin page asks nobody: say what does"
            }
            _ => return Ok(()),
        };
        Err(ConfigError::OutOfRange { what })
    }

    /// What asks instead.
    pub(super) fn is_outside(&self) -> Option<&str> {
        match &self.0 {
            Kind::Outside { why } => Some(why),
            Kind::Basic { .. } | Kind::Bearer { .. } => None,
        }
    }

    /// Whether a request comes from somebody who may; the error is how to ask him.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), HeaderValue> {
        let (scheme, expected, ask) = match &self.0 {
            Kind::Outside { .. } => return Ok(()),
            Kind::Basic { user, password } => {
                let mut pair = Zeroizing::new(format!("{user}:").into_bytes());
                pair.extend_from_slice(password.text());
                let encoded = Zeroizing::new(BASE64.encode(&pair).into_bytes());
                (
                    &b"basic"[..],
                    encoded,
                    "Basic realm=\"hookgate\", charset=\"UTF-8\"",
                )
            }
            Kind::Bearer { token } => {
                let token = Zeroizing::new(token.text().to_vec());
                (&b"bearer"[..], token, "Bearer realm=\"hookgate\"")
            }
        };
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let only = values.next().filter(|_| values.next().is_none());
        let given = only.and_then(|value| {
            let (name, rest) = value.as_bytes().split_at_checked(scheme.len())?;
            name.eq_ignore_ascii_case(scheme)
                .then_some(rest.trim_ascii())
        });
        let right = given.map_or(Choice::from(0), |given| equal(given, &expected));
        match right.into() {
            true => Ok(()),
            false => Err(HeaderValue::from_static(ask)),
        }
    }
}

/// Compares digests, so that not even the length shows in the time taken.
pub(super) fn equal(one: &[u8], other: &[u8]) -> Choice {
    Sha256::digest(one).ct_eq(&Sha256::digest(other))
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Basic { user, .. } => write!(f, "Basic({user})"),
            Kind::Bearer { .. } => f.write_str("Bearer"),
            Kind::Outside { why } => write!(f, "Outside({why})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(auth: &Auth, authorization: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in authorization {
            if let Ok(value) = value.parse() {
                headers.append(header::AUTHORIZATION, value);
            }
        }
        auth.admit(&headers).is_err()
    }

    #[test]
    fn only_the_right_credentials_are_admitted() -> Result<(), ConfigError> {
        let basic = Auth::basic("ops", Secret::new("correct horse")?);
        let right = format!("Basic {}", BASE64.encode(b"ops:correct horse"));
        assert!(!asked(&basic, &[&right]) && !asked(&basic, &[&right.replace("Basic", "bAsIc ")]));
        let wrong = format!("Basic {}", BASE64.encode(b"ops:correct horsf"));
        for given in [
            &[][..],
            &[&*wrong],
            &[&*right, &*right],
            &["Basic"],
            &[&right[..right.len() - 1]],
        ] {
            assert!(asked(&basic, given), "{given:?}");
        }
        let bearer = Auth::bearer(Secret::new("correct horse")?);
        assert!(!asked(&bearer, &["Bearer correct horse"]));
        for given in [&right[..], "Bearer", "Bearer correct", "correct horse", ""] {
            assert!(asked(&bearer, &[given]), "{given:?}");
        }
        assert!(!asked(&Auth::mine_is_outside("a proxy"), &[]));
        Ok(())
    }

    #[test]
    fn what_protects_nothing_is_refused() -> Result<(), ConfigError> {
        let short = || Secret::new("12345678901");
        let enough = || Secret::new("123456789012");
        assert!(Auth::basic("ops", short()?).check().is_err());
        assert!(Auth::bearer(short()?).check().is_err());
        assert!(Auth::basic("o:ps", enough()?).check().is_err());
        assert!(Auth::mine_is_outside(" ").check().is_err());
        assert!(Auth::basic("ops", enough()?).check().is_ok());
        assert!(!format!("{:?}", Auth::basic("ops", enough()?)).contains("1234"));
        Ok(())
    }
}
