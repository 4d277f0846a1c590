//! Where fields are signed and not bytes, a captured delivery can be written in other bytes.

use hookgate::scheme::KeyId;

use super::*;

/// Sends a delivery, and then each of these changes of it.
async fn queued(row: Provider, body: &str, changes: &[(&str, &str)]) -> u64 {
    let url = "https://h.example/webhooks";
    let text = match row.scheme.key_id {
        KeyId::None => "s3cret",
        _ => "key:s3cret",
    };
    let secret = Secret::new(text).unwrap();
    let source = Source::builder(row.slug, row)
        .add_secret(secret.clone())
        .with_public_url(url)
        .with_replay_policy(ReplayPolicy::Reject)
        .build()
        .unwrap();
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source)
        .channel("all", on("*"))
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint(row.slug).unwrap();
    let signer = Signer::new(row, &secret).unwrap();
    let signer = signer.with_public_url(url).with_id("1");
    let honest = signer.sign(body.to_owned(), SystemClock.now());
    let text = String::from_utf8(honest.body().to_vec()).unwrap();
    for (from, to) in [("", "")].iter().chain(changes) {
        let other = text.replacen(from, to, 1);
        assert!(from.is_empty() || other != text, "{from} in {text}");
        let (parts, _) = honest.clone().into_parts();
        let request = Request::from_parts(parts, ReplyBody::from(other));
        assert_eq!(status(&endpoint, request).await, 200, "{from} as {to}");
    }
    inbox.stats().await.unwrap().handlers[0].queued
}

#[tokio::test]
async fn another_spelling_of_what_is_signed_is_no_other_event() {
    let form = "Body=hi&To=me";
    let spellings = [
        ("hi", "%68i"),
        ("Body=hi&To=me", "To=me&Body=hi"),
        // The signed text has no borders.
        ("Body=hi", "Bod=yhi"),
    ];
    assert_eq!(queued(provider::TWILIO_FORM, form, &spellings).await, 1);

    let events = r#"[{"event":"send"}]"#;
    let spellings = [("mandrill_events", "%6dandrill_events"), ("%22", "\"")];
    assert_eq!(queued(provider::MANDRILL, events, &spellings).await, 1);

    let payload = "PG5vdGlmaWNhdGlvbj4=";
    let spellings = [
        ("bt_payload=P", "bt_payload=%50"),
        ("bt_payload", "more=than+is+signed&bt_payload"),
    ];
    assert_eq!(queued(provider::BRAINTREE, payload, &spellings).await, 1);

    let now = SystemClock.now().as_secs();
    let message = format!("timestamp={now}&text=hi");
    let spellings = [("=hi", "=%68i"), ("text=hi", "text=%68%69")];
    let row = provider::VONAGE_SMS_SIGNATURE;
    assert_eq!(queued(row, &message, &spellings).await, 1);
}
