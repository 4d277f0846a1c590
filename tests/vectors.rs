//! Judges every vector: the project's own in `tests/vectors/*.json`, and those in each folder that
//! `HOOKGATE_VECTORS` names (separated by colons). Each is delivered whole, in chunks and byte by
//! byte; valid ones are then attacked. `tests/vectors/make.py` says what the fields mean.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test fails by panicking.

#[path = "vectors/attack.rs"]
mod attack;
#[path = "vectors/content.rs"]
mod content;
#[path = "vectors/format.rs"]
mod format;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    env,
    path::{Path, PathBuf},
    pin::Pin,
    process::ExitCode,
    task::{Context, Poll},
};

use bytes::Bytes;
use hookgate::{
    ConfigError, Event, Rejection, RejectionKind, Secret, Source, VerifyLayer, clock::UnixTime,
    freshness::Tolerance, provider::Provider, scheme::SignedUrl, testing::FixedClock,
    verify::VerifiedBody,
};
use http::{Request, Response, request::Parts};
use http_body::Frame;
use tower::{Layer, ServiceExt, service_fn};

use self::format::{Expect, Vector};

/// How the body arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delivery {
    Whole,
    Chunked,
    ByteByByte,
}

fn main() -> ExitCode {
    let (mut run, mut ok, mut failures) = (0, 0, Vec::new());
    let mut without = BTreeMap::<String, usize>::new();
    for folder in folders() {
        for file in files(&folder) {
            let mut names = BTreeSet::new();
            for vector in format::read(&file) {
                let name = format!("{}/{}", vector.provider, vector.name);
                if !names.insert(vector.name.clone()) {
                    failures.push(format!("{name}: there is another one of that name"));
                }
                let Some(row) = vector.preset() else {
                    *without.entry(vector.provider).or_default() += 1;
                    continue;
                };
                run += 1;
                match judge_all(row, &vector) {
                    Ok(()) => ok += 1,
                    Err(why) => failures.push(format!("{name}: {why}")),
                }
            }
        }
    }
    failures.extend(presets_without_vectors());
    for failure in &failures {
        println!("FAILED {failure}");
    }
    let without_preset: usize = without.values().sum();
    println!("\n{ok} passed, {} failed", failures.len());
    for (slug, count) in &without {
        println!("without preset: {slug} ({count})");
    }
    println!("vectors: {run} run, {ok} ok, {without_preset} without preset");
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn judge_all(row: Provider, vector: &Vector) -> Result<(), String> {
    for delivery in [Delivery::Whole, Delivery::Chunked, Delivery::ByteByByte] {
        judge(row, vector, delivery).map_err(|why| format!("{delivery:?}: {why}"))?;
    }
    match vector.expect {
        Expect::Valid => attack::refused(row, vector),
        Expect::Invalid => Ok(()),
    }
}

fn judge(row: Provider, vector: &Vector, delivery: Delivery) -> Result<(), String> {
    let source = source(row, vector).map_err(|why| why.to_string())?;
    let found = deliver(&source, &vector.parts(), &vector.body(), vector, delivery);
    match (vector.expect, found) {
        (Expect::Valid, Ok(event)) if *event.body() == vector.body() => Ok(()),
        (Expect::Valid, Ok(_)) => Err("accepted, but the body is another one".to_owned()),
        (Expect::Valid, Err(why)) => Err(format!("refused: {why}")),
        (Expect::Invalid, Err(_)) => Ok(()),
        (Expect::Invalid, Ok(_)) => {
            let why = vector.why.as_deref().unwrap_or_default();
            Err(format!("accepted, though {why}"))
        }
    }
}

/// Judges a request: whole by the synchronous door, in pieces by the middleware.
pub(crate) fn deliver(
    source: &Source,
    parts: &Parts,
    body: &Bytes,
    vector: &Vector,
    delivery: Delivery,
) -> Result<Event, Rejection> {
    let step = match delivery {
        Delivery::Whole => return source.verify(parts, body.clone(), vector.now()),
        Delivery::Chunked => body.len() / 3 + 1,
        Delivery::ByteByByte => 1,
    };
    let layer = VerifyLayer::new(source.clone()).with_clock(FixedClock::new(vector.now()));
    let inner = service_fn(|request: Request<VerifiedBody>| async move {
        let event = request.extensions().get::<Event>().cloned();
        let mut response = Response::new(request.into_body());
        response.extensions_mut().insert(event);
        Ok::<_, Infallible>(response)
    });
    let pieces = Pieces {
        left: body.clone(),
        step,
    };
    let request = Request::from_parts(parts.clone(), pieces);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.unwrap_or_else(|why| panic!("no runtime: {why}"));
    let Ok(mut response) = runtime.block_on(layer.layer(inner).oneshot(request));
    match response
        .extensions_mut()
        .remove::<Option<Event>>()
        .flatten()
    {
        Some(event) => Ok(event),
        None => match response.extensions().get::<Rejection>() {
            Some(why) => Err(*why),
            None => answered(source, parts, body, vector),
        },
    }
}

/// The middleware answered by itself: a handshake, in a genuine delivery or of anybody. Nobody's
/// makes an event.
fn answered(
    source: &Source,
    parts: &Parts,
    body: &Bytes,
    vector: &Vector,
) -> Result<Event, Rejection> {
    let event = source.verify(parts, body.clone(), vector.now());
    let event = event.map_err(|_| Rejection::new(RejectionKind::Handshake))?;
    let reply = source.answer_event(parts, &event);
    assert!(
        reply.is_some(),
        "{}: neither an event nor a handshake",
        vector.name
    );
    Ok(event)
}

/// A body that comes in pieces of one size.
struct Pieces {
    left: Bytes,
    step: usize,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let step = self.step.min(self.left.len());
        let piece = self.left.split_to(step);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }
}

/// The source that a user would configure for this vector.
pub(crate) fn source(row: Provider, vector: &Vector) -> Result<Source, ConfigError> {
    let mut builder = Source::builder(row.slug, row);
    // One secret that is given for two keys is configured once.
    let mut secrets = BTreeSet::new();
    for secret in vector
        .secrets
        .iter()
        .filter(|secret| secrets.insert(*secret))
    {
        builder = builder.add_secret(Secret::new(secret.as_str())?);
    }
    if let Some(secs) = vector.tolerance_s {
        builder = builder.with_tolerance(Tolerance::symmetric(secs));
    }
    if let Some(url) = &vector.url {
        builder = builder.with_public_url(match row.scheme.signed_url() {
            SignedUrl::Origin => origin(url),
            SignedUrl::Exact | SignedUrl::None => url,
        });
    }
    // A test of the sender's own without a clock: ours judges no time before it has been set.
    if row.tolerance.is_some() && vector.now() < UnixTime::from_secs(1_000_000_000) {
        builder = builder.dangerous().without_freshness();
    }
    // What is judged here is the signature; limits have tests of their own.
    if vector.body().len() > row.max_body {
        builder = builder.with_max_body(vector.body().len());
    }
    builder.build()
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

fn folders() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let more = env::var_os("HOOKGATE_VECTORS").unwrap_or_default();
    let more = env::split_paths(&more).filter(|folder| !folder.as_os_str().is_empty());
    [own].into_iter().chain(more).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|why| panic!("no vectors in {}: {why}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    files
}

/// A preset that nobody has signed for is a preset that nobody has tested.
fn presets_without_vectors() -> Vec<String> {
    let own = folders().remove(0);
    hookgate::provider::ALL
        .iter()
        .filter(|row| !own.join(format!("{}.json", row.slug)).exists())
        .map(|row| format!("{}: no vectors of our own", row.slug))
        .collect()
}
