//! A queue out of which trust only falls: a radix heap (Ahuja, Mehlhorn, Orlin & Tarjan 1990).
//!
//! Dijkstra's algorithm never asks for more trust than it was given last. So what waits can lie in buckets by the first bit in
//! which it differs from that, of which only the nearest is ever sorted, where a binary heap jumps about in memory.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A step that may be taken: the one with the most trust first, then the one with the fewest steps, then the lowest node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Above 0, at most that of the candidate that was taken last.
    pub trust: f64,
    pub steps: u32,
    pub node: u32,
    pub before: u32,
}

impl Candidate {
    /// Rises as trust falls: the bits of positive numbers are ordered as these are.
    fn key(&self) -> u64 {
        !self.trust.to_bits()
    }
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.trust
            .total_cmp(&other.trust)
            .then(other.steps.cmp(&self.steps))
            .then(other.node.cmp(&self.node))
            .then(other.before.cmp(&self.before))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Candidates that wait.
#[derive(Clone, Debug)]
pub(super) struct FallingQueue {
    /// Those with the trust that was given last.
    now: BinaryHeap<Candidate>,
    /// The others, by the highest bit in which their key differs from that of `now`.
    later: [Vec<Candidate>; 64],
    last: u64,
}

impl Default for FallingQueue {
    fn default() -> Self {
        Self { now: BinaryHeap::new(), later: std::array::from_fn(|_| Vec::new()), last: 0 }
    }
}

impl FallingQueue {
    /// Empties it and begins anew with the most trusted of all.
    pub fn begin(&mut self, first: Candidate) {
        self.later.iter_mut().for_each(Vec::clear);
        self.now.clear();
        self.last = first.key();
        self.now.push(first);
    }

    /// Adds a candidate, of no more trust than the one that was given last.
    #[inline]
    pub fn push(&mut self, candidate: Candidate) {
        match (candidate.key() ^ self.last).checked_ilog2() {
            Some(bit) => self.later[bit as usize].push(candidate),
            None => self.now.push(candidate),
        }
    }

    /// Takes the best.
    pub fn pop(&mut self) -> Option<Candidate> {
        if let Some(best) = self.now.pop() {
            return Some(best);
        }
        let bit = self.later.iter().position(|bucket| !bucket.is_empty())?;
        let mut bucket = std::mem::take(&mut self.later[bit]);
        // One alone is the best of all; most buckets near the end are such.
        if let [only] = bucket[..] {
            self.last = only.key();
            bucket.clear();
            self.later[bit] = bucket;
            return Some(only);
        }
        self.last = bucket.iter().map(Candidate::key).min()?;
        bucket.drain(..).for_each(|candidate| self.push(candidate));
        self.later[bit] = bucket;
        self.now.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn it_gives_what_a_heap_gives(steps in prop::collection::vec((0_u32..40, 0_u32..3, 0_u32..6, 0.0_f64..1.0, any::<bool>()), 1..300)) {
            let first = Candidate { trust: 1.0, steps: 0, node: 0, before: 0 };
            let (mut queue, mut heap) = (FallingQueue::default(), BinaryHeap::from([first]));
            // What was left of an earlier search is gone.
            queue.begin(first);
            queue.push(Candidate { trust: 0.5, ..first });
            queue.begin(first);
            let mut last = 1.0;
            for (share, steps, node, fine, take) in steps {
                if take {
                    let best = heap.pop();
                    prop_assert_eq!(queue.pop(), best);
                    last = best.map_or(last, |best| best.trust);
                } else {
                    // Coarse shares make ties, fine ones near misses.
                    let trust = last * (f64::from(share) / 39.0).max(0.01) * if share % 2 == 0 { 1.0 } else { 1.0 - fine * 1e-9 };
                    let candidate = Candidate { trust, steps, node, before: node };
                    queue.push(candidate);
                    heap.push(candidate);
                }
            }
            while let Some(best) = heap.pop() {
                prop_assert_eq!(queue.pop(), Some(best));
            }
            prop_assert_eq!(queue.pop(), None);
        }
    }
}
