//! Replays of many, which go on after the reply.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use super::desk::Desk;
use crate::inbox::{DeadFilter, ReplayOptions};

/// The last replay of each handler's dead letters.
#[derive(Debug, Default)]
pub(super) struct Replays(BTreeMap<String, Replay>);

/// Where a replay is.
#[derive(Clone, Debug)]
pub(super) enum Replay {
    Running { per_second: u32 },
    Ended { matched: usize, replayed: usize },
    Failed,
}

impl Replays {
    pub(super) fn of(&self, handler: &str) -> Option<Replay> {
        self.0.get(handler).cloned()
    }
}

/// Starts one. False when one runs already. The handler is one that the store knows: nothing is
/// remembered of others.
pub(super) fn start(
    desk: &Arc<Desk>,
    handler: String,
    filter: DeadFilter,
    per_second: u32,
) -> bool {
    if !note(desk, &handler, Replay::Running { per_second }) {
        return false;
    }
    let desk = Arc::clone(desk);
    tokio::spawn(async move {
        let options = ReplayOptions::new().with_rate(per_second);
        let end = match desk.inbox.replay_all(&handler, &filter, options).await {
            Ok(report) => Replay::Ended {
                matched: report.matched,
                replayed: report.replayed,
            },
            Err(_) => Replay::Failed,
        };
        note(&desk, &handler, end);
    });
    true
}

/// Notes where a replay is; false when it begins while another runs.
fn note(desk: &Desk, handler: &str, now: Replay) -> bool {
    let mut replays = desk.replays.lock().unwrap_or_else(PoisonError::into_inner);
    let runs = matches!(replays.0.get(handler), Some(Replay::Running { .. }));
    if runs && matches!(now, Replay::Running { .. }) {
        return false;
    }
    replays.0.insert(handler.to_owned(), now);
    true
}
