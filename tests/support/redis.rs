//! A redis-server of a test's own.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use deadpool_redis::{Config, Pool, Runtime};
use hookgate::store::redis::deadpool_redis;
use tempfile::TempDir;

/// Killed when dropped, and its files removed.
pub(crate) struct RedisServer {
    child: Option<Child>,
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
}

impl RedisServer {
    /// Starts one without persistence.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--appendonly", "no"])
    }

    /// Starts one with these arguments in addition to what every test needs.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for redis-server");
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        let mut server = Self {
            child: None,
            port: 0,
            arguments,
            folder,
        };
        // A port that is free now may be taken a moment later.
        for _ in 0..20 {
            let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
            server.port = probe.local_addr().expect("its number").port();
            drop(probe);
            if server.run() {
                return server;
            }
        }
        panic!("redis-server did not start: {}", server.log());
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn pool(&self) -> Pool {
        let config = Config::from_url(self.url());
        config.create_pool(Some(Runtime::Tokio1)).expect("a pool")
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends a signal by its name, e.g. `-STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self
            .child
            .as_ref()
            .expect("a running server")
            .id()
            .to_string();
        let status = Command::new("kill")
            .args([name, &pid])
            .status()
            .expect("kill");
        assert!(status.success());
    }

    /// Starts it again on its port, with what it has on disk.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let until = Instant::now() + Duration::from_secs(10);
        while !self.run() {
            assert!(
                Instant::now() < until,
                "redis-server did not come back: {}",
                self.log()
            );
        }
    }

    fn run(&mut self) -> bool {
        let log = File::create(self.folder.path().join("log")).expect("a log file");
        let child = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args(["--dir", &self.folder.path().display().to_string()])
            .args(["--maxmemory-policy", "noeviction"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap_or_else(|err| {
            panic!("redis-server is needed for this test and cannot be run ({err}): install Redis")
        });
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until && child.try_wait().expect("its state").is_none() {
            if self.answers(child.id()) {
                self.child = Some(child);
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }

    /// Whether it is this process that answers on the port, and not another one that took it.
    fn answers(&self, pid: u32) -> bool {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"PING\r\nINFO server\r\nQUIT\r\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        ask().is_ok_and(|text| {
            text.starts_with("+PONG") && text.contains(&format!("process_id:{pid}\r"))
        })
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
