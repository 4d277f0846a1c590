//! Runs the program, and looks at everything that it prints for what must not be there.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hookgate");

/// The variable by which a run gets its secret.
pub(crate) const SECRET: &str = "HOOK_SECRET";

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    /// Lines of JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Nothing of these in what was printed, nor half of one.
    pub(crate) fn hides(&self, canaries: &[&str]) {
        for canary in canaries.iter().filter(|canary| canary.len() >= 8) {
            for half in [&canary[..canary.len() / 2], &canary[canary.len() / 2..]] {
                // A prefix like `whsec_` is in the advice too.
                if half.len() >= 8 {
                    assert!(!self.out.contains(half), "{half} in {}", self.out);
                    assert!(!self.err.contains(half), "{half} in {}", self.err);
                }
            }
        }
    }
}

/// Runs the program with a secret in its environment, of which it prints nothing.
pub(crate) fn run(secret: &[u8], arguments: &[&str]) -> Ran {
    use std::os::unix::ffi::OsStrExt;
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    command.env(SECRET, std::ffi::OsStr::from_bytes(secret));
    let ran = ended(command.output().unwrap());
    if let Ok(text) = std::str::from_utf8(secret) {
        ran.hides(&[text.trim()]);
    }
    ran
}

/// The same with something on standard input.
pub(crate) fn run_with_input(secret: &str, arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env(SECRET, secret);
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let ran = ended(child.wait_with_output().unwrap());
    ran.hides(&[secret]);
    ran
}

fn ended(output: Output) -> Ran {
    Ran {
        code: output.status.code().expect("it ended by itself"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_wrong_name_is_told_the_near_ones_and_ends_with_2() {
    for arguments in [
        &[
            "send",
            "strpe",
            "--url",
            "http://127.0.0.1:1/",
            "--secret-env",
            SECRET,
        ][..],
        &["sign", "strpe", "--secret-env", SECRET],
        &["explain", "strpe", "--secret-env", SECRET],
        &["listen", "strpe"],
        &["providers", "strpe"],
    ] {
        let ran = run(b"canary-of-a-name", arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("near: stripe"), "{ran:?}");
        assert_eq!(ran.out, "");
    }
}

#[test]
fn what_cannot_be_meant_ends_with_2_and_repeats_no_secret() {
    let url = ["--url", "http://127.0.0.1:1/"];
    for arguments in [
        &["send", "stripe", url[0], url[1]][..],
        &[
            "send",
            "stripe",
            url[0],
            "ftp://127.0.0.1/",
            "--secret-env",
            SECRET,
        ],
        &[
            "send",
            "stripe",
            url[0],
            "http://a:b@127.0.0.1/",
            "--secret-env",
            SECRET,
        ],
        &[
            "send",
            "stripe",
            url[0],
            url[1],
            "--secret-env",
            "NOT_SET_ANYWHERE",
        ],
        &[
            "send",
            "standard-webhooks",
            url[0],
            url[1],
            "--secret-env",
            SECRET,
        ],
        &[
            "send",
            "stripe",
            url[0],
            url[1],
            "--secret-env",
            SECRET,
            "--data",
            "@/nowhere/at/all",
        ],
        &[
            "send",
            "linear",
            url[0],
            url[1],
            "--secret-env",
            SECRET,
            "--data",
            "no time in it",
        ],
        &[
            "explain",
            "stripe",
            "--secret-env",
            SECRET,
            "--header",
            "canary-of-a-header",
        ],
        &[
            "explain",
            "stripe",
            "--secret-env",
            SECRET,
            "--at",
            "yesterday",
        ],
        &[
            "explain",
            "stripe",
            "--secret-env",
            SECRET,
            "--request",
            "-x",
        ],
        &[
            "listen",
            "stripe",
            "--secret-env",
            SECRET,
            "--show",
            "no-slash",
        ],
        // Secrets in the wrong place.
        &["explain", "stripe", "canary-of-a-header"],
        &["explain", "stripe", "--secret-env", "canary-of-a-header"],
        &["explain", "stripe", "--secret-file", "canary-of-a-header"],
    ] {
        let ran = run(b"canary of a secret!", arguments);
        assert_eq!(ran.code, 2, "{arguments:?} {ran:?}");
        ran.hides(&["canary-of-a-header"]);
    }
}

#[test]
fn presets_are_listed_and_described() {
    let ran = run(b"-", &["providers"]);
    assert_eq!(ran.out.lines().count(), hookgate::provider::ALL.len());
    let stripe = run(b"-", &["providers", "stripe"]);
    assert!(stripe.out.starts_with("stripe: Stripe\n"), "{stripe:?}");
    assert!(stripe.out.contains("stripe-signature") && stripe.out.contains("event id: `/id`"));
}
