//! `examples/alerts.rs` against an incoming webhook that fails at first.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::Json, routing::post};
use http::StatusCode;
use serde_json::Value;

#[path = "support/receiver.rs"]
mod receiver;

#[tokio::test(flavor = "multi_thread")]
async fn every_dead_letter_is_told_at_least_once_and_in_few_messages() {
    let told = Arc::new(Mutex::new((0, Vec::<String>::new())));
    let hook = {
        let told = Arc::clone(&told);
        move |Json(body): Json<Value>| async move {
            let mut told = told.lock().unwrap();
            told.0 += 1;
            if told.0 <= 2 {
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            let text = body["text"].as_str().unwrap().to_owned();
            told.1.push(text);
            StatusCode::OK
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let mut example = Command::new(receiver::built().join("alerts"));
    example
        .env_clear()
        .env("ALERT_URL", url)
        .env("ALERT_WINDOW", "3");
    let mut example = example.spawn().unwrap();
    let ended = tokio::task::spawn_blocking(move || {
        for _ in 0..600 {
            if let Some(status) = example.try_wait().unwrap() {
                return Some(status.success());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = example.kill();
        let _ = example.wait();
        None
    });
    assert_eq!(
        ended.await.unwrap(),
        Some(true),
        "{:?}",
        told.lock().unwrap()
    );

    let (calls, texts) = told.lock().unwrap().clone();
    let count = |text: &String| text.split(' ').next().unwrap().parse::<usize>().unwrap();
    assert!(texts.iter().map(count).sum::<usize>() >= 17, "{texts:?}");
    assert!(texts.len() <= 3, "{texts:?}");
    assert_eq!(
        calls,
        texts.len() + 2,
        "told again after each failure, and no more than that"
    );
    for text in &texts {
        assert!(text.contains("for handler crm\n"), "{text}");
        assert!(
            text.contains("422 for a customer &lt;unknown&gt;, &lt;token&gt;"),
            "{text}"
        );
        assert!(!text.contains("s3cret") && !text.contains("evt_"), "{text}");
    }
}
