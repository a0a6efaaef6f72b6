//! Named series of numbers, told every tick, kept in bounded memory.

mod ring;

use std::collections::BTreeMap;

use bevy::prelude::*;

use self::ring::Ring;
use crate::clash::Clash;
use crate::clock::SimClock;

/// How much work a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Recorded every tick.
    Cheap,
    /// Recorded only while somebody wants it, and then every `every` ticks.
    Expensive {
        /// Ticks between two samples (≥ 1).
        every: u32,
    },
}

/// What a metric is.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSpec {
    /// Dotted name, such as `boids.order`.
    pub name: String,
    /// Unit, empty for pure numbers.
    pub unit: &'static str,
    /// What it tells, in a sentence.
    pub help: &'static str,
    /// How much work it is.
    pub cost: Cost,
}

impl MetricSpec {
    /// A metric that costs next to nothing.
    #[must_use]
    pub fn cheap(name: impl Into<String>, unit: &'static str, help: &'static str) -> Self {
        Self { name: name.into(), unit, help, cost: Cost::Cheap }
    }

    /// A metric that is worked out only while wanted, every `every` ticks.
    #[must_use]
    pub fn expensive(name: impl Into<String>, unit: &'static str, help: &'static str, every: u32) -> Self {
        Self { name: name.into(), unit, help, cost: Cost::Expensive { every: every.max(1) } }
    }
}

/// A metric's number in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId(u32);

/// How many samples each resolution of a series keeps.
const KEPT: usize = 2048;
/// How many buckets of one resolution make one of the next.
const FOLD: u32 = 4;
/// How many resolutions there are below single samples: 4⁸ · 2048 samples, 620 hours at 60 Hz.
const LEVELS: usize = 8;

/// A stretch of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Tick of the first sample.
    pub from: u64,
    /// Tick of the last sample.
    pub to: u64,
    /// Smallest sample.
    pub min: f64,
    /// Largest sample.
    pub max: f64,
    /// Sum of the samples.
    pub sum: f64,
    /// Number of samples.
    pub count: u64,
    /// Sum of the squared distances of the samples from their mean.
    pub spread: f64,
}

impl Bucket {
    fn of(tick: u64, value: f64) -> Self {
        Self { from: tick, to: tick, min: value, max: value, sum: value, count: 1, spread: 0.0 }
    }

    /// Takes in the samples that follow. The spread is put together as Chan, Golub and LeVeque do (1983): a sum of plain
    /// squares would lose all digits of values that are large and close to each other.
    pub fn absorb(&mut self, other: &Self) {
        let (own, others) = (self.count as f64, other.count as f64);
        let apart = other.mean() - self.mean();
        self.spread += other.spread + apart * apart * own * others / (own + others);
        self.to = other.to;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.count += other.count;
    }

    /// Mean of the samples.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Standard deviation of the samples (of all of them, not an estimate from a part).
    #[must_use]
    pub fn deviation(&self) -> f64 {
        (self.spread / self.count as f64).sqrt()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Level {
    kept: Ring<Bucket>,
    open: Option<(Bucket, u32)>,
}

/// A series: the last samples exactly, and older ones at coarser and coarser resolution. A copy costs little and shares its
/// memory with the original.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    samples: Ring<(u64, f64)>,
    levels: Vec<Level>,
}

impl Series {
    fn push(&mut self, tick: u64, value: f64) {
        self.samples.push((tick, value), KEPT);
        let mut bucket = Bucket::of(tick, value);
        for depth in 0..LEVELS {
            if self.levels.len() == depth {
                self.levels.push(Level::default());
            }
            let level = &mut self.levels[depth];
            let (open, folded) = match level.open.take() {
                Some((mut open, folded)) => {
                    open.absorb(&bucket);
                    (open, folded + 1)
                }
                None => (bucket, 1),
            };
            if folded < FOLD {
                level.open = Some((open, folded));
                return;
            }
            level.kept.push(open, KEPT);
            bucket = open;
        }
    }

    /// The last sample: tick and value.
    #[must_use]
    pub fn last(&self) -> Option<(u64, f64)> {
        self.samples.last()
    }

    /// The samples that are still kept one by one, oldest first.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = (u64, f64)> + ExactSizeIterator + '_ {
        self.samples.iter()
    }

    /// The value at a tick or, if there was none, the last one before it: exact as long as samples are kept one by one,
    /// further back the mean of the stretch that holds it.
    #[must_use]
    pub fn at(&self, tick: u64) -> Option<f64> {
        let known = self.samples.partition_point(|(at, _)| at <= tick);
        if let Some(last) = known.checked_sub(1) {
            return Some(self.samples.get(last).1);
        }
        self.levels.iter().find_map(|level| {
            let known = level.kept.partition_point(|bucket| bucket.from <= tick);
            known.checked_sub(1).map(|last| level.kept.get(last).mean())
        })
    }

    /// The whole history from tick `from` to `to` in the finest resolution that still covers it and needs at most
    /// `most` buckets (at least 1), oldest first.
    #[must_use]
    pub fn history(&self, from: u64, to: u64, most: usize) -> Vec<Bucket> {
        let within = |bucket: &Bucket| bucket.to >= from && bucket.from <= to;
        let exact: Vec<Bucket> =
            self.samples.iter().map(|(tick, value)| Bucket::of(tick, value)).filter(within).collect();
        let reaches = |first: Option<&Bucket>, depth: usize| {
            // A resolution covers the wish if nothing was dropped from it or its oldest bucket is old enough.
            let full = match depth {
                0 => self.samples.len() == KEPT,
                depth => self.levels[depth - 1].kept.len() == KEPT,
            };
            !full || first.is_some_and(|bucket| bucket.from <= from)
        };
        if exact.len() <= most.max(1) && reaches(self.samples.first().map(|(t, v)| Bucket::of(t, v)).as_ref(), 0) {
            return exact;
        }
        let mut best = exact;
        for (depth, level) in self.levels.iter().enumerate() {
            // The finer open buckets hold what this resolution hasn't folded yet; they end the curve.
            let mut buckets: Vec<Bucket> = level.kept.iter().filter(within).collect();
            let mut tail: Vec<Bucket> = self.levels[..=depth]
                .iter()
                .rev()
                .filter_map(|finer| finer.open.map(|(bucket, _)| bucket))
                .filter(within)
                .collect();
            buckets.append(&mut tail);
            if buckets.is_empty() {
                break;
            }
            let enough = buckets.len() <= most.max(1) && reaches(level.kept.first().as_ref(), depth + 1);
            best = buckets;
            if enough {
                break;
            }
        }
        best
    }
}

#[derive(Clone, Debug)]
struct Entry {
    spec: MetricSpec,
    series: Series,
    wanted: bool,
}

/// The one door out for numbers.
#[derive(Resource, Clone, Debug, Default)]
pub struct Metrics {
    entries: Vec<Entry>,
    by_name: BTreeMap<String, MetricId>,
    tick: u64,
    want_all: bool,
    rejected: u64,
    clashes: Vec<Clash>,
}

impl Metrics {
    /// Makes a metric known; declaring a name again returns the same number. What it tells was said by who came first; who
    /// says otherwise is a [clash](Self::clashes).
    pub fn declare(&mut self, spec: MetricSpec) -> MetricId {
        if let Some(id) = self.by_name.get(&spec.name) {
            let first = &self.entries[id.0 as usize].spec;
            if (first.unit, first.help) != (spec.unit, spec.help) {
                let said = |of: &MetricSpec| format!("{:?}", of.help);
                let clash = Clash::new("a metric", spec.name.as_str(), said(first), said(&spec));
                if !self.clashes.contains(&clash) {
                    self.clashes.push(clash);
                }
            }
            return *id;
        }
        let id = MetricId(self.entries.len() as u32);
        self.by_name.insert(spec.name.clone(), id);
        self.entries.push(Entry { spec, series: Series::default(), wanted: self.want_all });
        id
    }

    /// Names that two plugins give to different metrics.
    #[must_use]
    pub fn clashes(&self) -> &[Clash] {
        &self.clashes
    }

    /// Tells a value in this tick. A value that isn't finite is not kept but counted ([`Metrics::rejected`]).
    pub fn record(&mut self, id: MetricId, value: f64) {
        let tick = self.tick;
        if !value.is_finite() {
            self.rejected += 1;
        } else if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.series.push(tick, value);
        }
    }

    /// Puts the last sample back that a run had before it was stopped, of a metric that has none. A run that goes on has no series
    /// from before; but what was measured last stays what was measured last.
    pub fn recall(&mut self, name: &str, tick: u64, value: f64) {
        let Some(id) = self.find(name).filter(|_| value.is_finite()) else { return };
        let series = &mut self.entries[id.0 as usize].series;
        if series.last().is_none() {
            series.push(tick, value);
        }
    }

    /// Whether the metric should be recorded in this tick: cheap ones always, expensive ones if wanted and due.
    #[must_use]
    pub fn wanted(&self, id: MetricId) -> bool {
        self.entries.get(id.0 as usize).is_some_and(|entry| match entry.spec.cost {
            Cost::Cheap => true,
            Cost::Expensive { every } => entry.wanted && self.tick.is_multiple_of(u64::from(every)),
        })
    }

    /// Asks for a metric to be recorded from now on. Returns false if there is no such metric.
    pub fn want(&mut self, name: &str) -> bool {
        match self.by_name.get(name) {
            Some(id) => {
                self.entries[id.0 as usize].wanted = true;
                true
            }
            None => false,
        }
    }

    /// Whether somebody has asked for a metric to be recorded.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.find(name).is_some_and(|id| self.entries[id.0 as usize].wanted)
    }

    /// Whether a metric is recorded at all: because it costs next to nothing, or because somebody wants it.
    #[must_use]
    pub fn records(&self, name: &str) -> bool {
        self.find(name)
            .map(|id| &self.entries[id.0 as usize])
            .is_some_and(|entry| entry.wanted || entry.spec.cost == Cost::Cheap)
    }

    /// Asks for all metrics, also those still to be declared.
    pub fn want_all(&mut self) {
        self.want_all = true;
        for entry in &mut self.entries {
            entry.wanted = true;
        }
    }

    /// The number of a metric.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<MetricId> {
        self.by_name.get(name).copied()
    }

    /// What a metric is.
    #[must_use]
    pub fn spec(&self, name: &str) -> Option<&MetricSpec> {
        self.find(name).map(|id| &self.entries[id.0 as usize].spec)
    }

    /// The series of a metric.
    #[must_use]
    pub fn series(&self, name: &str) -> Option<&Series> {
        self.find(name).map(|id| &self.entries[id.0 as usize].series)
    }

    /// The last value of a metric.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.series(name)?.last().map(|(_, value)| value)
    }

    /// All metrics in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&MetricSpec, &Series)> {
        self.by_name.values().map(|id| {
            let entry = &self.entries[id.0 as usize];
            (&entry.spec, &entry.series)
        })
    }

    /// How many values were not finite and so not kept.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Forgets all samples after `tick`. What is older than the samples that are still kept one by one comes back only as
    /// coarse as it is kept; a [`Timeline`](crate::timeline::Timeline) brings all of it back.
    pub fn truncate(&mut self, tick: u64) {
        for entry in &mut self.entries {
            let samples: Vec<(u64, f64)> = entry.series.samples().filter(|(at, _)| *at <= tick).collect();
            let older: Vec<Bucket> = match entry.series.levels.last() {
                Some(_) => entry.series.history(0, tick, usize::MAX),
                None => Vec::new(),
            };
            if entry.series.last().is_some_and(|(at, _)| at > tick) {
                let mut rebuilt = Series::default();
                let first_exact = samples.first().map_or(u64::MAX, |(at, _)| *at);
                for bucket in older.iter().filter(|bucket| bucket.to < first_exact && bucket.to <= tick) {
                    rebuilt.push(bucket.to, bucket.mean());
                }
                for (at, value) in samples {
                    rebuilt.push(at, value);
                }
                entry.series = rebuilt;
            }
        }
        self.tick = tick;
    }

    /// Becomes what these metrics were at an earlier time of the run, or on another branch of it. What somebody wants by now
    /// stays wanted.
    pub(crate) fn put_back(&mut self, then: &Self) {
        for entry in &mut self.entries {
            let then = then.find(&entry.spec.name).map(|id| &then.entries[id.0 as usize]);
            entry.series = then.map(|then| then.series.clone()).unwrap_or_default();
            entry.wanted |= then.is_some_and(|then| then.wanted);
        }
        self.tick = then.tick;
        self.rejected = then.rejected;
    }

    /// The memory of the series that `other` doesn't share, in bytes.
    pub(crate) fn bytes_beyond(&self, other: Option<&Self>) -> usize {
        let beyond = |(index, entry): (usize, &Entry)| {
            let theirs = other.and_then(|other| other.entries.get(index)).map(|entry| &entry.series);
            let samples = entry.series.samples.bytes_beyond(theirs.map(|series| &series.samples));
            let levels = entry.series.levels.iter().enumerate().map(|(depth, level)| {
                level.kept.bytes_beyond(theirs.and_then(|series| series.levels.get(depth)).map(|level| &level.kept))
                    + size_of::<Level>()
            });
            samples + levels.sum::<usize>() + size_of::<Entry>()
        };
        self.entries.iter().enumerate().map(beyond).sum()
    }

    pub(crate) fn start_tick(&mut self, tick: u64) {
        self.tick = tick;
    }
}

/// The numbers that a simulation tells.
pub(crate) struct MetricsPlugin;

impl Plugin for MetricsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Metrics>();
    }
}

/// Values that are told from now on are of this tick.
pub(crate) fn start_tick(clock: Res<SimClock>, mut metrics: ResMut<Metrics>) {
    metrics.start_tick(clock.tick());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: u64) -> Metrics {
        let mut metrics = Metrics::default();
        let id = metrics.declare(MetricSpec::cheap("m", "", "a test"));
        for tick in 1..=count {
            metrics.start_tick(tick);
            metrics.record(id, tick as f64);
        }
        metrics
    }

    #[test]
    fn recent_samples_are_exact() {
        let metrics = filled(5000);
        let series = metrics.series("m").unwrap();
        assert_eq!(series.samples().len(), KEPT);
        assert_eq!(series.last(), Some((5000, 5000.0)));
        let recent = series.history(4900, 5000, 1000);
        assert_eq!(recent.len(), 101);
        assert!(recent.iter().all(|bucket| bucket.count == 1));
    }

    #[test]
    fn the_whole_history_is_kept_coarsely_and_loses_no_sample() {
        let count = 100_000;
        let metrics = filled(count);
        let history = metrics.series("m").unwrap().history(0, count, 2100);
        assert!(history.len() <= 2100);
        assert_eq!(history.iter().map(|bucket| bucket.count).sum::<u64>(), count);
        assert_eq!(history.first().unwrap().from, 1);
        assert_eq!(history.last().unwrap().to, count);
        assert!(history.windows(2).all(|pair| pair[0].to < pair[1].from));
        let sum: f64 = history.iter().map(|bucket| bucket.sum).sum();
        assert_eq!(sum, (count * (count + 1) / 2) as f64);
    }

    #[test]
    fn any_tick_has_the_value_that_held_then() {
        let metrics = filled(20_000);
        let series = metrics.series("m").unwrap();
        for tick in [20_000, 19_000, 18_000] {
            assert_eq!(series.at(tick), Some(tick as f64));
        }
        for tick in [15_000, 5000, 100, 1] {
            let error = (series.at(tick).unwrap() - tick as f64).abs();
            assert!(error <= 64.0, "{tick}: {error}");
        }
        assert_eq!(series.at(30_000), Some(20_000.0));
        assert_eq!(series.at(0), None);
    }

    #[test]
    fn expensive_metrics_are_due_only_when_wanted() {
        let mut metrics = Metrics::default();
        let id = metrics.declare(MetricSpec::expensive("e", "", "a test", 5));
        metrics.start_tick(10);
        assert!(!metrics.wanted(id));
        assert!(metrics.want("e"));
        assert!(metrics.wanted(id));
        metrics.start_tick(11);
        assert!(!metrics.wanted(id));
        assert!(!metrics.want("nothing"));
    }

    #[test]
    fn values_that_are_not_finite_are_counted_not_kept() {
        let mut metrics = filled(1);
        let id = metrics.find("m").unwrap();
        metrics.record(id, f64::NAN);
        assert_eq!((metrics.rejected(), metrics.value("m")), (1, Some(1.0)));
    }

    #[test]
    fn rewinding_forgets_the_future_only() {
        let mut metrics = filled(100);
        metrics.truncate(40);
        let series = metrics.series("m").unwrap();
        assert_eq!(series.last(), Some((40, 40.0)));
        assert_eq!(series.samples().len(), 40);
    }
}
