use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use tokio::{task::JoinHandle, time::sleep};
use tower::{Service, ServiceExt};

use super::reply;
use crate::{
    error::{Rejection, RejectionKind, StoreErrorKind},
    event::Event,
    identity::{Identity, unpredictable},
    provider::{NoId, Retries},
    source::Source,
    store::{Claim, ClaimToken, Claims, DedupKey, Held, ReplayGuard, in_time},
    telemetry,
    verify::{ReplyBody, boring},
};

/// Runs the inner service once for each event. See the [module docs](crate::dedup).
#[derive(Clone, Debug)]
pub struct Dedup<S> {
    inner: S,
    claims: Arc<dyn Claims>,
    lease: Duration,
}

impl<S> Dedup<S> {
    pub(super) fn new(inner: S, claims: Arc<dyn Claims>, lease: Duration) -> Self {
        Self {
            inner,
            claims,
            lease,
        }
    }
}

impl<S, B, R> Service<Request<B>> for Dedup<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    B: Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    R: Body + Send,
    R::Data: Send,
{
    type Response = Response<ReplyBody>;
    type Error = S::Error;
    type Future = DedupFuture<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The instance that is ready runs; its clone waits for the next request.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        let run = Run {
            claims: Arc::clone(&self.claims),
            lease: self.lease,
        };
        // In a task of its own: whoever drops the reply's future does not cancel the work.
        DedupFuture(tokio::spawn(
            async move { run.deliver(inner, request).await },
        ))
    }
}

/// One delivery.
struct Run {
    claims: Arc<dyn Claims>,
    lease: Duration,
}

/// What a delivery is remembered under, and for how long.
struct Remember {
    source: Source,
    key: DedupKey,
    token: ClaimToken,
}

impl Run {
    async fn deliver<S, B, R>(
        self,
        mut inner: S,
        request: Request<B>,
    ) -> Result<Response<ReplyBody>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>>,
        R: Body,
    {
        let remember = match remember(&request) {
            Ok(Some(remember)) => remember,
            Ok(None) => return Ok(run(&mut inner, request).await?.map(ReplyBody::from)),
            Err(why) => return Ok(boring(why, None)),
        };
        let label = remember.source.label();
        match self.claim(&remember).await {
            Ok(Claim::Granted) => {}
            Ok(Claim::Settled(stored)) => {
                telemetry::duplicate(label, &crate::identity::text(remember.key));
                return Ok(reply::decode(&stored));
            }
            Ok(Claim::Held(left)) => {
                telemetry::in_progress(label);
                return Ok(in_progress(&remember.source, left));
            }
            Err(why) => {
                telemetry::rejected(label, why.kind());
                return Ok(boring(why, Some(remember.source.provider())));
            }
        }
        // Released when the inner service panics or this task is aborted.
        let mut guard = Release {
            claims: Arc::clone(&self.claims),
            remember: Some(remember),
        };
        let response = tokio::select! {
            response = run(&mut inner, request) => response?,
            never = self.renew(guard.remember.as_ref()) => match never {},
        };
        if response.status().is_success()
            && let Some(remember) = guard.remember.take()
        {
            self.settle(&remember, reply::encode(&response)).await;
        }
        Ok(response.map(ReplyBody::from))
    }

    async fn claim(&self, remember: &Remember) -> Result<Claim, Rejection> {
        let ask = || {
            let claim = self.claims.claim(remember.key, remember.token, self.lease);
            in_time("claim", claim)
        };
        let mut answer = ask().await;
        if matches!(&answer, Err(why) if why.kind() == StoreErrorKind::Ambiguous) {
            answer = ask().await;
        }
        answer.map_err(|why| match why.kind() {
            StoreErrorKind::Full => RejectionKind::StoreFull.into(),
            _ => RejectionKind::StoreUnavailable.into(),
        })
    }

    /// Renews the lease for as long as it is polled. A lease that is lost is not a reason to stop:
    /// what runs has had its effects already.
    async fn renew(&self, remember: Option<&Remember>) -> Infallible {
        loop {
            sleep(self.lease / 3).await;
            let Some(remember) = remember else { continue };
            match self
                .claims
                .renew(remember.key, remember.token, self.lease)
                .await
            {
                Ok(Held::Applied) => {}
                Ok(Held::Lost) => telemetry::warn("dedup", "a lease was lost while its event ran"),
                Err(why) => telemetry::store_failed("renew", &why),
            }
        }
    }

    async fn settle(&self, remember: &Remember, reply: Bytes) {
        let keep = remember.source.dedup_window();
        for _ in 0..2 {
            let settled = self
                .claims
                .settle(remember.key, remember.token, keep, reply.clone());
            match in_time("settle", settled).await {
                Ok(Held::Applied) => return,
                Ok(Held::Lost) => {
                    return telemetry::warn(
                        "dedup",
                        "a lease was lost before its event was settled",
                    );
                }
                // The lease ends by itself; the event may then run again.
                Err(_) => {}
            }
        }
    }
}

async fn run<S, B, R>(inner: &mut S, request: Request<B>) -> Result<Response<Bytes>, S::Error>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    let response = inner.ready().await?.call(request).await?;
    let (parts, body) = response.into_parts();
    Ok(match reply::whole(body).await {
        Some(body) => Response::from_parts(parts, body),
        None => {
            telemetry::warn("dedup", "the body of the inner service's reply broke");
            boring(RejectionKind::Misconfigured.into(), None).map(ReplyBody::into_bytes)
        }
    })
}

/// The key of a delivery; `None` when it has none, so that it always runs.
fn remember<B>(request: &Request<B>) -> Result<Option<Remember>, Rejection> {
    let extensions = request.extensions();
    let (Some(event), Some(source)) = (extensions.get::<Event>(), extensions.get::<Source>())
    else {
        telemetry::warn(
            "dedup",
            "no verified event in this request; is VerifyLayer around it?",
        );
        return Err(RejectionKind::Misconfigured.into());
    };
    let identity = Identity::of(event, source)?;
    let by_bytes = matches!(identity.guard, ReplayGuard::Reject(_));
    let may_be_any = source.no_id() == NoId::AcceptAll || event.body().is_empty();
    if event.id().is_none() && may_be_any && !by_bytes {
        return Ok(None);
    }
    Ok(Some(Remember {
        source: source.clone(),
        key: match identity.guard {
            // The same bytes under another id are the same delivery.
            ReplayGuard::Reject(bytes) => bytes,
            ReplayGuard::Off | ReplayGuard::Flag(_) => identity.key,
        },
        token: ClaimToken(unpredictable()?),
    }))
}

/// The first copy is still being worked on.
fn in_progress(source: &Source, left: Duration) -> Response<ReplyBody> {
    let final_4xx = source.provider().sender.retries == Retries::On5xx;
    let status = if final_4xx {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::CONFLICT
    };
    let mut response = Response::new(ReplyBody::default());
    *response.status_mut() = status;
    let secs = HeaderValue::from(left.as_secs().saturating_add(1));
    response.headers_mut().insert(header::RETRY_AFTER, secs);
    response
}

/// Gives a claim back that was not settled.
struct Release {
    claims: Arc<dyn Claims>,
    remember: Option<Remember>,
}

impl Drop for Release {
    fn drop(&mut self) {
        let Some(remember) = self.remember.take() else {
            return;
        };
        let claims = Arc::clone(&self.claims);
        // Without a runtime the process ends, and the lease with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(why) = claims.release(remember.key, remember.token).await {
                    telemetry::store_failed("release", &why);
                }
            });
        }
    }
}

/// The future of [`Dedup`]. Dropping it leaves the work running.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct DedupFuture<E>(JoinHandle<Result<Response<ReplyBody>, E>>);

impl<E> Future for DedupFuture<E> {
    type Output = Result<Response<ReplyBody>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|joined| {
            // A panic of the inner service stays in its task; the sender should try again.
            joined.unwrap_or_else(|_| Ok(boring(RejectionKind::Misconfigured.into(), None)))
        })
    }
}
