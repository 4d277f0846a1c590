//! Handshakes and replies of the receiver, as bytes on a socket.

use super::*;

/// A reply: its status, its head in lower case, and its body.
struct Answer(u16, String, String);

/// Sends a request that asks for the connection's end after it.
fn exchange(receiver: &Receiver, request: &[u8]) -> Answer {
    let mut stream = connect(receiver);
    stream.write_all(request).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head["HTTP/1.1 ".len()..][..3].parse().unwrap();
    Answer(status, head.to_ascii_lowercase(), body.to_owned())
}

fn ask(receiver: &Receiver, line: &str, headers: &str) -> Answer {
    let head = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    exchange(receiver, head.as_bytes())
}

fn deliver(receiver: &Receiver, row: Provider, secret: &str, body: &str) -> Answer {
    let signer = Signer::new(row, &Secret::new(secret).unwrap()).unwrap();
    let signer = signer.with_public_url(&format!("https://hooks.example/webhooks/{}", row.slug));
    let mut signed = signer.sign(body.to_owned(), SystemClock.now());
    let close = "close".parse().unwrap();
    signed.headers_mut().insert("connection", close);
    exchange(
        receiver,
        &bytes_of(&signed, &format!("/webhooks/{}", row.slug)),
    )
}

#[test]
fn each_sender_is_answered_in_its_way() {
    let receiver = Receiver::start(
        "receiver",
        &[
            ("META_WEBHOOK_SECRET", SECRET),
            ("META_VERIFY_TOKEN", "we chose"),
            ("X_TWITTER_WEBHOOK_SECRET", SECRET),
            ("TRELLO_WEBHOOK_SECRET", SECRET),
            ("PUBLIC_URL", "https://hooks.example"),
            ("CLOUDEVENTS_HTTP_WEBHOOK_WEBHOOK_SECRET", SECRET),
            (
                "CLOUDEVENTS_HTTP_WEBHOOK_HANDSHAKE_VALUES",
                "a.example, b.example",
            ),
            ("WEBSUB_WEBHOOK_SECRET", SECRET),
            ("WEBSUB_HANDSHAKE_VALUES", "https://feeds.example/1"),
            ("MONDAY_WEBHOOK_SECRET", SECRET),
            ("GOCARDLESS_WEBHOOK_SECRET", SECRET),
        ],
    );
    let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token";
    let Answer(status, head, body) = ask(
        &receiver,
        &format!("GET /webhooks/meta?{query}=we+chose"),
        "",
    );
    assert_eq!((status, &*body), (200, "1158201444"));
    assert!(
        head.contains("content-type: text/plain") && head.contains("nosniff"),
        "{head}"
    );
    let Answer(status, _, body) = ask(&receiver, &format!("GET /webhooks/meta?{query}=other"), "");
    assert_eq!((status, &*body), (401, ""));

    let Answer(status, _, body) = ask(&receiver, "GET /webhooks/x-twitter?crc_token=abc", "");
    // openssl dgst -sha256 -hmac s3cret -binary over `abc`, in base64
    let mac = "sha256=Ty8wqvSle9YKtHPI6cLN/vwYZyPUcn7W8x8ENTyROJo=";
    assert_eq!(
        (status, &*body),
        (200, &*format!(r#"{{"response_token":"{mac}"}}"#))
    );

    let Answer(status, _, body) = ask(&receiver, "HEAD /webhooks/trello", "");
    assert_eq!((status, &*body), (200, ""));
    let Answer(status, head, _) = ask(&receiver, "PUT /webhooks/trello", "content-length: 0\r\n");
    assert_eq!(status, 405);
    assert!(head.contains("allow: post, head"), "{head}");

    let origin = "webhook-request-origin: b.example\r\n";
    let path = "OPTIONS /webhooks/cloudevents-http-webhook";
    let Answer(status, head, _) = ask(&receiver, path, origin);
    assert_eq!(status, 200);
    assert!(head.contains("webhook-allowed-origin: b.example"), "{head}");

    let topic = |n| {
        format!(
            "GET /webhooks/websub?hub.mode=subscribe&hub.challenge=a&hub.topic=https%3A%2F%2Ffeeds.example%2F{n}"
        )
    };
    assert_eq!(ask(&receiver, &topic(1), "").2, "a");
    assert_eq!(ask(&receiver, &topic(2), "").0, 404);

    let challenge = r#"{"challenge":"3eZbrw1aB"}"#;
    let post = format!(
        "POST /webhooks/monday HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{challenge}",
        challenge.len()
    );
    let Answer(status, _, body) = exchange(&receiver, post.as_bytes());
    assert_eq!((status, &*body), (200, challenge));

    let gocardless = |secret| deliver(&receiver, provider::GOCARDLESS, secret, "{}").0;
    assert_eq!((gocardless(SECRET), gocardless("wrong")), (200, 498));
    // The URL that Trello signs is that of its endpoint, whatever the origin that is configured.
    let trello = r#"{"action":{"id":"trello-1","type":"updateCard"}}"#;
    assert_eq!(deliver(&receiver, provider::TRELLO, SECRET, trello).0, 200);
    receiver.wait_for("trello-1");
    let lines = receiver.stop();
    assert_eq!(lines.len(), 2, "no handshake is an event: {lines:?}");
}

#[test]
fn a_secret_that_is_handed_over_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("asana.secret");
    let path = file.display().to_string();
    let settings = [("ASANA_WEBHOOK_SECRET_FILE", &*path)];
    let secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    let hand_over = |receiver: &Receiver, secret: &str| {
        let headers = format!("x-hook-secret: {secret}\r\ncontent-length: 2\r\n\r\n{{}}");
        // The blank line that `ask` adds comes behind the body; nobody reads it.
        ask(receiver, "POST /webhooks/asana", &headers)
    };
    let events = r#"{"events":[]}"#;
    let receiver = Receiver::start("receiver", &settings);
    let Answer(status, head, _) = deliver(&receiver, provider::ASANA, secret, events);
    assert_eq!(status, 503, "it waits");
    assert!(head.contains("retry-after: "), "{head}");
    assert!(!file.exists());
    let Answer(status, head, _) = hand_over(&receiver, secret);
    assert_eq!(status, 200);
    assert!(head.contains(&format!("x-hook-secret: {secret}")), "{head}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    assert_eq!(deliver(&receiver, provider::ASANA, secret, events).0, 200);
    let other = "f".repeat(64);
    assert_eq!(hand_over(&receiver, &other).0, 401);
    receiver.stop();

    let receiver = Receiver::start("receiver", &settings);
    assert_eq!(deliver(&receiver, provider::ASANA, secret, events).0, 200);
    assert_eq!(hand_over(&receiver, &other).0, 401);
    assert_eq!(deliver(&receiver, provider::ASANA, &other, events).0, 401);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    receiver.stop();
}
