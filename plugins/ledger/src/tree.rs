//! Merkle trees as in RFC 9162, section 2: append-only, with proofs, and with old parts that can be dropped.

mod frontier;
#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod oracle;
mod proof;

pub use frontier::{Frontier, MOST_LEAVES};
pub use proof::{ConsistencyProof, InclusionProof, ProofError};

use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;

use sha3::Sha3_256;

use crate::hash::{Hash, TreeHash};

/// An append-only Merkle tree that keeps the hashes of all its whole subtrees: 64 bytes a leaf, and proofs in logarithmic
/// time.
///
/// Its oldest leaves can be dropped ([`Tree::drop_before`]). What stays of them are the roots of the whole subtrees that
/// they make up, so that everything about later leaves can be proven as before.
#[derive(Clone, Debug)]
pub struct Tree<H = Sha3_256> {
    size: u64,
    dropped: u64,
    levels: Vec<Level>,
    /// Nodes that are kept although their leaves are dropped, by level and number.
    pinned: BTreeMap<(u32, u64), Hash>,
    hash: PhantomData<fn() -> H>,
}

/// The whole subtrees of 2^k leaves.
#[derive(Clone, Debug, Default)]
struct Level {
    /// The number of the first one that is kept.
    first: u64,
    nodes: VecDeque<Hash>,
}

impl<H: TreeHash> Default for Tree<H> {
    fn default() -> Self {
        Self { size: 0, dropped: 0, levels: Vec::new(), pinned: BTreeMap::new(), hash: PhantomData }
    }
}

/// What is left of dropped leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains {
    /// The subtrees that the dropped leaves make up.
    pub frontier: Frontier,
    /// Nodes below these, by level and number, which prove old sizes consistent with later ones.
    pub pinned: Vec<(u32, u64, Hash)>,
}

impl<H: TreeHash> Tree<H> {
    /// A tree of which all leaves are dropped.
    #[must_use]
    pub fn from_remains(remains: &Remains) -> Self {
        let size = remains.frontier.size();
        let depth = u64::BITS - size.leading_zeros();
        let mut roots = remains.frontier.roots().iter();
        let mut levels: Vec<Level> = (0..depth)
            .rev()
            .map(|level| {
                // Of an odd number of subtrees the last one is a root of the frontier.
                let nodes =
                    if size >> level & 1 == 1 { roots.next().copied().into_iter().collect() } else { VecDeque::new() };
                Level { first: (size >> level) & !1, nodes }
            })
            .collect();
        levels.reverse();
        let pinned = remains.pinned.iter().map(|(level, number, hash)| ((*level, *number), *hash)).collect();
        Self { size, dropped: size, levels, pinned, hash: PhantomData }
    }

    /// How many leaves there are, with those that were dropped.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many of the oldest leaves were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Appends a leaf by its hash ([`TreeHash::leaf`]) and returns its number.
    pub fn push(&mut self, leaf: Hash) -> u64 {
        let number = self.size;
        self.size += 1;
        let mut hash = leaf;
        for level in 0..=self.size.trailing_zeros() as usize {
            if level == self.levels.len() {
                self.levels.push(Level::default());
            }
            let nodes = &mut self.levels[level].nodes;
            let left = nodes.back().copied();
            nodes.push_back(hash);
            // The node just appended is a right child, but for the last one.
            if let Some(left) = left.filter(|_| level < self.size.trailing_zeros() as usize) {
                hash = H::node(&left, &hash);
            }
        }
        number
    }

    /// The hash of a leaf, if it is kept.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.node(0, index)
    }

    /// The root of a whole subtree of 2^level leaves, if it is whole and kept.
    #[must_use]
    pub fn node(&self, level: u32, number: u64) -> Option<Hash> {
        let kept = self.levels.get(level as usize)?;
        match number.checked_sub(kept.first) {
            Some(at) => kept.nodes.get(usize::try_from(at).ok()?).copied(),
            None => self.pinned.get(&(level, number)).copied(),
        }
    }

    /// The root of all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        // The subtrees that make up the whole are kept whatever is dropped.
        self.root_at(self.size).unwrap_or_else(H::empty)
    }

    /// The root when there were `size` leaves; nothing if there never were so many, or what it takes was dropped.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        match size {
            0 => Some(H::empty()),
            _ if size > self.size => None,
            _ => self.range(0, size),
        }
    }

    /// The root over the leaves from `start` to before `end` (more than none), where `start` is a multiple of the smallest
    /// power of two that is not less than their number.
    fn range(&self, start: u64, end: u64) -> Option<Hash> {
        let count = end - start;
        let level = count.trailing_zeros();
        if count.is_power_of_two() {
            return self.node(level, start >> level);
        }
        let split = start + proof::left_part(count);
        Some(H::node(&self.range(start, split)?, &self.range(split, end)?))
    }

    /// The subtrees that the first `size` leaves make up; nothing if there never were so many, or what it takes was dropped.
    #[must_use]
    pub fn frontier_at(&self, size: u64) -> Option<Frontier> {
        if size > self.size {
            return None;
        }
        let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        let roots: Option<Vec<Hash>> = levels.map(|level| self.node(level, (size >> level) - 1)).collect();
        Frontier::from_parts(size, roots?)
    }

    /// Drops the leaves before `index`, and all nodes that later proofs don't need. The root stays what it is, and so does
    /// every proof of a leaf or a size that isn't dropped. Of the dropped sizes, those in `sizes` can still be proven
    /// consistent with later ones, and of the dropped leaves, those in `leaves` can still be proven to be there.
    pub fn drop_before(&mut self, index: u64, sizes: &[u64], leaves: &[u64]) {
        let index = index.min(self.size).max(self.dropped);
        let mut pinned = BTreeMap::new();
        for size in sizes.iter().filter(|size| **size > 0 && **size < index) {
            let level = size.trailing_zeros();
            self.pin(level, (size >> level) - 1, index, &mut pinned);
        }
        for leaf in leaves.iter().filter(|leaf| **leaf < index) {
            self.pin(0, *leaf, index, &mut pinned);
        }
        for (level, kept) in self.levels.iter_mut().enumerate() {
            // A left child stays for as long as its right sibling has leaves that aren't dropped.
            let first = (index >> level) & !1;
            let surplus = usize::try_from(first.saturating_sub(kept.first)).unwrap_or(usize::MAX);
            kept.nodes.drain(..surplus.min(kept.nodes.len()));
            kept.first = kept.first.max(first);
        }
        self.dropped = index;
        self.pinned = pinned;
    }

    /// Notes the nodes that it takes to prove that a node is in a tree whose leaves before `index` are dropped: a leaf, or the
    /// last whole subtree of a size.
    fn pin(&self, mut level: u32, mut number: u64, index: u64, pinned: &mut BTreeMap<(u32, u64), Hash>) {
        let mut note = |level: u32, number: u64| {
            if let Some(hash) = self.node(level, number) {
                pinned.insert((level, number), hash);
            }
        };
        note(level, number);
        // Up to the first node that has leaves which aren't dropped; what it takes from there on is kept anyway.
        let is_dropped = |level: u32, number: u64| (u128::from(number) + 1) << level <= u128::from(index);
        while is_dropped(level, number) {
            let sibling = number ^ 1;
            if is_dropped(level, sibling) {
                note(level, sibling);
            }
            level += 1;
            number >>= 1;
        }
    }

    /// What is left of the dropped leaves.
    #[must_use]
    pub fn remains(&self) -> Remains {
        let frontier = self.frontier_at(self.dropped).unwrap_or_default();
        Remains {
            frontier,
            pinned: self.pinned.iter().map(|((level, number), hash)| (*level, *number, *hash)).collect(),
        }
    }

    /// Forgets all leaves from `size` on. Returns whether that could be done: what was dropped doesn't come back.
    pub fn truncate(&mut self, size: u64) -> bool {
        if size > self.size || size < self.dropped {
            return size == self.size;
        }
        for (level, kept) in self.levels.iter_mut().enumerate() {
            let left = usize::try_from((size >> level).saturating_sub(kept.first)).unwrap_or(usize::MAX);
            kept.nodes.truncate(left);
        }
        self.size = size;
        true
    }

    /// The memory that is held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let nodes: usize = self.levels.iter().map(|level| level.nodes.capacity()).sum();
        nodes * size_of::<Hash>() + self.pinned.len() * size_of::<((u32, u64), Hash)>()
    }
}
