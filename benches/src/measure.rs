//! Taking times: wall clock and user CPU time, ours and the baseline's in turns, medians of the pairs.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// Why a row could not be measured here.
pub type Failure = String;

/// One measurement: the cost of some work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Wall-clock time in seconds.
    pub wall: f64,
    /// User CPU time of the whole process in seconds; not a number where the system doesn't tell.
    pub user: f64,
    /// How much work was done, in the row's own unit.
    pub work: f64,
}

impl Sample {
    fn add(&mut self, other: Self) {
        self.wall += other.wall;
        self.user += other.user;
        self.work += other.work;
    }

    /// All of them together.
    pub fn sum(parts: &[Self]) -> Self {
        let mut sum = Self::default();
        for part in parts {
            sum.add(*part);
        }
        sum
    }

    /// Cost per unit of work.
    fn cost(self) -> Cost {
        Cost { wall: self.wall / self.work, user: self.user / self.work }
    }
}

/// Seconds (or bytes, in rows that measure memory) per unit of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// By the wall clock; in rows of memory the figure itself.
    pub wall: f64,
    /// In user CPU time; not a number if unknown.
    #[serde(with = "maybe_nan")]
    pub user: f64,
}

/// JSON has no NaN: it is written as null.
mod maybe_nan {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

impl Cost {
    /// A figure that isn't a time.
    pub fn plain(value: f64) -> Self {
        Self { wall: value, user: f64::NAN }
    }

    /// The cost by a clock; by the wall clock where CPU time is unknown.
    pub fn by(self, clock: Clock) -> f64 {
        match clock {
            Clock::User if self.user.is_finite() && self.user > 0.0 => self.user,
            _ => self.wall,
        }
    }
}

/// By which clock a row is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The wall clock.
    Wall,
    /// User CPU time of all threads together.
    User,
}

/// User CPU time of this process so far, in seconds.
#[cfg(unix)]
fn user_seconds() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    getrusage(UsageWho::RUSAGE_SELF).map_or(f64::NAN, |usage| {
        let time = usage.user_time();
        time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6
    })
}

/// User CPU time of this process so far, in seconds.
#[cfg(not(unix))]
fn user_seconds() -> f64 {
    f64::NAN
}

/// Does some work and says what it cost.
#[expect(clippy::disallowed_methods, reason = "measuring takes a real clock")]
pub fn time<R>(work: f64, action: impl FnOnce() -> R) -> (Sample, R) {
    let (user, start) = (user_seconds(), Instant::now());
    let result = action();
    let wall = start.elapsed().as_secs_f64();
    (Sample { wall, user: user_seconds() - user, work }, result)
}

/// Adds up samples until they cover at least `seconds`: what takes a moment must be done many times.
pub fn fill(seconds: f64, mut once: impl FnMut() -> Result<Sample, Failure>) -> Result<Sample, Failure> {
    let mut sum = once()?;
    while sum.wall < seconds {
        sum.add(once()?);
    }
    Ok(sum)
}

/// What a row measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Median cost of ours.
    pub ours: Cost,
    /// Median cost of the baseline.
    pub baseline: Cost,
    /// Cost of ours over the baseline's in each pair, lowest first.
    pub ratios: Vec<f64>,
    /// What else is worth telling.
    pub note: String,
}

impl Figures {
    /// The median of the pairs' ratios.
    pub fn ratio(&self) -> f64 {
        median(&self.ratios)
    }

    /// The same with a note.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// Measures ours and the baseline in turns, `count` times after one turn that isn't counted.
pub fn pairs(
    count: usize,
    clock: Clock,
    mut ours: impl FnMut() -> Result<Sample, Failure>,
    mut baseline: impl FnMut() -> Result<Sample, Failure>,
) -> Result<Figures, Failure> {
    ours()?;
    baseline()?;
    let mut costs = (Vec::new(), Vec::new());
    for _ in 0..count.max(1) {
        costs.0.push(ours()?.cost());
        costs.1.push(baseline()?.cost());
    }
    let mut ratios: Vec<f64> = costs.0.iter().zip(&costs.1).map(|(a, b)| a.by(clock) / b.by(clock)).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = |costs: &[Cost]| Cost {
        wall: median(&costs.iter().map(|cost| cost.wall).collect::<Vec<_>>()),
        user: median(&costs.iter().map(|cost| cost.user).collect::<Vec<_>>()),
    };
    Ok(Figures { ours: middle(&costs.0), baseline: middle(&costs.1), ratios, note: String::new() })
}

/// The middle value, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => (sorted[even / 2 - 1] + sorted[even / 2]) * 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn pairs_are_taken_in_turns_after_a_warm_up_and_compared_per_unit_of_work() {
        let turns = std::cell::RefCell::new(String::new());
        let sample = |name: char, wall: f64, work: f64| {
            turns.borrow_mut().push(name);
            Ok(Sample { wall, user: wall, work })
        };
        let figures = pairs(3, Clock::Wall, || sample('a', 2.0, 1.0), || sample('b', 2.0, 4.0)).unwrap();
        assert_eq!(*turns.borrow(), "abababab");
        assert_eq!(figures.ratios, [4.0; 3]);
        assert_eq!((figures.ours.wall, figures.baseline.wall), (2.0, 0.5));
    }

    #[test]
    fn filling_goes_on_until_the_time_is_covered() {
        let sum = fill(1.0, || Ok(Sample { wall: 0.3, user: 0.2, work: 10.0 })).unwrap();
        assert_eq!(sum.work, 40.0);
    }

    #[test]
    fn work_takes_time() {
        let (sample, sum) = time(1.0, || (0..3_000_000_u64).map(std::hint::black_box).sum::<u64>());
        assert!(sum > 0 && sample.wall > 0.0);
    }
}
