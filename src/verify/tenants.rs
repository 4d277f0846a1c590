use std::{
    error::Error,
    fmt,
    future::Future,
    num::NonZeroUsize,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{header, request::Parts};
use lru::LruCache;
use tokio::{
    sync::{OnceCell, Semaphore},
    time::Instant,
};

use crate::{
    error::{Rejection, RejectionKind},
    scheme::{KeySet, Scheme},
    secret::Secret,
    source::{TenantFuture, TenantKeys},
    telemetry,
};

/// What a [`Resolver`] is asked for secrets with: `Ok(None)` when there is no such tenant.
pub type ResolverFuture<'a> = Pin<
    Box<dyn Future<Output = Result<Option<Vec<Secret>>, Box<dyn Error + Send + Sync>>> + Send + 'a>,
>;

/// Finds the secrets of one tenant out of many, e.g. in a database.
pub trait Resolver: Send + Sync + 'static {
    /// Whose delivery this claims to be: any text of 1 to 256 bytes, e.g. a part of the path.
    /// Nothing is verified yet.
    fn tenant(&self, head: RequestHead<'_>) -> Option<String>;

    /// That tenant's secrets. An error makes the sender try again (503).
    fn secrets<'a>(&'a self, tenant: &'a str) -> ResolverFuture<'a>;
}

impl<R: Resolver> Resolver for Arc<R> {
    fn tenant(&self, head: RequestHead<'_>) -> Option<String> {
        R::tenant(self, head)
    }

    fn secrets<'a>(&'a self, tenant: &'a str) -> ResolverFuture<'a> {
        R::secrets(self, tenant)
    }
}

/// What a [`Resolver`] sees of a request: never its body.
#[derive(Clone, Copy)]
pub struct RequestHead<'a>(&'a Parts);

impl<'a> RequestHead<'a> {
    /// The host as the request names it.
    pub fn host(&self) -> Option<&'a str> {
        let parts = self.0;
        parts
            .uri
            .host()
            .or_else(|| parts.headers.get(header::HOST)?.to_str().ok())
    }

    /// The path.
    pub fn path(&self) -> &'a str {
        self.0.uri.path()
    }

    /// A header that is there exactly once.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.0.headers.get_all(name).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        value.to_str().ok()
    }
}

impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

/// A [`Resolver`] with what strangers make necessary around it: tenants' keys are cached, so is
/// their absence (apart, so that made-up names push no real tenant out), each is looked up once
/// however many deliveries wait for it, and only so many look-ups run at once.
///
/// # Default
/// - 10,000 tenants for 60 s, 10,000 absent names for 10 s
/// - 64 look-ups at once
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    resolver: Box<dyn Resolver>,
    cache: Mutex<Cache>,
    permits: Semaphore,
    keep: Duration,
    keep_absent: Duration,
}

struct Cache {
    found: LruCache<String, Found>,
    /// Look-ups under way and names that led to nothing.
    others: LruCache<String, Arc<OnceCell<Absent>>>,
}

struct Found {
    keys: KeySet,
    until: Instant,
}

/// The outcome of a look-up for those who waited for it.
#[derive(Clone)]
struct Absent {
    keys: Option<KeySet>,
    until: Instant,
}

const MAX_TENANT: usize = 256;

impl Tenants {
    /// Caches and bounds this resolver, with the defaults.
    pub fn new(resolver: impl Resolver) -> Self {
        Self::with_limits(resolver, 10_000, Duration::from_secs(60), 64)
    }

    /// Caches this many tenants for this long and runs this many look-ups at once; zero is one.
    /// A revoked secret is accepted until its tenant's time is up, or [`Tenants::forget`].
    pub fn with_limits(
        resolver: impl Resolver,
        tenants: usize,
        keep: Duration,
        lookups: usize,
    ) -> Self {
        let room = NonZeroUsize::new(tenants).unwrap_or(NonZeroUsize::MIN);
        let cache = Cache {
            found: LruCache::new(room),
            others: LruCache::new(room),
        };
        Self(Arc::new(Inner {
            resolver: Box::new(resolver),
            cache: Mutex::new(cache),
            permits: Semaphore::new(lookups.max(1)),
            keep,
            keep_absent: keep.min(Duration::from_secs(10)),
        }))
    }

    /// Looks the tenant up anew at its next delivery. Call it when its secrets have changed.
    pub fn forget(&self, tenant: &str) {
        let mut cache = self.cache();
        cache.found.pop(tenant);
        cache.others.pop(tenant);
    }

    async fn find(&self, tenant: &str, scheme: &Scheme) -> Result<Option<KeySet>, Rejection> {
        let slot = {
            let mut cache = self.cache();
            match cache.found.get(tenant) {
                Some(found) if found.until > Instant::now() => return Ok(Some(found.keys.clone())),
                Some(_) => drop(cache.found.pop(tenant)),
                None => {}
            }
            let ended = |slot: &Arc<OnceCell<Absent>>| {
                slot.get()
                    .is_some_and(|absent| absent.until <= Instant::now())
            };
            if cache.others.get(tenant).is_some_and(ended) {
                cache.others.pop(tenant);
            }
            Arc::clone(cache.others.get_or_insert(tenant.to_owned(), Arc::default))
        };
        let outcome = slot
            .get_or_try_init(|| self.look_up(tenant, scheme))
            .await?;
        Ok(outcome.keys.clone())
    }

    async fn look_up(&self, tenant: &str, scheme: &Scheme) -> Result<Absent, Rejection> {
        let _permit = self
            .0
            .permits
            .acquire()
            .await
            .map_err(|_| RejectionKind::Resolver)?;
        let secrets = self.0.resolver.secrets(tenant).await.map_err(|why| {
            telemetry::warn("tenants", &format!("the resolver failed: {why}"));
            RejectionKind::Resolver
        })?;
        let now = Instant::now();
        let Some(secrets) = secrets else {
            return Ok(Absent {
                keys: None,
                until: now + self.0.keep_absent,
            });
        };
        let keys = KeySet::new(scheme, &secrets).map_err(|why| {
            telemetry::warn(
                "tenants",
                &format!("a tenant's secrets are not usable: {why}"),
            );
            RejectionKind::Misconfigured
        })?;
        let mut cache = self.cache();
        let until = now + self.0.keep;
        cache.found.put(
            tenant.to_owned(),
            Found {
                keys: keys.clone(),
                until,
            },
        );
        cache.others.pop(tenant);
        Ok(Absent {
            keys: Some(keys),
            until,
        })
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TenantKeys for Tenants {
    fn tenant(&self, parts: &Parts) -> Option<String> {
        let tenant = self.0.resolver.tenant(RequestHead(parts))?;
        (1..=MAX_TENANT).contains(&tenant.len()).then_some(tenant)
    }

    fn keys<'a>(&'a self, tenant: &'a str, scheme: &'a Scheme) -> TenantFuture<'a> {
        Box::pin(self.find(tenant, scheme))
    }

    fn known(&self, tenant: &str) -> Option<KeySet> {
        self.cache()
            .found
            .peek(tenant)
            .map(|found| found.keys.clone())
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("cached", &self.cache().found.len())
            .finish_non_exhaustive()
    }
}
