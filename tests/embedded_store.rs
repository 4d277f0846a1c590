//! What the store in a file adds to the contract: restarts, kills, other processes, bad disks.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use hookgate::{
    clock::{Clock, UnixTime},
    error::StoreErrorKind,
    store::{
        Accept, AcceptanceId, Accepted, Admin, Control, DedupKey, EmbeddedStore, Entry,
        HandlerDecl, Held, JobState, Jobs, LeaseRequest, Leased, Level, Promoted, Removal,
        ReplayGuard, Stats, Store, embedded::Faults,
    },
    testing::FixedClock,
};
use redb::{ReadableDatabase, ReadableTableMetadata, TableDefinition, TableHandle};

const NEW: Accepted = Accepted::New {
    repeated_bytes: false,
    overflowed: false,
};
const LONG: Duration = Duration::from_secs(600);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn event(n: u64, routes: &[&str]) -> Entry {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&n.to_be_bytes());
    Entry {
        key: DedupKey(id),
        acceptance: AcceptanceId(id),
        digest: *b"digest-1",
        head: Bytes::from_static(b"\x01head"),
        body: n.to_string().into(),
        window: Duration::from_secs(3_600),
        revision: 1,
        routes: routes.iter().map(|name| Arc::from(*name)).collect(),
        replay_guard: ReplayGuard::Off,
    }
}

async fn declared(store: EmbeddedStore) -> EmbeddedStore {
    let decl = |name: &str| HandlerDecl {
        name: name.to_owned(),
        filter: Bytes::from_static(b"*"),
        max_backlog: None,
    };
    let registry = store.declare(&[decl("a"), decl("b")]).await.unwrap();
    assert_eq!(registry.revision, 1);
    store
}

async fn opened(path: &Path) -> EmbeddedStore {
    declared(EmbeddedStore::open(path).unwrap()).await
}

async fn lease(store: &EmbeddedStore, handler: &str, max: usize) -> Vec<Leased> {
    let (lease, wait) = (LONG, Duration::ZERO);
    let request = LeaseRequest {
        handler,
        max,
        lease,
        wait,
    };
    store.lease(request).await.unwrap()
}

async fn only(store: &EmbeddedStore, handler: &str) -> Leased {
    let mut jobs = lease(store, handler, 10).await;
    assert_eq!(jobs.len(), 1, "jobs of {handler}");
    jobs.remove(0)
}

/// Without ages, which change by themselves.
async fn stats(store: &EmbeddedStore) -> Stats {
    let mut stats = store.stats().await.unwrap();
    for handler in &mut stats.handlers {
        handler.oldest = None;
    }
    stats
}

fn kind<T: std::fmt::Debug>(result: Result<T, hookgate::StoreError>) -> StoreErrorKind {
    result.expect_err("this must be refused").kind()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn everything_is_there_after_a_restart_but_the_leases() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let store = opened(&path).await;
    assert_eq!(store.level(), Level::Local);
    for n in 1..=6 {
        store.accept(event(n, &["a", "b"])).await.unwrap();
    }
    let jobs = lease(&store, "a", 5).await;
    let held = store.done(&jobs[0].fence).await.unwrap();
    assert_eq!(held, Held::Applied);
    let held = store.retry(&jobs[1].fence, ms(1)).await.unwrap();
    assert_eq!(held, Held::Applied);
    let held = store.bury(&jobs[2].fence, "\0 broken").await.unwrap();
    assert_eq!(held, Held::Applied);
    let held = store.hand_back(&jobs[3].fence).await.unwrap();
    assert_eq!(held, Held::Applied);
    let finished = event(7, &["b"]);
    store.accept(finished.clone()).await.unwrap();
    for job in lease(&store, "b", 10).await {
        assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    }
    let body = DedupKey([9; 16]);
    let guarded = Entry {
        replay_guard: ReplayGuard::Flag(body),
        ..event(8, &[])
    };
    store.accept(guarded).await.unwrap();
    let dead = store.dead("a", None, 9).await.unwrap().remove(0);
    store.set_alerted("a", &dead.entry).await.unwrap();
    let (before, registry) = (stats(&store).await, store.registry().await.unwrap());
    drop(store);

    let store = EmbeddedStore::open(&path).unwrap();
    assert_eq!(store.registry().await.unwrap(), registry);
    let mut after = stats(&store).await;
    // Of six one is done, one delayed, one dead, one handed back, one leased, one never touched.
    assert_eq!(after.handlers[0].queued, 3);
    (after.handlers[0].queued, after.handlers[0].processing) = (2, 1);
    assert_eq!(after, before);
    let leased = lease(&store, "a", 10).await;
    let counts = |job: &Leased| (job.body.clone(), job.attempt, job.deliveries);
    let expected = [("4", 0, 1), ("5", 0, 2), ("6", 0, 1)];
    let expected = expected.map(|(body, a, d)| (Bytes::from_static(body.as_bytes()), a, d));
    assert_eq!(leased.iter().map(counts).collect::<Vec<_>>(), expected);
    // A worker of before has lost its lease.
    assert_eq!(store.done(&jobs[4].fence).await.unwrap(), Held::Lost);
    let promoted = store.promote("a", 9).await.unwrap();
    assert_eq!((promoted.moved, promoted.next_due), (1, None));
    let retried = only(&store, "a").await;
    assert_eq!(counts(&retried), (Bytes::from_static(b"2"), 1, 1));
    let again = store.dead("a", None, 9).await.unwrap().remove(0);
    assert_eq!(
        (&again.entry, &again.reason, again.at, &again.body),
        (&dead.entry, &dead.reason, dead.at, &dead.body)
    );
    assert_eq!(store.alerted("a").await.unwrap(), Some(dead.entry));
    assert_eq!(store.unrouted(None, 9).await.unwrap()[0].body, "8");
    for entry in [event(1, &[]), event(3, &[]), finished, event(8, &[])] {
        let acceptance = entry.acceptance;
        let dead = entry.body == "3";
        let stands = Accepted::Duplicate {
            acceptance,
            same_body: true,
            dead,
        };
        assert_eq!(store.accept(entry).await.unwrap(), stands);
    }
    let repeated = Entry {
        replay_guard: ReplayGuard::Reject(body),
        ..event(10, &["a"])
    };
    let answer = store.accept(repeated).await.unwrap();
    assert_eq!(answer, Accepted::RepeatedBytes);
}

#[tokio::test]
async fn what_was_done_to_a_handler_is_there_after_a_restart() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let store = opened(&path).await;
    let bounded = HandlerDecl {
        name: "bounded".to_owned(),
        max_backlog: Some(7),
        ..HandlerDecl::default()
    };
    store.declare(&[bounded]).await.unwrap();
    let event = Entry {
        revision: 2,
        ..event(1, &["a", "b", "bounded"])
    };
    assert_eq!(store.accept(event).await.unwrap(), NEW);
    assert!(store.set_paused("bounded", true).await.unwrap());
    assert!(store.remove("a", Removal::Drain).await.unwrap());
    assert!(store.remove("b", Removal::Bury).await.unwrap());
    let (before, registry) = (stats(&store).await, store.registry().await.unwrap());
    assert_eq!(registry.handlers[0].max_backlog, Some(7));
    drop(store);
    let store = EmbeddedStore::open(&path).unwrap();
    assert_eq!(store.registry().await.unwrap(), registry);
    assert_eq!(stats(&store).await, before);
    let states: Vec<_> = before
        .handlers
        .iter()
        .map(|h| (h.paused, h.removal))
        .collect();
    let [drain, bury] = [Removal::Drain, Removal::Bury].map(|kind| (false, Some(kind)));
    assert_eq!(states, [drain, bury, (true, None)]);
    assert_eq!(store.bury_removed("b", 9).await.unwrap(), 1);
}

#[tokio::test]
async fn one_that_does_not_fit_spoils_nothing_for_the_others_of_its_batch() {
    let folder = folder();
    let builder = EmbeddedStore::builder(folder.path().join("hooks.redb"));
    let store = Arc::new(declared(builder.with_max_bytes(1_000).open().unwrap()).await);
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..100 {
        let store = Arc::clone(&store);
        let size = if n % 2 == 0 { 16 } else { 2_000 };
        let entry = Entry {
            head: Bytes::new(),
            body: vec![1; size].into(),
            ..event(n, &["a"])
        };
        tries.spawn(async move { (size, store.accept(entry).await) });
    }
    for (size, answer) in tries.join_all().await {
        if size == 16 {
            assert_eq!(answer.unwrap(), NEW);
        } else {
            assert_eq!(kind(answer), StoreErrorKind::Full);
        }
    }
    assert_eq!(store.stats().await.unwrap().bytes, 50 * 16);
}

#[tokio::test]
async fn dropping_the_store_carries_out_what_is_waiting() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let store = opened(&path).await;
    for n in 0..200 {
        // Polled once, then nobody waits for it.
        let _ = tokio::time::timeout(Duration::ZERO, store.accept(event(n, &["a"]))).await;
    }
    drop(store);
    let store = EmbeddedStore::open(&path).unwrap();
    assert_eq!(store.stats().await.unwrap().handlers[0].queued, 200);
}

#[tokio::test]
async fn what_is_past_its_window_leaves_the_file_of_an_idle_store() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let builder = EmbeddedStore::builder(&path).with_sweep_interval(ms(20));
    let store = declared(builder.open().unwrap()).await;
    for n in 0..50 {
        let entry = Entry {
            window: ms(100),
            replay_guard: ReplayGuard::Flag(DedupKey([n as u8; 16])),
            ..event(n, &["a"])
        };
        store.accept(entry).await.unwrap();
    }
    for job in lease(&store, "a", 49).await {
        assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    }
    tokio::time::sleep(ms(400)).await;
    drop(store);
    let db = redb::Database::open(&path).unwrap();
    let transaction = db.begin_read().unwrap();
    let tables = transaction.list_tables().unwrap().collect::<Vec<_>>();
    // The one that is not done stays remembered.
    let expected = [
        ("dedup", 1),
        ("guards", 0),
        ("expiry", 0),
        ("payloads", 1),
        ("events", 1),
    ];
    for (name, count) in expected {
        let table = tables.iter().find(|table| table.name() == name).unwrap();
        let table = transaction.open_untyped_table(table.clone()).unwrap();
        assert_eq!(table.len().unwrap(), count, "{name}");
    }
}

/// A wall clock in the test's hand.
#[derive(Clone, Debug)]
struct Wall(Arc<FixedClock>);

impl Clock for Wall {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

#[tokio::test]
async fn the_wall_clock_may_go_backwards() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let noon = UnixTime::from_secs(1_790_000_000);
    let wall = Wall(Arc::new(FixedClock::new(noon)));
    let open = || {
        EmbeddedStore::builder(&path)
            .with_clock(wall.clone())
            .open()
            .unwrap()
    };
    let store = declared(open()).await;
    let entry = event(1, &["a"]);
    store.accept(entry.clone()).await.unwrap();
    let job = only(&store, "a").await;
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    store.accept(event(2, &["a"])).await.unwrap();
    let job = only(&store, "a").await;
    wall.0.set(UnixTime::from_secs(1_600_000_000));
    assert_eq!(
        store.retry(&job.fence, ms(150)).await.unwrap(),
        Held::Applied
    );
    let again = Entry {
        acceptance: AcceptanceId([1; 16]),
        ..entry
    };
    assert_ne!(store.accept(again.clone()).await.unwrap(), NEW);
    drop(store);
    let store = open();
    // Delays end all the same, though that clock stands still years ago.
    let Promoted { moved, next_due } = store.promote("a", 9).await.unwrap();
    assert!(moved == 1 || next_due.is_some_and(|due| due <= ms(150)));
    tokio::time::sleep(ms(300)).await;
    let promoted = store.promote("a", 9).await.unwrap().moved + moved;
    assert_eq!(promoted, 1);
    assert_ne!(store.accept(again.clone()).await.unwrap(), NEW);
    wall.0.set(noon.saturating_add(Duration::from_secs(3_500)));
    assert_ne!(store.accept(again.clone()).await.unwrap(), NEW);
    wall.0.set(noon.saturating_add(Duration::from_secs(3_700)));
    assert_eq!(store.accept(again).await.unwrap(), NEW);
}

#[tokio::test]
async fn a_failed_sync_ends_the_store_until_restart() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    for syncs in 1..6 {
        let faults = Arc::new(Faults::default());
        let builder = EmbeddedStore::builder(&path).with_faults(Arc::clone(&faults));
        let store = Arc::new(declared(builder.open().unwrap()).await);
        let waiting = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                let (handler, max, lease, wait) = ("b", 1, LONG, LONG);
                let request = LeaseRequest {
                    handler,
                    max,
                    lease,
                    wait,
                };
                kind(store.lease(request).await)
            }
        });
        tokio::time::sleep(ms(50)).await;
        faults.syncs.store(syncs, Relaxed);
        let mut acknowledged = Vec::new();
        let mut doubtful = Vec::new();
        for n in 0..10 {
            let n = syncs * 100 + n;
            match store.accept(event(n, &["a"])).await {
                Ok(answer) => {
                    assert_eq!((answer, doubtful.len()), (NEW, 0));
                    acknowledged.push(n);
                }
                Err(why) if doubtful.is_empty() => {
                    assert_eq!(why.kind(), StoreErrorKind::Ambiguous, "{why}");
                    doubtful.push(n);
                }
                Err(why) => {
                    assert_eq!(why.kind(), StoreErrorKind::Unavailable);
                    assert!(why.to_string().contains("injected"), "{why}");
                }
            }
        }
        assert_eq!(doubtful.len(), 1);
        assert_eq!(kind(store.stats().await), StoreErrorKind::Unavailable);
        assert_eq!(waiting.await.unwrap(), StoreErrorKind::Unavailable);
        drop(store);
        let store = EmbeddedStore::open(&path).unwrap();
        for n in acknowledged {
            assert_ne!(store.accept(event(n, &["a"])).await.unwrap(), NEW);
        }
        // Stored or not, the sender's next try is answered, and queued once.
        let n = doubtful[0];
        store.accept(event(n, &["a"])).await.unwrap();
        let of_this = |job: &&Leased| job.body == n.to_string();
        let jobs = lease(&store, "a", 1_000).await;
        assert_eq!(jobs.iter().filter(of_this).count(), 1);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_is_over_when_there_is_room() {
    let folder = folder();
    let faults = Arc::new(Faults::default());
    let builder = EmbeddedStore::builder(folder.path().join("hooks.redb"));
    let builder = builder.with_faults(Arc::clone(&faults));
    let store = declared(builder.open().unwrap()).await;
    for n in 0..4 {
        store.accept(event(n, &["a"])).await.unwrap();
    }
    let jobs = lease(&store, "a", 3).await;
    assert_eq!(
        store.hand_back(&jobs[2].fence).await.unwrap(),
        Held::Applied
    );
    let before = stats(&store).await;
    for round in 0..3 {
        faults.full.store(true, Relaxed);
        // As long as not even a look is possible, nobody knows.
        let doubtful = kind(store.accept(event(10, &["a"])).await);
        assert_eq!(doubtful, StoreErrorKind::Ambiguous);
        let refused = kind(store.accept(event(11, &["a"])).await);
        assert_eq!(refused, StoreErrorKind::Full);
        assert_eq!(kind(store.done(&jobs[0].fence).await), StoreErrorKind::Full);
        faults.full.store(false, Relaxed);
        // New events are let in again once the reserve is back.
        tokio::time::sleep(ms(1_100)).await;
        assert_eq!(stats(&store).await, before, "round {round}");
        assert_eq!(store.extend(&jobs[1].fence).await.unwrap(), Held::Applied);
    }
    // Nobody lost a lease over it.
    assert_eq!(store.done(&jobs[0].fence).await.unwrap(), Held::Applied);
    assert_eq!(store.accept(event(10, &["a"])).await.unwrap(), NEW);
    let bodies: Vec<_> = lease(&store, "a", 9)
        .await
        .into_iter()
        .map(|job| job.body)
        .collect();
    assert_eq!(bodies, ["2", "3", "10"]);
}

/// With a file system of some 16 MiB, e.g. `mount -t tmpfs -o size=16m none DIR`.
#[tokio::test]
#[ignore = "needs HOOKGATE_SMALL_DISK, a folder on a small file system"]
async fn a_disk_that_is_really_full_takes_no_more_until_work_is_done() {
    let folder = env::var_os("HOOKGATE_SMALL_DISK").expect("HOOKGATE_SMALL_DISK");
    let folder = tempfile::tempdir_in(folder).unwrap();
    let store = opened(&folder.path().join("hooks.redb")).await;
    let large = |n: u64| Entry {
        body: vec![n as u8; 100_000].into(),
        ..event(n, &["a"])
    };
    let mut accepted = HashSet::new();
    for n in 0..200 {
        match store.accept(large(n)).await {
            Ok(answer) => {
                assert_eq!(answer, NEW);
                accepted.insert(event(n, &[]).key);
            }
            Err(why) => assert_eq!(why.kind(), StoreErrorKind::Full, "{n}: {why}"),
        }
    }
    println!("{} of 200 accepted", accepted.len());
    assert!(accepted.len() > 20 && accepted.len() < 200);
    for round in 0..2 {
        // A lease is bounded by bytes: there are several.
        loop {
            let jobs = lease(&store, "a", 500).await;
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                assert!(
                    accepted.remove(&job.key),
                    "round {round}: not accepted, or twice"
                );
                assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
            }
        }
        assert!(accepted.is_empty());
        for n in 200..220 {
            let entry = large(n + 100 * round);
            assert_eq!(store.accept(entry.clone()).await.unwrap(), NEW);
            accepted.insert(entry.key);
        }
    }
}

#[tokio::test]
async fn a_later_format_and_another_programs_file_are_refused_and_kept() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    drop(opened(&path).await);
    let meta = TableDefinition::<&str, u64>::new("meta");
    let set = |path: &Path, table: TableDefinition<'_, &'static str, u64>, format: u64| {
        let db = redb::Database::create(path).unwrap();
        let transaction = db.begin_write().unwrap();
        transaction
            .open_table(table)
            .unwrap()
            .insert("format", format)
            .unwrap();
        transaction.commit().unwrap();
    };
    for (format, what) in [(3, "a later version"), (1, "before the first release")] {
        set(&path, meta, format);
        let why = EmbeddedStore::open(&path).expect_err(what);
        assert_eq!(why.kind(), StoreErrorKind::Corrupt);
        let names = why.to_string().contains(&format!("format {format}"));
        assert!(names && why.to_string().contains(what), "{why}");
    }
    set(&path, meta, 2);
    assert_eq!(
        EmbeddedStore::open(&path)
            .unwrap()
            .registry()
            .await
            .unwrap()
            .revision,
        1
    );

    let path = folder.path().join("other.redb");
    set(&path, TableDefinition::new("accounts"), 2);
    let why = EmbeddedStore::open(&path).expect_err("another program's");
    assert_eq!(why.kind(), StoreErrorKind::Corrupt);
    assert!(why.to_string().contains("accounts"), "{why}");
    let db = redb::Database::open(&path).unwrap();
    assert_eq!(db.begin_read().unwrap().list_tables().unwrap().count(), 1);
}

#[tokio::test]
async fn no_damage_to_the_file_takes_the_process_down() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let text = b"not a database, but somebody may want it".repeat(1_000);
    std::fs::write(&path, &text).unwrap();
    let why = EmbeddedStore::open(&path).expect_err("no database");
    assert_eq!(why.kind(), StoreErrorKind::Corrupt, "{why}");
    assert_eq!(std::fs::read(&path).unwrap(), text);
    std::fs::remove_file(&path).unwrap();

    let store = opened(&path).await;
    for n in 0..300 {
        let _ = tokio::time::timeout(Duration::ZERO, store.accept(event(n, &["a", "b"]))).await;
    }
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let mut refused = 0;
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    for i in 0..60 {
        let mut damaged = whole.clone();
        let at = used * i / 60;
        if i % 3 == 0 {
            damaged.truncate(at);
        } else {
            damaged[at..]
                .iter_mut()
                .take(8_192)
                .for_each(|byte| *byte ^= 0x5a);
        }
        std::fs::write(&path, &damaged).unwrap();
        match EmbeddedStore::open(&path) {
            Err(why) => {
                assert_eq!(why.kind(), StoreErrorKind::Corrupt, "{i}: {why}");
                refused += 1;
            }
            // An empty file is a new one.
            Ok(store) => {
                for n in 298..302 {
                    let _ = store.accept(event(n, &["a", "b"])).await;
                }
                for handler in ["a", "b"] {
                    let (max, lease, wait) = (1_000, LONG, Duration::ZERO);
                    let request = LeaseRequest {
                        handler,
                        max,
                        lease,
                        wait,
                    };
                    let jobs = store.lease(request).await.unwrap_or_default();
                    for job in jobs.iter().step_by(60) {
                        let _ = store.done(&job.fence).await;
                    }
                }
            }
        }
    }
    println!("{refused} of 60 damaged files were refused at once");
    assert!(refused >= 20, "{refused}");
}

#[tokio::test]
async fn a_file_in_memory_is_warned_of() {
    let shm = Path::new("/dev/shm");
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    if !mounts.contains(" /dev/shm tmpfs ") {
        return;
    }
    let folder = tempfile::tempdir_in(shm).unwrap();
    let store = EmbeddedStore::open(folder.path().join("hooks.redb")).unwrap();
    assert!(
        store.warnings()[0].contains("tmpfs"),
        "{:?}",
        store.warnings()
    );
}

#[tokio::test]
async fn a_hundred_thousand_remembered_events_do_not_delay_a_restart() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let store = Arc::new(opened(&path).await);
    for chunk in 0..100 {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..1_000 {
            let store = Arc::clone(&store);
            let entry = event(chunk * 1_000 + n, &[]);
            tasks.spawn(async move { store.accept(entry).await.unwrap() });
        }
        tasks.join_all().await;
    }
    drop(store);
    let started = Instant::now();
    let store = EmbeddedStore::open(&path).unwrap();
    let answer = store.accept(event(77_777, &[])).await.unwrap();
    println!("restart with 100,000 ids: {:?}", started.elapsed());
    assert_ne!(answer, NEW);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn dead_letters_are_listed_replayed_and_discarded_once() {
    let folder = folder();
    let store = opened(&folder.path().join("hooks.redb")).await;
    for n in 0..4 {
        store.accept(event(n, &["a", "b"])).await.unwrap();
        let job = only(&store, "a").await;
        assert_eq!(store.bury(&job.fence, "why").await.unwrap(), Held::Applied);
    }
    for job in lease(&store, "b", 9).await {
        assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    }
    let all = store.dead("a", None, 9).await.unwrap();
    assert_eq!(
        all.iter().map(|d| d.body.clone()).collect::<Vec<_>>(),
        ["0", "1", "2", "3"]
    );
    assert!(all.is_sorted_by_key(|letter| letter.entry.clone()));
    let page = store.dead("a", Some(&all[1].entry), 1).await.unwrap();
    assert_eq!((page.len(), &page[0].entry), (1, &all[2].entry));
    assert!(store.replay("a", &all[0].entry).await.unwrap());
    assert!(!store.replay("a", &all[0].entry).await.unwrap());
    assert!(!store.replay("a", "nonsense").await.unwrap());
    let job = only(&store, "a").await;
    assert_eq!(
        (job.attempt, job.deliveries, job.replays, &*job.body),
        (0, 1, 1, &b"0"[..])
    );
    let key = event(1, &[]).key;
    let state = |state| vec![(Arc::from("a"), state), (Arc::from("b"), JobState::Done)];
    assert_eq!(
        store.status(key).await.unwrap().unwrap().jobs,
        state(JobState::Dead {
            reason: "why".to_owned()
        })
    );
    assert!(store.discard("a", &all[1].entry).await.unwrap());
    assert!(!store.discard("a", &all[1].entry).await.unwrap());
    assert_eq!(
        store.status(key).await.unwrap().unwrap().jobs,
        state(JobState::Done)
    );
    let (key, acceptance) = (event(2, &[]).key, event(2, &[]).acceptance);
    assert_eq!(store.requeue(key, AcceptanceId([0; 16])).await.unwrap(), 0);
    assert_eq!(store.requeue(key, acceptance).await.unwrap(), 1);
    assert_eq!(store.requeue(key, acceptance).await.unwrap(), 0);
    store.set_alerted("a", &all[3].entry).await.unwrap();
    store.set_alerted("a", &all[1].entry).await.unwrap();
    assert_eq!(
        store.alerted("a").await.unwrap().as_ref(),
        Some(&all[3].entry)
    );
    let stats = store.stats().await.unwrap();
    let a = &stats.handlers[0];
    assert_eq!(
        (a.queued, a.processing, a.dead, stats.bytes),
        (1, 1, 1, 3 * 6)
    );
}

#[tokio::test]
async fn an_erased_event_is_gone_but_remembered() {
    let folder = folder();
    let store = opened(&folder.path().join("hooks.redb")).await;
    let mut leased = Vec::new();
    for n in 0..4 {
        store.accept(event(n, &["a"])).await.unwrap();
        leased.push(only(&store, "a").await);
    }
    assert_eq!(
        store.retry(&leased[1].fence, LONG).await.unwrap(),
        Held::Applied
    );
    assert_eq!(
        store.bury(&leased[2].fence, "why").await.unwrap(),
        Held::Applied
    );
    assert_eq!(
        store.hand_back(&leased[3].fence).await.unwrap(),
        Held::Applied
    );
    store.accept(event(4, &[])).await.unwrap();
    for n in 0..5 {
        assert!(store.erase(event(n, &[]).key).await.unwrap(), "{n}");
        assert!(!store.erase(event(n, &[]).key).await.unwrap(), "{n}");
        assert_ne!(store.accept(event(n, &["a"])).await.unwrap(), NEW);
    }
    assert_eq!(store.done(&leased[0].fence).await.unwrap(), Held::Lost);
    let stats = store.stats().await.unwrap();
    let a = &stats.handlers[0];
    assert_eq!(
        [
            a.queued,
            a.processing,
            a.delayed,
            a.dead,
            stats.bytes,
            stats.unrouted
        ],
        [0; 6]
    );
}

#[tokio::test]
async fn what_nobody_wanted_is_routed_once_or_forgotten() {
    let folder = folder();
    let store = opened(&folder.path().join("hooks.redb")).await;
    for n in 0..3 {
        store.accept(event(n, &[])).await.unwrap();
    }
    let all = store.unrouted(None, 9).await.unwrap();
    let rest = store.unrouted(Some(&all[0].entry), 9).await.unwrap();
    assert_eq!(
        (all.len(), rest.len(), &rest[0].entry),
        (3, 2, &all[1].entry)
    );
    let routes = [Arc::from("a"), Arc::from("b")];
    assert!(store.route(&all[0].entry, &routes).await.unwrap());
    assert!(!store.route(&all[0].entry, &routes).await.unwrap());
    assert!(store.route(&all[1].entry, &[]).await.unwrap());
    for handler in ["a", "b"] {
        let job = only(&store, handler).await;
        assert_eq!(&*job.body, b"0");
        assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    }
    assert_ne!(store.accept(event(0, &["a"])).await.unwrap(), NEW);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.unrouted, stats.bytes), (1, 6));
}

#[test]
fn no_acknowledged_event_is_missing_or_there_twice_after_kills() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let mut acknowledged = HashSet::new();
    for round in 0..3_u64 {
        let mut child = start("accepting", &path, round);
        let mut out = child.stdout.take().unwrap();
        let mut first = [0];
        out.read_exact(&mut first).unwrap();
        std::thread::sleep(ms(300 + 170 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut text = vec![first[0]];
        out.read_to_end(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        // The last line may be torn.
        let whole = text.rsplit_once('\n').unwrap().0;
        let numbers = whole
            .lines()
            .filter_map(|line| line.strip_prefix("ok ")?.parse().ok());
        acknowledged.extend(numbers.collect::<Vec<u64>>());
    }
    assert!(acknowledged.len() > 300, "{}", acknowledged.len());
    runtime().block_on(async {
        let store = EmbeddedStore::open(&path).unwrap();
        for handler in ["a", "b"] {
            let mut found = HashSet::new();
            loop {
                let jobs = lease(&store, handler, 500).await;
                if jobs.is_empty() {
                    break;
                }
                for job in jobs {
                    let number = std::str::from_utf8(&job.body).unwrap().parse().unwrap();
                    assert_eq!(job.key, event(number, &[]).key);
                    assert!(found.insert(number), "{number} is there twice");
                }
            }
            assert!(acknowledged.is_subset(&found));
            println!("{} acknowledged, {} found", acknowledged.len(), found.len());
        }
        for number in acknowledged.iter().take(100) {
            assert_ne!(store.accept(event(*number, &["a"])).await.unwrap(), NEW);
        }
    });
}

#[test]
fn a_job_that_kills_its_process_is_counted() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    runtime().block_on(async {
        let store = opened(&path).await;
        store.accept(event(1, &["a"])).await.unwrap();
    });
    for deliveries in 1..=3 {
        let mut child = start("dying", &path, deliveries);
        assert!(!child.wait().unwrap().success());
    }
    runtime().block_on(async {
        let store = EmbeddedStore::open(&path).unwrap();
        assert_eq!(only(&store, "a").await.deliveries, 4);
    });
}

/// On one thread: were it blocked, nothing else would run.
#[tokio::test]
async fn waiting_for_the_lock_blocks_no_runtime() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let first = opened(&path).await;
    let opening = tokio::spawn(EmbeddedStore::open_async(path.clone()));
    for _ in 0..5 {
        tokio::time::sleep(ms(20)).await;
        assert_eq!(first.registry().await.unwrap().revision, 1);
    }
    assert!(!opening.is_finished(), "one process a file");
    drop(first);
    let second = opening.await.unwrap().unwrap();
    assert_eq!(second.registry().await.unwrap().revision, 1);

    let late = EmbeddedStore::builder(&path).with_lock_wait(ms(100));
    let why = late.open_async().await.expect_err("it is held");
    assert_eq!(why.kind(), StoreErrorKind::Unavailable);
    assert!(
        why.to_string().contains("a file serves one process"),
        "{why}"
    );
    // One who has given up does not take it after all.
    let dropped = tokio::time::timeout(ms(100), EmbeddedStore::open_async(&path)).await;
    assert!(dropped.is_err());
    drop(second);
    tokio::time::sleep(ms(150)).await;
    let third = EmbeddedStore::builder(&path).with_lock_wait(ms(0)).open();
    assert_eq!(third.unwrap().registry().await.unwrap().revision, 1);

    let damaged = folder.path().join("damaged.redb");
    std::fs::write(&damaged, "no database").unwrap();
    let why = EmbeddedStore::open_async(&damaged)
        .await
        .expect_err("damage");
    assert_eq!(why.kind(), StoreErrorKind::Corrupt);
}

/// A mistyped name is an error, and leaves nothing behind.
#[tokio::test]
async fn where_only_what_exists_is_opened_nothing_is_made() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let existing = |name: &str| EmbeddedStore::builder(path(name)).existing_only();
    std::fs::write(path("notes.txt"), "redbird: a bird").unwrap();
    std::fs::write(path("empty"), "").unwrap();
    for name in ["missing.redb", "notes.txt", "empty", "."] {
        let why = existing(name).open().expect_err(name);
        let expected = match name {
            "." => StoreErrorKind::Unavailable,
            _ => StoreErrorKind::Invalid,
        };
        assert_eq!(why.kind(), expected, "{why}");
        let why = existing(name).open_async().await.expect_err(name);
        assert_eq!(why.kind(), expected, "{why}");
    }
    let there = |name: &str| path(name).exists();
    assert!(!there("missing.redb") && !there("missing.redb.lock") && !there("notes.txt.lock"));
    drop(opened(&path("hooks.redb")).await);
    let store = existing("hooks.redb").open().unwrap();
    assert_eq!(store.registry().await.unwrap().revision, 1);
}

#[test]
fn a_second_process_waits_for_the_first_and_says_who_that_is() {
    let folder = folder();
    let path = folder.path().join("hooks.redb");
    let mut child = start("holding", &path, 0);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("open")));
    let started = Instant::now();
    let builder = EmbeddedStore::builder(&path).with_lock_wait(ms(200));
    let why = builder.open().expect_err("it is open elsewhere");
    assert_eq!(why.kind(), StoreErrorKind::Unavailable);
    assert!(
        why.to_string().contains(&format!("process {}", child.id())),
        "{why}"
    );
    assert!((ms(200)..ms(2_000)).contains(&started.elapsed()));
    let waiting = std::thread::spawn({
        let path = path.clone();
        move || EmbeddedStore::open(path)
    });
    std::thread::sleep(ms(200));
    assert!(!waiting.is_finished());
    // A polite end, not a kill.
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let store = waiting.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
    // In one process, too, it opens once.
    let builder = EmbeddedStore::builder(&path).with_lock_wait(ms(10));
    assert_eq!(kind(builder.open()), StoreErrorKind::Unavailable);
    drop(store);
    EmbeddedStore::open(&path).unwrap();
}

/// Not a test: what [`start`] runs in a process of its own.
#[test]
#[ignore = "a part of others"]
fn child() {
    let Some(path) = env::var_os("HOOKGATE_CHILD_FILE") else {
        return;
    };
    let path = Path::new(&path);
    let number: u64 = env::var("HOOKGATE_CHILD_NUMBER").unwrap().parse().unwrap();
    runtime().block_on(async {
        match env::var("HOOKGATE_CHILD").unwrap().as_str() {
            "accepting" => {
                let store = Arc::new(opened(path).await);
                let next = Arc::new(AtomicU64::new(number * 1_000_000));
                let mut tasks = tokio::task::JoinSet::new();
                for _ in 0..64 {
                    let (store, next) = (Arc::clone(&store), Arc::clone(&next));
                    tasks.spawn(async move {
                        loop {
                            let n = next.fetch_add(1, Relaxed);
                            let answer = store.accept(event(n, &["a", "b"])).await.unwrap();
                            assert_eq!(answer, NEW);
                            let line = format!("\nok {n}\n");
                            std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                        }
                    });
                }
                tasks.join_all().await;
            }
            "dying" => {
                let store = EmbeddedStore::open(path).unwrap();
                assert_eq!(u64::from(only(&store, "a").await.deliveries), number);
                std::process::abort();
            }
            _ => {
                let store = opened(path).await;
                println!("\nopen");
                std::io::stdin().read_exact(&mut [0]).unwrap();
                drop(store);
            }
        }
    });
}

fn start(what: &str, path: &Path, number: u64) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    let command = command.args(["--exact", "child", "--ignored", "--nocapture"]);
    let command = command
        .env("HOOKGATE_CHILD", what)
        .env("HOOKGATE_CHILD_FILE", path)
        .env("HOOKGATE_CHILD_NUMBER", number.to_string());
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    piped.stderr(Stdio::null()).spawn().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}
