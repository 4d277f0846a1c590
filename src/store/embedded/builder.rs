//! Opening a store.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

#[cfg(feature = "test-util")]
use super::backend::Faults;
use super::{
    EmbeddedStore,
    backend::Trouble,
    calls::Calls,
    fault::Fault,
    file::{self, File},
    lock::Lock,
    mounts,
    reserve::Reserve,
    time::Time,
    writer::Writer,
};
use crate::{
    clock::{Clock, SystemClock},
    error::{StoreError, StoreErrorKind},
};

/// What may be set before an [`EmbeddedStore`] is opened.
#[derive(Debug)]
#[must_use]
pub struct EmbeddedBuilder {
    path: PathBuf,
    max_bytes: u64,
    sweep_every: Duration,
    lock_wait: Duration,
    existing_only: bool,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "test-util")]
    faults: Option<Arc<Faults>>,
}

impl EmbeddedBuilder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            max_bytes: 1 << 30,
            sweep_every: Duration::from_secs(10),
            lock_wait: Duration::from_secs(30),
            existing_only: false,
            clock: Arc::new(SystemClock),
            #[cfg(feature = "test-util")]
            faults: None,
        }
    }

    /// Sets how many bytes of heads and bodies it holds; 1 GiB by default. The file is larger, by
    /// what redb needs and by about 150 bytes a remembered event.
    pub fn with_max_bytes(mut self, max: u64) -> Self {
        self.max_bytes = max;
        self
    }

    /// Sets how often an idle store forgets what is past its window; 10 s by default, at least
    /// 10 ms. A busy one does so as it goes.
    pub fn with_sweep_interval(mut self, interval: Duration) -> Self {
        self.sweep_every = interval.max(Duration::from_millis(10));
        self
    }

    /// Sets how long opening waits for another process to give the file up; 30 s by
    /// default, so that a new version may be started while the old one drains.
    pub fn with_lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }

    /// Opens a store that is there and makes none: for tools, in which a mistyped name must not
    /// become a new inbox. A file that is not there, or holds no database, is refused as `Invalid`,
    /// and nothing is made beside it.
    pub fn existing_only(mut self) -> Self {
        self.existing_only = true;
        self
    }

    /// Sets the wall clock, which the store's own time follows but never backwards.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes writes fail at will.
    #[cfg(feature = "test-util")]
    pub fn with_faults(mut self, faults: Arc<Faults>) -> Self {
        self.faults = Some(faults);
        self
    }

    /// Opens the file, or makes it. Blocks while another process has it open.
    ///
    /// # Errors
    /// `Unavailable` when another process keeps it open, named where that can be known, or the file
    /// cannot be reached; `Corrupt` when it is damaged, has a later format or is another program's.
    /// It is left as it is then. `Invalid` as [`existing_only`](Self::existing_only) says.
    pub fn open(self) -> Result<EmbeddedStore, StoreError> {
        self.look()?;
        let lock = Lock::acquire(&self.path, self.lock_wait)?;
        self.open_locked(lock)
    }

    /// The same without blocking the thread: for async code, whose other tasks go on while another
    /// process has the file open and while this one reads it. Dropped half-way, it gives up. It
    /// needs a tokio runtime with its timer enabled.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn open_async(self) -> Result<EmbeddedStore, StoreError> {
        self.look()?;
        let lock = Lock::acquire_async(&self.path, self.lock_wait).await?;
        let opening = tokio::task::spawn_blocking(move || self.open_locked(lock));
        let failed = |why| {
            let message = "the store was not opened to the end";
            StoreError::new(StoreErrorKind::Unavailable, message).with_source(why)
        };
        opening.await.map_err(failed)?
    }

    /// Before anything is made: whether there is what there should be.
    fn look(&self) -> Result<(), StoreError> {
        if !self.existing_only {
            return Ok(());
        }
        let path = self.path.display();
        let refused =
            |why: &str| StoreError::new(StoreErrorKind::Invalid, format!("{path}: {why}"));
        match file::is_database(&self.path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused("this is no inbox: it holds no database")),
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                Err(refused("there is no such file"))
            }
            Err(why) => Err(StoreError::new(
                StoreErrorKind::Unavailable,
                format!("cannot read {path}"),
            )
            .with_source(why)),
        }
    }

    fn open_locked(self, lock: Lock) -> Result<EmbeddedStore, StoreError> {
        #[cfg(feature = "test-util")]
        let trouble = Trouble::with(self.faults);
        #[cfg(not(feature = "test-util"))]
        let trouble = Trouble::default();
        let file = File::new(&self.path, trouble, lock);
        let named = |fault: Fault| {
            let why = format!("{}: {}", self.path.display(), fault.why);
            Fault { why, ..fault }.error()
        };
        let db = file.open().map_err(named)?;
        let stored = file::read(&db, self.max_bytes).map_err(named)?;
        let mut time = Time::new(self.clock, stored.numbers.clock);
        let rung = time.now();
        let before = stored.numbers.commits;
        let mut state = stored.with_time(time);
        let mut reserve = Reserve::new(&self.path);
        if !reserve.keep() {
            state.shrunk = Some(state.numbers.bytes / 10 * 9);
        }
        let calls = Arc::new(Calls::new());
        let writer = Writer {
            file,
            db: Some(db),
            rung,
            before,
            state,
            reserve,
            calls: Arc::clone(&calls),
            sweep_every: self.sweep_every,
        };
        let thread = thread::Builder::new().name("hookgate-store".to_owned());
        let thread = thread.spawn(move || writer.run()).map_err(|why| {
            StoreError::new(StoreErrorKind::Unavailable, "no thread for the store").with_source(why)
        })?;
        Ok(EmbeddedStore {
            warnings: mounts::warnings(&self.path),
            path: self.path,
            calls,
            thread: Some(thread),
        })
    }
}
