//! What is said about each delivery and its answer.

use hookgate::{provider::Provider, redact::visible};
use serde_json::{Value, json};

use super::client::Reply;
use crate::{
    exit::Trouble,
    making::{Made, Url},
    shared::{
        Out,
        carrier::{carried, signature_headers},
        facts,
        out::{bounded, bytes, shortened},
    },
};

/// The most of an answer's body that is shown, in bytes.
const SHOWN: usize = 2 * 1024;

pub(super) struct Report<'o> {
    out: &'o Out,
    row: &'o Provider,
    json: bool,
    sent: usize,
    refused: usize,
}

impl<'o> Report<'o> {
    pub(super) fn new(out: &'o Out, row: &'o Provider, json: bool) -> Self {
        Self {
            out,
            row,
            json,
            sent: 0,
            refused: 0,
        }
    }

    /// What was signed; in full for the first event only.
    pub(super) fn made(&self, made: &Made, url: &Url) {
        if self.json {
            return;
        }
        let (request, line) = (&made.request, |text: &str| self.out.line(text));
        if self.sent == 0 {
            let path = request.uri().path();
            line(&format!("{} {}{path}", request.method(), url.origin));
            for (at, signed) in facts::signed(self.row).iter().enumerate() {
                line(&format!(
                    "  {}  {signed}",
                    if at == 0 { "signed " } else { "       " }
                ));
            }
            let parts = made.request.clone().into_parts().0;
            for carried in carried(self.row, &parts) {
                line(&format!("  carries  {carried}"));
            }
            line(&format!("  body     {}", bytes(request.body().len())));
        }
        let shown = |value: Option<&str>| value.map_or("none".to_owned(), visible);
        match &made.event {
            Some(_) => line(&format!(
                "event {}, type {}",
                shown(made.id()),
                shown(made.kind())
            )),
            None => line("event: none, a receiver is to refuse this"),
        }
    }

    /// What came back.
    pub(super) fn replied(&mut self, made: &Made, copy: u32, reply: &Reply) {
        self.sent += 1;
        self.refused += usize::from(!reply.status.is_success());
        let millis = reply.took.as_millis();
        if self.json {
            self.out.json(json!({
                "id": made.id(),
                "type": made.kind(),
                "duplicate": copy > 0,
                "status": reply.status.as_u16(),
                "milliseconds": u64::try_from(millis).unwrap_or(u64::MAX),
                "headers": self.headers(made, reply),
                "body": self.hide(made, reply.body.get(..SHOWN).unwrap_or(&reply.body)),
            }));
            return;
        }
        let again = if copy > 0 { ", sent again" } else { "" };
        self.out
            .line(&format!("  {} in {millis} ms{again}", reply.status));
        if self.sent > 1 && reply.status.is_success() {
            return;
        }
        for (name, value) in &reply.headers {
            let value = visible(&self.hide(made, value.as_bytes()));
            self.out.line(&format!("  {name}: {value}"));
        }
        for body in bounded(self.hide(made, &reply.body).as_bytes(), SHOWN) {
            self.out.line(&format!("  | {body}"));
        }
    }

    /// Servers that repeat what they got repeat the signature.
    fn hide(&self, made: &Made, text: &[u8]) -> String {
        let headers = made.request.headers();
        let names = signature_headers(self.row);
        let values = names.iter().flat_map(|name| headers.get_all(name));
        let values = values.filter_map(|value| value.to_str().ok());
        let text = String::from_utf8_lossy(text).into_owned();
        values.fold(text, |text, value| text.replace(value, &shortened(value)))
    }

    fn headers(&self, made: &Made, reply: &Reply) -> Value {
        let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), self.hide(made, value.as_bytes()).into())
        };
        Value::Object(reply.headers.iter().map(pair).collect())
    }

    /// A sum, and 1 when something was refused.
    pub(super) fn end(self) -> Result<(), Trouble> {
        if self.sent > 1 && !self.json {
            let good = self.sent - self.refused;
            self.out
                .line(&format!("{} sent, {good} answered with 2xx", self.sent));
        }
        if self.refused > 0 {
            return Err(Trouble::No);
        }
        Ok(())
    }
}

impl Made {
    /// The id that a receiver finds.
    fn id(&self) -> Option<&str> {
        self.event.as_ref()?.id().map(|id| id.value.as_str())
    }

    /// The type that a receiver finds.
    fn kind(&self) -> Option<&str> {
        self.event
            .as_ref()?
            .event_type()
            .map(|kind| kind.value.as_str())
    }
}
