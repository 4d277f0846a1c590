//! What is typed wrong is an error that says so, and leaves nothing behind.

use super::*;
use crate::redis::RedisServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_name_makes_no_inbox() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("notes.txt"), "not an inbox").unwrap();
    std::fs::write(path("empty"), "").unwrap();
    let before = files(folder.path());
    let server = RedisServer::start();
    for args in [
        &["inbox", "stats"][..],
        &["inbox", "list"],
        &["dead", "list"],
        &["dead", "replay", "crm", "--all"],
        &["handlers"],
        &["handlers", "pause", "crm"],
    ] {
        for name in ["hoks.redb", "notes.txt", "empty", "."] {
            hookgate(&path(name), args).bad(2);
        }
        let why = hookgate(&server.url(), args).bad(2);
        assert!(
            why.contains("nothing is stored under the namespace hookgate"),
            "{why}"
        );
        hookgate("mysql://host/", args).bad(2);
        hookgate("", args).bad(2);
    }
    hookgate(&path("hoks.redb"), &["check"]).bad(2);
    assert_eq!(files(folder.path()), before);
    assert_eq!(server.info("keyspace"), "$12\r\n# Keyspace\r\n\r\n");
    let mut nothing = program();
    nothing.args(["inbox", "stats"]);
    let why = ran(nothing).bad(2);
    assert!(why.contains("HOOKGATE_STORE"), "{why}");
    hookgate("redis://127.0.0.1:1/", &["inbox", "stats"]).bad(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_said() {
    let scene = Scene::new(Place::file()).await;
    let store = scene.store();
    let says = |args: &[&str], text: &str| {
        let why = hookgate(&store, args).bad(2);
        assert!(why.contains(text), "{args:?}: {why}");
    };
    says(
        &["dead", "list", "crn"],
        "no handler crn: there are crm, ledger, late",
    );
    says(
        &["dead", "list", "crm\u{1b}[2J"],
        "no handler crm\\u{1b}[2J",
    );
    says(&["dead", "show", "crn", "1"], "there are crm");
    says(
        &["dead", "list", "crm", "--after", "x"],
        "is not the name of an entry",
    );
    says(&["dead", "list", "--after", "1"], "<HANDLER>");
    says(&["dead", "list", "--since", "yesterday"], "2h");
    says(&["dead", "replay", "crm"], "--all");
    says(&["dead", "discard", "crm"], "--all");
    says(&["dead", "replay", "crm", "1", "--all"], "cannot be used");
    says(
        &["dead", "replay", "crm", "1", "--type", "a"],
        "cannot be used",
    );
    says(
        &["dead", "replay", "crm", "--all", "--rate", "0"],
        "how many a second",
    );
    says(
        &["dead", "show", "crm", "1", "--show", "type"],
        "paths to show",
    );
    says(&["inbox", "show", "evt_1"], "32 hexadecimal digits");
    says(&["inbox", "list", "--after", "1"], "dead list");
    says(&["handlers", "remove", "crm"], "--drain");
    says(&["handlers", "pause", "crn"], "there are crm");
    says(&["check", "--level", "safe"], "replicated:N");
    says(&["inbox", "stats", "--namespace"], "--namespace");
    hookgate(&store, &["dead", "show", "crm", "1"]).bad(1);
    hookgate(&store, &["dead", "show", "crm", "nonsense"]).bad(1);
    let stats = json(&store, &["inbox", "stats"]);
    assert_eq!(stats["handlers"][0]["dead"], 8, "nothing was done");
}

/// A name that a script reads is in the help of its command.
#[tokio::test(flavor = "multi_thread")]
async fn every_name_in_json_is_documented() {
    let scene = Scene::new(Place::redis()).await;
    let store = scene.store();
    let letters = lines(&store, &["dead", "list"]);
    let (key, entry) = (each(&letters, "/key")[0], each(&letters, "/entry")[0]);
    let shown = json(&store, &["dead", "show", "crm", entry]);
    let is_documented = |command: &[&str], value: &Value, elsewhere: &str| {
        let help = hookgate(&store, &[command, &["--help"]].concat()).good();
        let help = help.split_once("Usage:").unwrap().0.to_owned() + elsewhere;
        let is_there = |name: &str| {
            help.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|w| w == name)
        };
        for name in names(value) {
            assert!(is_there(&name), "{command:?}: {name} is not in {help}");
        }
    };
    let list = hookgate(&store, &["dead", "list", "--help"]).good();
    is_documented(&["dead", "list"], &letters[0], "");
    is_documented(&["dead", "show"], &shown, &list);
    let look = |args: &[&str]| json(&store, args);
    is_documented(&["inbox", "stats"], &look(&["inbox", "stats"]), "");
    is_documented(&["inbox", "show"], &look(&["inbox", "show", key]), &list);
    is_documented(&["inbox", "status"], &look(&["inbox", "status", key]), "");
    is_documented(&["handlers"], &look(&["handlers"]), "");
    is_documented(&["check"], &look(&["check"]), "");
    for act in ["replay", "discard"] {
        let counted = look(&["dead", act, "crm", "--all", "--dry-run"]);
        is_documented(&["dead", act], &counted, "");
    }
    let help = hookgate(&store, &["--help"]).good();
    assert!(help.contains("Exit codes:"), "{help}");
}

/// The names in a document, at every depth.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| [vec![name.clone()], names(value)].concat())
            .collect(),
        Value::Array(items) => items.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}
