//! Where deliveries may come from: through axum and hyper over real sockets, with headers that lie.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "allowlist/servers.rs"]
mod servers;

use std::{
    convert::Infallible,
    io::Write,
    net::{IpAddr, Ipv6Addr},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hookgate::{
    ConfigError, Inbox, Rejection, RejectionKind, Secret, Source,
    allowlist::{AllowIpLayer, AllowList, HttpsOnlyLayer, IpList, Mode, Origin, PUBLISHED, Peer},
    clock::{Clock, SystemClock},
    inbox::{Failure, Job, on},
    provider,
    store::MemoryStore,
    telemetry,
    testing::Signer,
    verify::ReplyBody,
};
use http::{HeaderName, Request, Response};
use http_body::{Body, Frame};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::{Layer, ServiceExt, service_fn};

use servers::{BOTH, Either, head, send, status};

/// The only sender that is allowed wherever a header decides.
const SENDER: &str = "198.51.100.7";

fn list(text: &str) -> IpList {
    text.parse().unwrap()
}

fn allow(text: &str) -> AllowIpLayer {
    AllowIpLayer::new("github", list(text)).unwrap()
}

/// The reply to a delivery whose body must not be read.
async fn judge(layer: &(impl Clone + Into<Either>), request: Request<Untouched>) -> Response<()> {
    let receiver = service_fn(|_: Request<Untouched>| async {
        Ok::<_, Infallible>(Response::new(ReplyBody::default()))
    });
    let layer: Either = layer.clone().into();
    let response = layer.layer(receiver).oneshot(request).await;
    response.unwrap().map(drop)
}

fn request(lines: &[(&str, &str)]) -> Request<Untouched> {
    let mut request = Request::post("/");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    request.body(Untouched).unwrap()
}

fn kind(response: &Response<()>) -> Option<RejectionKind> {
    response.extensions().get().map(Rejection::kind)
}

/// A body of unknown length that must not be read.
struct Untouched;

impl Body for Untouched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was read")
    }
}

#[tokio::test]
async fn without_a_proxy_the_peer_decides_and_headers_do_not() {
    for server in BOTH {
        let origin = || server.origin(Origin::peer());
        let lies = [
            "x-forwarded-for: 198.51.100.7",
            "forwarded: for=198.51.100.7",
            "x-real-ip: 198.51.100.7",
        ];
        let strangers = server.start(allow(SENDER).with_origin(origin())).await;
        assert_eq!(strangers.deliver(&lies).await, 403, "{server:?}");
        assert_eq!(strangers.calls(), 0, "{server:?}");

        let layer = allow("127.0.0.0/8").with_origin(origin());
        let allowed = server.start(layer).await;
        let lies = ["x-forwarded-for: 203.0.113.1", "x-forwarded-for: unknown"];
        assert_eq!(allowed.deliver(&lies).await, 200, "{server:?}");
        assert_eq!(allowed.calls(), 1, "{server:?}");
    }
}

#[tokio::test]
async fn ipv6_peers_are_judged_as_well() {
    let loopback = IpAddr::V6(Ipv6Addr::LOCALHOST);
    for server in BOTH {
        for (text, expected) in [("::1", 200), ("::/8", 200), ("2001:db8::/32", 403)] {
            let layer = allow(text).with_origin(server.origin(Origin::peer()));
            let running = server.start_on(loopback, layer).await;
            assert_eq!(running.deliver(&[]).await, expected, "{server:?} {text}");
        }
    }
}

#[tokio::test]
async fn behind_proxies_the_entry_of_the_outermost_trusted_one_decides() {
    let cases: &[(usize, &[&str], u16)] = &[
        // One proxy: the right-most entry, over all lines.
        (1, &["x-forwarded-for: 198.51.100.7"], 200),
        (1, &["x-forwarded-for: 203.0.113.1, 198.51.100.7"], 200),
        (1, &["x-forwarded-for: 198.51.100.7, 203.0.113.1"], 403),
        (
            1,
            &[
                "x-forwarded-for: 198.51.100.7",
                "x-forwarded-for: 203.0.113.1",
            ],
            403,
        ),
        (
            1,
            &[
                "X-Forwarded-For: 203.0.113.1, 203.0.113.2",
                "x-forwarded-for:198.51.100.7:4711",
            ],
            200,
        ),
        // Two: the one before it, wherever the lines break.
        (2, &["x-forwarded-for: 198.51.100.7, 10.0.0.1"], 200),
        (
            2,
            &["x-forwarded-for: 198.51.100.7", "x-forwarded-for: 10.0.0.1"],
            200,
        ),
        (
            2,
            &["x-forwarded-for: 198.51.100.7, 203.0.113.1, 10.0.0.1"],
            403,
        ),
        (2, &["x-forwarded-for: 10.0.0.1, 198.51.100.7"], 403),
        // Hidden, odd or empty: refused, and what is left of it is no way out.
        (1, &["x-forwarded-for: 198.51.100.7, unknown"], 403),
        (1, &["x-forwarded-for: 198.51.100.7, _hidden"], 403),
        (1, &["x-forwarded-for: 198.51.100.7,"], 403),
        (
            1,
            &["x-forwarded-for: 198.51.100.7", "x-forwarded-for:"],
            403,
        ),
        (1, &["x-forwarded-for: \"198.51.100.7\""], 403),
        (1, &["x-forwarded-for: 198.51.100.7 203.0.113.1"], 403),
        // Not there, or too short: nobody knows.
        (1, &[], 500),
        (1, &["forwarded: for=198.51.100.7"], 500),
        (2, &["x-forwarded-for: 198.51.100.7"], 500),
        (16, &["x-forwarded-for: 198.51.100.7"], 500),
    ];
    for server in BOTH {
        for (proxies, lines, expected) in cases {
            let origin = server.origin(Origin::behind(*proxies).unwrap());
            let running = server.start(allow(SENDER).with_origin(origin)).await;
            let status = running.deliver(lines).await;
            assert_eq!(status, *expected, "{server:?} {proxies} {lines:?}");
            assert_eq!(running.calls(), usize::from(*expected == 200), "{lines:?}");
        }
    }
}

#[tokio::test]
async fn hundreds_of_header_lines_change_nothing() {
    for server in BOTH {
        let origin = server.origin(Origin::behind(2).unwrap());
        let running = server.start(allow(SENDER).with_origin(origin)).await;
        // As many as the servers take: some more lines and they answer 431 themselves.
        let lie = "x-forwarded-for: 198.51.100.7, 198.51.100.7, 198.51.100.7";
        let mut lines = vec![lie; 90];
        lines.push("x-forwarded-for: 203.0.113.9, 10.0.0.1");
        assert_eq!(running.deliver(&lines).await, 403, "{server:?}");
        lines.push("x-forwarded-for: 198.51.100.7, 10.0.0.1");
        assert_eq!(running.deliver(&lines).await, 200, "{server:?}");
    }
}

#[tokio::test]
async fn rfc_7239_is_read_from_the_right_too() {
    let sender = "for=198.51.100.7;proto=https";
    let cases = [
        (sender.to_owned(), 200),
        (format!("for=203.0.113.1, {sender}"), 200),
        (format!("{sender}, for=203.0.113.1"), 403),
        // A quote that is opened in front swallows nothing behind it.
        (format!("for=\"203.0.113.1, {sender}"), 200),
        (format!("{sender};x=\", for=203.0.113.1"), 403),
        ("For=\"198.51.100.7:80\"; by=10.0.0.1".to_owned(), 200),
        ("for=\"[::ffff:198.51.100.7]\"".to_owned(), 200),
        ("for=unknown".to_owned(), 403),
        ("for=_198.51.100.7".to_owned(), 403),
        ("proto=https".to_owned(), 500),
        ("for=198.51.100.7;for=198.51.100.7".to_owned(), 500),
    ];
    let layer = allow(SENDER).with_origin(Origin::behind(1).unwrap().with_forwarded());
    for (value, expected) in cases {
        let response = judge(&layer, request(&[("forwarded", &value)])).await;
        assert_eq!(response.status(), expected, "{value}");
    }
    let origin = Origin::behind(1)
        .unwrap()
        .with_address_header(HeaderName::from_static("x-real-ip"));
    let layer = allow(SENDER).with_origin(origin);
    let own = [("x-real-ip", SENDER), ("x-forwarded-for", "203.0.113.1")];
    assert_eq!(judge(&layer, request(&own)).await.status(), 200);
}

#[tokio::test]
async fn beside_the_proxy_nobody_gets_in() {
    for server in BOTH {
        for (proxies, expected) in [("127.0.0.1", 200), ("10.0.0.0/24", 403)] {
            let origin = Origin::behind(1).unwrap().only_from(list(proxies));
            let layer = allow(SENDER).with_origin(server.origin(origin));
            let running = server.start(layer).await;
            let lines = ["x-forwarded-for: 198.51.100.7"];
            assert_eq!(running.deliver(&lines).await, expected, "{server:?}");
        }
    }
}

#[tokio::test]
async fn beside_the_proxy_nobody_gets_in_where_the_connections_own_address_counts() {
    let origin = Origin::peer().only_from(list("10.0.0.0/8"));
    let from = |peer: &str| {
        let mut request = request(&[]);
        let peer = Peer::tls(peer.parse().unwrap());
        request.extensions_mut().insert(peer);
        request
    };
    let any = allow("10.0.0.1\n203.0.113.0/24").with_origin(origin.clone());
    let https = HttpsOnlyLayer::new("github").unwrap().with_origin(origin);
    for layer in [Either::Address(any), Either::Https(https)] {
        let inside = judge(&layer, from("10.0.0.1:1")).await;
        assert_eq!(inside.status(), 200);
        let outside = judge(&layer, from("203.0.113.9:1")).await;
        assert_eq!(kind(&outside), Some(RejectionKind::NotFromProxy));
    }
}

#[tokio::test]
async fn the_reason_is_in_the_extensions_and_nothing_is_said_to_the_sender() {
    let peer = |text: &str| {
        let mut request = request(&[]);
        let peer = Peer::plain(text.parse().unwrap());
        request.extensions_mut().insert(peer);
        request
    };
    let forwarded = |value| request(&[("x-forwarded-for", value)]);
    let behind = |n| allow(SENDER).with_origin(Origin::behind(n).unwrap());
    let origin = Origin::behind(1).unwrap().only_from(list("10.0.0.1"));
    let only = allow(SENDER).with_origin(origin);
    for (layer, request, expected) in [
        (allow(SENDER), peer("198.51.100.7:1"), None),
        (allow(SENDER), peer("[::ffff:198.51.100.7]:1"), None),
        (
            allow(SENDER),
            peer("203.0.113.1:1"),
            Some(RejectionKind::AddressNotAllowed),
        ),
        (
            allow(SENDER),
            request(&[]),
            Some(RejectionKind::UnknownOrigin),
        ),
        (
            behind(1),
            forwarded("no"),
            Some(RejectionKind::ForwardedAddress),
        ),
        (
            behind(2),
            forwarded(SENDER),
            Some(RejectionKind::UnknownOrigin),
        ),
        (
            only.clone(),
            peer("10.0.0.2:1"),
            Some(RejectionKind::NotFromProxy),
        ),
        (only, forwarded(SENDER), Some(RejectionKind::UnknownOrigin)),
    ] {
        let response = judge(&layer, request).await;
        assert_eq!(kind(&response), expected);
        let status = expected.map_or(http::StatusCode::OK, RejectionKind::status);
        assert_eq!(response.status(), status);
        assert!(response.headers().is_empty());
    }
}

#[tokio::test]
async fn only_https_passes_and_nobody_is_sent_elsewhere() {
    let over = |peer: fn(std::net::SocketAddr) -> Peer| {
        let mut request = request(&[("x-forwarded-proto", "https")]);
        let peer = peer("127.0.0.1:1".parse().unwrap());
        request.extensions_mut().insert(peer);
        request
    };
    let direct = HttpsOnlyLayer::new("github").unwrap();
    let proto = |value| request(&[("x-forwarded-proto", value)]);
    let behind = |n| direct.clone().with_origin(Origin::behind(n).unwrap());
    let origin = Origin::behind(1).unwrap();
    let named = HeaderName::from_static("cloudfront-forwarded-proto");
    let named = direct
        .clone()
        .with_origin(origin.clone().with_proto_header(named));
    let rfc = direct.clone().with_origin(origin.with_forwarded());
    let forwarded = |value| request(&[("forwarded", value)]);
    let plain = Some(RejectionKind::PlainHttp);
    let unknown = Some(RejectionKind::UnknownOrigin);
    for (layer, request, expected) in [
        (direct.clone(), over(Peer::tls), None),
        (direct.clone(), over(Peer::plain), plain),
        (direct.clone(), proto("https"), unknown),
        (behind(1), proto("https"), None),
        (behind(1), proto("HTTPS"), None),
        (behind(1), proto("http"), plain),
        (behind(1), proto("https, http"), plain),
        (behind(1), proto("http, https"), None),
        (behind(2), proto("https, http"), None),
        (behind(2), proto("https"), unknown),
        (behind(1), proto("wss"), plain),
        (behind(1), over(Peer::plain), None),
        (behind(1), request(&[]), unknown),
        (
            named.clone(),
            request(&[("cloudfront-forwarded-proto", "https")]),
            None,
        ),
        (named, proto("https"), unknown),
        (
            rfc.clone(),
            forwarded("proto=http, for=1.1.1.1;proto=https"),
            None,
        ),
        (
            rfc.clone(),
            forwarded("proto=https, for=1.1.1.1;proto=http"),
            plain,
        ),
        (rfc, forwarded("proto=https, for=1.1.1.1"), unknown),
    ] {
        let response = judge(&layer, request).await;
        assert_eq!(kind(&response), expected);
        assert!(!response.status().is_redirection());
    }
    for server in BOTH {
        let origin = server.origin(Origin::behind(1).unwrap());
        let running = server.start(direct.clone().with_origin(origin)).await;
        let mut stream = running.connect().await;
        send(&mut stream, &["x-forwarded-proto: http"], b"{}").await;
        let reply = head(&mut stream).await;
        assert!(reply.starts_with("HTTP/1.1 403"), "{server:?} {reply}");
        assert!(!reply.contains("location"), "{server:?} {reply}");
        let secure = ["x-forwarded-proto: https"];
        assert_eq!(running.deliver(&secure).await, 200, "{server:?}");
    }
}

#[tokio::test]
async fn a_refusal_comes_before_the_body_and_keeps_the_connection_when_it_is_small() {
    for server in BOTH {
        let origin = server.origin(Origin::behind(1).unwrap());
        let running = server.start(allow(SENDER).with_origin(origin)).await;
        let stranger = ["x-forwarded-for: 203.0.113.1"];
        let sender = ["x-forwarded-for: 198.51.100.7"];

        // Small: drained, and the next request on the same connection is served.
        let mut stream = running.connect().await;
        send(&mut stream, &stranger, &[b'x'; 100_000]).await;
        assert_eq!(status(&mut stream).await, 403, "{server:?}");
        send(&mut stream, &sender, b"{}").await;
        assert_eq!(status(&mut stream).await, 200, "{server:?}");

        // Large, and small but late: answered without it, and closed.
        for length in [1_000_000, 10] {
            let mut stream = running.connect().await;
            let text = format!(
                "POST / HTTP/1.1\r\nhost: x\r\n{}\r\ncontent-length: {length}\r\n\r\n",
                stranger[0]
            );
            stream.write_all(text.as_bytes()).await.unwrap();
            assert_eq!(status(&mut stream).await, 403, "{server:?} {length}");
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            assert!(rest.is_empty(), "{server:?} {length}");
        }
        assert_eq!(running.calls(), 1, "{server:?}");
    }
}

#[tokio::test]
async fn in_shadow_mode_everything_passes_until_it_is_switched() {
    for server in BOTH {
        let origin = server.origin(Origin::behind(2).unwrap());
        let layer = allow(SENDER).with_origin(origin);
        layer.set_mode(Mode::Shadow);
        let running = server.start(layer.clone()).await;
        let stranger = ["x-forwarded-for: 203.0.113.1, 10.0.0.1"];
        let mut stream = running.connect().await;
        for (mode, lines, expected) in [
            (Mode::Shadow, &stranger[..], 200),
            (Mode::Shadow, &[][..], 200),
            (Mode::Enforce, &stranger[..], 403),
            (Mode::Enforce, &[][..], 500),
            (Mode::Shadow, &stranger[..], 200),
        ] {
            layer.set_mode(mode);
            send(&mut stream, lines, b"{}").await;
            assert_eq!(status(&mut stream).await, expected, "{server:?} {mode:?}");
        }
        assert_eq!(running.calls(), 3, "{server:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_swapped_while_requests_are_judged() {
    const CLIENTS: usize = 8;
    for server in BOTH {
        let allowed = AllowList::new(list("127.0.0.1"));
        let layer = AllowIpLayer::new("github", allowed.clone()).unwrap();
        let layer = layer.with_origin(server.origin(Origin::peer()));
        let running = Arc::new(server.start(layer).await);
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (running, stop) = (Arc::clone(&running), Arc::clone(&stop));
                tokio::spawn(async move {
                    let (mut stream, mut seen) = (running.connect().await, [0, 0]);
                    while !stop.load(Ordering::SeqCst) {
                        send(&mut stream, &[], b"{}").await;
                        match status(&mut stream).await {
                            200 => seen[0] += 1,
                            403 => seen[1] += 1,
                            other => panic!("{server:?}: {other}"),
                        }
                    }
                    seen
                })
            })
            .collect();
        // Until both answers were given often enough, whatever the machine does meanwhile.
        while running.calls() < 200 {
            allowed.replace(list("203.0.113.1"));
            tokio::task::yield_now().await;
            allowed.replace(list("127.0.0.0/8\n::1"));
            tokio::task::yield_now().await;
        }
        allowed.replace(list("203.0.113.1"));
        let before = running.calls();
        assert_eq!(running.deliver(&[]).await, 403, "{server:?}");
        // At most what each client had under way when the list changed.
        assert!(running.calls() <= before + CLIENTS, "{server:?}");
        stop.store(true, Ordering::SeqCst);
        let mut seen = [0, 0];
        for client in clients {
            let [passed, refused] = client.await.unwrap();
            seen = [seen[0] + passed, seen[1] + refused];
        }
        assert_eq!(seen[0], running.calls(), "{server:?}: none but the allowed");
        assert!(seen[1] > 0, "{server:?}: {seen:?}");
    }
}

#[tokio::test]
async fn it_stands_before_an_inbox() {
    let secret = Secret::new("whsec_test").unwrap();
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret.clone());
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe.build().unwrap())
        .handler("work", on("*"), |_: Job| async { Ok::<_, Failure>(()) })
        .build()
        .await
        .unwrap();
    let https = HttpsOnlyLayer::new("stripe").unwrap();
    let layer = AllowIpLayer::new("stripe", list(SENDER)).unwrap();
    let endpoint = https.layer(layer.layer(inbox.endpoint("stripe").unwrap()));
    let app = axum::Router::new().route_service("/", endpoint);
    let deliver = async |peer: Peer| {
        let body = format!(r#"{{"id":"evt_{peer:?}","type":"a.b"}}"#);
        let signer = Signer::new(provider::STRIPE, &secret).unwrap();
        let mut request = signer.sign(body, SystemClock.now());
        *request.uri_mut() = "/".parse().unwrap();
        request.extensions_mut().insert(peer);
        let request = request.map(axum::body::Body::from);
        app.clone().oneshot(request).await.unwrap().status()
    };
    let address = format!("{SENDER}:1").parse().unwrap();
    assert_eq!(deliver(Peer::tls(address)).await, 200);
    assert_eq!(deliver(Peer::plain(address)).await, 403);
    let stranger = "203.0.113.1:1".parse().unwrap();
    assert_eq!(deliver(Peer::tls(stranger)).await, 403);
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 1);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn refusals_are_counted_and_logged_with_their_address_and_shadows_apart() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(subscriber, || {
            runtime.block_on(async {
                let layer = allow(SENDER).with_origin(Origin::behind(1).unwrap());
                for mode in [Mode::Enforce, Mode::Shadow] {
                    layer.set_mode(mode);
                    for value in ["203.0.113.66", "canary.example", SENDER] {
                        judge(&layer, request(&[("x-forwarded-for", value)])).await;
                    }
                    judge(&layer, request(&[])).await;
                }
            });
        });
    });
    let mut counted: Vec<_> = snapshotter.snapshot().into_vec();
    counted.retain(|(_, _, _, value)| matches!(value, DebugValue::Counter(_)));
    let mut counted: Vec<_> = counted
        .iter()
        .map(|(key, _, _, value)| {
            let labels: Vec<_> = key.key().labels().map(|label| label.value()).collect();
            format!("{} {labels:?} {value:?}", key.key().name())
        })
        .collect();
    counted.sort();
    let line = |name, kind| format!(r#"{name} ["github", "{kind}"] Counter(1)"#);
    let kinds = ["address_not_allowed", "forwarded_address", "unknown_origin"];
    let mut expected = vec![format!(r#"{} ["github"] Counter(3)"#, telemetry::RECEIVED)];
    expected.extend(kinds.map(|kind| line(telemetry::REJECTED, kind)));
    expected.extend(kinds.map(|kind| line(telemetry::SHADOWED, kind)));
    assert_eq!(counted, expected);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for (level, text, address) in [
        ("INFO", "delivery refused", true),
        ("WARN", "delivery would be refused", true),
        ("ERROR", "delivery not taken", false),
    ] {
        let mut lines = log.lines().filter(|line| line.contains(text));
        let of_address = lines.any(|line| line.contains("203.0.113.66") && line.contains(level));
        assert_eq!(of_address, address, "{text}:\n{log}");
    }
    assert_eq!(log.matches("fewer entries than").count(), 2, "{log}");
    assert!(!log.contains("canary"), "{log}");
}

#[test]
fn mistakes_surface_when_it_is_built() {
    for proxies in [0, 17, usize::MAX] {
        let refused = Origin::behind(proxies);
        assert!(matches!(refused, Err(ConfigError::OutOfRange { .. })));
    }
    let named = AllowIpLayer::new("git hub", list(SENDER));
    assert!(matches!(named, Err(ConfigError::BadName { .. })));
    let why = IpList::parse("192.0.2.1\n\nhooks.example.com\n").unwrap_err();
    let text = "line 3 of the address list, \"hooks.example.com\", is neither an address nor a \
                network; names are not looked up";
    assert_eq!(why.to_string(), text);
}

/// Schemes with a published list that have no row yet: spelled as their rows will be.
const NO_ROW_YET: &[&str] = &[
    "brevo",
    "clerk",
    "cloudflare-notifications",
    "microsoft-graph",
    "plaid",
    "resend",
    "stripe-thin",
];

#[test]
fn published_lists_name_rows_and_say_where_they_were_read() {
    let rows: Vec<_> = provider::ALL.iter().map(|row| row.slug).collect();
    for published in PUBLISHED {
        let slug = published.slug;
        let known = rows.contains(&slug) || NO_ROW_YET.contains(&slug);
        assert!(known, "{slug} is no provider's slug");
        for page in [published.url, published.source] {
            assert!(page.starts_with("https://"), "{slug}: {page}");
        }
        let (year, month) = published.checked.split_once('-').expect(slug);
        assert!(year.parse::<u16>().is_ok_and(|year| year >= 2026), "{slug}");
        assert!(
            month.parse().is_ok_and(|n: u8| (1..=12).contains(&n)),
            "{slug}"
        );
    }
    assert!(PUBLISHED.is_sorted_by(|a, b| a.slug < b.slug));
    for slug in NO_ROW_YET {
        assert!(PUBLISHED.iter().any(|published| published.slug == *slug));
    }
}

/// Entries of a forwarded header: the allowed sender, others, and whatever a header can hold.
fn entry() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(SENDER.to_owned()),
        3 => Just("203.0.113.1".to_owned()),
        1 => Just("unknown".to_owned()),
        1 => "[A-Za-z_!\"'#;= ]{0,12}",
    ]
}

proptest! {
    /// However many entries and lines there are: the verdict is that of the n-th from the right,
    /// as a reader of the whole list would count it, and the left-most has no say in it.
    #[test]
    fn the_left_most_entry_never_decides(
        lines in proptest::collection::vec(proptest::collection::vec(entry(), 1..4), 1..5),
        proxies in 1_usize..5,
        forged in entry(),
    ) {
        let layer = allow(SENDER).with_origin(Origin::behind(proxies).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let verdict = |lines: &[Vec<String>]| {
            let joined: Vec<_> = lines.iter().map(|line| line.join(", ")).collect();
            let lines: Vec<_> = joined.iter().map(|l| ("x-forwarded-for", &**l)).collect();
            kind(&runtime.block_on(judge(&layer, request(&lines))))
        };
        let all: Vec<_> = lines.iter().flatten().collect();
        let expected = match all.iter().rev().nth(proxies - 1).map(|entry| &***entry) {
            Some(SENDER) => None,
            Some("203.0.113.1") => Some(RejectionKind::AddressNotAllowed),
            Some(_) => Some(RejectionKind::ForwardedAddress),
            None => Some(RejectionKind::UnknownOrigin),
        };
        prop_assert_eq!(verdict(&lines), expected);

        if all.len() > proxies {
            let mut changed = lines.clone();
            changed[0][0] = forged;
            prop_assert_eq!(verdict(&changed), expected);
        }
        // One more in front of everything matters to nobody who was reached before.
        if all.len() >= proxies {
            let mut longer = lines.clone();
            longer.insert(0, vec![SENDER.to_owned(); 3]);
            prop_assert_eq!(verdict(&longer), expected);
        }
    }
}
