//! Child processes: servers and Redis, and the CPU time that they used.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::Fallible;

/// A server: this program, started again.
pub(crate) struct Server {
    child: Child,
    /// Closed to say that it is time to stop.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(name: &str, redis: &str) -> Fallible<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", name, "--redis", redis])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .map_err(|_| format!("{name} did not start"))?;
        Ok(Self {
            child,
            input,
            output,
            address,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it. Answers how many events its worker has finished, if it has one.
    pub(crate) fn stop(mut self) -> Fallible<Option<u64>> {
        drop(self.input.take());
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        self.child.wait()?;
        Ok(line.trim().parse().ok())
    }
}

/// A redis-server on a port of its own.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Redis {
    /// With an append-only file that is synced like this; without persistence for `no`.
    pub(crate) fn start(appendfsync: &str) -> Fallible<Self> {
        let folder = tempfile::tempdir()?;
        let appendonly = if appendfsync == "no" { "no" } else { "yes" };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", appendonly])
            .args(["--appendfsync", appendfsync])
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|err| format!("redis-server is needed for this bench: {err}"))?;
        let redis = Self {
            child,
            port,
            _folder: folder,
        };
        let until = Instant::now() + Duration::from_secs(10);
        while redis.say("PING").is_err() {
            if Instant::now() > until {
                return Err("redis-server did not start".into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(redis)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn flush(&self) -> Fallible<()> {
        self.say("FLUSHALL SYNC")
    }

    fn say(&self, command: &str) -> Fallible<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        if text.starts_with('-') {
            return Err(text.into());
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.say("SHUTDOWN NOSAVE");
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of a process, in microseconds.
pub(crate) struct Cpu(f64);

impl Cpu {
    pub(crate) fn of(pid: u32) -> Fallible<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The second field is the name and may contain anything but ends with the last bracket.
        let (_, fields) = stat.rsplit_once(')').ok_or("/proc is not readable")?;
        let ticks = fields.split_ascii_whitespace().skip(11).take(2);
        let ticks = ticks.map(str::parse::<f64>).sum::<Result<f64, _>>()?;
        Ok(Self(ticks * MICROS_A_TICK))
    }

    pub(crate) fn since(&self, earlier: &Self) -> f64 {
        self.0 - earlier.0
    }
}

/// Linux shows 100 ticks a second on every usual architecture.
const MICROS_A_TICK: f64 = 10_000.0;
