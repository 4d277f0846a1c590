use tower::Layer;

use super::{
    AllowList, Guard, Origin,
    rule::{Check, Mode, Rule},
};
use crate::error::ConfigError;

/// Layer that lets deliveries from listed addresses through and answers all others with 403. See
/// the [module docs](crate::allowlist) for an example.
///
/// # Default
/// - the address is that of the connection's [`Peer`](super::Peer)
/// - [`Mode::Enforce`]
#[derive(Clone, Debug)]
#[must_use]
pub struct AllowIpLayer {
    rule: Rule,
}

impl AllowIpLayer {
    /// For deliveries to the source of this name, which stands for them in metrics and logs.
    ///
    /// # Errors
    /// [`ConfigError::BadName`] when it cannot be a source's name.
    pub fn new(source: &str, list: impl Into<AllowList>) -> Result<Self, ConfigError> {
        let rule = Rule::new(source, Check::Address(list.into()))?;
        Ok(Self { rule })
    }

    /// How the sender's address is found out.
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.rule.set_origin(origin);
        self
    }

    /// Changes what becomes of deliveries from other addresses, also for requests that are served
    /// by clones of this layer already.
    pub fn set_mode(&self, mode: Mode) {
        self.rule.set_mode(mode);
    }
}

impl<S> Layer<S> for AllowIpLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard::new(inner, self.rule.clone())
    }
}

/// Layer that lets deliveries that came over HTTPS through and answers all others with 403. See
/// the [module docs](crate::allowlist) for an example.
///
/// Never with a redirect: the sender has put the body on the wire by then, and would go on doing
/// so with each event, while everything seems to work.
///
/// # Default
/// - whether it is HTTPS is what the connection's [`Peer`](super::Peer) says
/// - [`Mode::Enforce`]
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpsOnlyLayer {
    rule: Rule,
}

impl HttpsOnlyLayer {
    /// For deliveries to the source of this name, which stands for them in metrics and logs.
    ///
    /// # Errors
    /// [`ConfigError::BadName`] when it cannot be a source's name.
    pub fn new(source: &str) -> Result<Self, ConfigError> {
        let rule = Rule::new(source, Check::Https)?;
        Ok(Self { rule })
    }

    /// How the sender's protocol is found out.
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.rule.set_origin(origin);
        self
    }

    /// Changes what becomes of deliveries over plain HTTP, also for requests that are served by
    /// clones of this layer already.
    pub fn set_mode(&self, mode: Mode) {
        self.rule.set_mode(mode);
    }
}

impl<S> Layer<S> for HttpsOnlyLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard::new(inner, self.rule.clone())
    }
}
