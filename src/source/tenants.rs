use std::{fmt, future::Future, pin::Pin};

use http::request::Parts;

use crate::{
    error::Rejection,
    scheme::{KeySet, Scheme},
};

/// What [`TenantKeys::keys`] returns.
pub type TenantFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Option<KeySet>, Rejection>> + Send + 'a>>;

/// Finds the keys of one of many tenants that share a source. `verify::Tenants`
/// is the implementation to use; it caches and bounds a `verify::Resolver`.
pub trait TenantKeys: fmt::Debug + Send + Sync + 'static {
    /// Whose delivery this claims to be, at most 256 bytes. Sees host, path and headers only.
    fn tenant(&self, parts: &Parts) -> Option<String>;

    /// The tenant's keys for this scheme; `None` when there is no such tenant.
    fn keys<'a>(&'a self, tenant: &'a str, scheme: &'a Scheme) -> TenantFuture<'a>;

    /// The tenant's keys for this scheme as far as they are known without waiting.
    fn known(&self, tenant: &str, scheme: &Scheme) -> Option<KeySet>;

    /// How often what was known of this tenant has been withdrawn: it was forgotten, or is no
    /// longer there. A delivery is judged by the keys from before its body arrived; it is refused
    /// when these are not known any more and this number has changed. Merely making room in a
    /// cache does not count.
    fn withdrawals(&self, tenant: &str) -> u64;
}
