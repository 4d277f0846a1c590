//! A receiver of hookgate's on a port of its own.

use axum::{Router, routing::any};
use hookgate::{VerifyLayer, provider::Provider};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::payloads;

/// Stopped when dropped.
pub(crate) struct Receiver {
    pub(crate) address: String,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start(row: &Provider) -> Self {
        let source = payloads::source(row);
        let app = Router::new()
            .fallback(any(async || "accepted"))
            .layer(VerifyLayer::new(source));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, server }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}
