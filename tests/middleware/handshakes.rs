//! Handshakes through the middleware: with bodies, tenants and hooks, and never to the service.

use hookgate::{
    provider::{Answer, Asked, Challenge, ChallengeAt, GITHUB, Handshake, Provider},
    source::{EnrolmentFuture, EnrolmentHook},
};
use tokio::sync::Semaphore;

use super::*;

async fn bytes(response: Response<ResponseBody<VerifiedBody>>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

fn on(row: Provider) -> VerifyLayer {
    let source = Source::builder(row.slug, row).add_secret(secret());
    VerifyLayer::new(source.build().unwrap())
}

#[tokio::test]
async fn handshakes_are_answered_and_never_reach_the_service() {
    let token = Secret::new("my-token").unwrap();
    let meta = Source::builder("meta", provider::META)
        .add_secret(secret())
        .with_verify_token(token)
        .build()
        .unwrap();
    let layer = VerifyLayer::new(meta);
    let ask = |token: &str| {
        let uri = format!("/?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        Request::get(uri).body(ReplyBody::default()).unwrap()
    };
    let echo = Echo::default();
    let response = layer
        .layer(echo.clone())
        .oneshot(ask("my-token"))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "1158201444"
    );
    let response = layer
        .layer(echo.clone())
        .oneshot(ask("other"))
        .await
        .unwrap();
    assert_eq!(kind(&response), Some(RejectionKind::Handshake));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "");

    let zoom = Source::builder("zoom", provider::ZOOM)
        .add_secret(secret())
        .build()
        .unwrap();
    let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6U"}}"#;
    let signer = Signer::new(provider::ZOOM, &secret()).unwrap();
    let request = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
    let response = VerifyLayer::new(zoom)
        .layer(echo.clone())
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let reply = response.into_body().collect().await.unwrap().to_bytes();
    let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap();
    assert_eq!(reply["plainToken"], "qgg8vlvZRS6U");
    // openssl dgst -sha256 -hmac whsec_test over the token
    assert_eq!(
        reply["encryptedToken"],
        "38b029ba27113a9dcefdd71d78c3b931888a88beccfddf5de0e581fe751cafe4"
    );
    assert_eq!(echo.calls(), 0);
}

/// As monday asks.
const IN_BODY: Provider = Provider {
    handshake: Handshake::Challenge {
        asked: Asked::Unsigned,
        must: &[],
        challenge: Challenge::body("/challenge"),
        answer: Answer::Json("challenge"),
    },
    ..GITHUB
};

#[tokio::test]
async fn an_unsigned_body_is_read_only_as_far_as_a_handshake_goes() {
    let (layer, echo) = (on(IN_BODY), Echo::default());
    let post = |script: Script| {
        let polls = script.polls.clone();
        let request = Request::post("/").body(script).unwrap();
        (layer.layer(echo.clone()).oneshot(request), polls)
    };
    let chunks = [r#"{"chall"#, r#"enge":"#, r#""abc"}"#].map(|text| Step::Data(text.into()));
    let response = post(Script::new(chunks)).0.await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(bytes(response).await, r#"{"challenge":"abc"}"#);

    let event = Script::new([Step::Data(r#"{"event":{}}"#.into())]);
    let response = post(event).0.await.unwrap();
    assert_eq!(kind(&response), Some(RejectionKind::MissingSignature));
    assert_eq!(response.status(), 401);

    let (response, polls) = post(Script::new([Step::DataForEver(1_024)]));
    let response = response.await.unwrap();
    assert_eq!(kind(&response), Some(RejectionKind::TooLarge));
    assert_eq!(polls.load(Ordering::SeqCst), 5, "one frame past 4 KiB");

    // A larger one by its own word is not read at all.
    let script = Script::new([Step::DataForEver(1)]);
    let polls = script.polls.clone();
    let declared = Request::post("/").header("content-length", "4097");
    let response = layer.layer(echo.clone());
    let response = response.oneshot(
        declared
            .version(http::Version::HTTP_2)
            .body(script)
            .unwrap(),
    );
    assert_eq!(
        kind(&response.await.unwrap()),
        Some(RejectionKind::MissingSignature)
    );
    assert_eq!(polls.load(Ordering::SeqCst), 0);

    let (response, _) = post(Script::new([Step::Fail]));
    assert_eq!(
        kind(&response.await.unwrap()),
        Some(RejectionKind::BodyRead)
    );
    assert_eq!(echo.calls(), 0);

    // A genuine one reaches the service.
    let signer = Signer::new(IN_BODY, &secret()).unwrap();
    let signed = signer.sign(BODY, SystemClock.now()).map(ReplyBody::from);
    let response = layer.layer(echo.clone()).oneshot(signed).await.unwrap();
    assert_eq!((response.status().as_u16(), echo.calls()), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn an_unsigned_body_that_stops_coming_is_408_at_the_deadline() {
    let layer = on(IN_BODY).with_deadline(Duration::from_secs(2));
    let script = Script::new([Step::Data("{".into()), Step::Hang]);
    let request = Request::post("/").body(script).unwrap();
    assert_eq!(status(&layer, request).await.0, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn head_and_options_are_answered_where_the_row_says_so() {
    let head = Provider {
        handshake: Handshake::Probe(&[http::Method::HEAD]),
        ..GITHUB
    };
    let ask = |layer: VerifyLayer, method: &str, origin: &str| {
        let request = Request::builder()
            .method(method)
            .header("webhook-request-origin", origin)
            .body(ReplyBody::default());
        layer.layer(Echo::default()).oneshot(request.unwrap())
    };
    let response = ask(on(head), "HEAD", "").await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        kind(&ask(on(GITHUB), "HEAD", "").await.unwrap()),
        Some(RejectionKind::Method)
    );

    let origin = Provider {
        handshake: Handshake::Origin,
        ..GITHUB
    };
    let source = Source::builder("origin", origin)
        .add_secret(secret())
        .add_handshake_value("sender.example");
    let layer = VerifyLayer::new(source.build().unwrap());
    let response = ask(layer.clone(), "OPTIONS", "sender.example")
        .await
        .unwrap();
    assert_eq!(
        response.headers()["webhook-allowed-origin"],
        "sender.example"
    );
    let response = ask(layer, "OPTIONS", "other.example").await.unwrap();
    assert_eq!(kind(&response), Some(RejectionKind::Handshake));
    assert!(!response.headers().contains_key("webhook-allowed-origin"));
}

/// As Zoom answers, but to anybody: the answer is made with the tenant's secret.
const COMPUTED: Provider = Provider {
    handshake: Handshake::Challenge {
        asked: Asked::Get,
        must: &[],
        challenge: Challenge::query("token"),
        answer: match provider::ZOOM.handshake {
            Handshake::Challenge { answer, .. } => answer,
            _ => Answer::Text,
        },
    },
    ..provider::ZOOM
};

#[tokio::test]
async fn a_computed_answer_is_made_with_the_tenants_secret() {
    let tenants = Tenants::new(Shops {
        lookups: AtomicUsize::new(0),
    });
    let source = Source::builder("shops", COMPUTED).with_tenants(tenants);
    let source = source.build().unwrap();
    let service = VerifyLayer::new(source.clone()).layer(Echo::default());
    let ask = |shop: &str| {
        let request = Request::get("/?token=qgg8vlvZRS6U")
            .header("host", "hooks.example")
            .header("x-shop", shop);
        service
            .clone()
            .oneshot(request.body(ReplyBody::default()).unwrap())
    };
    for shop in ["shop-a", "shop-b", "shop-a"] {
        let reply = bytes(ask(shop).await.unwrap()).await;
        let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap();
        let alone = Source::builder("alone", COMPUTED).add_secret(Secret::new(shop).unwrap());
        let (parts, ()) = Request::get("/?token=qgg8vlvZRS6U")
            .body(())
            .unwrap()
            .into_parts();
        let expected = alone.build().unwrap().answer(&parts).unwrap().unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&expected.body).unwrap();
        assert_eq!(reply, expected, "{shop}");
        let found = source.answer(&parts).unwrap().unwrap_err();
        assert_eq!(found.kind(), RejectionKind::Misconfigured);
    }
    for (shop, why) in [
        ("nobody", RejectionKind::UnknownTenant),
        ("down", RejectionKind::Resolver),
        (&*"x".repeat(257), RejectionKind::UnknownTenant),
    ] {
        assert_eq!(kind(&ask(shop).await.unwrap()), Some(why), "{shop}");
    }
}

/// As Asana hands its secret over.
const ENROLLING: Provider = Provider {
    handshake: Handshake::Enrolment {
        secret: ChallengeAt::Header("x-hook-secret"),
    },
    ..GITHUB
};

/// Stores when it may, and counts.
#[derive(Debug)]
struct Vault {
    stored: AtomicUsize,
    gate: Semaphore,
}

impl EnrolmentHook for Vault {
    fn store<'a>(&'a self, _: &'a str, _: &'a Secret) -> EnrolmentFuture<'a> {
        Box::pin(async {
            self.gate.acquire().await?.forget();
            self.stored.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_stored_before_the_sender_is_answered_and_a_slow_hook_is_503() {
    let vault = Arc::new(Vault {
        stored: AtomicUsize::new(0),
        gate: Semaphore::new(0),
    });
    let source = Source::builder("asana", ENROLLING).awaiting_enrolment(Arc::clone(&vault));
    let source = source.build().unwrap();
    let layer = VerifyLayer::new(source.clone()).with_deadline(Duration::from_secs(2));
    let echo = Echo::default();
    let secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    let hand_over = || {
        let request = Request::post("/").header("x-hook-secret", secret);
        let request = request.body(ReplyBody::from("{}")).unwrap();
        layer.layer(echo.clone()).oneshot(request)
    };
    let delivery = || {
        let signer = Signer::new(ENROLLING, &Secret::new(secret).unwrap()).unwrap();
        let request = signer.sign(BODY, SystemClock.now()).map(ReplyBody::from);
        layer.layer(echo.clone()).oneshot(request)
    };
    let begun = tokio::time::Instant::now();
    let late = hand_over().await.unwrap();
    assert_eq!(kind(&late), Some(RejectionKind::AwaitingEnrolment));
    assert_eq!(
        (late.status().as_u16(), begun.elapsed().as_secs()),
        (503, 2)
    );
    assert!(late.headers().contains_key("retry-after"));
    let early = delivery().await.unwrap();
    assert_eq!(kind(&early), Some(RejectionKind::AwaitingEnrolment));
    assert!(source.is_awaiting_enrolment());

    vault.gate.add_permits(9);
    let reply = hand_over().await.unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["x-hook-secret"], secret);
    assert_eq!(vault.stored.load(Ordering::SeqCst), 1);
    assert_eq!(
        (delivery().await.unwrap().status().as_u16(), echo.calls()),
        (200, 1)
    );
    let again = hand_over().await.unwrap();
    assert_eq!(kind(&again), Some(RejectionKind::Handshake));
    assert_eq!((vault.stored.load(Ordering::SeqCst), echo.calls()), (1, 1));
}
