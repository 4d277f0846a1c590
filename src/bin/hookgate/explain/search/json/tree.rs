//! JSON as it is written: members in their order, numbers and strings with their own text.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// One value.
pub(super) enum Node {
    Object(Vec<(Text, Self)>),
    Array(Vec<Self>),
    Text(Text),
    /// A number, `true`, `false` or `null`.
    Other(String),
}

/// A string: as it is written, and what it says. A lone surrogate says nothing.
pub(super) struct Text {
    pub(super) raw: String,
    pub(super) says: Option<String>,
}

/// Deeper payloads are left alone.
const DEEPEST: usize = 100;

impl Node {
    /// An object or array; nothing else can be written in two ways.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let raw: &RawValue = serde_json::from_slice(body).ok()?;
        matches!(raw.get().as_bytes().first(), Some(b'{' | b'['))
            .then(|| Self::of(raw.get(), DEEPEST))
            .flatten()
    }

    fn of(raw: &str, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        match raw.as_bytes().first()? {
            b'{' => {
                let Members(members) = serde_json::from_str(raw).ok()?;
                let members = members.into_iter().map(|(name, value)| {
                    Some((Text::of(name.get()), Self::of(value.get(), depth)?))
                });
                members.collect::<Option<_>>().map(Self::Object)
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
                let items = items.into_iter().map(|item| Self::of(item.get(), depth));
                items.collect::<Option<_>>().map(Self::Array)
            }
            b'"' => Some(Self::Text(Text::of(raw))),
            _ => Some(Self::Other(raw.to_owned())),
        }
    }
}

impl Text {
    fn of(raw: &str) -> Self {
        Self {
            raw: raw.to_owned(),
            says: serde_json::from_str(raw).ok(),
        }
    }

    /// For sorting.
    pub(super) fn key(&self) -> &str {
        self.says.as_deref().unwrap_or(&self.raw)
    }
}

/// The members of an object, those that are there twice as well.
struct Members<'r>(Vec<(&'r RawValue, &'r RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
