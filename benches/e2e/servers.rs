//! The servers by name, and what all of them share.

use std::{
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use tokio::net::TcpListener;

use crate::{Fallible, by_hand, gated, load::Kind};

/// In the order of the table; the first is what the others are compared with.
pub(crate) const SMALL: &[&str] = &[
    "bare",
    "hand-verify",
    "verify",
    "hand-memory",
    "memory",
    "hand-deadpool",
    "hand-script",
    "redis-accept",
    "hand-script-worker",
    "redis",
];

/// Row, server, requests.
pub(crate) const LARGE: &[(&str, &str, Kind)] = &[
    ("verify-genuine", "verify", Kind::Genuine),
    ("hand-verify-genuine", "hand-verify", Kind::Genuine),
    ("verify-stale", "verify", Kind::Stale),
    ("verify-forged-1", "verify", Kind::Forged(1)),
    ("verify-forged-16", "verify", Kind::Forged(16)),
    ("verify-forged-100", "verify", Kind::Forged(100)),
];

/// Events that a worker has finished.
pub(crate) type Worked = Arc<AtomicU64>;

/// Serves until the input ends: prints the address first and what was worked on last.
pub(crate) fn serve(name: &str, redis: &str) -> Fallible<()> {
    let worked = Worked::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let app = router(name, redis, &worked).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        say(&listener.local_addr()?.to_string())?;
        tokio::spawn(async move { axum::serve(listener, app).await });
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        let works = !matches!(
            name,
            "bare" | "hand-verify" | "verify" | "hand-script" | "redis-accept"
        );
        if works {
            say(&worked.load(Ordering::Relaxed).to_string())?;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    })?;
    runtime.shutdown_background();
    Ok(())
}

async fn router(name: &str, redis: &str, worked: &Worked) -> Fallible<Router> {
    Ok(match name {
        "bare" => at(post(acknowledge)),
        "hand-verify" => by_hand::verify(),
        "hand-memory" => by_hand::memory(worked),
        "hand-deadpool" => by_hand::deadpool(redis, worked)?,
        "hand-script" => by_hand::script(redis).await?,
        "hand-script-worker" => {
            by_hand::work(redis, worked).await?;
            by_hand::script(redis).await?
        }
        "verify" => gated::verify()?,
        "memory" => gated::memory(worked).await?,
        "redis-accept" => gated::redis(redis, None).await?,
        "redis" => gated::redis(redis, Some(worked)).await?,
        _ => return Err(format!("there is no server {name}").into()),
    })
}

pub(crate) fn at(route: axum::routing::MethodRouter) -> Router {
    Router::new().route("/webhooks/stripe", route)
}

pub(crate) async fn acknowledge(_: Bytes) -> StatusCode {
    StatusCode::OK
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
