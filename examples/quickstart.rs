//! The shortest receiver: Stripe in an axum app, over the in-memory store.
//!
//! ```text
//! STRIPE_WEBHOOK_SECRET=whsec_... cargo run --features full --example quickstart
//! ```

use axum::Router;
use hookgate::{
    Inbox, Secret, Source,
    inbox::{Failure, Job, on},
    provider,
    store::MemoryStore,
};

async fn bill(job: Job) -> Result<(), Failure> {
    let amount: u64 = job.json_at("/data/object/amount_due")?;
    println!("{}: {amount}", job.key());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = Secret::from_env("STRIPE_WEBHOOK_SECRET")?;
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret);
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe.build()?)
        .handler("billing", on("invoice.*"), bill)
        .build()
        .await?;
    let app = Router::new().route_service("/webhooks/stripe", inbox.endpoint("stripe")?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let workers = tokio::spawn(async move { inbox.run(async { drop(stopped.await) }).await });
    axum::serve(listener, app)
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    drop(stop); // requests first, then the workers
    Ok(workers.await??)
}
