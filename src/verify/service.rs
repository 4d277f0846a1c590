use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tokio::time::Instant;
use tower::Service;

use super::{
    body::{ResponseBody, VerifiedBody},
    future::ResponseFuture,
    gate::Gate,
    later,
    respond::Settings,
};
use crate::source::Source;

/// Lets genuine and fresh deliveries through to the inner service and answers all others.
/// See the [module docs](crate::verify) for an example.
#[derive(Clone, Debug)]
pub struct Verify<S> {
    inner: S,
    source: Source,
    settings: Arc<Settings>,
}

impl<S> Verify<S> {
    pub(super) fn new(inner: S, source: Source, settings: Arc<Settings>) -> Self {
        Self {
            inner,
            source,
            settings,
        }
    }
}

impl<S, B, R> Service<Request<B>> for Verify<S>
where
    S: Service<Request<VerifiedBody>, Response = Response<R>> + Clone,
    B: Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    /// Passed through, so that back-pressure reaches the caller.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The permit that `poll_ready` got is given back at once: held while an unverified body
        // is read, it would let two slow strangers block a `concurrency_limit(2)`. The clone gets
        // one of its own once the delivery is verified.
        // Guarded by tests/middleware.rs::slow_strangers_hold_no_permit.
        let inner = self.inner.clone();
        drop(std::mem::replace(&mut self.inner, inner.clone()));
        let (parts, body) = request.into_parts();
        let (source, settings) = (self.source.clone(), Arc::clone(&self.settings));
        let deadline = later(Instant::now(), settings.deadline);
        let gate = Gate::new(source.clone(), Arc::clone(&settings), deadline, parts, body);
        ResponseFuture::new(gate, inner, source, settings)
    }
}
