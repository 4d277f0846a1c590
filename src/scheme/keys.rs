use std::{fmt, sync::Arc};

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::{
    clock::UnixTime,
    error::ConfigError,
    scheme::{
        KeyId, MAX_SECRETS, Scheme,
        mac::{KeyedMac, Tag},
    },
    secret::{Label, Secret},
};

/// Secrets turned into keys for one scheme and its older ways. Cheap to clone; one delivery is
/// judged by one of them.
#[derive(Clone)]
pub struct KeySet(Arc<[Key]>);

#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) label: Label,
    /// The name by which deliveries call it, where they do.
    pub(crate) id: Option<Box<str>>,
    pub(crate) mac: KeyedMac,
    /// The same secret in the scheme's older ways, in order.
    older: Box<[KeyedMac]>,
    /// What [`Secret::with_since`] said.
    pub(crate) since: Option<UnixTime>,
    /// Tells keys apart without keeping them: the tag of a fixed text.
    identity: Tag,
}

impl KeySet {
    /// Decodes every secret as the scheme says. Secrets without a label get `secret-1`,
    /// `secret-2` ...
    ///
    /// # Errors
    /// When a secret is malformed or there twice, two have one label, or there are none or more than
    /// [`MAX_SECRETS`].
    pub fn new(scheme: &Scheme, secrets: &[Secret]) -> Result<Self, ConfigError> {
        if secrets.is_empty() {
            return Err(ConfigError::Missing {
                what: "at least one secret",
            });
        }
        secrets
            .iter()
            .try_fold(Self::none(), |keys, secret| keys.with(scheme, secret))
    }

    /// No keys: nothing is genuine.
    pub(crate) fn none() -> Self {
        Self(Arc::new([]))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that was added last.
    pub(crate) fn newest(&self) -> Option<&Key> {
        self.0.last()
    }

    /// These and one more, as in [`KeySet::new`].
    pub(crate) fn with(&self, scheme: &Scheme, secret: &Secret) -> Result<Self, ConfigError> {
        if self.0.len() == MAX_SECRETS {
            return Err(ConfigError::OutOfRange {
                what: "more than 8 secrets for one source",
            });
        }
        let label = match secret.label() {
            Some(label) => label.clone(),
            None => self.free_label()?,
        };
        if self.labelled(&label).is_some() {
            return Err(ConfigError::Duplicate {
                what: "secret label",
                name: label.to_string(),
            });
        }
        let key = Key::new(scheme, secret, label)?;
        // Under two labels it would stay active when one of them is removed.
        if self.has(&key) {
            return Err(ConfigError::Duplicate {
                what: "secret",
                name: key.label.to_string(),
            });
        }
        Ok(Self(self.0.iter().cloned().chain([key]).collect()))
    }

    /// These without the one with this label; an error when it is the last one or not there.
    pub(crate) fn without(&self, label: &str) -> Result<Self, ConfigError> {
        let kept: Arc<[Key]> = self
            .0
            .iter()
            .filter(|key| key.label.as_str() != label)
            .cloned()
            .collect();
        if kept.len() == self.0.len() {
            return Err(ConfigError::Unknown {
                what: "secret",
                name: label.to_owned(),
            });
        }
        if kept.is_empty() {
            return Err(ConfigError::Missing {
                what: "at least one secret",
            });
        }
        Ok(Self(kept))
    }

    fn free_label(&self) -> Result<Label, ConfigError> {
        let taken = |name: &str| self.labels().any(|label| label.as_str() == name);
        let mut names = (1..).map(|n| format!("secret-{n}"));
        let free = names.find(|name| !taken(name)).unwrap_or_default();
        Label::new("secret label", &free)
    }

    /// The labels, in order.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.0.iter().map(|key| &key.label)
    }

    /// The labels, in order, and what [`Secret::with_since`] said of each.
    pub fn ages(&self) -> impl Iterator<Item = (&Label, Option<UnixTime>)> {
        self.0.iter().map(|key| (&key.label, key.since))
    }

    /// Compares every candidate with the tags of every key, or of the keys of this id, and says
    /// which key matched. `way` is the place of the scheme among the older ways, 0 for none of them.
    /// No early exit: neither the number nor the position of matches shows in the time taken.
    pub(crate) fn matching(
        &self,
        way: usize,
        id: Option<&[u8]>,
        candidates: &[Tag],
        write: impl Fn(&mut dyn FnMut(&[u8])),
    ) -> Option<&Key> {
        let (mut found, mut which) = (Choice::from(0), 0_u8);
        for (at, key) in (0_u8..).zip(self.0.iter()) {
            // Which keys there are is no secret.
            if id.is_some_and(|id| key.id.as_deref().is_none_or(|mine| mine.as_bytes() != id)) {
                continue;
            }
            let Some(mac) = key.mac(way) else {
                continue;
            };
            let tag = mac.tag(&write);
            for candidate in candidates {
                let same = tag.ct_eq(candidate);
                which.conditional_assign(&at, same & !found);
                found |= same;
            }
        }
        self.0.get(usize::from(which)).filter(|_| found.into())
    }

    /// The first one, which is there unless this is empty.
    pub(crate) fn first(&self) -> Option<&Key> {
        self.0.first()
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// Whether a key that matched is still among these.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.0
            .iter()
            .any(|mine| mine.identity.ct_eq(&key.identity).into())
    }

    pub(crate) fn labelled(&self, label: &Label) -> Option<&Key> {
        self.0.iter().find(|key| key.label == *label)
    }

    /// Whether the two have a key in common.
    pub(crate) fn shares_a_key_with(&self, other: &Self) -> bool {
        self.0.iter().any(|key| other.has(key))
    }
}

impl Key {
    fn new(scheme: &Scheme, secret: &Secret, label: Label) -> Result<Self, ConfigError> {
        let (id, text) = match scheme.key_id {
            KeyId::None => (None, secret.text()),
            KeyId::Header(_) | KeyId::Configured => {
                let (id, text) = split(secret.text())?;
                (Some(id), text)
            }
        };
        let mut macs = scheme
            .chain()
            .map(|way| KeyedMac::new(way.algorithm, &way.key.key(text)?));
        let mac = macs.next().ok_or(ConfigError::EmptySecret)??;
        let older = macs.collect::<Result<_, _>>()?;
        // One secret under two ids is two keys: a delivery that names the one is not the other's.
        let identity = mac.tag(|write| {
            write(b"hookgate: identity of a key");
            write(id.as_deref().unwrap_or_default().as_bytes());
        });
        Ok(Self {
            label,
            id,
            mac,
            older,
            since: secret.since(),
            identity,
        })
    }

    /// What the secret is in this way of signing.
    fn mac(&self, way: usize) -> Option<&KeyedMac> {
        match way.checked_sub(1) {
            None => Some(&self.mac),
            Some(older) => self.older.get(older),
        }
    }
}

/// `id:secret`, at the last colon.
fn split(text: &[u8]) -> Result<(Box<str>, &[u8]), ConfigError> {
    let at = text.iter().rposition(|byte| *byte == b':');
    let parts = at.and_then(|at| {
        Some((
            std::str::from_utf8(text.get(..at)?).ok()?,
            text.get(at + 1..)?,
        ))
    });
    match parts {
        Some((id, secret)) if !id.is_empty() => Ok((id.into(), secret)),
        _ => Err(ConfigError::MalformedSecret {
            expected: "the key's id, a colon, and the secret",
        }),
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.labels()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_message_is_written_once_for_each_secret_however_many_signatures_there_are()
    -> Result<(), ConfigError> {
        let secrets = ["one", "two", "three"].map(Secret::new);
        let secrets: Vec<_> = secrets.into_iter().collect::<Result<_, _>>()?;
        let keys = KeySet::new(&Scheme::BASE, &secrets)?;
        let written = Cell::new(0);
        let write = |into: &mut dyn FnMut(&[u8])| {
            written.set(written.get() + 1);
            into(b"message");
        };
        let second = keys.0.get(1).ok_or(ConfigError::EmptySecret)?;
        let right = second.mac.tag(|into| into(b"message"));
        let wrong = second.mac.tag(|into| into(b"another"));
        // Wherever the right one stands: there is no early exit.
        for at in [0, 7, 15] {
            let mut candidates = [wrong; 16];
            candidates[at] = right;
            written.set(0);
            let found = keys.matching(0, None, &candidates, write);
            assert_eq!(found.map(|key| key.label.as_str()), Some("secret-2"));
            assert_eq!(written.get(), secrets.len());
        }
        written.set(0);
        assert!(keys.matching(0, None, &[wrong], write).is_none());
        assert_eq!(written.get(), secrets.len());
        Ok(())
    }
}
