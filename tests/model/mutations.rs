//! The fence turned off: the model and the contract suite must notice.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use hookgate::store::{
    AcceptanceId, Fence, Leased, RedisStore, Store,
    contract::{Factory, conservation, fencing},
    redis::deadpool_redis::{Config, Runtime},
};

use super::{
    CASES,
    around::{Around, Wrapped},
    redis::RedisServer,
    run,
    stores::{Embedded, Memory, Redis, Stores},
};

#[test]
fn the_model_notices_a_store_that_has_no_fence() {
    is_noticed("memory", &Memory, Unfenced::around, 500);
    is_noticed("the file", &Embedded::new(), Unfenced::around, 20);
    is_noticed("Redis", &Redis::new(), Unfenced::around, 20);
}

#[test]
fn the_model_notices_scripts_that_have_no_fence() {
    is_noticed("Redis' scripts", &UnfencedScripts::new(), |store| store, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_suite_notices_a_store_that_has_no_fence() {
    let checks = [
        tokio::spawn(async { fencing::a_zombie_changes_nothing(&Unfenced::default()).await }),
        tokio::spawn(async {
            conservation::every_job_is_in_one_place_whatever_happens(&Unfenced::default()).await;
        }),
    ];
    for check in checks {
        assert!(check.await.is_err_and(|why| why.is_panic()));
    }
}

/// Prints the steps that it takes, after so many tries to find fewer: four would do, and how near
/// one comes is luck.
fn is_noticed(
    name: &str,
    stores: &impl Stores,
    wrap: fn(Arc<dyn Store>) -> Arc<dyn Store>,
    shrink: u32,
) {
    let (why, ops) = run(stores, CASES, shrink, wrap).expect_err("nobody has noticed");
    println!("{name}: {why}, by {} steps", ops.len());
    assert!(why.contains("a zombie's"), "for another reason: {why}");
}

/// Gives every worker the fence of whoever has the job now.
#[derive(Debug, Default)]
struct Unfenced(Mutex<HashMap<(Arc<str>, AcceptanceId), Fence>>);

impl Unfenced {
    fn around(store: Arc<dyn Store>) -> Arc<dyn Store> {
        let around = Self::default();
        Arc::new(Wrapped { store, around })
    }
}

impl Around for Unfenced {
    fn leased(&self, jobs: &[Leased]) {
        let mut current = self.0.lock().unwrap();
        for Leased { fence, .. } in jobs {
            let job = (Arc::clone(&fence.handler), fence.acceptance);
            current.insert(job, fence.clone());
        }
    }

    fn fence(&self, fence: &Fence) -> Fence {
        let job = (Arc::clone(&fence.handler), fence.acceptance);
        self.0.lock().unwrap()[&job].clone()
    }
}

impl Factory for Unfenced {
    async fn open(&self, max_bytes: u64) -> Arc<dyn Store> {
        Self::around(Memory.open_with(max_bytes))
    }
}

/// A server that gets every script with its fence left out: on the way there, so that the store is
/// as it is.
struct UnfencedScripts {
    _server: RedisServer,
    url: String,
    opened: Mutex<u32>,
}

/// What the verbs under a lease look at it with: most of them, and the one for many jobs.
const FENCES: [&str; 2] = [
    "if not owned(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end",
    "fenced = mine(entry, ARGV[3 * i + 1])",
];

impl UnfencedScripts {
    fn new() -> Self {
        let delay = include_str!("../../src/store/redis/scripts/delay.lua");
        let done = include_str!("../../src/store/redis/scripts/done.lua");
        for (script, fence) in [delay, done].iter().zip(FENCES) {
            assert!(script.contains(fence), "the fence looks different");
        }
        let server = RedisServer::start();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let port = server.port();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from, &mut to));
                thread::spawn(move || without_fence(client, server));
            }
        });
        Self {
            _server: server,
            url,
            opened: Mutex::new(0),
        }
    }
}

/// Passes bytes on. A script's hash is another one then: the store sends its text instead.
fn without_fence(mut client: TcpStream, mut server: TcpStream) {
    let (mut held, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    while let Ok(count @ 1..) = client.read(&mut piece) {
        held.extend_from_slice(&piece[..count]);
        for fence in FENCES.map(str::as_bytes) {
            while let Some(at) = held.windows(fence.len()).position(|w| w == fence) {
                // As long as it was, since lengths come first.
                held[at..at + fence.len()].fill(b' ');
            }
        }
        // The beginning of one may be at the end.
        let begun = |fence: &str| {
            let begun = |len: &usize| held.ends_with(&fence.as_bytes()[..*len]);
            (1..fence.len()).rev().find(begun).unwrap_or_default()
        };
        let keep = FENCES.map(begun).into_iter().max().unwrap_or_default();
        let ready: Vec<u8> = held.drain(..held.len() - keep).collect();
        if server.write_all(&ready).is_err() {
            break;
        }
    }
    let _ = server.shutdown(std::net::Shutdown::Both);
}

impl Stores for UnfencedScripts {
    fn open_with(&self, max_bytes: u64) -> Arc<dyn Store> {
        let mut opened = self.opened.lock().unwrap();
        *opened += 1;
        let pool = Config::from_url(&*self.url).create_pool(Some(Runtime::Tokio1));
        let store = RedisStore::new(pool.unwrap()).with_namespace(&format!("n{opened}"));
        Arc::new(store.unwrap().with_max_bytes(max_bytes))
    }
}
