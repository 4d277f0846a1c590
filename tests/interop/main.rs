//! Official SDKs against hookgate, both ways, over real sockets: what an SDK signs is accepted by a
//! receiver with `VerifyLayer`, what `testing::Signer` signs is accepted by the SDK, and what is
//! tampered with or stale is refused by both. `tests/run --interop` installs the SDKs and runs this;
//! one that is missing fails it. README.md beside this file lists what was run; with
//! `HOOKGATE_WRITE_PAGE=1` the list is written.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adapter;
mod deliveries;
mod page;
mod payloads;
mod receiver;
#[path = "../support/mod.rs"]
mod support;

use adapter::Adapter;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the SDKs: tests/run --interop"]
async fn python() {
    agree("python").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the SDKs: tests/run --interop"]
async fn node() {
    agree("node").await;
}

/// Every SDK of this language, in every direction that it knows.
async fn agree(language: &str) {
    let adapter = Adapter::start(language).await;
    let (mut lines, mut failures) = (Vec::new(), Vec::new());
    for sdk in adapter.sdks() {
        let found = deliveries::judge(&adapter, sdk).await;
        println!("{language}: {}", page::line(sdk));
        lines.push(page::line(sdk));
        failures.extend(found.into_iter().map(|why| format!("{sdk}: {why}")));
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    page::compare_or_write(language, &lines);
}
