//! A receiver for every preset, configured by environment variables.
//!
//! ```text
//! STRIPE_WEBHOOK_SECRET=whsec_test cargo run --features full --example receiver
//! ```
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `LISTEN` | address; port 0 picks a free one | `127.0.0.1:3000` |
//! | `STORE` | `memory`, `embedded`, `embedded:PATH` or `redis://...` | `embedded`: ./hookgate.redb |
//! | `<SLUG>_WEBHOOK_SECRET` | mounts `/webhooks/<slug>`; several secrets with commas | |
//! | `<SLUG>_WEBHOOK_SECRET_FILE` | the same, one secret in a file; not there yet, for senders that hand it over (Asana) | |
//! | `<SLUG>_VERIFY_TOKEN` | the verify token of a handshake (Meta) | |
//! | `<SLUG>_HANDSHAKE_VALUES` | what a handshake may name, with commas (topics of WebSub) | |
//! | `PUBLIC_URL` | our public origin, for schemes that sign the URL (Square, Twilio) | |
//! | `OPS_LISTEN` | address of `/admin`, `/metrics`, `/live` and `/ready` | none |
//! | `OPS_PASSWORD` | of the user `ops` on `/admin`, 12 bytes or more | random, on stderr |
//! | `FAIL_WHILE` | a file: while it is there the handler fails, to rehearse a bad night | none |
//!
//! With no secret set it mounts stripe, github and shopify with random secrets, which it prints on
//! stderr, and listens on loopback only. The first line on stdout is `listening on http://ADDR`;
//! then each processed event is a line of JSON, and so is each alert about dead letters.

use std::{
    env,
    error::Error,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hookgate::{
    Inbox, Secret, Source,
    inbox::{DeadLetter, Failure, HandlerOptions, Job, on},
    provider::{self, Handshake, Provider},
    scheme::SignedUrl,
    store::{EmbeddedStore, MemoryStore, RedisStore, Store, redis::deadpool_redis},
};
use tokio::{net::TcpListener, signal, sync::oneshot};

#[path = "monitoring/ops.rs"]
mod ops;
#[path = "support/secret_file.rs"]
mod secret_file;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();

    let mut sources = provider::ALL
        .iter()
        .filter_map(configured)
        .collect::<Result<Vec<_>, _>>()?;
    let demo = sources.is_empty();
    if demo {
        sources = demo_sources()?;
    }
    let listener = TcpListener::bind(address(demo)?).await?;

    // Counts from the beginning.
    let ops = ops_address()?
        .map(|address| Ok::<_, Box<dyn Error>>((address, ops::recorder()?)))
        .transpose()?;
    let fails = env::var_os("FAIL_WHILE").map(PathBuf::from);
    let handler = move |job| print(job, fails.clone());
    // It calls nobody who would have to be spared.
    let options = HandlerOptions::new().without_breaker();
    let mut builder = Inbox::builder_over(store().await?)
        .handler_with("print", on("*"), options, handler)
        .on_dead(tell)
        .with_journal(10_000);
    let names: Vec<String> = sources
        .iter()
        .map(|source| source.name().to_owned())
        .collect();
    for source in sources {
        builder = builder.source(source);
    }
    let inbox = builder.build().await?;

    let mut app = Router::new();
    for name in &names {
        // Every method: the endpoint knows those of its provider, and answers 405 to the others.
        app = app.route_service(&format!("/webhooks/{name}"), inbox.endpoint(name)?);
    }
    if let Some((address, recorder)) = ops {
        ops::serve(address, ops_password()?, inbox.clone(), recorder).await?;
    }
    println!("listening on http://{}", listener.local_addr()?);

    // One signal for both: HTTP first, then the workers drain.
    let (drained, http_ended) = oneshot::channel::<()>();
    let workers = tokio::spawn(async move { inbox.run(async { drop(http_ended.await) }).await });
    let server = axum::serve(listener, app).with_graceful_shutdown(stop_signal());
    tokio::select! {
        served = server.into_future() => served?,
        // A client that holds a request open must not keep the workers from draining.
        () = async { stop_signal().await; tokio::time::sleep(GRACE).await } => {}
    }
    drop(drained);
    workers.await??;
    Ok(())
}

#[derive(serde::Serialize)]
struct Line<'a> {
    source: &'a str,
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    handler: &'a str,
    attempt: u32,
}

/// The handler: one line of JSON for each event.
async fn print(job: Job, fails: Option<PathBuf>) -> Result<(), Failure> {
    if fails.is_some_and(|file| file.exists()) {
        return Err(Failure::retry(
            "a rehearsal: the file of FAIL_WHILE is there",
        ));
    }
    let line = serde_json::to_string(&Line {
        source: job.source(),
        id: job.id().map(|id| &*id.value),
        kind: job.event_type().map(|kind| &*kind.value),
        handler: job.handler(),
        attempt: job.attempt(),
    })?;
    say(&line)
}

/// The alert hook; [`examples/alerts.rs`](alerts.rs) posts to Slack and the like instead.
async fn tell(dead: Vec<DeadLetter>) -> Result<(), Failure> {
    let Some(first) = dead.first() else {
        return Ok(());
    };
    let line = serde_json::json!({
        "alert": format!("{} new dead letters", dead.len()),
        "handler": first.handler(),
        "reason": first.reason(),
    });
    say(&line.to_string())
}

fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(Failure::retry)
}

/// The source of a preset whose secret is set.
fn configured(row: &Provider) -> Option<Result<Source, Box<dyn Error>>> {
    let variable = row.slug.to_ascii_uppercase().replace('-', "_");
    let text = env::var_os(format!("{variable}_WEBHOOK_SECRET"));
    let file = env::var_os(format!("{variable}_WEBHOOK_SECRET_FILE"));
    if text.is_none() && file.is_none() {
        return None;
    }
    let build = || {
        let mut builder = Source::builder(row.slug, *row);
        if let Some(text) = text {
            let text = text
                .into_string()
                .map_err(|_| format!("{variable}_WEBHOOK_SECRET is not Unicode"))?;
            for secret in text.split(',') {
                builder = builder.add_secret(Secret::new(secret.trim())?);
            }
        }
        if let Some(file) = file {
            let hands_it_over = matches!(row.handshake, Handshake::Enrolment { .. });
            builder = if hands_it_over && !Path::new(&file).exists() {
                builder.awaiting_enrolment(secret_file::SecretFile(file.into()))
            } else {
                builder.add_secret(Secret::from_file(file)?)
            };
        }
        if let Ok(origin) = env::var("PUBLIC_URL") {
            let origin = origin.trim_end_matches('/');
            builder = match row.scheme.signed_url() {
                SignedUrl::None => builder,
                SignedUrl::Origin => builder.with_public_url(origin),
                SignedUrl::Exact => {
                    builder.with_public_url(format!("{origin}/webhooks/{}", row.slug))
                }
            };
        }
        if let Ok(token) = env::var(format!("{variable}_VERIFY_TOKEN")) {
            builder = builder.with_verify_token(Secret::new(token)?);
        }
        if let Ok(values) = env::var(format!("{variable}_HANDSHAKE_VALUES")) {
            for value in values.split(',') {
                builder = builder.add_handshake_value(value.trim());
            }
        }
        Ok(builder
            .build()
            .map_err(|why| format!("{}: {why}", row.slug))?)
    };
    Some(build())
}

/// How long open requests may take after the signal.
const GRACE: Duration = Duration::from_secs(10);

/// Three sources with secrets of the moment, to play with.
fn demo_sources() -> Result<Vec<Source>, Box<dyn Error>> {
    let demo = [provider::STRIPE, provider::GITHUB, provider::SHOPIFY].map(|row| {
        let secret = random()?;
        eprintln!("demo secret for /webhooks/{}: {secret}", row.slug);
        Ok(Source::builder(row.slug, row)
            .add_secret(Secret::new(secret)?)
            .build()?)
    });
    demo.into_iter().collect()
}

/// Where to listen: anywhere with secrets of one's own, on loopback with demo ones.
fn address(demo: bool) -> Result<std::net::SocketAddr, Box<dyn Error>> {
    let text = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let address: std::net::SocketAddr = text
        .parse()
        .map_err(|why| format!("LISTEN={text}: {why}"))?;
    if demo && !address.ip().is_loopback() {
        return Err("set a <SLUG>_WEBHOOK_SECRET to listen on other than loopback".into());
    }
    Ok(address)
}

fn random() -> Result<String, Box<dyn Error>> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where the people who run this look, if anywhere.
fn ops_address() -> Result<Option<std::net::SocketAddr>, Box<dyn Error>> {
    let Ok(text) = env::var("OPS_LISTEN") else {
        return Ok(None);
    };
    let address = text.parse();
    Ok(Some(
        address.map_err(|why| format!("OPS_LISTEN={text}: {why}"))?,
    ))
}

fn ops_password() -> Result<Secret, Box<dyn Error>> {
    if env::var_os("OPS_PASSWORD").is_some() {
        return Ok(Secret::from_env("OPS_PASSWORD")?);
    }
    let password = random()?;
    eprintln!("password of ops for /admin: {password}");
    Ok(Secret::new(password)?)
}

async fn store() -> Result<Arc<dyn Store>, Box<dyn Error>> {
    let choice = env::var("STORE").unwrap_or_else(|_| "embedded".to_owned());
    match choice.as_str() {
        "memory" => Ok(Arc::new(MemoryStore::new())),
        "embedded" => Ok(Arc::new(EmbeddedStore::open_async("hookgate.redb").await?)),
        url if url.starts_with("redis://") => {
            let config = deadpool_redis::Config::from_url(url);
            let pool = config.create_pool(Some(deadpool_redis::Runtime::Tokio1))?;
            Ok(Arc::new(RedisStore::new(pool)))
        }
        path if path.starts_with("embedded:") => {
            let path = &path["embedded:".len()..];
            Ok(Arc::new(EmbeddedStore::open_async(path).await?))
        }
        // The value may hold a password: it is not repeated.
        _ => Err("STORE must be `memory`, `embedded[:PATH]` or `redis://host:port[/db]`".into()),
    }
}

/// Ctrl-C, or the SIGTERM of whoever runs us.
async fn stop_signal() {
    #[cfg(unix)]
    if let Ok(mut term) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = term.recv() => return,
            _ = signal::ctrl_c() => return,
        }
    }
    let _ = signal::ctrl_c().await;
}
