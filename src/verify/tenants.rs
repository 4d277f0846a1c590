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
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::{
    later,
    shelf::{Answer, Cache, End, Flight},
};
use crate::{
    error::RejectionKind,
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
    ///
    /// **One tenant, one text.** It is part of the identity of every event: a delivery that comes
    /// again under another spelling is not a duplicate but a new event. Bring it into one form
    /// (case, port and final dot of a host, percent-encoding and final slash of a path), or look
    /// up spellings of one form only.
    fn tenant(&self, head: RequestHead<'_>) -> Option<String>;

    /// That tenant's secrets. An error makes the sender try again (503). Its text is not logged,
    /// because it may name what is secret: log here what you need.
    ///
    /// It runs in a task of its own, which no sender that hangs up can stop, and for 10 s at most.
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
/// however many deliveries wait for it and whatever becomes of them, and only so many look-ups run
/// at once. A look-up that failed is not repeated for a second.
///
/// Keys that are too old are renewed in the background, by the next delivery; until that has
/// succeeded they serve for as long again. Tenants that were found before never wait behind names
/// that were not. Sources may share one of these: secrets are turned into keys for each scheme.
///
/// # Default
/// - 10,000 tenants for 60 s (120 s while they cannot be renewed), 10,000 absent names for 10 s
/// - 64 look-ups of new names and 16 of known tenants at once
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    resolver: Box<dyn Resolver>,
    cache: Mutex<Cache>,
    /// For names that have led to no tenant yet.
    strangers: Arc<Semaphore>,
    /// For tenants that were found before.
    renewals: Arc<Semaphore>,
    keep: Duration,
    keep_absent: Duration,
    warned: Mutex<Option<Instant>>,
}

const MAX_TENANT: usize = 256;
const LOOKUP_TIME: Duration = Duration::from_secs(10);
const WARN_EVERY: Duration = Duration::from_secs(1);

impl Tenants {
    /// Caches and bounds this resolver, with the defaults.
    pub fn new(resolver: impl Resolver) -> Self {
        Self::with_limits(resolver, 10_000, Duration::from_secs(60), 64)
    }

    /// Caches this many tenants (for each way in which schemes make keys of secrets) for this
    /// long and runs this many look-ups at once, and a quarter as many besides for tenants that
    /// were found before; zero is one.
    ///
    /// A revoked secret is accepted for up to twice that long (the second half only until the
    /// renewal that its next use starts has ended), or until [`Tenants::forget`].
    pub fn with_limits(
        resolver: impl Resolver,
        tenants: usize,
        keep: Duration,
        lookups: usize,
    ) -> Self {
        let room = NonZeroUsize::new(tenants).unwrap_or(NonZeroUsize::MIN);
        let lookups = lookups.clamp(1, Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            resolver: Box::new(resolver),
            cache: Mutex::new(Cache::new(room)),
            strangers: Arc::new(Semaphore::new(lookups)),
            renewals: Arc::new(Semaphore::new((lookups / 4).max(1))),
            keep,
            keep_absent: keep.min(Duration::from_secs(10)),
            warned: Mutex::new(None),
        }))
    }

    /// Looks the tenant up anew at its next delivery. Call it when its secrets have changed.
    ///
    /// Look-ups under way are repeated. A delivery whose body is still arriving is refused (503,
    /// so that it comes again) unless its tenant has been looked up anew by then.
    pub fn forget(&self, tenant: &str) {
        self.cache().forget(tenant);
    }

    async fn find(&self, tenant: &str, scheme: &Scheme) -> Answer {
        loop {
            let (flight, permits) = {
                let now = Instant::now();
                let mut cache = self.cache();
                let withdrawals = cache.withdrawals(tenant);
                let shelf = cache.shelf(scheme);
                match shelf.found.get_mut(tenant) {
                    Some(found) if now < found.until => return Ok(Some(found.keys.clone())),
                    Some(found) => {
                        let flight = Flight::current(found.renewal.as_ref(), withdrawals);
                        found.renewal = Some(Arc::clone(&flight));
                        if now < later(found.until, self.0.keep) {
                            // Without a permit the next delivery tries.
                            if let Ok(permit) = Arc::clone(&self.0.renewals).try_acquire_owned() {
                                self.start(&flight, tenant, scheme, permit);
                            }
                            return Ok(Some(found.keys.clone()));
                        }
                        (flight, &self.0.renewals)
                    }
                    None => {
                        let flight = Flight::current(shelf.others.get(tenant), withdrawals);
                        shelf.others.put(tenant.to_owned(), Arc::clone(&flight));
                        (flight, &self.0.strangers)
                    }
                }
            };
            let answer = self.wait(&flight, permits, tenant, scheme).await;
            // What was asked before a withdrawal may be what was withdrawn.
            if answer.is_err() || self.cache().withdrawals(tenant) == flight.withdrawals {
                return answer;
            }
        }
    }

    /// Waits for the answer, or for the permit to look it up. Everybody has a place of their own
    /// among those who wait for permits, and gives it up by hanging up; only what holds a permit
    /// becomes a task.
    async fn wait(
        &self,
        flight: &Arc<Flight>,
        permits: &Arc<Semaphore>,
        tenant: &str,
        scheme: &Scheme,
    ) -> Answer {
        if !flight.has_started() {
            tokio::select! {
                biased;
                answer = flight.answer() => return answer,
                permit = Arc::clone(permits).acquire_owned() => {
                    let permit = permit.map_err(|_| RejectionKind::Resolver)?;
                    self.start(flight, tenant, scheme, permit);
                }
            }
        }
        flight.answer().await
    }

    /// Runs the look-up in a task, unless it runs already.
    fn start(
        &self,
        flight: &Arc<Flight>,
        tenant: &str,
        scheme: &Scheme,
        permit: OwnedSemaphorePermit,
    ) {
        let Some(running) = flight.start() else {
            return;
        };
        let (this, tenant, scheme) = (self.clone(), tenant.to_owned(), *scheme);
        tokio::spawn(async move {
            let end = this.look_up(&tenant, &scheme).await;
            this.cache()
                .settle(&tenant, &scheme, running.flight(), &end);
            running.end(end);
            drop(permit);
        });
    }

    async fn look_up(&self, tenant: &str, scheme: &Scheme) -> End {
        let begun = Instant::now();
        let secrets = match timeout(LOOKUP_TIME, self.0.resolver.secrets(tenant)).await {
            Ok(Ok(secrets)) => secrets,
            Ok(Err(_)) => {
                self.warn(|| "the resolver failed".to_owned());
                return End::failed(RejectionKind::Resolver);
            }
            Err(_) => {
                self.warn(|| "the resolver took longer than 10 s".to_owned());
                return End::failed(RejectionKind::Resolver);
            }
        };
        let Some(secrets) = secrets else {
            return End {
                answer: Ok(None),
                until: begun + self.0.keep_absent,
            };
        };
        match KeySet::new(scheme, &secrets) {
            Ok(keys) => End {
                answer: Ok(Some(keys)),
                until: later(begun, self.0.keep),
            },
            Err(why) => {
                self.warn(|| format!("a tenant's secrets are not usable: {why}"));
                End::failed(RejectionKind::Misconfigured)
            }
        }
    }

    /// Anybody can cause look-ups, so not every one that fails is logged.
    fn warn(&self, what: impl FnOnce() -> String) {
        let now = Instant::now();
        let mut warned = self.0.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|last| now.duration_since(last) >= WARN_EVERY) {
            *warned = Some(now);
            telemetry::warn("tenants", &what());
        }
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
        Box::pin(async move { Ok(self.find(tenant, scheme).await?) })
    }

    fn known(&self, tenant: &str, scheme: &Scheme) -> Option<KeySet> {
        self.cache()
            .shelf(scheme)
            .found
            .peek(tenant)
            .map(|found| found.keys.clone())
    }

    fn withdrawals(&self, tenant: &str) -> u64 {
        self.cache().withdrawals(tenant)
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("cached", &self.cache().len())
            .finish_non_exhaustive()
    }
}
