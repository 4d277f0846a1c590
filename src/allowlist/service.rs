use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower::Service;

use super::rule::Rule;
use crate::{
    error::RejectionKind,
    telemetry,
    verify::{DRAIN_TIME, Drain, ResponseBody, boring},
};

/// Lets through what its layer allows and answers everything else, before the body is looked at.
/// See the [module docs](crate::allowlist) for an example.
#[derive(Clone, Debug)]
pub struct Guard<S> {
    inner: S,
    rule: Arc<Rule>,
}

impl<S> Guard<S> {
    pub(super) fn new(inner: S, rule: Rule) -> Self {
        let rule = Arc::new(rule);
        Self { inner, rule }
    }
}

impl<S, B, R> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    B: Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let kind = match self.rule.judge(&request) {
            Ok(()) => Kind::Passed {
                response: self.inner.call(request),
            },
            Err(why) => {
                let (parts, body) = request.into_parts();
                Kind::Refused {
                    body,
                    refused: Refused {
                        why,
                        drain: Drain::of(&parts),
                        until: None,
                        rule: Arc::clone(&self.rule),
                        begun: Instant::now(),
                    },
                }
            }
        };
        GuardFuture { kind }
    }
}

pin_project! {
    /// The future of [`Guard`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GuardFuture<F, B> {
        #[pin]
        kind: Kind<F, B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<F, B> {
        Passed { #[pin] response: F },
        Refused { #[pin] body: B, refused: Refused },
    }
}

struct Refused {
    why: RejectionKind,
    /// Of small bodies over HTTP/1.
    drain: Option<Drain>,
    // Made when there is something to wait for; most bodies are there already.
    until: Option<Pin<Box<Sleep>>>,
    rule: Arc<Rule>,
    begun: Instant,
}

impl<F, B, R, E> Future for GuardFuture<F, B>
where
    F: Future<Output = Result<Response<R>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Passed { response } => {
                let response = ready!(response.poll(cx));
                Poll::Ready(response.map(|response| response.map(ResponseBody::inner)))
            }
            KindProj::Refused { body, refused } => {
                ready!(refused.poll_drained(body, cx));
                telemetry::replied(refused.rule.source(), refused.begun.elapsed());
                let response = boring(refused.why.into(), None);
                Poll::Ready(Ok(response.map(ResponseBody::ours)))
            }
        }
    }
}

impl Refused {
    /// Ready when the body is read, or need not be, or takes too long.
    fn poll_drained<B: Body>(&mut self, body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<()> {
        let drained = self.drain.as_mut().map(|drain| drain.poll(body, cx));
        if drained.is_none_or(|drained| drained.is_ready()) {
            return Poll::Ready(());
        }
        let sleep = || Box::pin(sleep(DRAIN_TIME));
        self.until.get_or_insert_with(sleep).as_mut().poll(cx)
    }
}

impl<F, B> fmt::Debug for GuardFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardFuture").finish_non_exhaustive()
    }
}
