//! Events and jobs that tests of handlers are made of.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use hookgate::{
    ConfigError, Inbox, Rejection, RejectionKind, Secret, Source,
    clock::{Clock, SystemClock},
    event::Provenance,
    inbox::on,
    provider,
    store::{Held, MemoryStore},
    testing::{Signer, event, job},
};
use tokio::time::Instant;

#[test]
fn an_event_is_what_a_delivery_of_its_provider_would_be() {
    let stripe = event(provider::STRIPE, "", "", r#"{"id":"evt_1","type":"a.b"}"#).unwrap();
    let (id, kind) = (stripe.id().unwrap(), stripe.event_type().unwrap());
    assert_eq!((&*id.value, id.provenance), ("evt_1", Provenance::Signed));
    assert_eq!((&*kind.value, stripe.source()), ("a.b", "stripe"));
    let github = event(provider::GITHUB, "d1", "push", "{}").unwrap();
    let (id, kind) = (github.id().unwrap(), github.event_type().unwrap());
    assert_eq!((&*id.value, id.provenance), ("d1", Provenance::Unsigned));
    assert_eq!(&*kind.value, "push");
    let nobodys = event(provider::UNSIGNED, "", "", "what nobody signs").unwrap();
    assert_eq!(nobodys.body(), "what nobody signs");

    // Of every preset: what is missing may be in the body, never in the configuration.
    let mut made = 0;
    for row in provider::ALL {
        match event(*row, "evt_1", "a.b", r#"{"id":"evt_1","type":"a.b"}"#) {
            Ok(event) => made += usize::from(event.source() == row.slug),
            Err(why) => assert!(
                why.downcast_ref::<ConfigError>().is_none(),
                "{}: {why}",
                row.slug
            ),
        }
    }
    assert!(made > provider::ALL.len() * 3 / 4, "{made}");
    let timeless = event(provider::LINEAR, "1", "a", "{}").unwrap_err();
    let why = timeless.downcast_ref::<Rejection>().map(Rejection::kind);
    assert_eq!(why, Some(RejectionKind::MissingTimestamp));
}

#[tokio::test(start_paused = true)]
async fn a_job_is_one_that_a_worker_would_hand_over() {
    let paid = event(provider::STRIPE, "", "", r#"{"id":"evt_1","n":7}"#).unwrap();
    for attempt in [1, 4] {
        let job = job("billing", &paid, attempt).await.unwrap();
        assert_eq!(
            (job.handler(), job.attempt(), job.replays()),
            ("billing", attempt, 0)
        );
        assert_eq!(job.json_at::<u64>("/n").unwrap(), 7);
        assert_eq!(job.deadline() - Instant::now(), Duration::from_secs(60));
        assert_eq!(job.extend().await.unwrap(), Held::Applied);
        assert_eq!(job.done().await.unwrap(), Held::Applied);
    }
    let last = job("billing", &paid, 2).await.unwrap();
    assert_eq!(last.bury("no").await.unwrap(), Held::Applied);
    assert!(job("not a name", &paid, 1).await.is_err());

    // Its key is the one that it has in an inbox.
    let secret = Secret::new("s3cret").unwrap();
    let builder = Source::builder("stripe", provider::STRIPE).add_secret(secret.clone());
    let inbox = Inbox::builder(MemoryStore::new())
        .source(builder.build().unwrap())
        .channel("billing", on("*"))
        .build()
        .await
        .unwrap();
    let signer = Signer::new(provider::STRIPE, &secret).unwrap();
    let (parts, body) = signer
        .sign(r#"{"id":"evt_1"}"#, SystemClock.now())
        .into_parts();
    let source = inbox.source("stripe").unwrap();
    let delivered = source.verify(&parts, body, SystemClock.now()).unwrap();
    inbox.accept(&delivered).await.unwrap();
    let real = inbox.channel("billing").unwrap().recv().await.unwrap();
    assert_eq!(real.key(), job("billing", &paid, 1).await.unwrap().key());
}
