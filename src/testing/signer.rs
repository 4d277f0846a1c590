use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    clock::UnixTime,
    error::ConfigError,
    provider::{Field, Provider},
    scheme::{Grammar, Header, Part, Scheme, TimeAt, TimeUnit, mac::KeyedMac},
    secret::Secret,
};

/// Makes the requests that a provider would send.
#[derive(Clone)]
pub struct Signer {
    row: Provider,
    keys: Vec<KeyedMac>,
    public_url: String,
    family: &'static str,
    id: String,
    kind: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("provider", &self.row.slug)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs as this provider does, with this secret; the id is `evt_test`, the type `test.event`.
    ///
    /// # Errors
    /// When the secret is not in the provider's form.
    pub fn new(row: Provider, secret: &Secret) -> Result<Self, ConfigError> {
        Ok(Self {
            keys: vec![key(&row.scheme, secret)?],
            row,
            public_url: String::new(),
            family: row.families.first().copied().unwrap_or_default(),
            id: "evt_test".to_owned(),
            kind: "test.event".to_owned(),
        })
    }

    /// Signs with one secret more, as providers do while a secret is rotated. Only where the
    /// grammar has room for two signatures; elsewhere the last secret signs.
    ///
    /// # Errors
    /// When the secret is not in the provider's form.
    pub fn add_secret(mut self, secret: &Secret) -> Result<Self, ConfigError> {
        self.keys.push(key(&self.row.scheme, secret)?);
        Ok(self)
    }

    /// The public URL for providers that sign it.
    #[must_use]
    pub fn with_public_url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.public_url);
        self
    }

    /// Another of the row's header families.
    #[must_use]
    pub fn with_family(mut self, family: &'static str) -> Self {
        self.family = family;
        self
    }

    /// The id, for providers that send it in a header.
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

    /// A POST to `/` with this body, signed at `now`. A time inside the body is the caller's to
    /// write.
    pub fn sign(&self, body: impl Into<Bytes>, now: UnixTime) -> Request<Bytes> {
        let body = body.into();
        let scheme = &self.row.scheme;
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = http::Method::POST;
        let headers = request.headers_mut();
        let mut put = |header: Header, value: &str| {
            let name = HeaderName::try_from(header.name_in(self.family));
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        };
        for (fields, value) in [
            (self.row.envelope.id, &self.id),
            (self.row.envelope.kind, &self.kind),
        ] {
            for field in fields {
                if let Field::Header(header) = field {
                    put(*header, value);
                }
            }
        }
        let mut time = String::new();
        match scheme.time {
            TimeAt::Header { header, unit } => {
                time = written(now, unit);
                put(header, &time);
            }
            TimeAt::InSignature { unit, .. } => time = written(now, unit),
            TimeAt::Nowhere | TimeAt::Body { .. } => {}
        }
        let signatures = self.keys.iter().map(|key| {
            let tag = key.tag(|into| {
                for part in scheme.message {
                    match part {
                        Part::Body => into(&body),
                        Part::Literal(text) => into(text.as_bytes()),
                        Part::Timestamp => into(time.as_bytes()),
                        Part::PublicUrl => into(self.public_url.as_bytes()),
                        Part::Header(_) => into(self.id.as_bytes()),
                    }
                }
            });
            scheme.encoding.encode(&tag)
        });
        put(scheme.header, &value(scheme, &time, signatures));
        *request.body_mut() = body;
        request
    }
}

fn key(scheme: &Scheme, secret: &Secret) -> Result<KeyedMac, ConfigError> {
    KeyedMac::new(scheme.algorithm, &scheme.key.key(secret)?)
}

/// The value of the signature header.
fn value(
    scheme: &Scheme,
    time: &str,
    signatures: impl DoubleEndedIterator<Item = String>,
) -> String {
    let mut signatures = signatures;
    match scheme.grammar {
        Grammar::Bare => signatures.next_back().unwrap_or_default(),
        Grammar::Prefix(prefix) => {
            format!("{prefix}{}", signatures.next_back().unwrap_or_default())
        }
        Grammar::Pairs {
            separator,
            signature,
        } => {
            let time = match scheme.time {
                TimeAt::InSignature { key, .. } => Some(format!("{key}={time}")),
                _ => None,
            };
            let pairs = signatures.map(|text| format!("{signature}={text}"));
            let all: Vec<_> = time.into_iter().chain(pairs).collect();
            all.join(&char::from(separator).to_string())
        }
        Grammar::SpaceList { version } => signatures
            .map(|text| format!("{version},{text}"))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn written(time: UnixTime, unit: TimeUnit) -> String {
    match unit {
        TimeUnit::Seconds => time.as_secs().to_string(),
        TimeUnit::Millis => time.as_millis().to_string(),
        TimeUnit::Rfc3339 => {
            let nanos = i128::from(time.as_millis()) * 1_000_000;
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanos);
            time.ok()
                .and_then(|time| time.format(&Rfc3339).ok())
                .unwrap_or_default()
        }
    }
}
