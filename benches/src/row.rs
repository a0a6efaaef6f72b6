//! What a row of the table is.

use serde::{Deserialize, Serialize};

use crate::measure::{Clock, Failure, Figures};

/// How thoroughly to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As the row says.
    Full,
    /// Once and small: only to see that everything runs.
    Smoke,
}

impl Effort {
    /// A number of agents or cells, cut down for a smoke test.
    pub fn at_most(self, full: usize, smoke: usize) -> usize {
        if self == Self::Full { full } else { full.min(smoke) }
    }

    /// How many pairs to measure.
    pub fn pairs(self, full: usize) -> usize {
        self.at_most(full, 1)
    }

    /// How long a measurement of a small thing should last, in seconds.
    pub fn seconds(self, full: f64) -> f64 {
        if self == Self::Full { full } else { 0.0 }
    }
}

/// What a row's figures count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds per one of these.
    SecondsPer(&'static str),
    /// Bytes per one of these.
    BytesPer(&'static str),
}

/// What a row must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Ours costs at most this many times as much as the baseline.
    CostTimes(f64),
    /// Ours does at least this many times as much as the baseline in the same time.
    SpeedTimes(f64),
    /// Ours costs at most this (seconds or bytes), whatever the baseline.
    Cost(f64),
}

impl Target {
    /// Whether the figures reach it, by this clock.
    pub fn is_met(self, figures: &Figures, clock: Clock) -> bool {
        match self {
            Self::CostTimes(most) => figures.ratio() <= most,
            Self::SpeedTimes(least) => 1.0 / figures.ratio() >= least,
            Self::Cost(most) => figures.ours.by(clock) <= most,
        }
    }
}

/// A row: what is measured against what, and what it must reach.
#[derive(Debug)]
pub struct Row {
    /// Its name in the table.
    pub name: &'static str,
    /// What is done.
    pub work: &'static str,
    /// What it is compared with.
    pub baseline: &'static str,
    /// What the figures count.
    pub unit: Unit,
    /// By which clock it is judged.
    pub clock: Clock,
    /// What it must reach.
    pub target: Target,
    /// Takes the measurements.
    pub measure: fn(Effort) -> Result<Figures, Failure>,
    /// Measures how the cost grows, if the row has a chart.
    pub curve: Option<fn(Effort) -> Result<Curve, Failure>>,
    /// Where the time goes if the target is missed, as profiles showed.
    pub why_missed: &'static str,
}

/// How a cost grows with a size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What is drawn.
    pub title: String,
    /// What grows.
    pub x: String,
    /// What it costs.
    pub y: String,
    /// A line each: name, then points (size, cost), sizes ascending.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

/// The slope of a line in a log–log chart by least squares: 1 means that the cost grows with the size.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let (mean_x, mean_y) =
        (logs.iter().map(|(x, _)| x).sum::<f64>() / count, logs.iter().map(|(_, y)| y).sum::<f64>() / count);
    let across: f64 = logs.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    let along: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    along / across
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Cost;

    #[test]
    fn the_slope_of_a_power_is_its_exponent() {
        let points: Vec<(f64, f64)> = [1e3, 1e4, 1e5, 1e6].iter().map(|x: &f64| (*x, 3.0 * x.powf(1.5))).collect();
        assert!((slope(&points) - 1.5).abs() < 1e-12);
    }

    #[test]
    fn targets_look_at_ratios_or_costs() {
        let cost = |wall| Cost { wall, user: wall };
        let figures = Figures { ours: cost(2.0), baseline: cost(8.0), ratios: vec![0.25], note: String::new() };
        assert!(Target::CostTimes(0.25).is_met(&figures, Clock::Wall));
        assert!(!Target::CostTimes(0.2).is_met(&figures, Clock::Wall));
        assert!(Target::SpeedTimes(4.0).is_met(&figures, Clock::User));
        assert!(!Target::SpeedTimes(4.1).is_met(&figures, Clock::User));
        assert!(Target::Cost(2.0).is_met(&figures, Clock::Wall));
        assert!(!Target::Cost(1.9).is_met(&figures, Clock::Wall));
    }
}
