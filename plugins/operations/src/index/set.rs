//! A set of slots from which the n-th, or the next after some slot, is found without a scan.

/// How many slots a word holds.
const BITS: usize = 64;
/// How many words, or counts of a level, one count of the level above stands for: one cache line of counts, two of words.
const FAN: usize = 16;

/// A set of slots as bits with counts above: choosing the n-th member takes time logarithmic (to the base 16) in the number of
/// slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotSet {
    words: Vec<u64>,
    /// Members per 16 words, then per 16 of these, and so on up to a level of at most 16.
    counts: Vec<Vec<u32>>,
    len: usize,
    members: usize,
}

impl SlotSet {
    /// An empty set of `len` slots.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let words = vec![0; len.div_ceil(BITS)];
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
        self.words.get(slot / BITS).is_some_and(|word| word >> (slot % BITS) & 1 != 0)
    }

    /// Makes a slot a member or not; slots that don't exist are passed over.
    #[inline]
    pub fn set(&mut self, slot: usize, member: bool) {
        if slot >= self.len || self.contains(slot) == member {
            return;
        }
        self.words[slot / BITS] ^= 1 << (slot % BITS);
        let mut at = slot / BITS;
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
        // Among the children of each node, the one that holds the member number `left`.
        for level in self.counts.iter().rev() {
            let from = at * FAN;
            let held = level[from..(from + FAN).min(level.len())].iter().position(|held| {
                let is_there = left < *held;
                left -= if is_there { 0 } else { *held };
                is_there
            });
            at = from + held?;
        }
        let from = at * FAN;
        let (word, bit) = select(&self.words[from..(from + FAN).min(self.words.len())], left)?;
        Some((from + word) * BITS + bit as usize)
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
        let mut word = slot / BITS;
        let bits = self.words.get(word)? & (u64::MAX << (slot % BITS));
        if bits != 0 {
            return Some(word * BITS + bits.trailing_zeros() as usize);
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
                return Some(word * BITS + self.words[word].trailing_zeros() as usize);
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

/// The word and the bit of the member number `left` (from 0) of a few words, if it is there.
#[inline]
fn select(words: &[u64], left: u32) -> Option<(usize, u32)> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor has the instruction.
        #[expect(unsafe_code, reason = "an instruction that not every x86 processor has")]
        return unsafe { select_by_processor(words, left) };
    }
    select_among(words, left)
}

/// As [`select_among`], with the processor's own instruction for counting bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn select_by_processor(words: &[u64], left: u32) -> Option<(usize, u32)> {
    select_among(words, left)
}

#[inline(always)]
fn select_among(words: &[u64], mut left: u32) -> Option<(usize, u32)> {
    for (at, word) in words.iter().enumerate() {
        let held = word.count_ones();
        if left >= held {
            left -= held;
            continue;
        }
        // By halves: is it in the lower one?
        let (mut bit, mut rest) = (0, *word);
        for half in [32, 16, 8, 4, 2, 1] {
            let below = (rest & ((1 << half) - 1)).count_ones();
            if left >= below {
                left -= below;
                rest >>= half;
                bit += half;
            }
        }
        return Some((at, bit));
    }
    None
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
            for left in [0, 1, 17, 63, 64, 200] {
                prop_assert_eq!(select(&set.words, left), select_among(&set.words, left));
            }
            let from = asked.index(len + 70);
            let next = plain.range(from..).next().or_else(|| plain.first()).copied();
            prop_assert_eq!(set.next(from), next);
        }
    }
}
