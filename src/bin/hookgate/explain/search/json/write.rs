//! Writes JSON in a style.

use super::tree::{Node, Text};

/// How JSON is written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) spaces: Spaces,
    pub(super) escapes: Escapes,
    pub(super) sorted: bool,
}

/// What stands between the tokens.
#[derive(Clone, Copy)]
pub(super) enum Spaces {
    /// Nothing: JavaScript, PHP, Go, Rust, Java.
    Compact,
    /// A space after colons and commas: Python.
    Both,
    /// A space after colons.
    Colon,
    /// A line for each member, indented by this.
    Indent(&'static str),
}

/// How characters in strings are written.
#[derive(Clone, Copy)]
pub(super) enum Escapes {
    /// As they are.
    Kept,
    /// As short as can be: JavaScript.
    Plain,
    /// `\/`.
    Slash,
    /// ASCII only: Python, and with `\/` PHP.
    Ascii { upper: bool, slash: bool },
    /// `<`, `>` and `&` escaped: Go. And more, in ASCII with upper-case digits: .NET.
    Html { ascii: bool },
}

impl Style {
    pub(super) fn write(self, node: &Node) -> String {
        let mut out = String::new();
        self.node(node, 0, &mut out);
        out
    }

    fn node(self, node: &Node, depth: usize, out: &mut String) {
        match node {
            Node::Other(text) => out.push_str(text),
            Node::Text(text) => self.text(text, out),
            Node::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.before(at, depth + 1, out);
                    self.node(item, depth + 1, out);
                }
                self.after(items.is_empty(), depth, out);
                out.push(']');
            }
            Node::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                if self.sorted {
                    members.sort_by(|a, b| a.0.key().cmp(b.0.key()));
                }
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    self.before(at, depth + 1, out);
                    self.text(name, out);
                    out.push_str(match self.spaces {
                        Spaces::Compact => ":",
                        _ => ": ",
                    });
                    self.node(value, depth + 1, out);
                }
                self.after(members.is_empty(), depth, out);
                out.push('}');
            }
        }
    }

    /// Between two members, and before the first.
    fn before(self, at: usize, depth: usize, out: &mut String) {
        if at > 0 {
            out.push(',');
        }
        match self.spaces {
            Spaces::Both if at > 0 => out.push(' '),
            Spaces::Indent(by) => {
                out.push('\n');
                out.push_str(&by.repeat(depth));
            }
            _ => {}
        }
    }

    fn after(self, is_empty: bool, depth: usize, out: &mut String) {
        if let (Spaces::Indent(by), false) = (self.spaces, is_empty) {
            out.push('\n');
            out.push_str(&by.repeat(depth));
        }
    }

    fn text(self, text: &Text, out: &mut String) {
        let says = match (self.escapes, &text.says) {
            (Escapes::Kept, _) | (_, None) => return out.push_str(&text.raw),
            (_, Some(says)) => says,
        };
        out.push('"');
        for c in says.chars() {
            match c {
                '"' if !self.escapes.escapes('"') => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '/' if self.escapes.slash() => out.push_str("\\/"),
                c if c < ' ' || self.escapes.escapes(c) => self.escapes.unicode(c, out),
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

impl Escapes {
    fn slash(self) -> bool {
        matches!(self, Self::Slash | Self::Ascii { slash: true, .. })
    }

    /// Whether this character is written by its number.
    fn escapes(self, c: char) -> bool {
        match self {
            Self::Kept | Self::Plain | Self::Slash => false,
            Self::Ascii { .. } => !c.is_ascii(),
            Self::Html { ascii: false } => matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}'),
            Self::Html { ascii: true } => {
                !c.is_ascii() || matches!(c, '<' | '>' | '&' | '+' | '"' | '\'' | '`' | '\u{7f}')
            }
        }
    }

    fn unicode(self, c: char, out: &mut String) {
        let upper = matches!(
            self,
            Self::Ascii { upper: true, .. } | Self::Html { ascii: true }
        );
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&match upper {
                true => format!("\\u{unit:04X}"),
                false => format!("\\u{unit:04x}"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(spaces: Spaces, escapes: Escapes, sorted: bool, text: &str) -> String {
        let node = Node::read(text.as_bytes());
        let style = Style {
            spaces,
            escapes,
            sorted,
        };
        node.map(|node| style.write(&node)).unwrap_or_default()
    }

    #[test]
    fn numbers_order_and_members_that_are_there_twice_are_kept() {
        let text = r#"{ "b" : 1.00, "a":[ ], "b":{"c" :1e9 }, "z":"\u00e4\ud800"}"#;
        let compact = written(Spaces::Compact, Escapes::Kept, false, text);
        assert_eq!(
            compact,
            r#"{"b":1.00,"a":[],"b":{"c":1e9},"z":"\u00e4\ud800"}"#
        );
    }

    /// Figures of the languages themselves: `json.dumps`, `json_encode`, `json.Marshal`,
    /// `JsonSerializer.Serialize`, `JSON.stringify(x, null, 2)`.
    #[test]
    fn styles_are_those_of_the_libraries_that_have_them() {
        let text = "{\"b\":\"\u{e4}\u{1f600}/<\",\"a\":[1,2,{}]}";
        let python = Escapes::Ascii {
            upper: false,
            slash: false,
        };
        assert_eq!(
            written(Spaces::Both, python, false, text),
            r#"{"b": "\u00e4\ud83d\ude00/<", "a": [1, 2, {}]}"#
        );
        let php = Escapes::Ascii {
            upper: false,
            slash: true,
        };
        assert_eq!(
            written(Spaces::Compact, php, false, text),
            r#"{"b":"\u00e4\ud83d\ude00\/<","a":[1,2,{}]}"#
        );
        assert_eq!(
            written(Spaces::Compact, Escapes::Html { ascii: false }, true, text),
            "{\"a\":[1,2,{}],\"b\":\"\u{e4}\u{1f600}/\\u003c\"}"
        );
        assert_eq!(
            written(Spaces::Compact, Escapes::Html { ascii: true }, false, text),
            r#"{"b":"\u00E4\uD83D\uDE00/\u003C","a":[1,2,{}]}"#
        );
        assert_eq!(
            written(Spaces::Indent("  "), Escapes::Plain, false, text),
            "{\n  \"b\": \"\u{e4}\u{1f600}/<\",\n  \"a\": [\n    1,\n    2,\n    {}\n  ]\n}"
        );
    }

    #[test]
    fn what_is_nested_too_deep_is_left_alone() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(Node::read(deep.as_bytes()).is_none());
        assert!(Node::read(b"7").is_none() && Node::read(b"{").is_none());
    }
}
