//! The edge of a tree: what appending needs, and no more.

use serde::{Deserialize, Serialize};

use crate::hash::{Hash, TreeHash};

/// No tree has more leaves. What claims more is made up; sizes below can be counted on with without ever wrapping around.
pub const MOST_LEAVES: u64 = 1 << 62;

/// The roots of the whole subtrees that a number of leaves makes up, the largest first: one for each 1 among the binary
/// digits of that number. Enough to append and to tell the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// A frontier from its parts; nothing if the number of roots isn't the one that `size` leaves have, or no tree has so many.
    #[must_use]
    pub fn from_parts(size: u64, roots: Vec<Hash>) -> Option<Self> {
        (size <= MOST_LEAVES && size.count_ones() as usize == roots.len()).then_some(Self { size, roots })
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots, that of the largest subtree first.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Appends a leaf by its hash.
    pub fn push<H: TreeHash>(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // As in counting: every 1 at the end becomes a 0 and carries.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = H::node(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root<H: TreeHash>(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        match roots.next() {
            None => H::empty(),
            Some(last) => roots.fold(*last, |right, left| H::node(left, &right)),
        }
    }
}
