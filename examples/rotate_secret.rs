//! Changing a secret without a restart and without a refused delivery.
//!
//! ```text
//! cargo run --features full,test-util --example rotate_secret
//! ```
//!
//! 1. add the new secret: both are accepted
//! 2. change it at the sender
//! 3. watch which one matches (`webhook_secret_matched_total{secret}`, or the event's label)
//! 4. remove the old one once it no longer does

use std::error::Error;

use hookgate::{
    Event, Rejection, Secret, Source,
    clock::{Clock, SystemClock},
    provider,
    testing::Signer,
};

/// What the sender does: signs with the secret that it has.
fn deliver(source: &Source, secret: &Secret) -> Result<Event, Rejection> {
    let now = SystemClock.now();
    let signer = Signer::new(provider::STRIPE, secret)
        .map_err(|_| hookgate::RejectionKind::Misconfigured)?;
    let (parts, body) = signer
        .sign(r#"{"id":"evt_1","type":"invoice.paid"}"#, now)
        .into_parts();
    source.verify(&parts, body, now)
}

fn main() -> Result<(), Box<dyn Error>> {
    let old = Secret::new("whsec_old")?.with_label("2025")?;
    let new = Secret::new("whsec_new")?.with_label("2026")?;

    // A clone of the source sits in the middleware; they share their secrets.
    let source = Source::builder("stripe", provider::STRIPE)
        .add_secret(old.clone())
        .build()?;
    println!("before:  old {}", deliver(&source, &old)?.secret_label());

    source.add_secret(&new)?;
    for secret in [&old, &new] {
        println!(
            "overlap: accepted, signed with {}",
            deliver(&source, secret)?.secret_label()
        );
    }

    source.remove_secret("2025")?;
    println!("after:   new {}", deliver(&source, &new)?.secret_label());
    match deliver(&source, &old) {
        Ok(_) => Err("the old secret is still accepted".into()),
        Err(why) => {
            println!("after:   old refused: {why}");
            Ok(())
        }
    }
}
