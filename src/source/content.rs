//! What is in a delivery's body: the payload, and its fields.

use std::borrow::Cow;

use http::{header, request::Parts};
use serde_json::value::RawValue;

use crate::{
    error::RejectionKind,
    provider::Payload,
    scheme::{
        MAX_ITEMS, form,
        json::{self, Found, MAX_TEXT},
    },
};

/// The payload as it can be looked into.
pub(super) enum Content<'b> {
    /// Bytes, in which JSON is looked for.
    Text(&'b [u8]),
    /// The same out of one field of a form, and the form.
    Field(Vec<u8>, Pairs<'b>),
    /// The decoded fields of a form.
    Form(Pairs<'b>),
}

type Pairs<'p> = Vec<(Cow<'p, str>, Cow<'p, str>)>;

impl<'b> Content<'b> {
    /// Finds the payload in a body. Nothing of it is trusted yet.
    pub(super) fn of(
        payload: Payload,
        parts: &Parts,
        body: &'b [u8],
    ) -> Result<Self, RejectionKind> {
        let missing = RejectionKind::MissingPayload;
        let form = || form::pairs(body).ok_or(missing);
        let field = |name: &str| -> Result<Self, RejectionKind> {
            let form = form()?;
            let value = form::single(&form, name).ok_or(missing)?;
            Ok(Self::Field(value.as_bytes().to_vec(), form))
        };
        let kind = || {
            parts
                .headers
                .get(header::CONTENT_TYPE)
                .map(|v| v.as_bytes())
        };
        let is_form = || {
            const FORM: &[u8] = b"application/x-www-form-urlencoded";
            kind().is_some_and(|kind| {
                let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
                kind.trim_ascii().eq_ignore_ascii_case(FORM)
            })
        };
        match payload {
            Payload::FormField(name) => field(name),
            Payload::BodyOrFormField(name) if is_form() => field(name),
            Payload::Form => Ok(Self::Form(form()?)),
            Payload::FormOrBody if is_form() => Ok(Self::Form(form()?)),
            Payload::MultipartField(name) => {
                let part = form::part(body, kind().unwrap_or_default(), name);
                Ok(Self::Text(part.ok_or(missing)?))
            }
            Payload::Body | Payload::BodyOrFormField(_) | Payload::FormOrBody => {
                Ok(Self::Text(body))
            }
        }
    }

    /// The payload's bytes; those of a form are the body.
    pub(super) fn bytes<'s>(&'s self, body: &'s [u8]) -> &'s [u8] {
        match self {
            Self::Text(text) => text,
            Self::Field(text, _) => text,
            Self::Form(_) => body,
        }
    }

    /// What is at these paths.
    pub(super) fn fields(&self, paths: &[&'static str]) -> Vec<Found<'_>> {
        match self {
            Self::Text(text) => json::scan(text, paths),
            Self::Field(text, _) => json::scan(text, paths),
            Self::Form(pairs) => paths.iter().map(|path| in_form(pairs, path)).collect(),
        }
    }

    /// The parameters of a form, or the scalars at the top of a JSON object.
    pub(super) fn parameters(&self) -> Option<Pairs<'_>> {
        match self {
            Self::Form(pairs) | Self::Field(_, pairs) => Some(pairs.clone()),
            Self::Text([]) => Some(Vec::new()),
            Self::Text(text) => json::scalars(text),
        }
    }

    /// The items of the array at this pointer. An array that is there twice is none: one reader
    /// would take the items of the first, and another those of the last.
    pub(super) fn items(&self, pointer: &'static str) -> Result<Vec<Box<RawValue>>, RejectionKind> {
        let missing = RejectionKind::MissingPayload;
        let Self::Text(text) = self else {
            return Err(missing);
        };
        if json::scan(text, &[pointer]).iter().any(|found| found.twice) {
            return Err(missing);
        }
        let items: Vec<Box<RawValue>> = json::value_at(text, pointer).map_err(|_| missing)?;
        if items.is_empty() || items.len() > MAX_ITEMS {
            return Err(missing);
        }
        Ok(items)
    }
}

fn in_form<'f>(pairs: &'f [(Cow<'_, str>, Cow<'_, str>)], path: &str) -> Found<'f> {
    let name = path.strip_prefix('/').unwrap_or(path);
    let mut values = pairs.iter().filter(|(found, _)| found == name);
    let (first, second) = (values.next(), values.next());
    let text = first
        .filter(|(_, value)| second.is_none() && value.len() <= MAX_TEXT)
        .map(|(_, value)| Cow::Borrowed(&**value));
    Found {
        text,
        present: first.is_some(),
        twice: second.is_some(),
    }
}
