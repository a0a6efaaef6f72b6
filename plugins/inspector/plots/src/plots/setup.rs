//! Which plots there are, and which part of time they show.

use serde::{Deserialize, Serialize};

use crate::scene::PlotPanel;

/// One plot: which metrics it shows, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlotSetup {
    /// What stands above it; the names of its metrics if empty.
    pub title: String,
    /// The metrics, in the order of their colours.
    pub metrics: Vec<String>,
    /// Whether values stand on a logarithmic axis.
    pub logarithmic: bool,
    /// Whether the scene asked for it.
    pub from_scene: bool,
}

impl PlotSetup {
    /// A plot of one metric.
    #[must_use]
    pub fn of(metric: &str) -> Self {
        Self { metrics: vec![metric.to_owned()], ..Self::default() }
    }

    /// What stands above it.
    #[must_use]
    pub fn heading(&self) -> String {
        if self.title.is_empty() { self.metrics.join(", ") } else { self.title.clone() }
    }

    /// Shows a metric too; nothing changes if it is shown already.
    pub fn add(&mut self, metric: &str) {
        if !self.metrics.iter().any(|known| known == metric) {
            self.metrics.push(metric.to_owned());
        }
    }
}

/// Which part of the run plots show. All of them show the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Span {
    /// From tick 0 until now.
    #[default]
    All,
    /// The last ticks until now.
    Last(f64),
    /// From one tick to another.
    Fixed(f64, f64),
}

/// The fewest ticks that are shown.
const LEAST_TICKS: f64 = 4.0;

impl Span {
    /// The first and last tick shown when `now` is the newest.
    #[must_use]
    pub fn ticks(self, now: u64) -> (f64, f64) {
        // A second or so at least: a first value alone would stand in a range that reaches below 0.
        let now = (now as f64).max(60.0);
        match self {
            Self::All => (0.0, now),
            Self::Last(ticks) => ((now - ticks).max(0.0), now.max(ticks)),
            Self::Fixed(from, to) => (from, to),
        }
    }

    /// The same moved by some ticks, as far as there is something to see.
    #[must_use]
    pub fn moved(self, by: f64, now: u64) -> Self {
        let (from, to) = self.ticks(now);
        let width = to - from;
        let from = (from + by).clamp(-width * 0.5, (now as f64).max(60.0) - width * 0.5);
        Self::Fixed(from, from + width)
    }

    /// The same by `factor` as wide (below 1: closer), with the tick `around` where it is.
    #[must_use]
    pub fn zoomed(self, factor: f64, around: f64, now: u64) -> Self {
        let (from, to) = self.ticks(now);
        let most = (now as f64).max(60.0) * 2.0;
        let factor = factor.clamp(LEAST_TICKS / (to - from).max(LEAST_TICKS), most / (to - from));
        match self {
            Self::Last(ticks) => Self::Last(ticks * factor),
            _ => Self::Fixed(around - (around - from) * factor, around + (to - around) * factor),
        }
    }

    /// Exactly from one tick to another, in any order.
    #[must_use]
    pub fn between(a: f64, b: f64) -> Self {
        let (from, to) = (a.min(b), a.max(b));
        Self::Fixed(from, to.max(from + LEAST_TICKS))
    }

    /// Whether new ticks come into sight by themselves.
    #[must_use]
    pub fn follows(self) -> bool {
        !matches!(self, Self::Fixed(..))
    }
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlotsState {
    /// The plots, in the order in which they stand. Those of the scene are not kept: it brings them again.
    #[serde(serialize_with = "without_the_scenes")]
    pub plots: Vec<PlotSetup>,
    /// Whether the horizontal axis counts ticks and not seconds.
    pub in_ticks: bool,
    /// Whether statistics of the visible span are shown.
    pub statistics: bool,
    /// Which part of the run is shown.
    #[serde(skip)]
    pub span: Span,
    /// The tick under the pointer, in whichever plot that is.
    #[serde(skip)]
    pub cursor: Option<f64>,
    /// What is searched in the list of metrics.
    #[serde(skip)]
    pub(super) search: String,
    /// Where a box is being drawn from, as a plot's number and a tick.
    #[serde(skip)]
    pub(super) box_from: Option<(usize, f64)>,
    #[serde(skip)]
    scene: Vec<PlotPanel>,
}

fn without_the_scenes<S: serde::Serializer>(plots: &[PlotSetup], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(plots.iter().filter(|plot| !plot.from_scene))
}

impl PlotsState {
    /// Takes over the plots that a scene asks for, in place of those of the scene before.
    pub fn follow_scene(&mut self, wanted: &[PlotPanel]) {
        if self.scene == wanted {
            return;
        }
        self.scene = wanted.to_vec();
        self.plots.retain(|plot| !plot.from_scene);
        let of_scene = wanted.iter().map(|plot| PlotSetup {
            title: plot.title.clone(),
            metrics: plot.metrics.clone(),
            logarithmic: false,
            from_scene: true,
        });
        self.plots.splice(0..0, of_scene);
        self.span = Span::All;
    }

    /// Plots a metric in a plot of its own, or no longer anywhere if it was plotted. Returns whether it is plotted now.
    pub fn toggle(&mut self, metric: &str) -> bool {
        if self.shows(metric) {
            for plot in &mut self.plots {
                plot.metrics.retain(|shown| shown != metric);
            }
            self.plots.retain(|plot| !plot.metrics.is_empty());
            return false;
        }
        self.plots.push(PlotSetup::of(metric));
        true
    }

    /// Whether a metric is plotted.
    #[must_use]
    pub fn shows(&self, metric: &str) -> bool {
        self.metrics().any(|shown| shown == metric)
    }

    /// All metrics that are plotted.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.plots.iter().flat_map(|plot| &plot.metrics).map(String::as_str)
    }

    /// Puts a plot where another one stands.
    pub(super) fn rearrange(&mut self, from: usize, to: usize) {
        if from < self.plots.len() && to < self.plots.len() {
            let plot = self.plots.remove(from);
            self.plots.insert(to, plot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picking_twice_is_picking_no_more() {
        let mut state = PlotsState::default();
        assert!(state.toggle("a") && state.toggle("b") && !state.toggle("a"));
        assert_eq!(state.metrics().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_scene_brings_its_plots_and_takes_them_away_again() {
        let plot = |title: &str| PlotPanel { title: title.into(), metrics: vec!["m".into()] };
        let mut state = PlotsState::default();
        state.toggle("own");
        state.follow_scene(&[plot("one"), plot("two")]);
        state.rearrange(2, 0);
        let titles = |state: &PlotsState| state.plots.iter().map(PlotSetup::heading).collect::<Vec<_>>();
        assert_eq!(titles(&state), ["own", "one", "two"]);
        state.follow_scene(&[plot("one"), plot("two")]);
        assert_eq!(titles(&state), ["own", "one", "two"], "nothing has changed");
        state.follow_scene(&[plot("three")]);
        assert_eq!(titles(&state), ["three", "own"]);
    }

    #[test]
    fn time_is_moved_and_zoomed_within_what_there_is() {
        assert_eq!(Span::All.ticks(600), (0.0, 600.0));
        assert_eq!(Span::Last(100.0).ticks(600), (500.0, 600.0));
        assert_eq!(Span::Fixed(100.0, 200.0).moved(50.0, 600), Span::Fixed(150.0, 250.0));
        assert_eq!(Span::Fixed(100.0, 200.0).moved(1e9, 600), Span::Fixed(550.0, 650.0));
        assert_eq!(Span::Fixed(100.0, 200.0).zoomed(0.5, 100.0, 600), Span::Fixed(100.0, 150.0));
        assert_eq!(Span::Last(100.0).zoomed(2.0, 0.0, 600), Span::Last(200.0));
        let Span::Fixed(from, to) = Span::Fixed(100.0, 200.0).zoomed(0.0, 150.0, 600) else { panic!("fixed") };
        assert_eq!(to - from, LEAST_TICKS);
        assert_eq!(Span::between(9.0, 3.0), Span::Fixed(3.0, 9.0));
    }
}
