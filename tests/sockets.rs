//! Both example receivers as processes of their own, over real sockets.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "sockets/environment.rs"]
mod environment;
#[path = "sockets/handshakes.rs"]
mod handshakes;
#[path = "support/receiver.rs"]
mod receiver;
#[path = "support/redis.rs"]
mod redis;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use hookgate::{
    Secret,
    clock::{Clock, SystemClock, UnixTime},
    provider::{self, Provider},
    testing::Signer,
};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use receiver::Receiver;

const SECRET: &str = "s3cret";

fn signed(row: Provider, id: &str, body: &str, now: UnixTime) -> Request<bytes::Bytes> {
    let signer = Signer::new(row, &Secret::new(SECRET).unwrap()).unwrap();
    signer
        .with_id(id)
        .with_type("push")
        .sign(body.to_owned(), now)
}

fn event(id: &str) -> String {
    format!(r#"{{"id":"{id}","type":"a.b"}}"#)
}

/// The head of a request as bytes, without a length.
fn head(request: &Request<bytes::Bytes>, path: &str) -> String {
    let mut text = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text
}

/// The whole request with a declared length.
fn bytes_of(request: &Request<bytes::Bytes>, path: &str) -> Vec<u8> {
    let mut all = head(request, path);
    all.push_str(&format!("content-length: {}\r\n\r\n", request.body().len()));
    [all.as_bytes(), request.body()].concat()
}

fn connect(receiver: &Receiver) -> TcpStream {
    let stream = TcpStream::connect(receiver.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Reads the heads of `n` replies, whose bodies are empty, and answers with their statuses.
fn statuses(stream: &mut TcpStream, n: usize) -> Vec<u16> {
    let mut read = Vec::new();
    let mut chunk = [0; 4_096];
    while read.windows(4).filter(|end| end == b"\r\n\r\n").count() < n {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(len) => read.extend_from_slice(&chunk[..len]),
            Err(why) => panic!(
                "no reply: {why}; so far {:?}",
                String::from_utf8_lossy(&read)
            ),
        }
    }
    let text = String::from_utf8(read).unwrap();
    let lines = text
        .split("\r\n")
        .filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.map(|line| line[..3].parse().unwrap()).collect()
}

/// The two examples: their names, a source each, and where it is mounted.
fn each() -> [(&'static str, Provider, &'static str, Receiver); 2] {
    let secret = [
        ("GITHUB_WEBHOOK_SECRET", SECRET),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
    ];
    ["receiver", "hyper_receiver"].map(|name| {
        let path = if name == "receiver" {
            "/webhooks/github"
        } else {
            "/"
        };
        (name, provider::GITHUB, path, Receiver::start(name, &secret))
    })
}

#[test]
fn deliveries_may_be_slow_chunked_or_pipelined() {
    for (name, row, path, receiver) in each() {
        let now = SystemClock.now();
        // A byte at a time.
        let slow = signed(row, "slow", &event("slow"), now);
        let mut stream = connect(&receiver);
        stream.set_nodelay(true).unwrap();
        for byte in bytes_of(&slow, path) {
            stream.write_all(&[byte]).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(statuses(&mut stream, 1), [200], "{name}");

        // Chunked, with chunks of every size and a trailer, on the same connection.
        let chunked = signed(row, "chunked", &event("chunked"), now);
        let mut text = head(&chunked, path).into_bytes();
        text.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        let (mut rest, mut size) = (&chunked.body()[..], 1);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            text.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            text.extend_from_slice(chunk);
            text.extend_from_slice(b"\r\n");
            (rest, size) = (after, size + 1);
        }
        text.extend_from_slice(b"0\r\nx-trailer: 1\r\n\r\n");
        stream.write_all(&text).unwrap();
        assert_eq!(statuses(&mut stream, 1), [200], "{name}");

        // Ten at once: genuine and forged ones in turn, answered in order.
        let mut text = Vec::new();
        for n in 0..10 {
            let id = format!("pipelined-{n}");
            let mut request = signed(row, &id, &event(&id), now);
            if n % 2 == 1 {
                *request.body_mut() = event("forged").into();
            }
            text.extend_from_slice(&bytes_of(&request, path));
        }
        stream.write_all(&text).unwrap();
        assert_eq!(statuses(&mut stream, 10), [200, 401].repeat(5), "{name}");

        receiver.wait_for("pipelined-8");
        let lines = receiver.stop();
        for id in ["slow", "chunked", "pipelined-0", "pipelined-8"] {
            assert_eq!(
                lines.iter().filter(|line| line.contains(id)).count(),
                1,
                "{name} {id}"
            );
        }
        assert!(!lines.iter().any(|line| line.contains("forged")), "{name}");
    }
}

#[test]
fn what_is_refused_early_keeps_its_connection_when_it_is_small_and_loses_it_when_it_is_large() {
    for (name, row, path, receiver) in each() {
        let good = signed(row, "after", &event("after"), SystemClock.now());
        let refused = |len: usize| {
            let mut text =
                format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len}\r\n\r\n");
            text.push_str(&"x".repeat(len));
            text.into_bytes()
        };
        let mut stream = connect(&receiver);
        stream.write_all(&refused(100_000)).unwrap();
        assert_eq!(statuses(&mut stream, 1), [401], "{name}");
        stream.write_all(&bytes_of(&good, path)).unwrap();
        assert_eq!(
            statuses(&mut stream, 1),
            [200],
            "{name}: the connection lives"
        );

        // Large: answered before its body is there, and closed.
        let mut stream = connect(&receiver);
        let text = refused(800_000);
        stream.write_all(&text[..1_000]).unwrap();
        assert_eq!(statuses(&mut stream, 1), [401], "{name}");
        let mut end = Vec::new();
        let _ = stream.read_to_end(&mut end);
        assert!(end.is_empty(), "{name}");

        // Too large by its own word.
        let mut stream = connect(&receiver);
        let text = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        assert_eq!(statuses(&mut stream, 1), [413], "{name}");
        receiver.stop();
    }
}

#[test]
fn a_client_that_hangs_up_or_stalls_harms_nobody() {
    for (name, row, path, receiver) in each() {
        let now = SystemClock.now();
        for n in 0..50 {
            let cut = signed(row, "cut", &event("cut"), now);
            let bytes = bytes_of(&cut, path);
            let mut stream = connect(&receiver);
            stream
                .write_all(&bytes[..bytes.len() - 1 - n % 20])
                .unwrap();
            if n % 2 == 0 {
                stream.shutdown(Shutdown::Both).unwrap();
            }
        }
        // Stalled in the middle of the body, while others are served.
        let stalled = signed(row, "stalled", &event("stalled"), now);
        let mut stalling = connect(&receiver);
        let bytes = bytes_of(&stalled, path);
        stalling.write_all(&bytes[..bytes.len() - 5]).unwrap();
        let begun = Instant::now();
        let good = signed(row, "good", &event("good"), now);
        let mut stream = connect(&receiver);
        stream.write_all(&bytes_of(&good, path)).unwrap();
        assert_eq!(statuses(&mut stream, 1), [200], "{name}");
        assert_eq!(statuses(&mut stalling, 1), [408], "{name}");
        assert!(begun.elapsed() < Duration::from_secs(15), "{name}");
        receiver.wait_for("good");
        let lines = receiver.stop();
        assert_eq!(lines.len(), 1, "{name}: {lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_served_as_well() {
    for (name, row, path, receiver) in each() {
        let client = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        let mut replies = Vec::new();
        for n in 0..40 {
            let id = format!("h2-{n}");
            let mut request = signed(row, &id, &event(&id), SystemClock.now());
            if n % 4 == 3 {
                request.headers_mut().remove("x-hub-signature-256");
            }
            *request.uri_mut() = format!("http://{}{path}", receiver.address())
                .parse()
                .unwrap();
            *request.version_mut() = http::Version::HTTP_2;
            let client = client.clone();
            replies.push((n, tokio::spawn(client.request(request.map(Full::new)))));
        }
        for (n, reply) in replies {
            let reply = reply.await.unwrap().unwrap();
            assert_eq!(reply.version(), http::Version::HTTP_2);
            assert_eq!(
                reply.status(),
                if n % 4 == 3 { 401 } else { 200 },
                "{name} {n}"
            );
            assert!(
                reply
                    .into_body()
                    .collect()
                    .await
                    .unwrap()
                    .to_bytes()
                    .is_empty()
            );
        }
        receiver.wait_for("h2-38");
        assert_eq!(receiver.stop().len(), 30, "{name}");
    }
}

#[test]
fn the_receiver_does_what_the_readme_says_over_every_store() {
    let server = redis::RedisServer::start();
    let url = server.url();
    let folder = tempfile::tempdir().unwrap();
    let file = format!("embedded:{}", folder.path().join("hooks.redb").display());
    for store in ["memory", &file, &url] {
        let settings = [
            ("STORE", store),
            ("STRIPE_WEBHOOK_SECRET", "old, s3cret"),
            ("SHOPIFY_WEBHOOK_SECRET", SECRET),
            ("SQUARE_WEBHOOK_SECRET", SECRET),
            ("PUBLIC_URL", "https://hooks.example/"),
        ];
        let receiver = Receiver::start("receiver", &settings);
        let now = SystemClock.now();
        let send = |request: &Request<bytes::Bytes>, path: &str| {
            let mut stream = connect(&receiver);
            stream.write_all(&bytes_of(request, path)).unwrap();
            statuses(&mut stream, 1)[0]
        };
        let stripe = |id: &str, now| signed(provider::STRIPE, id, &event(id), now);
        assert_eq!(send(&stripe("evt_1", now), "/webhooks/stripe"), 200);
        assert_eq!(send(&stripe("evt_1", now), "/webhooks/stripe"), 200);
        let old = UnixTime::from_secs(now.as_secs() - 301);
        assert_eq!(send(&stripe("evt_2", old), "/webhooks/stripe"), 401);
        let mut changed = stripe("evt_3", now);
        *changed.body_mut() = event("evt_4").into();
        assert_eq!(send(&changed, "/webhooks/stripe"), 401);
        let shopify = signed(provider::SHOPIFY, "w1", "{}", now);
        assert_eq!(send(&shopify, "/webhooks/shopify"), 200);
        let secret = Secret::new(SECRET).unwrap();
        let square = Signer::new(provider::SQUARE, &secret)
            .unwrap()
            .with_public_url("https://hooks.example/webhooks/square")
            .sign(r#"{"event_id":"sq1","type":"t"}"#, now);
        assert_eq!(send(&square, "/webhooks/square"), 200);
        assert_eq!(
            send(&stripe("evt_5", now), "/webhooks/github"),
            404,
            "no secret, not mounted"
        );
        receiver.wait_for("sq1");
        receiver.wait_for("w1");
        let lines = receiver.stop();
        let evt_1: Vec<_> = lines.iter().filter(|line| line.contains("evt_1")).collect();
        let expected =
            r#"{"source":"stripe","id":"evt_1","type":"a.b","handler":"print","attempt":1}"#;
        assert_eq!(evt_1, [expected]);
        assert_eq!(lines.len(), 3, "{lines:?}");
    }
}

#[test]
fn two_processes_on_one_redis_accept_each_event_once() {
    let server = redis::RedisServer::start();
    let settings = [("STORE", &*server.url()), ("STRIPE_WEBHOOK_SECRET", SECRET)]
        .map(|(name, value)| (name, value.to_owned()));
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let receivers = [(); 2].map(|()| Receiver::start("receiver", &settings));
    const EVENTS: usize = 1_000;
    let now = SystemClock.now();
    thread::scope(|scope| {
        for receiver in &receivers {
            scope.spawn(move || {
                // Both send the same ids in the same order, a pipeline of 20 at a time.
                let mut stream = connect(receiver);
                for batch in 0..EVENTS / 20 {
                    let mut text = Vec::new();
                    for n in 0..20 {
                        let id = format!("evt_{}.", batch * 20 + n);
                        let request = signed(provider::STRIPE, &id, &event(&id), now);
                        text.extend_from_slice(&bytes_of(&request, "/webhooks/stripe"));
                    }
                    stream.write_all(&text).unwrap();
                    assert_eq!(statuses(&mut stream, 20), [200; 20]);
                }
            });
        }
    });
    let deadline = Instant::now() + Duration::from_secs(20);
    while receivers
        .iter()
        .map(Receiver::lines)
        .map(|l| l.len())
        .sum::<usize>()
        < EVENTS
    {
        assert!(Instant::now() < deadline, "not every event was handled");
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(300));
    let mut lines: Vec<_> = receivers.into_iter().flat_map(Receiver::stop).collect();
    assert_eq!(lines.len(), EVENTS);
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), EVENTS, "each once");
}
