//! One pass over a JSON text, without a tree of it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{MAX_DEPTH, Redactor, bytes, token};

/// Characters of one shown string.
const MAX_STRING: usize = 256;

/// Items of one shown array.
const MAX_ITEMS: usize = 50;

/// A text that grows up to a bound.
pub(super) struct Out {
    text: String,
    max: usize,
    full: bool,
}

struct Full;

impl Out {
    pub(super) fn new(max: usize) -> Self {
        let text = String::new();
        let full = false;
        Self { text, max, full }
    }

    fn push(&mut self, text: &str) -> Result<(), Full> {
        self.full |= self.text.len() + text.len() > self.max;
        if self.full {
            return Err(Full);
        }
        self.text.push_str(text);
        Ok(())
    }

    pub(super) fn finish(mut self) -> String {
        if self.full {
            let note = format!("\n… cut at {}", bytes(self.max));
            self.text.push_str(&note);
        }
        self.text
    }
}

/// One value of the body.
pub(super) struct Node<'r, 'o> {
    redactor: &'r Redactor,
    out: &'o mut Out,
    depth: usize,
    /// The paths that lead here.
    active: u64,
    /// It stands under the name of a token.
    hidden: bool,
}

impl<'r, 'o> Node<'r, 'o> {
    pub(super) fn root(redactor: &'r Redactor, out: &'o mut Out) -> Self {
        Self {
            redactor,
            out,
            depth: 0,
            active: u64::MAX,
            hidden: false,
        }
    }

    /// The member or item below this one to which the paths in `active` lead.
    fn below(&mut self, active: u64, hidden: bool) -> Node<'r, '_> {
        Node {
            redactor: self.redactor,
            out: self.out,
            depth: self.depth + 1,
            active,
            hidden,
        }
    }

    /// A path ends here.
    fn is_shown(&self) -> bool {
        let ends = |path: &[super::Segment]| path.len() == self.depth;
        !self.hidden && self.redactor.filter(self.active, ends) != 0
    }

    /// Something inside may be shown.
    fn is_open(&self) -> bool {
        let longer = |path: &[super::Segment]| path.len() > self.depth;
        let paths = self.redactor.filter(self.active, longer) != 0;
        !self.hidden && (paths || self.redactor.names && self.depth < MAX_DEPTH)
    }

    /// Writes a text; errors once there is no more room.
    fn write<E: Error>(&mut self, text: &str) -> Result<(), E> {
        self.out.push(text).map_err(|Full| E::custom("full"))
    }

    fn line<E: Error>(&mut self, indent: usize) -> Result<(), E> {
        self.write("\n")?;
        self.write(&"  ".repeat(indent))
    }

    /// A scalar, or its type.
    fn scalar<E: Error>(&mut self, value: impl fmt::Display, kind: &str) -> Result<(), E> {
        match self.is_shown() {
            true => self.write(&value.to_string()),
            false => self.write(kind),
        }
    }

    /// Ends an object or array of which some was written, or sums it up.
    fn close<E: Error>(
        &mut self,
        written: usize,
        rest: usize,
        bracket: &str,
        sum: &str,
    ) -> Result<(), E> {
        if written == 0 {
            return self.write(sum);
        }
        if rest > 0 {
            self.write(",")?;
            self.line(self.depth + 1)?;
            self.write(&format!("… {rest} more"))?;
        }
        self.line(self.depth)?;
        self.write(bracket)
    }

    /// What is shown of a member's name: itself when a path spells it out or when it looks like a
    /// name.
    fn name(&self, name: &str, active: u64) -> String {
        let spelt = self.redactor.names_last(active, self.depth + 1);
        match spelt || looks_like_a_name(name) {
            true => format!("{name:?}"),
            false => format!("<name, {}>", bytes(name.len())),
        }
    }
}

/// Letters and what joins them, and not many.
fn looks_like_a_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphabetic() || b"_-.".contains(&b);
    (1..=40).contains(&name.len()) && name.bytes().all(fits) && !token::is_in(name)
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.write("null")
    }

    fn visit_bool<E: Error>(mut self, value: bool) -> Result<(), E> {
        self.scalar(value, "<boolean>")
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<(), E> {
        self.scalar(value, "<number>")
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<(), E> {
        self.scalar(value, "<number>")
    }

    fn visit_f64<E: Error>(mut self, value: f64) -> Result<(), E> {
        self.scalar(value, "<number>")
    }

    fn visit_str<E: Error>(mut self, value: &str) -> Result<(), E> {
        let length = bytes(value.len());
        if !self.is_shown() {
            return self.write(&format!("<string, {length}>"));
        }
        if token::is_in(value) {
            return self.write(&format!("<token, {length}>"));
        }
        let cut: String = value.chars().take(MAX_STRING).collect();
        match cut.len() == value.len() {
            true => self.write(&format!("{value:?}")),
            false => self.write(&format!("{cut:?}… <string, {length}>")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let (mut written, mut rest, open) = (0_usize, 0_usize, self.is_open());
        loop {
            let at = (written + rest).to_string();
            let through = self.redactor.through(self.active, self.depth, &at);
            let wanted = through != 0 || self.redactor.names;
            if open && wanted && written < MAX_ITEMS {
                let first = written == 0;
                let node = self.below(through, false);
                match items.next_element_seed(Item { node, first })? {
                    Some(()) => written += 1,
                    None => break,
                }
            } else {
                match items.next_element::<IgnoredAny>()? {
                    Some(_) => rest += 1,
                    None => break,
                }
            }
        }
        self.close(written, rest, "]", &format!("<array, {rest} items>"))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let (mut written, mut rest, open) = (0_usize, 0_usize, self.is_open());
        while let Some(name) = members.next_key::<String>()? {
            let through = self.redactor.through(self.active, self.depth, &name);
            let named = self.redactor.names && looks_like_a_name(&name);
            if !open || (through == 0 && !named) {
                rest += 1;
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            self.write(if written == 0 { "{" } else { "," })?;
            written += 1;
            self.line(self.depth + 1)?;
            let shown = self.name(&name, through);
            self.write(&shown)?;
            self.write(": ")?;
            let hidden = token::is_name_of_one(&name);
            members.next_value_seed(self.below(through, hidden))?;
        }
        self.close(written, rest, "}", &format!("<object, {rest} members>"))
    }
}

/// An item, with what stands between it and the one before. Only items that are there are asked.
struct Item<'r, 'o> {
    node: Node<'r, 'o>,
    first: bool,
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<(), D::Error> {
        self.node.write(if self.first { "[" } else { "," })?;
        self.node.line(self.node.depth)?;
        self.node.deserialize(deserializer)
    }
}
