//! `sign`: headers, and lines that bash and curl run.

use std::{io::Write, process::Command};

use hookgate::provider::{self, Provider};
use tokio::task::block_in_place;

use crate::{
    program::{PROGRAM, SECRET},
    server::{Server, secret},
};

/// Signs. What is printed is the signature, so that nothing is looked for in it.
fn sign(row: &Provider, url: &str, more: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(PROGRAM);
    command
        .args(["sign", row.slug, "--url", url, "--secret-env", SECRET])
        .args(more);
    let secret = String::from_utf8(secret(row)).unwrap();
    let ran = command.env(SECRET, secret).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        ran.status.code().unwrap(),
        text(ran.stdout),
        text(ran.stderr),
    )
}

/// Runs a line and says which status the receiver answered with.
fn bash(line: &str) -> String {
    let line = format!("{} -s -o /dev/null -w '%{{http_code}}'", line.trim_end());
    let ran = Command::new("bash")
        .args(["-euc", &line])
        .output()
        .expect("bash and curl");
    format!(
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_lines_deliver_what_was_signed_to_the_byte() {
    let (server, address) = Server::start().await;
    let url = format!("http://{address}/github");
    for body in [
        r#"{"a":"it's","b":"\u00e4 ä €","c":"$HOME `id` \\ ! * ~ #"}"#,
        "@/etc/passwd",
        "line\nline\n\n",
        "'",
        "''",
        "\\'",
        "",
        "-",
        "--",
        "%7B",
        "a=b&c=d",
        "[1-3]{a,b}",
        "\u{1f600}",
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(body.as_bytes()).unwrap();
        let data = format!("@{}", file.path().display());
        let (code, line, _) = sign(&provider::GITHUB, &url, &["--curl", "--data", &data]);
        assert_eq!(code, 0, "{body:?}");
        assert_eq!(block_in_place(|| bash(&line)), "200", "{line}");
        let seen = server.take().pop().unwrap();
        assert!(seen.judged.is_ok(), "{body:?}: {seen:?}");
        assert_eq!(seen.body, body.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_a_line_cannot_carry_go_to_a_file() {
    let (server, address) = Server::start().await;
    let url = format!("http://{address}/github");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("it's the data");
    let kept = folder.path().join("it's the body");
    let (data_at, kept_at) = (format!("@{}", data.display()), kept.display().to_string());
    let long = vec![b'a'; 300_000];
    for body in [&b"\0\xff\x1b[31m\r\n"[..], b"@at the start", b"\t", &long] {
        std::fs::write(&data, body).unwrap();
        let fits = body.starts_with(b"@");
        let (code, line, err) = sign(&provider::GITHUB, &url, &["--curl", "--data", &data_at]);
        assert_eq!(code, if fits { 0 } else { 2 }, "{err}");
        if fits {
            assert_eq!(block_in_place(|| bash(&line)), "200", "{line}");
            assert_eq!(server.take().pop().unwrap().body, body);
        } else {
            assert!(err.contains("--body-out"), "{err}");
        }
        let more = ["--curl", "--data", &data_at, "--body-out", &kept_at];
        let (code, line, _) = sign(&provider::GITHUB, &url, &more);
        assert_eq!(code, 0);
        assert_eq!(std::fs::read(&kept).unwrap(), body);
        assert_eq!(block_in_place(|| bash(&line)), "200");
        let seen = server.take().pop().unwrap();
        assert!(seen.judged.is_ok());
        assert_eq!(seen.body, body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_lines_of_every_preset_are_taken() {
    let (server, address) = Server::start().await;
    for row in provider::ALL {
        let url = format!("http://{address}/{}", row.slug);
        let public = crate::support::url(row);
        let more: Vec<_> = ["--curl"]
            .into_iter()
            .chain(public.iter().flat_map(|url| ["--public-url", url]))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let (code, line, err) = sign(row, &url, &more);
        let line = if code == 2 {
            // A multipart body has carriage returns.
            assert!(err.contains("--body-out"), "{}: {err}", row.slug);
            let kept = folder.path().join("body").display().to_string();
            let more: Vec<_> = more.into_iter().chain(["--body-out", &kept]).collect();
            sign(row, &url, &more).1
        } else {
            line
        };
        assert_eq!(
            block_in_place(|| bash(&line)),
            "200",
            "{}: {line}",
            row.slug
        );
        assert!(server.take().pop().unwrap().judged.is_ok());
        let secret = String::from_utf8(secret(row)).unwrap();
        let is_sent = row.scheme.algorithm == hookgate::scheme::Algorithm::Token;
        assert!(is_sent || !line.contains(&secret), "{}: {line}", row.slug);
    }
}

#[test]
fn headers_are_printed_one_a_line_and_notes_elsewhere() {
    let (code, out, err) = sign(
        &provider::STRIPE,
        "http://127.0.0.1:1/hooks",
        &["--data", "{}"],
    );
    assert_eq!(code, 0);
    let names: Vec<_> = out
        .lines()
        .map(|line| line.split_once(": ").unwrap().0)
        .collect();
    assert_eq!(names, ["content-type", "stripe-signature"]);
    assert!(err.contains("--body-out"), "{err}");
    let (_, _, err) = sign(&provider::TOKEN_IN_QUERY, "http://127.0.0.1:1/hooks", &[]);
    assert!(err.contains("http://127.0.0.1:1/hooks?token="), "{err}");
}

#[test]
fn what_a_payload_lacks_is_said_also_where_something_is_to_be_wrong() {
    for more in [&[][..], &["--wrong-secret"], &["--tamper", "truncated"]] {
        for (row, data, lack) in [
            (provider::TWILIO_FORM, "Body=%ff", "a form of UTF-8 texts"),
            (
                provider::ADYEN_PAYMENTS,
                "{}",
                "array at \"/notificationItems\"",
            ),
            (provider::FIGMA, "a=1", "put at \"/passcode\""),
        ] {
            let more = [more, &["--data", data]].concat();
            let (code, out, err) = sign(&row, "http://127.0.0.1:1/in", &more);
            assert_eq!((code, &*out), (2, ""), "{}: {err}", row.slug);
            let slug = format!("hookgate: {}: ", row.slug);
            assert!(err.starts_with(&slug) && err.contains(lack), "{err}");
        }
    }
}
