//! What a sender sees of acceptance, as its row says.

use hookgate::provider::{GITHUB, Replies};
use http_body_util::BodyExt;

use super::*;

const WORDY: Provider = Provider {
    replies: Replies {
        status: 202,
        body: "Hello API Event Received",
        content_type: "text/plain",
        refusals: &[
            (RejectionKind::BadSignature, 498),
            (RejectionKind::StoreUnavailable, 500),
        ],
    },
    ..GITHUB
};

async fn inbox(store: Arc<dyn Store>) -> Inbox {
    let builder = Inbox::builder_over(store).source(source(WORDY));
    builder.channel("all", on("*")).build().await.unwrap()
}

fn delivery(secret: &str) -> Request<ReplyBody> {
    let signer = Signer::new(WORDY, &Secret::new(secret).unwrap()).unwrap();
    let signed = signer.with_id("d-1").sign("{}", SystemClock.now());
    signed.map(ReplyBody::from)
}

#[tokio::test]
async fn acceptance_and_duplicates_are_answered_as_the_row_says() {
    let inbox = inbox(Arc::new(MemoryStore::new())).await;
    let endpoint = inbox.endpoint("github").unwrap();
    for _ in 0..2 {
        let response = endpoint.clone().oneshot(delivery("s3cret")).await.unwrap();
        assert_eq!(response.status(), 202);
        assert_eq!(response.headers()["content-type"], "text/plain");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "Hello API Event Received");
    }
    assert_eq!(inbox.stats().await.unwrap().handlers[0].queued, 1);
    assert_eq!(status(&endpoint, delivery("wrong")).await, 498);
}

#[tokio::test]
async fn a_store_that_fails_is_never_a_success_nor_the_senders_fault() {
    let store = Arc::new(Faulty::new([Fault::Refuse(StoreErrorKind::Unavailable)]));
    let endpoint = inbox(store).await.endpoint("github").unwrap();
    assert_eq!(status(&endpoint, delivery("s3cret")).await, 500);
}

#[tokio::test]
async fn a_service_that_writes_the_reply_finds_what_the_sender_wants() {
    let inbox = inbox(Arc::new(MemoryStore::new())).await;
    let layer = inbox.layer("github").unwrap();
    let service = layer.layer(service_fn(|request: Request<ReplyBody>| async move {
        let source = request.extensions().get::<Source>().unwrap();
        let mut reply = source.provider().replies.accepted();
        reply.body = [&reply.body[..], b"!"].concat().into();
        Ok::<_, Infallible>(reply.into_response::<ReplyBody>())
    }));
    let response = service.oneshot(delivery("s3cret")).await.unwrap();
    assert_eq!(response.status(), 202);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "Hello API Event Received!");
}
