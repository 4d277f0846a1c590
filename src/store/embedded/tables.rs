//! The tables in the file, and the rows in them. All numbers are redb's own little-endian ones.

use redb::{Table, TableDefinition, TableError, WriteTransaction};

use crate::clock::UnixTime;

/// The format that this version writes. It refuses to touch a file with a higher one.
pub(super) const FORMAT: u64 = 2;

/// `format`, and the numbers of [`Numbers`](super::state::Numbers).
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Handler number → what was declared and what was done to it, in the order in which they were
/// declared.
pub(super) const HANDLERS: TableDefinition<'_, u32, HandlerRow<'_>> =
    TableDefinition::new("handlers");
/// Handler number → [`Counts`](super::lane::Counts).
pub(super) const COUNTS: TableDefinition<'_, u32, (u64, u64, u64, u64)> =
    TableDefinition::new("counts");
/// Dedup key → [`Record`](super::rows::Record).
pub(super) const DEDUP: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("dedup");
/// Event number → [`Event`](super::rows::Event), as long as there is a payload.
pub(super) const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
/// Event number → length of the head, head, body.
pub(super) const PAYLOADS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("payloads");
/// Handler and sequence number → job, whether under lease or not, and when it was queued.
pub(super) const QUEUE: TableDefinition<'_, (u32, u64), (JobRow, u64)> =
    TableDefinition::new("queue");
/// Handler, due time and sequence number → job.
pub(super) const DELAYED: TableDefinition<'_, (u32, u64, u64), JobRow> =
    TableDefinition::new("delayed");
/// Handler and sequence number → job, time of death and reason.
pub(super) const DEAD: TableDefinition<'_, (u32, u64), (JobRow, u64, &str)> =
    TableDefinition::new("dead");
/// Numbers of the events that no handler wanted → when they were accepted.
pub(super) const UNROUTED: TableDefinition<'_, u64, u64> = TableDefinition::new("unrouted");
/// Guarded body → the key of the event that brought it, and until when that counts.
pub(super) const GUARDS: TableDefinition<'_, &[u8; 16], (&[u8; 16], u64)> =
    TableDefinition::new("guards");
/// When a finished record ([`DEDUP_EXPIRES`]) or a guard ([`GUARD_EXPIRES`]) may go, and its key.
/// A row whose record has another time by now is a husk.
pub(super) const EXPIRY: TableDefinition<'_, (u64, u8, &[u8; 16]), ()> =
    TableDefinition::new("expiry");

pub(super) const DEDUP_EXPIRES: u8 = 0;
pub(super) const GUARD_EXPIRES: u8 = 1;

/// Name, filter, bound of the backlog, whether it is paused, how it was removed: 0 not, 1 drained,
/// 2 buried.
pub(super) type HandlerRow<'a> = (&'a str, &'a [u8], Option<u64>, bool, u8);

/// Event number, attempt, deliveries, replays.
pub(super) type JobRow = (u64, u32, u32, u32);

/// Every table, open in one transaction.
pub(super) struct Tables<'t> {
    pub(super) meta: Table<'t, &'static str, u64>,
    pub(super) handlers: Table<'t, u32, HandlerRow<'static>>,
    pub(super) counts: Table<'t, u32, (u64, u64, u64, u64)>,
    pub(super) dedup: Table<'t, &'static [u8; 16], &'static [u8]>,
    pub(super) events: Table<'t, u64, &'static [u8]>,
    pub(super) payloads: Table<'t, u64, &'static [u8]>,
    pub(super) queue: Table<'t, (u32, u64), (JobRow, u64)>,
    pub(super) delayed: Table<'t, (u32, u64, u64), JobRow>,
    pub(super) dead: Table<'t, (u32, u64), (JobRow, u64, &'static str)>,
    pub(super) unrouted: Table<'t, u64, u64>,
    pub(super) guards: Table<'t, &'static [u8; 16], (&'static [u8; 16], u64)>,
    pub(super) expiry: Table<'t, (u64, u8, &'static [u8; 16]), ()>,
}

impl<'t> Tables<'t> {
    /// Those that are missing are made.
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            meta: transaction.open_table(META)?,
            handlers: transaction.open_table(HANDLERS)?,
            counts: transaction.open_table(COUNTS)?,
            dedup: transaction.open_table(DEDUP)?,
            events: transaction.open_table(EVENTS)?,
            payloads: transaction.open_table(PAYLOADS)?,
            queue: transaction.open_table(QUEUE)?,
            delayed: transaction.open_table(DELAYED)?,
            dead: transaction.open_table(DEAD)?,
            unrouted: transaction.open_table(UNROUTED)?,
            guards: transaction.open_table(GUARDS)?,
            expiry: transaction.open_table(EXPIRY)?,
        })
    }
}

/// A stored time as the rest of the crate knows it.
pub(super) fn time(millis: u64) -> UnixTime {
    UnixTime::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
