//! A delivery that something has happened to, and what is said of it.

use std::io::Write;

use bytes::Bytes;
use hookgate::{Secret, provider::Provider, testing::Signer};
use http::{Request, request::Parts};
use serde_json::Value;

use super::KEY;
use crate::{
    program::{Ran, SECRET, run},
    support::{self, NOW},
};

/// A delivery as it arrives, and what the receiver is told.
pub(super) struct Delivery {
    pub(super) row: Provider,
    pub(super) secret: Vec<u8>,
    pub(super) parts: Parts,
    pub(super) body: Vec<u8>,
    pub(super) more: Vec<String>,
}

/// What was said of it.
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) json: Value,
    pub(super) text: String,
}

/// Signed with this key, at [`NOW`].
pub(super) fn signed_with(row: Provider, key: &[u8], body: impl Into<Bytes>) -> Delivery {
    let secret = Secret::new(key).unwrap();
    let signer = Signer::new(row, &secret).unwrap();
    let request = signer.with_public_url(support::url(&row).unwrap_or_default());
    Delivery::of(row, key, request.with_target("/in?shop=1").sign(body, NOW))
}

pub(super) fn signed(row: Provider, body: impl Into<Bytes>) -> Delivery {
    signed_with(row, KEY.as_bytes(), body)
}

impl Delivery {
    pub(super) fn of(row: Provider, secret: &[u8], request: Request<Bytes>) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            row,
            secret: secret.to_vec(),
            parts,
            body: body.to_vec(),
            more: Vec::new(),
        }
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = secret.into();
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        let name = http::HeaderName::try_from(name).unwrap();
        self.parts.headers.append(name, value.parse().unwrap());
        self
    }

    /// Takes a header away; its value.
    pub(super) fn take(&mut self, name: &str) -> String {
        let value = self.parts.headers.remove(name).expect(name);
        value.to_str().unwrap().to_owned()
    }

    pub(super) fn with(mut self, more: &[&str]) -> Self {
        self.more.extend(more.iter().map(|text| (*text).to_owned()));
        self
    }

    /// Runs `explain` twice, for people and for scripts.
    pub(super) fn explain(&self) -> Said {
        let (text, json) = (self.run(&[]), self.run(&["--json"]));
        assert_eq!(text.code, json.code, "{text:?}");
        Said {
            code: text.code,
            json: json.json(),
            text: text.out,
        }
    }

    /// Runs `explain` as of [`NOW`], unless something else was said.
    pub(super) fn run(&self, more: &[&str]) -> Ran {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&self.body).unwrap();
        let body = format!("@{}", file.path().display());
        let at = NOW.as_secs().to_string();
        let mut arguments = vec!["explain".to_owned(), self.row.slug.to_owned()];
        let mut add =
            |name: &str, value: &str| arguments.extend([name.to_owned(), value.to_owned()]);
        add("--secret-env", SECRET);
        add("--body", &body);
        add("--method", self.parts.method.as_str());
        if !self.more.iter().any(|text| text == "--at") {
            add("--at", &at);
        }
        for (name, value) in &self.parts.headers {
            add("--header", &format!("{name}: {}", value.to_str().unwrap()));
        }
        arguments.extend(self.more.iter().cloned());
        let arguments = arguments.iter().map(String::as_str);
        let arguments: Vec<_> = arguments.chain(more.iter().copied()).collect();
        let ran = run(&self.secret, &arguments);
        assert_eq!(ran.err, "", "{ran:?}");
        ran.hides(&[KEY]);
        self.hides_signatures(&ran.out);
        ran
    }

    /// No long word of a header stands in the output.
    pub(super) fn hides_signatures(&self, out: &str) {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
        let known = [
            "application",
            "x-www-form-urlencoded",
            "multipart",
            "hookgate",
        ];
        for value in self.parts.headers.values() {
            let words = value.to_str().unwrap().split(|c| !is_word(c));
            for word in words.filter(|word| word.len() > 20) {
                let is_known = known.iter().any(|known| word.contains(known));
                assert!(is_known || !out.contains(word), "{word} in {out}");
            }
        }
    }

    /// Expects exactly these hints.
    pub(super) fn finds(&self, kinds: &[&str]) -> Said {
        let said = self.explain();
        assert_eq!(said.code, 1, "{}", said.text);
        assert_eq!(said.kinds("hints"), kinds, "{}", said.text);
        said
    }

    /// Expects no hint, and among what was seen this.
    pub(super) fn sees(&self, kind: &str) -> Said {
        let said = self.finds(&[]);
        assert!(said.kinds("seen").contains(&kind), "{}", said.text);
        said
    }
}

impl Said {
    pub(super) fn kinds(&self, of: &str) -> Vec<&str> {
        let hints = self.json[of].as_array().unwrap();
        hints
            .iter()
            .map(|hint| hint["kind"].as_str().unwrap())
            .collect()
    }

    pub(super) fn says(&self, text: &str) -> &Self {
        assert!(self.text.contains(text), "{text:?} in {}", self.text);
        self
    }
}
