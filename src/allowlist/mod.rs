//! Where deliveries may come from: listed addresses, and nothing over plain HTTP.
//!
//! [`AllowIpLayer`] and [`HttpsOnlyLayer`] go around a receiver, in front of
//! [`VerifyLayer`](crate::VerifyLayer) or of an inbox's endpoint, in axum and hyper alike. They
//! look at the head of a delivery and at its connection, before a byte of the body is read.
//!
//! A delivery passes when
//! 1. its sender's address is in the list ([`AllowIpLayer`]): the connection's own, or the one
//!    that the outermost trusted proxy has written,
//! 2. it came over TLS, to us or to that proxy ([`HttpsOnlyLayer`]).
//!
//! | otherwise | reply |
//! | --- | --- |
//! | address not in the list; plain HTTP | 403 |
//! | the proxy's entry hides the address (`unknown`, `_hidden`) or is not one | 403 |
//! | the connection does not come from a proxy, where only proxies may connect | 403 |
//! | it is not known where the delivery came from: the receiver is set up wrong | 500 |
//!
//! The reply is a bare status; the reason is in its extensions as a
//! [`Rejection`](crate::Rejection), in metrics and, with the address, in logs. A small body is read
//! and thrown away as in [`verify`](crate::verify).
//!
//! # What this does not do
//! It proves nothing about the sender: addresses are shared by all customers of a provider, and
//! change hands. The signature decides; a list only keeps strangers from trying. Where a provider
//! advises against lists (Slack, Twilio, Dwolla), take the advice. Names are never looked up.
//!
//! # Start in shadow mode
//! Some senders take a 403 as final: Postmark never retries after one, and a list that lacks one
//! address loses what comes from there. With [`Mode::Shadow`] everything passes and
//! `webhook_shadow_rejected_total` counts what would not; enforce once it has stayed at zero for
//! as long as the sender needs to use all of its addresses. [`AllowIpLayer::set_mode`] works while
//! requests are served, in both directions.
//!
//! ```
//! use hookgate::allowlist::{AllowIpLayer, AllowList, Mode, Peer};
//! use hookgate::verify::ReplyBody;
//! use http::{Request, Response};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let receiver = service_fn(|_: Request<ReplyBody>| async {
//!     Ok::<_, std::convert::Infallible>(Response::new(ReplyBody::default()))
//! });
//! let allowed = AllowList::new("192.30.252.0/22\n2a0a:a440::/29".parse()?);
//! let layer = AllowIpLayer::new("github", allowed.clone())?;
//! let service = layer.layer(receiver);
//!
//! let from = |peer: &str| {
//!     let mut request = Request::post("/").body(ReplyBody::default())?;
//!     let peer = Peer::plain(peer.parse()?); // what the accept loop knows
//!     request.extensions_mut().insert(peer);
//!     Ok::<_, Box<dyn std::error::Error>>(request)
//! };
//! assert_eq!(service.clone().oneshot(from("192.30.252.7:4711")?).await?.status(), 200);
//! assert_eq!(service.clone().oneshot(from("203.0.113.9:4711")?).await?.status(), 403);
//!
//! allowed.replace("203.0.113.0/24".parse()?); // at once, for all requests
//! assert_eq!(service.clone().oneshot(from("203.0.113.9:4711")?).await?.status(), 200);
//!
//! layer.set_mode(Mode::Shadow); // a list that is wrong costs nothing now
//! assert_eq!(service.oneshot(from("192.30.252.7:4711")?).await?.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! # Who the peer is
//! The layers find a [`Peer`] in the request's extensions, where whoever accepts connections puts
//! it (`examples/tls.rs` does), or wherever [`Origin::with_peer`] says. In axum that is what
//! `into_make_service_with_connect_info::<SocketAddr>()` leaves there:
//!
//! ```
//! use std::net::SocketAddr;
//!
//! use axum::extract::ConnectInfo;
//! use hookgate::allowlist::{Origin, Peer};
//!
//! let origin = Origin::peer().with_peer(|extensions| {
//!     let info = extensions.get::<ConnectInfo<SocketAddr>>()?;
//!     Some(Peer::plain(info.0)) // axum::serve speaks plain TCP
//! });
//! ```
//!
//! # Behind a proxy
//! Each proxy appends the address that it was called from to the right end of `X-Forwarded-For`.
//! What is left of the entries of your own proxies was written by the sender, who writes what they
//! like. So count the proxies that you trust, and say so:
//!
//! | between the sender and this process | origin | whose entry is read |
//! | --- | --- | --- |
//! | nothing | [`Origin::peer()`](Origin::peer) | the connection's own address |
//! | one proxy (nginx, a load balancer) | [`Origin::behind(1)`](Origin::behind) | the right-most |
//! | a CDN, then a proxy | [`Origin::behind(2)`](Origin::behind) | the second from the right |
//! | *n* proxies | [`Origin::behind(n)`](Origin::behind) | the *n*-th from the right |
//! | a proxy that writes `Forwarded` (RFC 7239) | the same, [`with_forwarded()`](Origin::with_forwarded) | its `for` and `proto` |
//! | a proxy that *replaces* a header of its own (`X-Real-IP`, `CF-Connecting-IP`) | [`Origin::behind(1)`](Origin::behind), [`with_address_header(..)`](Origin::with_address_header) | the only one |
//!
//! ```
//! use hookgate::allowlist::{AllowIpLayer, HttpsOnlyLayer, IpList, Origin};
//!
//! let load_balancer = IpList::parse("10.0.0.0/24")?;
//! let origin = Origin::behind(1)?.only_from(load_balancer);
//! let from = AllowIpLayer::new("github", IpList::parse("192.30.252.0/22")?)?
//!     .with_origin(origin.clone());
//! let over = HttpsOnlyLayer::new("github")?.with_origin(origin);
//! # Ok::<(), hookgate::ConfigError>(())
//! ```
//!
//! What goes wrong:
//! - *The receiver can be reached beside its proxies.* Then the sender writes the whole header,
//!   the right end included. Bind it to a private address, or name the proxies with
//!   [`Origin::only_from`]; better both.
//! - *The number is too high.* The entry that is read is one that the sender wrote, and who knows
//!   the list gets in. *Too low:* a proxy's own address is judged, and everybody is refused (or,
//!   with the proxy in the list, let in). Look into the log of the shadow mode: the address of a
//!   test delivery must be the sender's.
//! - *500 for everybody.* The header has fewer entries than there are proxies: one of them does
//!   not write it, or replaces it instead of appending (then count from that one on). Or nobody
//!   says who the peer is; the log tells which.
//! - *`X-Forwarded-Proto` is shorter than `X-Forwarded-For`.* Most proxies replace it or hand it
//!   on. Give [`HttpsOnlyLayer`] an origin of its own then, [`Origin::behind(1)`](Origin::behind);
//!   and let the outermost proxy's value arrive, not that of an inner hop that is always `http`.
//! - *A proxy appends to the first of several lines* instead of the last, or joins them in another
//!   order. Send two `X-Forwarded-For` lines through it and look at what arrives; if the proxy's
//!   own entry is not at the very end, let it replace the header.
//! - *The proxy closes TLS and the layer says plain HTTP.* Without [`Origin::behind`] only this
//!   process's own connection counts.
//! - *A provider that signs the URL* is another matter: tell the source its public URL.
//!
//! # Refreshing a list
//! Lists go stale silently: GitHub added three networks in October 2026. [`PUBLISHED`] says who
//! publishes one where. Let a job fetch it, check it and replace a file, and let the receiver read
//! the file when it changes (`examples/allow_list.rs`):
//!
//! ```text
//! curl -fsS https://api.github.com/meta | jq -r '.hooks[]' > github.new &&
//!     [ "$(wc -l < github.new)" -ge 4 ] && mv github.new github.txt
//! ```
//!
//! A file that cannot be read as a list leaves the old one in place: [`AllowList::replace`] takes
//! nothing else. Refuse one that has lost half of its networks, and tell somebody when the file
//! has not changed for weeks. Ask nobody during a request: the list is then theirs to fail.

mod forwarded;
mod layer;
mod list;
mod origin;
mod published;
mod rule;
mod service;

pub use self::{
    layer::{AllowIpLayer, HttpsOnlyLayer},
    list::{AllowList, IpList},
    origin::{Origin, Peer},
    published::{PUBLISHED, Published},
    rule::Mode,
    service::{Guard, GuardFuture},
};
