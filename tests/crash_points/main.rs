//! A receiver dies at each row of the crash table in `src/docs/delivery.md`, in the middle of
//! deliveries: every event that got a 2xx is handled by every handler, none is accepted twice, and
//! nothing stays behind.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/around.rs"]
mod around;
mod books;
mod child;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/receiver.rs"]
mod receiver;
#[path = "../support/redis.rs"]
mod redis;
mod rows;
#[path = "../support/sender.rs"]
mod sender;

use std::{
    collections::BTreeSet,
    os::unix::process::ExitStatusExt,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use books::{block_on, effects, nothing_is_lost, parse, words};
use child::{NTH, POINT, STORE};
use hookgate::store::JobState;
use place::Place;
use receiver::Receiver;
use rows::{
    ELSEWHERE,
    Found::{Job, NotKnown, Something},
    Point, ROWS,
};
use sender::Sender;

#[test]
fn every_row_of_the_crash_table_is_tested() {
    let text = include_str!("../../src/docs/delivery.md");
    let (_, table) = text.split_once("| it dies ... |").expect("the table");
    let rows = table
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| "));
    let rows: BTreeSet<_> = rows.map(|row| row.split(" |").next().unwrap()).collect();
    let tested = ROWS
        .iter()
        .map(|(row, _)| *row)
        .chain(ELSEWHERE.iter().copied());
    assert_eq!(rows, tested.collect());
}

#[test]
fn whatever_the_point_the_file_loses_nothing() {
    at_each_point(Place::file);
}

#[test]
fn whatever_the_point_redis_loses_nothing() {
    at_each_point(Place::redis);
}

/// Three at a time: most of the time is waiting for leases to run out.
fn at_each_point(place: fn() -> Place) {
    let points = Mutex::new(ROWS.iter().flat_map(|(_, points)| *points));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let next = || points.lock().unwrap().next();
                while let Some(point) = next() {
                    dies_at(point, &place());
                }
            });
        }
    });
}

#[test]
fn a_worker_that_stalls_past_its_lease_changes_nothing_when_it_wakes_up() {
    let place = Place::redis();
    let mut stalled = start(&place, "stall", 9);
    let sender = Sender::new(stalled.address());
    let (id, second) = thread::scope(|scope| {
        let delivering = scope.spawn(|| sender.deliver(EVENTS, 4, kind));
        stalled.wait_for("stalling");
        receiver::signal(stalled.pid(), "-STOP");
        let lines = stalled.lines();
        let [id] = words(&lines, "stalling").next().unwrap();
        let second = start(&place, "never", 0);
        sender.move_to(second.address());
        second.wait_for(&format!("ran sound {id} "));
        receiver::signal(stalled.pid(), "-CONT");
        stalled.wait_for("lost ");
        delivering.join().unwrap();
        (id.to_owned(), second)
    });
    receiver::signal(stalled.pid(), "-TERM");
    assert!(stalled.ended().success());
    let lines = finished(stalled.lines(), second, false);
    let mut lost = words(&lines, "lost");
    assert!(lost.any(|[_, other]| other == id), "it was {id}'s lease");
    nothing_is_lost(&sender, &lines, &place);
}

const EVENTS: usize = 60;

fn kind(n: usize) -> &'static str {
    if n % 10 == 3 { "doomed" } else { "a.b" }
}

fn start(place: &Place, point: &str, nth: u32) -> Receiver {
    let (store, nth) = (place.name(), nth.to_string());
    Receiver::child(&[(POINT, point), (NTH, &nth), (STORE, &store)])
}

/// Delivers to a receiver that dies, looks at what is stored then, and goes on with another one.
fn dies_at(point: &Point, place: &Place) {
    let begun = Instant::now();
    let mut first = start(place, point.name, point.nth);
    let sender = Sender::new(first.address());
    let (lines, died) = thread::scope(|scope| {
        let delivering = scope.spawn(|| sender.deliver(EVENTS, 4, kind));
        if point.name == "after reply" {
            while sender.acknowledged_count() < EVENTS / 2 {
                thread::sleep(Duration::from_millis(1));
            }
            receiver::signal(first.pid(), "-KILL");
            assert_eq!(first.ended().signal(), Some(9));
        } else {
            let status = first.ended();
            assert_eq!(status.signal(), Some(6), "{}: {status}", point.name);
        }
        let lines = first.lines();
        let died = words(&lines, "dying")
            .next()
            .map(|words: [_; 2]| words.map(str::to_owned));
        if let Some(died) = &died {
            check(point, died, &lines, place);
        }
        let second = start(place, "never", 0);
        sender.move_to(second.address());
        delivering.join().unwrap();
        let again = point.name == "before set_alerted";
        (finished(lines, second, again), died)
    });
    nothing_is_lost(&sender, &lines, place);

    let effects = effects(&lines);
    let most = effects.values().max().unwrap();
    assert!(*most <= 2, "{}: {most} effects for one death", point.name);
    if let (Some([id, handler]), Job(_)) = (died, &point.found) {
        let had = effects.get(&(handler, id)).copied().unwrap_or_default();
        assert_eq!(had, point.effects, "{}", point.name);
    }
    println!("{}: {:?}", point.name, begun.elapsed());
}

/// What is stored of the event at which it died.
fn check(point: &Point, [id, handler]: &[String; 2], lines: &[String], place: &Place) {
    if matches!(point.found, NotKnown) {
        return;
    }
    let [_, key] = words(lines, "accepting")
        .find(|[other, _]| other == id)
        .unwrap();
    let store = place::open(&place.name());
    let stored = block_on(store.status(parse(key))).unwrap();
    match &point.found {
        Job(expected) => {
            let jobs = stored.expect("remembered").jobs;
            let (_, state) = jobs.iter().find(|(name, _)| **name == **handler).unwrap();
            let leased = matches!(place, Place::Redis(_)) && *expected == "queued";
            let right = state.name() == *expected || leased && *state == JobState::Processing;
            assert!(right, "{}: {state:?}", point.name);
        }
        Something => assert!(stored.is_some(), "{}", point.name),
        _ => assert_eq!(stored, None, "{}", point.name),
    }
}

/// Waits until no job is open and people were told of every dead letter, and of some of them again
/// if it was not known that they were; then lets the receiver stop. All lines of both.
fn finished(before: Vec<String>, mut receiver: Receiver, again: bool) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let open = receiver.get("/open");
        let lines = [before.clone(), receiver.lines()].concat();
        let told: Vec<_> = words(&lines, "told").map(|[id]| id).collect();
        let different = told.iter().collect::<BTreeSet<_>>().len();
        if open == "0" && different == EVENTS / 10 && told.len() >= different + usize::from(again) {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{open} jobs are open, told of {told:?}"
        );
        thread::sleep(Duration::from_millis(20));
    }
    receiver::signal(receiver.pid(), "-TERM");
    assert!(receiver.ended().success());
    [before, receiver.lines()].concat()
}
