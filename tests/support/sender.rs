//! A sender of Stripe's kind: delivers each event again and again until it gets a 2xx.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
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

pub(crate) const SECRET: &str = "s3cret";

/// How long one event may go without a 2xx.
const PATIENCE: Duration = Duration::from_secs(60);

/// Cheap to clone: the same sender.
#[derive(Clone)]
pub(crate) struct Sender(Arc<Inner>);

struct Inner {
    address: Mutex<String>,
    next: AtomicUsize,
    acknowledged: Mutex<BTreeSet<String>>,
    again: AtomicUsize,
}

impl Sender {
    pub(crate) fn new(address: &str) -> Self {
        Self(Arc::new(Inner {
            address: Mutex::new(address.to_owned()),
            next: AtomicUsize::new(0),
            acknowledged: Mutex::new(BTreeSet::new()),
            again: AtomicUsize::new(0),
        }))
    }

    /// Where deliveries go from now on.
    pub(crate) fn move_to(&self, address: &str) {
        address.clone_into(&mut self.0.address.lock().expect("the address"));
    }

    /// The ids that got a 2xx.
    pub(crate) fn acknowledged(&self) -> BTreeSet<String> {
        self.0.acknowledged.lock().expect("the ids").clone()
    }

    pub(crate) fn acknowledged_count(&self) -> usize {
        self.0.acknowledged.lock().expect("the ids").len()
    }

    /// Deliveries that were not the first of their event.
    pub(crate) fn redelivered(&self) -> usize {
        self.0.again.load(Ordering::SeqCst)
    }

    /// Delivers so many events, over this many connections, until each has got its 2xx. The type
    /// of each is what `kind` makes of its number.
    pub(crate) fn deliver(
        &self,
        events: usize,
        connections: usize,
        kind: fn(usize) -> &'static str,
    ) {
        let end = self.0.next.load(Ordering::SeqCst) + events;
        thread::scope(|scope| {
            for _ in 0..connections {
                scope.spawn(|| {
                    let mut connection = Connection::new(self);
                    loop {
                        let more = |n| (n < end).then_some(n + 1);
                        let claimed =
                            self.0
                                .next
                                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
                        let Ok(n) = claimed else { break };
                        connection.insist(&id(n), kind(n));
                    }
                });
            }
        });
    }

    /// Delivers what was acknowledged once more, every `step`-th event.
    pub(crate) fn redeliver(&self, step: usize) {
        let mut connection = Connection::new(self);
        for id in self.acknowledged().iter().step_by(step) {
            connection.insist(id, "a.b");
        }
    }
}

pub(crate) fn id(n: usize) -> String {
    format!("evt_{n:06}")
}

struct Connection<'a> {
    sender: &'a Sender,
    signer: Signer,
    stream: Option<TcpStream>,
}

impl<'a> Connection<'a> {
    fn new(sender: &'a Sender) -> Self {
        let secret = Secret::new(SECRET).expect("a secret");
        let signer = Signer::new(provider::STRIPE, &secret).expect("a signer");
        Self {
            sender,
            signer,
            stream: None,
        }
    }

    fn insist(&mut self, id: &str, kind: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.post(id, kind) != Some(200) {
            assert!(Instant::now() < deadline, "{id} was never acknowledged");
            self.sender.0.again.fetch_add(1, Ordering::SeqCst);
            self.stream = None;
            thread::sleep(Duration::from_millis(20));
        }
        let mut acknowledged = self.sender.0.acknowledged.lock().expect("the ids");
        acknowledged.insert(id.to_owned());
    }

    /// Delivers once, and answers with the status; a connection that breaks is made again.
    fn post(&mut self, id: &str, kind: &str) -> Option<u16> {
        let body = format!(r#"{{"id":"{id}","type":"{kind}"}}"#);
        let request = self.signer.sign(body, SystemClock.now());
        let signature = request.headers()["stripe-signature"].to_str().ok()?;
        let head = format!(
            "POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\nstripe-signature: {signature}\r\n\
             content-length: {}\r\n\r\n",
            request.body().len()
        );
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let address = self.sender.0.address.lock().expect("the address").clone();
                let stream = TcpStream::connect(address).ok()?;
                stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
                none.insert(stream)
            }
        };
        let bytes = [head.as_bytes(), request.body()].concat();
        stream.write_all(&bytes).ok()?;
        let (mut read, mut chunk) = (Vec::new(), [0; 1_024]);
        while !read.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return None,
                Ok(len) => read.extend_from_slice(&chunk[..len]),
            }
        }
        std::str::from_utf8(read.get(9..12)?).ok()?.parse().ok()
    }
}
