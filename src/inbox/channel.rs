use std::{collections::VecDeque, fmt, panic::resume_unwind, sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    task::{AbortHandle, JoinError, JoinHandle},
};

use super::{
    Inbox,
    handler::MAX_DELIVERIES,
    job::Job,
    renewal::Renewal,
    worker::{Stop, Worker, stopped},
};
use crate::{store::Held, telemetry};

/// A handler's jobs, to be taken one after the other and settled by the taker.
///
/// Up to 16 jobs are leased ahead. Leases are renewed while the jobs wait here, for up to 15 minutes,
/// and then while they are worked on, for up to 15 minutes more, which [`Job::extend`] begins anew. A
/// job that is dropped unsettled comes back within half a minute. What was leased ahead goes back
/// uncounted: after its time, and when the channel is dropped.
pub struct Channel {
    inbox: Inbox,
    worker: Worker,
    ahead: Ahead,
    /// In a task of its own: a lease that is dropped half-way may have been taken, and a job that
    /// this happens to again and again would be taken for poison.
    fetching: Option<JoinHandle<Option<Ahead>>>,
    promoter: AbortHandle,
}

/// Jobs that wait to be taken, and what keeps their leases alive meanwhile.
type Ahead = VecDeque<(Job, Renewal)>;

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
            if let Some((mut job, waiting)) = self.ahead.pop_front() {
                // One that was lost or went back meanwhile is somebody else's by now.
                if waiting.has_ended() {
                    continue;
                }
                let (store, fence) = (Arc::clone(&job.store), job.fence.clone());
                let hold = self.worker.declared.options.timeout;
                job.renewal = Some(Renewal::taken(store, fence, hold));
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
        while let Some((job, _)) = self.ahead.pop_front() {
            let _: Held = self.worker.store.hand_back(&job.fence).await?;
        }
        Ok(())
    }
}

impl Worker {
    /// Jobs whose leases are renewed from now on, or none after a while; `None` once the inbox has
    /// been told to stop.
    async fn fetch(self) -> Option<Ahead> {
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
                Some(job) => {
                    let waiting = Renewal::waiting(self.clone(), fence);
                    jobs.push_back((job, waiting));
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
        // Without a runtime their leases end by themselves.
        if let Ok(runtime) = Handle::try_current() {
            for (job, _) in self.ahead.drain(..) {
                let worker = self.worker.clone();
                runtime.spawn(async move { worker.give_back(&job.fence).await });
            }
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
