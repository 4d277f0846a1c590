//! What every store must pass (feature `test-util`).
//!
//! Each check is one function named as a sentence; the numbers in their docs are those of the
//! contract in [`store`](super). [`store_contract!`](crate::store_contract) makes a test of each:
//!
//! ```
//! use std::sync::Arc;
//! use hookgate::store::{MemoryStore, Store, contract::Factory};
//!
//! struct Memory;
//! impl Factory for Memory {
//!     async fn open(&self, max_bytes: u64) -> Arc<dyn Store> {
//!         Arc::new(MemoryStore::new().with_max_bytes(max_bytes))
//!     }
//! }
//! hookgate::store_contract!(Memory);
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # hookgate::store::contract::identity::an_accepted_event_is_leased_as_it_was_given(&Memory).await;
//! # }
//! ```
//!
//! A check panics when the store breaks the contract. Times are real and short (windows and leases
//! of a few hundred milliseconds), so that stores with a clock elsewhere can be checked; on a
//! machine that stalls for longer than that, a check may fail without a fault of the store.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a check fails by panicking"
)]

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;

use super::{
    AcceptanceId, Accepted, DeadLetter, DedupKey, Entry, Fence, HandlerDecl, HandlerStats, Held,
    JobState, LeaseRequest, Leased, Remembered, ReplayGuard, Stats, Store,
};
use crate::error::StoreErrorKind;

mod claims;
pub mod conservation;
pub mod fencing;
pub mod forget;
pub mod identity;
pub mod intake;
pub mod letters;
pub mod overflow;
pub mod pausing;
pub mod removal;
pub mod repair;
pub mod retention;
pub mod room;
pub mod status;
pub mod waiting;
pub mod work;

/// Makes the stores to be checked.
pub trait Factory: Sync {
    /// A new, empty store that holds `max_bytes` bytes of payload at the most. A store without a
    /// bound of its own ignores the figure and reports `None` in its stats.
    fn open(&self, max_bytes: u64) -> impl Future<Output = Arc<dyn Store>> + Send;
}

/// Runs every check, one after the other, each on stores of its own.
pub async fn run_all(factory: &impl Factory) {
    crate::store_contract!(@list all factory);
}

/// Makes a `#[tokio::test]` of every check. The argument is an expression for a
/// [`Factory`](crate::store::contract::Factory), evaluated once a test.
#[macro_export]
macro_rules! store_contract {
    ($factory:expr) => { $crate::store_contract!(@list tests $factory); };
    (@list $mode:ident $factory:expr) => {
        $crate::store_contract! { @$mode $factory;
            identity: an_accepted_event_is_leased_as_it_was_given
            identity: concurrent_accepts_of_one_key_give_one_new
            identity: an_accept_may_be_repeated
            identity: a_duplicate_tells_what_stands
            identity: the_window_starts_at_the_last_done
            identity: no_window_runs_while_jobs_are_queued_delayed_or_dead
            identity: a_later_acceptance_is_out_of_reach_for_an_older_ones_worker
            intake: stale_routes_change_nothing
            intake: what_nobody_wants_is_kept
            intake: the_replay_guard_flags_and_rejects_repeated_bytes
            intake: payloads_are_any_bytes
            work: declaring_twice_changes_nothing_and_another_filter_raises_the_revision
            work: an_unknown_handler_is_invalid
            work: every_route_gets_its_own_job
            waiting: a_waiting_lease_returns_promptly_when_a_job_arrives
            waiting: a_lease_without_jobs_returns_after_its_wait
            work: a_lease_takes_no_more_than_it_asked_for
            work: a_retried_job_is_due_after_its_delay_with_one_attempt_more
            work: promote_moves_no_more_than_it_was_told_oldest_first
            work: a_buried_job_is_not_leased_again
            waiting: the_age_of_the_oldest_waiting_job_is_told
            work: a_job_that_was_handed_back_counts_as_never_leased
            work: a_postponed_job_is_due_after_its_delay_and_counts_as_never_leased
            waiting: a_dropped_lease_loses_nothing
            fencing: a_job_is_leased_to_one_worker
            fencing: each_job_goes_to_one_of_many_workers
            fencing: a_lease_that_ran_out_is_taken_over_with_one_delivery_more
            fencing: one_who_waits_gets_a_lease_that_runs_out_meanwhile
            fencing: leases_of_different_lengths_end_each_in_its_own_time
            fencing: an_extended_lease_is_not_taken_over
            fencing: a_zombie_changes_nothing
            fencing: a_job_ends_once
            room: a_full_store_refuses_and_has_done_nothing
            room: done_makes_room
            room: an_event_for_two_handlers_is_counted_once
            overflow: a_backlog_at_its_bound_makes_new_jobs_dead_and_leaves_others_alone
            overflow: another_bound_is_another_revision_and_holds_at_once
            overflow: concurrent_accepts_never_pass_the_bound
            overflow: what_is_put_back_or_replayed_is_queued_past_the_bound
            letters: dead_letters_are_listed_oldest_first_a_page_at_a_time
            letters: one_dead_letter_is_found_by_its_entry
            letters: a_payload_is_there_until_the_last_job_has_ended
            repair: a_replayed_job_is_as_new_but_for_its_replays
            repair: a_discarded_job_counts_as_done
            repair: requeue_replays_every_dead_job_of_one_acceptance
            letters: the_alert_cursor_never_moves_back
            status: the_status_says_where_each_job_is
            status: a_job_whose_lease_ran_out_is_queued_in_the_status
            status: the_status_says_by_the_stores_clock_when_a_job_is_due
            status: the_status_is_told_while_jobs_move
            retention: sweeping_discards_the_oldest_dead_letters
            retention: sweeping_gives_up_the_oldest_unrouted_events
            repair: nothing_is_repaired_for_an_unknown_handler
            forget: an_erased_event_leaves_only_its_record
            forget: erasing_reaches_every_handler
            forget: an_unrouted_event_can_be_routed_or_forgotten
            forget: an_unrouted_event_that_was_accepted_again_is_not_routed
            forget: erasing_finds_every_copy_that_nobody_wanted
            removal: a_drained_handler_gets_nothing_new_and_goes_when_its_jobs_have
            removal: what_a_buried_handler_has_becomes_dead_letters_some_at_a_time
            removal: a_removed_handler_comes_back_when_it_is_declared_again
            removal: sweeping_and_erasing_reach_removed_handlers
            pausing: a_paused_handler_gives_out_nothing_until_it_is_resumed
            pausing: resuming_is_noticed_promptly
            pausing: a_handler_that_comes_back_is_not_paused
            conservation: every_job_is_in_one_place_whatever_happens
        }
    };
    (@tests $factory:expr; $($group:ident: $name:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::store::contract::$group::$name(&$factory).await;
            }
        )*
    };
    (@all $factory:expr; $($group:ident: $name:ident)*) => {
        $( $group::$name($factory).await; )*
    };
}

pub use self::claims::claims;

const A: &str = "a";
const B: &str = "b";
const ROOMY: u64 = 64 << 20;
const NOW: Duration = Duration::ZERO;
const NEW: Accepted = Accepted::New {
    repeated_bytes: false,
    overflowed: false,
};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A lease that does not run out during a check.
const LONG: Duration = Duration::from_secs(600);

fn handlers(names: &[&str]) -> Vec<HandlerDecl> {
    let decl = |name: &&str| HandlerDecl {
        name: (*name).to_owned(),
        filter: Bytes::from_static(b"*"),
        max_backlog: None,
    };
    names.iter().map(decl).collect()
}

/// A store with the handlers `a` and `b`, at revision 1.
async fn opened(factory: &impl Factory) -> Arc<dyn Store> {
    let store = factory.open(ROOMY).await;
    let registry = store.declare(&handlers(&[A, B])).await.expect("declare");
    assert_eq!(registry.revision, 1);
    store
}

/// Never the same twice in one process.
fn fresh() -> [u8; 16] {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let n = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&n.to_be_bytes());
    id
}

/// A new event for these handlers, with a window of an hour.
fn event(routes: &[&str]) -> Entry {
    Entry {
        key: DedupKey(fresh()),
        acceptance: AcceptanceId(fresh()),
        digest: *b"digest-1",
        head: Bytes::from_static(b"\x01head"),
        body: Bytes::from_static(b"body"),
        window: Duration::from_secs(3_600),
        revision: 1,
        routes: routes.iter().map(|name| Arc::from(*name)).collect(),
        replay_guard: ReplayGuard::Off,
    }
}

/// The same event delivered again.
fn again(entry: &Entry) -> Entry {
    Entry {
        acceptance: AcceptanceId(fresh()),
        ..entry.clone()
    }
}

async fn accept_new(store: &dyn Store, entry: &Entry) {
    assert_eq!(store.accept(entry.clone()).await.expect("accept"), NEW);
}

async fn lease(store: &dyn Store, handler: &str, max: usize, lease: Duration) -> Vec<Leased> {
    store
        .lease(LeaseRequest {
            handler,
            max,
            lease,
            wait: NOW,
        })
        .await
        .expect("lease")
}

/// The one job that is there.
async fn only(store: &dyn Store, handler: &str, length: Duration) -> Leased {
    let mut jobs = lease(store, handler, 10, length).await;
    assert_eq!(jobs.len(), 1, "jobs of {handler}");
    jobs.remove(0)
}

async fn finish(store: &dyn Store, handler: &str) {
    let job = only(store, handler, LONG).await;
    assert_eq!(store.done(&job.fence).await.expect("done"), Held::Applied);
}

/// Ends the one job that is there as a dead letter.
async fn bury(store: &dyn Store, handler: &str) {
    let job = only(store, handler, LONG).await;
    assert_eq!(held(store.bury(&job.fence, "broken").await), Held::Applied);
}

async fn dead(store: &dyn Store, handler: &str) -> Vec<DeadLetter> {
    store.dead(handler, None, 100).await.expect("dead")
}

async fn status(store: &dyn Store, entry: &Entry) -> Option<Remembered> {
    store.status(entry.key).await.expect("status")
}

fn remembered(entry: &Entry, jobs: &[(&str, JobState)]) -> Option<Remembered> {
    Some(Remembered {
        acceptance: entry.acceptance,
        jobs: jobs
            .iter()
            .map(|(name, state)| (Arc::from(*name), state.clone()))
            .collect(),
    })
}

fn dead_of(reason: &str) -> JobState {
    let reason = reason.to_owned();
    JobState::Dead { reason }
}

fn held(answer: Result<Held, crate::StoreError>) -> Held {
    answer.expect("an answer")
}

/// Without ages, which change by themselves.
async fn stats(store: &dyn Store) -> Stats {
    let mut stats = store.stats().await.expect("stats");
    for handler in &mut stats.handlers {
        handler.oldest = None;
    }
    stats
}

/// Queued, processing, delayed, dead.
async fn counts(store: &dyn Store, handler: &str) -> [u64; 4] {
    let stats = store.stats().await.expect("stats");
    let found = stats
        .handlers
        .into_iter()
        .find(|h| h.handler == handler)
        .expect("declared");
    let HandlerStats {
        queued,
        processing,
        delayed,
        dead,
        ..
    } = found;
    [queued, processing, delayed, dead]
}

/// Whether the store refuses a verb under this lease, each of them.
async fn all_lost(store: &dyn Store, fence: &Fence) {
    assert_eq!(store.extend(fence).await.expect("extend"), Held::Lost);
    assert_eq!(store.hand_back(fence).await.expect("hand_back"), Held::Lost);
    assert_eq!(store.postpone(fence, NOW).await.expect("later"), Held::Lost);
    assert_eq!(store.retry(fence, NOW).await.expect("retry"), Held::Lost);
    assert_eq!(store.bury(fence, "zombie").await.expect("bury"), Held::Lost);
    assert_eq!(store.done(fence).await.expect("done"), Held::Lost);
}

async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

fn kind<T: std::fmt::Debug>(result: Result<T, crate::StoreError>) -> StoreErrorKind {
    result.expect_err("this must be refused").kind()
}
