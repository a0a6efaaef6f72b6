//! What is plotted, as numbers: curves over a span of ticks, their statistics, and tables of them.

use agent2028_core::metrics::{Bucket, Metrics};

use crate::format::csv_cell;

/// One metric over a span of ticks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Curve {
    /// The metric's name.
    pub name: String,
    /// Its values, oldest first, each over a stretch of ticks.
    pub buckets: Vec<Bucket>,
}

/// What a curve's visible part tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Statistics {
    pub last: f64,
    pub min: f64,
    pub mean: f64,
    pub max: f64,
    /// Standard deviation of the samples.
    pub deviation: f64,
}

impl Curve {
    /// A metric from tick `from` to `to` in at most about `most` stretches; empty if there is no such metric.
    pub fn of(metrics: &Metrics, name: &str, from: u64, to: u64, most: usize) -> Self {
        let buckets = metrics.series(name).map(|series| series.history(from, to, most)).unwrap_or_default();
        Self { name: name.to_owned(), buckets }
    }

    /// The value at a tick: of the stretch that holds it, or of the last one before it.
    pub fn at(&self, tick: u64) -> Option<f64> {
        let after = self.buckets.partition_point(|bucket| bucket.from <= tick);
        Some(self.buckets.get(after.checked_sub(1)?)?.mean())
    }

    /// Smallest and largest value, with a logarithmic axis of those above 0 only.
    pub fn extent(&self, logarithmic: bool) -> Option<(f64, f64)> {
        let mut extent: Option<(f64, f64)> = None;
        for bucket in &self.buckets {
            for value in [bucket.min, bucket.max, bucket.mean()] {
                if value.is_finite() && (!logarithmic || value > 0.0) {
                    extent = Some(extent.map_or((value, value), |(least, most)| (least.min(value), most.max(value))));
                }
            }
        }
        extent
    }

    /// What the curve's values are like.
    pub fn statistics(&self) -> Option<Statistics> {
        let last = self.buckets.last()?.mean();
        let all = self.buckets.iter().copied().reduce(|mut all, bucket| {
            all.absorb(&bucket);
            all
        })?;
        let (min, mean, max, deviation) = (all.min, all.mean(), all.max, all.deviation());
        Some(Statistics { last, min, mean, max, deviation })
    }
}

/// Curves as a table with a header, its cells apart by `separator`: a row per tick at which any of them has a value. Where
/// single samples are no longer kept, a row stands for a stretch of ticks and holds its mean.
pub(super) fn table(curves: &[Curve], tick_hz: f64, separator: char) -> String {
    let mut ticks: Vec<u64> = curves.iter().flat_map(|curve| curve.buckets.iter().map(|bucket| bucket.to)).collect();
    ticks.sort_unstable();
    ticks.dedup();
    let mut text = format!("tick{separator}time_s");
    for curve in curves {
        text.push(separator);
        if separator == ',' {
            text.push_str(&csv_cell(&curve.name));
        } else {
            text.push_str(&curve.name.replace([separator, '\n', '\r'], " "));
        }
    }
    text.push('\n');
    let mut next = vec![0; curves.len()];
    for tick in ticks {
        text.push_str(&format!("{tick}{separator}{}", tick as f64 / tick_hz));
        for (curve, next) in curves.iter().zip(&mut next) {
            text.push(separator);
            if let Some(bucket) = curve.buckets.get(*next).filter(|bucket| bucket.to == tick) {
                text.push_str(&bucket.mean().to_string());
                *next += 1;
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::metrics::MetricSpec;

    fn metrics(values: &[f64]) -> Metrics {
        let mut metrics = Metrics::default();
        let id = metrics.declare(MetricSpec::cheap("m", "", "a test"));
        for (tick, value) in values.iter().enumerate() {
            metrics.truncate(tick as u64 + 1);
            metrics.record(id, *value);
        }
        metrics.declare(MetricSpec::cheap("silent", "", "never told"));
        metrics
    }

    #[test]
    fn statistics_are_those_of_the_samples() {
        let metrics = metrics(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        let all = Curve::of(&metrics, "m", 0, 8, 100).statistics().unwrap();
        assert_eq!(all, Statistics { last: 9.0, min: 2.0, mean: 5.0, max: 9.0, deviation: 2.0 });
        let part = Curve::of(&metrics, "m", 2, 4, 100).statistics().unwrap();
        assert_eq!((part.last, part.mean, part.deviation), (4.0, 4.0, 0.0));
        assert_eq!(Curve::of(&metrics, "silent", 0, 8, 100).statistics(), None);
        assert_eq!(Curve::of(&metrics, "nothing", 0, 8, 100).statistics(), None);
    }

    #[test]
    fn the_spread_is_that_of_the_samples_however_coarse_the_curve_is() {
        // Large and close together, as a count of agents is.
        let values: Vec<f64> = (0..5000_u32).map(|tick| 1e6 + f64::from(tick % 2) * 4.0).collect();
        let metrics = metrics(&values);
        for most in [10_000, 600, 40, 3] {
            let curve = Curve::of(&metrics, "m", 0, 5000, most);
            let all = curve.statistics().unwrap();
            assert!((all.deviation - 2.0).abs() < 1e-3 && (all.mean - 1e6 - 2.0).abs() < 1e-3, "{most}: {all:?}");
        }
    }

    #[test]
    fn the_value_at_a_tick_is_the_last_one_told() {
        let metrics = metrics(&[1.0, 2.0, 3.0]);
        let curve = Curve::of(&metrics, "m", 0, 9, 100);
        assert_eq!([curve.at(0), curve.at(1), curve.at(3), curve.at(9)], [None, Some(1.0), Some(3.0), Some(3.0)]);
    }

    #[test]
    fn a_logarithmic_axis_leaves_out_what_has_no_logarithm() {
        let metrics = metrics(&[-1.0, 0.0, 0.1, 100.0]);
        let curve = Curve::of(&metrics, "m", 0, 4, 100);
        assert_eq!((curve.extent(false), curve.extent(true)), (Some((-1.0, 100.0)), Some((0.1, 100.0))));
    }

    #[test]
    fn a_table_has_a_row_per_tick_and_a_column_per_metric() {
        let metrics = metrics(&[0.5, 0.25]);
        let curves = ["m", "silent"].map(|name| Curve::of(&metrics, name, 0, 9, usize::MAX));
        assert_eq!(table(&curves, 2.0, ','), "tick,time_s,m,silent\n1,0.5,0.5,\n2,1,0.25,\n");
        assert_eq!(table(&[], 2.0, '\t'), "tick\ttime_s\n");
        let named = Curve { name: "m of a, \"b\"".into(), ..curves[0].clone() };
        assert!(table(&[named], 2.0, ',').starts_with("tick,time_s,\"m of a, \"\"b\"\"\"\n1,0.5,0.5\n"));
    }
}
