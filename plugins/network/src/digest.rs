//! Digests of sets of entries: a Merkle tree of two levels, so that two replicas find out with 8 bytes whether they are equal,
//! and with some more where they differ.
//!
//! A branch is the sum of the hashes of its entries, so that one entry changes it in one step whatever the others are. That
//! finds differences that chance makes; it doesn't withstand somebody who seeks collisions.

use serde::{Deserialize, Serialize};

use crate::crdt::Entry;

/// How many branches a digest has.
pub const BRANCHES: usize = 64;

/// The digest of a set of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    branches: Vec<u64>,
}

impl Default for Digest {
    fn default() -> Self {
        Self { branches: vec![0; BRANCHES] }
    }
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014).
const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn chain(words: &[u64]) -> u64 {
    words.iter().fold(0x9e37_79b9_7f4a_7c15, |hash, word| mix(hash ^ mix(word.wrapping_add(0x632b_e59b_d9b4_e019))))
}

/// The branch that an entry belongs to: the same for all its forms.
#[must_use]
pub fn branch_of(entry: &Entry) -> usize {
    let key = match *entry {
        Entry::Count { agent, .. } => [0, u64::from(agent), 0, 0],
        Entry::Tag { thing, agent, number, .. } => [1, u64::from(thing), u64::from(agent), number],
        Entry::Write { thing, .. } => [2, u64::from(thing), 0, 0],
    };
    (chain(&key) % BRANCHES as u64) as usize
}

fn hash(entry: &Entry) -> u64 {
    match *entry {
        Entry::Count { agent, up, down } => chain(&[0, u64::from(agent), up, down]),
        Entry::Tag { thing, agent, number, removed } => {
            chain(&[1, u64::from(thing), u64::from(agent), number, u64::from(removed)])
        }
        Entry::Write { thing, time, agent, value } => {
            let value = value.map_or([0, 0], |value| [1, value]);
            chain(&[2, u64::from(thing), time.physical as u64, time.logical, u64::from(agent), value[0], value[1]])
        }
    }
}

impl Digest {
    /// The digest of these entries, each of which is there once.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let mut digest = Self::default();
        entries.iter().for_each(|entry| digest.change(None, Some(entry)));
        digest
    }

    /// An entry comes, goes or changes.
    pub fn change(&mut self, before: Option<&Entry>, after: Option<&Entry>) {
        if let Some(entry) = before {
            let branch = &mut self.branches[branch_of(entry)];
            *branch = branch.wrapping_sub(hash(entry));
        }
        if let Some(entry) = after {
            let branch = &mut self.branches[branch_of(entry)];
            *branch = branch.wrapping_add(hash(entry));
        }
    }

    /// The root: equal sets have equal ones.
    #[must_use]
    pub fn root(&self) -> u64 {
        chain(&self.branches)
    }

    /// The branches.
    #[must_use]
    pub fn branches(&self) -> &[u64] {
        &self.branches
    }

    /// The branches that differ from these, as bits.
    #[must_use]
    pub fn differing(&self, others: impl IntoIterator<Item = u64>) -> u64 {
        let pairs = self.branches.iter().zip(others).enumerate();
        pairs.filter(|(_, (mine, theirs))| *mine != theirs).fold(0, |bits, (at, _)| bits | 1 << at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn a_digest_follows_its_entries_and_finds_what_differs(
            counts in prop::collection::btree_map(0_u32..500, 1_u64..9, 0..60),
            changed in 0_u32..500,
        ) {
            let entry = |(agent, up): (&u32, &u64)| Entry::Count { agent: *agent, up: *up, down: 0 };
            let entries: Vec<Entry> = counts.iter().map(entry).collect();
            let digest = Digest::of(&entries);
            let mut reversed = entries.clone();
            reversed.reverse();
            prop_assert_eq!(digest.root(), Digest::of(&reversed).root());
            let after = Entry::Count { agent: changed, up: 9, down: 0 };
            let mut other = digest.clone();
            other.change(counts.get(&changed).map(|up| entry((&changed, up))).as_ref(), Some(&after));
            prop_assert_ne!(digest.root(), other.root());
            prop_assert_eq!(digest.differing(other.branches().iter().copied()), 1 << branch_of(&after));
            let mut all = counts.clone();
            all.insert(changed, 9);
            prop_assert_eq!(other, Digest::of(&all.iter().map(entry).collect::<Vec<_>>()));
        }
    }
}
