//! A delivery and what it is judged with, and changes to either.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hookgate::{
    ConfigError, Event, RejectionKind, Source, clock::UnixTime, provider::Provider,
    scheme::SignedUrl,
};
use http::request::Parts;

use crate::shared::secrets::Given;

/// What arrived, and how the receiver is configured.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) row: Provider,
    pub(crate) secrets: Vec<Given>,
    /// The public URL or origin, where one is signed.
    pub(crate) url: Option<String>,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    /// The sources that ignore the time, one for each secret: made once for all cases that differ in
    /// nothing but what arrived.
    timeless: Arc<OnceLock<Vec<Result<Source, ConfigError>>>>,
}

/// Whether the time counts.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Freshness {
    Counts,
    Ignored,
}

/// What came of it.
pub(crate) enum Verdict {
    Valid(Box<Event>),
    Refused(RejectionKind),
    /// The source cannot be built like this.
    Unusable(ConfigError),
}

impl Case {
    pub(crate) fn new(
        row: Provider,
        secrets: Vec<Given>,
        url: Option<String>,
        parts: Parts,
        body: Bytes,
    ) -> Self {
        Self {
            row,
            secrets,
            url,
            parts,
            body,
            timeless: Arc::default(),
        }
    }

    /// The same delivery to a receiver that is configured in another way.
    pub(super) fn reconfigured(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self {
            timeless: Arc::default(),
            ..self.clone()
        };
        change(&mut case);
        case
    }

    /// Verifies it with each of the secrets, by the library's own door. The first secret's verdict
    /// when none is right, and one of a secret that can be used before others.
    pub(crate) fn judge(&self, now: UnixTime, freshness: Freshness) -> Verdict {
        match freshness {
            Freshness::Counts => self.first(self.sources(freshness).iter(), now),
            Freshness::Ignored => self.first(self.timeless().iter(), now),
        }
    }

    fn first<'s>(
        &self,
        sources: impl Iterator<Item = &'s Result<Source, ConfigError>>,
        now: UnixTime,
    ) -> Verdict {
        let mut otherwise = None;
        for source in sources {
            let verdict = match source {
                Err(why) => Verdict::Unusable(why.clone()),
                Ok(source) => match source.verify(&self.parts, self.body.clone(), now) {
                    Ok(event) => return Verdict::Valid(Box::new(event)),
                    Err(why) => Verdict::Refused(why.kind()),
                },
            };
            match (&verdict, &otherwise) {
                (_, None) | (Verdict::Refused(_), Some(Verdict::Unusable(_))) => {
                    otherwise = Some(verdict);
                }
                _ => {}
            }
        }
        otherwise.unwrap_or(Verdict::Unusable(ConfigError::EmptySecret))
    }

    /// The secrets of which no source can be made, and why.
    pub(super) fn unusable(&self) -> impl Iterator<Item = (&Given, &ConfigError)> {
        let each = self.secrets.iter().zip(self.timeless());
        each.filter_map(|(given, source)| Some((given, source.as_ref().err()?)))
    }

    fn timeless(&self) -> &[Result<Source, ConfigError>] {
        self.timeless
            .get_or_init(|| self.sources(Freshness::Ignored))
    }

    fn sources(&self, freshness: Freshness) -> Vec<Result<Source, ConfigError>> {
        let sources = self
            .secrets
            .iter()
            .map(|given| self.source(given, freshness));
        sources.collect()
    }

    fn source(&self, given: &Given, freshness: Freshness) -> Result<Source, ConfigError> {
        let mut builder = Source::builder("explain", self.row).add_secret(given.secret()?);
        if let (Some(url), true) = (&self.url, self.signs_url()) {
            builder = builder.with_public_url(url);
        }
        if freshness == Freshness::Ignored {
            // Whatever the size: that has been judged by then.
            builder = builder.with_max_body(usize::MAX);
            builder = builder.dangerous().without_freshness();
        }
        builder.build()
    }

    /// Whether the row signs the URL.
    pub(super) fn signs_url(&self) -> bool {
        self.row.scheme.signed_url() != SignedUrl::None
    }
}
