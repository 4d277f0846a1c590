//! Processes are killed in the middle of their work, and nothing that was acknowledged is lost.
//!
//! `HOOKGATE_CRASH_SECONDS` is how long each round delivers (default 1; a soak takes 30).

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/receiver.rs"]
mod receiver;
#[path = "support/redis.rs"]
mod redis;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hookgate::{
    Secret,
    clock::{Clock, SystemClock},
    provider,
    testing::Signer,
};

use receiver::Receiver;
use redis::RedisServer;

const SECRET: &str = "s3cret";

fn round() -> Duration {
    let secs = std::env::var("HOOKGATE_CRASH_SECONDS")
        .ok()
        .and_then(|secs| secs.parse().ok());
    Duration::from_secs(secs.unwrap_or(1))
}

/// Ids that got a 2xx, and how many deliveries did not.
#[derive(Default)]
struct Outcome {
    acknowledged: Mutex<BTreeSet<String>>,
    refused: AtomicUsize,
}

/// Delivers new events over eight connections until told to stop; a connection that breaks is made
/// again, as a sender would.
fn deliver(receiver: &Receiver, outcome: &Outcome, next: &AtomicUsize, stop: &AtomicBool) {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let signer = Signer::new(provider::STRIPE, &Secret::new(SECRET).unwrap()).unwrap();
                let mut stream = None;
                while !stop.load(Ordering::SeqCst) {
                    let id = format!("evt_{:06}", next.fetch_add(1, Ordering::SeqCst));
                    let body = format!(r#"{{"id":"{id}","type":"a.b"}}"#);
                    let request = signer.sign(body, SystemClock.now());
                    let signature = request.headers()["stripe-signature"].to_str().unwrap();
                    let text = format!(
                        "POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\nstripe-signature: {signature}\r\n\
                         content-length: {}\r\n\r\n",
                        request.body().len()
                    );
                    let bytes = [text.as_bytes(), request.body()].concat();
                    if post(receiver.address(), &mut stream, &bytes) == Some(200) {
                        outcome.acknowledged.lock().unwrap().insert(id);
                    } else {
                        stream = None;
                        outcome.refused.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(10));
                    }
                }
            });
        }
    });
}

fn post(address: &str, stream: &mut Option<TcpStream>, bytes: &[u8]) -> Option<u16> {
    if stream.is_none() {
        let connected = TcpStream::connect(address).ok()?;
        connected
            .set_read_timeout(Some(Duration::from_secs(5)))
            .ok()?;
        *stream = Some(connected);
    }
    let stream = stream.as_mut()?;
    stream.write_all(bytes).ok()?;
    let (mut read, mut chunk) = (Vec::new(), [0; 1_024]);
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(len) => read.extend_from_slice(&chunk[..len]),
        }
    }
    std::str::from_utf8(read.get(9..12)?).ok()?.parse().ok()
}

/// How often each id was handled.
fn handled(lines: &[String]) -> BTreeMap<String, usize> {
    let mut handled = BTreeMap::new();
    for line in lines {
        let id = line
            .split("\"id\":\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        *handled.entry(id.to_owned()).or_default() += 1;
    }
    handled
}

fn settings(url: &str) -> [(&str, &str); 2] {
    [("STORE", url), ("STRIPE_WEBHOOK_SECRET", SECRET)]
}

/// Delivers, and does something terrible half-way through.
fn a_round(receiver: &Receiver, outcome: &Outcome, next: &AtomicUsize, terrible: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| deliver(receiver, outcome, next, &stop));
        thread::sleep(round());
        terrible();
        thread::sleep(Duration::from_millis(200));
        stop.store(true, Ordering::SeqCst);
    });
}

#[test]
fn a_receiver_that_is_killed_loses_nothing_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("embedded:{}", folder.path().join("hooks.redb").display());
    let (outcome, next) = (Outcome::default(), AtomicUsize::new(0));
    let mut lines = Vec::new();
    for _ in 0..3 {
        let receiver = Receiver::start("receiver", &settings(&store));
        let pid = receiver.pid();
        a_round(&receiver, &outcome, &next, || {
            receiver::signal(pid, "-KILL")
        });
        lines.extend(receiver.stop());
    }
    let receiver = Receiver::start("receiver", &settings(&store));
    nothing_is_missing(&outcome, lines, receiver);
}

#[test]
fn receivers_and_redis_that_are_killed_lose_nothing_with_a_synced_log() {
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let url = server.url();
    let (outcome, next) = (Outcome::default(), AtomicUsize::new(0));
    let mut lines = Vec::new();

    // The receiver, three times.
    for _ in 0..3 {
        let receiver = Receiver::start("receiver", &settings(&url));
        let pid = receiver.pid();
        a_round(&receiver, &outcome, &next, || {
            receiver::signal(pid, "-KILL")
        });
        lines.extend(receiver.stop());
    }
    let survived_receivers = outcome.acknowledged.lock().unwrap().len();

    // Redis, under a receiver that lives on.
    let receiver = Receiver::start("receiver", &settings(&url));
    a_round(&receiver, &outcome, &next, || {
        server.kill();
        thread::sleep(Duration::from_millis(300));
        server.restart();
        thread::sleep(Duration::from_millis(1_500));
    });
    let acknowledged = outcome.acknowledged.lock().unwrap().len();
    assert!(
        acknowledged > survived_receivers + 20,
        "none while Redis was killed"
    );
    nothing_is_missing(&outcome, lines, receiver);
}

/// Waits until every acknowledged event was handled. What workers held when they died comes back
/// when its lease ends, after half a minute.
fn nothing_is_missing(outcome: &Outcome, mut lines: Vec<String>, receiver: Receiver) {
    let acknowledged = outcome.acknowledged.lock().unwrap();
    assert!(
        acknowledged.len() > 100,
        "only {} deliveries were acknowledged",
        acknowledged.len()
    );
    let deadline = Instant::now() + Duration::from_secs(90);
    let missing = loop {
        let mut so_far = lines.clone();
        so_far.extend(receiver.lines());
        let handled = handled(&so_far);
        let missing = acknowledged
            .iter()
            .filter(|id| !handled.contains_key(*id))
            .count();
        if missing == 0 || Instant::now() > deadline {
            break missing;
        }
        thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(missing, 0, "acknowledged and never handled");
    lines.extend(receiver.stop());
    let handled = handled(&lines);
    let twice = handled.values().filter(|n| **n > 1).count();
    let most = handled.values().max().unwrap();
    println!(
        "{} acknowledged, {} not, {} handled, {twice} of them more than once",
        acknowledged.len(),
        outcome.refused.load(Ordering::SeqCst),
        handled.len(),
    );
    // A job may run again for each worker that died with it, and for no other reason.
    assert!(*most <= 5, "{most} runs of one event");
    assert!(
        twice <= 64 * 4,
        "{twice}: more than dying workers can have held"
    );
}
