//! The receivers that one would write instead. Competent: keyed once, raw bytes, constant time,
//! freshness checked, 200 only after the id is written.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use deadpool_redis::{Config, Pool, Runtime};
use hmac::{Hmac, KeyInit, Mac};
use redis::{
    AsyncCommands, Script,
    aio::ConnectionManager,
    streams::{StreamReadOptions, StreamReadReply},
};
use serde::Deserialize;
use sha2::Sha256;
use tokio::sync::mpsc;

use crate::{
    Fallible, SECRET,
    servers::{Worked, at},
};

/// Remembered for as long as Stripe retries and a day more.
const WINDOW_SECS: u64 = 4 * 24 * 60 * 60;

type Key = Arc<Hmac<Sha256>>;

fn key() -> Key {
    // HMAC takes a key of any length.
    let key = Hmac::new_from_slice(SECRET.as_bytes());
    Arc::new(key.unwrap_or_else(|_| Hmac::new(&[0; 64].into())))
}

/// Whether one of the `v1` signatures is good and the time within five minutes of now.
fn genuine(key: &Hmac<Sha256>, headers: &HeaderMap, body: &[u8]) -> bool {
    let Some(header) = headers
        .get("stripe-signature")
        .and_then(|v| v.to_str().ok())
    else {
        return false;
    };
    let pairs = || header.split(',').filter_map(|pair| pair.split_once('='));
    let Some((_, time)) = pairs().find(|(key, _)| *key == "t") else {
        return false;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    if time
        .parse::<u64>()
        .is_ok_and(|time| now.abs_diff(time) > 300)
    {
        return false;
    }
    let mut mac = key.clone();
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    let signatures = pairs().filter(|(key, _)| *key == "v1").take(16);
    for (_, text) in signatures {
        let mut tag = [0; 32];
        let decoded = text.len() == 64
            && data_encoding::HEXLOWER
                .decode_mut(text.as_bytes(), &mut tag)
                .is_ok();
        if decoded && mac.clone().verify_slice(&tag).is_ok() {
            return true;
        }
    }
    false
}

#[derive(Deserialize)]
struct Event {
    id: String,
}

fn id(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<Event>(body).ok().map(|e| e.id)
}

/// A worker behind a channel, as far as it can be one: it counts.
fn worker(worked: &Worked) -> mpsc::Sender<Bytes> {
    let (sender, mut jobs) = mpsc::channel(1024);
    let worked = Arc::clone(worked);
    tokio::spawn(async move {
        while jobs.recv().await.is_some() {
            worked.fetch_add(1, Ordering::Relaxed);
        }
    });
    sender
}

/// Verifies, nothing else.
pub(crate) fn verify() -> Router {
    async fn receive(State(key): State<Key>, headers: HeaderMap, body: Bytes) -> StatusCode {
        match genuine(&key, &headers, &body) {
            true => StatusCode::OK,
            false => StatusCode::UNAUTHORIZED,
        }
    }
    at(post(receive).with_state(key()))
}

#[derive(Clone)]
struct Memory {
    key: Key,
    seen: Arc<Mutex<HashSet<String>>>,
    jobs: mpsc::Sender<Bytes>,
}

/// Verifies, remembers ids for ever, hands over to a worker.
pub(crate) fn memory(worked: &Worked) -> Router {
    async fn receive(State(state): State<Memory>, headers: HeaderMap, body: Bytes) -> StatusCode {
        if !genuine(&state.key, &headers, &body) {
            return StatusCode::UNAUTHORIZED;
        }
        let Some(id) = id(&body) else {
            return StatusCode::BAD_REQUEST;
        };
        let new = {
            let mut seen = state.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(id)
        };
        if new && state.jobs.send(body).await.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        StatusCode::OK
    }
    at(post(receive).with_state(Memory {
        key: key(),
        seen: Arc::default(),
        jobs: worker(worked),
    }))
}

#[derive(Clone)]
struct Deadpool {
    key: Key,
    pool: Pool,
    jobs: mpsc::Sender<Bytes>,
}

/// Verifies, `SET NX EX` through a pool of the default size, hands over to a worker.
pub(crate) fn deadpool(url: &str, worked: &Worked) -> Fallible<Router> {
    async fn set(pool: &Pool, id: &str) -> Option<bool> {
        let mut connection = pool.get().await.ok()?;
        let mut set = redis::cmd("SET");
        set.arg(format!("seen:{id}")).arg(1).arg("NX");
        set.arg("EX").arg(WINDOW_SECS);
        let answer: Option<String> = set.query_async(&mut connection).await.ok()?;
        Some(answer.is_some())
    }
    async fn receive(State(state): State<Deadpool>, headers: HeaderMap, body: Bytes) -> StatusCode {
        if !genuine(&state.key, &headers, &body) {
            return StatusCode::UNAUTHORIZED;
        }
        let Some(id) = id(&body) else {
            return StatusCode::BAD_REQUEST;
        };
        let Some(new) = set(&state.pool, &id).await else {
            return StatusCode::SERVICE_UNAVAILABLE;
        };
        if new && state.jobs.send(body).await.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        StatusCode::OK
    }
    let pool = Config::from_url(url).create_pool(Some(Runtime::Tokio1))?;
    Ok(at(post(receive).with_state(Deadpool {
        key: key(),
        pool,
        jobs: worker(worked),
    })))
}

/// Remembers and queues in one step, so that a crash in between loses nothing.
const ACCEPT: &str = "
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('XADD', KEYS[2], '*', 'body', ARGV[2])
return 1";

#[derive(Clone)]
struct Scripted {
    key: Key,
    redis: ConnectionManager,
    accept: Arc<Script>,
}

/// Verifies, remembers and queues by one script over one shared connection.
pub(crate) async fn script(url: &str) -> Fallible<Router> {
    async fn receive(
        State(mut state): State<Scripted>,
        headers: HeaderMap,
        body: Bytes,
    ) -> StatusCode {
        if !genuine(&state.key, &headers, &body) {
            return StatusCode::UNAUTHORIZED;
        }
        let Some(id) = id(&body) else {
            return StatusCode::BAD_REQUEST;
        };
        let mut call = state.accept.key(format!("seen:{id}"));
        call.key("queue").arg(WINDOW_SECS).arg(&body[..]);
        match call.invoke_async::<u8>(&mut state.redis).await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
    let redis = ConnectionManager::new(redis::Client::open(url)?).await?;
    Ok(at(post(receive).with_state(Scripted {
        key: key(),
        redis,
        accept: Arc::new(Script::new(ACCEPT)),
    })))
}

/// Takes what the script queued, 64 at a time, counts, and removes it.
pub(crate) async fn work(url: &str, worked: &Worked) -> Fallible<()> {
    let mut redis = redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    let () = redis
        .xgroup_create_mkstream("queue", "workers", "0")
        .await?;
    let worked = Arc::clone(worked);
    let options = StreamReadOptions::default()
        .group("workers", "worker")
        .count(64)
        .block(100);
    tokio::spawn(async move {
        loop {
            let read = redis.xread_options(&["queue"], &[">"], &options).await;
            let Ok(Some::<StreamReadReply>(reply)) = read else {
                continue;
            };
            let entries = reply.keys.into_iter().flat_map(|stream| stream.ids);
            let ids: Vec<String> = entries.map(|entry| entry.id).collect();
            if ids.is_empty() {
                continue;
            }
            worked.fetch_add(ids.len() as u64, Ordering::Relaxed);
            let mut end = redis::pipe();
            end.xack("queue", "workers", &ids).ignore();
            end.xdel("queue", &ids).ignore();
            if end.query_async::<()>(&mut redis).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}
