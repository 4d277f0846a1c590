//! A bad night, as the README has newcomers rehearse it: an event is sent, seen on the page and, with
//! a secret that is spoilt, refused and explained; a handler fails, people are told, it is mended,
//! and what died is replayed from the page and from the command line.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A test fails by panicking.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use receiver::Receiver;
use redis::RedisServer;

#[path = "support/receiver.rs"]
mod receiver;
#[path = "support/redis.rs"]
mod redis;

const SECRET: &str = "shpsecret";
const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_through_a_bad_night() {
    let (server, folder) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let broken = folder.path().join("broken");
    let ops = free_address();
    let receiver = Receiver::start(
        "receiver",
        &[
            ("STORE", &server.url()),
            ("FAIL_WHILE", broken.to_str().unwrap()),
            ("SHOPIFY_WEBHOOK_SECRET", SECRET),
            ("OPS_LISTEN", &ops),
            ("OPS_PASSWORD", PASSWORD),
        ],
    );
    let (url, page) = (
        format!("http://{}/webhooks/shopify", receiver.address()),
        Page::new(&ops),
    );
    let night = Night {
        store: server.url(),
        url: &url,
        folder: folder.path(),
    };

    // It arrives, and the page knows it.
    let sent = night.hookgate(SECRET, &["send", "--type", "orders/create"]);
    assert!(sent.status.success(), "{sent:?}");
    receiver.wait_for("orders/create");
    assert!(
        page.get("/admin/deliveries")
            .await
            .contains("orders/create")
    );

    // The secret is spoilt: refused, and explained.
    let spoilt = format!("'{SECRET}'");
    let sent = night.hookgate(&spoilt, &["send", "--type", "orders/create"]);
    assert_eq!(sent.status.code(), Some(1), "{sent:?}");
    let sign = ["sign", "--type", "orders/create", "--data", r#"{"id":1}"#];
    let signed = night.hookgate(SECRET, &sign);
    let request = format!("POST / HTTP/1.1\n{}\n{{\"id\":1}}", text(&signed.stdout));
    std::fs::write(folder.path().join("request"), request).unwrap();
    let explain = ["explain", "--request", "@request"];
    let explained = night.hookgate(&spoilt, &explain);
    assert_eq!(explained.status.code(), Some(1), "{explained:?}");
    assert!(text(&explained.stdout).contains("quotes"), "{explained:?}");
    assert!(night.hookgate(SECRET, &explain).status.success());

    // The handler fails, three times more after 1, 4 and 16 s; somebody is told.
    std::fs::write(&broken, "").unwrap();
    let failing = ["send", "--type", "orders/paid", "--count", "2"];
    assert!(night.hookgate(SECRET, &failing).status.success());
    let until = Instant::now() + Duration::from_secs(60);
    let letters = loop {
        let listed = night.desk(&["dead", "list", "print", "--json"]);
        let letters: Vec<serde_json::Value> = text(&listed.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        if letters.len() == 2 {
            break letters;
        }
        assert!(Instant::now() < until, "{listed:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    receiver.wait_for("new dead letters");
    let dead = page.get("/admin/dead/print").await;
    assert_eq!(dead.matches("a rehearsal: the file").count(), 2, "{dead}");
    let paid = |lines: &[String]| lines.iter().filter(|l| l.contains("orders/paid")).count();
    assert_eq!(paid(&receiver.lines()), 0);

    // It is mended. One is replayed on the page, the other from the command line.
    std::fs::remove_file(&broken).unwrap();
    let entry = letters[0]["entry"].as_str().unwrap();
    page.replay(&format!("/admin/dead/print/{entry}")).await;
    let replayed = night.desk(&["dead", "replay", "print", "--all"]);
    assert!(replayed.status.success(), "{replayed:?}");
    let until = Instant::now() + Duration::from_secs(15);
    while paid(&receiver.lines()) < 2 {
        assert!(Instant::now() < until, "{:?}", receiver.lines());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let left = night.desk(&["dead", "list", "print", "--json"]);
    assert_eq!(text(&left.stdout), "");
}

struct Night<'n> {
    store: String,
    url: &'n str,
    folder: &'n Path,
}

impl Night<'_> {
    /// The program as Shopify, with this secret.
    fn hookgate(&self, secret: &str, arguments: &[&str]) -> Output {
        let (command, rest) = arguments.split_first().unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_hookgate"));
        program.args([command, "shopify", "--secret-env", "SECRET"]);
        program.args(rest).env("SECRET", secret);
        if *command == "send" {
            program.args(["--url", self.url]);
        }
        program.current_dir(self.folder).output().unwrap()
    }

    fn desk(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hookgate"));
        let program = program.args(arguments).env("HOOKGATE_STORE", &self.store);
        program.output().unwrap()
    }
}

/// The page, as a browser of somebody who may see it has it.
struct Page {
    root: String,
    client: reqwest::Client,
}

impl Page {
    fn new(ops: &str) -> Self {
        Self {
            root: format!("http://{ops}"),
            client: reqwest::Client::new(),
        }
    }

    async fn get(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.root));
        let answer = request.basic_auth("ops", Some(PASSWORD)).send().await;
        let answer = answer.unwrap().error_for_status().unwrap();
        answer.text().await.unwrap()
    }

    /// Clicks on the letter's button.
    async fn replay(&self, letter: &str) {
        let request = self.client.get(format!("{}{letter}", self.root));
        let answer = request.basic_auth("ops", Some(PASSWORD)).send().await;
        let answer = answer.unwrap().error_for_status().unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = answer.text().await.unwrap();
        let (_, token) = page.split_once(r#"name="token" value=""#).expect("a form");
        let (token, _) = token.split_once('"').unwrap();
        let request = self.client.post(format!("{}{letter}/replay", self.root));
        let request = request
            .header("origin", &self.root)
            .header("cookie", cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.basic_auth("ops", Some(PASSWORD));
        let answer = request.body(format!("token={token}")).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success() || status.is_redirection(), "{status}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Free a moment ago.
fn free_address() -> String {
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    probe.local_addr().unwrap().to_string()
}
