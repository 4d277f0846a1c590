//! Random steps on every store, each of them compared with a model of a hundred lines: what it
//! answers, what it counts, what it lists. Zombies take part: workers whose lease was taken over.
//! What fails is shrunk to the shortest sequence that fails.
//!
//! Which of several jobs a lease takes is the store's own choice, so that the model follows the
//! store's answers instead of running ahead of it.
//!
//! `HOOKGATE_MODEL_CASES` is how many sequences each store gets (48).

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/around.rs"]
mod around;
mod check;
mod compare;
mod model;
mod mutations;
mod ops;
#[path = "../support/redis.rs"]
mod redis;
mod repair;
mod stores;
mod work;

use std::{cell::RefCell, sync::Arc};

use hookgate::store::Store;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use check::Seen;
use ops::Op;
use stores::{Embedded, Memory, Redis, Stores};

#[test]
fn memory_does_what_the_model_does() {
    agrees(&Memory);
}

#[test]
fn the_file_does_what_the_model_does() {
    agrees(&Embedded::new());
}

#[test]
fn redis_does_what_the_model_does() {
    agrees(&Redis::new());
}

fn agrees(stores: &impl Stores) {
    let cases = std::env::var("HOOKGATE_MODEL_CASES");
    let cases = cases.map_or(CASES, |text| text.parse().expect("a number"));
    match run(stores, cases, 1_000, |store| store) {
        Ok(seen) => {
            println!("{cases} sequences, {seen:?}");
            let least = [
                seen.zombies,
                seen.accepted_again,
                seen.overflowed,
                seen.full,
            ];
            let least = least.into_iter().chain([seen.replayed]).min();
            assert!(least > Some(0), "too little has happened: {seen:?}");
        }
        Err((why, ops)) => panic!("{why}\n{ops:#?}"),
    }
}

const CASES: u32 = 48;

/// Runs so many sequences, each on a new store. Why one fails, and the shortest one found by so
/// many tries that still does.
fn run(
    stores: &impl Stores,
    cases: u32,
    shrink: u32,
    wrap: impl Fn(Arc<dyn Store>) -> Arc<dyn Store>,
) -> Result<Seen, (String, Vec<Op>)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: shrink,
        ..Config::default()
    };
    let all = RefCell::new(Seen::default());
    let outcome = TestRunner::new(config).run(&ops::ops(), |ops| {
        let seen = runtime.block_on(async { check::check(wrap(stores.open()), &ops).await });
        all.borrow_mut().add(seen.map_err(TestCaseError::fail)?);
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(all.into_inner()),
        Err(TestError::Fail(why, ops)) => Err((why.message().to_owned(), ops)),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
