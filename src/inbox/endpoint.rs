use std::{
    convert::Infallible,
    fmt,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service, ServiceExt, util::Oneshot};

use super::{
    Inbox, Outcome,
    accept::Receipt,
    watch::{Delivered, Facts},
};
use crate::{
    error::{Rejection, RejectionKind},
    event::Event,
    provider::Replies,
    source::Source,
    store::DedupKey,
    telemetry,
    verify::{
        Gate, ReplyBody, Reservation, ResponseBody, Verdict, VerifiedBody, answer, boring, later,
    },
};

/// The inbox's answer to deliveries, for `route_service` and the like: verify, store, 200.
pub type Endpoint = Webhook<Acknowledge>;

/// Layer that applies [`Webhook`]: the inner service is called with events that are stored, and
/// only writes the reply. It finds the [`Event`], the [`Receipt`] and the [`Source`] in the request's
/// extensions; what the sender wants to see is [`Replies::accepted`] of the source's row.
#[derive(Clone, Debug)]
pub struct WebhookLayer {
    inbox: Inbox,
    mount: Mount,
}

impl WebhookLayer {
    pub(super) fn new(inbox: Inbox, mount: Mount) -> Self {
        Self { inbox, mount }
    }
}

impl<S> Layer<S> for WebhookLayer {
    type Service = Webhook<S>;

    fn layer(&self, inner: S) -> Webhook<S> {
        Webhook {
            inner,
            inbox: self.inbox.clone(),
            mount: self.mount.clone(),
        }
    }
}

/// Which source a request is for.
#[derive(Clone, Debug)]
pub(super) enum Mount {
    /// The one with this name.
    Source(String),
    /// The one that the last segment of the path names.
    LastSegment,
}

/// Verifies and stores deliveries, then lets the inner service write the reply.
#[derive(Clone, Debug)]
pub struct Webhook<S> {
    inner: S,
    inbox: Inbox,
    mount: Mount,
}

impl Endpoint {
    pub(super) fn endpoint(inbox: Inbox, mount: Mount) -> Self {
        Self {
            inner: Acknowledge,
            inbox,
            mount,
        }
    }
}

impl<S, B, R> Service<Request<B>> for Webhook<S>
where
    S: Service<Request<VerifiedBody>, Response = Response<R>> + Clone,
    B: Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = WebhookFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // As in `verify`: no permit is held while a stranger's body is read.
        let inner = self.inner.clone();
        drop(std::mem::replace(&mut self.inner, inner.clone()));
        let (parts, body) = request.into_parts();
        let name = match &self.mount {
            Mount::Source(name) => name,
            Mount::LastSegment => parts.uri.path().rsplit('/').next().unwrap_or_default(),
        };
        let begun = Instant::now();
        let Some(source) = self.inbox.source(name) else {
            let why = RejectionKind::UnknownSource.into();
            let response = Some(self.inbox.0.settings.refuse(why, None));
            return WebhookFuture {
                kind: Kind::Refused { response },
                intake: None,
            };
        };
        let deadline = later(begun, source.reply_deadline());
        let settings = self.inbox.0.settings.clone();
        let gate = Gate::new(source.clone(), settings, deadline, parts, body);
        let span = telemetry::Span::delivery(source.label(), source.provider().slug);
        let inbox = self.inbox.clone();
        let intake = Intake {
            inbox,
            source,
            inner: Some(inner),
            span,
            begun,
            deadline,
            facts: None,
            receipt: None,
        };
        WebhookFuture {
            kind: Kind::Verifying { gate },
            intake: Some(intake),
        }
    }
}

/// What a delivery needs on its way.
struct Intake<S> {
    inbox: Inbox,
    source: Source,
    inner: Option<S>,
    span: telemetry::Span,
    begun: Instant,
    deadline: Instant,
    /// Known once it is verified.
    facts: Option<Facts>,
    /// Known once it is stored.
    receipt: Option<Receipt>,
}

type Stored = (
    Box<http::request::Parts>,
    Box<Event>,
    Result<(Receipt, DedupKey), Rejection>,
);

pin_project! {
    /// The future of [`Webhook`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WebhookFuture<S: Service<Request<VerifiedBody>>, B> {
        #[pin]
        kind: Kind<S, B>,
        intake: Option<Intake<S>>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<S: Service<Request<VerifiedBody>>, B> {
        Verifying { #[pin] gate: Gate<B> },
        Storing { stored: Pin<Box<dyn Future<Output = Stored> + Send>> },
        Calling { #[pin] response: Oneshot<S, Request<VerifiedBody>> },
        Refused { response: Option<Response<ReplyBody>> },
    }
}

impl<S: Service<Request<VerifiedBody>>, B> fmt::Debug for WebhookFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookFuture").finish_non_exhaustive()
    }
}

impl<S, B, R> Future for WebhookFuture<S, B>
where
    S: Service<Request<VerifiedBody>, Response = Response<R>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let span = this.intake.as_ref().map(|intake| intake.span.clone());
        let mut advance = || loop {
            let next = match this.kind.as_mut().project() {
                KindProj::Calling { response } => {
                    let response = ready!(response.poll(cx));
                    if let (Ok(response), Some(intake)) = (&response, this.intake.take()) {
                        intake.replied(response.status());
                    }
                    return Poll::Ready(response.map(|r| r.map(ResponseBody::inner)));
                }
                KindProj::Refused { response } => {
                    let response = response
                        .take()
                        .unwrap_or_else(|| boring(RejectionKind::Misconfigured.into(), None));
                    return Poll::Ready(Ok(response.map(ResponseBody::ours)));
                }
                KindProj::Verifying { gate } => match ready!(gate.poll(cx)) {
                    Verdict::Verified(parts, event, reserved) => match this.intake {
                        Some(intake) => Kind::Storing {
                            stored: intake.store(parts, event, reserved),
                        },
                        None => Kind::Refused { response: None },
                    },
                    verdict => this
                        .intake
                        .take()
                        .map_or(Kind::Refused { response: None }, |i| i.refuse(verdict)),
                },
                KindProj::Storing { stored } => {
                    let (parts, event, receipt) = ready!(stored.as_mut().poll(cx));
                    match this.intake.take() {
                        Some(intake) => {
                            let (next, intake) = intake.acknowledge(*parts, *event, receipt);
                            *this.intake = intake;
                            next
                        }
                        None => Kind::Refused { response: None },
                    }
                }
            };
            this.kind.set(next);
        };
        match span {
            Some(span) => span.enter(advance),
            None => advance(),
        }
    }
}

impl<S: Service<Request<VerifiedBody>>> Intake<S> {
    /// The step that makes the reply a receipt.
    fn store(
        &mut self,
        parts: Box<http::request::Parts>,
        event: Box<Event>,
        reserved: Reservation,
    ) -> Pin<Box<dyn Future<Output = Stored> + Send>> {
        self.facts = Some(self.inbox.0.watch.facts(&event));
        let (inbox, source, deadline) = (self.inbox.clone(), self.source.clone(), self.deadline);
        Box::pin(async move {
            let receipt = timeout_at(deadline, inbox.0.accept(&event, &source)).await;
            drop(reserved);
            let late = |_| Err(RejectionKind::StoreUnavailable.into());
            (parts, event, receipt.unwrap_or_else(late))
        })
    }

    fn acknowledge<B>(
        mut self,
        parts: http::request::Parts,
        event: Event,
        receipt: Result<(Receipt, DedupKey), Rejection>,
    ) -> (Kind<S, B>, Option<Self>) {
        let (receipt, key) = match receipt {
            Ok(taken) => taken,
            Err(why) => return (self.refuse(Verdict::Refused(why)), None),
        };
        let Some(inner) = self.inner.take() else {
            let why = RejectionKind::Misconfigured.into();
            return (self.refuse(Verdict::Refused(why)), None);
        };
        self.receipt = Some(receipt);
        if let Some(facts) = &mut self.facts {
            facts.key = Some(key);
        }
        let mut request = Request::from_parts(parts, VerifiedBody::from(event.body().clone()));
        request.extensions_mut().insert(event);
        request.extensions_mut().insert(receipt);
        // For the reply that the sender wants.
        request.extensions_mut().insert(self.source.clone());
        let response = inner.oneshot(request);
        (Kind::Calling { response }, Some(self))
    }

    fn refuse<B>(self, verdict: Verdict) -> Kind<S, B> {
        let outcome = match &verdict {
            Verdict::Handshake(_) => Outcome::Handshake,
            Verdict::Refused(why) => Outcome::Refused(why.kind()),
            Verdict::Verified(..) => Outcome::Refused(RejectionKind::Misconfigured),
        };
        let response = answer(verdict, &self.source, &self.inbox.0.settings);
        self.note(outcome, response.status());
        let response = Some(response);
        Kind::Refused { response }
    }

    /// The inner service has written the reply.
    fn replied(self, status: StatusCode) {
        if let Some(receipt) = self.receipt {
            self.note(receipt.into(), status);
        }
    }

    fn note(self, outcome: Outcome, status: StatusCode) {
        let took = self.begun.elapsed();
        telemetry::replied(self.source.label(), took);
        self.inbox.0.watch.delivered(Delivered {
            source: self.source.label(),
            facts: self.facts,
            outcome,
            status,
            took,
            at: self.inbox.now(),
        });
    }
}

/// The reply of an [`Endpoint`] to what is stored: what the row says, by default 200 with an empty
/// body.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledge;

impl Service<Request<VerifiedBody>> for Acknowledge {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<VerifiedBody>) -> Self::Future {
        let source = request.extensions().get::<Source>();
        let replies = source.map_or(Replies::DEFAULT, |source| source.provider().replies);
        ready(Ok(replies.accepted().into_response()))
    }
}
