use std::{collections::VecDeque, fmt, panic::resume_unwind, time::Duration};

use tokio::task::{AbortHandle, JoinError, JoinHandle};

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
    /// In a task of its own: a lease that is dropped half-way may have been taken, and a job that
    /// this happens to again and again would be taken for poison.
    fetching: Option<JoinHandle<Option<VecDeque<Job>>>>,
    promoter: AbortHandle,
}

impl Channel {
    pub(super) fn new(inbox: Inbox, worker: Worker) -> Self {
        let promoter = tokio::spawn(worker.clone().promote()).abort_handle();
        Self {
            inbox,
            worker,
            ahead: VecDeque::new(),
            fetching: None,
            promoter,
        }
    }

    /// The next job; `None` once the inbox has been told to stop. May be dropped at any time, as in
    /// `select!`: what was asked for goes on, and the next call has it.
    pub async fn recv(&mut self) -> Option<Job> {
        loop {
            if let Some(job) = self.ahead.pop_front() {
                // A lease that was lost while the job waited here is somebody else's by now.
                if job.renewal.as_ref().is_some_and(Renewal::has_ended) {
                    continue;
                }
                return Some(job);
            }
            let fetch = || tokio::spawn(self.worker.clone().fetch());
            let fetched = self.fetching.get_or_insert_with(fetch).await;
            self.fetching = None;
            match fetched.map_err(JoinError::try_into_panic) {
                Ok(jobs) => self.ahead = jobs?,
                Err(Ok(panic)) => resume_unwind(panic),
                // The runtime ends.
                Err(Err(_)) => return None,
            }
        }
    }

    /// Hands back what was leased ahead, and ends.
    ///
    /// # Errors
    /// The first job that could not be handed back; it comes back by itself.
    pub async fn close(mut self) -> Result<(), crate::StoreError> {
        if let Some(fetching) = self.fetching.take() {
            fetching.abort();
            self.ahead
                .extend(fetching.await.ok().flatten().into_iter().flatten());
        }
        while let Some(job) = self.ahead.pop_front() {
            let _: Held = self.worker.store.hand_back(&job.fence).await?;
        }
        Ok(())
    }
}

impl Worker {
    /// Jobs whose leases are renewed from now on, or none after a while; `None` once the inbox has
    /// been told to stop.
    async fn fetch(self) -> Option<VecDeque<Job>> {
        let max = self.declared.options.concurrency;
        let leased = tokio::select! {
            biased;
            () = async { stopped(&mut self.stop.clone(), Stop::Drain).await } => return None,
            leased = self.lease(max) => leased,
        };
        let mut jobs = VecDeque::with_capacity(leased.len());
        for leased in leased {
            let fence = leased.fence.clone();
            if leased.deliveries > MAX_DELIVERIES {
                let outcome = self.bury_poison(&fence).await;
                telemetry::handled(&self.declared.name, outcome, Duration::ZERO);
                continue;
            }
            match self.job(leased) {
                Some(mut job) => {
                    let store = self.store.clone();
                    job.renewal = Some(Renewal::start(store, fence, job.deadline));
                    jobs.push_back(job);
                }
                None => {
                    let worker = self.clone();
                    tokio::spawn(async move { worker.not_ours(&fence).await });
                }
            }
        }
        Some(jobs)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.promoter.abort();
        if let Some(fetching) = &self.fetching {
            fetching.abort();
        }
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
