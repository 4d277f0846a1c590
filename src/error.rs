//! One error a reader: [`ConfigError`] for the developer at start-up, [`Rejection`] for the sender
//! of one delivery, [`StoreError`] for the operator.
//!
//! ```
//! use hookgate::{Rejection, RejectionKind};
//! let why = Rejection::new(RejectionKind::Stale);
//! assert_eq!(why.status(), 401);
//! assert_eq!(why.to_string(), "timestamp is too old");
//! ```

use std::{error::Error, fmt};

use http::StatusCode;

/// A mistake in the configuration, found before anything is served.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A name is empty, too long, or has characters outside `[A-Za-z0-9._-]`.
    BadName {
        /// What the name is for: source, handler, namespace, secret label.
        what: &'static str,
        /// The name as given.
        name: String,
    },
    /// Two things of one kind have the same name.
    Duplicate {
        /// What is there twice.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A secret is empty (or decodes to nothing): everybody could sign.
    EmptySecret,
    /// A secret's text is not in the form that the provider's row asks for.
    MalformedSecret {
        /// The form that was expected.
        expected: &'static str,
    },
    /// A file or an environment variable with a secret could not be read.
    UnreadableSecret {
        /// The name of the variable or file. Never its content.
        from: String,
        /// Why.
        reason: String,
    },
    /// Something that must be set is not.
    Missing {
        /// What to set, and where.
        what: &'static str,
    },
    /// A provider row contradicts itself or leaves something out.
    BadRow {
        /// The row's slug.
        slug: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value lies outside its bounds.
    OutOfRange {
        /// Which value, and its bounds.
        what: &'static str,
    },
    /// A name that was looked up is not configured.
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A line of an address list does not say which addresses it means.
    BadLine {
        /// Its number, from 1.
        line: usize,
        /// What stands there, cut.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The store refused to start.
    Store {
        /// The store's own words.
        reason: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName { what, name } => write!(
                f,
                "{what} name {name:?} must be 1 to 64 characters out of A-Z a-z 0-9 . _ -"
            ),
            Self::Duplicate { what, name } => write!(f, "{what} {name:?} is configured twice"),
            Self::EmptySecret => f.write_str("a secret is empty; with it everybody could sign"),
            Self::MalformedSecret { expected } => {
                write!(
                    f,
                    "a secret is not in the provider's form; expected {expected}"
                )
            }
            Self::UnreadableSecret { from, reason } => {
                write!(f, "no secret could be read from {from}: {reason}")
            }
            Self::Missing { what } => write!(f, "{what} is missing"),
            Self::BadRow { slug, reason } => write!(f, "provider row {slug:?}: {reason}"),
            Self::OutOfRange { what } => write!(f, "out of range: {what}"),
            Self::Unknown { what, name } => write!(f, "there is no {what} named {name:?}"),
            Self::BadLine { line, text, reason } => {
                write!(f, "line {line} of the address list, {text:?}, {reason}")
            }
            Self::Store { reason } => write!(f, "the store does not start: {reason}"),
        }
    }
}

impl Error for ConfigError {}

/// Why one delivery was refused.
///
/// Opaque, so that it may carry more one day; [`Rejection::kind`] is what to match on. It is put
/// into the extensions of the reply, for tracing and for hooks. The sender sees a status only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rejection {
    kind: RejectionKind,
}

impl Rejection {
    /// A rejection of this kind.
    pub const fn new(kind: RejectionKind) -> Self {
        Self { kind }
    }

    /// The kind, for matching and for metric labels.
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// The status of the default reply.
    pub const fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

impl From<RejectionKind> for Rejection {
    fn from(kind: RejectionKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())
    }
}

impl Error for Rejection {}

macro_rules! rejection_kinds {
    ($($(#[$doc:meta])* $variant:ident $status:ident $label:literal $text:literal;)*) => {
        /// The kinds of refusal, with the status and the metric label of each.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum RejectionKind { $($(#[$doc])* $variant,)* }

        impl RejectionKind {
            /// Every kind, in the order of the checks.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The status of the default reply.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The value of the `kind` label in metrics and logs.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

rejection_kinds! {
    /// The sender's address is not in the list.
    AddressNotAllowed FORBIDDEN "address_not_allowed" "address is not allowed";
    /// A trusted proxy's entry in the forwarded header is hidden, or is not an address.
    ForwardedAddress FORBIDDEN "forwarded_address" "forwarded address is hidden or malformed";
    /// The connection does not come from one of the trusted proxies.
    NotFromProxy FORBIDDEN "not_from_proxy" "connection does not come from a trusted proxy";
    /// The delivery came over plain HTTP: whoever stood in between has read it.
    PlainHttp FORBIDDEN "plain_http" "delivery came over plain HTTP";
    /// Where the delivery came from is not known, because of how the receiver is set up.
    UnknownOrigin INTERNAL_SERVER_ERROR "unknown_origin" "origin of the delivery is not known";
    /// The method is neither one of the provider's deliveries nor one of its handshake.
    Method METHOD_NOT_ALLOWED "method" "method is not allowed";
    /// A handshake did not prove itself, or none is configured.
    Handshake UNAUTHORIZED "handshake" "handshake is not accepted";
    /// The source waits for its sender to hand the secret over: nothing can be verified yet.
    AwaitingEnrolment SERVICE_UNAVAILABLE "awaiting_enrolment" "source waits for its secret";
    /// The body is larger than the source's limit, as declared or as received.
    TooLarge PAYLOAD_TOO_LARGE "too_large" "body is larger than the limit";
    /// The body is compressed; what was signed is then unknown.
    ContentEncoding UNSUPPORTED_MEDIA_TYPE "content_encoding" "content encoding is not supported";
    /// The header with the signature is not there.
    MissingSignature UNAUTHORIZED "missing_signature" "signature is missing";
    /// The header with the signature is there twice, or not in the provider's form.
    MalformedSignature UNAUTHORIZED "malformed_signature" "signature is malformed";
    /// The signed timestamp is not there.
    MissingTimestamp UNAUTHORIZED "missing_timestamp" "timestamp is missing";
    /// The signed timestamp is there twice, or is not a time.
    MalformedTimestamp UNAUTHORIZED "malformed_timestamp" "timestamp is malformed";
    /// A header that is part of the signed message is missing, there twice, or ambiguous.
    SignedHeader UNAUTHORIZED "signed_header" "a signed header is missing or malformed";
    /// What the signature covers is not in the body, or could be read in two ways.
    MissingPayload UNAUTHORIZED "missing_payload" "the signed part of the body is missing or malformed";
    /// The signed timestamp is older than the tolerance.
    Stale UNAUTHORIZED "stale" "timestamp is too old";
    /// The signed timestamp is further ahead of the clock than the tolerance.
    Future UNAUTHORIZED "future" "timestamp is in the future";
    /// No tenant, or none that has a secret.
    UnknownTenant UNAUTHORIZED "unknown_tenant" "tenant is unknown";
    /// No active secret signed these bytes.
    BadSignature UNAUTHORIZED "bad_signature" "signature does not match";
    /// The body did not arrive in time.
    TooSlow REQUEST_TIMEOUT "too_slow" "request took too long";
    /// The connection broke or the body's framing was wrong.
    BodyRead BAD_REQUEST "body_read" "body could not be read";
    /// The process holds as many unverified body bytes as it may.
    Overloaded SERVICE_UNAVAILABLE "overloaded" "too many bodies in flight";
    /// The secrets could not be looked up.
    Resolver SERVICE_UNAVAILABLE "resolver" "secrets could not be looked up";
    /// The store did not answer in time, is not reachable or lost its level.
    StoreUnavailable SERVICE_UNAVAILABLE "store_unavailable" "store is not available";
    /// The store is full.
    StoreFull SERVICE_UNAVAILABLE "store_full" "store is full";
    /// No handler is declared: a 2xx would be a lie.
    NoHandler SERVICE_UNAVAILABLE "no_handler" "no handler is declared";
    /// The workers drain, and the store forgets at the end of the process.
    ShuttingDown SERVICE_UNAVAILABLE "shutting_down" "receiver is shutting down";
    /// Our clock is known to be wrong: no timestamp can be judged.
    Clock SERVICE_UNAVAILABLE "clock" "receiver's clock is wrong";
    /// The source was removed while the endpoint was still mounted.
    UnknownSource NOT_FOUND "unknown_source" "source is not configured";
    /// Our own configuration is known to be wrong.
    Misconfigured INTERNAL_SERVER_ERROR "misconfigured" "receiver is misconfigured";
}

/// What went wrong in a store, for the operator.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of store error: what a caller can do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Nothing was written, because there is no room. Trying again helps once there is.
    Full,
    /// It is not known whether the step was taken: it timed out or the connection broke. Every
    /// step may be repeated safely.
    Ambiguous,
    /// The store cannot be reached; nothing was sent.
    Unavailable,
    /// What is stored is not what this version expects: a key of another type, a newer format.
    Corrupt,
    /// The call itself is wrong, e.g. an unknown handler.
    Invalid,
}

impl StoreError {
    /// An error of this kind with a message for the operator.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The same with the error that caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind, for deciding what to do.
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_401_and_less_is_told_about_a_sender_and_5xx_about_us() {
        for kind in RejectionKind::ALL {
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
            assert!(!kind.text().ends_with('.') && kind.text().starts_with(char::is_lowercase));
        }
    }

    #[test]
    fn labels_are_unique() {
        let mut labels: Vec<_> = RejectionKind::ALL.iter().map(|k| k.label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), RejectionKind::ALL.len());
    }

    #[test]
    fn a_store_error_keeps_its_source_and_does_not_repeat_it() {
        let cause = std::io::Error::other("connection reset");
        let err = StoreError::new(StoreErrorKind::Ambiguous, "accept was not answered")
            .with_source(cause);
        assert_eq!(err.to_string(), "accept was not answered");
        assert_eq!(
            err.source().map(ToString::to_string).as_deref(),
            Some("connection reset")
        );
    }
}
