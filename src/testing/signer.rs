use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderName, HeaderValue, Request, header, request::Parts};

use super::written::{self, Extras, Placed};
use crate::{
    clock::UnixTime,
    error::ConfigError,
    provider::{Field, Provider},
    scheme::{
        Algorithm, DigestAt, Encoding, Header, KeyId, ListedAt, Part, SignatureAt, TimeAt, mac::Tag,
    },
    secret::Secret,
    source::sign::{Draft, SignError, Signing},
};

/// Makes the requests that a provider would send.
///
/// Where the signature is a field of the payload, it is put into the body that is given; where the
/// payload is a field of a form, the form is made around it.
#[derive(Clone)]
pub struct Signer {
    row: Provider,
    secrets: Vec<Secret>,
    public_url: String,
    family: &'static str,
    target: String,
    id: String,
    kind: String,
    extras: Extras,
}

/// What may be wrong with a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Tamper {
    /// Signed with a secret that is not configured.
    OtherSecret,
    /// Signed a second before the row's tolerance begins. As it should be where no time is signed.
    Old,
    /// Signed a second after the row's tolerance ends. As it should be where no time is signed.
    Future,
    /// The last byte of the body is missing.
    Truncated,
    /// There is no signature.
    Unsigned,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("provider", &self.row.slug)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs as this provider does, with this secret; the id is `evt_test`, the type `test.event`,
    /// the path `/`, and the public origin `https://hooks.example.com`.
    ///
    /// # Errors
    /// When the secret is not in the provider's form.
    pub fn new(row: Provider, secret: &Secret) -> Result<Self, ConfigError> {
        let family = row.families.first().copied().unwrap_or_default();
        let secrets = vec![secret.clone()];
        Signing::new(&row, family, &secrets)?;
        Ok(Self {
            row,
            secrets,
            public_url: ORIGIN.to_owned(),
            family,
            target: "/".to_owned(),
            id: "evt_test".to_owned(),
            kind: "test.event".to_owned(),
            extras: Extras::default(),
        })
    }

    /// Signs with one secret more, as providers do while a secret is rotated. Only where there is
    /// room for two signatures; elsewhere the last secret signs.
    ///
    /// # Errors
    /// When the secret is not in the provider's form.
    pub fn add_secret(mut self, secret: &Secret) -> Result<Self, ConfigError> {
        self.secrets.push(secret.clone());
        Signing::new(&self.row, self.family, &self.secrets)?;
        Ok(self)
    }

    /// The public URL, or the public origin, for providers that sign it: what
    /// [`SourceBuilder::with_public_url`](crate::source::SourceBuilder::with_public_url) is given.
    #[must_use]
    pub fn with_public_url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.public_url);
        self
    }

    /// The path and query of the request.
    #[must_use]
    pub fn with_target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// Another of the row's header families.
    #[must_use]
    pub fn with_family(mut self, family: &'static str) -> Self {
        self.family = family;
        self
    }

    /// The id, for providers that send it in a header or in the query.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// The type, for providers that send it in a header.
    #[must_use]
    pub fn with_type(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.kind);
        self
    }

    /// How many seconds a token lives, where the signature is one that says when it ends. 0 unless set:
    /// it ends when it is signed, and only the receiver's tolerance keeps it alive.
    #[must_use]
    pub fn with_life(mut self, secs: u32) -> Self {
        self.extras.life = secs;
        self
    }

    /// One claim more, a text, where the signature is a token: what libraries other than this one ask
    /// for. Claims that the row asks for cannot be replaced.
    #[must_use]
    pub fn with_claim(mut self, name: &str, value: &str) -> Self {
        self.extras.claims.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A delivery with this payload, signed at `now`. A time inside the payload is the caller's to
    /// write.
    ///
    /// # Panics
    /// When the provider cannot sign it, with the words of [`try_sign`](Self::try_sign)'s error.
    #[track_caller]
    pub fn sign(&self, payload: impl Into<Bytes>, now: UnixTime) -> Request<Bytes> {
        self.or_panic(self.try_sign(payload, now))
    }

    /// [`sign`](Self::sign) for payloads that the provider may be unable to sign.
    ///
    /// # Errors
    /// When the payload lacks what is signed or what the signature is put into; when id, type or
    /// target have no place in a request; when a secret does not fit the header family.
    pub fn try_sign(
        &self,
        payload: impl Into<Bytes>,
        now: UnixTime,
    ) -> Result<Request<Bytes>, SignError> {
        let body = written::wrapped(self.row.payload, payload.into());
        let scheme = &self.row.scheme;
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = self.row.methods.first().cloned().unwrap_or_default();
        self.put_target(&mut parts, &body)?;
        self.put_headers(&mut parts, &body)?;
        let time = match scheme.time {
            TimeAt::Header { unit, .. } | TimeAt::InSignature { unit, .. } => {
                written::time(now, unit)
            }
            _ => String::new(),
        };
        if let TimeAt::Header { header, .. } = scheme.time {
            self.put(&mut parts, header, &time)?;
        }
        let listed = self.listed(&mut parts)?;
        self.signed(Request::from_parts(parts, body), now, &time, &listed)
    }

    /// The same as [`sign`](Self::sign) with something wrong.
    ///
    /// # Panics
    /// When the provider cannot sign it, with the words of [`try_tampered`](Self::try_tampered)'s
    /// error.
    #[track_caller]
    pub fn tampered(
        &self,
        payload: impl Into<Bytes>,
        now: UnixTime,
        what: Tamper,
    ) -> Request<Bytes> {
        self.or_panic(self.try_tampered(payload, now, what))
    }

    /// The same as [`try_sign`](Self::try_sign) with something wrong.
    ///
    /// # Errors
    /// Those of [`try_sign`](Self::try_sign).
    pub fn try_tampered(
        &self,
        payload: impl Into<Bytes>,
        now: UnixTime,
        what: Tamper,
    ) -> Result<Request<Bytes>, SignError> {
        let tolerance = self.row.tolerance;
        let by = |limit: Option<std::time::Duration>| match limit {
            Some(limit) => i64::try_from(limit.as_millis()).unwrap_or(i64::MAX / 4) + 1_000,
            None => 0,
        };
        match what {
            Tamper::OtherSecret => self.by_a_stranger().try_sign(payload, now),
            Tamper::Old => {
                let by = by(tolerance.map(|tolerance| tolerance.past()));
                self.try_sign(payload, UnixTime::from_millis(now.as_millis() - by))
            }
            Tamper::Future => {
                let by = by(tolerance.map(|tolerance| tolerance.future()));
                self.try_sign(payload, UnixTime::from_millis(now.as_millis() + by))
            }
            Tamper::Truncated => {
                let mut request = self.try_sign(payload, now)?;
                let body = request.body_mut();
                body.truncate(body.len().saturating_sub(1));
                Ok(request)
            }
            Tamper::Unsigned => {
                let mut nobody = self.clone();
                nobody.secrets.clear();
                nobody.try_sign(payload, now)
            }
        }
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by panicking, and others try")]
    fn or_panic(&self, made: Result<Request<Bytes>, SignError>) -> Request<Bytes> {
        match made {
            Ok(request) => request,
            Err(why) => panic!("{}: {why}", self.row.slug),
        }
    }

    /// The same signer with a secret of the same form that nobody knows of.
    fn by_a_stranger(&self) -> Self {
        let id = self.secrets.last().and_then(|secret| {
            let text = secret.text();
            let at = text.iter().rposition(|byte| *byte == b':')?;
            Some(String::from_utf8_lossy(text.get(..=at)?).into_owned())
        });
        let id = match self.row.scheme.key_id {
            KeyId::None => String::new(),
            KeyId::Header(_) | KeyId::Configured => id.unwrap_or_default(),
        };
        // Text, hexadecimal and base64 alike.
        let secret = Secret::new(format!("{id}5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"));
        Self {
            secrets: secret.into_iter().collect(),
            ..self.clone()
        }
    }

    fn signed(
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
        let token = written::token(
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
                    Some(id) => written::labelled(&self.row.scheme, id, text),
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
        let value =
            |texts: &[String]| written::value(&self.row.scheme, time, listed, &token, texts);
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
                body = written::with_field(self.row.payload, &body, path, &value(texts))?;
            }
            SignatureAt::Field(_) | SignatureAt::Nowhere => {}
            SignatureAt::Param(name) => {
                body = written::with_param(self.row.payload, &body, name, &value(texts))?;
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

    fn put_target(&self, parts: &mut Parts, body: &Bytes) -> Result<(), SignError> {
        parts.uri = self.target.parse().map_err(|_| SignError::Target)?;
        let scheme = &self.row.scheme;
        for part in scheme.message {
            if let Part::Query(name, _) = part.inner() {
                add_to_query(parts, name, &self.id)?;
            }
        }
        if let Some(DigestAt::Query(name)) = scheme.digest {
            add_to_query(parts, name, &written::sha256_hex(body))?;
        }
        Ok(())
    }

    fn put_headers(&self, parts: &mut Parts, body: &Bytes) -> Result<(), SignError> {
        let row = &self.row;
        for (fields, value) in [(row.envelope.id, &self.id), (row.envelope.kind, &self.kind)] {
            for header in headers(fields) {
                self.put(parts, header, value)?;
            }
        }
        for part in row.scheme.message {
            for part in std::iter::once(part).chain(inside(part)) {
                if let Part::Header(header) = part {
                    self.put(parts, *header, &self.id)?;
                }
            }
        }
        for (header, value) in row.scheme.require {
            self.put(parts, *header, value)?;
        }
        if let Some(kind) = written::content_type(row.payload, body) {
            parts.headers.insert(header::CONTENT_TYPE, kind);
        }
        Ok(())
    }

    /// Chooses the headers that are signed besides: those that must be, and the event's id.
    fn listed(&self, parts: &mut Parts) -> Result<String, SignError> {
        let Some(listed) = self.row.scheme.listed else {
            return Ok(String::new());
        };
        let mut headers = listed.required.to_vec();
        headers.extend(self::headers(self.row.envelope.id));
        if let ListedAt::Header(header) = listed.at {
            headers.push(header);
        }
        let mut names: Vec<_> = headers
            .iter()
            .map(|header| header.name_in(self.family))
            .collect();
        names.sort();
        names.dedup();
        let names = names.join(&char::from(listed.separator).to_string());
        if let ListedAt::Header(header) = listed.at {
            self.put(parts, header, &names)?;
        }
        Ok(names)
    }

    fn put(&self, parts: &mut Parts, header: Header, value: &str) -> Result<(), SignError> {
        let (name, value) = line(&header.name_in(self.family), value)?;
        parts.headers.insert(name, value);
        Ok(())
    }
}

const ORIGIN: &str = "https://hooks.example.com";

/// The headers among these fields.
fn headers(fields: &[Field]) -> Vec<Header> {
    let of = |field: &Field| match field {
        Field::Header(header) => vec![*header],
        Field::Joined(fields) => headers(fields),
        _ => Vec::new(),
    };
    fields.iter().flat_map(of).collect()
}

fn inside(part: &'static Part) -> &'static [Part] {
    match part {
        Part::Optional(parts) => parts,
        _ => &[],
    }
}

fn line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SignError> {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        _ => Err(SignError::Header {
            name: name.to_owned(),
        }),
    }
}

fn add_to_query(parts: &mut Parts, name: &str, value: &str) -> Result<(), SignError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, value);
    let old = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let sign = if parts.uri.query().is_some() {
        '&'
    } else {
        '?'
    };
    let uri = format!("{old}{sign}{}", query.finish()).parse();
    parts.uri = uri.map_err(|_| SignError::Target)?;
    Ok(())
}
