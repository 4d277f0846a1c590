//! What stands around every page.

use std::{convert::Infallible, sync::Arc};

use askama::Template;
use axum::{
    extract::{FromRequestParts, OriginalUri},
    response::{Html, IntoResponse, Redirect, Response},
};
use http::{StatusCode, request::Parts};

use super::desk::{Desk, SCRIPT, STYLE};
use crate::error::StoreError;

/// Where a request has arrived, and what its page needs for its frame.
pub(super) struct Frame {
    pub(super) desk: Arc<Desk>,
    /// The path of the overview without a slash at its end: links begin with it.
    pub(super) root: String,
    /// What was just done, if this page follows on it.
    pub(super) notice: Option<&'static str>,
}

/// What was just done. Only these are ever said: nothing of a link's text is shown.
const NOTICES: &[(&str, &str)] = &[
    (
        "replayed",
        "Queued again. Its handler runs it with new attempts.",
    ),
    ("replaying", "The replay has begun; its state is below."),
    (
        "busy",
        "A replay of this handler's dead letters is running already.",
    ),
    ("discarded", "Discarded. Its job counts as done."),
    (
        "gone",
        "It was not there any more: replayed, discarded or too old.",
    ),
    (
        "paused",
        "Paused in all processes: its jobs wait, those that run go on.",
    ),
    ("resumed", "Resumed in all processes, within a second."),
    ("same", "It was so already."),
];

impl FromRequestParts<Arc<Desk>> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Infallible> {
        let here = parts.uri.path();
        let whole = parts.extensions.get::<OriginalUri>();
        let whole = whole.map_or(&parts.uri, |whole| &whole.0);
        let outside = whole.path().strip_suffix(here).unwrap_or(whole.path());
        let root = desk.public_path.as_deref();
        let root = root.unwrap_or(outside).trim_end_matches('/');
        let query = parts.uri.query().unwrap_or_default();
        let said = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "said");
        let notice = said.and_then(|(_, said)| NOTICES.iter().find(|(name, _)| *name == said));
        Ok(Self {
            desk: Arc::clone(desk),
            root: root.to_owned(),
            notice: notice.map(|(_, text)| *text),
        })
    }
}

impl Frame {
    /// The path of the overview: a nested router has none with a slash at its end.
    pub(super) fn home(&self) -> &str {
        if self.root.is_empty() {
            "/"
        } else {
            &self.root
        }
    }

    pub(super) fn token(&self) -> &str {
        &self.desk.token
    }

    pub(super) fn style(&self) -> &'static str {
        STYLE
    }

    pub(super) fn script(&self) -> &'static str {
        SCRIPT
    }

    /// To a page of ours, with a notice. The overview is the empty path.
    pub(super) fn go(&self, path: &str, said: &str) -> Response {
        let joint = if path.contains('?') { '&' } else { '?' };
        let root = if path.is_empty() {
            self.home()
        } else {
            &self.root
        };
        Redirect::to(&format!("{root}{path}{joint}said={said}")).into_response()
    }

    pub(super) fn nothing(self, what: &'static str) -> Response {
        let heading = "Nothing here";
        let text = what.to_owned();
        render(
            StatusCode::NOT_FOUND,
            &Trouble {
                frame: self,
                heading,
                text,
            },
        )
    }

    /// The store's own words are for the log: they may name what is secret.
    pub(super) fn store_failed(self, why: &StoreError) -> Response {
        let heading = "The store did not answer";
        let text = format!("{:?}. The log has the details.", why.kind());
        render(
            StatusCode::SERVICE_UNAVAILABLE,
            &Trouble {
                frame: self,
                heading,
                text,
            },
        )
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    frame: Frame,
    heading: &'static str,
    text: String,
}

/// A page as a reply.
pub(super) fn page(template: &impl Template) -> Response {
    render(StatusCode::OK, template)
}

fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
