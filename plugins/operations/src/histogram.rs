//! Latencies in bounded memory: a histogram whose buckets are as wide as a share of what they hold.

use serde::{Deserialize, Serialize};

/// The power of two of the buckets per power of two: a bucket is at most 1/512 of its values wide.
const FINENESS: u32 = 9;
/// Buckets per power of two.
const PER_OCTAVE: u64 = 1 << FINENESS;
/// The largest value is 2³⁶ µs, 19 hours.
const BUCKETS: usize = PER_OCTAVE as usize * (36 - FINENESS as usize + 1);

/// A histogram of whole numbers of microseconds (in the manner of HdrHistogram, Gil Tene). Quantiles are off by at most 0.2 %
/// and lie between the smallest and the largest value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Empty until something is recorded.
    #[serde(with = "sparse")]
    counts: Vec<u32>,
    total: u64,
    /// The smallest and the largest value; none at first.
    range: Option<(u64, u64)>,
}

/// Few of many buckets hold something: what is saved are these, each with how many empty ones stand before it.
mod sparse {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(counts: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        let mut next = 0;
        let held = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let list: Vec<(u32, u32)> = held
            .map(|(at, count)| {
                let gap = at - next;
                next = at + 1;
                (gap as u32, *count)
            })
            .collect();
        (!counts.is_empty(), list).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        let (begun, list) = <(bool, Vec<(u32, u32)>)>::deserialize(deserializer)?;
        let mut counts = vec![0; if begun { super::BUCKETS } else { 0 }];
        let mut next = 0_usize;
        for (gap, count) in list {
            let at = next + gap as usize;
            *counts.get_mut(at).ok_or_else(|| D::Error::custom("a latency beyond all others"))? = count;
            next = at + 1;
        }
        Ok(counts)
    }
}

/// The bucket of a value.
fn bucket(value: u64) -> usize {
    if value < PER_OCTAVE {
        return value as usize;
    }
    let octave = u64::from(63 - value.leading_zeros() - FINENESS);
    (((octave + 1) * PER_OCTAVE + (value >> octave) - PER_OCTAVE) as usize).min(BUCKETS - 1)
}

/// Where a bucket begins.
fn start(bucket: usize) -> u64 {
    let (octave, within) = (bucket as u64 / PER_OCTAVE, bucket as u64 % PER_OCTAVE);
    if octave == 0 { within } else { (within + PER_OCTAVE) << (octave - 1) }
}

/// The range of both.
fn both(one: Option<(u64, u64)>, other: Option<(u64, u64)>) -> Option<(u64, u64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

impl Histogram {
    /// Counts a value in microseconds.
    pub fn record(&mut self, value: u64) {
        if self.counts.is_empty() {
            self.counts.resize(BUCKETS, 0);
        }
        self.counts[bucket(value)] += 1;
        self.total += 1;
        self.range = both(self.range, Some((value, value)));
    }

    /// How many values it holds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The smallest and the largest value.
    #[must_use]
    pub fn range(&self) -> Option<(u64, u64)> {
        self.range
    }

    /// What it holds, in less memory: a bucket that holds nothing takes none.
    #[must_use]
    pub fn packed(&self) -> Packed {
        let held = self.held().map(|at| (at as u32, self.counts[at])).filter(|(_, count)| *count > 0);
        Packed { counts: held.collect(), total: self.total, range: self.range }
    }

    /// Takes in what another one held.
    pub fn add(&mut self, other: &Packed) {
        if !other.counts.is_empty() {
            self.counts.resize(BUCKETS, 0);
            other.counts.iter().for_each(|(at, count)| self.counts[*at as usize] += count);
            self.total += other.total;
            self.range = both(self.range, other.range);
        }
    }

    /// Takes out what was taken in; of what is left, `ranges` are the ranges.
    pub fn subtract<'a>(&mut self, other: &Packed, left: impl Iterator<Item = &'a Packed>) {
        if !other.counts.is_empty() {
            self.counts.resize(BUCKETS, 0);
            for (at, count) in &other.counts {
                self.counts[*at as usize] = self.counts[*at as usize].saturating_sub(*count);
            }
            self.total = self.total.saturating_sub(other.total);
            self.range = left.fold(None, |range, packed| both(range, packed.range));
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        let held = self.held();
        self.counts[held].fill(0);
        self.total = 0;
        self.range = None;
    }

    /// The buckets between which all that hold something lie, both included.
    fn held(&self) -> std::ops::Range<usize> {
        self.range.map_or(0..0, |(least, most)| bucket(least)..bucket(most) + 1)
    }

    /// The value, in microseconds, that a share (0–1) of all values do not exceed; nothing if there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        self.quantiles([share]).map(|[quantile]| quantile)
    }

    /// The values, in microseconds, that these shares (0–1, ascending) of all values do not exceed, in one walk; nothing if
    /// there is none.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, shares: [f64; N]) -> Option<[f64; N]> {
        let (least, most) = self.range?;
        let mut found = [most as f64; N];
        let (mut at, mut before) = (self.held().start, 0_u64);
        let mut after = u64::from(*self.counts.get(at)?);
        for (share, found) in shares.into_iter().zip(&mut found) {
            let wanted = (share.clamp(0.0, 1.0) * self.total as f64).max(1.0);
            while (after as f64) < wanted && at + 1 < self.held().end {
                at += 1;
                (before, after) = (after, after + u64::from(self.counts[at]));
            }
            // Values are whole numbers: those of a bucket end one before the next begins.
            let (low, high) = (start(at) as f64, (start(at + 1) - 1) as f64);
            let share = (wanted - before as f64) / (after - before).max(1) as f64;
            *found = (low + (high - low) * share).clamp(least as f64, most as f64);
        }
        Some(found)
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
        let is_between = |(at, count): (usize, &u32)| *count == 0 || self.held().contains(&at);
        (self.range.is_none() || self.counts.len() == BUCKETS) && self.counts.iter().enumerate().all(is_between)
    }
}

/// What a [`Histogram`] held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Buckets that hold something, ascending, and how many.
    counts: Vec<(u32, u32)>,
    total: u64,
    range: Option<(u64, u64)>,
}

impl Packed {
    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.counts.capacity() * 8
    }

    pub(crate) fn check(&self) -> bool {
        self.counts.iter().all(|(at, _)| (*at as usize) < BUCKETS)
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
            assert!(error.abs() <= 0.002, "{share}: {error}");
        }
    }

    /// The smallest value that at least this share of all values do not exceed.
    fn exactly(sorted: &[u64], share: f64) -> f64 {
        let rank = (share * sorted.len() as f64).max(1.0).ceil() as usize;
        sorted[rank - 1] as f64
    }

    #[test]
    fn quantiles_are_off_by_a_fifth_of_a_percent_and_never_beyond_the_largest() {
        let mut stream = agent2028_core::rng::SimRng::new(8).global(agent2028_core::rng::Purpose::new("histogram"), 0);
        let mut draw = |scale: f64, power: i32| {
            (0..3000).map(|_| (scale * (1.0 + 8.0 * f64::from(stream.exponential())).powi(power)) as u64).collect()
        };
        let mut cases: Vec<Vec<u64>> =
            vec![vec![20_000; 7], vec![1], vec![0, 0], vec![1_048_575, 1_048_576], vec![33; 4]];
        for (scale, power) in [(0.5, 1), (20_000.0, 1), (10.0, 4), (1e6, 2)] {
            cases.push(draw(scale, power));
        }
        for mut values in cases {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            values.sort_unstable();
            for step in 0..=1000 {
                let share = f64::from(step) / 1000.0;
                let (told, exact) = (histogram.quantile(share).unwrap(), exactly(&values, share));
                assert!((told - exact).abs() <= exact / 500.0, "{share}: {told} for {exact}");
                assert!((values[0] as f64..=values[values.len() - 1] as f64).contains(&told), "{share}: {told}");
            }
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
            let mut both = Histogram::default();
            both.add(&one.packed());
            both.add(&two.packed());
            prop_assert_eq!(both.total(), one.total() + two.total());
            both.subtract(&one.packed(), std::iter::once(&two.packed()));
            prop_assert_eq!(&both, &two);
            let saved = postcard::to_stdvec(&both).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Histogram>(&saved).unwrap(), both);
            prop_assert!(saved.len() < 16 + 12 * second.len());
        }
    }
}
