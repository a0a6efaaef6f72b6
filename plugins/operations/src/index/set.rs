//! A set of slots from which the n-th, or the next after some slot, is found without a scan.

/// How many slots a word holds.
const BITS: usize = 64;
/// How many children a node has: their numbers fill one cache line.
const FAN: usize = 16;
/// Beyond the last child of a node: more members stand before it than there ever are.
const BEYOND: i32 = i32::MAX;

/// A set of slots as bits. Above the words stands, level by level, how many members the children of the same node before each
/// one hold, so that the child that holds the n-th member is found by comparing one cache line at once, without a branch that
/// depends on what is found: choosing the n-th member takes time logarithmic (to the base 16) in the number of slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotSet {
    words: Vec<u64>,
    /// From the level of the words up to one of a single node.
    levels: Vec<Vec<[i32; FAN]>>,
    len: usize,
    members: usize,
}

impl SlotSet {
    /// An empty set of `len` slots.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let words = vec![0; len.div_ceil(BITS)];
        let mut levels: Vec<Vec<[i32; FAN]>> = Vec::new();
        let mut children = words.len();
        while children > 0 {
            let nodes = children.div_ceil(FAN);
            let mut level = vec![[0; FAN]; nodes];
            if let Some(last) = level.last_mut() {
                last[children - (nodes - 1) * FAN..].fill(BEYOND);
            }
            levels.push(level);
            children = if nodes > 1 { nodes } else { 0 };
        }
        Self { words, levels, len, members: 0 }
    }

    /// How many members there are.
    #[must_use]
    pub fn members(&self) -> usize {
        self.members
    }

    /// Whether a slot is a member.
    #[must_use]
    #[inline]
    pub fn contains(&self, slot: usize) -> bool {
        self.words.get(slot / BITS).is_some_and(|word| word >> (slot % BITS) & 1 != 0)
    }

    /// Makes a slot a member or not; slots that don't exist are passed over. Returns whether that changes anything.
    #[inline]
    pub fn set(&mut self, slot: usize, member: bool) -> bool {
        let changes = slot < self.len && self.contains(slot) != member;
        if changes {
            self.flip(slot, member);
        }
        changes
    }

    fn flip(&mut self, slot: usize, member: bool) {
        self.words[slot / BITS] ^= 1 << (slot % BITS);
        let change = if member { 1 } else { -1 };
        let mut at = slot / BITS;
        for level in &mut self.levels {
            for (child, before) in level[at / FAN].iter_mut().enumerate() {
                let there = child > at % FAN && *before != BEYOND;
                *before += if there { change } else { 0 };
            }
            at /= FAN;
        }
        self.members = if member { self.members + 1 } else { self.members - 1 };
    }

    /// The `nth` member in ascending order, from 0.
    #[must_use]
    #[inline]
    pub fn nth(&self, nth: usize) -> Option<usize> {
        if nth >= self.members {
            return None;
        }
        let mut left = nth as i32;
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let node = level.get(at)?;
            // The last child before which no more than so many stand.
            let child = node.iter().map(|before| i32::from(*before <= left)).sum::<i32>() as usize - 1;
            left -= node[child];
            at = at * FAN + child;
        }
        Some(at * BITS + select(*self.words.get(at)?, left as u32) as usize)
    }

    /// How many members stand before a slot.
    fn rank(&self, slot: usize) -> usize {
        let Some(word) = self.words.get(slot / BITS) else { return self.members };
        let mut rank = (word & !(u64::MAX << (slot % BITS))).count_ones();
        let mut at = slot / BITS;
        for level in &self.levels {
            rank += level[at / FAN][at % FAN] as u32;
            at /= FAN;
        }
        rank as usize
    }

    /// The first member at or after `slot`; after the last one, it goes on from the beginning.
    #[must_use]
    #[inline]
    pub fn next(&self, slot: usize) -> Option<usize> {
        let near = self.words.get(slot / BITS).map_or(0, |word| word & (u64::MAX << (slot % BITS)));
        if near != 0 {
            return Some(slot / BITS * BITS + near.trailing_zeros() as usize);
        }
        self.nth(self.rank(slot)).or_else(|| self.nth(0))
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.words.capacity() * 8 + self.levels.iter().map(|level| level.capacity() * FAN * 4).sum::<usize>()
    }
}

/// Of each byte: which of its bits is the n-th that is set.
const IN_BYTE: [[u8; 256]; 8] = {
    let mut table = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut found) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 != 0 {
                table[found][byte] = bit;
                found += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// The bit of the member number `nth` (from 0) of a word that holds more (Vigna 2008, "Broadword implementation of rank/select
/// queries"): on any processor without a branch.
#[inline]
fn select(word: u64, nth: u32) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let pairs = word - ((word >> 1) & 0x5555_5555_5555_5555);
    let nibbles = (pairs & 0x3333_3333_3333_3333) + ((pairs >> 2) & 0x3333_3333_3333_3333);
    let bytes = (nibbles + (nibbles >> 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    // How many are set in each byte and those below it; then in how many of them that is not enough.
    let sums = bytes.wrapping_mul(ONES);
    let short = (((u64::from(nth) * ONES) | TOPS) - sums) & TOPS;
    let shift = ((short >> 7).wrapping_mul(ONES) >> 56) as u32 * 8;
    let below = (sums << 8 >> shift) as u32 & 0xff;
    let byte = (word >> shift) as u8;
    shift + u32::from(IN_BYTE[(nth - below) as usize % 8][usize::from(byte)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn it_answers_like_a_list(
            len in prop_oneof![0_usize..200, 4000_usize..9000, Just(270_000_usize)],
            sets in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..60),
            asked in any::<prop::sample::Index>(),
        ) {
            let mut set = SlotSet::new(len);
            let mut plain = std::collections::BTreeSet::new();
            for (slot, member) in sets {
                if len == 0 {
                    set.set(slot.index(5), member);
                    continue;
                }
                let slot = slot.index(len);
                set.set(slot, member);
                if member { plain.insert(slot); } else { plain.remove(&slot); }
            }
            prop_assert_eq!(set.members(), plain.len());
            for (nth, slot) in plain.iter().enumerate() {
                prop_assert_eq!(set.nth(nth), Some(*slot));
            }
            prop_assert_eq!(set.nth(plain.len()), None);
            let from = asked.index(len + 70);
            let next = plain.range(from..).next().or_else(|| plain.first()).copied();
            prop_assert_eq!(set.next(from), next);
            prop_assert_eq!(set.rank(from), plain.range(..from).count());
        }

        #[test]
        fn the_nth_bit_of_a_word_is_that_of_a_walk(word in any::<u64>(), thin in any::<u64>()) {
            for word in [word, word & thin, u64::MAX, 1 << 63, 1] {
                for (nth, bit) in (0..64).filter(|bit| word >> bit & 1 != 0).enumerate() {
                    prop_assert_eq!(select(word, nth as u32), bit);
                }
            }
        }
    }
}
