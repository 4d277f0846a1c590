//! The pages, one file each, and what their forms do.

mod acts;
mod cards;
mod dead;
mod deliveries;
mod event;
mod overview;

use axum::response::Response;

pub(super) use self::{
    acts::{discard, pause, replay, replay_all, resume},
    dead::{dead, letter},
    deliveries::deliveries,
    event::{event, find},
    overview::overview,
};
use super::frame::Frame;

pub(super) async fn nothing(frame: Frame) -> Response {
    frame.nothing("There is no such page.")
}

/// How something is, for its colour. Words say it too.
pub(super) type Mood = &'static str;

const GOOD: Mood = "good";
const WARN: Mood = "warn";
const BAD: Mood = "bad";
const PLAIN: Mood = "";
