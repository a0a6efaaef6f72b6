//! What is left of entries that were dropped.

use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::{to_bytes, write_atomically};
use serde::{Deserialize, Serialize};

use super::record::Sum;
use super::{Damage, DiskError, io_error};
use crate::hash::Hash;
use crate::head::SignedTreeHead;
use crate::keys::LedgerKey;
use crate::tree::{Frontier, Remains, Tree};

const MAGIC: &[u8; 8] = b"A28LBAS1";
const CHECKSUM: usize = 32;

/// What was dropped, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    /// The first entry that was dropped.
    pub from: u64,
    /// The first entry after those that were dropped.
    pub to: u64,
    /// The last tick of which entries were dropped.
    pub tick: u64,
    /// How many bytes of files went.
    pub bytes: u64,
    /// The root over all entries before `to`.
    pub root: Hash,
}

/// What is left of dropped entries: the roots of the subtrees that they made up, the tree heads among them, and the record of
/// what was dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Base {
    /// The first segment that is there.
    pub segment: u32,
    /// The last checksum before it.
    pub before: Sum,
    pub frontier: Frontier,
    pub pinned: Vec<(u32, u64, Hash)>,
    pub heads: Vec<SignedTreeHead>,
    pub keys: Vec<LedgerKey>,
    pub compactions: Vec<Compaction>,
}

impl Base {
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("base.a28b")
    }

    /// The base of a ledger; that of one from which nothing was dropped if it has none.
    pub fn read(folder: &Path) -> Result<Self, DiskError> {
        let path = Self::path(folder);
        if !path.exists() {
            return Ok(Self::default());
        }
        let bytes = std::fs::read(&path).map_err(io_error(&path))?;
        let damaged = |what: &str| DiskError::Damaged(Damage::of_file(&path, what));
        let content = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_last_chunk::<CHECKSUM>());
        let (content, checksum) = content.ok_or_else(|| damaged("this is no base of a ledger"))?;
        if blake3::hash(content).as_bytes() != checksum {
            return Err(damaged("the base doesn't fit its checksum"));
        }
        let base: Self = postcard::from_bytes(content).map_err(|_| damaged("the base can't be read"))?;
        let whole = Frontier::from_parts(base.frontier.size(), base.frontier.roots().to_vec()).is_some();
        if !whole {
            return Err(damaged("the base's roots don't fit its size"));
        }
        let tree: Tree = base.tree();
        if base.heads.iter().any(|signed| tree.root_at(signed.head.size) != Some(signed.head.root)) {
            return Err(damaged("a tree head doesn't fit what is left of the tree"));
        }
        Ok(base)
    }

    pub fn write(&self, folder: &Path) -> Result<(), DiskError> {
        let path = Self::path(folder);
        let content = to_bytes(self).map_err(std::io::Error::other).map_err(io_error(&path))?;
        let checksum = blake3::hash(&content);
        let bytes = [MAGIC.as_slice(), &content, checksum.as_bytes()].concat();
        write_atomically(&path, &bytes).map_err(io_error(&path))
    }

    /// The tree of which all is dropped but this.
    pub fn tree(&self) -> Tree {
        Tree::from_remains(&Remains { frontier: self.frontier.clone(), pinned: self.pinned.clone() })
    }
}
