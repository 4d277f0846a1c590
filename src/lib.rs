//! The receiving side of webhooks: a delivery is verified over its raw body, refused when it is
//! stale, stored once, answered with 2xx at once, and worked on afterwards.
//!
//! ```
//! use hookgate::{RejectionKind, Secret, Source, clock::{Clock, SystemClock}, provider};
//!
//! let source = Source::builder("github", provider::GITHUB)
//!     .add_secret(Secret::new("It's a Secret to Everybody")?)
//!     .build()?;
//! let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
//! let request = http::Request::post("/").header("x-hub-signature-256", signature).body(())?;
//! let (parts, ()) = request.into_parts();
//!
//! let now = SystemClock.now();
//! assert!(source.verify(&parts, "Hello, World!", now).is_ok());
//! let forged = source.verify(&parts, "Hello, World?", now).unwrap_err();
//! assert_eq!(forged.kind(), RejectionKind::BadSignature);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which way to take
//!
//! - [`Inbox`]: verify, store, answer 200; handlers work later, each with its own queue and
//!   retries. For everything that matters and for more than about 100 events a minute.
//! - [`VerifyLayer`]: genuine and fresh or refused; your service writes the reply. For few events
//!   and fast handlers, and in front of a queue of your own.
//! - [`VerifyLayer`] with [`dedup::DedupLayer`] inside: the same, and each event runs once; for
//!   senders that read the reply.
//! - [`Source::verify`]: a plain function. For serverless functions and other frameworks.
//!
//! # The modules, in reading order
//!
//! - [`scheme`]: how bytes become a signature, as data
//! - [`provider`]: who sends, as rows of facts with their sources; write your own
//! - [`source`]: one configured endpoint; what is checked, and in which order
//! - [`event`]: what a verified delivery carries, and how far each field can be trusted
//! - [`verify`]: the tower middleware
//! - [`allowlist`]: where deliveries may come from, and what to configure behind a proxy
//! - [`dedup`]: inline idempotency, for handlers that must finish before the reply
//! - [`inbox`]: sources in front, handlers behind, a store between
//! - [`store`]: what a store must do; in memory, in one file, in Redis
//! - `admin` (feature `admin`): a page for the people who run it
//! - [`error`], [`secret`], [`clock`], [`freshness`]: the small things that all of them use
//! - [`redact`]: what of a payload people may see
//! - [`telemetry`]: the names of all metrics
//! - `testing` (feature `test-util`): a signer for every preset, a clock that stands still, events and
//!   jobs for tests of handlers
//! - [`docs`]: the guides, by what you are about to do
//!
//! # The guides
//!
//! - [choose a mode](docs::choose_a_mode): function, layer or inbox, and which store
//! - [delivery semantics](docs::delivery): what a 2xx stands for, and what is left when something dies
//! - [order of events](docs::order_of_events): the right state although they come in any order
//! - [moving from hand-written code](docs::moving), step by step
//! - [Redis in production](docs::redis_in_production), [behind a proxy](docs::behind_a_proxy),
//!   [rotation](docs::rotation), [many tenants](docs::many_tenants)
//! - [threats](docs::threats): who can do what, and what is not defended
//! - [providers](docs::providers): every preset, what it signs, and where that was read;
//!   [add yours](docs::add_a_provider): one row, one vector file
//!
//! # Crate features
//!
//! - `inbox` (default): the inbox, its handlers and the in-memory store; includes `verify`
//! - `verify`: the middleware; without it only the pure core is built, which needs no runtime
//! - `embedded`: the store in one file of this machine
//! - `redis`: the store in Redis, through a `deadpool-redis` pool of yours
//! - `redis-sentinel`: the same through a pool that asks Redis Sentinel
//! - `allowlist`: the layers that refuse by address and by plain HTTP
//! - `axum`: an extractor for [`Event`], `IntoResponse` for [`Rejection`], and signed URLs that are right
//!   under `Router::nest`
//! - `admin`: a page for the people who run an inbox
//! - `tracing`, `metrics`: spans and logs; counters and histograms
//! - `full`: all of these
//! - `cli`: the program `hookgate`, which signs, sends, receives and explains deliveries of every
//!   preset, and looks into inboxes and repairs them; nothing of it is part of the library
//! - `test-util`: a signer for every preset, a fixed clock, and the contract suite for stores
//!
//! A feature adds what it names and changes nothing else.

// Without them, links to what other features bring lead nowhere; with them, every link is checked.
#![cfg_attr(
    not(all(feature = "full", feature = "test-util")),
    allow(rustdoc::broken_intra_doc_links)
)]

#[cfg(feature = "admin")]
pub mod admin;
#[cfg(feature = "allowlist")]
pub mod allowlist;
#[cfg(feature = "axum")]
pub mod axum;
pub mod clock;
#[cfg(feature = "inbox")]
pub mod dedup;
#[cfg(feature = "inbox")]
pub mod docs;
pub mod error;
pub mod event;
pub mod freshness;
#[cfg(feature = "inbox")]
mod identity;
#[cfg(feature = "inbox")]
pub mod inbox;
pub mod provider;
pub mod redact;
pub mod scheme;
pub mod secret;
pub mod source;
#[cfg(feature = "inbox")]
pub mod store;
pub mod telemetry;
#[cfg(feature = "test-util")]
pub mod testing;
#[cfg(feature = "verify")]
pub mod verify;

pub use error::{ConfigError, Rejection, RejectionKind, StoreError};
pub use event::Event;
#[cfg(feature = "inbox")]
pub use inbox::Inbox;
pub use secret::Secret;
pub use source::Source;
#[cfg(feature = "verify")]
pub use verify::VerifyLayer;

/// The README's code is compiled as well.
#[cfg(all(doctest, feature = "embedded", feature = "axum"))]
#[doc = include_str!("../README.md")]
struct Readme;
