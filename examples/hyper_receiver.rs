//! The same without a framework: `VerifyLayer` around a plain hyper service, HTTP/1 and HTTP/2.
//!
//! ```text
//! GITHUB_WEBHOOK_SECRET=s3cret cargo run --features full --example hyper_receiver
//! ```
//!
//! `LISTEN` is the address, by default `127.0.0.1:3000`. Every path is the GitHub endpoint. The
//! handler runs before the reply: a design for few and fast events.

use std::{convert::Infallible, env, error::Error, time::Duration};

use hookgate::{
    Event, Secret, Source, VerifyLayer, provider,
    verify::{ReplyBody, VerifiedBody},
};
use http::{Request, Response};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tower::{ServiceBuilder, service_fn};

async fn receive(request: Request<VerifiedBody>) -> Result<Response<ReplyBody>, Infallible> {
    // Only VerifyLayer puts an event there.
    if let Some(event) = request.extensions().get::<Event>() {
        let text =
            |field: Option<&hookgate::event::Field>| field.map_or("-", |f| &f.value).to_owned();
        println!(
            "{} {} {} bytes",
            text(event.id()),
            text(event.event_type()),
            event.body().len()
        );
    }
    Ok(Response::new(ReplyBody::default()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::from_env("GITHUB_WEBHOOK_SECRET")?;
    let source = Source::builder("github", provider::GITHUB)
        .add_secret(secret)
        .build()?;
    let service = ServiceBuilder::new()
        .layer(VerifyLayer::new(source))
        .service(service_fn(receive));

    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of file descriptors, or the client is gone: not the listener's end.
                Err(why) => {
                    eprintln!("accept: {why}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            _ = &mut stop => break,
        };
        let mut server = auto::Builder::new(TokioExecutor::new());
        server
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(10));
        let service = TowerToHyperService::new(service.clone());
        let connection = server
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(why) = connection.await {
                eprintln!("connection: {why}");
            }
        });
    }
    tokio::time::timeout(Duration::from_secs(10), graceful.shutdown())
        .await
        .ok();
    Ok(())
}
