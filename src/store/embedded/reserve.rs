//! Room on the disk for the way out of a full one: to finish a job takes a few pages, too.
//!
//! A file of no use is kept beside the store's. When a write finds no room it is deleted, and new
//! events are refused until payloads have shrunk by a tenth, or it could be made again.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub(super) struct Reserve {
    path: PathBuf,
    tried: Instant,
}

impl Reserve {
    pub(super) fn new(store: &Path) -> Self {
        let mut name = store.as_os_str().to_owned();
        name.push(".reserve");
        let (path, tried) = (name.into(), Instant::now());
        Self { path, tried }
    }

    /// Makes it, unless it is there. False when there is no room.
    pub(super) fn keep(&mut self) -> bool {
        self.tried = Instant::now();
        let is_there = fs::metadata(&self.path).is_ok_and(|file| file.len() == SIZE as u64);
        is_there || self.make().map_err(|_| self.release()).is_ok()
    }

    /// Whether it is time to try again.
    pub(super) fn is_due(&self) -> bool {
        self.tried.elapsed() >= TRY_AGAIN
    }

    pub(super) fn release(&self) {
        // It may not be there; then there is nothing to gain.
        let _ = fs::remove_file(&self.path);
    }

    fn make(&self) -> io::Result<()> {
        let mut file = fs::File::create(&self.path)?;
        file.write_all(&vec![0; SIZE])?;
        file.sync_all()
    }
}

const SIZE: usize = 4 << 20;

const TRY_AGAIN: Duration = Duration::from_secs(1);
