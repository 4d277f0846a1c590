//! What is configured on both sides, and payloads that the SDKs can read.

use std::collections::BTreeMap;

use bytes::Bytes;
use hookgate::{
    Secret, Source,
    clock::UnixTime,
    provider::{self, Provider},
};
use serde_json::{Value, json};

use crate::support;

/// The path and query of every delivery; [`support::URL`] ends with it.
pub(crate) const TARGET: &str = "/in?shop=1";

const ORIGIN: &str = "https://hooks.example.com";

/// A payload, and a part of it that may be [`changed`] to something of the same form.
pub(crate) struct Payload {
    pub(crate) body: String,
    pub(crate) marker: String,
}

/// What the adapters have to know: for each preset its secret, another one, and its public origin.
pub(crate) fn configured() -> Value {
    let of = |row: &Provider| json!({"secret": secret_text(row, 1), "other": secret_text(row, 2), "origin": ORIGIN});
    let all: BTreeMap<_, _> = provider::ALL
        .iter()
        .map(|row| (row.slug, of(row)))
        .collect();
    json!(all)
}

pub(crate) fn source(row: &Provider) -> Source {
    let builder = Source::builder(row.slug, *row).add_secret(secret(row, 1));
    let builder = match support::url(row) {
        Some(url) => builder.with_public_url(url),
        None => builder,
    };
    builder.build().unwrap()
}

/// What `Signer::with_public_url` is given.
pub(crate) fn url(row: &Provider) -> &'static str {
    support::url(row).unwrap_or(ORIGIN)
}

pub(crate) fn secret(row: &Provider, n: u8) -> Secret {
    Secret::new(secret_text(row, n)).unwrap()
}

fn secret_text(row: &Provider, n: u8) -> String {
    match row.slug {
        // Contentful's has 64 characters, and its SDK insists.
        "contentful" => format!("{n:02x}").repeat(32),
        "chargebee" => format!("interop:secret number {n}"),
        _ => support::secret_text(row, n),
    }
}

/// The id in a header or the query.
pub(crate) fn id(_: &Provider) -> &'static str {
    "id-interop-1"
}

/// The type in a header.
pub(crate) fn kind(_: &Provider) -> &'static str {
    "interop.test"
}

/// Claims of a token that SDKs ask for.
pub(crate) fn claims(row: &Provider) -> &'static [(&'static str, &'static str)] {
    match row.slug {
        // The API key, which LiveKit's SDKs know beside the secret.
        "livekit" => &[("iss", "interop")],
        "messagebird-jwt" => &[("jti", "interop-1")],
        _ => &[],
    }
}

/// Headers beside that SDKs ask for.
pub(crate) fn headers(row: &Provider) -> &'static [(&'static str, &'static str)] {
    match row.slug {
        "shopify" => &[
            ("x-shopify-api-version", "2026-10"),
            ("x-shopify-shop-domain", "interop.example.com"),
        ],
        "shopify-events" => &[
            ("shopify-event-id", "interop-1"),
            ("shopify-api-version", "2026-10"),
            ("shopify-shop-domain", "interop.example.com"),
        ],
        _ => &[],
    }
}

/// Text of which each letter counts: unescaped and escaped characters, numbers and spaces that no
/// JSON writer would write like that.
const TEXT: &str = r#""text":"unchanged ä € \u20ac \/", "n": 1.0 "#;

pub(crate) fn payload(row: &Provider, time: UnixTime) -> Payload {
    let (secs, millis) = (time.as_secs(), time.as_millis());
    let body = match row.slug {
        "adyen-payments" => {
            json!({"live": "false", "notificationItems": [{"NotificationRequestItem": {
                "additionalData": {}, "eventCode": "AUTHORISATION", "success": "true",
                "merchantAccountCode": "Interop", "pspReference": "7914073381342284",
                "merchantReference": "unchanged", "amount": {"value": 1130, "currency": "EUR"},
            }}]})
            .to_string()
        }
        "braintree" => return braintree(),
        "coinbase-commerce" => {
            format!(r#"{{"id": 1, "event":{{"id":"1","type":"charge:created"}}, {TEXT}}}"#)
        }
        "dropbox-sign" => json!({"event": {"event_time": secs.to_string(), "event_hash": "",
            "event_type": "account_confirmed", "event_metadata": {}, "unchanged": 1}})
        .to_string(),
        "gocardless" => format!(
            r#"{{"events":[{{"id":"EV123","action":"paid"}}], "meta":{{"webhook_id":"WB1"}}, {TEXT}}}"#
        ),
        "linear" => {
            format!(r#"{{"type":"Issue","action":"update","webhookTimestamp":{millis}, {TEXT}}}"#)
        }
        "pusher-channels" => {
            format!(r#"{{"time_ms":{millis},"events":[{{"name":"channel_occupied"}}], {TEXT}}}"#)
        }
        "stripe-thin" => format!(
            r#"{{"id":"evt_interop_1","object":"v2.core.event","type":"v1.billing.meter.no_meter_found",
            "livemode":false,"created":"2026-11-26T12:00:00Z", {TEXT}}}"#
        ),
        "twilio-form" => {
            "CallSid=CA1&Body=unchanged+%C3%A4+%E2%82%AC+%2B%26&From=%2B1415&Empty=".to_owned()
        }
        "vonage-sms-signature" => {
            format!("msisdn=447700900001&text=unchanged%26=%C3%A4&nonce=n1&timestamp={secs}")
        }
        // Their libraries sign what they have read and written again.
        "workos" => {
            r#"{"event":"user.created","id":"event_1","data":{"text":"unchanged ä €"}}"#.to_owned()
        }
        "zoom" => r#"{"event":"meeting.ended","event_ts":1,"payload":{"text":"unchanged ä €"}}"#
            .to_owned(),
        _ => format!(
            r#"{{"id":"evt_interop_1", "type":"interop.test","event":"interop.test", {TEXT}}}"#
        ),
    };
    let marker = match row.slug {
        // Its time and its type are all that is signed.
        "dropbox-sign" => "account_confirmed",
        _ => "unchanged",
    };
    let marker = marker.to_owned();
    Payload { body, marker }
}

fn braintree() -> Payload {
    let xml = "<notification>\n  <timestamp type=\"datetime\">2026-11-26T12:00:00Z</timestamp>\n  \
               <kind>check</kind>\n  <subject>\n    <check type=\"boolean\">true</check>\n  </subject>\n\
               </notification>\n";
    let body = data_encoding::BASE64.encode(xml.as_bytes());
    let marker = body[8..16].to_owned();
    Payload { body, marker }
}

/// The same with the marker's last character replaced by the one before it.
pub(crate) fn changed(body: &Bytes, marker: &str) -> Bytes {
    let at = body
        .windows(marker.len())
        .position(|there| there == marker.as_bytes());
    let last = at.expect("the marker is there") + marker.len() - 1;
    let mut body = body.to_vec();
    body[last] = if body[last] == b'x' { b'y' } else { b'x' };
    body.into()
}
