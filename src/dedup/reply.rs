//! The stored form of a small reply. The first byte is its version.

use std::pin::pin;

use bytes::{Buf, Bytes};
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Body;

use crate::verify::ReplyBody;

const VERSION: u8 = 1;

/// Longer bodies are sent but not stored: a later delivery then gets the status alone.
const SLOT: usize = 16 * 1024;

/// Reads a body to its end. `None` when it breaks.
pub(super) async fn whole<B: Body>(body: B) -> Option<Bytes> {
    let mut body = pin!(body);
    let mut all = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        if let Ok(mut data) = frame.ok()?.into_data() {
            all.extend_from_slice(&data.copy_to_bytes(data.remaining()));
        }
    }
    Some(all.into())
}

/// Version, status, length and text of the content type, body.
pub(super) fn encode(response: &Response<Bytes>) -> Bytes {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = if kind.len() > 255 { b"" } else { kind };
    let body = Some(&response.body()[..]).filter(|body| body.len() <= SLOT);
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&response.status().as_u16().to_be_bytes());
    bytes.push(kind.len() as u8);
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(body.unwrap_or_default());
    bytes.into()
}

/// The reply that was stored; a bare 200 when another version stored it.
pub(super) fn decode(stored: &[u8]) -> Response<ReplyBody> {
    read(stored).unwrap_or_default()
}

fn read(stored: &[u8]) -> Option<Response<ReplyBody>> {
    let (&[VERSION, high, low, len], rest) = stored.split_first_chunk::<4>()? else {
        return None;
    };
    let (kind, body) = rest.split_at_checked(usize::from(len))?;
    let mut response = Response::new(ReplyBody::from(Bytes::copy_from_slice(body)));
    *response.status_mut() = StatusCode::from_u16(u16::from_be_bytes([high, low])).ok()?;
    if !kind.is_empty() {
        let kind = HeaderValue::from_bytes(kind).ok()?;
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_reply_survives_and_a_large_one_leaves_its_status() -> Result<(), http::Error> {
        for (len, kept) in [(0, 0), (SLOT, SLOT), (SLOT + 1, 0)] {
            let response = Response::builder()
                .status(202)
                .header("content-type", "text/plain")
                .body(Bytes::from(vec![b'x'; len]))?;
            let back = decode(&encode(&response));
            assert_eq!(back.status(), 202);
            assert_eq!(back.headers()["content-type"], "text/plain");
            assert_eq!(back.into_body().into_bytes().len(), kept);
        }
        Ok(())
    }

    #[test]
    fn what_cannot_be_read_is_a_bare_200() {
        for stored in [
            &b""[..],
            b"\x01",
            b"\x02\x00\xca\x00x",
            b"\x01\x00\xca\x09x",
            b"\x01\x00\x01\x00",
        ] {
            let reply = decode(stored);
            assert_eq!(
                (
                    reply.status().as_u16(),
                    reply.into_body().into_bytes().len()
                ),
                (200, 0)
            );
        }
    }
}
