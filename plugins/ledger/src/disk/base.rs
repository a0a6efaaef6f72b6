//! What is left of entries that were dropped.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::{to_bytes, write_atomically};
use serde::{Deserialize, Serialize};

use sha3::Sha3_256;

use super::record::Sum;
use super::{Damage, DiskError, io_error, open};
use crate::entry::EntryKind;
use crate::hash::{Hash, TreeHash};
use crate::head::SignedTreeHead;
use crate::keys::LedgerKey;
use crate::tree::{Frontier, MOST_LEAVES, Remains, Tree};

const MAGIC: &[u8; 8] = b"A28LBAS2";
const CHECKSUM: usize = 32;
/// The longest base, in bytes: what nine thousand signed tree heads take. A longer one is neither written nor read, so that nobody
/// who reads a ledger needs more memory than a few times that, whatever lies there.
const LONGEST: u64 = 32 << 20;

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
    /// The bytes of entries that are kept with what proves that they were there: those that the ledger began with, the terms,
    /// and who agents are.
    pub kept: Vec<(u64, Vec<u8>)>,
    pub heads: Vec<SignedTreeHead>,
    pub keys: Vec<LedgerKey>,
    /// How many entries of each kind were dropped, and how many time stamps.
    pub counts: BTreeMap<EntryKind, u64>,
    pub stamps: u64,
    pub compactions: Vec<Compaction>,
}

impl Base {
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("base.a28b")
    }

    /// The base of a ledger; that of one from which nothing was dropped if it has none.
    pub fn read(folder: &Path) -> Result<Self, DiskError> {
        let path = Self::path(folder);
        let damaged = |what: &str| DiskError::Damaged(Damage::of_file(&path, what));
        let Some(mut file) = open(&path)? else {
            return Ok(Self::default());
        };
        // What doesn't fit its checksum is never held in memory.
        let length = file.metadata().map_err(io_error(&path))?.len();
        if length > LONGEST {
            return Err(damaged("no base of a ledger is so long"));
        }
        let content = length.checked_sub((MAGIC.len() + CHECKSUM) as u64);
        let content = content.ok_or_else(|| damaged("this is no base of a ledger"))?;
        let mut magic = [0; MAGIC.len()];
        let mut checksum = [0; CHECKSUM];
        let mut hasher = blake3::Hasher::new();
        let mut read = || -> std::io::Result<()> {
            file.read_exact(&mut magic)?;
            hasher.update_reader((&mut file).take(content))?;
            file.read_exact(&mut checksum)
        };
        read().map_err(io_error(&path))?;
        if magic != *MAGIC {
            return Err(damaged("this is no base of a ledger"));
        }
        if *hasher.finalize().as_bytes() != checksum {
            return Err(damaged("the base doesn't fit its checksum"));
        }
        let mut bytes = Vec::new();
        let mut read = || -> std::io::Result<()> {
            file.seek(std::io::SeekFrom::Start(MAGIC.len() as u64))?;
            (&mut file).take(content).read_to_end(&mut bytes).map(drop)
        };
        read().map_err(io_error(&path))?;
        let content = bytes.as_slice();
        let read: Result<(Self, &[u8]), _> = postcard::take_from_bytes(content);
        let (base, rest) = read.map_err(|_| damaged("the base can't be read"))?;
        let sizes = || base.heads.iter().map(|signed| (signed.head.size, signed.head.tick));
        if sizes().zip(sizes().skip(1)).any(|(one, next)| one >= next) {
            return Err(damaged("the tree heads are not in order"));
        }
        if !rest.is_empty() {
            return Err(damaged("the base goes on after its end"));
        }
        let whole = Frontier::from_parts(base.frontier.size(), base.frontier.roots().to_vec()).is_some();
        if !whole {
            return Err(damaged("the base's roots don't fit its size"));
        }
        let tree: Tree = base.tree();
        if base.heads.iter().any(|signed| tree.root_at(signed.head.size) != Some(signed.head.root)) {
            return Err(damaged("a tree head doesn't fit what is left of the tree"));
        }
        base.check_kept(&tree).map_err(|what| damaged(&what))?;
        base.check_sums(tree).map_err(damaged)?;
        Ok(base)
    }

    /// Whether what is told of dropped entries makes them up, no more and no less.
    fn check_sums(&self, mut tree: Tree) -> Result<(), &'static str> {
        let size = self.frontier.size();
        let counted = self.counts.values().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        if counted != Some(size) || self.stamps > MOST_LEAVES {
            return Err("what is counted of dropped entries doesn't add up");
        }
        let mut last = (0, 0);
        for dropped in &self.compactions {
            let fits = dropped.from == last.0 && dropped.to > dropped.from && dropped.tick >= last.1;
            if !fits || tree.root_at(dropped.to).is_some_and(|root| root != dropped.root) {
                return Err("the entries that were dropped at a time don't follow those dropped before");
            }
            last = (dropped.to, dropped.tick);
        }
        if last.0 != size {
            return Err("not all is told of the entries that were dropped");
        }
        // What is kept of the tree proves what is kept, and nothing else.
        let sizes: Vec<u64> = self.heads.iter().map(|signed| signed.head.size).collect();
        let leaves: Vec<u64> = self.kept.iter().map(|(index, _)| *index).collect();
        tree.drop_before(size, &sizes, &leaves);
        if tree.remains().pinned != self.pinned {
            return Err("there is more left of the tree than proves what was kept");
        }
        Ok(())
    }

    /// Whether the entries that are kept are those that were there.
    fn check_kept(&self, tree: &Tree) -> Result<(), String> {
        let (size, root) = (self.frontier.size(), self.frontier.root::<Sha3_256>());
        let mut least = 0;
        for (index, bytes) in &self.kept {
            if *index < least {
                return Err(format!("entry {index} is not in its place among those that are kept"));
            }
            least = index.saturating_add(1);
            let proof = tree.prove_inclusion(*index, size);
            let leaf = Sha3_256::leaf(bytes);
            if !proof.is_ok_and(|proof| proof.verify::<Sha3_256>(&leaf, &root)) {
                return Err(format!(
                    "entry {index} is kept, and what is left of the tree doesn't prove that it was there"
                ));
            }
        }
        Ok(())
    }

    /// Writes it, unless it would be too long: returns whether it was written.
    pub fn write(&self, folder: &Path) -> Result<bool, DiskError> {
        let path = Self::path(folder);
        let content = to_bytes(self).map_err(std::io::Error::other).map_err(io_error(&path))?;
        let checksum = blake3::hash(&content);
        let bytes = [MAGIC.as_slice(), &content, checksum.as_bytes()].concat();
        if bytes.len() as u64 > LONGEST {
            return Ok(false);
        }
        write_atomically(&path, &bytes).map_err(io_error(&path))?;
        Ok(true)
    }

    /// The tree of which all is dropped but this.
    pub fn tree(&self) -> Tree {
        Tree::from_remains(&Remains { frontier: self.frontier.clone(), pinned: self.pinned.clone() })
    }
}
