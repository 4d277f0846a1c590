//! Forms that were decoded, or taken for what is in them.

use form_urlencoded::byte_serialize;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use crate::explain::change::Change;

/// What `encodeURIComponent` escapes.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Fields of which one may be the whole signed text.
const FIELDS: usize = 16;

pub(super) fn changes(body: &[u8]) -> Vec<Change> {
    let decoded = "the form was decoded on its way: its percent-escapes were signed";
    let mut all = vec![
        Change::body("percent_decoded", decoded, |body| encoded(body, plus)),
        Change::body("percent_decoded", decoded, |body| encoded(body, component)),
        Change::body(
            "percent_encoded",
            "the body was percent-encoded on its way: its plain text was signed",
            |body| body.contains(&b'%').then(|| percent_decode(body).collect()),
        ),
    ];
    if body.first() == Some(&b'{') {
        all.push(Change::body(
            "form_around",
            "the sender sends a form, and this is only its field `payload`",
            |body| {
                let text = std::str::from_utf8(body).ok()?;
                Some(format!("payload={}", plus(text)).into_bytes())
            },
        ));
    } else if body.contains(&b'=') {
        for (name, value) in form_urlencoded::parse(body).take(FIELDS) {
            let says = format!(
                "only the form's field {:?} was signed, not the form",
                &*name
            );
            let value = value.into_owned().into_bytes();
            all.push(Change::body("form_field", says, move |_| {
                Some(value.clone())
            }));
        }
    }
    all
}

fn plus(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A decoded form with its names and values encoded again.
fn encoded(body: &[u8], encode: fn(&str) -> String) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let pairs = text.split('&').map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some(format!("{}={}", encode(name), encode(value)))
    });
    let pairs: Option<Vec<_>> = pairs.collect();
    Some(pairs?.join("&").into_bytes())
}
