//! The look-up itself.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::scheme::json::{Found, MAX_TEXT};

/// `None` for what `serde_json` cannot read: no JSON, or texts and numbers on the way that it has
/// no form for.
pub(super) fn reference<'b>(body: &'b [u8], paths: &[&'static str]) -> Option<Vec<Found<'b>>> {
    let mut found = vec![Found::default(); paths.len()];
    let mut json = serde_json::Deserializer::from_slice(body);
    let level = Level {
        paths,
        found: &mut found,
        prefix: 0,
        active: u32::MAX >> (32 - paths.len()),
    };
    level.deserialize(&mut json).ok()?;
    json.end().ok()?;
    for found in found.iter_mut().filter(|found| found.twice) {
        found.text = None;
    }
    Some(found)
}

/// A value somewhere on the way to some paths.
struct Level<'p, 'f, 'b> {
    paths: &'p [&'static str],
    found: &'f mut [Found<'b>],
    /// How many bytes of each active path lead here. They are all equal so far.
    prefix: usize,
    /// Which paths lead through or to this value, a bit each.
    active: u32,
}

impl<'b> Level<'_, '_, 'b> {
    fn each(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.active;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(at)
        })
    }

    /// Notes a value at the paths that end here.
    fn note(&mut self, text: Option<Cow<'b, str>>) {
        for at in self.each() {
            if self.paths[at].len() == self.prefix {
                let twice = self.found[at].twice;
                self.found[at] = Found {
                    text: text.clone(),
                    present: true,
                    twice,
                };
            }
        }
    }

    /// The paths that go on through `key`.
    fn through(&self, key: &str) -> u32 {
        // `{"data/id": 1}` has nothing at `/data/id`.
        if key.contains('/') {
            return 0;
        }
        let goes_on = |at: &usize| {
            let rest = self.paths[*at]
                .get(self.prefix..)
                .and_then(|rest| rest.strip_prefix('/'));
            let rest = rest.and_then(|rest| rest.strip_prefix(key));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.each()
            .filter(goes_on)
            .fold(0, |mask, at| mask | 1 << at)
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.note(None);
        let mut seen = 0;
        while let Some((active, key_len)) = map.next_key_seed(Key(&self))? {
            if active == 0 {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if seen & active != 0 {
                for at in self.each().filter(|at| active & (1 << at) != 0) {
                    self.found[at].twice = true;
                }
            }
            seen |= active;
            let prefix = self.prefix + 1 + key_len;
            map.next_value_seed(Level {
                paths: self.paths,
                found: self.found,
                prefix,
                active,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.note(None);
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_borrowed_str<E>(mut self, text: &'de str) -> Result<(), E> {
        self.note(short(text).map(Cow::Borrowed));
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.note(short(text).map(|text| Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_u64<E>(mut self, number: u64) -> Result<(), E> {
        self.note(Some(Cow::Owned(number.to_string())));
        Ok(())
    }

    fn visit_i64<E>(mut self, number: i64) -> Result<(), E> {
        self.note(Some(Cow::Owned(number.to_string())));
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        self.note(None);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // `null` is absent.
        Ok(())
    }
}

fn short(text: &str) -> Option<&str> {
    (text.len() <= MAX_TEXT).then_some(text)
}

/// Compares a key with the paths without copying it.
struct Key<'l, 'p, 'f, 'b>(&'l Level<'p, 'f, 'b>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_, '_> {
    type Value = (u32, usize);

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(u32, usize), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_, '_, '_> {
    type Value = (u32, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<(u32, usize), E> {
        Ok((self.0.through(key), key.len()))
    }
}
