use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Inner, alert};
use crate::telemetry;

/// How late people are told of a dead letter.
const TELL: Duration = Duration::from_secs(1);

/// How late what is left of removed handlers is looked after.
const REMOVED: Duration = Duration::from_secs(10);

/// How often old dead letters are given up.
const SWEEP: Duration = Duration::from_secs(10 * 60);

/// Dead letters given up in one call.
const BATCH: usize = 100;

/// What has to be done beside the handlers' work, in any one of the processes that run.
pub(super) async fn keep(inbox: Arc<Inner>) {
    let (mut sweep, mut look) = (Instant::now(), Instant::now());
    let (mut removed, mut quiet) = (Vec::new(), BTreeMap::new());
    loop {
        if Instant::now() >= look {
            look = Instant::now() + REMOVED;
            match inbox.look_after_removed().await {
                Ok(names) => removed = names,
                Err(why) => telemetry::store_failed("removed", &why),
            }
        }
        // Nobody else tells of those that were removed.
        let ours = inbox.handlers.iter().map(|declared| declared.name.as_str());
        let others = removed.iter().map(String::as_str);
        tell(&inbox, ours.chain(others), &mut quiet).await;
        if let Some(keep) = inbox.keep_dead.filter(|_| Instant::now() >= sweep) {
            sweep = Instant::now() + SWEEP;
            give_up(&inbox, keep).await;
        }
        sleep(TELL).await;
    }
}

/// Until when the hook wants to hear nothing of which handler.
type Quiet = BTreeMap<String, Instant>;

async fn tell(inbox: &Inner, handlers: impl Iterator<Item = &str>, quiet: &mut Quiet) {
    let Some(alert) = &inbox.alert else { return };
    quiet.retain(|_, until| Instant::now() < *until);
    for handler in handlers {
        if quiet.contains_key(handler) {
            continue;
        }
        match alert::tell(&*inbox.store, handler, &**alert).await {
            Ok(None) => {}
            Ok(Some(wait)) => drop(quiet.insert(handler.to_owned(), Instant::now() + wait)),
            Err(why) => telemetry::store_failed("alert", &why),
        }
    }
}

async fn give_up(inbox: &Inner, older_than: Duration) {
    loop {
        match inbox.store.sweep(older_than, BATCH).await {
            Ok(0) => return,
            Ok(given_up) => telemetry::audit("sweep", "dead letters and unrouted events", given_up),
            Err(why) => return telemetry::store_failed("sweep", &why),
        }
    }
}
