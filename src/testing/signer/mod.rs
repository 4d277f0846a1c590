//! Signs as any row says: the head of the request first, then the signature over it and the body.

mod body;
mod head;
mod signature;
mod tamper;
mod text;
mod token;

use bytes::Bytes;
use http::Request;

pub use self::tamper::Tamper;
use self::token::Extras;
pub use crate::source::sign::SignError;
use crate::{
    clock::UnixTime, error::ConfigError, provider::Provider, scheme::TimeAt, secret::Secret,
    source::sign::Signing,
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
    /// target have no place in a request.
    pub fn try_sign(
        &self,
        payload: impl Into<Bytes>,
        now: UnixTime,
    ) -> Result<Request<Bytes>, SignError> {
        let body = body::wrapped(self.row.payload, payload.into());
        let scheme = &self.row.scheme;
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = self.row.methods.first().cloned().unwrap_or_default();
        self.put_target(&mut parts, &body)?;
        self.put_headers(&mut parts, &body)?;
        let time = match scheme.time {
            TimeAt::Header { unit, .. } | TimeAt::InSignature { unit, .. } => text::time(now, unit),
            _ => String::new(),
        };
        if let TimeAt::Header { header, .. } = scheme.time {
            self.put(&mut parts, header, &time)?;
        }
        let listed = self.listed(&mut parts)?;
        self.signed(Request::from_parts(parts, body), now, &time, &listed)
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by panicking, and others try")]
    fn or_panic(&self, made: Result<Request<Bytes>, SignError>) -> Request<Bytes> {
        match made {
            Ok(request) => request,
            Err(why) => panic!("{}: {why}", self.row.slug),
        }
    }
}

const ORIGIN: &str = "https://hooks.example.com";
