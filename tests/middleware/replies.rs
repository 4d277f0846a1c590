//! What a row says is to be answered.

use hookgate::provider::{GITHUB, Provider, Replies};

use super::*;

const ROW: Provider = Provider {
    replies: Replies {
        refusals: &[
            (RejectionKind::BadSignature, 498),
            (RejectionKind::Overloaded, 500),
            (RejectionKind::MissingSignature, 503),
        ],
        ..Replies::DEFAULT
    },
    ..GITHUB
};

fn source(row: Provider) -> Source {
    let builder = Source::builder(row.slug, row).add_secret(secret());
    builder.build().unwrap()
}

fn signed(by: &Secret) -> Request<ReplyBody> {
    let signer = Signer::new(ROW, by).unwrap();
    signer.sign(BODY, SystemClock.now()).map(ReplyBody::from)
}

async fn send(layer: &VerifyLayer, request: Request<ReplyBody>) -> Response<()> {
    let response = layer.layer(Echo::default()).oneshot(request).await.unwrap();
    response.map(drop)
}

#[tokio::test]
async fn refusals_have_the_status_that_the_sender_wants() {
    let layer = VerifyLayer::new(source(ROW));
    let wrong = || signed(&Secret::new("wrong").unwrap());
    let response = send(&layer, wrong()).await;
    assert_eq!(response.status().as_u16(), 498);
    assert_eq!(kind(&response), Some(RejectionKind::BadSignature));
    let mut unsigned = signed(&secret());
    unsigned.headers_mut().remove("x-hub-signature-256");
    let response = send(&layer, unsigned).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let full = layer.clone().with_body_budget(BodyBudget::new(1));
    let response = send(&full, signed(&secret())).await;
    assert_eq!(response.status(), 500);
    assert!(!response.headers().contains_key("retry-after"));
    // Another row's are the usual ones.
    let usual = VerifyLayer::new(source(GITHUB));
    assert_eq!(send(&usual, wrong()).await.status(), 401);
    // What the user says holds over the row.
    let ours = layer.with_response(|_| {
        let mut response = Response::new(ReplyBody::default());
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        response
    });
    assert_eq!(send(&ours, wrong()).await.status(), 418);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    for (row, allow) in [
        (ROW, "POST"),
        (provider::META, "POST, GET"),
        (
            Provider {
                methods: &[http::Method::POST, http::Method::PUT],
                ..ROW
            },
            "POST, PUT",
        ),
    ] {
        let request = Request::delete("/").body(ReplyBody::default()).unwrap();
        let response = send(&VerifyLayer::new(source(row)), request).await;
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], allow);
    }
}

#[test]
fn replies_that_lie_do_not_build() {
    let replies = |replies| {
        let row = Provider { replies, ..GITHUB };
        Source::builder("row", row).add_secret(secret()).build()
    };
    for bad in [
        Replies {
            status: 302,
            ..Replies::DEFAULT
        },
        Replies {
            refusals: &[(RejectionKind::StoreFull, 200)],
            ..Replies::DEFAULT
        },
        Replies {
            refusals: &[(RejectionKind::StoreUnavailable, 400)],
            ..Replies::DEFAULT
        },
    ] {
        assert!(replies(bad).is_err(), "{bad:?}");
    }
    assert!(replies(ROW.replies).is_ok());
}
