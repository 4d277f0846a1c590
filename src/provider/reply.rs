//! What senders want to be answered, and the replies that say so.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::error::RejectionKind;

/// What a sender wants to be answered.
#[derive(Clone, Copy, Debug)]
pub struct Replies {
    /// The status for accepted deliveries and duplicates: a 2xx.
    pub status: u16,
    /// The body that comes with it.
    pub body: &'static str,
    /// Its `Content-Type`; none when it is empty.
    pub content_type: &'static str,
    /// Refusals whose status is another one than [`RejectionKind::status`]: a 4xx or 5xx. What is not
    /// the sender's fault stays a 5xx, so that the sender tries again.
    pub refusals: &'static [(RejectionKind, u16)],
}

impl Replies {
    /// 200 without a body, and the usual statuses.
    pub const DEFAULT: Self = Self {
        status: 200,
        body: "",
        content_type: "",
        refusals: &[],
    };

    /// The reply to what is stored, or was stored before.
    pub fn accepted(&self) -> Reply {
        let mut reply = Reply {
            status: StatusCode::from_u16(self.status).unwrap_or_default(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(self.body.as_bytes()),
        };
        if !self.body.is_empty()
            && let Ok(kind) = HeaderValue::from_str(self.content_type)
        {
            reply.headers.insert(header::CONTENT_TYPE, kind);
            reply.set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        }
        reply
    }

    /// The status of a refusal.
    pub fn refusal(&self, kind: RejectionKind) -> StatusCode {
        let mut refusals = self.refusals.iter();
        refusals
            .find(|(found, _)| *found == kind)
            .and_then(|(_, status)| StatusCode::from_u16(*status).ok())
            .unwrap_or(kind.status())
    }

    /// What makes no sense in them.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        if !(200..300).contains(&self.status) {
            return Some("what is accepted must be answered with a 2xx");
        }
        let empty = matches!(self.status, 204 | 205);
        if self.body.is_empty() != self.content_type.is_empty() || (empty && !self.body.is_empty())
        {
            return Some(
                "a body and its content type belong together, and to a status with a body",
            );
        }
        if HeaderValue::from_str(self.content_type).is_err() {
            return Some("the content type of the reply is no header value");
        }
        let wrong = |(kind, status): &(RejectionKind, u16)| {
            let least = if kind.status().is_server_error() {
                500
            } else {
                400
            };
            !(least..600).contains(status)
        };
        if self.refusals.iter().any(wrong) {
            return Some(
                "a refusal must be a 4xx or 5xx, and a 5xx when it is not the sender's fault",
            );
        }
        let twice = |(at, (kind, _)): (usize, &(RejectionKind, u16))| {
            self.refusals
                .iter()
                .take(at)
                .any(|(found, _)| found == kind)
        };
        if self.refusals.iter().enumerate().any(twice) {
            return Some("one kind of refusal has two statuses");
        }
        None
    }
}

/// A reply, ready to be sent. With a body it says `X-Content-Type-Options: nosniff`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers. A secret among them is marked as sensitive and not shown by `Debug`.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// 200 and nothing else.
    pub(crate) fn empty() -> Self {
        let mut reply = Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        reply.set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        reply
    }

    pub(crate) fn text(body: String) -> Self {
        let mut reply = Self::empty();
        reply.set(header::CONTENT_TYPE, "text/plain; charset=utf-8");
        reply.body = body.into();
        reply
    }

    /// A JSON object of these texts, escaped as JSON wants them.
    pub(crate) fn json(fields: &[(&str, &str)]) -> Self {
        let fields = fields
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()));
        let mut reply = Self::empty();
        reply.set(header::CONTENT_TYPE, "application/json");
        reply.body = serde_json::Value::Object(fields.collect())
            .to_string()
            .into();
        reply
    }

    pub(crate) fn set(&mut self, name: HeaderName, value: &'static str) {
        self.headers.insert(name, HeaderValue::from_static(value));
    }

    /// The reply as a response of any body that can be made of bytes.
    pub fn into_response<B: From<Bytes>>(self) -> Response<B> {
        let mut response = Response::new(B::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider;

    #[test]
    fn every_presets_replies_make_sense() {
        for row in provider::ALL {
            assert_eq!(row.replies.mistake(), None, "{}", row.slug);
        }
    }

    #[test]
    fn a_receipt_is_a_2xx_and_nothing_of_ours_is_the_senders_fault() {
        use RejectionKind::{BadSignature, StoreFull};
        let of = |status, body, content_type| Replies {
            status,
            body,
            content_type,
            refusals: &[],
        };
        let refusing = |refusals| Replies {
            refusals,
            ..Replies::DEFAULT
        };
        for bad in [
            of(199, "", ""),
            of(302, "", ""),
            of(500, "", ""),
            of(0, "", ""),
            of(200, "ok", ""),
            of(200, "", "text/plain"),
            of(204, "ok", "text/plain"),
            of(200, "ok", "text\n"),
            refusing(&[(BadSignature, 200)]),
            refusing(&[(BadSignature, 399)]),
            refusing(&[(BadSignature, 600)]),
            refusing(&[(StoreFull, 499)]),
            refusing(&[(StoreFull, 204)]),
            refusing(&[(BadSignature, 498), (BadSignature, 403)]),
        ] {
            assert!(bad.mistake().is_some(), "{bad:?}");
        }
        for good in [
            of(204, "", ""),
            of(202, "{}", "application/json"),
            refusing(&[(BadSignature, 498), (StoreFull, 500)]),
            refusing(&[(BadSignature, 503)]),
        ] {
            assert_eq!(good.mistake(), None, "{good:?}");
        }
        for kind in RejectionKind::ALL
            .iter()
            .filter(|kind| kind.status().is_server_error())
        {
            let lost = Box::leak(Box::new([(*kind, 401)]));
            assert!(refusing(lost).mistake().is_some(), "{kind:?}");
        }
    }

    #[test]
    fn a_reply_is_what_the_row_says() {
        let replies = Replies {
            status: 202,
            body: "Hello",
            content_type: "text/plain",
            refusals: &[(RejectionKind::BadSignature, 498)],
        };
        let response = replies.accepted().into_response::<Bytes>();
        assert_eq!(response.status(), 202);
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(*response.body(), "Hello");
        assert_eq!(replies.refusal(RejectionKind::BadSignature).as_u16(), 498);
        assert_eq!(replies.refusal(RejectionKind::Stale).as_u16(), 401);
    }

    #[test]
    fn json_is_escaped() {
        let reply = Reply::json(&[("a\"b", "c\\d\n")]);
        assert_eq!(reply.body, r#"{"a\"b":"c\\d\n"}"#);
    }
}
