//! The rows that are more than numbers.

use super::fault::Fault;
use crate::store::{AcceptanceId, DedupKey};

/// What is remembered under a key.
pub(super) struct Record {
    pub(super) acceptance: AcceptanceId,
    pub(super) digest: [u8; 8],
    pub(super) stands: Stands,
}

pub(super) enum Stands {
    /// Jobs are left; the states are in the event's row.
    Open { event: u64 },
    /// All jobs of these handlers have ended.
    Finished { until: u64, lanes: Vec<u32> },
}

/// An event with a payload.
pub(super) struct Event {
    pub(super) key: DedupKey,
    pub(super) acceptance: AcceptanceId,
    pub(super) digest: [u8; 8],
    /// Milliseconds.
    pub(super) window: u64,
    /// Of head and body.
    pub(super) bytes: u64,
    /// None in an unrouted one.
    pub(super) jobs: Vec<JobAt>,
}

/// One of the event's jobs.
#[derive(Clone, Copy)]
pub(super) struct JobAt {
    pub(super) lane: u32,
    pub(super) place: Place,
}

impl JobAt {
    pub(super) const fn done(lane: u32) -> Self {
        let place = Place::Done;
        Self { lane, place }
    }
}

/// The key of the job's row, in the table of that name.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Place {
    Queue { seq: u64 },
    Delayed { due: u64, seq: u64 },
    Dead { seq: u64 },
    Done,
}

impl Place {
    const fn parts(self) -> (u8, u64, u64) {
        match self {
            Self::Queue { seq } => (0, 0, seq),
            Self::Delayed { due, seq } => (1, due, seq),
            Self::Dead { seq } => (2, 0, seq),
            Self::Done => (3, 0, 0),
        }
    }
}

impl Record {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(48);
        row.extend_from_slice(&self.acceptance.0);
        row.extend_from_slice(&self.digest);
        match &self.stands {
            Stands::Open { event } => {
                row.push(0);
                row.extend_from_slice(&event.to_le_bytes());
            }
            Stands::Finished { until, lanes } => {
                row.push(1);
                row.extend_from_slice(&until.to_le_bytes());
                for lane in lanes {
                    row.extend_from_slice(&lane.to_le_bytes());
                }
            }
        }
        row
    }

    pub(super) fn decode(mut row: &[u8]) -> Result<Self, Fault> {
        let row = &mut row;
        let (acceptance, digest) = (AcceptanceId(take(row)?), take(row)?);
        let [tag] = take(row)?;
        let number = u64::from_le_bytes(take(row)?);
        let mut lanes = Vec::with_capacity(row.len() / 4);
        while !row.is_empty() {
            lanes.push(u32::from_le_bytes(take(row)?));
        }
        let stands = match tag {
            0 => Stands::Open { event: number },
            1 => Stands::Finished {
                until: number,
                lanes,
            },
            _ => return Err(unreadable()),
        };
        Ok(Self {
            acceptance,
            digest,
            stands,
        })
    }
}

impl Event {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(56 + self.jobs.len() * 21);
        row.extend_from_slice(&self.key.0);
        row.extend_from_slice(&self.acceptance.0);
        row.extend_from_slice(&self.digest);
        row.extend_from_slice(&self.window.to_le_bytes());
        row.extend_from_slice(&self.bytes.to_le_bytes());
        for JobAt { lane, place } in &self.jobs {
            let (tag, due, seq) = place.parts();
            row.extend_from_slice(&lane.to_le_bytes());
            row.push(tag);
            row.extend_from_slice(&due.to_le_bytes());
            row.extend_from_slice(&seq.to_le_bytes());
        }
        row
    }

    pub(super) fn decode(mut row: &[u8]) -> Result<Self, Fault> {
        let row = &mut row;
        let mut event = Self {
            key: DedupKey(take(row)?),
            acceptance: AcceptanceId(take(row)?),
            digest: take(row)?,
            window: u64::from_le_bytes(take(row)?),
            bytes: u64::from_le_bytes(take(row)?),
            jobs: Vec::with_capacity(row.len() / 21),
        };
        while !row.is_empty() {
            let lane = u32::from_le_bytes(take(row)?);
            let [tag] = take(row)?;
            let due = u64::from_le_bytes(take(row)?);
            let seq = u64::from_le_bytes(take(row)?);
            let place = match tag {
                0 => Place::Queue { seq },
                1 => Place::Delayed { due, seq },
                2 => Place::Dead { seq },
                3 => Place::Done,
                _ => return Err(unreadable()),
            };
            event.jobs.push(JobAt { lane, place });
        }
        Ok(event)
    }

    pub(super) fn is_dead_somewhere(&self) -> bool {
        let dead = |job: &JobAt| matches!(job.place, Place::Dead { .. });
        self.jobs.iter().any(dead)
    }

    pub(super) fn is_finished(&self) -> bool {
        self.jobs.iter().all(|job| job.place == Place::Done)
    }
}

fn take<const N: usize>(row: &mut &[u8]) -> Result<[u8; N], Fault> {
    let (first, rest) = row.split_first_chunk().ok_or_else(unreadable)?;
    *row = rest;
    Ok(*first)
}

pub(super) fn unreadable() -> Fault {
    Fault::corrupt("a row is not readable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_as_it_was_and_a_torn_one_is_refused() {
        let places = [
            Place::Queue { seq: 7 },
            Place::Delayed { due: 8, seq: 9 },
            Place::Dead { seq: u64::MAX },
            Place::Done,
        ];
        let jobs = (0..).zip(places).map(|(lane, place)| JobAt { lane, place });
        let event = Event {
            key: DedupKey([1; 16]),
            acceptance: AcceptanceId([2; 16]),
            digest: [3; 8],
            window: 4,
            bytes: 5,
            jobs: jobs.collect(),
        };
        let row = event.encode();
        assert_eq!(
            Event::decode(&row).ok().map(|e| e.encode()),
            Some(row.clone())
        );
        for len in 0..row.len() {
            let whole_jobs = len >= 56 && (len - 56) % 21 == 0;
            assert_eq!(Event::decode(&row[..len]).is_ok(), whole_jobs, "{len}");
        }
        for stands in [
            Stands::Open { event: 6 },
            Stands::Finished {
                until: 7,
                lanes: vec![0, 9],
            },
        ] {
            let (acceptance, digest) = (event.acceptance, event.digest);
            let record = Record {
                acceptance,
                digest,
                stands,
            };
            let row = record.encode();
            assert_eq!(
                Record::decode(&row).ok().map(|r| r.encode()),
                Some(row.clone())
            );
            assert!(Record::decode(&row[..row.len() - 1]).is_err());
        }
    }
}
