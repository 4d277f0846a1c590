use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Service, ServiceExt, util::Oneshot};

use super::{
    ReplyBody,
    body::{ResponseBody, VerifiedBody},
    gate::{Gate, Verdict},
    respond::Settings,
};
use crate::{source::Source, telemetry};

pin_project! {
    /// The future of [`Verify`](super::Verify).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request<VerifiedBody>>, B> {
        #[pin]
        kind: Kind<S, B>,
        source: Source,
        settings: Arc<Settings>,
        span: telemetry::Span,
        begun: Instant,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<S: Service<Request<VerifiedBody>>, B> {
        Verifying { #[pin] gate: Gate<B>, inner: Option<S> },
        Calling { #[pin] response: Oneshot<S, Request<VerifiedBody>> },
    }
}

impl<S: Service<Request<VerifiedBody>>, B> ResponseFuture<S, B> {
    pub(super) fn new(gate: Gate<B>, inner: S, source: Source, settings: Arc<Settings>) -> Self {
        let span = telemetry::Span::delivery(source.label(), source.provider().slug);
        let kind = Kind::Verifying {
            gate,
            inner: Some(inner),
        };
        Self {
            kind,
            source,
            settings,
            span,
            begun: Instant::now(),
        }
    }
}

impl<S: Service<Request<VerifiedBody>>, B> std::fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<VerifiedBody>, Response = Response<R>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (settings, source, begun) = (&*this.settings, &*this.source, *this.begun);
        this.span.enter(|| {
            loop {
                let next = match this.kind.as_mut().project() {
                    KindProj::Calling { response } => {
                        let response = ready!(response.poll(cx));
                        return Poll::Ready(response.map(|r| r.map(ResponseBody::inner)));
                    }
                    KindProj::Verifying { gate, inner } => {
                        let verdict = ready!(gate.poll(cx));
                        telemetry::replied(source.label(), begun.elapsed());
                        match (verdict, inner.take()) {
                            (Verdict::Verified(parts, event, reserved), Some(inner)) => {
                                // From here on the body is the inner service's.
                                drop(reserved);
                                let body = VerifiedBody::from(event.body().clone());
                                let mut request = Request::from_parts(*parts, body);
                                request.extensions_mut().insert(*event);
                                // For `dedup`, which needs the source's policies.
                                request.extensions_mut().insert(source.clone());
                                Kind::Calling {
                                    response: inner.oneshot(request),
                                }
                            }
                            (verdict, _) => {
                                let response = answer(verdict, source, settings);
                                return Poll::Ready(Ok(response.map(ResponseBody::ours)));
                            }
                        }
                    }
                };
                this.kind.set(next);
            }
        })
    }
}

/// The reply to a delivery that goes no further.
pub(crate) fn answer(
    verdict: Verdict,
    source: &Source,
    settings: &Settings,
) -> Response<ReplyBody> {
    let why = match verdict {
        Verdict::Handshake(reply) => {
            telemetry::handshake(source.label());
            return reply.into_response();
        }
        Verdict::Refused(why) => why,
        Verdict::Verified(..) => crate::error::RejectionKind::Misconfigured.into(),
    };
    telemetry::rejected(source.label(), why.kind());
    settings.refuse(why, Some(source.provider()))
}
