//! Proofs that a leaf is in a tree, and that one tree is the beginning of another (RFC 9162, sections 2.1.3 and 2.1.4).

use serde::{Deserialize, Serialize};

use super::{MOST_LEAVES, Tree};
use crate::hash::{Hash, TreeHash};
use crate::written::Unwritable;

/// Why something can't be proven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf, or never were so many.
    #[error("{asked} is more than the tree of {size} leaves has")]
    TooLarge {
        /// What was asked for.
        asked: u64,
        /// How many leaves there are.
        size: u64,
    },
    /// What it takes was dropped.
    #[error("the {dropped} oldest leaves were dropped, and with them what it takes to prove this")]
    Dropped {
        /// How many leaves were dropped.
        dropped: u64,
    },
    /// It can't be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

/// Proves that a leaf is in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    /// The number of the leaf, from 0.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// The siblings on the way from the leaf to the root.
    pub path: Vec<Hash>,
}

/// Proves that a tree is the beginning of a larger one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// How many leaves the smaller tree has.
    pub old_size: u64,
    /// How many leaves the larger one has.
    pub new_size: u64,
    /// The nodes from which both roots follow.
    pub path: Vec<Hash>,
}

/// The largest power of two that is less than a number above 1: the leaves in the left part of a tree.
pub(super) fn left_part(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

impl<H: TreeHash> Tree<H> {
    fn dropped_error(&self) -> ProofError {
        ProofError::Dropped { dropped: self.dropped }
    }

    fn check_size(&self, asked: u64) -> Result<(), ProofError> {
        if asked > self.size { Err(ProofError::TooLarge { asked, size: self.size }) } else { Ok(()) }
    }

    /// Proves that a leaf is in the tree as it was with `size` leaves.
    ///
    /// # Errors
    /// If there is no such leaf in it, or it was dropped.
    pub fn prove_inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, ProofError> {
        self.check_size(size)?;
        if index >= size {
            return Err(ProofError::TooLarge { asked: index, size });
        }
        if index < self.dropped && !self.pinned.contains_key(&(0, index)) {
            return Err(self.dropped_error());
        }
        let (mut start, mut end) = (0, size);
        let mut path = Vec::with_capacity(64);
        while end - start > 1 {
            let split = start + left_part(end - start);
            let sibling = if index < split { self.range(split, end) } else { self.range(start, split) };
            path.push(sibling.ok_or_else(|| self.dropped_error())?);
            if index < split {
                end = split;
            } else {
                start = split;
            }
        }
        path.reverse();
        Ok(InclusionProof { index, size, path })
    }

    /// Proves that the tree as it was with `old_size` leaves is the beginning of the one with `new_size`.
    ///
    /// # Errors
    /// If there never were so many, `old_size` is the larger one, or what it takes was dropped.
    pub fn prove_consistency(&self, old_size: u64, new_size: u64) -> Result<ConsistencyProof, ProofError> {
        self.check_size(new_size)?;
        if old_size > new_size {
            return Err(ProofError::TooLarge { asked: old_size, size: new_size });
        }
        let mut path = Vec::new();
        if old_size > 0 && old_size < new_size {
            let (mut start, mut end) = (0, new_size);
            // Down to the subtree in which the old tree ends; if it begins at 0, it is the old tree itself.
            while end != old_size {
                let split = start + left_part(end - start);
                let sibling = if old_size <= split { self.range(split, end) } else { self.range(start, split) };
                path.push(sibling.ok_or_else(|| self.dropped_error())?);
                if old_size <= split {
                    end = split;
                } else {
                    start = split;
                }
            }
            if start > 0 {
                path.push(self.range(start, end).ok_or_else(|| self.dropped_error())?);
            }
            path.reverse();
        }
        Ok(ConsistencyProof { old_size, new_size, path })
    }
}

impl InclusionProof {
    /// The root that follows from a leaf and the path; nothing if the path doesn't fit the numbers.
    #[must_use]
    pub fn root<H: TreeHash>(&self, leaf: &Hash) -> Option<Hash> {
        self.climb::<H>(leaf, |_, _| {})
    }

    /// The nodes on the way from a leaf to the root, each with whether it is a right child, in the order of their siblings in
    /// the path; nothing if the path doesn't fit the numbers.
    #[must_use]
    pub fn nodes<H: TreeHash>(&self, leaf: &Hash) -> Option<Vec<(Hash, bool)>> {
        let mut nodes = Vec::with_capacity(self.path.len());
        self.climb::<H>(leaf, |node, is_right| nodes.push((*node, is_right)))?;
        Some(nodes)
    }

    fn climb<H: TreeHash>(&self, leaf: &Hash, mut each: impl FnMut(&Hash, bool)) -> Option<Hash> {
        if self.index >= self.size || self.size > MOST_LEAVES {
            return None;
        }
        let (mut number, mut last) = (self.index, self.size - 1);
        let mut hash = *leaf;
        for sibling in &self.path {
            if last == 0 {
                return None;
            }
            let is_right = number & 1 == 1 || number == last;
            each(&hash, is_right);
            if is_right {
                hash = H::node(sibling, &hash);
                if number & 1 == 0 {
                    // The last node of an odd number has no sibling until it is a right child.
                    let skip = number.trailing_zeros();
                    (number, last) = (number >> skip, last >> skip);
                }
            } else {
                hash = H::node(&hash, sibling);
            }
            (number, last) = (number >> 1, last >> 1);
        }
        (last == 0).then_some(hash)
    }

    /// Whether a leaf with this hash is where the proof says, in the tree with this root.
    #[must_use]
    pub fn verify<H: TreeHash>(&self, leaf: &Hash, root: &Hash) -> bool {
        self.root::<H>(leaf).is_some_and(|found| found == *root)
    }
}

impl ConsistencyProof {
    /// Whether the tree with the root `old` is the beginning of the one with the root `new`.
    #[must_use]
    pub fn verify<H: TreeHash>(&self, old: &Hash, new: &Hash) -> bool {
        self.follows::<H>(old, new).unwrap_or(false)
    }

    fn follows<H: TreeHash>(&self, old: &Hash, new: &Hash) -> Option<bool> {
        let (old_size, new_size) = (self.old_size, self.new_size);
        if new_size > MOST_LEAVES {
            return None;
        }
        if old_size == new_size {
            return Some(self.path.is_empty() && old == new && (old_size > 0 || *old == H::empty()));
        }
        if old_size == 0 {
            // Every tree begins with the empty one.
            return Some(self.path.is_empty() && *old == H::empty());
        }
        if old_size > new_size {
            return None;
        }
        let mut path = self.path.iter();
        let first = if old_size.is_power_of_two() { old } else { path.next()? };
        let (mut number, mut last) = (old_size - 1, new_size - 1);
        let skip = number.trailing_ones();
        (number, last) = (number >> skip, last >> skip);
        let (mut old_root, mut new_root) = (*first, *first);
        for sibling in path {
            if last == 0 {
                return None;
            }
            if number & 1 == 1 || number == last {
                old_root = H::node(sibling, &old_root);
                new_root = H::node(sibling, &new_root);
                if number & 1 == 0 && number != 0 {
                    let skip = number.trailing_zeros();
                    (number, last) = (number >> skip, last >> skip);
                }
            } else {
                new_root = H::node(&new_root, sibling);
            }
            (number, last) = (number >> 1, last >> 1);
        }
        Some(last == 0 && old_root == *old && new_root == *new)
    }
}
