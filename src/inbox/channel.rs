use std::{collections::VecDeque, fmt, time::Duration};

use tokio::task::AbortHandle;

use super::{
    Inbox,
    handler::MAX_DELIVERIES,
    job::{Job, Renewal},
    worker::{Stop, Worker, stopped},
};
use crate::{store::Held, telemetry};

/// A handler's jobs, to be taken one after the other and settled by the taker.
///
/// A few jobs are leased ahead. Leases are renewed while the jobs wait here or are worked on, for
/// up to 15 minutes. A job that is dropped unsettled comes back within half a minute, and so does
/// what was leased ahead when the channel is dropped.
pub struct Channel {
    inbox: Inbox,
    worker: Worker,
    ahead: VecDeque<Job>,
    promoter: AbortHandle,
}

impl Channel {
    pub(super) fn new(inbox: Inbox, worker: Worker) -> Self {
        let promoter = tokio::spawn(worker.clone().promote()).abort_handle();
        Self {
            inbox,
            worker,
            ahead: VecDeque::new(),
            promoter,
        }
    }

    /// The next job; `None` once the inbox has been told to stop.
    pub async fn recv(&mut self) -> Option<Job> {
        let mut stop = self.worker.stop.clone();
        loop {
            if let Some(job) = self.ahead.pop_front() {
                // A lease that was lost while the job waited here is somebody else's by now.
                if job.renewal.as_ref().is_some_and(Renewal::has_ended) {
                    continue;
                }
                return Some(job);
            }
            let max = self.worker.declared.options.concurrency;
            let leased = tokio::select! {
                biased;
                () = stopped(&mut stop, Stop::Drain) => return None,
                leased = self.worker.lease(max) => leased,
            };
            for leased in leased {
                let fence = leased.fence.clone();
                if leased.deliveries > MAX_DELIVERIES {
                    let outcome = self.worker.bury_poison(&fence).await;
                    telemetry::handled(&self.worker.declared.name, outcome, Duration::ZERO);
                    continue;
                }
                match self.worker.job(leased) {
                    Some(mut job) => {
                        let store = self.worker.store.clone();
                        job.renewal = Some(Renewal::start(store, fence, job.deadline));
                        self.ahead.push_back(job);
                    }
                    None => {
                        let worker = self.worker.clone();
                        tokio::spawn(async move { worker.not_ours(&fence).await });
                    }
                }
            }
        }
    }

    /// Hands back what was leased ahead, and ends.
    ///
    /// # Errors
    /// The first job that could not be handed back; it comes back by itself.
    pub async fn close(mut self) -> Result<(), crate::StoreError> {
        while let Some(job) = self.ahead.pop_front() {
            let _: Held = self.worker.store.hand_back(&job.fence).await?;
        }
        Ok(())
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.promoter.abort();
        // It may be taken again.
        self.inbox.leave(self.worker.declared.name.as_str());
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("name", &self.worker.declared.name)
            .field("ahead", &self.ahead.len())
            .finish_non_exhaustive()
    }
}
