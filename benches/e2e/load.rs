//! The load: a closed loop over kept connections, every request with an id and a signature of its
//! own.

use std::{
    io,
    net::SocketAddr,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::SECRET;

/// What is wrong with the requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Nothing.
    Genuine,
    /// Signed, but ten minutes ago.
    Stale,
    /// So many signatures, none of them good.
    Forged(usize),
}

impl Kind {
    fn status(self) -> &'static [u8] {
        match self {
            Self::Genuine => b"200",
            Self::Stale | Self::Forged(_) => b"401",
        }
    }
}

/// One kind of requests, from so many connections.
pub(crate) struct Load {
    kind: Kind,
    size: usize,
    connections: usize,
    /// Goes up over all runs: ids are never used twice.
    next: AtomicU64,
}

/// What came back.
#[derive(Default)]
pub(crate) struct Answers {
    /// Microseconds, sorted.
    pub(crate) micros: Vec<u32>,
    /// Answers with another status than the kind asks for.
    pub(crate) unexpected: u64,
}

impl Load {
    pub(crate) fn new(kind: Kind, size: usize, connections: usize) -> Self {
        Self {
            kind,
            size,
            connections,
            next: AtomicU64::new(1),
        }
    }

    /// Sends for this long.
    pub(crate) async fn run(&self, to: SocketAddr, span: Duration) -> Answers {
        let mut tasks = JoinSet::new();
        let share = self.next.fetch_add(1 << 32, Ordering::Relaxed);
        for connection in 0..self.connections as u64 {
            let (kind, request) = (self.kind, Request::new(self.kind, self.size));
            let first = share + (connection << 24);
            tasks.spawn(send(to, kind, request, first, Instant::now() + span));
        }
        let mut all = Answers::default();
        while let Some(answers) = tasks.join_next().await {
            let answers = answers.unwrap_or_default();
            all.micros.extend(answers.micros);
            all.unexpected += answers.unexpected;
        }
        all.micros.sort_unstable();
        all
    }
}

async fn send(
    to: SocketAddr,
    kind: Kind,
    mut request: Request,
    first: u64,
    until: Instant,
) -> Answers {
    let (mut answers, mut stream, mut number) = (Answers::default(), None, first);
    while Instant::now() < until {
        let mut connected = match stream.take() {
            Some(stream) => stream,
            None => match connect(to).await {
                Ok(stream) => stream,
                Err(_) => break,
            },
        };
        number += 1;
        request.sign(number);
        let begun = Instant::now();
        let answer = exchange(&mut connected, &request.bytes).await;
        let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
        match answer {
            Ok((status, kept)) => {
                answers.unexpected += u64::from(status != kind.status());
                stream = kept.then_some(connected);
            }
            // The server has answered, closed, and reset what was still on its way.
            Err(_) if kind != Kind::Genuine => {}
            Err(_) => answers.unexpected += 1,
        }
        answers.micros.push(micros);
    }
    answers
}

async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Writes a request and reads the answer, which may come before the request is written. Answers
/// with the status and whether the connection can be used again.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<([u8; 3], bool)> {
    let (mut reader, mut writer) = stream.split();
    let mut answer = std::pin::pin!(read(&mut reader));
    tokio::select! {
        biased;
        written = writer.write_all(request) => written?,
        early = &mut answer => return early.map(|(status, _)| (status, false)),
    }
    answer.await
}

async fn read(reader: &mut (impl AsyncReadExt + Unpin)) -> io::Result<([u8; 3], bool)> {
    let (mut buffer, mut len) = ([0; 1024], 0);
    loop {
        let read = reader.read(&mut buffer[len..]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        len += read;
        // All servers answer without a body.
        if let Some(head) = buffer[..len].strip_suffix(b"\r\n\r\n") {
            let mut status = [0; 3];
            status.copy_from_slice(head.get(9..12).unwrap_or(b"000"));
            let close = head.windows(17).any(|w| w == b"connection: close");
            return Ok((status, !close));
        }
    }
}

/// A request whose variable parts are overwritten in place.
struct Request {
    bytes: Vec<u8>,
    kind: Kind,
    time: Range<usize>,
    signature: Range<usize>,
    body: Range<usize>,
    id: Range<usize>,
    key: Hmac<Sha256>,
}

impl Request {
    fn new(kind: Kind, size: usize) -> Self {
        let candidates = if let Kind::Forged(n) = kind { n } else { 1 };
        let forged = format!(",v1={}", "5a".repeat(32)).repeat(candidates);
        let head = format!(
            "POST /webhooks/stripe HTTP/1.1\r\nhost: receiver.example\r\nuser-agent: Stripe/1.0\r\n\
             accept: */*\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\
             stripe-signature: t=0000000000{forged}\r\n\r\n"
        );
        let find = |text: &str, what: &str| text.find(what).unwrap_or_default() + what.len();
        let (time, signature) = (find(&head, "t=0") - 1, find(&head, ",v1="));
        let body = head.len()..head.len() + size;
        let text = event(size);
        let id = body.start + find(&text, "evt_");
        Self {
            bytes: (head + &text).into_bytes(),
            kind,
            time: time..time + 10,
            signature: signature..signature + 64,
            body,
            id: id..id + 20,
            // HMAC takes a key of any length.
            key: Hmac::new_from_slice(SECRET.as_bytes())
                .unwrap_or_else(|_| Hmac::new(&[0; 64].into())),
        }
    }

    fn sign(&mut self, number: u64) {
        self.bytes[self.id.clone()].copy_from_slice(format!("{number:020}").as_bytes());
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut secs = now.unwrap_or_default().as_secs();
        if self.kind == Kind::Stale {
            secs -= 600;
        }
        self.bytes[self.time.clone()].copy_from_slice(format!("{secs:010}").as_bytes());
        // What is refused unhashed needs no good signature, and what is forged has none.
        if self.kind != Kind::Genuine {
            return;
        }
        let mut mac = self.key.clone();
        mac.update(&self.bytes[self.time.clone()]);
        mac.update(b".");
        mac.update(&self.bytes[self.body.clone()]);
        let tag = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
        self.bytes[self.signature.clone()].copy_from_slice(tag.as_bytes());
    }
}

/// An event of exactly this size.
fn event(size: usize) -> String {
    let head = r#"{"id":"evt_00000000000000000000","object":"event","api_version":"2026-09-30","created":1790000000,"type":"invoice.paid","data":{"lines":["#;
    let line = r#"{"amount":1999,"memo":"Pro plan"},"#;
    let mut text = String::from(head);
    while text.len() + line.len() + 14 <= size {
        text.push_str(line);
    }
    text.push_str("0],\"pad\":\"");
    while text.len() + 3 < size {
        text.push('x');
    }
    text + "\"}}"
}
