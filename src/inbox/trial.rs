//! Jobs for tests of handlers, out of stores of their own.

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    circuits::Circuits,
    filter::on,
    handler::{Declared, HandlerOptions},
    job::Job,
    stored,
    worker::{Due, Stop, Worker},
};
use crate::{
    event::Event,
    identity::{self, Identity},
    provider::NoId,
    secret::Label,
    source::ReplayPolicy,
    store::{Accept, Accepted, Entry, HandlerDecl, Jobs, LeaseRequest, Leased, MemoryStore},
};

/// The job of this event for this handler, before its attempt of this number.
pub(crate) async fn job(
    handler: &str,
    event: &Event,
    attempt: u32,
) -> Result<Job, Box<dyn Error + Send + Sync>> {
    let (name, filter, store) = (Label::new("handler", handler)?, on("*"), MemoryStore::new());
    let declared = HandlerDecl {
        name: handler.to_owned(),
        filter: filter.to_bytes(),
        max_backlog: None,
    };
    let registry = store.declare(&[declared]).await?;
    let identity = Identity::under(event, ReplayPolicy::Off, NoId::BodyDigest)?;
    let entry = Entry {
        key: identity.key,
        acceptance: identity::acceptance()?,
        digest: identity.short_digest(),
        head: stored::encode(event),
        body: event.body().clone(),
        window: Duration::from_secs(86_400),
        revision: registry.revision,
        routes: vec![handler.into()],
        replay_guard: identity.guard,
    };
    let Accepted::New { .. } = store.accept(entry).await? else {
        return Err("the store in memory has not taken the event".into());
    };
    for _ in 1..attempt {
        let failed = lease(&store, handler).await?;
        let _ = store.retry(&failed.fence, Duration::ZERO).await?;
        store.promote(handler, 1).await?;
    }
    let leased = lease(&store, handler).await?;
    let worker = Worker {
        store: Arc::new(store),
        declared: Arc::new(Declared {
            name,
            filter,
            options: HandlerOptions::new(),
            circuits: Arc::new(Mutex::new(Circuits::new(None))),
            handler: None,
        }),
        due: Due::new(),
        stop: watch::channel(Stop::Not).1,
    };
    let job = worker.job(leased);
    job.ok_or_else(|| "the event cannot be read as it was stored".into())
}

async fn lease(store: &MemoryStore, handler: &str) -> Result<Leased, Box<dyn Error + Send + Sync>> {
    let request = LeaseRequest {
        handler,
        max: 1,
        lease: Duration::from_secs(3_600),
        wait: Duration::ZERO,
    };
    let job = store.lease(request).await?.pop();
    job.ok_or_else(|| "the store in memory has no job".into())
}
