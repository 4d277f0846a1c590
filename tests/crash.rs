//! Processes are killed in the middle of deliveries, and nothing that was acknowledged is lost.
//!
//! `HOOKGATE_SOAK_DELIVERIES` is how many events are delivered around each kill: 2,000 by default,
//! 50,000 in a soak (`tests/run --soak`).

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/place.rs"]
mod place;
#[path = "support/receiver.rs"]
mod receiver;
#[path = "support/redis.rs"]
mod redis;
#[path = "support/sender.rs"]
mod sender;

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    thread,
    time::{Duration, Instant},
};

use hookgate::store::{HandlerStats, redis::redis as client};

use place::Place;
use receiver::Receiver;
use sender::{SECRET, Sender};

/// Deliveries under way at once.
const CONNECTIONS: usize = 32;

/// Jobs that a receiver can hold when it dies.
const UNDER_LEASE: usize = 64;

fn deliveries() -> usize {
    let set = std::env::var("HOOKGATE_SOAK_DELIVERIES");
    set.map_or(2_000, |text| text.parse().expect("a number"))
}

#[test]
fn a_receiver_that_is_killed_three_times_loses_nothing_from_its_file() {
    let place = Place::file();
    let soak = killed_three_times(&place);
    soak.end(&place);
}

#[test]
fn a_receiver_that_is_killed_three_times_loses_nothing_from_redis() {
    let place = Place::redis();
    let mut soak = killed_three_times(&place);
    soak.wait(&place);
    // Each event was queued once, by all receivers together: none was accepted twice.
    match queued_ever(&place) {
        Some(queued) => assert_eq!(queued, soak.sender.acknowledged_count()),
        None => println!("NOT CHECKED: a server older than Redis 7 does not count entries"),
    }
    soak.end(&place);
}

#[test]
fn redis_that_is_killed_under_a_receiver_loses_nothing_with_a_synced_log() {
    let mut place = Place::redis();
    let mut soak = Soak::new(&place);
    soak.around("redis-server", |soak| {
        let Place::Redis(server) = &mut place else {
            unreachable!()
        };
        server.kill();
        thread::sleep(Duration::from_millis(300));
        server.restart();
        // Jobs that were done, and nobody could store that.
        soak.deaths += 1;
    });
    soak.end(&place);
}

fn killed_three_times(place: &Place) -> Soak {
    let mut soak = Soak::new(place);
    for _ in 0..3 {
        soak.around("the receiver", |soak| {
            soak.receiver.kill();
            soak.take_lines();
            soak.receiver = start(place);
            soak.sender.move_to(soak.receiver.address());
            soak.deaths += 1;
        });
    }
    soak
}

fn start(place: &Place) -> Receiver {
    let store = match place {
        Place::File(_) => format!("embedded:{}", place.name()),
        Place::Redis(_) => place.name(),
    };
    let settings = [("STORE", &*store), ("STRIPE_WEBHOOK_SECRET", SECRET)];
    Receiver::start("receiver", &settings)
}

struct Soak {
    sender: Sender,
    receiver: Receiver,
    /// How often each event was handled.
    handled: BTreeMap<String, usize>,
    /// How often jobs that were done may have been left undone.
    deaths: usize,
    begun: Instant,
}

impl Soak {
    fn new(place: &Place) -> Self {
        let receiver = start(place);
        Self {
            sender: Sender::new(receiver.address()),
            receiver,
            handled: BTreeMap::new(),
            deaths: 0,
            begun: Instant::now(),
        }
    }

    /// Delivers, and does something terrible somewhere in the middle.
    fn around(&mut self, victim: &str, terrible: impl FnOnce(&mut Self)) {
        let (begun, events) = (Instant::now(), deliveries());
        let (before, again) = (self.sender.acknowledged_count(), self.sender.redelivered());
        let share = RandomState::new().hash_one(0) as usize % 40 + 30;
        let sender = self.sender.clone();
        let delivering = thread::spawn(move || sender.deliver(events, CONNECTIONS, |_| "a.b"));
        let so_far = loop {
            let so_far = self.sender.acknowledged_count() - before;
            if so_far >= events * share / 100 {
                break so_far;
            }
            assert!(!delivering.is_finished(), "the sender gave up");
            thread::sleep(Duration::from_millis(1));
        };
        terrible(self);
        delivering.join().expect("every event gets its 2xx");
        println!(
            "{victim} killed after {so_far} of {events} were acknowledged; {} deliveries again; {:.1?}",
            self.sender.redelivered() - again,
            begun.elapsed()
        );
    }

    fn take_lines(&mut self) {
        for line in self.receiver.take_lines() {
            let (_, id) = line.split_once("\"id\":\"").expect("a line of an event");
            let (id, _) = id.split_once('"').expect("an id");
            *self.handled.entry(id.to_owned()).or_default() += 1;
        }
    }

    fn lost(&self) -> usize {
        let acknowledged = self.sender.acknowledged();
        let missing = |id: &&String| !self.handled.contains_key(*id);
        acknowledged.iter().filter(missing).count()
    }

    /// Until every acknowledged event was handled, and noted as done. What was under lease when
    /// somebody died comes back when that ends, after half a minute.
    fn wait(&mut self, place: &Place) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while self.lost() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(250));
            self.take_lines();
        }
        assert_eq!(self.lost(), 0, "acknowledged and never handled");
        // The file is the receiver's alone; its leases died with whoever had them.
        while matches!(place, Place::Redis(_)) && left(place) != NOTHING {
            assert!(Instant::now() < deadline, "stuck: {:?}", left(place));
            thread::sleep(Duration::from_millis(250));
        }
        self.take_lines();
    }

    fn end(mut self, place: &Place) {
        self.wait(place);
        let twice = self.handled.values().filter(|n| **n > 1).count();
        let most = *self.handled.values().max().unwrap();
        println!(
            "{} acknowledged, {} deliveries again, {} handled, {twice} of them more than once, \
             {} lost; {:.1?}",
            self.sender.acknowledged_count(),
            self.sender.redelivered(),
            self.handled.len(),
            self.lost(),
            self.begun.elapsed(),
        );
        // A job may run again for each receiver that died with it, and for no other reason.
        assert!(twice <= UNDER_LEASE * self.deaths, "{twice} handled twice");
        assert!(most <= 1 + self.deaths, "{most} runs of one event");
        // All of them are remembered.
        self.sender.redeliver(deliveries() / 200);
        receiver::signal(self.receiver.pid(), "-TERM");
        assert!(self.receiver.ended().success());
        let runs: usize = self.handled.values().sum();
        self.take_lines();
        assert_eq!(self.handled.values().sum::<usize>(), runs, "accepted again");
        assert_eq!(left(place), NOTHING);
    }
}

/// Queued, processing, delayed and dead jobs, and bytes of payloads.
fn left(place: &Place) -> [u64; 5] {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stats = runtime.block_on(async { place::open(&place.name()).stats().await.unwrap() });
    let HandlerStats {
        queued,
        processing,
        delayed,
        dead,
        ..
    } = stats.handlers[0];
    [queued, processing, delayed, dead, stats.bytes]
}

const NOTHING: [u64; 5] = [0; 5];

/// How many entries the queue of the example's handler ever had.
fn queued_ever(place: &Place) -> Option<usize> {
    let client = client::Client::open(place.name()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let info = client::cmd("XINFO")
        .arg(&["STREAM", "{hookgate:0}q:print"])
        .query::<BTreeMap<String, client::Value>>(&mut connection)
        .unwrap();
    client::from_redis_value(info.get("entries-added")?.clone()).ok()
}
