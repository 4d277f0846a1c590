//! What is sent, in which direction, and who has to refuse it.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use hookgate::{
    clock::{Clock, SystemClock, UnixTime},
    provider::{self, Provider},
    testing::{Signer, Tamper},
};
use http::{HeaderValue, Request};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use crate::{
    adapter::{Adapter, Sdk, send},
    payloads::{self, Payload},
    receiver::Receiver,
    support::signs_raw_body,
};

/// Older, or further ahead, than any tolerance.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Case {
    Genuine,
    OtherSecret,
    Changed,
    Unsigned,
    Old,
    Future,
}

/// What went otherwise than it should.
pub(crate) async fn judge(adapter: &Adapter, sdk: &Sdk) -> Vec<String> {
    let row = provider::by_slug(&sdk.slug).unwrap_or_else(|| panic!("no preset {}", sdk.slug));
    let receiver = Receiver::start(row).await;
    let mut failures = Vec::new();
    if sdk.verifies {
        failures.extend(hookgate_signs(adapter, sdk, row, &receiver).await);
    }
    if sdk.signs {
        failures.extend(the_sdk_signs(adapter, sdk, row, &receiver).await);
    }
    failures
}

async fn hookgate_signs(
    adapter: &Adapter,
    sdk: &Sdk,
    row: &Provider,
    receiver: &Receiver,
) -> Vec<String> {
    let mut failures = Vec::new();
    let client: Client<HttpConnector, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let all = [
        Case::Genuine,
        Case::OtherSecret,
        Case::Changed,
        Case::Unsigned,
        Case::Old,
        Case::Future,
    ];
    for case in all {
        let request = signed(row, case);
        let target = request.uri().path_and_query().unwrap().as_str();
        let (status, _) = send(&client, &receiver.address, target, &request).await;
        let (ours, theirs) = (status, adapter.verify(sdk, &request).await);
        if let Some(why) = wrong(row, case, ours) {
            failures.push(format!("hookgate signs, {case:?}: hookgate {why}"));
        }
        let looks_at = |time: &str| sdk.clock.iter().any(|there| there == time);
        let refused = match case {
            Case::Genuine => false,
            Case::OtherSecret | Case::Unsigned => true,
            Case::Changed => sdk.body && !accepts(ours),
            Case::Old => looks_at("past"),
            Case::Future => looks_at("future"),
        };
        if theirs.is_err() != refused {
            let said = theirs.err().unwrap_or_else(|| "accepted".to_owned());
            failures.push(format!("hookgate signs, {case:?}: the SDK says {said}"));
        }
    }
    failures
}

/// A delivery by [`Signer`].
fn signed(row: &Provider, case: Case) -> Request<Bytes> {
    let now = SystemClock.now();
    let time = match case {
        Case::Old => before(now),
        Case::Future => now.saturating_add(MONTH),
        _ => now,
    };
    let Payload { body, marker } = payloads::payload(row, time);
    let signer = Signer::new(*row, &payloads::secret(row, 1)).unwrap();
    let signer = signer
        .with_public_url(payloads::url(row))
        .with_target(payloads::TARGET)
        .with_id(payloads::id(row))
        .with_type(payloads::kind(row))
        .with_life(60);
    let claims = payloads::claims(row).iter();
    let signer = claims.fold(signer, |signer, (name, value)| {
        signer.with_claim(name, value)
    });
    let mut request = match case {
        Case::OtherSecret => signer.tampered(body, time, Tamper::OtherSecret),
        Case::Unsigned => signer.tampered(body, time, Tamper::Unsigned),
        Case::Changed => {
            let request = signer.sign(body, time);
            request.map(|body| payloads::changed(&body, &marker))
        }
        Case::Genuine | Case::Old | Case::Future => signer.sign(body, time),
    };
    for (name, value) in payloads::headers(row) {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(*name, value);
    }
    request
}

async fn the_sdk_signs(
    adapter: &Adapter,
    sdk: &Sdk,
    row: &Provider,
    receiver: &Receiver,
) -> Vec<String> {
    let mut failures = Vec::new();
    for case in [Case::Genuine, Case::OtherSecret, Case::Changed, Case::Old] {
        if case == Case::Old && !sdk.dated {
            continue;
        }
        let now = SystemClock.now();
        let time = if case == Case::Old { before(now) } else { now };
        let Payload { body, marker } = payloads::payload(row, time);
        let job: BTreeMap<&str, Value> = BTreeMap::from([
            ("to", json!(format!("http://{}", receiver.address))),
            ("target", json!(payloads::TARGET)),
            ("body", json!(body)),
            ("time", json!(time.as_secs())),
            ("other", json!(case == Case::OtherSecret)),
            ("id", json!(payloads::id(row))),
            (
                "headers",
                json!(BTreeMap::from_iter(payloads::headers(row).to_vec())),
            ),
            ("change", json!((case == Case::Changed).then_some(marker))),
        ]);
        let why = match adapter.deliver(sdk, &job).await {
            Ok(status) => wrong(row, case, status).map(|why| format!("hookgate {why}")),
            Err(why) => Some(why),
        };
        failures.extend(why.map(|why| format!("the SDK signs, {case:?}: {why}")));
    }
    failures
}

fn before(now: UnixTime) -> UnixTime {
    UnixTime::from_secs(now.as_secs() - MONTH.as_secs() as i64)
}

fn accepts(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether hookgate's status is not the one for this case.
fn wrong(row: &Provider, case: Case, status: u16) -> Option<String> {
    let accepted = match case {
        Case::Genuine => true,
        Case::OtherSecret | Case::Unsigned => false,
        // Some senders sign only a part of the body, or none of it.
        Case::Changed if !signs_raw_body(row) => return None,
        Case::Changed => false,
        Case::Old | Case::Future => row.tolerance.is_none(),
    };
    let fits = if accepted {
        accepts(status)
    } else {
        (400..500).contains(&status)
    };
    (!fits).then(|| format!("answers {status}"))
}
