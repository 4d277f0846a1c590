use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{Extensions, HeaderName, Request, header};

use super::{
    AllowList,
    forwarded::{address, is_https, nth_from_the_right, parameter},
    rule::Refusal,
};
use crate::error::{ConfigError, RejectionKind};

/// Who is at the other end of a connection: a type for the extensions of its requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    address: SocketAddr,
    tls: bool,
}

impl Peer {
    /// At this address, over plain TCP.
    pub const fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            tls: false,
        }
    }

    /// At this address, over TLS that ends in this process.
    pub const fn tls(address: SocketAddr) -> Self {
        Self { address, tls: true }
    }
}

/// How one finds out where a delivery came from.
///
/// # Default
/// - the [`Peer`] in the request's extensions, with no proxy in between
/// - behind proxies: `X-Forwarded-For` and `X-Forwarded-Proto`, from whomever they come
#[derive(Clone)]
#[must_use]
pub struct Origin {
    peer: Arc<FindPeer>,
    /// How many entries at the right end of the headers are the proxies' own; 0 without a proxy.
    proxies: usize,
    address: At,
    proto: At,
    only_from: Option<AllowList>,
}

type FindPeer = dyn Fn(&Extensions) -> Option<Peer> + Send + Sync;

/// Where the proxies write something.
#[derive(Clone, Debug)]
struct At {
    header: HeaderName,
    /// In `Forwarded`; in other headers an entry is the value itself.
    parameter: Option<&'static str>,
}

impl At {
    const fn list(header: HeaderName) -> Self {
        Self {
            header,
            parameter: None,
        }
    }
}

impl Origin {
    /// The other end of the connection: nobody stands in between.
    pub fn peer() -> Self {
        Self {
            peer: Arc::new(|extensions| extensions.get::<Peer>().copied()),
            proxies: 0,
            address: At::list(HeaderName::from_static("x-forwarded-for")),
            proto: At::list(HeaderName::from_static("x-forwarded-proto")),
            only_from: None,
        }
    }

    /// What the outermost of this many trusted proxies has written: the entry that is as far from
    /// the right end of the header. See [what to configure](crate::allowlist#behind-a-proxy).
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] when there are not 1 to 16.
    pub fn behind(proxies: usize) -> Result<Self, ConfigError> {
        if !(1..=16).contains(&proxies) {
            return Err(ConfigError::OutOfRange {
                what: "1 to 16 trusted proxies; without one it is `Origin::peer`",
            });
        }
        Ok(Self {
            proxies,
            ..Self::peer()
        })
    }

    /// Proxies that write `Forwarded` (RFC 7239) instead of the `X-Forwarded` headers.
    pub fn with_forwarded(mut self) -> Self {
        [self.address, self.proto] = ["for", "proto"].map(|parameter| At {
            header: header::FORWARDED,
            parameter: Some(parameter),
        });
        self
    }

    /// Proxies that write the sender's address into this header, as a list or alone.
    pub fn with_address_header(mut self, header: HeaderName) -> Self {
        self.address = At::list(header);
        self
    }

    /// Proxies that write the sender's protocol into this header, as a list or alone.
    pub fn with_proto_header(mut self, header: HeaderName) -> Self {
        self.proto = At::list(header);
        self
    }

    /// Refuses connections that do not come from the last proxy. Without this, whoever can reach
    /// the receiver beside its proxies writes the header as they please.
    pub fn only_from(mut self, proxies: impl Into<AllowList>) -> Self {
        self.only_from = Some(proxies.into());
        self
    }

    /// Where the peer is, when not as a [`Peer`] in the request's extensions.
    pub fn with_peer(
        mut self,
        find: impl Fn(&Extensions) -> Option<Peer> + Send + Sync + 'static,
    ) -> Self {
        self.peer = Arc::new(find);
        self
    }

    /// The sender's address.
    pub(super) fn address<B>(&self, request: &Request<B>) -> Result<IpAddr, Refusal> {
        self.check_proxy(request)?;
        if self.proxies == 0 {
            return Ok(self.find_peer(request)?.address.ip());
        }
        let entry = self.entry(request, &self.address)?;
        address(entry).ok_or(Refusal::new(
            RejectionKind::ForwardedAddress,
            "the entry of the outermost trusted proxy is not an address",
        ))
    }

    /// Whether the delivery came over TLS, to the outermost trusted proxy or to us.
    pub(super) fn is_https<B>(&self, request: &Request<B>) -> Result<bool, Refusal> {
        self.check_proxy(request)?;
        if self.proxies == 0 {
            return Ok(self.find_peer(request)?.tls);
        }
        Ok(is_https(self.entry(request, &self.proto)?))
    }

    /// Whether the connection comes from whom it may come from.
    fn check_proxy<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let Some(proxies) = &self.only_from else {
            return Ok(());
        };
        let peer = self.find_peer(request)?.address.ip();
        let why = "the connection does not come from a trusted proxy";
        let refusal = Refusal::new(RejectionKind::NotFromProxy, why).of(peer);
        proxies.contains(peer).then_some(()).ok_or(refusal)
    }

    /// What the outermost trusted proxy has written there.
    fn entry<'r, B>(&self, request: &'r Request<B>, at: &At) -> Result<&'r [u8], Refusal> {
        let quotes = at.parameter.is_some();
        let entry = nth_from_the_right(request.headers(), &at.header, self.proxies, quotes);
        let unknown = |why| Refusal::new(RejectionKind::UnknownOrigin, why);
        let entry = entry.ok_or(unknown(
            "the forwarded header has fewer entries than there are trusted proxies",
        ))?;
        let Some(name) = at.parameter else {
            return Ok(entry);
        };
        parameter(entry, name).ok_or(unknown(
            "the entry of the outermost trusted proxy lacks the parameter, or has it twice",
        ))
    }

    fn find_peer<B>(&self, request: &Request<B>) -> Result<Peer, Refusal> {
        (self.peer)(request.extensions()).ok_or(Refusal::new(
            RejectionKind::UnknownOrigin,
            "the request does not say who the peer is: insert a `Peer` into its extensions, or \
             tell `Origin::with_peer` where to look",
        ))
    }
}

impl Default for Origin {
    fn default() -> Self {
        Self::peer()
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("proxies", &self.proxies)
            .field("address", &self.address)
            .field("proto", &self.proto)
            .field("only_from", &self.only_from)
            .finish_non_exhaustive()
    }
}
