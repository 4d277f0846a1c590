//! Apply if newer: in whatever order events come, and however often, the same state is left.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use hookgate::{
    Event, Inbox, Secret, Source,
    clock::{Clock, SystemClock, UnixTime},
    event::{NoStamp, Stamp, StampUnit},
    inbox::{Failure, HandlerOptions, Job, Retry, on},
    provider::{self, Provider},
    store::MemoryStore,
    testing::Signer,
    verify::ReplyBody,
};
use proptest::{prelude::*, strategy::ValueTree};
use tower::ServiceExt;

fn source(row: Provider) -> (Source, Signer) {
    let secret = Secret::new("s3cret").unwrap();
    let signer = Signer::new(row, &secret).unwrap();
    let source = Source::builder("sender", row).add_secret(secret);
    (source.build().unwrap(), signer)
}

fn event(body: impl Into<bytes::Bytes>) -> Event {
    let (source, signer) = source(provider::GITHUB);
    let now = UnixTime::from_secs(1_790_000_000);
    let (parts, body) = signer.sign(body, now).into_parts();
    source.verify(&parts, body, now).unwrap()
}

/// What a sender tells of one object.
#[derive(Clone, Debug)]
struct Change {
    object: u8,
    version: u8,
    status: u8,
    deleted: bool,
}

impl Change {
    fn body(&self) -> String {
        let Self {
            object,
            version,
            status,
            deleted,
        } = self;
        format!(
            r#"{{"object":"o{object}","version":{version},"status":"s{status}","deleted":{deleted}}}"#
        )
    }
}

/// As a user's database has it: status, whether it is deleted, stamp.
type Rows = BTreeMap<String, (String, bool, Stamp)>;

/// What the SQL of the guide does.
fn apply(rows: &mut Rows, event: &Event) -> Result<(), NoStamp> {
    let stamp = event.stamp_at("/version", StampUnit::Counter)?;
    let id: String = event.json_at("/object").unwrap();
    if rows.get(&id).is_none_or(|(_, _, applied)| *applied < stamp) {
        let status = event.json_at("/status").unwrap();
        let deleted = event.json_at("/deleted").unwrap();
        rows.insert(id, (status, deleted, stamp));
    }
    Ok(())
}

fn rows(changes: &[Change]) -> Rows {
    let mut rows = Rows::new();
    for change in changes {
        apply(&mut rows, &event(change.body())).unwrap();
    }
    rows
}

/// Few objects and versions, so that ties are many.
fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (0..3_u8, 0..6_u8, 0..4_u8, any::<bool>());
    let change = change.prop_map(|(object, version, status, deleted)| Change {
        object,
        version,
        status,
        deleted,
    });
    prop::collection::vec(change, 1..24)
}

/// The same changes in another order, some of them more than once.
fn shuffled(changes: Vec<Change>) -> impl Strategy<Value = (Vec<Change>, Vec<Change>)> {
    let again = prop::collection::vec(prop::sample::select(changes.clone()), 0..24);
    let all = again.prop_flat_map({
        let changes = changes.clone();
        move |again| Just([changes.clone(), again].concat()).prop_shuffle()
    });
    (Just(changes), all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_permutation_and_repetition_ends_in_the_same_state(
        (once, shuffled) in changes().prop_flat_map(shuffled)
    ) {
        let (expected, found) = (rows(&once), rows(&shuffled));
        prop_assert_eq!(&expected, &found);
        for change in &once {
            let (_, _, stamp) = expected[&format!("o{}", change.object)];
            prop_assert!(stamp.number() >= i64::from(change.version), "an older state stayed");
        }
    }

    #[test]
    fn stamps_sort_by_number_and_their_texts_like_they_do(
        one in any::<i64>(), other in prop_oneof![any::<i64>(), Just(7)], bodies in any::<[u8; 2]>()
    ) {
        let [a, b] = bodies.map(|body| event(vec![body]));
        let (a, b) = (a.stamp(one), b.stamp(other));
        if one != other {
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
        }
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        prop_assert_eq!(a.to_string().parse(), Ok(a));
        prop_assert_eq!(a.ties_with(b), one == other && bodies[0] != bodies[1]);
    }
}

#[test]
fn a_stamp_is_read_of_one_signed_place_or_not_at_all() {
    let at = |body: &str, unit| event(body.to_owned()).stamp_at("/o/at", unit);
    let number = |body: &str, unit| at(body, unit).map(Stamp::number);
    let counter = StampUnit::Counter;
    assert_eq!(number(r#"{"o":{"at":7}}"#, counter), Ok(7));
    assert_eq!(number(r#"{"o":{"at":"7"}}"#, counter), Ok(7));
    let time = r#"{"o":{"at":"2026-09-21T16:53:20.000001+02:00"}}"#;
    let nanos = 1_790_002_400_000_001_000;
    assert_eq!(number(time, StampUnit::Rfc3339), Ok(nanos));
    for body in ["{}", r#"{"o":{"at":null}}"#, r#"{"o":1}"#, "at=7", ""] {
        assert_eq!(at(body, counter), Err(NoStamp::Missing), "{body}");
    }
    for body in [
        r#"{"o":{"at":1.5}}"#,
        r#"{"o":{"at":[7]}}"#,
        r#"{"o":{"at":7,"at":7}}"#,
        r#"{"o":{"at":9},"o":{"at":7}}"#,
        r#"{"o":{"at":"2026-09-21"}}"#,
    ] {
        assert_eq!(at(body, counter), Err(NoStamp::Unreadable), "{body}");
    }
}

#[test]
fn where_the_body_is_not_signed_there_is_no_stamp() {
    let (source, signer) = source(provider::GITLAB_TOKEN);
    let now = UnixTime::from_secs(1_790_000_000);
    let (parts, body) = signer.sign(r#"{"version":1}"#, now).into_parts();
    let event = source.verify(&parts, body, now).unwrap();
    let stamp = event.stamp_at("/version", StampUnit::Counter);
    assert_eq!(stamp, Err(NoStamp::Unsigned));
    assert_eq!(
        event.stamp(1).number(),
        1,
        "what was fetched is the caller's"
    );
}

/// The statements of the guide, by SQLite.
#[test]
fn the_sql_of_the_guide_does_the_same() {
    const GUIDE: &str = include_str!("../src/docs/order_of_events.md");
    const RUN: &str = r#"
import json, sqlite3, sys
create, upsert, *runs = json.load(sys.stdin)
for run in runs:
    db = sqlite3.connect(":memory:")
    db.execute(create)
    for row in run:
        db.execute(upsert, {str(n + 1): value for n, value in enumerate(row)})
    print(json.dumps(db.execute("SELECT * FROM subscriptions ORDER BY id").fetchall()))
"#;
    let sql: Vec<_> = GUIDE.split("```sql\n").skip(1).collect();
    let [create, upsert] = [0, 1].map(|at| sql[at].split("```").next().unwrap());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = changes().prop_flat_map(shuffled);
    let (mut input, mut expected) = (vec![serde_json::json!(create)], Vec::new());
    input.push(serde_json::json!(upsert));
    for _ in 0..100 {
        let (once, shuffled) = strategy.new_tree(&mut runner).unwrap().current();
        let run = shuffled.iter().map(|change| {
            let stamp = event(change.body()).stamp(i64::from(change.version));
            let (id, status) = (format!("o{}", change.object), format!("s{}", change.status));
            (id, status, i32::from(change.deleted), stamp.to_string())
        });
        input.push(serde_json::json!(run.collect::<Vec<_>>()));
        let rows = rows(&once)
            .into_iter()
            .map(|(id, (status, deleted, stamp))| {
                (id, status, i32::from(deleted), stamp.to_string())
            });
        expected.push(serde_json::json!(rows.collect::<Vec<_>>()));
    }
    let mut python = Command::new("python3")
        .args(["-c", RUN])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3, for its SQLite");
    let input = serde_json::to_vec(&input).unwrap();
    python.stdin.take().unwrap().write_all(&input).unwrap();
    let ran = python.wait_with_output().unwrap();
    assert!(ran.status.success());
    let found: Vec<serde_json::Value> = String::from_utf8(ran.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(found, expected);
}

/// Through an inbox whose handler fails at first now and then: the last state of each object stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_ends_with_the_newest_state_of_every_object() {
    const OBJECTS: u8 = 5;
    const VERSIONS: u8 = 20;
    let (source, signer) = source(provider::STRIPE);
    let rows = Arc::new(Mutex::new(Rows::new()));
    let table = Arc::clone(&rows);
    let handler = move |job: Job| {
        let table = Arc::clone(&table);
        async move {
            if job.attempt() == 1 && job.key().ends_with(['0', '1', '2', '3']) {
                return Err(Failure::retry("not this time"));
            }
            Ok(apply(&mut table.lock().unwrap(), job.event())?)
        }
    };
    const SOON: Retry = Retry::after(&[Duration::from_millis(50)]);
    let options = HandlerOptions::new().with_retry(SOON).without_breaker();
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source)
        .handler_with("rows", on("*"), options, handler)
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("sender").unwrap();
    let running = tokio::spawn({
        let inbox = inbox.clone();
        async move { inbox.run(std::future::pending()).await }
    });
    // Seven steps at a time go round all of them; the second round are duplicates.
    let all = u32::from(OBJECTS) * u32::from(VERSIONS);
    for n in (0..2 * all).map(|n| n * 7 % all) {
        let change = Change {
            object: (n % u32::from(OBJECTS)) as u8,
            version: (n / u32::from(OBJECTS)) as u8,
            status: (n % 11) as u8,
            deleted: n % 3 == 0,
        };
        let body = change
            .body()
            .replacen('{', &format!(r#"{{"id":"evt_{n}","#), 1);
        let delivery = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
        let reply = endpoint.clone().oneshot(delivery).await.unwrap();
        assert_eq!(reply.status(), 200);
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let stats = inbox.stats().await.unwrap();
        assert_eq!(stats.handlers[0].dead, 0);
        if stats.handlers[0].backlog() == 0 {
            break;
        }
        assert!(tokio::time::Instant::now() < until, "{stats:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.abort();
    let rows = rows.lock().unwrap();
    assert_eq!(rows.len(), usize::from(OBJECTS));
    for (_, _, stamp) in rows.values() {
        assert_eq!(stamp.number(), i64::from(VERSIONS) - 1);
    }
}
