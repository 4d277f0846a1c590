//! A store with something around each of its calls.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{fmt, sync::Arc, time::Duration};

use hookgate::{
    StoreError,
    store::{
        Accept, AcceptanceId, Accepted, Admin, Control, DeadLetter, DedupKey, Entry, Fence,
        HandlerDecl, Held, Jobs, LeaseRequest, Leased, Level, Payload, Promoted, Registry,
        Remembered, Removal, Stats, Store, StoreFuture, Unrouted,
    },
};

/// One call: its verb, and the job it is about where it is about one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) verb: &'static str,
    pub(crate) key: Option<DedupKey>,
    pub(crate) handler: &'a str,
}

/// What is done around the calls. By default nothing.
pub(crate) trait Around: fmt::Debug + Send + Sync + 'static {
    fn before(&self, _call: Call<'_>) {}

    /// After an answer that says that something was done.
    fn after(&self, _call: Call<'_>) {}

    /// After the answer that the lease is lost.
    fn lost(&self, _call: Call<'_>) {}

    fn accepting(&self, _entry: &Entry) {}

    /// What came of one try to accept this event.
    fn tried(&self, _acceptance: AcceptanceId, _answer: &Result<Accepted, StoreError>) {}

    /// What is asked for instead.
    fn request<'a>(&self, request: LeaseRequest<'a>) -> LeaseRequest<'a> {
        request
    }

    fn leased(&self, _jobs: &[Leased]) {}

    /// The fence that is used instead.
    fn fence(&self, fence: &Fence) -> Fence {
        fence.clone()
    }
}

#[derive(Debug)]
pub(crate) struct Wrapped<A> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) around: A,
}

impl<A: Around> Wrapped<A> {
    async fn around<'a, T>(
        &'a self,
        call: Call<'_>,
        ask: impl FnOnce() -> StoreFuture<'a, T>,
        did: impl FnOnce(&T) -> bool,
    ) -> Result<T, StoreError> {
        self.around.before(call);
        let answer = ask().await?;
        if did(&answer) {
            self.around.after(call);
        }
        Ok(answer)
    }
}

/// A call that is about no job.
const fn plain<'a>(verb: &'static str, handler: &'a str) -> Call<'a> {
    Call {
        verb,
        key: None,
        handler,
    }
}

/// A call that is about a handler, or none.
macro_rules! call {
    ($self:ident, $verb:ident($($argument:expr),*), $handler:expr, $did:expr) => {
        Box::pin(async move {
            let call = plain(stringify!($verb), $handler);
            $self.around(call, || $self.store.$verb($($argument),*), $did).await
        })
    };
}

/// A call under a lease.
macro_rules! held {
    ($verb:ident $(, $name:ident: $kind:ty)*) => {
        fn $verb<'a>(&'a self, fence: &'a Fence $(, $name: $kind)*) -> StoreFuture<'a, Held> {
            Box::pin(async move {
                let key = Some(fence.key);
                let call = Call { key, ..plain(stringify!($verb), &fence.handler) };
                self.around.before(call);
                let answer = self.store.$verb(&self.around.fence(fence) $(, $name)*).await?;
                match answer {
                    Held::Applied => self.around.after(call),
                    Held::Lost => self.around.lost(call),
                }
                Ok(answer)
            })
        }
    };
}

impl<A: Around> Store for Wrapped<A> {
    fn level(&self) -> Level {
        self.store.level()
    }

    fn warnings(&self) -> Vec<String> {
        self.store.warnings()
    }
}

impl<A: Around> Accept for Wrapped<A> {
    fn declare<'a>(&'a self, handlers: &'a [HandlerDecl]) -> StoreFuture<'a, Registry> {
        call!(self, declare(handlers), "", |_| true)
    }

    fn registry(&self) -> StoreFuture<'_, Registry> {
        call!(self, registry(), "", |_| true)
    }

    fn accept(&self, entry: Entry) -> StoreFuture<'_, Accepted> {
        Box::pin(async move {
            let key = Some(entry.key);
            let call = Call {
                key,
                ..plain("accept", "")
            };
            self.around.accepting(&entry);
            let acceptance = entry.acceptance;
            let is_new = |answer: &_| matches!(answer, Accepted::New { .. });
            let answer = self.around(call, || self.store.accept(entry), is_new).await;
            self.around.tried(acceptance, &answer);
            answer
        })
    }
}

impl<A: Around> Jobs for Wrapped<A> {
    fn lease<'a>(&'a self, request: LeaseRequest<'a>) -> StoreFuture<'a, Vec<Leased>> {
        Box::pin(async move {
            let (request, call) = (
                self.around.request(request),
                plain("lease", request.handler),
            );
            let some = |jobs: &Vec<Leased>| !jobs.is_empty();
            let jobs = self
                .around(call, || self.store.lease(request), some)
                .await?;
            self.around.leased(&jobs);
            Ok(jobs)
        })
    }

    held!(extend);
    held!(done);
    held!(retry, delay: Duration);
    held!(bury, reason: &'a str);
    held!(hand_back);
    held!(postpone, delay: Duration);

    fn promote<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, Promoted> {
        call!(
            self,
            promote(handler, max),
            handler,
            |promoted: &Promoted| promoted.moved > 0
        )
    }

    fn stats(&self) -> StoreFuture<'_, Stats> {
        call!(self, stats(), "", |_| true)
    }
}

impl<A: Around> Admin for Wrapped<A> {
    fn dead<'a>(
        &'a self,
        handler: &'a str,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<DeadLetter>> {
        call!(self, dead(handler, after, max), handler, |_| true)
    }

    fn dead_letter<'a>(
        &'a self,
        handler: &'a str,
        entry: &'a str,
    ) -> StoreFuture<'a, Option<DeadLetter>> {
        call!(self, dead_letter(handler, entry), handler, |_| true)
    }

    fn payload(&self, key: DedupKey) -> StoreFuture<'_, Option<Payload>> {
        call!(self, payload(key), "", |_| true)
    }

    fn replay<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        call!(self, replay(handler, entry), handler, |there| *there)
    }

    fn discard<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, bool> {
        call!(self, discard(handler, entry), handler, |there| *there)
    }

    fn requeue(&self, key: DedupKey, acceptance: AcceptanceId) -> StoreFuture<'_, usize> {
        call!(self, requeue(key, acceptance), "", |count| *count > 0)
    }

    fn alerted<'a>(&'a self, handler: &'a str) -> StoreFuture<'a, Option<String>> {
        call!(self, alerted(handler), handler, |_| true)
    }

    fn set_alerted<'a>(&'a self, handler: &'a str, entry: &'a str) -> StoreFuture<'a, ()> {
        call!(self, set_alerted(handler, entry), handler, |()| true)
    }

    fn status(&self, key: DedupKey) -> StoreFuture<'_, Option<Remembered>> {
        call!(self, status(key), "", |_| true)
    }

    fn erase(&self, key: DedupKey) -> StoreFuture<'_, bool> {
        call!(self, erase(key), "", |there| *there)
    }

    fn unrouted<'a>(
        &'a self,
        after: Option<&'a str>,
        max: usize,
    ) -> StoreFuture<'a, Vec<Unrouted>> {
        call!(self, unrouted(after, max), "", |_| true)
    }

    fn route<'a>(&'a self, entry: &'a str, routes: &'a [Arc<str>]) -> StoreFuture<'a, bool> {
        call!(self, route(entry, routes), "", |there| *there)
    }

    fn sweep(&self, older_than: Duration, max: usize) -> StoreFuture<'_, usize> {
        call!(self, sweep(older_than, max), "", |count| *count > 0)
    }
}

impl<A: Around> Control for Wrapped<A> {
    fn set_paused<'a>(&'a self, handler: &'a str, paused: bool) -> StoreFuture<'a, bool> {
        call!(self, set_paused(handler, paused), handler, |changed| {
            *changed
        })
    }

    fn remove<'a>(&'a self, handler: &'a str, removal: Removal) -> StoreFuture<'a, bool> {
        call!(self, remove(handler, removal), handler, |changed| *changed)
    }

    fn bury_removed<'a>(&'a self, handler: &'a str, max: usize) -> StoreFuture<'a, usize> {
        call!(self, bury_removed(handler, max), handler, |count| *count
            > 0)
    }
}
