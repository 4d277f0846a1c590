//! The least that a Redis user needs, as the guide lists it.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use deadpool_redis::{Config, Pool, Runtime};
use hookgate::store::{
    contract::{self, Factory},
    redis::deadpool_redis,
};

use super::*;

const GUIDE: &str = include_str!("../../src/docs/redis_in_production.md");

/// The guide's `ACL SETUSER`, word by word.
fn rule() -> Vec<&'static str> {
    let block = GUIDE.split("```text\nACL SETUSER").nth(1).expect("the ACL");
    let block = block.split("```").next().unwrap();
    ["ACL", "SETUSER"]
        .into_iter()
        .chain(block.split_whitespace())
        .collect()
}

/// What it allows: `get`, `script|load`.
fn allowed() -> BTreeSet<String> {
    let commands = rule().into_iter().filter_map(|word| word.strip_prefix('+'));
    commands.map(str::to_owned).collect()
}

/// Every command that the scripts call and the store sends, with its subcommand where it has some.
fn used() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/redis");
    let mut used = BTreeSet::new();
    for folder in [source.clone(), source.join("scripts")] {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let starts: &[&str] = match path.extension().and_then(|end| end.to_str()) {
                Some("lua") => &["call('"],
                Some("rs") => &["cmd(\""],
                _ => continue,
            };
            let text = fs::read_to_string(&path).unwrap();
            for start in starts {
                for call in text.split(start).skip(1) {
                    used.extend(command(call));
                }
            }
        }
    }
    used
}

/// `XGROUP', 'CREATE', …` is `xgroup|create`, `SCRIPT").arg("LOAD")` is `script|load`.
fn command(call: &str) -> Option<String> {
    let mut words = call.split(['\'', '"']);
    let name = words.next()?.to_lowercase();
    if !["xgroup", "xinfo", "script", "config"].contains(&name.as_str()) {
        return Some(name);
    }
    Some(format!("{name}|{}", words.nth(1)?.to_lowercase()))
}

/// Stores of a user that may do what the guide says, and nothing else.
struct Restricted(RedisServer, AtomicU32);

impl Restricted {
    /// Without one of the commands that it says, if one is named.
    async fn new(without: Option<&str>) -> Self {
        let server = RedisServer::start();
        let mut setuser = redis::cmd("ACL");
        for word in &rule()[1..] {
            let left_out = without.is_some_and(|name| word.strip_prefix('+') == Some(name));
            if !left_out {
                setuser.arg(word.replace("{shop:0}", "{n"));
            }
        }
        let mut admin = connection(&server).await;
        let () = setuser.query_async(&mut admin).await.unwrap();
        Self(server, AtomicU32::new(0))
    }

    fn pool(&self) -> Pool {
        let url = format!("redis://hookgate:the-password@127.0.0.1:{}/", self.0.port());
        let pool = Config::from_url(url).create_pool(Some(Runtime::Tokio1));
        pool.unwrap()
    }

    fn store(&self) -> RedisStore {
        let namespace = format!("n{}", self.1.fetch_add(1, Ordering::Relaxed));
        RedisStore::new(self.pool())
            .with_namespace(&namespace)
            .unwrap()
    }
}

impl Factory for Restricted {
    async fn open(&self, max_bytes: u64) -> Arc<dyn Store> {
        Arc::new(self.store().with_max_bytes(max_bytes))
    }
}

#[test]
fn the_list_is_that_of_the_scripts_and_of_what_the_store_sends() {
    let (allowed, used) = (allowed(), used());
    assert!(used.contains("xgroup|create") && used.contains("script|load") && used.len() > 30);
    let missing: Vec<_> = used.difference(&allowed).collect();
    let idle: Vec<_> = allowed.difference(&used).collect();
    assert!(missing.is_empty(), "the guide does not allow {missing:?}");
    assert!(idle.is_empty(), "the guide allows {idle:?} for nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_user_passes_the_contract_and_reaches_nothing_else() {
    let restricted = Restricted::new(None).await;
    contract::run_all(&restricted).await;

    let mut theirs = restricted.pool().get().await.unwrap();
    for foreign in [
        "SET other 1",
        "GET other",
        "KEYS *",
        "FLUSHALL",
        "CONFIG SET maxmemory 0",
    ] {
        let words: Vec<_> = foreign.split(' ').collect();
        let refused = redis::cmd(words[0])
            .arg(&words[1..])
            .query_async::<()>(&mut theirs)
            .await;
        assert_eq!(refused.unwrap_err().code(), Some("NOPERM"), "{foreign}");
    }
}

#[tokio::test]
async fn that_user_is_enough_for_every_level_and_for_inline_idempotency() {
    let restricted = Restricted::new(None).await;
    contract::claims(Arc::new(restricted.store())).await;
    let _replica = restricted.0.replica();
    let mut admin = connection(&restricted.0).await;
    let () = ask(&mut admin, "CONFIG SET appendonly yes").await;
    let () = ask(&mut admin, "CONFIG SET appendfsync always").await;
    for level in [Level::Volatile, Level::Local, Level::Replicated(1)] {
        let store = restricted.store().with_level(level);
        store.declare(&handlers()).await.unwrap();
        assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
        assert_eq!(store.clock_skew().await.unwrap() / 10_000, 0);
    }
}

/// What the guide says may be left out where somebody vouches for the server.
#[tokio::test]
async fn info_is_not_needed_where_somebody_vouches_for_the_level() {
    let restricted = Restricted::new(Some("info")).await;
    let refused = restricted.store().connect().await;
    assert_eq!(kind(refused), StoreErrorKind::Invalid);
    let store = restricted.store().with_asserted_level(Level::Local);
    store.declare(&handlers()).await.unwrap();
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
}
