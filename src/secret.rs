//! Secrets: redacted, wiped when dropped, never empty.
//!
//! ```
//! use hookgate::Secret;
//! let secret = Secret::new("whsec_hunter2")?.with_label("2026-11")?;
//! assert_eq!(format!("{secret:?}"), "Secret(2026-11)");
//! assert!(Secret::new("").is_err());
//! # Ok::<(), hookgate::ConfigError>(())
//! ```

use std::{fmt, path::Path, sync::Arc};

use zeroize::Zeroizing;

use crate::{clock::UnixTime, error::ConfigError};

/// The text of a secret as the provider's dashboard shows it.
///
/// How it becomes a key (as text, from base64, from hex) is the provider row's business and is
/// never guessed. `Debug` shows the label only; there is no `Display`, `PartialEq` or `Serialize`.
pub struct Secret {
    text: Zeroizing<Vec<u8>>,
    label: Option<Label>,
    since: Option<UnixTime>,
}

impl Secret {
    /// Takes the secret's text.
    ///
    /// # Errors
    /// [`ConfigError::EmptySecret`] when there is nothing in it but white space,
    /// [`ConfigError::MalformedSecret`] when it ends with a line: no provider's does, and every
    /// delivery would be refused.
    pub fn new(text: impl Into<Vec<u8>>) -> Result<Self, ConfigError> {
        let text = Zeroizing::new(text.into());
        if text.trim_ascii().is_empty() {
            return Err(ConfigError::EmptySecret);
        }
        if text.ends_with(b"\n") || text.ends_with(b"\r") {
            return Err(ConfigError::MalformedSecret {
                expected: "no line end behind it",
            });
        }
        Ok(Self {
            text,
            label: None,
            since: None,
        })
    }

    /// Takes the secret's text from an environment variable.
    ///
    /// # Errors
    /// [`ConfigError::UnreadableSecret`] when it is not set, [`ConfigError::EmptySecret`] when it
    /// is empty.
    pub fn from_env(variable: &str) -> Result<Self, ConfigError> {
        let text = std::env::var(variable).map_err(|why| ConfigError::UnreadableSecret {
            from: variable.to_owned(),
            // `VarError` prints a value that is not Unicode; this does not.
            reason: match why {
                std::env::VarError::NotPresent => "not set".to_owned(),
                std::env::VarError::NotUnicode(_) => "not Unicode".to_owned(),
            },
        })?;
        Self::new(text)
    }

    /// Takes the secret's text from a file, without the one line end that editors add.
    ///
    /// # Errors
    /// [`ConfigError::UnreadableSecret`] when it cannot be read, [`ConfigError::EmptySecret`] when
    /// it is empty.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let mut text =
            Zeroizing::new(
                std::fs::read(path).map_err(|why| ConfigError::UnreadableSecret {
                    from: path.display().to_string(),
                    reason: why.to_string(),
                })?,
            );
        for end in [b'\n', b'\r'] {
            if text.last() == Some(&end) {
                text.pop();
            }
        }
        Self::new(std::mem::take(&mut *text))
    }

    /// Names the secret. The label of the secret that matched is kept with every event and shown
    /// in metrics, so that an old one can be retired once it is no longer in use.
    ///
    /// # Errors
    /// [`ConfigError::BadName`] when it is not 1 to 64 characters out of `[A-Za-z0-9._-]`.
    pub fn with_label(mut self, label: &str) -> Result<Self, ConfigError> {
        self.label = Some(Label::new("secret label", label)?);
        Ok(self)
    }

    /// Says since when the secret has been in use, so that metrics tell its age and a warning comes
    /// after 180 days. Without it a secret is as old as the process has had it.
    #[must_use]
    pub fn with_since(mut self, since: UnixTime) -> Self {
        self.since = Some(since);
        self
    }

    pub(crate) fn since(&self) -> Option<UnixTime> {
        self.since
    }

    /// The secret itself: for whoever stores one that a sender handed over. Nothing else needs it.
    pub fn reveal(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self {
            text: Zeroizing::new(self.text.to_vec()),
            label: self.label.clone(),
            since: self.since,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => write!(f, "Secret({label})"),
            None => f.write_str("Secret(..)"),
        }
    }
}

/// A name out of the configuration: safe in metrics, logs, keys and file names.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Label(Arc<str>);

impl Label {
    pub(crate) fn new(what: &'static str, name: &str) -> Result<Self, ConfigError> {
        let fits = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !fits {
            // Long names are cut: this text ends up in a terminal.
            return Err(ConfigError::BadName {
                what,
                name: name.chars().take(80).collect(),
            });
        }
        Ok(Self(name.into()))
    }

    #[cfg(all(feature = "metrics", feature = "verify"))]
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_white_space_are_refused() {
        for text in ["", " ", "\n", "\t \r\n"] {
            assert_eq!(
                Secret::new(text).map(|_| ()),
                Err(ConfigError::EmptySecret),
                "{text:?}"
            );
        }
    }

    #[test]
    fn debug_shows_no_secret() -> Result<(), ConfigError> {
        assert_eq!(format!("{:?}", Secret::new("k3y")?), "Secret(..)");
        Ok(())
    }

    #[test]
    fn a_file_loses_its_line_end_and_nothing_else() -> Result<(), Box<dyn std::error::Error>> {
        let path = std::env::temp_dir().join(format!("hookgate-secret-{}", std::process::id()));
        for (content, text) in [
            ("s3cret\n", "s3cret"),
            ("s3cret\r\n", "s3cret"),
            (" s3cret \n", " s3cret "),
        ] {
            std::fs::write(&path, content)?;
            assert_eq!(Secret::from_file(&path)?.text(), text.as_bytes());
        }
        std::fs::remove_file(&path)?;
        assert!(matches!(
            Secret::from_file(&path),
            Err(ConfigError::UnreadableSecret { .. })
        ));
        Ok(())
    }

    #[test]
    fn labels_are_safe_in_metrics() {
        for bad in ["", "a b", "ä", "a\n", "a/b", &"x".repeat(65)] {
            assert!(Label::new("secret label", bad).is_err(), "{bad:?}");
        }
        assert!(Label::new("secret label", "2026-11_b.c").is_ok());
    }
}
