//! The smallest of many ranks, kept up to date.

/// The rank of a slot that must not be chosen.
pub const NOT_THERE: u32 = u32::MAX;

/// How many children a node has: their ranks fill one cache line.
const FAN: usize = 16;

/// A number that orders like `value`, smallest first; what is not a number comes after all numbers.
#[must_use]
#[inline]
pub fn rank(value: f32) -> u32 {
    if value.is_nan() {
        return NOT_THERE - 1;
    }
    // Both zeros are the same number.
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// A tournament over ranks: the smallest wins, of several equal ones the lowest slot. Setting a rank and finding the winner
/// take time logarithmic (to the base 16) in the number of slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinTree {
    /// The ranks, then the smallest of each 16 of them, and so on up to a level of at most 16.
    levels: Vec<Vec<u32>>,
    len: usize,
}

impl MinTree {
    /// A tree of `len` slots, none of which can be chosen.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self::from_ranks(vec![NOT_THERE; len])
    }

    /// A tree of these ranks.
    #[must_use]
    pub fn from_ranks(ranks: Vec<u32>) -> Self {
        let len = ranks.len();
        let mut levels = vec![ranks];
        loop {
            let below = &mut levels.last_mut().expect("there is a first level");
            let padded = below.len().div_ceil(FAN).max(1) * FAN;
            below.resize(padded, NOT_THERE);
            if padded == FAN {
                return Self { levels, len };
            }
            let above = below.chunks_exact(FAN).map(smallest).collect();
            levels.push(above);
        }
    }

    /// How many slots there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rank of a slot.
    #[must_use]
    pub fn get(&self, slot: usize) -> u32 {
        if slot < self.len { self.levels[0][slot] } else { NOT_THERE }
    }

    /// Sets the rank of a slot; slots that don't exist are passed over.
    #[inline]
    pub fn set(&mut self, slot: usize, rank: u32) {
        if slot >= self.len || self.levels[0][slot] == rank {
            return;
        }
        self.levels[0][slot] = rank;
        let mut at = slot;
        for level in 1..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            at /= FAN;
            let least = smallest(&below[level - 1][at * FAN..(at + 1) * FAN]);
            if above[0][at] == least {
                return;
            }
            above[0][at] = least;
        }
    }

    /// The lowest slot with the smallest rank, if any can be chosen.
    #[must_use]
    #[inline]
    pub fn first(&self) -> Option<usize> {
        let top = self.levels.last()?;
        let least = smallest(top);
        if least == NOT_THERE {
            return None;
        }
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let children = &level[at * FAN..(at + 1) * FAN];
            at = at * FAN + children.iter().position(|rank| *rank == least)?;
        }
        Some(at)
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|level| level.capacity() * size_of::<u32>()).sum()
    }
}

#[inline]
fn smallest(ranks: &[u32]) -> u32 {
    ranks.iter().fold(NOT_THERE, |least, rank| least.min(*rank))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranks_order_like_their_numbers() {
        let numbers = [f32::NEG_INFINITY, -1e9, -1.0, -1e-20, 0.0, 1e-20, 0.5, 1.0, 1e9, f32::INFINITY, f32::NAN];
        assert!(numbers.windows(2).all(|pair| rank(pair[0]) < rank(pair[1])));
        assert_eq!(rank(-0.0), rank(0.0));
        assert!(rank(f32::NAN) < NOT_THERE);
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn the_winner_is_the_first_of_the_smallest(
            len in 0_usize..700,
            sets in prop::collection::vec((0_usize..700, prop_oneof![4 => 0_u32..20, 1 => Just(NOT_THERE)]), 0..300),
        ) {
            let mut tree = MinTree::new(len);
            let mut plain = vec![NOT_THERE; len];
            for (slot, rank) in sets {
                tree.set(slot, rank);
                if let Some(held) = plain.get_mut(slot) {
                    *held = rank;
                }
                let least = plain.iter().copied().min().filter(|least| *least != NOT_THERE);
                let first = least.and_then(|least| plain.iter().position(|rank| *rank == least));
                prop_assert_eq!(tree.first(), first);
            }
            prop_assert_eq!(tree, MinTree::from_ranks(plain));
        }
    }
}
