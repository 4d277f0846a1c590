//! An inbox in which things have gone wrong, and whose receiver has stopped.

use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{Failure, HandlerOptions, Job, on},
    provider::{self, Provider},
    testing::Signer,
    verify::ReplyBody,
};
use tower::ServiceExt;

use super::place::{self, Place};

/// Of the handler `crm`; what a terminal obeys, and what looks like a secret, are in it.
const REASON: &str = "no route to host\u{1b}[31m token=ghp_canary0123456789abcdefghijklmnopqrst";

pub(super) struct Scene {
    place: Place,
    /// `crm` does not fail any more.
    mended: Arc<AtomicBool>,
    /// Keys of the events that `crm` has done, in order.
    done: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    /// Six events of stripe and two of github, for `crm`, which fails, and `ledger`, which does not;
    /// `late` waits for an hour before it tries github's again.
    pub(super) async fn new(place: Place) -> Self {
        let scene = Self {
            place,
            mended: Arc::default(),
            done: Arc::default(),
        };
        let inbox = scene.inbox().await;
        for n in 0..6 {
            scene.stripe(&inbox, n).await;
        }
        scene.github(&inbox, "opened").await;
        scene
            .github(&inbox, "closed\u{1b}[2J\u{9b}2J\u{202e}")
            .await;
        let settled = async || {
            let stats = inbox.stats().await.unwrap();
            let [crm, ledger, late] = &stats.handlers[..] else {
                panic!("{stats:?}")
            };
            crm.dead == 8 && ledger.backlog() == 0 && late.delayed == 2
        };
        run_until(&inbox, settled).await;
        scene.leave(inbox);
        scene
    }

    /// Gives the inbox up, and waits until the file is free.
    pub(super) fn leave(&self, inbox: Inbox) {
        drop(inbox);
        drop(place::open(&self.place.name()));
    }

    pub(super) fn store(&self) -> String {
        self.place.name()
    }

    /// What runs until `crm` has done this many.
    pub(super) async fn mend_until(&self, done: usize) -> Vec<String> {
        self.mended.store(true, Ordering::SeqCst);
        let inbox = self.inbox().await;
        run_until(&inbox, async || self.done.lock().unwrap().len() >= done).await;
        self.leave(inbox);
        self.done.lock().unwrap().clone()
    }

    /// A receiver in this process. It has the file open until it is dropped.
    pub(super) async fn inbox(&self) -> Inbox {
        let (mended, done) = (Arc::clone(&self.mended), Arc::clone(&self.done));
        let crm = move |job: Job| {
            let mended = mended.load(Ordering::SeqCst);
            if mended {
                done.lock().unwrap().push(job.key().to_owned());
            }
            async move { mended.then_some(()).ok_or(Failure::permanent(REASON)) }
        };
        // They die in the order in which they came.
        let one_by_one = HandlerOptions::new().without_breaker().with_concurrency(1);
        let late = |_: Job| async {
            let hour = Duration::from_secs(3_600);
            Err(Failure::retry_after(hour, "not yet"))
        };
        Inbox::builder_over(place::open(&self.place.name()))
            .source(source("stripe", provider::STRIPE, "2026"))
            .source(source("github", provider::GITHUB, "old"))
            .handler_with("crm", on("*"), one_by_one, crm)
            .handler("ledger", on("*"), |_: Job| async { Ok(()) })
            .handler("late", on("*").from_source("github"), late)
            .build()
            .await
            .unwrap()
    }

    /// One that declares nothing, and receives.
    pub(super) async fn looking_only(&self) -> Inbox {
        Inbox::builder_over(place::open(&self.place.name()))
            .source(source("stripe", provider::STRIPE, "2026"))
            .build()
            .await
            .unwrap()
    }

    pub(super) async fn stripe(&self, inbox: &Inbox, n: u32) {
        let kind = if n.is_multiple_of(2) {
            "invoice.paid"
        } else {
            "charge"
        };
        let body = serde_json::json!({
            "id": format!("evt_{n}\u{1b}[2J"),
            "type": kind,
            "data": {"object": {"amount": 4_200 + n, "email": "canary-payload"}},
            "token": "canary-payload",
        });
        deliver(inbox, "stripe", provider::STRIPE, &body, &[]).await;
    }

    async fn github(&self, inbox: &Inbox, action: &str) {
        let body = serde_json::json!({"action": action, "note": "canary-payload"});
        let headers = [
            ("x-github-event", "pull_request"),
            ("x-github-delivery", &action[..6]),
        ];
        deliver(inbox, "github", provider::GITHUB, &body, &headers).await;
    }
}

fn source(name: &str, row: Provider, label: &str) -> Source {
    let secret = Secret::new("whsec_canary").unwrap();
    let secret = secret.with_label(label).unwrap();
    Source::builder(name, row)
        .add_secret(secret)
        .build()
        .unwrap()
}

async fn deliver(
    inbox: &Inbox,
    source: &str,
    row: Provider,
    body: &serde_json::Value,
    headers: &[(&'static str, &str)],
) {
    let secret = Secret::new("whsec_canary").unwrap();
    let signer = Signer::new(row, &secret).unwrap();
    let mut request = signer.sign(body.to_string(), SystemClock.now());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let endpoint = inbox.endpoint(source).unwrap();
    let reply = endpoint.oneshot(request.map(ReplyBody::from)).await;
    assert_eq!(reply.unwrap().status(), 200);
}

/// Runs the handlers until this is so, and stops them.
async fn run_until<F: Future<Output = bool>>(inbox: &Inbox, is_so: impl Fn() -> F) {
    let until = async {
        for _ in 0..1_500 {
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never: {:?}", inbox.stats().await);
    };
    inbox.run(until).await.unwrap();
}
