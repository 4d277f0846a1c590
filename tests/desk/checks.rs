//! What the check says of a store, and what keeps a command from its store.

use super::*;
use crate::redis::RedisServer;

/// What is said about each check, and the state of each.
fn checked(store: &str, args: &[&str], code: i32) -> Vec<(String, String, String)> {
    let ran = hookgate(store, &[&["check", "--json"], args].concat());
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    let checks = found["checks"].as_array().unwrap().iter();
    let text = |check: &Value, name| check[name].as_str().unwrap().to_owned();
    let three = |check| {
        (
            text(check, "check"),
            text(check, "state"),
            text(check, "note"),
        )
    };
    checks.map(three).collect()
}

fn state<'a>(checks: &'a [(String, String, String)], name: &str) -> &'a str {
    let found = checks.iter().find(|(check, ..)| check == name);
    found.map_or("not there", |(_, state, _)| state)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked() {
    let scene = Scene::new(Place::file()).await;
    let store = scene.store();
    let checks = checked(&store, &[], 0);
    for name in ["open", "format", "level", "read", "handlers"] {
        assert_eq!(state(&checks, name), "ok", "{checks:?}");
    }
    assert_eq!(state(&checks, "dead letters"), "warn");
    assert_eq!(
        state(&checked(&store, &["--level", "local"], 0), "level"),
        "ok"
    );
    assert_eq!(
        state(&checked(&store, &["--level", "replicated:1"], 1), "level"),
        "fail"
    );
    let table = hookgate(&store, &["check"]).good();
    assert!(table.contains("warn   dead letters  8"), "{table}");

    let damaged = std::path::Path::new(&store).with_file_name("damaged.redb");
    let mut bytes = std::fs::read(&store).unwrap();
    bytes.truncate(4_096);
    std::fs::write(&damaged, bytes).unwrap();
    let damaged = damaged.to_str().unwrap();
    assert_eq!(state(&checked(damaged, &[], 1), "open"), "fail");
    hookgate(damaged, &["inbox", "stats"]).bad(3);
}

/// At once, by whom, and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_use_is_refused_and_its_holder_named() {
    let scene = Scene::new(Place::file()).await;
    let store = scene.store();
    let holder = scene.inbox().await;
    let me = std::process::id();
    let name = std::env::current_exe().unwrap();
    let name = name.file_name().unwrap().to_str().unwrap();
    let began = std::time::Instant::now();
    for args in [
        &["inbox", "stats"][..],
        &["dead", "list"],
        &["dead", "replay", "crm", "--all"],
        &["handlers", "pause", "crm"],
    ] {
        let why = hookgate(&store, args).bad(3);
        let who = format!("process {me} ({name}) has {store} open");
        assert!(why.contains(&who) && why.contains("admin page"), "{why}");
    }
    let checks = checked(&store, &[], 3);
    assert_eq!(state(&checks, "open"), "fail");
    let waits = std::time::Duration::from_secs(25);
    assert!(began.elapsed() < waits, "a receiver waits 30 s each time");
    let stats = holder.stats().await.unwrap();
    assert_eq!(
        (stats.handlers[0].dead, stats.handlers[0].paused),
        (8, false)
    );
    // An earlier version notes its number alone, and what is noted is shown harmlessly.
    let lock = format!("{store}.lock");
    let comm = std::fs::read_to_string("/proc/self/comm").unwrap();
    let said = [
        (me.to_string(), format!("process {me} ({})", comm.trim())),
        (
            "7 a\u{1b}[2J".to_owned(),
            "process 7 (a\\u{1b}[2J)".to_owned(),
        ),
        (String::new(), "another process".to_owned()),
    ];
    for (note, who) in said {
        std::fs::write(&lock, note).unwrap();
        let why = hookgate(&store, &["inbox", "stats"]).bad(3);
        assert!(why.contains(&who), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_is_checked() {
    let scene = Scene::new(Place::redis()).await;
    let store = scene.store();
    let checks = checked(&store, &["--level", "local"], 0);
    for name in [
        "server",
        "role",
        "maxmemory-policy",
        "level",
        "clock",
        "format",
        "read",
    ] {
        assert_eq!(state(&checks, name), "ok", "{checks:?}");
    }
    let (.., note) = checks
        .iter()
        .find(|(name, ..)| name == "append-only file")
        .unwrap();
    assert_eq!(note, "appendfsync always");
    assert_eq!(
        state(&checked(&store, &["--level", "replicated:1"], 1), "level"),
        "fail"
    );
    let elsewhere = checked(&store, &["--namespace", "shoop"], 1);
    assert_eq!(state(&elsewhere, "namespace"), "fail");
    assert_eq!(
        state(&elsewhere, "server"),
        "ok",
        "what can be told is told"
    );

    // A server that does not tell may hold an inbox all the same.
    let client = hookgate::store::redis::redis::Client::open(&*store).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut user = hookgate::store::redis::redis::cmd("ACL");
    user.arg(&[
        "SETUSER",
        "app",
        "on",
        ">canary-password",
        "~*",
        "+@all",
        "-info",
    ]);
    let () = user.query_async(&mut connection).await.unwrap();
    let store = store.replace("://", "://app:canary-password@");
    assert_eq!(state(&checked(&store, &[], 0), "server"), "warn");
    assert_eq!(
        state(&checked(&store, &["--level", "local"], 1), "level"),
        "fail"
    );
    let stats = json(&store, &["inbox", "stats"]);
    let dead = stats["handlers"][0]["dead"].as_u64();
    assert_eq!((&stats["level"], dead), (&Value::Null, Some(8)));
}

#[tokio::test]
async fn a_redis_that_loses_things_fails_the_check() {
    let evicting = ["--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb"];
    let server = RedisServer::start_with(&evicting);
    let checks = checked(&server.url(), &["--level", "local"], 1);
    for name in ["maxmemory-policy", "level", "namespace"] {
        assert_eq!(state(&checks, name), "fail", "{checks:?}");
    }
    assert_eq!(state(&checks, "memory"), "ok");
    let plain = RedisServer::start();
    assert_eq!(state(&checked(&plain.url(), &[], 1), "level"), "warn");
    let replica = plain.replica();
    let checks = checked(&replica.url(), &[], 1);
    assert_eq!(state(&checks, "role"), "fail", "{checks:?}");
    let checks = checked(&plain.url(), &["--level", "replicated:1"], 1);
    assert_eq!(state(&checks, "level"), "ok", "{checks:?}");
}

#[tokio::test]
async fn a_password_is_used_and_never_printed() {
    let server = RedisServer::start();
    let address = server.url();
    let with = |password| address.replace("://", &format!("://:{password}@"));
    let client = hookgate::store::redis::redis::Client::open(&*address).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut set = hookgate::store::redis::redis::cmd("CONFIG");
    set.arg(&["SET", "requirepass", "canary-password"]);
    let () = set.query_async(&mut connection).await.unwrap();
    // The right one: nothing is stored there yet.
    let missing = hookgate(&with("canary-password"), &["inbox", "stats"]).bad(2);
    assert!(missing.contains(&address), "{missing}");
    for store in [&address, &with("canary-password-no")] {
        hookgate(store, &["inbox", "stats"]).bad(3);
        assert_eq!(state(&checked(store, &[], 3), "server"), "fail");
    }
    let help = hookgate(&with("canary-password"), &["check", "--help"]).good();
    assert!(help.contains("HOOKGATE_STORE"), "{help}");
    let bad = "redis://:canary-password@nowhere:70000/x";
    hookgate(bad, &["check"]).bad(2);
    hookgate("rediss:/:canary-password@nowhere/x", &["check"]);
}
