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
    /// Waits so long for another process to end.
    pub(super) fn acquire(path: &Path, wait: Duration) -> Result<Self, StoreError> {
        let beside = beside(path);
        let unavailable = |why: io::Error| {
            let message = format!("cannot lock {}", beside.display());
            StoreError::new(StoreErrorKind::Unavailable, message).with_source(why)
        };
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&beside).map_err(unavailable)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(why)) => return Err(unavailable(why)),
                Err(TryLockError::WouldBlock) if started.elapsed() >= wait => {
                    return Err(held(path, &mut file));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK_AGAIN),
            }
        }
        let note = format!("{}\n", std::process::id());
        // A courtesy to the next one: the lock holds without it.
        let _ = file
            .set_len(0)
            .and_then(|()| file.write_all(note.as_bytes()));
        Ok(Self(file))
    }
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
    let message = format!("{holder} has {path} open; a file serves one process");
    StoreError::new(StoreErrorKind::Unavailable, message)
}

/// With the program's name, where the system tells it.
fn named(pid: &str) -> String {
    match std::fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => format!("{pid} ({})", name.trim()),
        Err(_) => pid.to_owned(),
    }
}

const LOOK_AGAIN: Duration = Duration::from_millis(50);
