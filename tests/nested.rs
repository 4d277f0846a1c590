//! Senders that sign the URL, under `Router::nest`: the path that they signed is the whole one.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;

use axum::{Router, routing::any};
use bytes::Bytes;
use hookgate::{
    Event, Inbox, VerifyLayer,
    clock::{Clock, SystemClock},
    provider,
    scheme::SignedUrl,
    store::MemoryStore,
};
use http::{HeaderValue, Request, header};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

mod support;

const ORIGIN: &str = "https://hooks.example.com";

/// Sends a request as it is, with this target and host in the place of its own, and answers with
/// the status.
async fn send(to: SocketAddr, request: Request<Bytes>, target: &str, host: &str) -> u16 {
    let (parts, body) = request.into_parts();
    let mut head = format!("{} {target} HTTP/1.1\r\nhost: {host}\r\n", parts.method);
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head.push_str(&format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    ));
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    let status = reply.strip_prefix("HTTP/1.1 ").expect("a reply");
    status[..3].parse().unwrap()
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// An endpoint of the inbox and a route behind the layer, both two nests deep.
async fn receiver(row: provider::Provider, origin: &str) -> SocketAddr {
    let source = support::builder(row, &[1]).with_public_url(origin);
    let source = source.build().unwrap();
    let layer = VerifyLayer::new(source.clone());
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source)
        .allow_unrouted()
        .build()
        .await
        .unwrap();
    let route = any(async |event: Event| drop(event)).layer(layer);
    let hooks = Router::new()
        .route("/layer", route)
        .route_service("/inbox", inbox.endpoint(row.slug).unwrap());
    serve(Router::new().nest("/api", Router::new().nest("/hooks", hooks))).await
}

#[tokio::test]
async fn every_preset_that_signs_the_url_is_verified_by_the_whole_path() {
    let now = SystemClock.now();
    let rows = provider::ALL.iter().copied();
    let rows: Vec<_> = rows
        .filter(|row| row.scheme.signed_url() == SignedUrl::Origin)
        .collect();
    let slugs: Vec<_> = rows.iter().map(|row| row.slug).collect();
    assert!(slugs.contains(&"twilio-form") && slugs.contains(&"hubspot-v3"));
    for row in rows {
        let receiver = receiver(row, ORIGIN).await;
        for leaf in ["layer", "inbox"] {
            let target = format!("/api/hooks/{leaf}?a=1&b=%20x");
            let signed = |target: &str| {
                let signer = support::signer(row).with_target(target);
                let body = support::body(&row, b"hi", now);
                let request = signer.sign(body, now);
                let target = request.uri().to_string();
                (request, target)
            };
            let (request, sent) = signed(&target);
            let status = send(receiver, request, &sent, "hooks.example.com").await;
            assert!(
                (200..300).contains(&status),
                "{} {leaf}: {status}",
                row.slug
            );

            // What the router leaves of the path is not what was signed.
            let (request, stripped) = signed(&format!("/{leaf}?a=1&b=%20x"));
            let sent = format!("/api/hooks{stripped}");
            let status = send(receiver, request, &sent, "hooks.example.com").await;
            assert_eq!(status, 401, "{} {leaf}", row.slug);
        }
    }
}

#[tokio::test]
async fn what_a_proxy_takes_away_is_configured_and_what_nest_takes_away_is_not() {
    let row = provider::TWILIO_FORM;
    let receiver = receiver(row, "https://hooks.example.com/behind/proxy").await;
    let signer = support::signer(row).with_public_url("https://hooks.example.com/behind/proxy");
    let request = signer
        .with_target("/api/hooks/inbox")
        .sign("Body=hi", SystemClock.now());
    assert_eq!(send(receiver, request, "/api/hooks/inbox", "h").await, 200);
}

#[tokio::test]
async fn what_a_request_says_about_its_host_is_never_used() {
    let row = provider::TWILIO_FORM;
    let receiver = receiver(row, ORIGIN).await;
    let signed = |origin: &str| {
        let mut request = support::signer(row)
            .with_public_url(origin)
            .with_target("/api/hooks/inbox")
            .sign("Body=hi", SystemClock.now());
        for name in ["x-forwarded-host", "x-original-uri", "x-original-url"] {
            let evil = HeaderValue::from_static("https://evil.example/api/hooks/inbox");
            request.headers_mut().insert(name, evil);
        }
        let proto = HeaderValue::from_static("https");
        request.headers_mut().insert("x-forwarded-proto", proto);
        request.headers_mut().remove(header::HOST);
        request
    };
    let targets = [
        "/api/hooks/inbox",
        "https://evil.example/api/hooks/inbox", // the absolute form of RFC 9112, section 3.2.2
    ];
    for target in targets {
        let genuine = send(receiver, signed(ORIGIN), target, "evil.example").await;
        assert_eq!(genuine, 200, "{target}");
        let evil = signed("https://evil.example");
        assert_eq!(
            send(receiver, evil, target, "evil.example").await,
            401,
            "{target}"
        );
    }
}
