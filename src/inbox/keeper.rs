use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Inner, alert};
use crate::telemetry;

/// How late people are told of a dead letter.
const TELL: Duration = Duration::from_secs(1);

/// How often old dead letters are given up.
const SWEEP: Duration = Duration::from_secs(10 * 60);

/// Dead letters given up in one call.
const BATCH: usize = 100;

/// What has to be done beside the handlers' work, in any one of the processes that run.
pub(super) async fn keep(inbox: Arc<Inner>) {
    let mut sweep = Instant::now();
    loop {
        if let Some(alert) = &inbox.alert {
            for declared in &inbox.handlers {
                let told = alert::tell(&*inbox.store, declared.name.as_str(), &**alert).await;
                if let Err(why) = told {
                    telemetry::store_failed("alert", &why);
                }
            }
        }
        if let Some(keep) = inbox.keep_dead.filter(|_| Instant::now() >= sweep) {
            sweep = Instant::now() + SWEEP;
            loop {
                match inbox.store.sweep(keep, BATCH).await {
                    Ok(0) => break,
                    Ok(given_up) => {
                        telemetry::audit("sweep", "dead letters and unrouted events", given_up)
                    }
                    Err(why) => {
                        telemetry::store_failed("sweep", &why);
                        break;
                    }
                }
            }
        }
        sleep(TELL).await;
    }
}
