//! What the answer of another service means for the job that asked it.

use std::time::{Duration, SystemTime};

use hookgate::inbox::Failure;
use reqwest::{
    Client, Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
    redirect,
};

/// A client whose requests end. It follows no redirects: a redirected POST may arrive as a GET
/// without its body, and be answered with 200.
///
/// # Errors
/// When the client cannot be built.
pub(crate) fn client(timeout: Duration) -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .build()
}

/// The job is done only when the other service says 2xx. What may pass is tried again, and not
/// before it asks for it; anything else makes a dead letter at once.
///
/// # Errors
/// Whatever is not 2xx.
pub(crate) fn settled(answer: Result<Response, reqwest::Error>) -> Result<Response, Failure> {
    // Without its URL: that may hold a token.
    let response = answer.map_err(|why| Failure::retry(why.without_url()))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let why = format!("downstream answers {}", status.as_u16());
    if !may_pass(status) {
        return Err(Failure::permanent(why));
    }
    Err(match retry_after(response.headers(), SystemTime::now()) {
        Some(delay) => Failure::retry_after(delay, why),
        None => Failure::retry(why),
    })
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

/// `Retry-After` is a number of seconds or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
