//! hookgate's receivers, as its examples build them.

use std::sync::{Arc, atomic::Ordering};

use axum::{Router, routing::post};
use hookgate::{
    Inbox, Secret, Source, VerifyLayer,
    inbox::on,
    provider,
    store::{MemoryStore, RedisStore, Store},
};

use crate::{
    Fallible, SECRET,
    servers::{Worked, acknowledge, at},
};

fn source() -> Fallible<Source> {
    Ok(Source::builder("stripe", provider::STRIPE)
        .add_secret(Secret::new(SECRET)?)
        .build()?)
}

/// The layer around the bare handler.
pub(crate) fn verify() -> Fallible<Router> {
    Ok(at(post(acknowledge)).layer(VerifyLayer::new(source()?)))
}

/// The inbox in memory, with a handler that only counts.
pub(crate) async fn memory(worked: &Worked) -> Fallible<Router> {
    inbox(MemoryStore::new(), Some(worked)).await
}

/// The inbox in Redis; without `worked` its handler runs elsewhere.
pub(crate) async fn redis(url: &str, worked: Option<&Worked>) -> Fallible<Router> {
    let config = deadpool_redis::Config::from_url(url);
    let pool = config.create_pool(Some(deadpool_redis::Runtime::Tokio1))?;
    inbox(RedisStore::new(pool), worked).await
}

async fn inbox(store: impl Store, worked: Option<&Worked>) -> Fallible<Router> {
    let counted = worked.map(Arc::clone).unwrap_or_default();
    let count = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }
    };
    let inbox = Inbox::builder(store)
        .source(source()?)
        .handler("count", on("*"), count)
        .build()
        .await?;
    let app = Router::new().route_service("/webhooks/stripe", inbox.endpoint("stripe")?);
    if worked.is_some() {
        tokio::spawn(async move { inbox.run(std::future::pending()).await });
    }
    Ok(app)
}
