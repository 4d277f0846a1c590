//! A way to a server that breaks when it is told to.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// When a connection breaks, next.
#[derive(Clone, Debug)]
pub(crate) enum Cut {
    /// When so many bytes of answers have passed, over all connections.
    Answers(usize),
    /// When a request has this in it, before the server gets it.
    Before(Vec<u8>),
    /// The same, once the server has answered it.
    After(Vec<u8>),
}

/// The cut that is to be made, if any.
type Next = Arc<Mutex<Option<Cut>>>;

pub(crate) struct Proxy {
    port: u16,
    /// Where new connections lead.
    server: Arc<AtomicU16>,
    cut: Next,
}

impl Proxy {
    /// Lives as long as the runtime does.
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let cut = Next::default();
        let shared = Arc::clone(&cut);
        let server = Arc::new(AtomicU16::new(server));
        let leads_to = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (cut, server) = (Arc::clone(&shared), leads_to.load(Ordering::SeqCst));
                tokio::spawn(async move {
                    // An error is the end of the connection, on both sides.
                    let _ = link(client, server, cut).await;
                });
            }
        });
        Self { port, server, cut }
    }

    /// Connections that are there already stay where they are.
    pub(crate) fn lead_to(&self, server: u16) {
        self.server.store(server, Ordering::SeqCst);
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Returns when it has been cut.
    pub(crate) async fn cut(&self, cut: Cut) {
        *self.cut.lock().expect("the cut") = Some(cut.clone());
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.cut.lock().expect("the cut").is_some() {
            assert!(Instant::now() < deadline, "never happened: {cut:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn link(mut client: TcpStream, server: u16, cut: Next) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut request, mut answer) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let bytes = &request[..read?];
                match cut_request(&cut, bytes) {
                    _ if bytes.is_empty() => return Ok(()),
                    None => server.write_all(bytes).await?,
                    Some(Cut::After(_)) => {
                        server.write_all(bytes).await?;
                        // Some of its answer: it has done it.
                        return server.read(&mut answer).await.map(drop);
                    }
                    Some(_) => return Ok(()),
                }
            }
            read = server.read(&mut answer) => {
                let count = read?;
                let passes = cut_answer(&cut, count);
                client.write_all(&answer[..passes]).await?;
                if count == 0 || passes < count {
                    return Ok(());
                }
            }
        }
    }
}

/// The cut, if it is to be made at this request.
fn cut_request(next: &Next, bytes: &[u8]) -> Option<Cut> {
    let mut next = next.lock().expect("the cut");
    next.take_if(|cut| match cut {
        Cut::Before(text) | Cut::After(text) => bytes.windows(text.len()).any(|part| part == *text),
        Cut::Answers(_) => false,
    })
}

/// How many of the answer's bytes pass.
fn cut_answer(next: &Next, count: usize) -> usize {
    let mut next = next.lock().expect("the cut");
    match &mut *next {
        Some(Cut::Answers(left)) if *left < count => {
            let passes = *left;
            *next = None;
            passes
        }
        Some(Cut::Answers(left)) => {
            *left -= count;
            count
        }
        _ => count,
    }
}
