//! A set of slots from which the n-th, or the next after some slot, is found without a scan.

/// How many members of a level one member of the level above stands for.
const FAN: usize = 64;

/// A set of slots as bits with counts above: choosing the n-th member, or the next one, takes time logarithmic (to the base
/// 64) in the number of slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotSet {
    words: Vec<u64>,
    /// Members per 64 words, then per 64 of these, and so on up to a level of at most 64.
    counts: Vec<Vec<u32>>,
    len: usize,
    members: usize,
}

impl SlotSet {
    /// An empty set of `len` slots.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let words = vec![0; len.div_ceil(FAN)];
        let mut counts: Vec<Vec<u32>> = Vec::new();
        let mut below = words.len();
        while below > FAN {
            below = below.div_ceil(FAN);
            counts.push(vec![0; below]);
        }
        Self { words, counts, len, members: 0 }
    }

    /// How many members there are.
    #[must_use]
    pub fn members(&self) -> usize {
        self.members
    }

    /// Whether a slot is a member.
    #[must_use]
    pub fn contains(&self, slot: usize) -> bool {
        self.words.get(slot / FAN).is_some_and(|word| word >> (slot % FAN) & 1 != 0)
    }

    /// Makes a slot a member or not; slots that don't exist are passed over.
    #[inline]
    pub fn set(&mut self, slot: usize, member: bool) {
        if slot >= self.len || self.contains(slot) == member {
            return;
        }
        self.words[slot / FAN] ^= 1 << (slot % FAN);
        let mut at = slot / FAN;
        for level in &mut self.counts {
            at /= FAN;
            if member {
                level[at] += 1;
            } else {
                level[at] -= 1;
            }
        }
        if member {
            self.members += 1;
        } else {
            self.members -= 1;
        }
    }

    /// The `nth` member in ascending order, from 0.
    #[must_use]
    #[inline]
    pub fn nth(&self, nth: usize) -> Option<usize> {
        if nth >= self.members {
            return None;
        }
        let mut left = nth as u32;
        let mut at = 0;
        for level in self.counts.iter().rev() {
            at = self.descend(level.len(), at, &mut left, |child| level[child])?;
        }
        let word = self.descend(self.words.len(), at, &mut left, |child| self.words[child].count_ones())?;
        let mut bits = self.words[word];
        for _ in 0..left {
            bits &= bits - 1;
        }
        Some(word * FAN + bits.trailing_zeros() as usize)
    }

    /// Among the children of `at`, the one that holds the member number `left`, which is lowered by those before it.
    #[inline]
    fn descend(&self, len: usize, at: usize, left: &mut u32, count: impl Fn(usize) -> u32) -> Option<usize> {
        for child in at * FAN..((at + 1) * FAN).min(len) {
            let held = count(child);
            if *left < held {
                return Some(child);
            }
            *left -= held;
        }
        None
    }

    /// The first member at or after `slot`; after the last one, it goes on from the beginning.
    #[must_use]
    #[inline]
    pub fn next(&self, slot: usize) -> Option<usize> {
        if self.members == 0 {
            return None;
        }
        self.next_within(slot).or_else(|| self.next_within(0))
    }

    fn next_within(&self, slot: usize) -> Option<usize> {
        let mut word = slot / FAN;
        let bits = self.words.get(word)? & (u64::MAX << (slot % FAN));
        if bits != 0 {
            return Some(word * FAN + bits.trailing_zeros() as usize);
        }
        word += 1;
        // To the end of this block word by word, then whole blocks at once.
        while word < self.words.len() {
            if let Some(counts) = self.counts.first()
                && word.is_multiple_of(FAN)
            {
                let block = word / FAN;
                let next = (block..counts.len()).find(|block| counts[*block] != 0)?;
                word = word.max(next * FAN);
            }
            if self.words[word] != 0 {
                return Some(word * FAN + self.words[word].trailing_zeros() as usize);
            }
            word += 1;
        }
        None
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.words.capacity() * 8 + self.counts.iter().map(|level| level.capacity() * 4).sum::<usize>()
    }
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
        }
    }
}
