use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use http::{HeaderValue, Response, StatusCode, header};

use super::{BodyBudget, ReplyBody};
use crate::{
    clock::{Clock, SystemClock},
    error::Rejection,
    provider::Provider,
};

/// Makes the reply to a refused delivery.
pub type Respond = dyn Fn(Rejection) -> Response<ReplyBody> + Send + Sync;

/// What all endpoints of a layer share.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) deadline: Duration,
    pub(crate) budget: BodyBudget,
    respond: Option<Arc<Respond>>,
}

impl Settings {
    pub(crate) fn new(deadline: Duration) -> Self {
        let clock = Arc::new(SystemClock);
        Self {
            clock,
            deadline,
            budget: BodyBudget::shared(),
            respond: None,
        }
    }

    pub(crate) fn set_respond(&mut self, respond: Arc<Respond>) {
        self.respond = Some(respond);
    }

    /// The reply to a refused delivery of this provider, with the rejection in its extensions.
    pub(crate) fn refuse(&self, why: Rejection, row: Option<&Provider>) -> Response<ReplyBody> {
        let Some(respond) = &self.respond else {
            return boring(why, row);
        };
        let mut response = respond(why);
        response.extensions_mut().insert(why);
        response
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("clock", &self.clock)
            .field("deadline", &self.deadline)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// The default reply: the row's status for this kind, no body, and nothing that a stranger could
/// learn from. The rejection is in its extensions.
pub(crate) fn boring(why: Rejection, row: Option<&Provider>) -> Response<ReplyBody> {
    let status = row.map_or(why.status(), |row| row.replies.refusal(why.kind()));
    let mut response = Response::new(ReplyBody::default());
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(retry_after()));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allow = row.and_then(|row| HeaderValue::from_str(&row.allow()).ok());
        let allow = allow.unwrap_or(HeaderValue::from_static("POST"));
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response.extensions_mut().insert(why);
    response
}

/// 5 to 20 seconds: senders that were turned away together should not come back together.
fn retry_after() -> u64 {
    5 + RandomState::new().hash_one(0) % 16
}
