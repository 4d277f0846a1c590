use std::{fmt, future::Future, pin::Pin, time::Duration};

use tokio::time::timeout;

use super::{
    attempt::{CatchPanic, Panicked, reason},
    dead::{DeadLetter, PAGE},
    failure::{Failure, Next},
};
use crate::{error::StoreError, store, telemetry};

/// What an alert hook returns.
pub type AlertFuture = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Tells people of dead letters. Every `async fn(Vec<DeadLetter>) -> Result<(), Failure>` is one.
pub trait Alert: Send + Sync + 'static {
    /// Told of some dead letters of one handler, oldest first, up to 100. After an error it is told
    /// of them again, and of those that have died meanwhile: in a second, or, after
    /// [`Failure::retry_after`], when that says (an hour later at the most). So a hook gathers
    /// alerts without keeping any of them in memory.
    fn alert(&self, dead: Vec<DeadLetter>) -> AlertFuture;
}

impl<F, Fut> Alert for F
where
    F: Fn(Vec<DeadLetter>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    fn alert(&self, dead: Vec<DeadLetter>) -> AlertFuture {
        Box::pin(self(dead))
    }
}

impl fmt::Debug for dyn Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alert")
    }
}

/// Tells the hook of everything that died since people were last told, and notes that they were:
/// in that order, so that a crash in between tells them twice rather than never. Answers how long the
/// hook wants to be left alone, if it does.
pub(super) async fn tell(
    store: &dyn store::Store,
    handler: &str,
    alert: &dyn Alert,
) -> Result<Option<Duration>, StoreError> {
    loop {
        let told = store.alerted(handler).await?;
        let page = store.dead(handler, told.as_deref(), PAGE).await?;
        let Some(last) = page.last().map(|dead| dead.entry.clone()) else {
            return Ok(None);
        };
        let letters = page.into_iter().map(DeadLetter::new).collect();
        let told = CatchPanic {
            work: async { alert.alert(letters).await },
        };
        match timeout(HOOK, told).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(Failure {
                next: Next::RetryAfter(wait),
                ..
            }))) => {
                return Ok(Some(wait.min(LONGEST)));
            }
            Ok(Ok(Err(why))) => {
                let why = reason(&why);
                telemetry::warn(handler, &format!("the alert hook failed: {why}"));
                return Ok(None);
            }
            Ok(Err(Panicked)) | Err(_) => {
                telemetry::warn(handler, "the alert hook panicked or took over a minute");
                return Ok(None);
            }
        }
        store.set_alerted(handler, &last).await?;
    }
}

/// How long the alert hook may take.
const HOOK: Duration = Duration::from_secs(60);

/// How long it may want to be left alone.
const LONGEST: Duration = Duration::from_secs(60 * 60);
