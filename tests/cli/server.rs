//! One receiver for all presets: what it judged, and what it read.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    response::Response,
};
use hookgate::{
    Source,
    clock::{Clock, SystemClock},
    provider::{self, Provider},
};
use http::Request;
use tokio::net::TcpListener;

use crate::support;

/// What was read of a delivery, or the label of its refusal.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) judged: Result<(Option<String>, Option<String>), &'static str>,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Server {
    sources: Arc<HashMap<&'static str, Source>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let rows = provider::ALL.iter();
        Self::of(rows.map(|row| (row.slug, support::source(*row, &[1]))))
    }

    pub(crate) fn of(sources: impl Iterator<Item = (&'static str, Source)>) -> Self {
        Self {
            sources: Arc::new(sources.collect()),
            seen: Arc::default(),
        }
    }

    /// Serves until the test's runtime ends.
    pub(crate) async fn start() -> (Self, SocketAddr) {
        Self::new().started().await
    }

    pub(crate) async fn started(self) -> (Self, SocketAddr) {
        let server = self;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = server.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, address)
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().fallback(judge).with_state(self.clone())
    }

    /// What has been seen since the last time.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// The path ends with the slug. The reply repeats every header, as some servers do.
async fn judge(State(server): State<Server>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let source = &server.sources[parts.uri.path().rsplit('/').next().unwrap()];
    let judged = source.verify(&parts, body.clone(), SystemClock.now());
    let value = |field: Option<&hookgate::event::Field>| field.map(|field| field.value.clone());
    let judged = match &judged {
        Ok(event) => Ok((value(event.id()), value(event.event_type()))),
        Err(why) => Err(why.kind().label()),
    };
    let status = if judged.is_ok() { 200 } else { 401 };
    let seen = Seen {
        judged,
        body: body.to_vec(),
    };
    server.seen.lock().unwrap().push(seen);
    let mut reply = Response::builder().status(status);
    for (name, value) in &parts.headers {
        reply = reply.header(format!("x-echo-{name}"), value);
    }
    reply
        .body(Body::from(format!(
            "{:?}\u{1b}[31m\u{9b}31m",
            parts.headers
        )))
        .unwrap()
}

/// The secret that [`Server`] knows for this preset.
pub(crate) fn secret(row: &Provider) -> Vec<u8> {
    support::secret(row, 1).reveal().to_vec()
}
