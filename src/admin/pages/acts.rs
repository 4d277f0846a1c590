//! What forms do. The guard has made sure that they come from the page.

use askama::Template;
use axum::{
    extract::{Form, Path},
    response::Response,
};
use serde::Deserialize;

use super::dead::Wanted;
use crate::{
    admin::{
        frame::{Frame, page},
        replays,
    },
    error::{StoreError, StoreErrorKind},
    inbox::ReplayOptions,
};

pub(in crate::admin) async fn replay(
    frame: Frame,
    Path((handler, entry)): Path<(String, String)>,
) -> Response {
    let done = frame.desk.inbox.replay(&handler, &entry).await;
    back(frame, &handler, done, "replayed")
}

pub(in crate::admin) async fn discard(
    frame: Frame,
    Path((handler, entry)): Path<(String, String)>,
) -> Response {
    let done = frame.desk.inbox.discard(&handler, &entry).await;
    back(frame, &handler, done, "discarded")
}

pub(in crate::admin) async fn pause(frame: Frame, Path(handler): Path<String>) -> Response {
    match frame.desk.inbox.pause(&handler).await {
        Ok(changed) => frame.go("", if changed { "paused" } else { "same" }),
        Err(why) => failed(frame, &why),
    }
}

pub(in crate::admin) async fn resume(frame: Frame, Path(handler): Path<String>) -> Response {
    match frame.desk.inbox.resume(&handler).await {
        Ok(changed) => frame.go("", if changed { "resumed" } else { "same" }),
        Err(why) => failed(frame, &why),
    }
}

/// Back to the handler's dead letters.
fn back(frame: Frame, handler: &str, done: Result<bool, StoreError>, said: &str) -> Response {
    match done {
        Ok(true) => frame.go(&format!("/dead/{handler}"), said),
        Ok(false) => frame.go(&format!("/dead/{handler}"), "gone"),
        Err(why) => failed(frame, &why),
    }
}

fn failed(frame: Frame, why: &StoreError) -> Response {
    if why.kind() == StoreErrorKind::Invalid {
        return frame.nothing("The store knows no such handler, or no such entry.");
    }
    frame.store_failed(why)
}

#[derive(Deserialize)]
pub(in crate::admin) struct Many {
    #[serde(flatten)]
    wanted: Wanted,
    #[serde(default)]
    rate: String,
    /// `count` or `replay`.
    #[serde(default)]
    act: String,
}

#[derive(Template)]
#[template(path = "counted.html")]
struct Counted {
    frame: Frame,
    handler: String,
    wanted: Wanted,
    matched: usize,
    rate: u32,
}

/// Counts what a filter means (a dry run), and on the second button replays it.
pub(in crate::admin) async fn replay_all(
    frame: Frame,
    Path(handler): Path<String>,
    Form(many): Form<Many>,
) -> Response {
    let rate = many.rate.trim().parse().unwrap_or(10_u32).clamp(1, 1_000);
    let Ok(filter) = many.wanted.filter() else {
        return frame.nothing("A time of the filter is not a time.");
    };
    let dry = ReplayOptions::new().dry_run();
    let inbox = &frame.desk.inbox;
    let matched = match inbox.replay_all(&handler, &filter, dry).await {
        Ok(report) => report.matched,
        Err(why) => return failed(frame, &why),
    };
    if many.act != "replay" {
        let wanted = many.wanted;
        return page(&Counted {
            frame,
            handler,
            wanted,
            matched,
            rate,
        });
    }
    let query = many.wanted.query(None);
    let path = format!("/dead/{handler}?{query}");
    let begun = replays::start(&frame.desk, handler, filter, rate);
    frame.go(
        path.trim_end_matches('?'),
        if begun { "replaying" } else { "busy" },
    )
}
