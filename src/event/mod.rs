//! The event: what a verified delivery carries.
//!
//! Only verification makes one ([`Source::verify`](crate::Source::verify), the middleware, the
//! inbox), so a function that takes an [`Event`] cannot be called with unverified bytes.

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use self::trace::TraceParent;
use crate::{clock::UnixTime, scheme::json, secret::Label};

pub use self::stamp::{NoStamp, Stamp, StampUnit};
pub use crate::scheme::Covers;

mod stamp;
pub(crate) mod trace;

/// Proof that a source took exactly these bytes for genuine: one active secret signed them, or the
/// source was told in so many words to take unsigned ones. Made in one place, in `source`.
#[derive(Debug)]
pub struct Verified {
    _made_only_by_verification: (),
}

impl Verified {
    pub(crate) const fn by_signature() -> Self {
        Self {
            _made_only_by_verification: (),
        }
    }

    pub(crate) const fn by_choice() -> Self {
        Self {
            _made_only_by_verification: (),
        }
    }
}

/// How far a field can be trusted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Provenance {
    /// The signature covers it.
    Signed,
    /// We computed it from bytes that the signature covers.
    Derived,
    /// Anybody who replays a captured delivery could have changed it.
    Unsigned,
}

/// A field with its provenance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// The text.
    pub value: String,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A genuine and fresh delivery's content: the raw body and what the row says about it.
#[derive(Clone)]
pub struct Event {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
}

/// All of an event but its body.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) source: Label,
    pub(crate) tenant: Option<String>,
    pub(crate) id: Option<Field>,
    pub(crate) kind: Option<Field>,
    pub(crate) version: Option<Field>,
    pub(crate) sent_at: Option<Field>,
    pub(crate) signed_at: Option<UnixTime>,
    pub(crate) received_at: UnixTime,
    pub(crate) secret: Label,
    pub(crate) covers: Covers,
    /// Of what is signed of the body, where it is signed decoded: the same can come in other bytes.
    /// Not stored; it is needed before.
    #[cfg_attr(
        not(feature = "inbox"),
        allow(dead_code, reason = "only an inbox asks who an event is")
    )]
    pub(crate) digest: Option<[u8; 32]>,
    pub(crate) headers: Vec<(String, Bytes)>,
    pub(crate) trace_parent: Option<TraceParent>,
}

impl Event {
    pub(crate) fn new(head: Head, body: Bytes, _: Verified) -> Self {
        Self { head, body }
    }

    /// The name of the source that received it.
    pub fn source(&self) -> &str {
        self.head.source.as_str()
    }

    /// The key by which the secret was found, for sources with many tenants.
    pub fn tenant(&self) -> Option<&str> {
        self.head.tenant.as_deref()
    }

    /// The sender's id, 1 to 1,024 bytes; `None` when there is none or when it could be read in
    /// two ways.
    pub fn id(&self) -> Option<&Field> {
        self.head.id.as_ref()
    }

    /// The type, e.g. `invoice.paid` or `pull_request.opened`.
    pub fn event_type(&self) -> Option<&Field> {
        self.head.kind.as_ref()
    }

    /// The payload's version.
    pub fn version(&self) -> Option<&Field> {
        self.head.version.as_ref()
    }

    /// When the sender says that it happened, as written. Information, never a freshness check.
    pub fn sent_at(&self) -> Option<&Field> {
        self.head.sent_at.as_ref()
    }

    /// The signed time by which freshness was judged; `None` for schemes that sign none.
    pub fn signed_at(&self) -> Option<UnixTime> {
        self.head.signed_at
    }

    /// When it was verified, by our clock.
    pub fn received_at(&self) -> UnixTime {
        self.head.received_at
    }

    /// The label of the secret that matched.
    pub fn secret_label(&self) -> &str {
        self.head.secret.as_str()
    }

    /// What its signature stands for. Where that is less than [`Covers::Body`], the body may have
    /// been changed by anybody who has seen a delivery: fetch what matters from the sender.
    pub fn covers(&self) -> Covers {
        self.head.covers
    }

    /// The raw body as received.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// A header that the source keeps, by its lower-case name. None are kept by default.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut kept = self.head.headers.iter();
        kept.find(|(kept, _)| kept == name)
            .map(|(_, value)| &value[..])
    }

    /// The W3C `traceparent` that came with the delivery, as whoever forwarded it has set it: for
    /// tracing only, since no signature covers it.
    pub fn trace_parent(&self) -> Option<&str> {
        self.head.trace_parent.as_ref().map(TraceParent::as_str)
    }

    /// How much older than its verification the signed time is, in seconds; negative when it lies
    /// in the future.
    #[cfg(feature = "verify")]
    pub(crate) fn signature_age(&self) -> Option<f64> {
        let (signed, received) = (self.head.signed_at?, self.head.received_at);
        Some(received.as_millis().saturating_sub(signed.as_millis()) as f64 / 1_000.0)
    }

    /// The body as `T`.
    ///
    /// # Errors
    /// When it is not JSON or not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The part of the body at a JSON pointer of object keys, e.g. `/data/object`, as `T`.
    ///
    /// # Errors
    /// When the body is not JSON, has nothing there, or that is not a `T`.
    pub fn json_at<T: DeserializeOwned>(&self, pointer: &str) -> Result<T, serde_json::Error> {
        json::value_at(&self.body, pointer)
    }
}

/// Shows the head and the body's length, never its content: payloads stay out of logs.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("source", &self.head.source)
            .field("id", &self.head.id)
            .field("event_type", &self.head.kind)
            .field("secret", &self.head.secret)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}
