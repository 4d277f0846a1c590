//! The receiver: answers as a source of this preset should, and tells what came.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    response::Response,
};
use bytes::Bytes;
use hookgate::{
    Event, Rejection, RejectionKind, Secret, Source,
    clock::{Clock, SystemClock, UnixTime},
    provider::{Provider, Reply},
};
use http::{Request, request::Parts};
use tokio::sync::mpsc::Sender;

use crate::{exit::Trouble, explain::case::Case, shared::secrets::Given};

/// What is read over the source's limit, so that the answer arrives and can be explained, in bytes.
const SLACK: usize = 1024 * 1024;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Receiver(Arc<Inner>);

struct Inner {
    source: Source,
    secrets: Vec<Given>,
    url: Option<String>,
}

/// What came.
pub(super) struct Arrived {
    pub(super) at: UnixTime,
    pub(super) what: What,
    /// The delivery, to be explained if need be.
    pub(super) case: Case,
}

pub(super) enum What {
    Handshake(Result<(), Rejection>),
    Event(Box<Event>),
    Refused,
    /// Refused before the whole body was there.
    Unread(Rejection),
}

impl Receiver {
    pub(super) fn new(
        row: Provider,
        secrets: Vec<Given>,
        url: Option<String>,
        token: Option<&str>,
    ) -> Result<Self, Trouble> {
        let mut builder = Source::builder("listen", row);
        for given in &secrets {
            builder = builder.add_secret(given.usable()?);
        }
        if let Some(url) = &url {
            builder = builder.with_public_url(url);
        }
        if let Some(name) = token {
            builder = builder.with_verify_token(Secret::from_env(name).map_err(Trouble::usage)?);
        }
        let source = builder.build().map_err(Trouble::usage)?;
        Ok(Self(Arc::new(Inner {
            source,
            secrets,
            url,
        })))
    }

    /// Every path and every method.
    pub(super) fn router(&self, tell: Sender<Arrived>) -> Router {
        Router::new()
            .fallback(receive)
            .with_state((self.clone(), tell))
    }

    async fn answer(&self, request: Request<Body>) -> (Response, Arrived) {
        let source = &self.0.source;
        let (parts, body) = request.into_parts();
        let most = source.max_body().saturating_add(SLACK);
        let read = tokio::time::timeout(PATIENCE, to_bytes(body, most)).await;
        let now = SystemClock.now();
        let unread = |kind: RejectionKind| {
            let why = Rejection::from(kind);
            (Bytes::new(), What::Unread(why), status(source, why))
        };
        let (body, what, reply) = match read {
            Err(_) => unread(RejectionKind::TooSlow),
            Ok(Err(_)) => unread(RejectionKind::TooLarge),
            Ok(Ok(body)) => self.judge(&parts, body, now),
        };
        let (secrets, url) = (self.0.secrets.clone(), self.0.url.clone());
        let case = Case::new(*source.provider(), secrets, url, parts, body);
        let arrived = Arrived {
            at: now,
            what,
            case,
        };
        (reply, arrived)
    }

    fn judge(&self, parts: &Parts, body: Bytes, now: UnixTime) -> (Bytes, What, Response) {
        let source = &self.0.source;
        let asked = source
            .answer(parts)
            .or_else(|| source.answer_body(parts, &body));
        if let Some(answer) = asked {
            return match answer {
                Ok(reply) => (body, What::Handshake(Ok(())), response(reply)),
                Err(why) => (body, What::Handshake(Err(why)), status(source, why)),
            };
        }
        match source.verify(parts, body.clone(), now) {
            Ok(event) => {
                let reply = source.answer_event(parts, &event);
                let reply = reply.unwrap_or_else(|| source.provider().replies.accepted());
                (body, What::Event(Box::new(event)), response(reply))
            }
            Err(why) => (body, What::Refused, status(source, why)),
        }
    }
}

async fn receive(
    State((receiver, tell)): State<(Receiver, Sender<Arrived>)>,
    request: Request<Body>,
) -> Response {
    let (reply, arrived) = receiver.answer(request).await;
    // Nobody listens any more when enough has come.
    let _ = tell.send(arrived).await;
    reply
}

fn status(source: &Source, why: Rejection) -> Response {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = source.provider().replies.refusal(why.kind());
    reply
}

fn response(reply: Reply) -> Response {
    reply.into_response::<Bytes>().map(Body::from)
}
