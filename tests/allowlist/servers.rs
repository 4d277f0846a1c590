//! An axum and a hyper server on loopback with a layer in front, and requests by hand.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, extract::ConnectInfo, routing::post};
use hookgate::{
    allowlist::{AllowIpLayer, Guard, HttpsOnlyLayer, Origin, Peer},
    verify::ReplyBody,
};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::{Layer, ServiceBuilder, service_fn};

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    Axum,
    Hyper,
}

pub(crate) const BOTH: [Server; 2] = [Server::Axum, Server::Hyper];

/// Either layer, around anything.
#[derive(Clone)]
pub(crate) enum Either {
    Address(AllowIpLayer),
    Https(HttpsOnlyLayer),
}

impl From<AllowIpLayer> for Either {
    fn from(layer: AllowIpLayer) -> Self {
        Self::Address(layer)
    }
}

impl From<HttpsOnlyLayer> for Either {
    fn from(layer: HttpsOnlyLayer) -> Self {
        Self::Https(layer)
    }
}

impl<S> Layer<S> for Either {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        match self {
            Self::Address(layer) => layer.layer(inner),
            Self::Https(layer) => layer.layer(inner),
        }
    }
}

/// A server that runs, and how often what is behind the layer was called.
pub(crate) struct Running {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

impl Running {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// The status of one delivery with these header lines, on a connection of its own.
    pub(crate) async fn deliver(&self, lines: &[&str]) -> u16 {
        let mut stream = self.connect().await;
        send(&mut stream, lines, b"{}").await;
        status(&mut stream).await
    }
}

impl Server {
    /// Tells the origin where this server keeps the peer.
    pub(crate) fn origin(self, origin: Origin) -> Origin {
        match self {
            Self::Axum => origin.with_peer(|extensions| {
                let info = extensions.get::<ConnectInfo<SocketAddr>>()?;
                Some(Peer::plain(info.0))
            }),
            Self::Hyper => origin,
        }
    }

    pub(crate) async fn start(self, layer: impl Into<Either>) -> Running {
        self.start_on(LOOPBACK, layer).await
    }

    pub(crate) async fn start_on(self, ip: IpAddr, layer: impl Into<Either>) -> Running {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (layer, calls) = (layer.into(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&calls);
        match self {
            Self::Axum => {
                let handler = move |_: Request<Body>| {
                    counted.fetch_add(1, Ordering::SeqCst);
                    async {}
                };
                let app = Router::new().route("/", post(handler)).layer(layer);
                let app = app.into_make_service_with_connect_info::<SocketAddr>();
                tokio::spawn(async move { axum::serve(listener, app).await });
            }
            Self::Hyper => drop(tokio::spawn(serve(listener, layer, counted))),
        }
        Running { address, calls }
    }
}

async fn serve(listener: TcpListener, layer: Either, calls: Arc<AtomicUsize>) {
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let calls = Arc::clone(&calls);
        let service = ServiceBuilder::new()
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer::plain(peer));
                request
            })
            .layer(layer.clone())
            .service(service_fn(move |_: Request<Incoming>| {
                calls.fetch_add(1, Ordering::SeqCst);
                async { Ok::<_, Infallible>(Response::new(ReplyBody::default())) }
            }));
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            let service = TowerToHyperService::new(service);
            // Ends in an error when the client hangs up.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Sends one delivery with these header lines.
pub(crate) async fn send(stream: &mut TcpStream, lines: &[&str], body: &[u8]) {
    let mut text = "POST / HTTP/1.1\r\nhost: localhost\r\n".to_owned();
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let bytes = [text.as_bytes(), body].concat();
    stream.write_all(&bytes).await.unwrap();
}

/// The status of the next reply, which has no body.
pub(crate) async fn status(stream: &mut TcpStream) -> u16 {
    let head = head(stream).await;
    head["HTTP/1.1 ".len()..][..3].parse().unwrap()
}

/// The head of the next reply.
pub(crate) async fn head(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.expect("a reply"));
    }
    String::from_utf8(read).unwrap()
}
