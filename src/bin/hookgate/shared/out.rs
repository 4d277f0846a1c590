//! What is printed: no secret, no whole signature, no control character.

use std::io::Write;

use data_encoding::BASE64;
use hookgate::redact::visible;
use serde_json::Value;

use super::secrets::Given;

/// Characters of a signature that are shown.
const SHOWN: usize = 6;

/// A longer run of letters and digits may be a signature or a token.
const LONGEST_WORD: usize = 16;

/// A shorter secret is not looked for in what is printed: it is in every second word.
const SHORTEST_SECRET: usize = 4;

/// The same for a part of one.
const SHORTEST_PART: usize = 8;

/// Prints to standard output, with the secrets that it was told about replaced.
#[derive(Default)]
pub(crate) struct Out {
    /// Longest first, so that no part of one is left when it contains another.
    hidden: Vec<(String, String)>,
}

impl Out {
    /// Hides these secrets and what they are sent or kept as.
    pub(crate) fn hiding(secrets: &[Given]) -> Self {
        let mut hidden = Vec::new();
        for Given { label, text } in secrets {
            let text = String::from_utf8_lossy(text);
            let trimmed = text.trim().trim_matches(['"', '\'', '`']);
            let after = |mark| trimmed.rsplit_once(mark).map_or("", |(_, after)| after);
            let encoded = BASE64.encode(trimmed.as_bytes());
            let parts = [after(':'), after('_'), &encoded].into_iter();
            let parts = parts.filter(|part| part.len() >= SHORTEST_PART);
            let whole = [&text, trimmed].into_iter();
            let whole = whole.filter(|text| text.len() >= SHORTEST_SECRET);
            hidden.extend(
                whole
                    .chain(parts)
                    .map(|text| (text.to_owned(), format!("<{label}>"))),
            );
        }
        hidden.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { hidden }
    }

    /// One line, or several.
    pub(crate) fn line(&self, text: &str) {
        // Whoever closed the pipe has seen enough.
        let _ = writeln!(std::io::stdout().lock(), "{}", self.clean(text));
    }

    /// One line of JSON.
    pub(crate) fn json(&self, mut value: Value) {
        self.clean_in(&mut value);
        let _ = writeln!(std::io::stdout().lock(), "{}", inert(&value.to_string()));
    }

    fn clean(&self, text: &str) -> String {
        let hide = |text: String, (secret, label): &(String, String)| text.replace(secret, label);
        self.hidden.iter().fold(text.to_owned(), hide)
    }

    fn clean_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.clean(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean_in(item)),
            Value::Object(members) => members.values_mut().for_each(|item| self.clean_in(item)),
            _ => {}
        }
    }
}

/// JSON in which whatever a terminal might obey is escaped; it has such characters in strings only.
pub(crate) fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\u{7f}' || (!c.is_ascii() && c.escape_debug().count() > 1) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(c);
        }
    }
    text
}

/// A text of strangers, with long words cut to their first characters. Digits may be a time, and
/// are left up to 16 of them.
pub(crate) fn shortened(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-');
    let (mut shown, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.len() > LONGEST_WORD {
            shown.push_str(&word[..SHOWN]);
            shown.push('…');
        } else {
            shown.push_str(word);
        }
        let next = after.find(is_word).unwrap_or(after.len());
        shown.push_str(&visible(&after[..next]));
        rest = &after[next..];
    }
    shown
}

/// A length in words.
pub(crate) fn bytes(count: usize) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}

/// A text of strangers, line by line, cut after so many bytes.
pub(crate) fn bounded(text: &[u8], limit: usize) -> Vec<String> {
    let cut = text.get(..limit).unwrap_or(text);
    let cut_text = String::from_utf8_lossy(cut);
    let mut lines: Vec<_> = cut_text.lines().map(visible).collect();
    if cut.len() < text.len() {
        lines.push(format!("… {} more", bytes(text.len() - cut.len())));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_cut_and_times_are_not() {
        let hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(
            shortened(&format!("t=1790000000,v1={hex}")),
            "t=1790000000,v1=757107…"
        );
        assert_eq!(shortened("2026-09-21T14:13:20Z"), "2026-09-21T14:13:20Z");
        assert_eq!(shortened("a\u{1b}[31m"), "a\\u{1b}[31m");
    }

    #[test]
    fn a_secret_is_hidden_in_every_form_that_it_is_written_in() {
        let given = |text: &str| Given {
            label: "secret-1".to_owned(),
            text: text.into(),
        };
        let out = Out::hiding(&[given(" 'whsec_Y2FuYXJ5' ")]);
        for text in ["whsec_Y2FuYXJ5", "Y2FuYXJ5", " 'whsec_Y2FuYXJ5' "] {
            assert_eq!(out.clean(&format!("a {text} b")), "a <secret-1> b");
        }
        let out = Out::hiding(&[given("user:canary-1")]);
        assert_eq!(
            out.clean("dXNlcjpjYW5hcnktMQ== canary-1"),
            "<secret-1> <secret-1>"
        );
    }
}
