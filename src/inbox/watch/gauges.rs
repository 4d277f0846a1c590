//! What is measured from time to time instead of counted as it happens.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use crate::{
    error::{StoreError, StoreErrorKind},
    inbox::Inner,
    store::Stats,
    telemetry,
};

/// How often gauges are set.
const EVERY: Duration = Duration::from_secs(10);

/// How often people are told again that a secret is old.
const REMIND: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the store may take to say what it holds.
const TRY: Duration = Duration::from_millis(1_200);

/// Asks the store for its counts and sets every gauge.
pub(in crate::inbox) async fn observe(inbox: &Inner) -> Result<Stats, StoreError> {
    let late = |_| {
        let kind = StoreErrorKind::Unavailable;
        Err(StoreError::new(kind, "the store did not count in time"))
    };
    let begun = Instant::now();
    let stats = timeout(TRY, inbox.store.stats()).await.unwrap_or_else(late);
    telemetry::stored("stats", begun.elapsed());
    match &stats {
        Ok(stats) => {
            telemetry::store_holds(stats.bytes, stats.max_bytes, stats.unrouted);
            for handler in &stats.handlers {
                let jobs = [
                    ("queued", handler.queued),
                    ("processing", handler.processing),
                    ("delayed", handler.delayed),
                ];
                telemetry::handler_holds(
                    &handler.handler,
                    jobs,
                    handler.dead,
                    handler.oldest,
                    handler.paused,
                );
            }
        }
        Err(why) => {
            telemetry::store_failed("stats", why);
            telemetry::store_down();
        }
    }
    let now = Instant::now();
    for declared in inbox.handlers.iter().filter(|d| d.handler.is_some()) {
        telemetry::breakers_open(&declared.name, declared.circuits().open(now));
    }
    let since = inbox.watch.began.elapsed();
    for (source, seen) in &*inbox.watch.sources() {
        let skew = seen.window.least_age(since);
        telemetry::source_seen(source, seen.refused_in_a_row, skew);
    }
    stats
}

/// Sets the gauges and warns of what grows slowly, until it is dropped.
pub(in crate::inbox) async fn keep(inbox: Arc<Inner>) {
    let (mut is_filling, mut reminded) = (false, BTreeMap::new());
    loop {
        if let Ok(stats) = observe(&inbox).await {
            warn_of_room(&stats, &mut is_filling);
        }
        warn_of_secrets(&inbox, &mut reminded);
        sleep(EVERY).await;
    }
}

/// Once when it passes 80 %, and again only after it was below 75 %.
fn warn_of_room(stats: &Stats, is_filling: &mut bool) {
    let Some(full) = stats.fill() else { return };
    if full >= 0.8 && !*is_filling {
        let text = format!(
            "it is {:.0} % full; at 100 % deliveries get 503",
            full * 100.0
        );
        telemetry::warn("store", &text);
    }
    *is_filling = full >= if *is_filling { 0.75 } else { 0.8 };
}

fn warn_of_secrets(inbox: &Inner, reminded: &mut BTreeMap<(String, String), Instant>) {
    let now = Instant::now();
    let sources = inbox.sources.load();
    inbox
        .watch
        .set_sources(&sources, inbox.settings.clock.now());
    reminded.retain(|_, at| now < *at + REMIND);
    let seen = inbox.watch.sources();
    for source in sources.values() {
        let Some(seen) = seen.get(source.label()) else {
            continue;
        };
        for (label, age) in seen.secret_ages(source, inbox.settings.clock.now()) {
            telemetry::secret_age(source.label(), &label, age);
            let key = (source.name().to_owned(), label.to_string());
            if age >= telemetry::SECRET_WARNING && !reminded.contains_key(&key) {
                let days = age.as_secs() / 86_400;
                telemetry::warn(
                    &key.0,
                    &format!("secret {label} is {days} days old: change it"),
                );
                reminded.insert(key, now);
            }
        }
    }
}
