//! What many numbers have in common: bins, quartiles, how two of them go together.

use agent2028_core::quantity::QuantityKind;

/// The most bins that a histogram has.
pub(super) const MOST_BINS: usize = 200;

/// What a column of values is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub count: usize,
    pub min: f64,
    pub lower_quartile: f64,
    pub median: f64,
    pub upper_quartile: f64,
    pub max: f64,
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

impl Summary {
    /// Of finite values; `None` if there are none.
    pub fn of(values: &[f32]) -> Option<Self> {
        let mut sorted = values.to_vec();
        let count = sorted.len();
        let last = count.checked_sub(1)?;
        // Three selections take linear time; a sort would take several times as long for a million values.
        let mut rank = |place: usize, within: std::ops::Range<usize>| {
            let start = within.start;
            f64::from(*sorted[within].select_nth_unstable_by(place - start, f32::total_cmp).1)
        };
        let median = rank(last / 2, 0..count);
        let lower_quartile = rank(last / 4, 0..last / 2 + 1);
        let upper_quartile = rank(last - last / 4, last / 2..count);
        let (mut min, mut max, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
        for &value in values {
            let value = f64::from(value);
            (min, max, sum) = (min.min(value), max.max(value), sum + value);
        }
        let mean = sum / count as f64;
        let squares: f64 = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum();
        let deviation = (squares / count as f64).sqrt();
        Some(Self { count, min, lower_quartile, median, upper_quartile, max, mean, deviation })
    }

    /// How many bins show the shape best (Freedman and Diaconis 1981): their width is twice the distance between the
    /// quartiles over the cube root of the count. Where the quartiles coincide, as many as Sturges (1926) says.
    pub fn bins(&self) -> usize {
        let spread = self.upper_quartile - self.lower_quartile;
        let bins = if spread > 0.0 {
            (self.max - self.min) / (2.0 * spread / (self.count as f64).cbrt())
        } else {
            (self.count as f64).log2() + 1.0
        };
        (bins.ceil() as usize).clamp(1, MOST_BINS)
    }
}

/// Where bins begin and how wide they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bins {
    pub start: f64,
    pub width: f64,
    pub count: usize,
}

impl Bins {
    /// Bins for values of a kind: one per label, whole numbers in whole bins, directions all around; else as many as were
    /// asked for, or as are best.
    pub fn new(kind: &QuantityKind, summary: &Summary, wanted: Option<usize>) -> Self {
        let span = summary.max - summary.min;
        match kind {
            QuantityKind::Category(labels) => Self { start: -0.5, width: 1.0, count: labels.len().max(1) },
            QuantityKind::Angle => {
                let count = wanted.unwrap_or(36).clamp(1, MOST_BINS);
                Self { start: 0.0, width: 360.0 / count as f64, count }
            }
            QuantityKind::Integer => {
                let wanted = wanted.unwrap_or_else(|| summary.bins()).clamp(1, MOST_BINS);
                let width = ((span + 1.0) / wanted as f64).ceil().max(1.0);
                let count = ((span + 1.0) / width).ceil() as usize;
                Self { start: summary.min - 0.5, width, count: count.clamp(1, MOST_BINS) }
            }
            _ if span > 0.0 => {
                let count = wanted.unwrap_or_else(|| summary.bins()).clamp(1, MOST_BINS);
                Self { start: summary.min, width: span / count as f64, count }
            }
            _ => {
                // All values are equal: one bin around them.
                let width = if summary.min == 0.0 { 1.0 } else { summary.min.abs() * 0.1 };
                Self { start: summary.min - width / 2.0, width, count: 1 }
            }
        }
    }

    /// The bin of a value; values at the very end belong to the last one.
    pub fn of(&self, value: f64) -> usize {
        (((value - self.start) / self.width).max(0.0) as usize).min(self.count - 1)
    }

    /// From where to where a bin reaches.
    pub fn edges(&self, bin: usize) -> (f64, f64) {
        let start = self.start + bin as f64 * self.width;
        (start, start + self.width)
    }
}

/// How closely two columns go together in a straight line, −1 to 1 (Pearson's r); `None` if one of them doesn't vary.
pub(super) fn correlation(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let (mut count, mut x, mut y) = (0.0, 0.0, 0.0);
    for (a, b) in pairs.clone() {
        (count, x, y) = (count + 1.0, x + a, y + b);
    }
    let (x, y) = (x / count, y / count);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        (xx, yy, xy) = (xx + (a - x) * (a - x), yy + (b - y) * (b - y), xy + (a - x) * (b - y));
    }
    let spread = (xx * yy).sqrt();
    (spread > 0.0).then(|| (xy / spread).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_that_of_the_values() {
        let values: Vec<f32> = (1..=101).rev().map(|value| value as f32).collect();
        let summary = Summary::of(&values).unwrap();
        assert_eq!((summary.min, summary.lower_quartile, summary.median), (1.0, 26.0, 51.0));
        assert_eq!((summary.upper_quartile, summary.max, summary.mean), (76.0, 101.0, 51.0));
        assert!((summary.deviation - 29.154_759).abs() < 1e-5);
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[2.0]).map(|one| (one.median, one.deviation)), Some((2.0, 0.0)));
    }

    #[test]
    fn bins_are_as_wide_as_freedman_and_diaconis_say() {
        let values: Vec<f32> = (0..1000).map(|value| value as f32).collect();
        let summary = Summary::of(&values).unwrap();
        // The quartiles are 501 apart, so bins are 100.2 wide.
        assert_eq!(summary.bins(), 10);
        let same = Summary::of(&[5.0; 64]).unwrap();
        assert_eq!(same.bins(), 7, "Sturges where quartiles coincide");
    }

    #[test]
    fn every_value_falls_into_a_bin_of_its_kind() {
        let summary = Summary::of(&[0.0, 1.0, 2.0, 3.0]).unwrap();
        let bins = Bins::new(&QuantityKind::Continuous, &summary, Some(3));
        assert_eq!([0.0, 0.99, 1.0, 2.0, 3.0].map(|value| bins.of(value)), [0, 0, 1, 2, 2]);
        let whole = Bins::new(&QuantityKind::Integer, &summary, Some(100));
        assert_eq!((whole.count, whole.edges(1)), (4, (0.5, 1.5)));
        let labels = QuantityKind::Category(vec!["a".into(), "b".into()]);
        assert_eq!(Bins::new(&labels, &summary, None), Bins { start: -0.5, width: 1.0, count: 2 });
        assert_eq!(Bins::new(&QuantityKind::Angle, &summary, None).edges(35), (350.0, 360.0));
        let same = Summary::of(&[5.0, 5.0]).unwrap();
        assert_eq!(Bins::new(&QuantityKind::Continuous, &same, None).of(5.0), 0);
    }

    #[test]
    fn a_straight_line_correlates_fully() {
        let line = (0..10).map(|x| (f64::from(x), 3.0 - 2.0 * f64::from(x)));
        assert!((correlation(line).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(correlation((0..10).map(|x| (f64::from(x), 1.0))), None);
        assert_eq!(correlation(std::iter::empty()), None);
    }
}
