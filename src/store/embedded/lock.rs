//! One process a file. The lock is on a file beside it, which says who holds it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::error::{StoreError, StoreErrorKind};

/// Released when it is dropped. The file stays: removing it would let two others in.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    /// Waits so long for another process to end, and blocks meanwhile.
    pub(super) fn acquire(path: &Path, wait: Duration) -> Result<Self, StoreError> {
        let mut attempt = Attempt::new(path, wait)?;
        loop {
            if let Some(lock) = attempt.again()? {
                return Ok(lock);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// The same without blocking the thread.
    pub(super) async fn acquire_async(path: &Path, wait: Duration) -> Result<Self, StoreError> {
        let mut attempt = Attempt::new(path, wait)?;
        loop {
            if let Some(lock) = attempt.again()? {
                return Ok(lock);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

struct Attempt<'p> {
    path: &'p Path,
    /// `None` once it is locked.
    file: Option<File>,
    started: Instant,
    wait: Duration,
}

impl<'p> Attempt<'p> {
    fn new(path: &'p Path, wait: Duration) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(beside(path));
        Ok(Self {
            path,
            file: Some(file.map_err(|why| unavailable(path, why))?),
            started: Instant::now(),
            wait,
        })
    }

    /// `None` while it is worth waiting.
    fn again(&mut self) -> Result<Option<Lock>, StoreError> {
        let Some(file) = &mut self.file else {
            return Ok(None);
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(why)) => return Err(unavailable(self.path, why)),
            Err(TryLockError::WouldBlock) if self.started.elapsed() >= self.wait => {
                return Err(held(self.path, file));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
        }
        let note = format!("{} {}\n", std::process::id(), program());
        // A courtesy to the next one: the lock holds without it.
        let _ = file
            .set_len(0)
            .and_then(|()| file.write_all(note.as_bytes()));
        Ok(self.file.take().map(Lock))
    }
}

fn unavailable(path: &Path, why: io::Error) -> StoreError {
    let message = format!("cannot lock {}", beside(path).display());
    StoreError::new(StoreErrorKind::Unavailable, message).with_source(why)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn held(path: &Path, file: &mut File) -> StoreError {
    let mut note = String::new();
    let holder = match file.read_to_string(&mut note) {
        Ok(_) if !note.trim().is_empty() => format!("process {}", named(note.trim())),
        _ => "another process".to_owned(),
    };
    let path = path.display();
    let message = format!(
        "{holder} has {path} open, and a file serves one process: stop it, or use its admin page"
    );
    StoreError::new(StoreErrorKind::Unavailable, message)
}

/// This program's name, as the next one is told it: that one may see other processes, or none.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// `4711 (receiver)`: what an earlier version has written is the number alone.
fn named(note: &str) -> String {
    let (pid, name) = note.split_once(' ').unwrap_or((note, ""));
    let name = match name {
        "" => std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default(),
        name => name.to_owned(),
    };
    let named = match name.trim() {
        "" => pid.to_owned(),
        name => format!("{pid} ({name})"),
    };
    named.escape_debug().to_string()
}

const LOOK_AGAIN: Duration = Duration::from_millis(50);
