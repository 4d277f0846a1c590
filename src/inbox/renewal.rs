//! Leases of a channel's jobs, kept alive by tasks of their own.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep},
};

use super::worker::Worker;
use crate::{
    store::{Fence, Held, Store},
    telemetry,
    verify::later,
};

/// Extends a lease until it is dropped, or for as long as a job may be held.
pub(super) struct Renewal {
    task: AbortHandle,
    until: watch::Sender<Instant>,
    hold: Duration,
}

impl Renewal {
    /// For a job that waits to be taken. When nobody takes it in time it goes back uncounted: nobody
    /// has tried it.
    pub(super) fn waiting(worker: Worker, fence: Fence) -> Self {
        let hold = worker.declared.options.timeout;
        Self::start(hold, async move |mut until| {
            if renew(&*worker.store, &fence, &mut until).await {
                worker.give_back(&fence).await;
            }
        })
    }

    /// For a job that was taken.
    pub(super) fn taken(store: Arc<dyn Store>, fence: Fence, hold: Duration) -> Self {
        Self::start(hold, async move |mut until| {
            // Past the time the lease ends by itself, unless its holder asks for more before.
            while renew(&*store, &fence, &mut until).await && until.changed().await.is_ok() {}
        })
    }

    fn start<Task>(hold: Duration, task: impl FnOnce(watch::Receiver<Instant>) -> Task) -> Self
    where
        Task: Future<Output = ()> + Send + 'static,
    {
        let (until, ends) = watch::channel(later(Instant::now(), hold));
        let task = tokio::spawn(task(ends)).abort_handle();
        Self { task, until, hold }
    }

    /// Until when the lease is extended.
    pub(super) fn until(&self) -> Instant {
        *self.until.borrow()
    }

    /// Its time begins anew.
    pub(super) fn prolong(&self) {
        self.until.send_replace(later(Instant::now(), self.hold));
    }

    /// The job is not ours any more.
    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Extends every third of the lease until the time is up; false when the lease was lost before.
async fn renew(store: &dyn Store, fence: &Fence, until: &mut watch::Receiver<Instant>) -> bool {
    loop {
        let left = until
            .borrow_and_update()
            .saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        sleep(left.min(fence.lease / 3)).await;
        match store.extend(fence).await {
            Ok(Held::Applied) => {}
            Ok(Held::Lost) => return false,
            Err(why) => telemetry::store_failed("extend", &why),
        }
    }
}
