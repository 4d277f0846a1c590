//! `rediss://`: through a server certificate of a CA of one's own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::*;

/// The CA's certificate, and what the server shows.
fn certificates() -> (String, ServerConfig) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&key, &ca).unwrap();
    let key = key.serialize_der().try_into().unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![server.der().clone()], key);
    let ca = data_encoding::BASE64.encode(ca.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{ca}\n-----END CERTIFICATE-----\n");
    (pem, config.unwrap())
}

/// Ends TLS in front of this address; answers with its own.
async fn in_front_of(server: String, config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                // A client that trusts somebody else hangs up.
                let Ok(mut inner) = acceptor.accept(stream).await else {
                    return;
                };
                let mut outer = TcpStream::connect(server).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_behind_tls_is_reached_by_whoever_trusts_its_ca() {
    let scene = Scene::new(Place::redis()).await;
    let plain = scene.store();
    let address = plain.trim_start_matches("redis://").trim_end_matches('/');
    let (ca, config) = certificates();
    let port = in_front_of(address.to_owned(), config).await;
    let store = format!("rediss://localhost:{port}");
    let why = hookgate(&store, &["inbox", "stats"]).bad(3);
    assert!(why.contains("certificate"), "{why}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca).unwrap();
    let mut trusting = program();
    trusting.env("HOOKGATE_STORE", &store);
    trusting.env("SSL_CERT_FILE", &file);
    trusting.args(["inbox", "stats", "--json"]);
    let stats: Value = serde_json::from_str(&ran(trusting).good()).unwrap();
    assert_eq!(stats["handlers"][0]["dead"], 8);
}
