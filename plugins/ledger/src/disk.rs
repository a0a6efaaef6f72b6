//! The ledger on disk: segments of records, an edge of what was dropped, recovery after a crash.
//!
//! A ledger is a folder of segments `00000000.a28l`, `00000001.a28l` …, and `base.a28b` if old entries were dropped. What is
//! acknowledged ([`Store::flush`], or [`Store::sync`] for crashes of the machine) is there after a kill at any moment; a record
//! that was being written is torn off when the ledger is opened again, and [`Store::open`] tells how much.

mod base;
mod record;
mod segment;
mod store;
#[cfg(test)]
mod tests;
mod walk;

pub use base::Compaction;
pub use store::{Durability, Recovery, Store, StoreOptions, Tally};
pub use walk::{Item, Torn, Walk, locate, tree_of_the_run, walk};

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use agent2028_core::whole_file::{extraordinary, open_ordinary};

/// Where a ledger is damaged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// The number of the record in the file, from 0; nothing if it is the file itself.
    pub record: Option<u64>,
    /// The number of the entry that the record is, or that would have come next.
    pub entry: Option<u64>,
    /// Where the record begins in the file, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub what: String,
}

impl Damage {
    fn of_file(file: &Path, what: impl Into<String>) -> Self {
        Self { file: file.into(), record: None, entry: None, offset: 0, what: what.into() }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(record) = self.record {
            write!(f, ", record {record} at byte {}", self.offset)?;
        }
        if let Some(entry) = self.entry {
            write!(f, " (entry {entry})")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Why a ledger could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is no ledger.
    #[error("{0} holds no ledger")]
    NoLedger(String),
    /// There is a ledger already.
    #[error("{0} already holds a ledger")]
    Occupied(String),
    /// It is damaged.
    #[error("{0}")]
    Damaged(Damage),
    /// What should be appended doesn't fit.
    #[error("{0}")]
    Refused(String),
}

/// Opens a file of a ledger; nothing if there is none. A link, folder, pipe or device in its place is damage: none is read.
fn open(path: &Path) -> Result<Option<File>, DiskError> {
    let about = match std::fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(path)(error)),
    };
    match extraordinary(about.file_type()) {
        Some(what) => Err(DiskError::Damaged(Damage::of_file(path, format!("this is {what} and no ordinary file")))),
        None => open_ordinary(path).map(Some).map_err(io_error(path)),
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> DiskError + '_ {
    move |source| DiskError::Io { path: path.display().to_string(), source }
}
