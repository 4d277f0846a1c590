//! `send` to a real receiver.

use std::io::Write;

use hookgate::provider::{self, Provider};
use tokio::task::block_in_place;

use crate::{
    program::{Ran, SECRET, run, run_with_input},
    server::{Server, secret},
    support,
};

/// Sends to the server's path of this preset.
fn send(row: &Provider, origin: &str, more: &[&str]) -> Ran {
    let url = format!("{origin}/{}", row.slug);
    let mut arguments = vec!["send", row.slug, "--url", &url, "--secret-env", SECRET];
    if let Some(public) = support::url(row) {
        arguments.extend(["--public-url", public]);
    }
    arguments.extend(more);
    block_in_place(|| run(&secret(row), &arguments))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_presets_delivery_is_taken_and_its_id_and_type_are_found() {
    let (server, address) = Server::start().await;
    let origin = format!("http://{address}");
    for row in provider::ALL {
        let ran = send(row, &origin, &["--event", "evt_42", "--type", "order.paid"]);
        assert_eq!(ran.code, 0, "{}: {ran:?}", row.slug);
        let seen = server.take().pop().unwrap();
        let (id, kind) = seen
            .judged
            .unwrap_or_else(|why| panic!("{}: {why}", row.slug));
        if !row.envelope.id.is_empty() {
            let id = id.unwrap_or_else(|| panic!("{}: no id", row.slug));
            // Of two fields that are joined, each is the id.
            assert!(
                id == "evt_42" || id == "evt_42:evt_42",
                "{}: {id}",
                row.slug
            );
            assert!(ran.out.contains(&format!("event {id}, ")), "{ran:?}");
        }
        if !row.envelope.kind.is_empty() {
            assert_eq!(kind.as_deref(), Some("order.paid"), "{}", row.slug);
        }
        assert!(ran.out.contains("200 OK in "), "{ran:?}");
        // The server repeats all headers: nothing of a control character, nothing of a signature.
        assert!(!ran.out.contains(['\u{1b}', '\u{9b}']), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_are_shown_shortened_even_when_the_server_repeats_them() {
    let (_server, address) = Server::start().await;
    let origin = format!("http://{address}");
    for row in [
        provider::STRIPE,
        provider::GITHUB,
        provider::STANDARD_WEBHOOKS,
    ] {
        for more in [&["--json"][..], &[]] {
            let ran = send(&row, &origin, more);
            let word = |c: char| c.is_ascii_alphanumeric() || c == '+';
            let longest = ran.out.split(|c| !word(c)).map(str::len).max();
            // The longest word is an id.
            assert!(longest <= Some(20), "{longest:?} in {}", ran.out);
            assert!(ran.out.contains('…'));
            assert!(!ran.out.contains(['\u{1b}', '\u{9b}']), "{ran:?}");
        }
    }
    // Where the signature is the secret itself, nothing of it is shown.
    let token = send(&provider::GITLAB_TOKEN, &origin, &[]);
    assert!(token.out.contains("(the secret itself)"), "{token:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_and_ends_with_1() {
    let (server, address) = Server::start().await;
    let origin = format!("http://{address}");
    for (row, more, why) in [
        (provider::STRIPE, &["--wrong-secret"][..], "bad_signature"),
        (
            provider::STRIPE,
            &["--tamper", "other-secret"],
            "bad_signature",
        ),
        (
            provider::STRIPE,
            &["--tamper", "truncated"],
            "bad_signature",
        ),
        (
            provider::STRIPE,
            &["--tamper", "unsigned"],
            "missing_signature",
        ),
        (provider::STRIPE, &["--tamper", "old"], "stale"),
        (provider::STRIPE, &["--tamper", "future"], "future"),
        (provider::STRIPE, &["--skew", "-302"], "stale"),
        (provider::STRIPE, &["--skew", "6m"], "future"),
        // Its time is in the payload.
        (provider::LINEAR, &["--tamper", "old"], "stale"),
        (provider::LINEAR, &["--skew", "-61"], "stale"),
    ] {
        let ran = send(&row, &origin, more);
        assert_eq!(ran.code, 1, "{more:?} {ran:?}");
        assert!(ran.out.contains("401 Unauthorized"), "{ran:?}");
        assert_eq!(server.take().pop().unwrap().judged, Err(why), "{more:?}");
    }
    let near = send(&provider::STRIPE, &origin, &["--skew", "-290s"]);
    assert_eq!(near.code, 0, "{near:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_counted_and_repeated() {
    let (server, address) = Server::start().await;
    let origin = format!("http://{address}");
    let more = ["--count", "3", "--duplicates", "2", "--json"];
    let ran = send(&provider::STRIPE, &origin, &more);
    assert_eq!(ran.code, 0);
    let ids: Vec<_> = server
        .take()
        .into_iter()
        .map(|seen| seen.judged.unwrap().0.unwrap())
        .collect();
    assert_eq!(ids.len(), 9);
    let mut different = ids.clone();
    different.dedup();
    assert_eq!(different.len(), 3, "{ids:?}");
    let lines = ran.lines();
    assert_eq!(lines.len(), 9);
    for (line, id) in lines.iter().zip(&ids) {
        assert_eq!(
            (&line["id"], &line["status"]),
            (&id.as_str().into(), &200.into())
        );
    }
    let again = lines
        .iter()
        .filter(|line| line["duplicate"] == true)
        .count();
    assert_eq!(again, 6);

    let named = send(
        &provider::STRIPE,
        &origin,
        &["--event", "e", "--count", "2"],
    );
    assert!(
        named.out.ends_with("2 sent, 2 answered with 2xx\n"),
        "{named:?}"
    );
    let ids: Vec<_> = server
        .take()
        .into_iter()
        .map(|seen| seen.judged.unwrap().0.unwrap())
        .collect();
    assert_eq!(ids, ["e-1", "e-2"]);
    // A new one each time.
    send(&provider::STRIPE, &origin, &[]);
    send(&provider::STRIPE, &origin, &[]);
    let ids: Vec<_> = server
        .take()
        .into_iter()
        .map(|seen| seen.judged.unwrap().0.unwrap())
        .collect();
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_come_from_texts_files_and_standard_input() {
    let (server, address) = Server::start().await;
    let origin = format!("http://{address}");
    let bytes = b"\xff\x00{\"id\":\"it's\"}\r\n".as_slice();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let path = format!("@{}", file.path().display());
    assert_eq!(send(&provider::GITHUB, &origin, &["--data", &path]).code, 0);
    assert_eq!(server.take().pop().unwrap().body, bytes);
    assert_eq!(
        send(&provider::GITHUB, &origin, &["--data", "typed"]).code,
        0
    );
    assert_eq!(server.take().pop().unwrap().body, b"typed");
    let url = format!("{origin}/github");
    let arguments = [
        "send",
        "github",
        "--url",
        &url,
        "--secret-env",
        SECRET,
        "--data",
        "-",
    ];
    let text = String::from_utf8(secret(&provider::GITHUB)).unwrap();
    let ran = block_in_place(|| run_with_input(&text, &arguments, bytes));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(server.take().pop().unwrap().body, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_ends_with_3() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = send(&provider::STRIPE, &format!("http://{free}"), &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("refused"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_sent_to_whom_a_certificate_vouches_for() {
    use std::sync::Arc;
    use tokio_rustls::{TlsAcceptor, rustls};
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server::new();
    let service = hyper_util::service::TowerToHyperService::new(server.router());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(socket) = acceptor.accept(socket).await else {
                continue;
            };
            let socket = hyper_util::rt::TokioIo::new(socket);
            let serving = hyper::server::conn::http1::Builder::new();
            let _ = serving.serve_connection(socket, service.clone()).await;
        }
    });
    let origin = format!("https://localhost:{port}");
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    let der = data_encoding::BASE64.encode(made.cert.der());
    write!(
        pem,
        "-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"
    )
    .unwrap();
    let path = pem.path().display().to_string();
    let ran = send(&provider::STRIPE, &origin, &["--cacert", &path]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(server.take().pop().unwrap().judged.is_ok());
    // The web does not know it.
    let ran = send(&provider::STRIPE, &origin, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(server.take().is_empty());
}
