//! A set of agents as one bit each.

use serde::{Deserialize, Serialize};

/// A set of small numbers as one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BitSet {
    words: Vec<u64>,
    count: u32,
}

impl BitSet {
    /// The set of these numbers.
    #[must_use]
    pub fn of(members: impl IntoIterator<Item = u32>) -> Self {
        let mut set = Self::default();
        for member in members {
            set.insert(member);
        }
        set
    }

    /// Whether the number is in the set.
    #[inline]
    #[must_use]
    pub fn contains(&self, member: u32) -> bool {
        self.words.get(member as usize / 64).is_some_and(|word| word >> (member % 64) & 1 == 1)
    }

    /// Adds a number; false if it was in the set.
    pub fn insert(&mut self, member: u32) -> bool {
        let at = member as usize / 64;
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        let bit = 1 << (member % 64);
        let new = self.words[at] & bit == 0;
        self.words[at] |= bit;
        self.count += u32::from(new);
        new
    }

    /// Adds all numbers of another set.
    pub fn insert_all(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, others) in self.words.iter_mut().zip(&other.words) {
            self.count += (*others & !*word).count_ones();
            *word |= others;
        }
    }

    /// How many numbers are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes all numbers out; the memory stays.
    pub fn clear(&mut self) {
        self.words.clear();
        self.count = 0;
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros();
                    left &= left - 1;
                    at as u32 * 64 + bit
                })
            })
        })
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.words.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_once() {
        let mut set = BitSet::of([3, 64, 200, 3]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 64, 200]);
        assert_eq!(set.len(), 3);
        assert!(!set.insert(64) && set.insert(0) && set.contains(0) && !set.contains(1) && !set.contains(100_000));
        let mut both = BitSet::of([1, 64]);
        both.insert_all(&set);
        assert_eq!((both.iter().collect::<Vec<_>>(), both.len()), (vec![0, 1, 3, 64, 200], 5));
        set.clear();
        assert!(set.is_empty() && set.iter().next().is_none());
    }
}
