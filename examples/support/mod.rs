//! What the examples share and none of them is about: serving until they are told to stop and,
//! with `DEMO` set, delivering to themselves instead of waiting for others.
#![allow(dead_code, reason = "each example uses its part")]

pub(crate) mod downstream;

use std::{env, error::Error, net::SocketAddr, time::Duration};

use axum::Router;
use hookgate::{
    ConfigError, Inbox, Secret,
    clock::{Clock, SystemClock},
    provider::Provider,
    testing::Signer,
};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{Instant, sleep},
};

pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Whether to play both sides.
pub(crate) fn is_demo() -> bool {
    env::var_os("DEMO").is_some()
}

/// The secret in this variable; a demo has one of its own.
///
/// # Errors
/// When the variable is not set, or is empty.
pub(crate) fn secret(variable: &str) -> Result<Secret, ConfigError> {
    if is_demo() {
        return Secret::new("the secret of a demo");
    }
    Secret::from_env(variable)
}

/// Listens on `LISTEN`, by default `127.0.0.1:3000`; a demo on any free port of the loopback.
///
/// # Errors
/// When the address cannot be had.
pub(crate) async fn bind() -> Result<TcpListener, Failed> {
    let address = match env::var("LISTEN") {
        // Everybody knows the secret of a demo.
        _ if is_demo() => "127.0.0.1:0".to_owned(),
        Ok(address) => address,
        Err(_) => "127.0.0.1:3000".to_owned(),
    };
    Ok(TcpListener::bind(address).await?)
}

/// The same, and says so.
///
/// # Errors
/// When the address cannot be had.
pub(crate) async fn listen() -> Result<(TcpListener, SocketAddr), Failed> {
    let listener = bind().await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    Ok((listener, address))
}

/// Serves requests and runs the handlers: until Ctrl-C or, in a demo, until `play` has ended.
///
/// # Errors
/// Those of `play`, of the server and of the inbox.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    inbox: Inbox,
    play: impl Future<Output = Result<(), Failed>>,
) -> Result<(), Failed> {
    // Requests first, then the workers drain.
    let (stop_http, http_stops) = oneshot::channel::<()>();
    let (stop_work, work_stops) = oneshot::channel::<()>();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, app).with_graceful_shutdown(async { drop(http_stops.await) });
    let server = tokio::spawn(server.into_future());
    let workers = tokio::spawn(async move { inbox.run(async { drop(work_stops.await) }).await });
    let played = if is_demo() {
        play.await
    } else {
        tokio::signal::ctrl_c().await.map_err(Into::into)
    };
    drop(stop_http);
    server.await??;
    drop(stop_work);
    workers.await??;
    played
}

/// Another service, played by this process on a free port of the loopback. Its base URL.
///
/// # Errors
/// When there is no port.
pub(crate) async fn stand_in(app: Router) -> Result<String, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

/// Waits until no job waits or runs: all are done, or dead.
///
/// # Errors
/// When that takes half a minute, or the store fails.
pub(crate) async fn idle(inbox: &Inbox) -> Result<(), Failed> {
    until("every job ends", async || {
        let stats = inbox.stats().await?;
        Ok(stats.handlers.iter().all(|of| of.backlog() == 0))
    })
    .await
}

/// Waits until this is so.
///
/// # Errors
/// When that takes half a minute, or cannot be told.
pub(crate) async fn until(
    what: &str,
    is_so: impl AsyncFn() -> Result<bool, Failed>,
) -> Result<(), Failed> {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so().await? {
        if Instant::now() > end {
            return Err(format!("waited for half a minute until {what}").into());
        }
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// A provider, played by this process: signs events and delivers them over a real connection.
pub(crate) struct Sender {
    client: reqwest::Client,
    url: String,
    row: Provider,
    secret: Secret,
}

impl Sender {
    pub(crate) fn new(row: Provider, secret: &Secret, address: SocketAddr) -> Self {
        Self {
            client: reqwest::Client::new(),
            url: format!("http://{address}/webhooks/{}", row.slug),
            row,
            secret: secret.clone(),
        }
    }

    /// Delivers one event; its id and type are those of the body, or these where the provider
    /// sends them in headers. Answers with the status.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn deliver(&self, id: &str, kind: &str, body: String) -> Result<u16, Failed> {
        let signer = Signer::new(self.row, &self.secret)?
            .with_id(id)
            .with_type(kind);
        let (parts, body) = signer.sign(body, SystemClock.now()).into_parts();
        let request = self.client.post(&self.url).headers(parts.headers);
        let request = request
            .header("content-type", "application/json")
            .body(body);
        Ok(request.send().await?.status().as_u16())
    }
}
