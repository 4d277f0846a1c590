//! The way to the disk, watched: what failed decides whether the store can go on.

#[cfg(feature = "test-util")]
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::{
    io::{Error, ErrorKind},
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

#[derive(Debug)]
pub(super) struct Watched {
    file: FileBackend,
    trouble: Arc<Trouble>,
}

/// What has failed so far.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    seen: AtomicU8,
    #[cfg(feature = "test-util")]
    faults: Option<Arc<Faults>>,
}

/// Makes writes fail, for tests (feature `test-util`).
#[cfg(feature = "test-util")]
#[derive(Debug, Default)]
pub struct Faults {
    /// How many syncs succeed before all others fail; 0 is no limit.
    pub syncs: AtomicU64,
    /// Whether the disk is full.
    pub full: AtomicBool,
}

const FULL: u8 = 1;
const OTHER: u8 = 2;

impl Trouble {
    #[cfg(feature = "test-util")]
    pub(super) fn with(faults: Option<Arc<Faults>>) -> Self {
        let seen = AtomicU8::new(0);
        Self { seen, faults }
    }

    /// Whether all that failed is that there was no room for a write. Then nothing is in doubt
    /// once the file has been opened again.
    pub(super) fn is_merely_full(&self) -> bool {
        self.seen.load(Relaxed) == FULL
    }

    pub(super) fn forget(&self) {
        self.seen.store(0, Relaxed);
    }

    fn watch<T>(&self, result: Result<T, Error>, full_is_harmless: bool) -> Result<T, Error> {
        if let Err(why) = &result {
            let full = matches!(
                why.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
            );
            let kind = if full && full_is_harmless {
                FULL
            } else {
                OTHER
            };
            self.seen.fetch_or(kind, Relaxed);
        }
        result
    }

    #[cfg(not(feature = "test-util"))]
    fn inject(&self, _sync: bool) -> Result<(), Error> {
        Ok(())
    }

    #[cfg(feature = "test-util")]
    fn inject(&self, sync: bool) -> Result<(), Error> {
        let Some(faults) = &self.faults else {
            return Ok(());
        };
        if !sync && faults.full.load(Relaxed) {
            return Err(ErrorKind::StorageFull.into());
        }
        match faults.syncs.load(Relaxed) {
            1 if sync => Err(Error::other("injected")),
            left if sync && left > 1 => {
                faults.syncs.store(left - 1, Relaxed);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Watched {
    pub(super) fn new(file: FileBackend, trouble: Arc<Trouble>) -> Self {
        Self { file, trouble }
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> Result<u64, Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        self.trouble.watch(self.file.read(offset, out), false)
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let grown = self.trouble.inject(false);
        let grown = grown.and_then(|()| self.file.set_len(len));
        self.trouble.watch(grown, true)
    }

    fn sync_data(&self) -> Result<(), Error> {
        let synced = self.trouble.inject(true);
        let synced = synced.and_then(|()| self.file.sync_data());
        self.trouble.watch(synced, false)
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let written = self.trouble.inject(false);
        let written = written.and_then(|()| self.file.write(offset, data));
        self.trouble.watch(written, true)
    }

    fn close(&self) -> Result<(), Error> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
