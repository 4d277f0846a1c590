//! TLS in this process, by rustls: HTTP/1 and HTTP/2, and nothing in plain text.
//!
//! ```text
//! DEMO=1 cargo run --features full,test-util --example tls
//! TLS_CERT=fullchain.pem TLS_KEY=privkey.pem STRIPE_WEBHOOK_SECRET=whsec_... \
//!     cargo run --features full,test-util --example tls
//! ```
//!
//! Without `TLS_CERT` it makes a certificate for `localhost` at its start, in memory. A provider will
//! refuse that one; `curl --insecure` takes it. Senders verify certificates: give them the whole
//! chain, and renew it in time (a proxy such as Caddy does both, see `hookgate::allowlist`).
//!
//! Each connection is told apart from the others by a `Peer` in the extensions of its requests, for
//! `AllowIpLayer` and `HttpsOnlyLayer`. A client that does not finish its handshake holds up
//! nobody, and is dropped after ten seconds.

mod support;

use std::{env, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hookgate::{
    Inbox, Source,
    allowlist::{HttpsOnlyLayer, Peer},
    clock::{Clock, SystemClock},
    inbox::{Failure, Job, on},
    provider,
    store::MemoryStore,
    testing::Signer,
};
use http::Request;
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use support::Failed;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};
use tower::{Layer, ServiceBuilder};

const HANDSHAKE: Duration = Duration::from_secs(10);

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The certificate chain and its key.
fn identity() -> Result<Identity, Failed> {
    let Some(chain) = env::var_os("TLS_CERT").filter(|_| !support::is_demo()) else {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
        return Ok((vec![made.cert.into()], key));
    };
    let key = env::var_os("TLS_KEY").ok_or("TLS_KEY must be the file of the certificate's key")?;
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<_, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_file(key)?))
}

fn acceptor((chain, key): Identity) -> Result<TlsAcceptor, Failed> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts connections until it is dropped.
async fn accept(listener: TcpListener, tls: TlsAcceptor, app: Router, graceful: &GracefulShutdown) {
    loop {
        match listener.accept().await {
            // The handshake is the connection's own affair: the next one is not kept waiting.
            Ok((stream, peer)) => {
                let (tls, app) = (tls.clone(), app.clone());
                tokio::spawn(serve(stream, peer, tls, app, graceful.watcher()));
            }
            // Out of file descriptors, or the client is gone: not the listener's end.
            Err(why) => {
                eprintln!("accept: {why}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, tls: TlsAcceptor, app: Router, stop: Watcher) {
    let stream = match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(why)) => return println!("no TLS: {why}"),
        Err(_) => return println!("no TLS: the handshake takes too long"),
    };
    let service = ServiceBuilder::new()
        .map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer::tls(peer));
            request
        })
        .service(app);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10));
    let connection = server
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    if let Err(why) = stop.watch(connection).await {
        eprintln!("connection: {why}");
    }
}

async fn work(job: Job) -> Result<(), Failure> {
    println!("worked on {}", job.id().map_or("-", |id| &id.value));
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let identity = identity()?;
    let certificate = identity.0.first().cloned();
    let tls = acceptor(identity)?;

    let stripe = Source::builder("stripe", provider::STRIPE)
        .add_secret(support::secret("STRIPE_WEBHOOK_SECRET")?);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe.build()?)
        .handler("work", on("*"), work)
        .build()
        .await?;
    // Nothing can come over plain HTTP here; behind a proxy that also listens on port 80 it can.
    let endpoint = HttpsOnlyLayer::new("stripe")?.layer(inbox.endpoint("stripe")?);
    let app = Router::new().route_service("/webhooks/stripe", endpoint);

    let listener = support::bind().await?;
    let address = listener.local_addr()?;
    println!("listening on https://{address}");
    let (stop, stopped) = oneshot::channel::<()>();
    let workers = tokio::spawn({
        let inbox = inbox.clone();
        async move { inbox.run(async { drop(stopped.await) }).await }
    });
    let graceful = GracefulShutdown::new();
    let ended = tokio::select! {
        () = accept(listener, tls, app, &graceful) => Ok(()),
        played = play(&inbox, address, certificate), if support::is_demo() => played,
        stop = tokio::signal::ctrl_c() => stop.map_err(Into::into),
    };
    // Open requests first, then the workers drain.
    timeout(Duration::from_secs(10), graceful.shutdown())
        .await
        .ok();
    drop(stop);
    workers.await??;
    ended
}

/// What the demo shows.
async fn play(
    inbox: &Inbox,
    address: SocketAddr,
    certificate: Option<CertificateDer<'static>>,
) -> Result<(), Failed> {
    let stalled = TcpStream::connect(address).await?; // says nothing, and holds up nobody
    let mut roots = RootCertStore::empty();
    roots.add(certificate.ok_or("there is a certificate")?)?;
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from("localhost")?;
    let stream = TcpStream::connect(address).await?;
    let stream = connector.connect(name, stream).await?;
    println!("sender: {:?}", stream.get_ref().1.protocol_version());

    let (mut send, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let signer = Signer::new(provider::STRIPE, &support::secret("STRIPE_WEBHOOK_SECRET")?)?;
    for forged in [false, true] {
        let mut request = signer.sign(r#"{"id":"evt_1","type":"a.b"}"#, SystemClock.now());
        *request.uri_mut() = "/webhooks/stripe".parse()?;
        request.headers_mut().insert("host", "localhost".parse()?);
        if forged {
            *request.body_mut() = r#"{"id":"evt_2","type":"a.b"}"#.into();
        }
        let reply = send.send_request(request.map(Full::new)).await?;
        println!("sender: {}", reply.status().as_u16());
    }

    let mut plain = TcpStream::connect(address).await?;
    plain
        .write_all(b"POST /webhooks/stripe HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await?;
    let mut reply = Vec::new();
    // A TLS alert, or a reset.
    let _ = plain.read_to_end(&mut reply).await;
    println!("plain HTTP gets a reply: {}", reply.starts_with(b"HTTP"));
    support::idle(inbox).await?;
    drop(stalled);
    Ok(())
}
