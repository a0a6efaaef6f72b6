//! The last values of a series, in chunks that copies share.

use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::Arc;

/// How many values a chunk holds.
const CHUNK: usize = 64;

/// A list that grows at its end and forgets at its front. A copy costs a few pointers, and only what either of the two adds
/// later takes memory: so every keyframe and every branch of a run can have its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ring<T> {
    chunks: VecDeque<Arc<Vec<T>>>,
    /// How many values at the beginning of the first chunk are forgotten.
    skipped: usize,
    /// How many chunks were forgotten.
    passed: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), skipped: 0, passed: 0 }
    }
}

impl<T: Copy> Ring<T> {
    /// Adds a value, and forgets the oldest if there are `most` already.
    pub(super) fn push(&mut self, value: T, most: usize) {
        if self.len() >= most.max(1) {
            self.skipped += 1;
            if self.skipped == CHUNK {
                self.chunks.pop_front();
                self.passed += 1;
                self.skipped = 0;
            }
        }
        match self.chunks.back_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(value),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(value);
                self.chunks.push_back(Arc::new(chunk));
            }
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        let last = self.chunks.back().map_or(0, |chunk| chunk.len());
        (self.chunks.len().saturating_sub(1) * CHUNK + last).saturating_sub(self.skipped)
    }

    /// How many values at the beginning, which are in order, fulfil a condition.
    pub(super) fn partition_point(&self, holds: impl Fn(T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(self.get(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The value at a place below [`Ring::len`], from the oldest.
    pub(super) fn get(&self, at: usize) -> T {
        let at = at + self.skipped;
        self.chunks[at / CHUNK][at % CHUNK]
    }

    /// The oldest value.
    pub(super) fn first(&self) -> Option<T> {
        (self.len() > 0).then(|| self.get(0))
    }

    /// The newest value.
    pub(super) fn last(&self) -> Option<T> {
        self.chunks.back().and_then(|chunk| chunk.last()).copied()
    }

    /// All values, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator + '_ {
        (0..self.len()).map(|at| self.get(at))
    }

    /// The memory of those chunks that `other` doesn't share, in bytes.
    pub(super) fn bytes_beyond(&self, other: Option<&Self>) -> usize {
        let shared = |number: usize, chunk: &Arc<Vec<T>>| {
            other.is_some_and(|other| {
                let at = number.checked_sub(other.passed);
                at.and_then(|at| other.chunks.get(at)).is_some_and(|theirs| Arc::ptr_eq(chunk, theirs))
            })
        };
        self.chunks
            .iter()
            .enumerate()
            .filter(|(at, chunk)| !shared(at + self.passed, chunk))
            .map(|(_, chunk)| chunk.capacity() * size_of::<T>())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_keeps_the_last_values_and_its_copies_stay_as_they_were() {
        let mut ring = Ring::default();
        let mut copies = Vec::new();
        for value in 0..1000_u32 {
            ring.push(value, 200);
            if value % 90 == 0 {
                copies.push((value, ring.clone()));
            }
            let expected: Vec<u32> = (value.saturating_sub(199)..=value).collect();
            assert_eq!(ring.iter().collect::<Vec<_>>(), expected);
            assert_eq!((ring.first(), ring.last()), (expected.first().copied(), Some(value)));
        }
        for (value, mut copy) in copies {
            assert_eq!(copy.iter().collect::<Vec<_>>(), (value.saturating_sub(199)..=value).collect::<Vec<_>>());
            // A copy that goes on the same way becomes the same.
            (value + 1..1000).for_each(|value| copy.push(value, 200));
            assert_eq!(copy, ring);
        }
    }

    #[test]
    fn what_is_shared_is_counted_once() {
        let mut ring = Ring::default();
        (0..640_u64).for_each(|value| ring.push(value, 512));
        let copy = ring.clone();
        assert_eq!(copy.bytes_beyond(Some(&ring)), 0);
        let whole = ring.bytes_beyond(None);
        assert_eq!(whole, 512 * 8);
        (0..64).for_each(|value| ring.push(value, 512));
        assert_eq!(ring.bytes_beyond(Some(&copy)), 64 * 8);
    }
}
