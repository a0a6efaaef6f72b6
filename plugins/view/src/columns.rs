//! Numbers of agents that colours and sizes tell: read as columns, on scales that don't flicker.

use agent2028_core::agent::AgentId;
use agent2028_core::quantity::{self, Quantity, QuantityKind};
use agent2028_core::simulation::Simulation;
use bevy::prelude::*;

use crate::pace::Pace;
use crate::settings::{ColorBy, SizeBy, ViewSettings};
use crate::tokens::ColorScale;

/// What kind of numbers a column holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ColumnKind {
    /// More and less.
    #[default]
    Ordered,
    /// Below and above a middle of 0.
    Signed,
    /// Directions in degrees.
    Angle,
    /// Numbers of kinds, with their names.
    Categories(Vec<String>),
}

/// A quantity of all agents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// The quantity's name.
    pub name: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// What kind of numbers it holds.
    pub kind: ColumnKind,
    /// The values by agent number; not a number where an agent has none.
    pub values: Vec<f32>,
    /// The values at both ends of the scale.
    pub range: (f32, f32),
}

impl Column {
    /// The value of an agent, if it has one.
    #[inline]
    #[must_use]
    pub fn value(&self, agent: AgentId) -> Option<f32> {
        self.values.get(agent.index()).copied().filter(|value| !value.is_nan())
    }

    /// Where a value lies on the scale, 0–1.
    #[inline]
    #[must_use]
    pub fn share(&self, value: f32) -> f32 {
        let (low, high) = self.range;
        if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// The scale of colours that suits its numbers.
    #[must_use]
    pub fn scale(&self) -> ColorScale {
        match self.kind {
            ColumnKind::Signed => ColorScale::Diverging,
            ColumnKind::Angle => ColorScale::Cyclic,
            ColumnKind::Ordered | ColumnKind::Categories(_) => ColorScale::Viridis,
        }
    }

    fn describe(&mut self, quantity: &Quantity) {
        let spec = quantity.spec();
        if self.name != spec.name {
            self.name.clone_from(&spec.name);
            self.unit.clone_from(&spec.unit);
        }
        self.kind = match &spec.kind {
            QuantityKind::Continuous | QuantityKind::Integer => ColumnKind::Ordered,
            QuantityKind::Signed => ColumnKind::Signed,
            QuantityKind::Angle => ColumnKind::Angle,
            QuantityKind::Category(labels) => ColumnKind::Categories(labels.clone()),
        };
    }

    fn fill(&mut self, read: &[(AgentId, f32)]) {
        self.values.clear();
        self.values.resize(read.last().map_or(0, |(agent, _)| agent.index() + 1), f32::NAN);
        for (agent, value) in read {
            self.values[agent.index()] = *value;
        }
    }

    /// Whether its scale has ends that can be chosen.
    #[must_use]
    pub fn has_range(&self) -> bool {
        matches!(self.kind, ColumnKind::Ordered | ColumnKind::Signed)
    }

    /// How many agents are of each kind, for categories.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        let ColumnKind::Categories(names) = &self.kind else {
            return Vec::new();
        };
        let mut counts = vec![0; names.len()];
        for value in &self.values {
            // What isn't a number saturates to 0, so it is left out before.
            if !value.is_nan()
                && let Some(count) = counts.get_mut(*value as usize)
            {
                *count += 1;
            }
        }
        counts
    }
}

/// The columns in use.
#[derive(Resource, Clone, Debug, Default)]
pub struct Columns {
    color: Followed,
    size: Followed,
}

impl Columns {
    /// What colours tell, if they tell a quantity.
    #[must_use]
    pub fn color(&self) -> Option<&Column> {
        self.color.column.as_ref()
    }

    /// What sizes tell, if they tell a quantity.
    #[must_use]
    pub fn size(&self) -> Option<&Column> {
        self.size.column.as_ref()
    }

    /// Reads what is asked for. `now` is real time in seconds; `exact` reads at every new tick, for pictures.
    pub fn follow(&mut self, simulation: &Simulation, settings: &ViewSettings, now: f64, exact: bool) {
        let color = if let ColorBy::Quantity(name) = &settings.color_by { Some(name.as_str()) } else { None };
        let size = if let SizeBy::Quantity(name) = &settings.size_by { Some(name.as_str()) } else { None };
        self.color.follow(simulation, color, settings.color_range, now, exact);
        self.size.follow(simulation, size, None, now, exact);
    }
}

#[derive(Clone, Debug, Default)]
struct Followed {
    column: Option<Column>,
    range: SmoothRange,
    wanted: Option<String>,
    /// The quantity, as found in the simulation of this generation and version.
    found: Option<((u64, usize), Option<Quantity>)>,
    read: Vec<(AgentId, f32)>,
    pace: Pace,
}

impl Followed {
    fn follow(
        &mut self,
        simulation: &Simulation,
        name: Option<&str>,
        fixed: Option<(f64, f64)>,
        now: f64,
        exact: bool,
    ) {
        if self.wanted.as_deref() != name {
            *self = Self { wanted: name.map(str::to_owned), ..Self::default() };
        }
        let Some(name) = name else { return };
        let key = (simulation.generation(), simulation.tick());
        let Self { column, range, found, read, pace, .. } = self;
        let done = pace.at_most_some(key, now, exact, || {
            let version = (key.0, quantity::version(simulation.world()));
            if found.as_ref().is_none_or(|(known, _)| *known != version) {
                *found = Some((version, quantity::find(simulation.world(), name)));
            }
            let Some((_, Some(quantity))) = found else {
                *column = None;
                return;
            };
            quantity.column(simulation.world(), read);
            let column = column.get_or_insert_default();
            column.describe(quantity);
            column.fill(read);
            let bounds = quantity.spec().range.map(|range| (range.min as f32, range.max as f32));
            range.follow(&column.values, &column.kind, bounds, now, exact);
        });
        if let Some(column) = column
            && (done || fixed.is_some())
        {
            column.range = match (&column.kind, fixed) {
                (ColumnKind::Categories(names), _) => (0.0, names.len().saturating_sub(1) as f32),
                (ColumnKind::Angle, _) => (0.0, 360.0),
                (_, Some((low, high))) => (low as f32, high as f32),
                (_, None) => range.get(),
            };
        }
    }
}

/// The ends of a scale: where nearly all values lie, following them slowly so that colours don't flicker.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct SmoothRange {
    ends: Option<(f32, f32)>,
    at: f64,
}

/// So much lies below and above the scale at most: outliers don't take all colours for themselves.
const OUTLIERS: f64 = 0.02;
/// The ends have gone two thirds of the way after this many seconds.
const SLOWNESS_S: f64 = 0.8;
/// So many values are looked at to find the ends.
const MOST_SAMPLES: usize = 8_192;

impl SmoothRange {
    fn get(&self) -> (f32, f32) {
        self.ends.unwrap_or((0.0, 1.0))
    }

    fn follow(&mut self, values: &[f32], kind: &ColumnKind, bounds: Option<(f32, f32)>, now: f64, exact: bool) {
        let Some(target) = spread(values, *kind == ColumnKind::Signed) else { return };
        // What can only lie in narrow bounds, such as health, is easier to read on a scale of its bounds.
        let narrow = |(low, high): &(f32, f32)| high - low <= 4.0 * (target.1 - target.0) && high > low;
        let target = bounds.filter(narrow).unwrap_or(target);
        let passed = (now - self.at).max(0.0);
        self.at = now;
        self.ends = Some(match self.ends {
            Some((low, high)) if !exact => {
                let share = 1.0 - bevy::math::ops::exp((-passed / SLOWNESS_S) as f32);
                (low + (target.0 - low) * share, high + (target.1 - high) * share)
            }
            _ => target,
        });
    }
}

/// Where all values but the outliers lie; around 0 if they are signed, from 0 on if they begin near it.
fn spread(values: &[f32], signed: bool) -> Option<(f32, f32)> {
    let every = values.len().div_ceil(MOST_SAMPLES).max(1);
    let mut sample: Vec<f32> = values.iter().copied().step_by(every).filter(|value| value.is_finite()).collect();
    if sample.is_empty() {
        return None;
    }
    sample.sort_unstable_by(f32::total_cmp);
    let last = sample.len() - 1;
    let at = |share: f64| sample[(share * last as f64).round() as usize];
    let (low, high) = (at(OUTLIERS), at(1.0 - OUTLIERS));
    if signed {
        let far = low.abs().max(high.abs());
        let far = if far > 0.0 { far } else { 1.0 };
        return Some((-far, far));
    }
    if high <= low {
        // All alike: the scale begins at 0, so that its number can be read.
        return Some(if low > 0.0 { (0.0, low) } else { (low, low + 1.0) });
    }
    Some(if low > 0.0 && low < 0.25 * high { (0.0, high) } else { (low, high) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_reaches_over_nearly_all_values_and_not_over_outliers() {
        let mut values: Vec<f32> = (0..1000).map(|at| 50.0 + at as f32 * 0.1).collect();
        values.extend([1e9, f32::NAN, f32::INFINITY]);
        let (low, high) = spread(&values, false).unwrap();
        assert!((51.0..54.0).contains(&low) && (146.0..150.0).contains(&high), "{low} {high}");
        assert_eq!(spread(&[3.0; 9], false), Some((0.0, 3.0)));
        assert_eq!(spread(&[-2.0, 1.0], true), Some((-2.0, 2.0)));
        assert_eq!(spread(&[0.1, 4.0], false), Some((0.0, 4.0)));
        assert_eq!(spread(&[f32::NAN], false), None);
    }

    #[test]
    fn the_ends_of_a_scale_follow_slowly() {
        let mut range = SmoothRange::default();
        range.follow(&[0.0, 10.0], &ColumnKind::Ordered, None, 0.0, false);
        assert_eq!(range.get(), (0.0, 10.0));
        range.follow(&[0.0, 20.0], &ColumnKind::Ordered, Some((0.0, 1e6)), 0.1, false);
        assert!((10.5..12.5).contains(&range.get().1), "{:?}", range.get());
        for step in 2..60 {
            range.follow(&[0.0, 20.0], &ColumnKind::Ordered, None, f64::from(step) * 0.1, false);
        }
        assert!((range.get().1 - 20.0).abs() < 0.1);
        range.follow(&[0.0, 7.0], &ColumnKind::Ordered, None, 6.0, true);
        assert_eq!(range.get(), (0.0, 7.0));
        range.follow(&[0.4, 0.9], &ColumnKind::Ordered, Some((0.0, 1.0)), 6.0, true);
        assert_eq!(range.get(), (0.0, 1.0));
    }

    #[test]
    fn shares_and_counts_are_right() {
        let column = Column { range: (10.0, 20.0), values: vec![10.0, f32::NAN, 35.0], ..Column::default() };
        assert_eq!(column.value(AgentId(1)), None);
        assert_eq!(column.value(AgentId(7)), None);
        assert_eq!(column.value(AgentId(2)).map(|value| column.share(value)), Some(1.0));
        assert_eq!(column.share(12.5), 0.25);
        let kinds = Column {
            kind: ColumnKind::Categories(vec!["seeks".into(), "returns".into()]),
            values: vec![0.0, 1.0, 1.0, f32::NAN, 9.0],
            ..Column::default()
        };
        assert_eq!(kinds.counts(), [1, 2]);
    }
}
