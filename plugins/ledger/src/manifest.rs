//! The last leaf of a run's ledger: every file of the run's folder with its hash, and how much of what the ledger holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entry::EntryKind;
use crate::hash::{Hash, hash_from_hex, to_hex};
use crate::written::{Unwritable, json};

/// What a run's folder holds when the run has ended. It is the last leaf, so the root over all entries stands for every file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The last tick of the run.
    pub tick: u64,
    /// How many entries of each kind there are before this one.
    pub entries: BTreeMap<EntryKind, u64>,
    /// How many tree heads there are before this entry.
    pub heads: u64,
    /// How many time stamps there are.
    pub stamps: u64,
    /// The fingerprints of the keys that have signed, in the order in which they came.
    pub keys: Vec<String>,
    /// The files of the run's folder but for the ledger's own, by name.
    pub files: Vec<FileLine>,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLine {
    /// Its name within the folder; that of a folder in it stands before a slash.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA3-256 of its bytes, in hexadecimal digits.
    pub sha3_256: String,
}

impl FileLine {
    /// A file by its name, length and hash.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: u64, hash: &Hash) -> Self {
        Self { name: name.into(), bytes, sha3_256: to_hex(hash) }
    }

    /// The hash; nothing if it is none.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        hash_from_hex(&self.sha3_256)
    }
}

impl Manifest {
    /// As the words of an entry: JSON without spaces.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn to_text(&self) -> Result<String, Unwritable> {
        json("a manifest", self)
    }

    /// From the words of an entry; nothing if they are none.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
