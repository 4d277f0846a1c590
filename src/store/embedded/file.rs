//! The file: opening it, and refusing one that is not ours.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{Database, ReadableDatabase, TableError, TableHandle, backends::FileBackend};

use super::{
    backend::{Trouble, Watched},
    fault::{Failure, Fault},
    lock::Lock,
    state::{Parts, State},
    tables::{FORMAT, META, Tables},
};

pub(super) struct File {
    path: PathBuf,
    trouble: Arc<Trouble>,
    /// Held as long as this lives.
    _lock: Lock,
}

impl File {
    pub(super) fn new(path: &Path, trouble: Trouble, lock: Lock) -> Self {
        Self {
            path: path.to_owned(),
            trouble: Arc::new(trouble),
            _lock: lock,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_merely_full(&self) -> bool {
        self.trouble.is_merely_full()
    }

    /// Opens or makes the file. One that is not a store of a format known here is left as it is.
    pub(super) fn open(&self) -> Result<Database, Fault> {
        self.trouble.forget();
        // redb asserts what it has not verified; a damaged file must not take the process down.
        let opened = catch_unwind(AssertUnwindSafe(|| self.try_open()));
        opened.unwrap_or_else(|_| Err(Fault::corrupt("its structure is damaged")))
    }

    fn try_open(&self) -> Result<Database, Fault> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file.open(&self.path).map_err(unreachable)?;
        let is_new = file.metadata().map_err(unreachable)?.len() == 0;
        let backend = Watched::new(FileBackend::new(file)?, Arc::clone(&self.trouble));
        let db = Database::builder()
            .set_cache_size(CACHE)
            .create_with_backend(backend)?;
        if !is_ours(&db)? {
            prepare(&db)?;
        }
        if is_new {
            sync_parent(&self.path).map_err(unreachable)?;
        }
        Ok(db)
    }
}

/// Whether this file begins as every redb database does.
pub(super) fn is_database(path: &Path) -> io::Result<bool> {
    let mut start = [0; MAGIC.len()];
    match fs::File::open(path)?.read_exact(&mut start) {
        Ok(()) => Ok(start == MAGIC),
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(why) => Err(why),
    }
}

/// What the file holds.
pub(super) fn read(db: &Database, max_bytes: u64) -> Result<Parts, Fault> {
    let transaction = db.begin_write()?;
    let parts = {
        let tables = Tables::open(&transaction)?;
        State::read(&tables, max_bytes).map_err(|failure| match failure {
            Failure::Broken(fault) => fault,
            Failure::Refused(error) => Fault::corrupt(error.to_string()),
        })?
    };
    transaction.abort()?;
    Ok(parts)
}

/// Whether it has been prepared before; an error when it was for something else.
fn is_ours(db: &Database) -> Result<bool, Fault> {
    let transaction = db.begin_read()?;
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            return match transaction.list_tables()?.next() {
                None => Ok(false),
                Some(other) => Err(Fault::corrupt(format!(
                    "it is a database of another program, with a table {:?}",
                    other.name()
                ))),
            };
        }
        Err(error) => return Err(error.into()),
    };
    match meta.get("format")?.map(|row| row.value()) {
        Some(FORMAT) => Ok(true),
        Some(newer) if newer > FORMAT => Err(Fault::corrupt(format!(
            "a later version wrote it: it has format {newer}, this version knows {FORMAT}"
        ))),
        Some(older @ 1..) => Err(Fault::corrupt(format!(
            "a version before the first release wrote it: it has format {older}, this version \
             knows {FORMAT}"
        ))),
        _ => Err(Fault::corrupt("it does not say what format it has")),
    }
}

fn prepare(db: &Database) -> Result<(), Fault> {
    let mut transaction = db.begin_write()?;
    transaction.set_quick_repair(true);
    Tables::open(&transaction)?.meta.insert("format", FORMAT)?;
    Ok(transaction.commit()?)
}

/// A new file's name is in its folder, and that is a file of its own.
fn sync_parent(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn unreachable(error: io::Error) -> Fault {
    redb::Error::Io(error).into()
}

/// The first bytes of a database, by redb's description of its file format.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";

/// Bytes of memory for pages of the file.
const CACHE: usize = 128 << 20;
