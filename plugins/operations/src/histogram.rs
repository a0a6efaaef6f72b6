//! Latencies in bounded memory: a histogram whose buckets are as wide as a share of what they hold.

use serde::{Deserialize, Serialize};

/// Buckets per power of two: a bucket is at most 1/32 of its values wide.
const PER_OCTAVE: u64 = 32;
/// The largest value is 2³⁶ µs, 19 hours.
const BUCKETS: usize = 32 * 33;

/// A histogram of whole numbers of microseconds with a relative error of at most 1.6 % (in the manner of HdrHistogram, Gil
/// Tene).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Empty until something is recorded.
    counts: Vec<u32>,
    total: u64,
}

/// The bucket of a value.
fn bucket(value: u64) -> usize {
    if value < PER_OCTAVE {
        return value as usize;
    }
    let octave = u64::from(63 - value.leading_zeros()) - 5;
    (((octave + 1) * PER_OCTAVE + (value >> octave) - PER_OCTAVE) as usize).min(BUCKETS - 1)
}

/// Where a bucket begins.
fn start(bucket: usize) -> u64 {
    let (octave, within) = (bucket as u64 / PER_OCTAVE, bucket as u64 % PER_OCTAVE);
    if octave == 0 { within } else { (within + PER_OCTAVE) << (octave - 1) }
}

impl Histogram {
    /// Counts a value in microseconds.
    pub fn record(&mut self, value: u64) {
        if self.counts.is_empty() {
            self.counts.resize(BUCKETS, 0);
        }
        self.counts[bucket(value)] += 1;
        self.total += 1;
    }

    /// How many values it holds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Takes in another one.
    pub fn add(&mut self, other: &Self) {
        if !other.counts.is_empty() {
            self.counts.resize(BUCKETS, 0);
            self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
            self.total += other.total;
        }
    }

    /// Takes out what was taken in.
    pub fn subtract(&mut self, other: &Self) {
        if !other.counts.is_empty() {
            self.counts.resize(BUCKETS, 0);
            self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine = mine.saturating_sub(*theirs));
            self.total = self.total.saturating_sub(other.total);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// The value, in microseconds, that a share (0–1) of all values do not exceed; nothing if there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let wanted = (share.clamp(0.0, 1.0) * self.total as f64).max(1.0);
        let mut before = 0_u64;
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let after = before + u64::from(*count);
            if after as f64 >= wanted {
                let (low, high) = (start(at) as f64, start(at + 1) as f64);
                return Some(low + (high - low) * (wanted - before as f64) / f64::from(*count));
            }
            before = after;
        }
        None
    }

    /// The buckets that hold something: from, to (microseconds) and how many.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u32)> + '_ {
        let held = |(_, count): &(usize, &u32)| **count > 0;
        self.counts.iter().enumerate().filter(held).map(|(at, count)| (start(at), start(at + 1), *count))
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.counts.capacity() * 4
    }

    pub(crate) fn check(&self) -> bool {
        self.counts.is_empty() || self.counts.len() == BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_follow_each_other_without_gap() {
        for at in 0..BUCKETS - 1 {
            assert!(start(at) < start(at + 1));
            assert_eq!((bucket(start(at)), bucket(start(at + 1) - 1)), (at, at));
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_of_even_values_are_where_they_belong() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        (1..=100_000).for_each(|value| histogram.record(value));
        for share in [0.5, 0.95, 0.99] {
            let error = histogram.quantile(share).unwrap() / (share * 1e5) - 1.0;
            assert!(error.abs() < 0.016, "{share}: {error}");
        }
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn what_was_added_can_be_taken_out(first in prop::collection::vec(0_u64..1 << 40, 0..50), second in prop::collection::vec(0_u64..1 << 40, 1..50)) {
            let fill = |values: &[u64]| {
                let mut histogram = Histogram::default();
                values.iter().for_each(|value| histogram.record(*value));
                histogram
            };
            let (one, two) = (fill(&first), fill(&second));
            let mut both = one.clone();
            both.add(&two);
            prop_assert_eq!(both.total(), one.total() + two.total());
            both.subtract(&one);
            prop_assert_eq!(both.quantile(0.5), two.quantile(0.5));
        }
    }
}
