//! The signature, and its way into the request.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Request, request::Parts};

use super::{
    SignError, Signer,
    body::{self, Placed},
    head::{add_to_query, line},
    text, token,
};
use crate::{
    clock::UnixTime,
    scheme::{Algorithm, Encoding, KeyId, SignatureAt, mac::Tag},
    secret::Secret,
    source::sign::{Draft, Signing},
};

impl Signer {
    pub(super) fn signed(
        &self,
        request: Request<Bytes>,
        now: UnixTime,
        time: &str,
        listed: &str,
    ) -> Result<Request<Bytes>, SignError> {
        if self.secrets.is_empty() {
            return Ok(request);
        }
        let signing = Signing::new(&self.row, self.family, &self.secrets)?;
        let (mut parts, body) = request.into_parts();
        if let (KeyId::Header(header), Some(id)) =
            (self.row.scheme.key_id, signing.key_ids().last().flatten())
        {
            self.put(&mut parts, header, id)?;
        }
        let token = token::token(
            &self.row.scheme,
            &self.extras,
            &body,
            &self.url(&parts),
            now,
        );
        let texts = |item: Option<&[u8]>| -> Result<Vec<String>, SignError> {
            let tags = signing.tags(&Draft {
                public_url: &self.public_url,
                parts: &parts,
                body: &body,
                item,
                time,
                token: &token,
                listed,
            })?;
            let encoded = tags.iter().zip(&self.secrets).zip(signing.key_ids());
            let text = |((tag, secret), id): ((&Tag, &Secret), Option<&str>)| {
                let text = self.encoded(tag, secret);
                match id {
                    Some(id) => text::labelled(&self.row.scheme, id, text),
                    None => text,
                }
            };
            Ok(encoded.map(text).collect())
        };
        let placed = match self.row.scheme.items {
            Some(pointer) => Placed::in_items(&self.row.scheme, &body, pointer, texts)?,
            None => Placed {
                texts: texts(None)?,
                body: None,
            },
        };
        let body = placed.body.clone().unwrap_or(body);
        let value = |texts: &[String]| text::value(&self.row.scheme, time, listed, &token, texts);
        self.place(parts, body, &placed.texts, value)
    }

    fn encoded(&self, tag: &Tag, secret: &Secret) -> String {
        let scheme = &self.row.scheme;
        match (scheme.algorithm, scheme.encoding) {
            (Algorithm::Token, Encoding::Base64Token) => BASE64.encode(secret.text()),
            (Algorithm::Token, _) => String::from_utf8_lossy(secret.text()).into_owned(),
            _ => scheme.encoding.encode(tag),
        }
    }

    /// Puts the signatures where the row has them.
    fn place(
        &self,
        mut parts: Parts,
        mut body: Bytes,
        texts: &[String],
        value: impl Fn(&[String]) -> String,
    ) -> Result<Request<Bytes>, SignError> {
        match self.row.scheme.signature {
            SignatureAt::Header(header) => self.put(&mut parts, header, &value(texts))?,
            SignatureAt::AnyOf(headers) => {
                // Fewer secrets than headers: the last one signs the rest.
                for (header, text) in headers.iter().zip(texts) {
                    self.put(&mut parts, *header, &value(std::slice::from_ref(text)))?;
                }
            }
            SignatureAt::Lines(header) => {
                for text in texts {
                    let value = value(std::slice::from_ref(text));
                    let (name, value) = line(&header.name_in(self.family), &value)?;
                    parts.headers.append(name, value);
                }
            }
            SignatureAt::Numbered(header) => {
                for (at, text) in (1..).zip(texts) {
                    let name = format!("{}{at}", header.name_in(self.family));
                    let (name, value) = line(&name, &value(std::slice::from_ref(text)))?;
                    parts.headers.insert(name, value);
                }
            }
            SignatureAt::Query(name) => add_to_query(&mut parts, name, &value(texts))?,
            SignatureAt::Field(path) if self.row.scheme.items.is_none() => {
                body = body::with_field(self.row.payload, &body, path, &value(texts))?;
            }
            SignatureAt::Field(_) | SignatureAt::Nowhere => {}
            SignatureAt::Param(name) => {
                body = body::with_param(self.row.payload, &body, name, &value(texts))?;
            }
        }
        Ok(Request::from_parts(parts, body))
    }

    fn url(&self, parts: &Parts) -> String {
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        format!("{}{target}", self.public_url)
    }
}
