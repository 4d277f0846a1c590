//! A receiver in a process of its own: an example, or a part of a test.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Killed when dropped.
pub(crate) struct Receiver {
    child: Child,
    address: String,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts this example with these variables, on a free port, and waits until it listens.
    pub(crate) fn start(example: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(built().join(example));
        command
            .env_clear()
            .env("LISTEN", "127.0.0.1:0")
            .env("STORE", "memory")
            .envs(variables.iter().copied());
        Self::run(command)
    }

    /// Starts the ignored test `child` of this test binary, with these variables.
    pub(crate) fn child(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the path of this test"));
        command
            .args(["--exact", "child::child", "--ignored", "--nocapture"])
            .envs(variables.iter().copied());
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut first = Vec::new();
        // A test says something of its own before.
        let address = loop {
            let Some(Ok(line)) = out.next() else {
                panic!("it did not start: {first:?}")
            };
            match line.strip_prefix("listening on http://") {
                Some(address) => break address.trim().to_owned(),
                None => first.push(line),
            }
        };
        let lines = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            for line in out.map_while(Result::ok) {
                collected.lock().expect("the lines").push(line);
            }
        });
        Self {
            child,
            address,
            lines,
            reader: Some(reader),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The body of what it answers to a GET.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        body.to_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed after its first line.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("the lines").clone()
    }

    /// The same, but what was taken once is gone.
    pub(crate) fn take_lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().expect("the lines"))
    }

    /// Waits until a line contains this.
    pub(crate) fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(15);
        while !self.lines().iter().any(|line| line.contains(text)) {
            assert!(
                Instant::now() < deadline,
                "{text} was never printed: {:?}",
                self.lines()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops it and answers with what it printed.
    pub(crate) fn stop(mut self) -> Vec<String> {
        self.kill();
        self.lines()
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the lines");
        }
    }

    /// How it ended, by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                self.kill();
                return status;
            }
            assert!(Instant::now() < deadline, "it goes on: {:?}", self.lines());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs an example that delivers to itself, to its end. What it printed, without the address.
pub(crate) fn demo(example: &str) -> Vec<String> {
    let mut lines = ran(example, &[("DEMO", "1")]);
    let first = lines.remove(0);
    assert!(first.starts_with("listening on http"), "{first}");
    lines
}

/// Runs an example to its end, with these variables. What it printed.
pub(crate) fn ran(example: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = Command::new(built().join(example));
    command.env_clear().envs(variables.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the example starts");
    let pid = child.id();
    // One that hangs must not hang the tests.
    let (ended, end) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if end.recv_timeout(Duration::from_secs(90)) == Err(RecvTimeoutError::Timeout) {
            signal(pid, "-KILL");
        }
    });
    let output = child.wait_with_output().expect("its end");
    drop(ended);
    watch.join().expect("the watch");
    let printed = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{example}: {printed}\n{errors}");
    assert!(!printed.is_empty(), "{example} says nothing");
    printed.lines().map(str::to_owned).collect()
}

/// Sends a signal by its name, e.g. `-STOP`.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// The folder with the examples, built once from what is there now.
pub(crate) fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--all-features", "--examples", "--quiet"]);
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(
            command.status().expect("cargo runs").success(),
            "the examples do not build"
        );
        let test = std::env::current_exe().expect("the path of this test");
        // target/debug/deps/sockets-… is beside target/debug/examples.
        let folder = test.ancestors().nth(2).expect("a target folder");
        folder.join("examples")
    })
}
