//! What can go wrong in a verb: with the call, or with the file.

use crate::error::{StoreError, StoreErrorKind};

/// Why a verb was not carried out.
pub(super) enum Failure {
    /// For reasons of its own; it has written nothing, and the batch goes on.
    Refused(StoreError),
    /// The batch cannot go on.
    Broken(Fault),
}

pub(super) type Outcome<T> = Result<T, Failure>;

/// What is wrong with the file.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// For those of the batch, once it is known that nothing was written.
    pub(super) kind: StoreErrorKind,
    pub(super) why: String,
}

impl Fault {
    pub(super) fn corrupt(why: impl Into<String>) -> Self {
        let (kind, why) = (StoreErrorKind::Corrupt, why.into());
        Self { kind, why }
    }

    pub(super) fn full() -> Self {
        let why = "the disk is full; nothing was written".to_owned();
        let kind = StoreErrorKind::Full;
        Self { kind, why }
    }

    pub(super) fn error(&self) -> StoreError {
        StoreError::new(self.kind, self.why.clone())
    }
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        use redb::Error::{
            Corrupted, Io, RepairAborted, TableDoesNotExist, TableIsMultimap, TableTypeMismatch,
            TypeDefinitionChanged, UpgradeRequired,
        };
        use std::io::ErrorKind::{InvalidData, UnexpectedEof};
        let corrupt = match &error {
            Corrupted(_)
            | RepairAborted
            | TableDoesNotExist(_)
            | TableIsMultimap(_)
            | TableTypeMismatch { .. }
            | TypeDefinitionChanged { .. }
            | UpgradeRequired(_) => true,
            // Too short for what it claims to hold, or no database.
            Io(why) => matches!(why.kind(), InvalidData | UnexpectedEof),
            _ => false,
        };
        let kind = match corrupt {
            true => StoreErrorKind::Corrupt,
            false => StoreErrorKind::Unavailable,
        };
        let why = error.to_string();
        Self { kind, why }
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        }

        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Broken(error.into())
            }
        }
    )*};
}

from_redb!(
    redb::CommitError,
    redb::DatabaseError,
    redb::StorageError,
    redb::TableError,
    redb::TransactionError
);

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}
