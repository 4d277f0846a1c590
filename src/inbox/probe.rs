use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tower::Service;

use super::Inbox;
use crate::verify::ReplyBody;

/// Answers a supervisor's question with 200 or 503 and a word of JSON, and tells strangers nothing
/// more. Goes wherever a tower service goes: `route_service("/ready", inbox.readiness())`.
#[derive(Clone, Debug)]
pub struct Probe {
    inbox: Inbox,
    asks: Asks,
}

#[derive(Clone, Copy, Debug)]
enum Asks {
    Live,
    Ready,
}

impl Inbox {
    /// Answers whether this process is worth keeping ([`Health::is_live`](super::Health::is_live)).
    /// It never asks the store.
    pub fn liveness(&self) -> Probe {
        let asks = Asks::Live;
        let inbox = self.clone();
        Probe { inbox, asks }
    }

    /// Answers whether deliveries should be sent here
    /// ([`Health::is_ready`](super::Health::is_ready)).
    pub fn readiness(&self) -> Probe {
        let asks = Asks::Ready;
        let inbox = self.clone();
        Probe { inbox, asks }
    }
}

/// What [`Probe`] returns.
pub type ProbeFuture =
    Pin<Box<dyn Future<Output = Result<Response<ReplyBody>, Infallible>> + Send>>;

impl<B> Service<Request<B>> for Probe {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = ProbeFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ProbeFuture {
        let (inbox, asks) = (self.inbox.clone(), self.asks);
        let asked = matches!(*request.method(), Method::GET | Method::HEAD);
        Box::pin(async move {
            if !asked {
                return Ok(answer(StatusCode::METHOD_NOT_ALLOWED, ""));
            }
            let good = match asks {
                Asks::Live => inbox.run_state() != super::RunState::Failed,
                Asks::Ready => inbox.health().await.is_ready(),
            };
            Ok(match good {
                true => answer(StatusCode::OK, r#"{"status":"ok"}"#),
                false => answer(
                    StatusCode::SERVICE_UNAVAILABLE,
                    r#"{"status":"unavailable"}"#,
                ),
            })
        })
    }
}

fn answer(status: StatusCode, body: &'static str) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
