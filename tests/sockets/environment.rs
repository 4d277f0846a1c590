//! How the receiver is configured: one variable for each preset, or none at all.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::*;

/// The first vector of a preset: a genuine delivery.
fn genuine(slug: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
    let text = fs::read_to_string(format!("{folder}/{slug}.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    let is_one = |vector: &Value| vector["expect"] == "valid" && vector["body"].is_string();
    vectors.into_iter().find(is_one).expect(slug)
}

/// Sends what the vector has; the status.
fn send(receiver: &Receiver, slug: &str, vector: &Value) -> u16 {
    let mut request = Request::new(bytes::Bytes::from(
        vector["body"].as_str().unwrap().to_owned(),
    ));
    for header in vector["headers"].as_array().unwrap() {
        let text = |at: usize| header[at].as_str().unwrap();
        let name = http::HeaderName::try_from(text(0)).unwrap();
        request.headers_mut().append(name, text(1).parse().unwrap());
    }
    let mut stream = connect(receiver);
    let path = format!("/webhooks/{slug}");
    stream.write_all(&bytes_of(&request, &path)).unwrap();
    statuses(&mut stream, 1)[0]
}

#[test]
fn every_preset_is_mounted_by_a_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = vec![("PUBLIC_URL".to_owned(), "https://hooks.example".to_owned())];
    for (n, row) in provider::ALL.iter().enumerate() {
        let variable = row.slug.to_ascii_uppercase().replace('-', "_") + "_WEBHOOK_SECRET";
        let vector = genuine(row.slug);
        let secret = vector["secrets"][0].as_str().unwrap();
        settings.push(match n % 2 {
            0 => (variable, secret.to_owned()),
            _ => {
                let file = folder.path().join(row.slug);
                fs::write(&file, format!("{secret}\n")).unwrap();
                (format!("{variable}_FILE"), file.display().to_string())
            }
        });
    }
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let receiver = Receiver::start("receiver", &settings);
    let mut taken = 0;
    for row in provider::ALL {
        let vector = genuine(row.slug);
        let status = send(&receiver, row.slug, &vector);
        // The others were signed at another time, or for another URL.
        let is_taken = vector["now"].is_null() && vector["url"].is_null();
        let right = if is_taken { 200..300 } else { 200..404 };
        assert!(right.contains(&status), "{}: {status}", row.slug);
        taken += usize::from(is_taken);
    }
    assert!(taken > 40, "{taken}");
    assert!(receiver.stop().len() > 40);
}

/// The receiver without a secret.
fn demo(listen: &str) -> Child {
    let mut command = Command::new(receiver::built().join("receiver"));
    command
        .env_clear()
        .envs([("LISTEN", listen), ("STORE", "memory")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn without_a_secret_three_presets_have_one_of_the_moment() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut child = demo("127.0.0.1:0");
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = out.next().unwrap().unwrap();
        let address = first.strip_prefix("listening on http://").unwrap();
        let said: Vec<_> = errors
            .map_while(Result::ok)
            .filter_map(|line| Some(line.strip_prefix("demo secret for /webhooks/")?.to_owned()))
            .take(3)
            .collect();
        for (row, line) in [provider::STRIPE, provider::GITHUB, provider::SHOPIFY]
            .iter()
            .zip(&said)
        {
            let (slug, secret) = line.split_once(": ").unwrap();
            assert_eq!(slug, row.slug);
            let signer = Signer::new(*row, &Secret::new(secret).unwrap()).unwrap();
            let request = signer.sign(event("demo"), SystemClock.now());
            let mut stream = TcpStream::connect(address).unwrap();
            let bytes = bytes_of(&request, &format!("/webhooks/{slug}"));
            stream.write_all(&bytes).unwrap();
            assert_eq!(statuses(&mut stream, 1), [200], "{slug}");
            seen.push(secret.to_owned());
        }
        let line = out.next().unwrap().unwrap();
        assert!(line.contains(r#""handler":"print""#), "{line}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6, "nobody can know them before");

    // Strangers are not invited to a demo.
    let refused = demo("0.0.0.0:0").wait_with_output().unwrap();
    assert!(!refused.status.success());
    assert!(refused.stdout.is_empty());
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("loopback"), "{why}");
}
