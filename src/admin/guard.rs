//! What every request passes and every reply gets.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, uri::Authority};

use super::{auth::equal, desk::Desk};

/// Forms are small.
const MAX_FORM: usize = 16 * 1024;

/// Cookies do not know ports: pages of two processes on one host must not take each other's.
fn cookie_name(request: &Request) -> String {
    let port = host(request).and_then(|host| host.rsplit_once(':'));
    let digits =
        |port: &&str| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    let port = port.map(|(_, port)| port).filter(digits);
    format!("hookgate_admin{}", port.unwrap_or_default())
}

/// Where the browser believes to be.
fn host(request: &Request) -> Option<&str> {
    let header = || request.headers().get(header::HOST)?.to_str().ok();
    request
        .uri()
        .authority()
        .map(Authority::as_str)
        .or_else(header)
}

pub(super) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let name = cookie_name(&request);
    let mut response = if let Err(ask) = desk.auth.admit(request.headers()) {
        let ask = [(header::WWW_AUTHENTICATE, ask)];
        (StatusCode::UNAUTHORIZED, ask, "Who are you?\n").into_response()
    } else if reads {
        let mut response = next.run(request).await;
        let cookie = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", desk.cookie);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    } else {
        match from_the_page(&desk, &name, request).await {
            Ok(request) => next.run(request).await,
            Err(why) => (StatusCode::FORBIDDEN, why).into_response(),
        }
    };
    seal(response.headers_mut(), &desk.policy);
    response
}

/// Not framed, not cached, not sniffed, not told to others.
fn seal(headers: &mut HeaderMap, policy: &HeaderValue) {
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    for (name, value) in [
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        // With `no-referrer` a browser would hide the origin of the page's own forms.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether a form was sent from a page of this process; the request with its body read.
async fn from_the_page(
    desk: &Desk,
    cookie: &str,
    request: Request,
) -> Result<Request, &'static str> {
    if !says_same_origin(&request) {
        return Err("This form was sent from another site.\n");
    }
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let ours = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(cookie)?.strip_prefix('='))
        .any(|value| equal(value.as_bytes(), desk.cookie.as_bytes()).into());
    let (parts, body) = request.into_parts();
    let form = to_bytes(body, MAX_FORM).await;
    let form = form.map_err(|_| "This form is too large or did not arrive.\n")?;
    let mut fields = form_urlencoded::parse(&form);
    let signed = fields.any(|(name, value)| {
        name == "token" && equal(value.as_bytes(), desk.token.as_bytes()).into()
    });
    if !ours || !signed {
        return Err("This form is not of this process: go back, reload the page, try again.\n");
    }
    Ok(Request::from_parts(parts, Body::from(form)))
}

/// What the browser says about where a form comes from. One that says nothing, such as curl, still
/// needs the cookie and the token.
fn says_same_origin(request: &Request) -> bool {
    let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
    if let Some(site) = header("sec-fetch-site") {
        return site == b"same-origin";
    }
    let Some(origin) = header("origin") else {
        return true;
    };
    let host = host(request).map(str::as_bytes);
    let origin = [&b"https://"[..], b"http://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(*scheme));
    origin.is_some() && origin == host
}
