//! The program's commands that look into an inbox and repair it, as a process, on a file and on a
//! Redis. Whatever they print is held to two rules: nothing of a secret or of a payload that was not
//! named, and nothing that a terminal obeys.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod checks;
mod looking;
mod mistakes;
#[path = "../support/place.rs"]
mod place;
mod readme;
#[path = "../support/redis.rs"]
mod redis;
mod repairing;
mod scene;
mod tls;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use place::Place;
use scene::Scene;

/// In payloads, reasons and addresses; never in what is printed.
const CANARIES: &[&str] = &[
    "whsec_canary",
    "canary-payload",
    "canary-password",
    "ghp_canary",
];

/// What a command printed, and how it ended.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program on this store.
fn hookgate(store: &str, args: &[&str]) -> Ran {
    let mut command = program();
    command.env("HOOKGATE_STORE", store).args(args);
    ran(command)
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookgate"));
    command.env_clear().stdin(Stdio::null());
    command
}

fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    for text in [&out, &err] {
        let is_inert = |c: char| c == '\n' || (!c.is_control() && c != '\u{202e}');
        assert!(text.chars().all(is_inert), "{command:?}: {text:?}");
        for canary in CANARIES {
            assert!(!text.contains(canary), "{command:?}: {text}");
        }
    }
    assert!(!err.contains("panicked"), "{command:?}: {err}");
    let code = output.status.code().expect("an end of its own");
    Ran { code, out, err }
}

impl Ran {
    /// What a command printed that ended well.
    #[track_caller]
    fn good(self) -> String {
        assert_eq!((self.code, &*self.err), (0, ""), "{}", self.out);
        self.out
    }

    /// What was said of one that ended with this code.
    #[track_caller]
    fn bad(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self.err
    }
}

/// A document.
#[track_caller]
fn json(store: &str, args: &[&str]) -> Value {
    let args = [args, &["--json"]].concat();
    serde_json::from_str(&hookgate(store, &args).good()).unwrap()
}

/// An object a line.
#[track_caller]
fn lines(store: &str, args: &[&str]) -> Vec<Value> {
    let args = [args, &["--json"]].concat();
    let ran = hookgate(store, &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines = ran.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The value that all of these have under this name.
fn each<'a>(lines: &'a [Value], pointer: &str) -> Vec<&'a str> {
    let value = |line: &'a Value| line.pointer(pointer).and_then(Value::as_str);
    lines
        .iter()
        .map(|line| value(line).unwrap_or("-"))
        .collect()
}

/// Files in a folder, and how long they are.
fn files(folder: &Path) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, entry.metadata().unwrap().len())
    };
    let mut files: Vec<_> = entries.map(file).collect();
    files.sort();
    files
}
