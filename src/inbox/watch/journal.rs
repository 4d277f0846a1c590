//! The last verified deliveries.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use http::StatusCode;

use super::Outcome;
use crate::{clock::UnixTime, store::DedupKey};

/// One verified delivery, as the journal keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct JournalEntry {
    /// When its reply was written, by our clock.
    pub at: UnixTime,
    /// The source's name.
    pub source: String,
    /// The tenant, for sources with many; at most 256 bytes.
    pub tenant: Option<String>,
    /// The sender's id, cut at 256 bytes.
    pub id: Option<String>,
    /// The event's type, cut at 256 bytes.
    pub event_type: Option<String>,
    /// The event's idempotency key; `None` when it did not get that far.
    pub key: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the reply.
    pub status: StatusCode,
    /// From the first look at it to its reply.
    pub took: Duration,
    /// The body's length, in bytes.
    pub size: usize,
    /// The label of the secret that signed it.
    pub secret: String,
    /// How many deliveries of the same event came after this one.
    pub duplicates: u32,
}

/// Texts are cut here: the bound of the ring is one in bytes as well.
pub(super) fn cut(text: &str) -> String {
    let mut end = text.len().min(256);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// A ring of the last entries. They are shared with whoever reads them: reading takes no longer than
/// counting them, since deliveries wait for it.
#[derive(Debug)]
pub(super) struct Ring {
    capacity: usize,
    entries: VecDeque<(Option<DedupKey>, Arc<JournalEntry>)>,
    /// The number of the oldest entry; each has one more than the one before.
    first: u64,
    /// The first entry of each event that is there.
    by_key: HashMap<DedupKey, u64>,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: VecDeque::new(),
            first: 0,
            by_key: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, key: Option<DedupKey>, entry: JournalEntry) {
        if self.entries.len() >= self.capacity
            && let Some((key, _)) = self.entries.pop_front()
        {
            if let Some(key) = key.filter(|key| self.by_key.get(key) == Some(&self.first)) {
                self.by_key.remove(&key);
            }
            self.first += 1;
        }
        let number = self.first + self.entries.len() as u64;
        if let Some(key) = key {
            let of_first = *self.by_key.entry(key).or_insert(number);
            let at = usize::try_from(of_first - self.first).ok();
            if let Some((_, first)) = at.and_then(|at| self.entries.get_mut(at)) {
                let first = Arc::make_mut(first);
                first.duplicates = first.duplicates.saturating_add(1);
            }
        }
        self.entries.push_back((key, Arc::new(entry)));
    }

    /// Up to `max` of them, the newest first.
    pub(super) fn newest(&self, max: usize) -> Vec<Arc<JournalEntry>> {
        let newest = self.entries.iter().rev().take(max);
        newest.map(|(_, entry)| Arc::clone(entry)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(ring: &mut Ring, event: u8, size: usize) {
        let entry = JournalEntry {
            at: UnixTime::default(),
            source: String::new(),
            tenant: None,
            id: None,
            event_type: None,
            key: None,
            outcome: Outcome::Accepted,
            status: StatusCode::OK,
            took: Duration::ZERO,
            size,
            secret: String::new(),
            duplicates: 0,
        };
        ring.push(Some(DedupKey([event; 16])), entry);
    }

    fn seen(ring: &Ring) -> Vec<(usize, u32)> {
        let newest = ring.newest(99).into_iter();
        newest.map(|entry| (entry.size, entry.duplicates)).collect()
    }

    #[test]
    fn the_oldest_go_and_duplicates_are_counted_at_the_first_that_is_left() {
        let mut ring = Ring::new(3);
        for (event, size) in [(7, 1), (7, 2), (8, 3)] {
            push(&mut ring, event, size);
        }
        assert_eq!(seen(&ring), [(3, 0), (2, 0), (1, 1)]);
        push(&mut ring, 7, 4);
        assert_eq!(seen(&ring), [(4, 0), (3, 0), (2, 0)], "the first has gone");
        push(&mut ring, 7, 5);
        assert_eq!(seen(&ring), [(5, 0), (4, 1), (3, 0)]);
        assert_eq!(ring.newest(1).len(), 1);
        for size in 6..1_000 {
            push(&mut ring, (size % 251) as u8, size);
        }
        assert_eq!((ring.entries.len(), ring.by_key.len()), (3, 3));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut(&"\u{20ac}".repeat(200)).len(), 255);
        assert_eq!(cut("short"), "short");
    }
}
