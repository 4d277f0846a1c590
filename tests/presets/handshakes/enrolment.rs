//! Secrets that senders hand over, once, to a source that waits for one.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use hookgate::{
    RejectionKind, Secret, Source,
    provider::{ASANA, GITHUB, NOTION, Provider},
    source::{EnrolmentFuture, EnrolmentHook},
    testing::Signer,
};
use tokio::sync::Semaphore;

use super::{Answered, REFUSED, ask, request};
use crate::support::{NOW, parts, refusal, sign, source, verify};

const WAITING: Answered = Some(Err(RejectionKind::AwaitingEnrolment));

const SECRET: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

/// Stores secrets in memory, when it may.
#[derive(Debug)]
struct Hook {
    kept: Mutex<Vec<(String, Vec<u8>)>>,
    calls: AtomicUsize,
    fails: AtomicBool,
    gate: Semaphore,
}

impl EnrolmentHook for Hook {
    fn store<'a>(&'a self, source: &'a str, secret: &'a Secret) -> EnrolmentFuture<'a> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await?.forget();
            if self.fails.load(Ordering::SeqCst) {
                return Err("disk full".into());
            }
            let kept = (source.to_owned(), secret.reveal().to_vec());
            self.kept.lock().unwrap().push(kept);
            Ok(())
        })
    }
}

impl Hook {
    fn kept(&self) -> Vec<Vec<u8>> {
        let kept = self.kept.lock().unwrap();
        kept.iter().map(|(_, secret)| secret.clone()).collect()
    }
}

/// A hook that stores up to this many secrets at once, and waits then.
fn hook(at_once: usize) -> Arc<Hook> {
    Arc::new(Hook {
        kept: Mutex::default(),
        calls: AtomicUsize::new(0),
        fails: AtomicBool::new(false),
        gate: Semaphore::new(at_once),
    })
}

fn waiting(row: Provider, hook: &Arc<Hook>) -> Source {
    let builder = Source::builder("waiting", row).awaiting_enrolment(Arc::clone(hook));
    builder.build().unwrap()
}

async fn hand_over(source: &Source, secret: &str) -> Answered {
    let head = parts(request("POST", "/", &[("x-hook-secret", secret)]));
    let answer = source.enrol(&head, b"{}").await?;
    Some(answer.map_err(|why| why.kind()))
}

async fn post(source: &Source, body: &str) -> Answered {
    let head = parts(request("POST", "/", &[]));
    let answer = source.enrol(&head, body.as_bytes()).await?;
    Some(answer.map_err(|why| why.kind()))
}

/// A delivery signed with the secret that was handed over.
fn delivery(row: Provider) -> http::Request<bytes::Bytes> {
    let signer = Signer::new(row, &Secret::new(SECRET).unwrap()).unwrap();
    signer.sign("{}", NOW)
}

#[tokio::test]
async fn a_secret_in_a_header_is_stored_and_repeated_and_then_verifies_deliveries() {
    let hook = hook(9);
    let source = waiting(ASANA, &hook);
    assert!(source.is_awaiting_enrolment());
    let early = refusal(&source, delivery(ASANA));
    assert_eq!(early, RejectionKind::AwaitingEnrolment);
    assert_eq!(early.status(), 503);
    let reply = hand_over(&source, SECRET).await.unwrap().unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0));
    assert_eq!(reply.headers["x-hook-secret"], SECRET);
    assert!(!format!("{reply:?}").contains(&SECRET[..8]), "{reply:?}");
    assert_eq!(
        *hook.kept.lock().unwrap(),
        [("waiting".into(), SECRET.into())]
    );
    assert!(!source.is_awaiting_enrolment());
    assert!(verify(&source, delivery(ASANA)).is_ok());
    assert!(!format!("{source:?}").contains(&SECRET[..8]), "{source:?}");
}

#[tokio::test]
async fn a_secret_in_a_body_is_stored_and_not_repeated() {
    let hook = hook(9);
    let source = waiting(NOTION, &hook);
    for body in [
        "",
        "{}",
        r#"{"verification_token":null}"#,
        r#"{"verification_token":"short"}"#,
        r#"{"verification_token":"secret_with_a_\"quote\"_in_it"}"#,
        r#"{"verification_token":"secret_one_1111111","verification_token":"secret_two_2222222"}"#,
        r#"{"type":"page.created"}"#,
    ] {
        assert_eq!(post(&source, body).await, None, "{body}");
        assert!(source.is_awaiting_enrolment());
    }
    let body = format!(r#"{{"verification_token":"{SECRET}"}}"#);
    let reply = post(&source, &body).await.unwrap().unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0));
    assert_eq!(hook.kept(), [SECRET.as_bytes()]);
    assert!(verify(&source, delivery(NOTION)).is_ok());
    // Signed with the secret that is in it: an ordinary delivery now.
    assert_eq!(post(&source, &body).await, None);
}

#[tokio::test]
async fn a_secret_is_never_replaced() {
    let hook = hook(9);
    let source = waiting(ASANA, &hook);
    assert!(hand_over(&source, SECRET).await.unwrap().is_ok());
    let other = "f".repeat(64);
    let headers = [("x-hook-secret", &*other)];
    for secret in [&*other, SECRET] {
        assert_eq!(hand_over(&source, secret).await, None);
    }
    assert_eq!(ask(&source, "POST", "/", &headers), REFUSED);
    assert!(source.open_handshake().is_err());
    assert!(verify(&source, delivery(ASANA)).is_ok());
    assert_eq!(hook.kept(), [SECRET.as_bytes()]);
    // Nor one that was configured.
    let configured = crate::support::source(ASANA, &[1]);
    assert_eq!(ask(&configured, "POST", "/", &headers), REFUSED);
    assert_eq!(hand_over(&configured, &other).await, None);
    assert!(verify(&configured, sign(ASANA, "{}")).is_ok());
    // Signed deliveries may say what they like.
    let mut signed = sign(ASANA, "{}");
    let value = other.parse().unwrap();
    signed.headers_mut().insert("x-hook-secret", value);
    let (head, body) = signed.into_parts();
    assert_eq!(configured.answer(&head), None);
    assert!(configured.verify(&head, body, NOW).is_ok());
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_answered_and_the_door_stays_open() {
    let hook = hook(9);
    let source = waiting(ASANA, &hook);
    hook.fails.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(hand_over(&source, &"f".repeat(64)).await, WAITING);
        assert!(source.is_awaiting_enrolment());
    }
    hook.fails.store(false, Ordering::SeqCst);
    assert!(hand_over(&source, SECRET).await.unwrap().is_ok());
    assert_eq!(hook.kept(), [SECRET.as_bytes()]);
}

#[tokio::test]
async fn of_two_at_once_one_wins() {
    let hook = hook(0);
    let source = waiting(ASANA, &hook);
    let other = "f".repeat(64);
    let mut first = Box::pin(hand_over(&source, SECRET));
    let pending = tokio::time::timeout(Duration::from_millis(10), &mut first);
    assert!(pending.await.is_err(), "it is being stored");
    assert_eq!(hand_over(&source, &other).await, WAITING);
    assert_eq!(hook.calls.load(Ordering::SeqCst), 1);
    hook.gate.add_permits(9);
    assert!(first.await.unwrap().is_ok());
    assert_eq!(hand_over(&source, &other).await, None);
    assert_eq!(hook.kept(), [SECRET.as_bytes()]);
    assert!(verify(&source, delivery(ASANA)).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_wins() {
    for _ in 0..50 {
        let hook = hook(99);
        let source = waiting(ASANA, &hook);
        let secrets: Vec<_> = (0..8).map(|n| format!("{n}").repeat(32)).collect();
        let tasks: Vec<_> = secrets
            .iter()
            .map(|secret| {
                let (source, secret) = (source.clone(), secret.clone());
                tokio::spawn(async move { hand_over(&source, &secret).await })
            })
            .collect();
        let mut taken = Vec::new();
        for (task, secret) in tasks.into_iter().zip(&secrets) {
            if let Some(Ok(reply)) = task.await.unwrap() {
                assert_eq!(reply.headers["x-hook-secret"], secret.as_str());
                taken.push(secret.clone().into_bytes());
            }
        }
        assert_eq!(taken.len(), 1);
        assert_eq!(hook.kept(), taken);
    }
}

#[tokio::test]
async fn a_sender_that_hangs_up_leaves_the_door_open() {
    let hook = hook(0);
    let source = waiting(ASANA, &hook);
    let other = "f".repeat(64);
    let hung_up = hand_over(&source, &other);
    let hung_up = tokio::time::timeout(Duration::from_millis(10), hung_up);
    assert!(hung_up.await.is_err());
    hook.gate.add_permits(9);
    assert!(hand_over(&source, SECRET).await.unwrap().is_ok());
    assert_eq!(hook.kept(), [SECRET.as_bytes()]);
}

#[tokio::test]
async fn a_secret_that_was_configured_meanwhile_stays() {
    let hook = hook(0);
    let source = waiting(ASANA, &hook);
    let other = "f".repeat(64);
    let mut handed = Box::pin(hand_over(&source, &other));
    let pending = tokio::time::timeout(Duration::from_millis(10), &mut handed);
    assert!(pending.await.is_err());
    source.add_secret(&Secret::new(SECRET).unwrap()).unwrap();
    hook.gate.add_permits(9);
    assert_eq!(handed.await, REFUSED);
    assert_eq!(source.secret_labels().len(), 1);
    assert!(verify(&source, delivery(ASANA)).is_ok());
}

#[tokio::test]
async fn the_door_closes_by_time_and_the_operator_opens_it_again() {
    let hook = hook(9);
    let source = Source::builder("waiting", ASANA)
        .awaiting_enrolment(Arc::clone(&hook))
        .with_handshake_window(Duration::from_millis(50))
        .build()
        .unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(hand_over(&source, SECRET).await, REFUSED);
    let early = refusal(&source, delivery(ASANA));
    assert_eq!(early, RejectionKind::AwaitingEnrolment);
    assert_eq!(hook.calls.load(Ordering::SeqCst), 0);
    let open = Source::builder("waiting", ASANA).awaiting_enrolment(Arc::clone(&hook));
    let open = open.with_handshake_window(Duration::ZERO).build().unwrap();
    assert_eq!(hand_over(&open, SECRET).await, REFUSED, "never open");
    source.open_handshake().unwrap();
    assert!(hand_over(&source, SECRET).await.unwrap().is_ok());
}

#[tokio::test]
async fn only_secrets_are_taken() {
    let hook = hook(9);
    let source = waiting(ASANA, &hook);
    for bad in [
        "",
        "short",
        "fifteen-bytes-1",
        "a secret with spaces in it",
        "naïve-naïve-naïve",
    ] {
        assert_eq!(hand_over(&source, bad).await, REFUSED, "{bad:?}");
    }
    assert_eq!(hand_over(&source, &"f".repeat(257)).await, REFUSED);
    let twice = [("x-hook-secret", SECRET); 2];
    let head = parts(request("POST", "/", &twice));
    let found = source.enrol(&head, b"").await.unwrap();
    assert_eq!(found, Err(RejectionKind::Handshake.into()));
    for method in ["GET", "PUT"] {
        let head = parts(request(method, "/", &[("x-hook-secret", SECRET)]));
        assert_eq!(source.enrol(&head, b"").await, None, "{method}");
    }
    let head = parts(request("POST", "/", &[]));
    assert_eq!(source.enrol(&head, b"{}").await, None);
    assert_eq!(hook.calls.load(Ordering::SeqCst), 0);
    assert!(source.is_awaiting_enrolment());
}

#[test]
fn waiting_is_a_choice_of_its_own() {
    let wait = |row| Source::builder("waiting", row).awaiting_enrolment(hook(1));
    assert!(wait(ASANA).build().is_ok());
    assert!(wait(GITHUB).build().is_err(), "it hands no secret over");
    let secret = Secret::new(SECRET).unwrap();
    assert!(wait(ASANA).add_secret(secret).build().is_err());
    assert!(Source::builder("idle", ASANA).build().is_err());
    let day = Duration::from_secs(86_400);
    assert!(wait(ASANA).with_handshake_window(day).build().is_ok());
    let longer = day + Duration::from_secs(1);
    assert!(wait(ASANA).with_handshake_window(longer).build().is_err());
    assert!(!source(ASANA, &[1]).is_awaiting_enrolment());
}
