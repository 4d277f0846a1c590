//! Replays that are handled, discards that are final, handlers that stop and go on.

use super::*;

async fn what_is_replayed_is_handled(place: Place) {
    let scene = Scene::new(place).await;
    let store = &*scene.store();
    let letters = lines(store, &["dead", "list", "crm"]);
    let (entries, keys) = (each(&letters, "/entry"), each(&letters, "/key"));

    // Counting changes nothing.
    let invoices = ["dead", "replay", "crm", "--type", "invoice.*"];
    let counted = hookgate(store, &[&invoices[..], &["--dry-run"]].concat()).good();
    assert_eq!(counted, "3 dead letters of crm would be queued again\n");
    let counted = json(store, &[&invoices[..], &["--dry-run"]].concat());
    let expected = serde_json::json!({
        "handler": "crm", "dry_run": true, "matched": 3, "replayed": 0, "stopped": false,
    });
    assert_eq!(counted, expected);
    assert_eq!(dead(store), 8);

    // One, and only once.
    let one = ["dead", "replay", "crm", entries[1]];
    let said = hookgate(store, &one).good();
    assert_eq!(said, "1 dead letter of crm queued again\n");
    let gone = hookgate(store, &one).bad(1);
    assert!(gone.contains("no dead letter"), "{gone}");

    // Those that a filter means, no faster than it was told.
    let began = std::time::Instant::now();
    let done = json(store, &[&invoices[..], &["--rate", "5/s"]].concat());
    let least = std::time::Duration::from_millis(400);
    assert!(began.elapsed() >= least, "three at five a second");
    assert_eq!(
        (&done["matched"], &done["replayed"]),
        (&3.into(), &3.into())
    );
    let stats = json(store, &["inbox", "stats"]);
    let crm = &stats["handlers"][0];
    assert_eq!((&crm["queued"], &crm["dead"]), (&4.into(), &4.into()));
    let queued = hookgate(store, &["inbox", "show", keys[0], "--show", "/type"]).good();
    assert!(
        queued.contains("\"type\": \"invoice.paid\""),
        "a queued one, too"
    );

    // They are handled by whoever runs next, under their old keys.
    let mut handled = scene.mend_until(4).await;
    handled.sort();
    let mut expected = [keys[0], keys[1], keys[2], keys[4]];
    expected.sort_unstable();
    assert_eq!(handled, expected);
    let status = json(store, &["inbox", "status", keys[0]]);
    assert_eq!(status["handlers"][0]["state"], "done");

    given_up(store);
    paused_and_removed(store);
}

fn given_up(store: &str) {
    let letters = lines(store, &["dead", "list", "crm"]);
    let entries = each(&letters, "/entry");
    assert_eq!(entries.len(), 4);
    let github = ["dead", "discard", "crm", "--source", "github"];
    let refused = hookgate(store, &github).bad(2);
    assert!(refused.contains("--yes"), "{refused}");
    let counted = hookgate(store, &[&github[..], &["--dry-run"]].concat()).good();
    assert_eq!(counted, "2 dead letters of crm would be given up\n");
    assert_eq!(dead(store), 4);
    let done = json(store, &[&github[..], &["--yes"]].concat());
    let expected = serde_json::json!({
        "handler": "crm", "dry_run": false, "matched": 2, "discarded": 2, "stopped": false,
    });
    assert_eq!(done, expected);
    let said = hookgate(store, &["dead", "discard", "crm", entries[0]]).good();
    assert_eq!(said, "1 dead letter of crm given up\n");
    hookgate(store, &["dead", "discard", "crm", entries[0]]).bad(1);
    assert_eq!(dead(store), 1);
}

fn paused_and_removed(store: &str) {
    assert_eq!(
        hookgate(store, &["handlers", "pause", "crm"]).good(),
        "crm paused\n"
    );
    let again = hookgate(store, &["handlers", "pause", "crm"]).good();
    assert_eq!(again, "crm was paused already\n");
    assert_eq!(json(store, &["handlers"])["handlers"][0]["paused"], true);
    let warned = hookgate(store, &["dead", "replay", "crm", "--all"]);
    assert_eq!(warned.code, 0);
    assert!(warned.err.contains("crm is paused"), "{}", warned.err);
    assert_eq!(
        hookgate(store, &["handlers", "resume", "crm"]).good(),
        "crm resumed\n"
    );
    let done = json(store, &["handlers", "remove", "late", "--bury"]);
    let expected = serde_json::json!({"handler": "late", "removal": "bury", "buried": 2});
    assert_eq!(done, expected);
    let handlers = json(store, &["handlers"]);
    assert_eq!(handlers["revision"], 2);
    let late = &handlers["handlers"][2];
    assert_eq!(
        (&late["removal"], &late["dead"]),
        (&"bury".into(), &2.into())
    );
    assert_eq!(late["filter"], Value::Null);
    let warned = hookgate(store, &["dead", "replay", "late", "--all"]);
    assert_eq!(warned.code, 0);
    assert!(warned.err.contains("late was removed"), "{}", warned.err);
    let drained = hookgate(store, &["handlers", "remove", "crm", "--drain"]).good();
    assert!(drained.starts_with("crm removed"), "{drained}");
}

fn dead(store: &str) -> u64 {
    let stats = json(store, &["inbox", "stats"]);
    stats["handlers"][0]["dead"].as_u64().unwrap()
}

async fn what_nobody_wanted_is_routed(place: Place) {
    let scene = Scene::new(place).await;
    let store = &*scene.store();
    for handler in ["crm", "ledger"] {
        hookgate(store, &["handlers", "remove", handler, "--drain"]).good();
    }
    // `late` alone is left, and wants nothing of stripe's.
    let inbox = scene.looking_only().await;
    for n in 10..13 {
        scene.stripe(&inbox, n).await;
    }
    scene.leave(inbox);
    let unrouted = lines(store, &["inbox", "list", "unrouted"]);
    let (entries, keys) = (each(&unrouted, "/entry"), each(&unrouted, "/key"));
    assert_eq!(each(&unrouted, "/state"), ["unrouted"; 3]);
    let rest = lines(store, &["inbox", "list", "unrouted", "--after", entries[0]]);
    assert_eq!(each(&rest, "/entry"), entries[1..]);
    let all = lines(store, &["inbox", "list"]);
    assert_eq!(all.len(), 8 + 3);
    let shown = hookgate(store, &["inbox", "show", keys[1], "--show", "/type"]).good();
    assert!(shown.contains("\"type\": \"charge\""), "{shown}");
    let status = hookgate(store, &["inbox", "status", keys[1]]).good();
    assert!(status.contains("no handler wanted it"), "{status}");
    let route = ["inbox", "route", entries[1], "--to", "late"];
    let said = hookgate(store, &route).good();
    assert_eq!(said, format!("{} queued for late\n", entries[1]));
    hookgate(store, &route).bad(1);
    let status = json(store, &["inbox", "status", keys[1]]);
    assert_eq!(status["handlers"][0]["handler"], "late");
    hookgate(store, &["inbox", "route", entries[2], "--to", "crm"]).bad(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    what_is_replayed_is_handled(Place::file()).await;
    what_nobody_wanted_is_routed(Place::file()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_redis() {
    what_is_replayed_is_handled(Place::redis()).await;
    what_nobody_wanted_is_routed(Place::redis()).await;
}

/// Whoever presses Ctrl-C is told how far it was, and the rest stays dead.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_can_be_stopped() {
    let scene = Scene::new(Place::redis()).await;
    let store = scene.store();
    let mut command = program();
    command.env("HOOKGATE_STORE", &store);
    command.args(["dead", "replay", "crm", "--all", "--rate", "1/s", "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while dead(&store) == 8 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&done["matched"], &done["stopped"]),
        (&8.into(), &true.into())
    );
    let replayed = done["replayed"].as_u64().unwrap();
    assert!((1..8).contains(&replayed), "{done}");
    // One step may have been on its way.
    assert!((7..=8).contains(&(dead(&store) + replayed)), "{done}");
}
