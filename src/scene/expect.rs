//! Expectations: what must hold for a scene to pass, judged tick by tick while it runs.

use agent2028_core::check::{Check, Problems, Unit};
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::clock::SimClock;
use agent2028_core::metrics::Metrics;
use agent2028_core::{SimSchedule, TickEnd};
use agent2028_ledger::WriteDown;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// What must hold of a metric.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Expectation {
    /// The metric's name.
    pub metric: String,
    /// First and last tick that count; by default the whole run.
    #[reflect(@Unit("ticks"))]
    pub over: Option<(u64, u64)>,
    /// What is taken of the values in that time.
    pub statistic: Statistic,
    /// The smallest value that passes.
    pub at_least: Option<f64>,
    /// The largest value that passes.
    pub at_most: Option<f64>,
    /// Why this is expected, for whoever sees it fail.
    pub because: String,
}

impl Default for Expectation {
    fn default() -> Self {
        Self {
            metric: String::new(),
            over: None,
            statistic: Statistic::Mean,
            at_least: None,
            at_most: None,
            because: String::new(),
        }
    }
}

/// What is taken of a metric's values over some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Statistic {
    /// The mean.
    #[default]
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The first value.
    First,
    /// The last value.
    Last,
}

impl Statistic {
    fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Min => "minimum",
            Self::Max => "maximum",
            Self::First => "first value",
            Self::Last => "last value",
        }
    }
}

impl Expectation {
    /// What is wanted, in words: `mean over ticks 1200–1800 at least 0.99`.
    #[must_use]
    pub fn wanted(&self) -> String {
        let mut text = self.statistic.word().to_owned();
        if let Some((from, to)) = self.over {
            text += &format!(" over ticks {from}–{to}");
        }
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) => text += &format!(" between {least} and {most}"),
            (Some(least), None) => text += &format!(" at least {least}"),
            (None, Some(most)) => text += &format!(" at most {most}"),
            (None, None) => {}
        }
        text
    }

    /// The tick up to which a run has to go to tell, in a scene of this length.
    fn needs(&self, duration: u64) -> u64 {
        self.over.map_or(duration, |(_, to)| to)
    }

    fn covers(&self, tick: u64) -> bool {
        self.over.is_none_or(|(from, to)| (from..=to).contains(&tick))
    }
}

impl Check for Expectation {
    fn check(&self, at: &str, problems: &mut Problems) {
        if self.metric.is_empty() {
            problems.push(at, "the expectation names no metric", "for example metric: \"boids.order\"");
        }
        match (self.at_least, self.at_most) {
            (None, None) => problems.push(at, "nothing is expected of the metric", "add at_least or at_most"),
            (Some(least), Some(most)) if least > most => problems.push(
                format!("{at}.at_least"),
                format!("no number is at least {least} and at most {most}"),
                "at_least must not be larger than at_most",
            ),
            _ => {}
        }
        if self.over.is_some_and(|(from, to)| from > to) {
            problems.push(format!("{at}.over"), "the time ends before it begins", "write (first tick, last tick)");
        } else if self.over.is_some_and(|(_, to)| to == 0) {
            problems.push(format!("{at}.over"), "nothing is measured before tick 1", "write (first tick, last tick)");
        }
    }
}

/// What has been seen of an expectation's metric so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    first: f64,
    last: f64,
    last_tick: u64,
}

impl Seen {
    fn add(&mut self, tick: u64, value: f64) {
        if self.count == 0 {
            (self.min, self.max, self.first) = (value, value, value);
        }
        self.count += 1;
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.last = value;
        self.last_tick = tick;
    }

    fn take(&self, statistic: Statistic) -> Option<f64> {
        (self.count > 0).then(|| match statistic {
            Statistic::Mean => self.sum / self.count as f64,
            Statistic::Min => self.min,
            Statistic::Max => self.max,
            Statistic::First => self.first,
            Statistic::Last => self.last,
        })
    }
}

/// How an expectation turned out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The metric.
    pub metric: String,
    /// What was wanted.
    pub wanted: String,
    /// What came; nothing if the metric had no value in that time.
    pub got: Option<f64>,
    /// Whether that is good enough.
    pub met: bool,
    /// Whether the run went far enough to tell.
    pub judged: bool,
    /// Why it was expected.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
}

impl Verdict {
    /// Whether the run went far enough to tell, and it is not met.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.judged && !self.met
    }

    /// The verdict in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.judged, self.met) {
            (false, _) => "not judged",
            (true, true) => "met",
            (true, false) => "NOT MET",
        }
    }
}

/// The running scene's expectations and what has been seen of them.
#[derive(Resource, Clone, Debug, Default)]
pub struct Expectations {
    list: Vec<Expectation>,
    seen: Vec<Seen>,
    /// The length of the scene in ticks.
    duration: u64,
}

impl Expectations {
    /// Begins to watch a scene of this length in ticks.
    #[must_use]
    pub fn new(list: Vec<Expectation>, duration: u64) -> Self {
        let seen = vec![Seen::default(); list.len()];
        Self { list, seen, duration }
    }

    /// How the expectations stand after a tick. What a run is too short for is not judged.
    #[must_use]
    pub fn verdicts(&self, tick: u64) -> Vec<Verdict> {
        self.list
            .iter()
            .zip(&self.seen)
            .map(|(expectation, seen)| {
                let got = seen.take(expectation.statistic);
                let judged = tick >= expectation.needs(self.duration);
                let met = judged
                    && got.is_some_and(|got| {
                        expectation.at_least.is_none_or(|least| got >= least)
                            && expectation.at_most.is_none_or(|most| got <= most)
                    });
                Verdict {
                    metric: expectation.metric.clone(),
                    wanted: expectation.wanted(),
                    got,
                    met,
                    judged,
                    because: expectation.because.clone(),
                }
            })
            .collect()
    }
}

/// Watches the scene's expectations after each tick.
pub(crate) fn plugin(app: &mut App) {
    // After the tick is closed, when events are counted too.
    app.init_resource::<Expectations>().add_systems(SimSchedule, watch.after(TickEnd).before(WriteDown));
    // What has been seen is history, not state: it takes no part in the state hash.
    app.checkpoint_custom(
        "expectations",
        false,
        |world| {
            let seen: Vec<Seen> = world.resource::<Expectations>().seen.clone();
            let text = agent2028_core::ron_format::to_line(&seen).map_err(|error| error.to_string())?;
            Ok(text.into_bytes())
        },
        |world, bytes| {
            let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
            let seen: Vec<Seen> = agent2028_core::ron_format::from_str(text).map_err(|error| error.to_string())?;
            let mut expectations = world.resource_mut::<Expectations>();
            if seen.len() != expectations.list.len() {
                return Err("the number of expectations differs".into());
            }
            expectations.seen = seen;
            Ok(())
        },
    );
}

fn watch(clock: Res<SimClock>, metrics: Res<Metrics>, mut expectations: ResMut<Expectations>) {
    if expectations.list.is_empty() {
        return;
    }
    let tick = clock.tick();
    let Expectations { list, seen, .. } = &mut *expectations;
    for (expectation, seen) in list.iter().zip(seen) {
        if !expectation.covers(tick) {
            continue;
        }
        if let Some((at, value)) = metrics.series(&expectation.metric).and_then(|series| series.last())
            && at == tick
        {
            seen.add(tick, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statistic_is_what_it_says() {
        let mut seen = Seen::default();
        for (tick, value) in [3.0, 1.0, 4.0, 2.0].into_iter().enumerate() {
            seen.add(tick as u64, value);
        }
        let all = [Statistic::Mean, Statistic::Min, Statistic::Max, Statistic::First, Statistic::Last];
        assert_eq!(all.map(|statistic| seen.take(statistic).unwrap()), [2.5, 1.0, 4.0, 3.0, 2.0]);
    }

    #[test]
    fn a_metric_without_values_does_not_pass() {
        let expectation = Expectation { metric: "x".into(), at_least: Some(0.0), ..default() };
        assert!(Expectations::new(vec![expectation], 10).verdicts(10)[0].failed());
    }

    #[test]
    fn a_run_that_is_too_short_is_not_judged() {
        let expect = |over| Expectation { metric: "x".into(), at_least: Some(0.0), over, ..default() };
        let list = vec![expect(None), expect(Some((2, 5))), expect(Some((2, 20)))];
        let judged = |tick| {
            let verdicts = Expectations::new(list.clone(), 10).verdicts(tick);
            verdicts.iter().map(|verdict| verdict.judged).collect::<Vec<_>>()
        };
        assert_eq!(judged(4), [false, false, false]);
        assert_eq!(judged(5), [false, true, false]);
        assert_eq!(judged(10), [true, true, false]);
        assert_eq!(judged(20), [true, true, true]);
        assert_eq!(Expectations::new(list, 10).verdicts(4)[0].word(), "not judged");
    }

    #[test]
    fn what_could_never_be_measured_is_refused() {
        let told = |over| {
            let mut problems = Problems::default();
            let expectation = Expectation { metric: "x".into(), at_least: Some(0.0), over: Some(over), ..default() };
            expectation.check("expect[0]", &mut problems);
            problems.into_list().into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        assert_eq!(told((0, 0)), ["nothing is measured before tick 1"]);
        assert_eq!(told((5, 2)), ["the time ends before it begins"]);
        assert_eq!(told((0, 1)), Vec::<String>::new());
    }

    #[test]
    fn wishes_read_well() {
        let expectation = Expectation { over: Some((10, 20)), at_least: Some(0.5), ..default() };
        assert_eq!(expectation.wanted(), "mean over ticks 10–20 at least 0.5");
    }
}
