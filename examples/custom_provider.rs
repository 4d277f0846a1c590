//! A sender that no preset knows: a row of your own.
//!
//! ```text
//! cargo run --features full,test-util --example custom_provider
//! ```
//!
//! Acme signs `{timestamp}|{body}` with HMAC-SHA512 and sends
//! `Acme-Signature: ts=<milliseconds>;sig=<base64>;` with a hexadecimal key. The program signs one
//! delivery as Acme would and verifies it.

use std::error::Error;

use hookgate::{
    Secret, Source,
    clock::{Clock, SystemClock},
    freshness::Tolerance,
    provider::{self, Confidence, Envelope, Evidence, Field, NoId, Provider},
    scheme::{
        Algorithm, Encoding, Grammar, KeyDecoding, Part, Scheme, SignatureAt, TimeAt, TimeUnit,
    },
    testing::Signer,
};

const ACME: Provider = Provider {
    slug: "acme",
    name: "Acme",
    scheme: Scheme {
        algorithm: Algorithm::HmacSha512,
        key: KeyDecoding::Hex,
        message: &[Part::Timestamp, Part::Literal("|"), Part::Body],
        signature: SignatureAt::header("acme-signature"),
        grammar: Grammar::Pairs {
            separator: b';',
            signature: "sig",
        },
        encoding: Encoding::Base64,
        time: TimeAt::InSignature {
            key: "ts",
            unit: TimeUnit::Millis,
        },
        ..Scheme::BASE
    },
    tolerance: Some(Tolerance::new(120, 30)),
    envelope: Envelope {
        id: &[Field::Body("/meta/delivery")],
        kind: &[Field::Body("/meta/topic")],
        kind_suffix: None,
        version: &[Field::header("acme-version")],
        sent_at: &[],
    },
    no_id: NoId::BodyDigest,
    evidence: Evidence {
        confidence: Confidence::OfficialDoc,
        sources: &["Acme's integration guide, section 4"],
        checked: "2026-11",
        unsure: "",
    },
    // How it retries, handshakes and limits is as for any home-made sender.
    ..provider::T_V1
};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::new("8f1d0c2b4a69788796a5b4c3d2e1f000")?;
    let source = Source::builder("acme", ACME)
        .add_secret(secret.clone())
        .build()?;

    let now = SystemClock.now();
    let body = r#"{"meta":{"delivery":"d-1","topic":"order.paid"},"total":4200}"#;
    let (parts, body) = Signer::new(ACME, &secret)?.sign(body, now).into_parts();
    println!(
        "acme-signature: {}",
        parts.headers["acme-signature"].to_str()?
    );

    let event = source.verify(&parts, body, now)?;
    println!("accepted: {event:?}");

    let changed = r#"{"meta":{"delivery":"d-1","topic":"order.paid"},"total":1}"#;
    match source.verify(&parts, changed, now) {
        Ok(_) => Err("a changed body was accepted".into()),
        Err(why) => {
            println!("refused: {why}");
            Ok(())
        }
    }
}
