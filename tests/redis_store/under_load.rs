//! The server, or the way to it, fails while an inbox is at work.

use std::{sync::atomic::Ordering::SeqCst, time::Instant};

use hookgate::store::redis::deadpool_redis::{Config, Runtime};

use super::{
    load::Load,
    proxy::{Cut, Proxy},
    *,
};

const SYNCED: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stalls_under_load_delays_and_loses_nothing() {
    let server = RedisServer::start();
    let load = Load::on(RedisStore::new(server.pool())).await;
    for seconds in 1..=3 {
        load.go_on(50).await;
        server.signal("-STOP");
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        server.signal("-CONT");
    }
    load.go_on(50).await;
    let books = load.end("stalled for 1, 2 and 3 s").await;
    assert!(books.ambiguous.load(SeqCst) > 0, "nobody noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_restarted_under_load_loses_nothing_with_a_synced_log() {
    let mut server = RedisServer::start_with(&SYNCED);
    let load = Load::on(RedisStore::new(server.pool())).await;
    for round in 0..4 {
        load.go_on(100).await;
        if round % 2 == 0 {
            server.kill();
        } else {
            server.signal("-TERM");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.restart();
    }
    load.go_on(100).await;
    let books = load.end("restarted four times").await;
    assert!(books.refused.load(SeqCst) > 0, "nobody noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_that_are_flushed_under_load_are_not_missed() {
    let server = RedisServer::start();
    let mut redis = connection(&server).await;
    let load = Load::on(RedisStore::new(server.pool())).await;
    // For long enough that the server's level is asked for together with scripts that are missing.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(6) {
        let _: () = ask(&mut redis, "SCRIPT FLUSH").await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    load.go_on(1).await;
    let books = load.end("scripts flushed for 6 s").await;
    let noticed = (books.refused.load(SeqCst), books.ambiguous.load(SeqCst));
    assert_eq!(noticed, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_cut_off_anywhere_lose_nothing() {
    let server = RedisServer::start();
    let (proxy, store) = behind_a_proxy(&server).await;
    let load = Load::on(store).await;
    for bytes in [0, 1, 5, 17, 60, 200, 333, 1_000, 2_500, 7_777] {
        load.go_on(10).await;
        proxy.cut(Cut::Answers(bytes)).await;
    }
    load.go_on(10).await;
    load.end("answers cut off ten times").await;
}

/// For each verb: the connection breaks before the server has the call, and after it has answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_answers_that_are_lost_lose_nothing() {
    let server = RedisServer::start();
    let (proxy, store) = behind_a_proxy(&server).await;
    let load = Load::on(store).await;
    let verbs = [
        ("lease", script!("lease.lua")),
        ("done", script!("done.lua")),
        ("retry", script!("delay.lua")),
        ("bury", script!("bury.lua")),
        // Promoting takes two calls: the one that looks writes nothing.
        ("due", script!("due.lua")),
        ("promote", script!("promote.lua")),
        ("accept", ACCEPT),
    ];
    for (verb, text) in verbs {
        let hash = redis::Script::new(text).get_hash().as_bytes().to_vec();
        for _ in 0..2 {
            proxy.cut(Cut::Before(hash.clone())).await;
            load.go_on(5).await;
            proxy.cut(Cut::After(hash.clone())).await;
            load.go_on(5).await;
        }
        println!("{verb}: four calls cut");
    }
    let books = load.end("calls and answers lost").await;
    assert!(books.ambiguous.load(SeqCst) >= 4, "each cut accept");
    assert!(books.own.load(SeqCst) > 0, "an accept finds its first try");
}

/// The text of a script as the store sends it.
macro_rules! script {
    ($file:literal) => {
        concat!(
            include_str!("../../src/store/redis/scripts/lib.lua"),
            include_str!(concat!("../../src/store/redis/scripts/", $file))
        )
    };
}
use script;

const ACCEPT: &str = include_str!("../../src/store/redis/scripts/accept.lua");

async fn behind_a_proxy(server: &RedisServer) -> (Proxy, RedisStore) {
    let proxy = Proxy::to(server.port()).await;
    let pool = Config::from_url(proxy.url()).create_pool(Some(Runtime::Tokio1));
    (proxy, RedisStore::new(pool.unwrap()))
}
