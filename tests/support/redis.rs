//! A redis-server of a test's own: that of the path, or the program in `HOOKGATE_REDIS_SERVER`, an
//! older Redis or Valkey.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    fs::File,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
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
        server.find_port();
        server
    }

    fn find_port(&mut self) {
        // A port that is free now may be taken a moment later.
        for _ in 0..20 {
            let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
            self.port = probe.local_addr().expect("its number").port();
            drop(probe);
            if self.run() {
                return;
            }
        }
        panic!("redis-server did not start: {}", self.log());
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A replica of this one, in step with it.
    pub(crate) fn replica(&self) -> Self {
        let of = self.port.to_string();
        let replica = Self::start_with(&["--replicaof", "127.0.0.1", &of]);
        let until = Instant::now() + Duration::from_secs(10);
        while !self.info("replication").contains("state=online") {
            assert!(Instant::now() < until, "no link: {}", replica.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        replica
    }

    /// A section of its INFO.
    pub(crate) fn info(&self, section: &str) -> String {
        let mut text = String::new();
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        if let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
            let _ = write!(stream, "INFO {section}\r\n");
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_string(&mut text);
        }
        text
    }

    /// A Sentinel that watches this one as `primary` and fails over within a second or so.
    pub(crate) fn sentinel(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the Sentinel");
        let config = folder.path().join("sentinel.conf");
        let text = format!(
            "sentinel monitor primary 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds primary 500\n\
             sentinel failover-timeout primary 3000\n",
            self.port
        );
        std::fs::write(&config, text).expect("its configuration");
        let mut server = Self {
            child: None,
            port: 0,
            arguments: vec![config.display().to_string(), "--sentinel".to_owned()],
            folder,
        };
        server.find_port();
        server
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
        let program = std::env::var_os("HOOKGATE_REDIS_SERVER");
        let mut command = Command::new(program.unwrap_or_else(|| "redis-server".into()));
        let sentinel = self
            .arguments
            .iter()
            .any(|argument| argument == "--sentinel");
        if sentinel {
            command.args(&self.arguments);
        }
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--dir", &self.folder.path().display().to_string()]);
        if !sentinel {
            command.args(["--save", "", "--maxmemory-policy", "noeviction"]);
            command.args(["--repl-diskless-sync-delay", "0"]);
            command.args(&self.arguments);
        }
        let child = command
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
            stream.write_all(b"PING\r\nINFO server\r\n")?;
            // It closes then; a Sentinel knows no QUIT.
            stream.shutdown(Shutdown::Write)?;
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
