//! Fields out of a verified body, against a reading of the whole tree. The input is the body, and
//! spells another one out of the names and values that matter.
#![no_main]

use std::{fmt, sync::LazyLock};

use hookgate::{
    Event, Source,
    event::Field as Found,
    provider::{self, Envelope, Field, Provider},
    testing::Signer,
};
use hookgate_fuzz::{NOW, secret, source};
use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

const ROW: Provider = Provider {
    envelope: Envelope {
        id: &[Field::BodyBeside("/id", &["/type", "/data"])],
        kind: &[Field::Body("/type"), Field::Body("/data/type")],
        kind_suffix: Some(Field::Body("/action")),
        version: &[Field::Body("/data/object/version")],
        sent_at: &[Field::Body("/data/id")],
    },
    max_body: 64 * 1024,
    ..provider::X_SIGNATURE
};

static SOURCE: LazyLock<Source> = LazyLock::new(|| source(ROW));
static SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::new(ROW, &secret(&ROW)).expect("the secret fits"));

fuzz_target!(|input: &[u8]| {
    check(input);
    let mut spelled = String::new();
    object(&mut input.iter().copied(), 0, &mut spelled);
    check(spelled.as_bytes());
});

/// An object of at most seven members, whose names come twice as often as not.
fn object(input: &mut impl Iterator<Item = u8>, depth: u8, json: &mut String) {
    json.push('{');
    let members = input.next().unwrap_or_default() % 8;
    for member in 0..members {
        let Some(byte) = input.next() else { break };
        if member > 0 {
            json.push(',');
        }
        json.push_str(
            [
                r#""id":"#,
                r#""type":"#,
                r#""data":"#,
                r#""object":"#,
                r#""version":"#,
                r#""action":"#,
                r#""\u0069d":"#,
                r#""data/id":"#,
            ][usize::from(byte % 8)],
        );
        match byte / 8 % 8 {
            0..=2 if depth < 3 => object(input, depth + 1, json),
            3 => json.push_str("null"),
            4 => json.push_str("12"),
            5 => json.push_str(r#""""#),
            6 => json.push_str("[{}]"),
            _ => json.push_str(r#""a\n""#),
        }
    }
    json.push('}');
}

fn check(body: &[u8]) {
    if body.len() > ROW.max_body {
        return;
    }
    let (parts, body) = SIGNER.sign(body.to_vec(), NOW).into_parts();
    let event = SOURCE.verify(&parts, body.clone(), NOW);
    let event = event.expect("a verified delivery is never refused because of its JSON");
    let Ok(tree) = serde_json::from_slice::<Tree>(&body) else {
        // Not JSON for everybody: then at least nothing is made up.
        only_from_the_body(&event);
        return;
    };
    let kind = match tree.at("/type") {
        // What says two things is not looked for elsewhere.
        Err(Twice) => None,
        Ok(_) => tree.text("/type").or_else(|| tree.text("/data/type")),
    };
    let kind = kind.map(|kind| match tree.text("/action") {
        Some(action) => format!("{kind}.{action}"),
        None => kind,
    });
    let beside = tree.is_there("/type") || tree.is_there("/data");
    assert_eq!(value(event.id()), tree.text("/id").filter(|_| beside));
    assert_eq!(value(event.event_type()), kind);
    assert_eq!(value(event.version()), tree.text("/data/object/version"));
    assert_eq!(value(event.sent_at()), tree.text("/data/id"));
}

fn value(field: Option<&Found>) -> Option<String> {
    field.map(|field| field.value.clone())
}

/// Digits and plain words must stand in the body as they are; escapes need not.
fn only_from_the_body(event: &Event) {
    for field in [event.id(), event.version(), event.sent_at()]
        .into_iter()
        .flatten()
    {
        let text = field.value.as_bytes();
        let escaped = event.body().contains(&b'\\');
        assert!(
            escaped
                || event
                    .body()
                    .windows(text.len())
                    .any(|window| window == text)
        );
    }
}

/// JSON with every key that is written, also those that come twice.
enum Tree {
    Null,
    Scalar(String),
    Other,
    Object(Vec<(String, Tree)>),
}

/// A key on the way comes twice.
struct Twice;

impl Tree {
    /// What is at a pointer, if every key on the way comes once.
    fn at(&self, pointer: &str) -> Result<Option<&Self>, Twice> {
        let mut tree = self;
        for wanted in pointer.split('/').skip(1) {
            let Self::Object(entries) = tree else {
                return Ok(None);
            };
            let mut matching = entries.iter().filter(|(key, _)| key == wanted);
            tree = match (matching.next(), matching.next()) {
                (None, _) => return Ok(None),
                (Some((_, only)), None) => only,
                _ => return Err(Twice),
            };
        }
        Ok(Some(tree))
    }

    fn text(&self, pointer: &str) -> Option<String> {
        match self.at(pointer).ok()?? {
            Self::Scalar(text) if (1..=1_024).contains(&text.len()) => Some(text.clone()),
            _ => None,
        }
    }

    fn is_there(&self, pointer: &str) -> bool {
        matches!(self.at(pointer), Ok(Some(tree)) if !matches!(tree, Self::Null))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        while list.next_element::<Tree>()?.is_some() {}
        Ok(Tree::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Object(entries))
    }
}
