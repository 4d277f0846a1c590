//! What the people who run a receiver get, on an address of its own: `/admin`, `/metrics`, `/live`
//! and `/ready`. Metrics are on it without a password, so it must not be reachable from outside.

use std::{error::Error, net::SocketAddr, time::Duration};

use axum::{Router, response::Redirect, routing::get};
use hookgate::{
    Inbox, Secret,
    admin::{Admin, Auth},
    redact::Redactor,
    telemetry,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, time::interval};

/// Counts from here on; install it before the inbox is built.
pub(crate) fn recorder() -> Result<PrometheusHandle, Box<dyn Error>> {
    let buckets = [
        (telemetry::REPLY_SECONDS, telemetry::REPLY_BUCKETS),
        (telemetry::SIGNATURE_AGE, telemetry::AGE_BUCKETS),
        (telemetry::HANDLER_SECONDS, telemetry::HANDLER_BUCKETS),
        (telemetry::STORE_SECONDS, telemetry::STORE_BUCKETS),
    ];
    let mut builder = PrometheusBuilder::new();
    for (name, bounds) in buckets {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds)?;
    }
    Ok(builder.install_recorder()?)
}

/// Serves all of it until the process ends.
pub(crate) async fn serve(
    address: SocketAddr,
    password: Secret,
    inbox: Inbox,
    metrics: PrometheusHandle,
) -> Result<(), Box<dyn Error>> {
    // Of payloads it shows what most senders have and what is no secret of anybody's.
    let redactor = Redactor::new().with_names().show("/type")?.show("/id")?;
    let admin = Admin::builder(inbox.clone())
        .behind(Auth::basic("ops", password))
        .with_redactor(redactor);
    let shown = metrics.clone();
    let app = Router::new()
        .nest("/admin", admin.router()?)
        // A nested router does not answer to a slash at its end.
        .route("/admin/", get(|| async { Redirect::permanent("/admin") }))
        .route("/metrics", get(move || std::future::ready(shown.render())))
        .route_service("/live", inbox.liveness())
        .route_service("/ready", inbox.readiness());
    let listener = TcpListener::bind(address).await?;
    eprintln!("ops on http://{}/admin, user ops", listener.local_addr()?);
    tokio::spawn(async move {
        let mut often = interval(Duration::from_secs(5));
        loop {
            often.tick().await;
            metrics.run_upkeep();
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(())
}
