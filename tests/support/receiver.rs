//! An example receiver in a process of its own.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

/// Killed when dropped.
pub(crate) struct Receiver {
    child: Child,
    address: String,
    lines: Arc<Mutex<Vec<String>>>,
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
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the example starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut first = String::new();
        out.read_line(&mut first).expect("its first line");
        let address = first.trim().strip_prefix("listening on http://");
        let address = address
            .unwrap_or_else(|| panic!("first line: {first:?}"))
            .to_owned();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&lines);
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                collected.lock().expect("the lines").push(line);
            }
        });
        Self {
            child,
            address,
            lines,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed after its first line.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("the lines").clone()
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
        thread::sleep(Duration::from_millis(50));
        self.lines()
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs an example that delivers to itself, to its end. What it printed, without the address.
pub(crate) fn demo(example: &str) -> Vec<String> {
    let mut command = Command::new(built().join(example));
    command.env_clear().env("DEMO", "1");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the example starts");
    let pid = child.id();
    // One that hangs must not hang the tests.
    let (ended, end) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if end.recv_timeout(Duration::from_secs(90)) == Err(RecvTimeoutError::Timeout) {
            kill_9(pid);
        }
    });
    let output = child.wait_with_output().expect("its end");
    drop(ended);
    watch.join().expect("the watch");
    let printed = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{example}: {printed}\n{errors}");
    let mut lines = printed.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.starts_with("listening on http"), "{first}");
    lines.map(str::to_owned).collect()
}

/// Kills a process without a word of warning.
pub(crate) fn kill_9(pid: u32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.expect("kill runs").success());
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
