//! JSON that was parsed and written again, in the styles in which people's libraries write.

mod tree;
mod write;

use std::rc::Rc;

use self::{
    tree::Node,
    write::{Escapes, Spaces, Style},
};
use crate::explain::change::Change;

const SPACES: [(Spaces, &str); 6] = [
    (Spaces::Compact, "compact"),
    (Spaces::Both, "with a space after each colon and comma"),
    (Spaces::Colon, "with a space after each colon"),
    (Spaces::Indent("  "), "indented by two spaces"),
    (Spaces::Indent("    "), "indented by four spaces"),
    (Spaces::Indent("\t"), "indented by tabs"),
];

const ESCAPES: [(Escapes, &str); 8] = [
    (Escapes::Kept, ""),
    (Escapes::Plain, ", with no more escapes than needed"),
    (
        Escapes::Ascii {
            upper: false,
            slash: false,
        },
        r", with \uXXXX for all but ASCII",
    ),
    (
        Escapes::Ascii {
            upper: true,
            slash: false,
        },
        r", with \uXXXX for all but ASCII",
    ),
    (Escapes::Slash, r", with \/ for /"),
    (
        Escapes::Ascii {
            upper: false,
            slash: true,
        },
        r", with \/ for / and \uXXXX for all but ASCII",
    ),
    (
        Escapes::Html { ascii: false },
        r", with \u003c for <, as well > and &",
    ),
    (
        Escapes::Html { ascii: true },
        r", with \uXXXX for quotes, <, >, &, + and all but ASCII",
    ),
];

/// Every style in which this JSON looks different, the plainest first.
pub(super) fn changes(body: &[u8]) -> Vec<Change> {
    let mut all = Vec::new();
    if let Some(tree) = Node::read(body).map(Rc::new) {
        let mut known = Vec::new();
        for (escapes, how) in ESCAPES {
            for (sorted, order) in [(false, ""), (true, ", with sorted names")] {
                let style = Style {
                    spaces: Spaces::Compact,
                    escapes,
                    sorted,
                };
                let text = style.write(&tree);
                if !known.contains(&text) {
                    known.push(text);
                    all.extend(layouts(&tree, style, &format!("{how}{order}")));
                }
            }
        }
    }
    all.push(Change::body(
        "json_in_string",
        "the body was put into a JSON string: what is inside of it was signed",
        |body| {
            serde_json::from_slice::<String>(body)
                .ok()
                .map(String::into_bytes)
        },
    ));
    all.push(Change::body(
        "escapes_typed",
        r"the body has escapes (\n, \u00e4) where the signed one has the characters themselves",
        |body| {
            let text = [b"\"", body, b"\""].concat();
            serde_json::from_slice::<String>(&text)
                .ok()
                .map(String::into_bytes)
        },
    ));
    all
}

/// A style with all spaces and ends.
fn layouts(tree: &Rc<Node>, style: Style, how: &str) -> Vec<Change> {
    let mut all = Vec::new();
    for (spaces, layout) in SPACES {
        for (end, ending) in [("", ""), ("\n", ", with a line end behind it")] {
            let says = format!(
                "the JSON was parsed and written again: the signed body is {layout}{how}{ending}. \
                 Verify the raw bytes"
            );
            let (tree, style) = (Rc::clone(tree), Style { spaces, ..style });
            all.push(Change::body("json_rewritten", says, move |_| {
                Some((style.write(&tree) + end).into_bytes())
            }));
        }
    }
    all
}
