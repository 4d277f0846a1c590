//! `listen`, driven by `send`.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use crate::program::{PROGRAM, Ran, SECRET, run};

/// A listener and what it prints.
struct Listener {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    url: String,
}

const CANARY: &str = "canary-of-the-listener";

impl Listener {
    fn start(slug: &str, more: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["listen", slug, "--secret-env", SECRET])
            .args(more)
            .env(SECRET, CANARY)
            .env("VERIFY", "canary-of-verify")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let url = first
            .trim()
            .strip_prefix("listening on ")
            .expect("its first line")
            .to_owned();
        Self { child, out, url }
    }

    fn send(&self, slug: &str, more: &[&str]) -> Ran {
        let arguments = ["send", slug, "--url", &self.url, "--secret-env", SECRET];
        run(CANARY.as_bytes(), &[&arguments[..], more].concat())
    }

    fn end(mut self) -> Ran {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        let ran = Ran { code, out, err };
        ran.hides(&[CANARY, "canary-of-verify"]);
        ran
    }
}

const BODY: &str =
    r#"{"id":"evt_1","type":"invoice.paid","email":"ann@example.com","data":{"amount":4200}}"#;

#[test]
fn deliveries_are_verified_printed_and_redacted() {
    let listener = Listener::start("stripe", &["--count", "1", "--show", "/data/amount"]);
    assert_eq!(listener.send("stripe", &["--data", BODY]).code, 0);
    let ran = listener.end();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("POST /stripe: valid"), "{ran:?}");
    assert!(
        ran.out.contains("id        evt_1 (signed)") && ran.out.contains("invoice.paid (signed)")
    );
    assert!(ran.out.contains("\"amount\": 4200"), "{ran:?}");
    assert!(!ran.out.contains("ann@example.com"), "{ran:?}");
}

#[test]
fn whole_payloads_are_shown_when_that_is_asked_for() {
    let listener = Listener::start("stripe", &["--count", "1", "--show-all"]);
    assert_eq!(listener.send("stripe", &["--data", BODY]).code, 0);
    assert!(listener.end().out.contains(BODY));
}

#[test]
fn refused_ones_are_explained_and_end_with_1() {
    let listener = Listener::start("stripe", &["--count", "2"]);
    assert_eq!(listener.send("stripe", &["--skew", "-400"]).code, 1);
    assert_eq!(listener.send("github", &[]).code, 1);
    let ran = listener.end();
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("not valid: timestamp is too old"),
        "{ran:?}"
    );
    assert!(ran.out.contains("6 minutes 40 seconds before"), "{ran:?}");
    assert!(ran.out.contains("signed as by github"), "{ran:?}");
}

#[test]
fn what_is_too_large_is_not_said_to_be_forged() {
    let listener = Listener::start("stripe", &["--count", "1"]);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, &vec![b'a'; 1024 * 1024 + 1]).unwrap();
    let data = format!("@{}", file.path().display());
    let sent = listener.send("stripe", &["--data", &data]);
    assert!(sent.out.contains("413 Payload Too Large"), "{sent:?}");
    let ran = listener.end();
    assert!(
        ran.out.contains("not valid: body is larger than the limit"),
        "{ran:?}"
    );
    assert!(!ran.out.contains("signature does not match"), "{ran:?}");
}

#[test]
fn handshakes_are_answered_and_not_counted() {
    let listener = Listener::start("meta", &["--count", "1", "--verify-token-env", "VERIFY"]);
    let query = "hub.mode=subscribe&hub.verify_token=canary-of-verify&hub.challenge=1158201444";
    let curl = |query: &str| {
        let url = format!("{}?{query}", listener.url);
        let ran = Command::new("curl")
            .args(["-s", &url])
            .output()
            .expect("curl");
        String::from_utf8(ran.stdout).unwrap()
    };
    assert_eq!(curl(query), "1158201444");
    assert_eq!(curl(&query.replace("canary", "another")), "");
    assert_eq!(listener.send("meta", &[]).code, 0);
    let ran = listener.end();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out.matches("GET /meta: handshake").count(),
        2,
        "{ran:?}"
    );
    assert!(ran.out.contains("not answered"), "{ran:?}");
}

#[test]
fn urls_that_are_signed_are_the_listeners_own_unless_told_otherwise() {
    for slug in ["twilio-form", "square", "trello", "hubspot-v3"] {
        let listener = Listener::start(slug, &["--count", "1"]);
        assert_eq!(listener.send(slug, &[]).code, 0, "{slug}");
        assert_eq!(listener.end().code, 0);
    }
    let public = ["--public-url", "https://hooks.example.com"];
    let listener = Listener::start("twilio-form", &[&["--count", "1"][..], &public].concat());
    assert_eq!(listener.send("twilio-form", &public).code, 0);
    assert_eq!(listener.end().code, 0);
}

#[test]
fn it_ends_at_ctrl_c() {
    let listener = Listener::start("stripe", &[]);
    assert_eq!(listener.send("stripe", &[]).code, 0);
    let pid = listener.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ran = listener.end();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(": valid"));
}

#[test]
fn without_a_secret_one_is_made_up_in_the_presets_form() {
    let mut child = Command::new(PROGRAM)
        .args(["listen", "standard-webhooks", "--count", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut url, mut secret) = (String::new(), String::new());
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut secret)
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut url).unwrap();
    let secret = secret.trim().strip_prefix("secret of this run: ").unwrap();
    let url = url.trim().strip_prefix("listening on ").unwrap();
    let arguments = [
        "send",
        "standard-webhooks",
        "--url",
        url,
        "--secret-env",
        SECRET,
    ];
    assert_eq!(run(secret.as_bytes(), &arguments).code, 0);
    assert!(child.wait().unwrap().success());
}
