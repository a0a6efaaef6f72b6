//! The numbers behind a distribution, read from the agents at intervals.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::quantity::{Quantity, QuantitySpec};
use bevy::prelude::World;

use super::numbers::{Bins, Summary, correlation};
use super::{Chart, DistributionsState, DistributionsView};

/// How long numbers stand before they are read anew, in seconds of real time: for few agents, and for a million more.
const INTERVAL_S: (f64, f64) = (0.1, 1.5);

/// One agent's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub agent: AgentId,
    pub x: f32,
    /// The second number of a scatter plot.
    pub y: f32,
    /// What decides about its colour: the third number, or the group.
    pub color: Option<f32>,
}

/// The numbers of all agents that are looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub points: Vec<Point>,
    pub x: Option<QuantitySpec>,
    pub y: Option<QuantitySpec>,
    pub color: Option<QuantitySpec>,
    pub summary: Option<Summary>,
    pub summary_y: Option<Summary>,
    /// Smallest and largest number that decides about colour.
    pub colors: Option<(f32, f32)>,
    pub bins: Option<Bins>,
    /// How many values fall into each bin, by group (or in one row).
    pub counts: Vec<Vec<u32>>,
    pub correlation: Option<f64>,
}

/// What numbers were gathered for.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    generation: u64,
    chart: Chart,
    x: String,
    y: String,
    color: Option<String>,
    bins: Option<usize>,
    by_group: bool,
    selected: Option<(usize, Option<AgentId>, Option<AgentId>)>,
}

/// The numbers, and when they were gathered.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    asked: Option<Asked>,
    tick: u64,
    at: f64,
    pub gathered: Gathered,
}

impl Cache {
    /// Gathers anew if something else is asked for, or if the simulation went on and the numbers are old enough.
    pub fn follow(&mut self, view: &DistributionsView, state: &DistributionsState, now: f64) {
        let ends = (view.selected.len(), view.selected.first().copied(), view.selected.last().copied());
        let asked = Asked {
            generation: view.generation,
            chart: state.chart,
            x: state.x.clone(),
            y: state.y.clone(),
            color: state.color.clone(),
            bins: state.bins,
            by_group: state.by_group,
            selected: state.only_selected.then_some(ends),
        };
        let interval = INTERVAL_S.0 + INTERVAL_S.1 * self.gathered.points.len() as f64 / 1e6;
        let old = self.tick != view.tick && !(0.0..interval).contains(&(now - self.at));
        if self.asked.as_ref() == Some(&asked) && !old {
            return;
        }
        (self.tick, self.at) = (view.tick, now);
        let selected = asked.selected.map(|_| view.selected);
        self.gathered = gather(view.world, state, selected);
        self.asked = Some(asked);
    }
}

fn column(world: &World, quantity: Option<&Quantity>, selected: Option<&[AgentId]>) -> Vec<(AgentId, f32)> {
    let mut column = Vec::new();
    if let Some(quantity) = quantity {
        quantity.column(world, &mut column);
    }
    if let Some(selected) = selected {
        let mut rest = selected;
        // Both ascend, so one walk is enough.
        column.retain(|(agent, _)| {
            while rest.first().is_some_and(|next| next < agent) {
                rest = &rest[1..];
            }
            rest.first() == Some(agent)
        });
    }
    column
}

/// The value for an agent in a column that is walked through in ascending order.
fn next_value(column: &[(AgentId, f32)], place: &mut usize, agent: AgentId) -> Option<f32> {
    while column.get(*place).is_some_and(|(next, _)| *next < agent) {
        *place += 1;
    }
    column.get(*place).filter(|(next, _)| *next == agent).map(|(_, value)| *value)
}

fn gather(world: &World, state: &DistributionsState, selected: Option<&[AgentId]>) -> Gathered {
    let find = |name: &str| state.known.find(name);
    let scatter = state.chart == Chart::Scatter;
    let (x, y) = (find(&state.x), scatter.then(|| find(&state.y)).flatten());
    let color = if scatter { state.color.as_deref().and_then(find) } else { find("group").filter(|_| state.by_group) };
    let (xs, ys, colors) = (column(world, x, selected), column(world, y, selected), column(world, color, selected));
    let (mut at_y, mut at_color) = (0, 0);
    let points: Vec<Point> = xs
        .into_iter()
        .filter_map(|(agent, x)| {
            let y = if scatter { next_value(&ys, &mut at_y, agent)? } else { 0.0 };
            Some(Point { agent, x, y, color: next_value(&colors, &mut at_color, agent) })
        })
        .collect();
    let values = |value: fn(&Point) -> f32| points.iter().map(value).collect::<Vec<f32>>();
    let summary = Summary::of(&values(|point| point.x));
    let spec = |quantity: Option<&Quantity>| quantity.map(|quantity| quantity.spec().clone());
    let mut gathered = Gathered {
        x: spec(x),
        y: spec(y),
        color: spec(color),
        summary,
        colors: points.iter().filter_map(|point| point.color).fold(None, |range, value| {
            Some(range.map_or((value, value), |(least, most): (f32, f32)| (least.min(value), most.max(value))))
        }),
        ..Gathered::default()
    };
    if scatter {
        gathered.summary_y = Summary::of(&values(|point| point.y));
        gathered.correlation = correlation(points.iter().map(|point| (f64::from(point.x), f64::from(point.y))));
    } else if let (Some(spec), Some(summary)) = (&gathered.x, &summary) {
        let bins = Bins::new(&spec.kind, summary, state.bins);
        let groups = if state.by_group { world.resource::<AgentGroups>().groups().len().max(1) } else { 1 };
        let mut counts = vec![vec![0_u32; bins.count]; groups];
        for point in &points {
            let group = point.color.filter(|_| state.by_group).map_or(0, |group| group as usize);
            if let Some(counts) = counts.get_mut(group) {
                counts[bins.of(f64::from(point.x))] += 1;
            }
        }
        gathered.bins = Some(bins);
        gathered.counts = counts;
    }
    gathered.points = points;
    gathered
}
