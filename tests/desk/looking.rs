//! What is seen, and that looking changes nothing.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::*;

/// Every command that only looks.
fn looks(key: &str, entry: &str) -> Vec<Vec<String>> {
    let commands = [
        "inbox stats",
        "inbox list",
        "inbox list unrouted",
        "handlers",
        "check",
        "dead list",
        "dead list crm --limit 3",
        "dead replay crm --all --dry-run",
        "dead discard crm --all --dry-run",
        &format!("dead show crm {entry} --show /type --names"),
        &format!("inbox show {key} --show /data/object/amount"),
        &format!("inbox status {key}"),
    ]
    .map(str::to_owned);
    let with_json = commands.iter().map(|command| format!("{command} --json"));
    let all = commands.iter().cloned().chain(with_json);
    let words = |line: String| line.split(' ').map(str::to_owned).collect();
    all.map(words).collect()
}

async fn everything_is_seen(place: Place) {
    let scene = Scene::new(place).await;
    let store = &*scene.store();
    let before = json(store, &["inbox", "stats"]);
    stats(&before);

    let all = lines(store, &["dead", "list"]);
    assert_eq!(all.len(), 8);
    let first = &all[0];
    assert_eq!(
        (&first["state"], &first["handler"]),
        (&"dead".into(), &"crm".into())
    );
    assert_eq!(
        first["reason"],
        "handler failed for good: no route to host\\u{1b}[31m <token>"
    );
    assert_eq!(
        (&first["attempts"], &first["replays"]),
        (&1.into(), &0.into())
    );
    let event = &first["event"];
    assert_eq!(event["id"]["value"], "evt_0\u{1b}[2J", "as it was sent");
    assert_eq!(event["id"]["provenance"], "signed");
    assert_eq!(
        (&event["secret"], &event["covers"]),
        (&"2026".into(), &"body".into())
    );
    assert_eq!(event["tenant"], Value::Null);
    assert!(event["received_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        all[6]["event"]["type"]["provenance"], "unsigned",
        "{}",
        all[6]
    );

    let entry = first["entry"].as_str().unwrap();
    let key = first["key"].as_str().unwrap();
    for args in looks(key, entry) {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let ran = hookgate(store, &args);
        let more = args.contains(&"--limit");
        assert_eq!(
            (ran.code, ran.err.is_empty()),
            (0, !more),
            "{args:?}: {ran:?}"
        );
        assert!(
            !ran.out.is_empty() || args.contains(&"unrouted"),
            "{args:?}"
        );
    }
    let mut after = json(store, &["inbox", "stats"]);
    // It goes on waiting.
    for (handler, before) in [0, 1, 2].map(|n| (n, &before["handlers"][n])) {
        after["handlers"][handler]["oldest_seconds"] = before["oldest_seconds"].clone();
    }
    assert_eq!(after["handlers"], before["handlers"]);
    one_letter(store, key, entry);
    a_page_at_a_time(store, &all);
    filters(store);
    what_became_of_it(store, key);
    handlers(store);
}

fn stats(stats: &Value) {
    let name = |n: usize| stats["handlers"][n]["handler"].as_str().unwrap();
    assert_eq!([name(0), name(1), name(2)], ["crm", "ledger", "late"]);
    assert_eq!(stats["level"], "local", "the test's Redis syncs each write");
    assert_eq!(stats["handlers"][0]["dead"], 8);
    assert_eq!(stats["handlers"][2]["delayed"], 2);
    assert_eq!(stats["handlers"][0]["oldest_seconds"], Value::Null);
    assert!(stats["bytes"].as_u64().unwrap() > 500);
}

fn one_letter(store: &str, key: &str, entry: &str) {
    let shown = hookgate(store, &["dead", "show", "crm", entry]).good();
    assert!(shown.contains(&format!("key          {key}")), "{shown}");
    assert!(
        shown.contains("id           evt_0\\u{1b}[2J (signed)"),
        "{shown}"
    );
    assert!(shown.contains("signed with  2026"), "{shown}");
    // Nothing of the body: not even names.
    assert!(
        !shown.contains("4200") && !shown.contains("amount"),
        "{shown}"
    );
    let paths = ["--show", "/data/object/amount", "--show", "/token"];
    let args = [&["dead", "show", "crm", entry], &paths[..]].concat();
    let shown = hookgate(store, &args).good();
    assert!(shown.contains("\"amount\": 4200"), "{shown}");
    let shown = json(store, &args);
    assert!(shown["body"].as_str().unwrap().contains("\"amount\": 4200"));
    let names = hookgate(store, &["inbox", "show", key, "--names"]).good();
    assert!(
        names.contains("email") && !names.contains("4200"),
        "{names}"
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body.json");
    let name = file.to_str().unwrap();
    hookgate(store, &["dead", "show", "crm", entry, "--body-out", name]).good();
    let body: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        body["data"]["object"]["email"], "canary-payload",
        "all of it"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let again = hookgate(store, &["inbox", "show", key, "--body-out", name]).bad(2);
    assert!(again.contains("exists"), "{again}");
}

fn a_page_at_a_time(store: &str, all: &[Value]) {
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut args = vec!["dead", "list", "crm", "--limit", "3"];
        if let Some(after) = &after {
            args.extend(["--after", after]);
        }
        let page = lines(store, &args);
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(last["entry"].as_str().unwrap().to_owned());
        seen.extend(page);
    }
    assert_eq!(seen, all);
    let more = hookgate(store, &["dead", "list", "--limit", "3"]);
    let next = all[2]["entry"].as_str().unwrap();
    let hint = format!("there are more: dead list crm --after {next}");
    assert!(more.err.contains(&hint), "{}", more.err);
    assert_eq!(more.out.lines().count(), 4);
    assert!(more.out.starts_with("HANDLER"), "{}", more.out);
}

fn filters(store: &str) {
    let ids = |args: &[&str]| {
        let found = lines(store, &[&["dead", "list", "crm"], args].concat());
        let ids = each(&found, "/event/id/value");
        ids.iter().map(|id| id[..5].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["--type", "invoice.*"]), ["evt_0", "evt_2", "evt_4"]);
    assert_eq!(ids(&["--type", "invoice.*", "--type", "charge"]).len(), 6);
    assert_eq!(ids(&["--source", "git*"]), ["opene", "close"]);
    assert_eq!(ids(&["--signed-with", "old"]).len(), 2);
    let key = lines(store, &["dead", "list", "crm"])[3]["key"].clone();
    assert_eq!(ids(&["--key", key.as_str().unwrap()]), ["evt_3"]);
    assert_eq!(ids(&["--key", &"0".repeat(32)]).len(), 0);
    assert_eq!(ids(&["--reason", "no route"]).len(), 8);
    assert_eq!(ids(&["--reason", "timed out"]).len(), 0);
    assert_eq!(ids(&["--since", "1h"]).len(), 8);
    assert_eq!(ids(&["--until", "1h"]).len(), 0);
    assert_eq!(ids(&["--until", "2099-01-01T00:00:00Z"]).len(), 8);
    assert_eq!(ids(&["--source", "stripe", "--type", "pull*"]).len(), 0);
}

fn what_became_of_it(store: &str, key: &str) {
    let status = json(store, &["inbox", "status", &key.to_uppercase()]);
    let why = "handler failed for good: no route to host\\u{1b}[31m <token>";
    let expected = serde_json::json!([
        {"handler": "crm", "state": "dead", "due": null, "reason": why},
        {"handler": "ledger", "state": "done", "due": null, "reason": null},
    ]);
    assert_eq!(status["handlers"], expected);
    by_its_senders_id(store, key);
    let github = lines(store, &["dead", "list", "--source", "github"]);
    let (key, died) = (each(&github, "/key")[0], each(&github, "/died_at")[0]);
    let status = json(store, &["inbox", "status", key]);
    let late = &status["handlers"][2];
    assert_eq!(
        (&late["state"], &late["reason"]),
        (&"delayed".into(), &Value::Null)
    );
    let due = late["due"].as_str().unwrap();
    let time = |text| OffsetDateTime::parse(text, &Rfc3339).unwrap();
    // An hour, and a fifth of it more or less.
    let hours = (time(due) - time(died)).as_seconds_f64() / 3_600.0;
    assert!((0.79..1.21).contains(&hours), "{due}, {died}");
    let status = hookgate(store, &["inbox", "status", key]).good();
    assert!(
        status.starts_with("HANDLER  STATE    DUE OR REASON\n"),
        "{status}"
    );
    assert!(
        status.contains(&format!("late     delayed  {due}\n")),
        "{status}"
    );
    assert!(
        status.contains(&format!("crm      dead     {why}\n")),
        "{status}"
    );
    // One that no dead letter keeps is seen as well.
    let unknown = "0".repeat(32);
    let status = hookgate(store, &["inbox", "status", &unknown, "--json"]);
    assert_eq!(status.code, 1);
    assert!(status.out.contains(r#""known":false"#), "{}", status.out);
    hookgate(store, &["inbox", "show", &unknown]).bad(1);
}

fn handlers(store: &str) {
    let listed = json(store, &["handlers"]);
    assert_eq!(listed["revision"], 1);
    let gets: Vec<_> = each(listed["handlers"].as_array().unwrap(), "/filter");
    assert_eq!(gets, ["*", "*", "* from github"]);
    assert_eq!(listed["handlers"][2]["backlog"], 2);
    let table = hookgate(store, &["handlers"]).good();
    assert!(table.starts_with("revision 1\n"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    everything_is_seen(Place::file()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_redis() {
    everything_is_seen(Place::redis()).await;
}

/// To the byte, where that can be looked at.
#[tokio::test(flavor = "multi_thread")]
async fn no_look_writes_into_redis() {
    use hookgate::store::redis::redis;
    let server = super::redis::RedisServer::start_with(&["--appendonly", "yes"]);
    let url = server.url();
    let scene = Scene::new(Place::Redis(server)).await;
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut everything = async || {
        let mut keys: Vec<Vec<u8>> = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut connection)
            .await
            .unwrap();
        keys.sort();
        let mut all = Vec::new();
        for key in keys {
            let mut dump = redis::cmd("DUMP");
            let dump: Vec<u8> = dump.arg(&key).query_async(&mut connection).await.unwrap();
            all.push((key, dump));
        }
        all
    };
    let store = scene.store();
    let letters = lines(&store, &["dead", "list"]);
    let before = everything().await;
    let (key, entry) = (each(&letters, "/key")[0], each(&letters, "/entry")[0]);
    for args in looks(key, entry) {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        assert_eq!(hookgate(&store, &args).code, 0, "{args:?}");
    }
    assert_eq!(everything().await, before);
}

/// The id is what the sender's own pages show.
fn by_its_senders_id(store: &str, key: &str) {
    let named = |source: &str, id: &str, more: &[&str]| {
        let args = ["inbox", "status", "--source", source, "--id", id];
        hookgate(store, &[&args, more].concat())
    };
    let status = named("stripe", "evt_0\u{1b}[2J", &["--json"]).good();
    assert!(status.contains(key), "{status}");
    assert!(status.contains(r#""state":"dead""#), "{status}");
    let args = [
        "inbox",
        "show",
        "--source",
        "stripe",
        "--id",
        "evt_0\u{1b}[2J",
    ];
    let shown = hookgate(store, &args).good();
    assert!(shown.contains("invoice.paid"), "{shown}");
    // Another tenant's, another source's, and one whose id is not signed.
    for (source, id, more) in [
        ("stripe", "evt_0\u{1b}[2J", &["--tenant", "blue"][..]),
        ("stripe-2", "evt_0\u{1b}[2J", &[]),
        ("github", "opened", &[]),
    ] {
        let status = named(source, id, more);
        assert_eq!(status.code, 1, "{status:?}");
        assert!(status.out.contains("say the key"), "{status:?}");
    }
    let why = hookgate(store, &["inbox", "status", "--id", "evt_0"]).bad(2);
    assert!(why.contains("--source"), "{why}");
    hookgate(store, &["inbox", "status"]).bad(2);
}
