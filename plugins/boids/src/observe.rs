//! The flock's metrics.

use agent2028_core::agent::{Agent, AgentId, Condition, Position, Velocity};
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028_core::parallel::Workers;
use agent2028_core::space::{CellGrid, CellSort, CellSource, WorldBounds};
use bevy::prelude::*;

use crate::config::BoidsConfig;
use crate::flocks::{Components, flocks};
use crate::measure::{Order, mean_nearest_distance, pairs_closer_than};
use crate::mover::Movers;
use crate::plugin::{HuntRecord, Scratch};

/// How often, in ticks, measures that look at pairs of agents are taken.
const PAIRS_EVERY_TICKS: u32 = 10;

/// The numbers of the metrics.
#[derive(Resource)]
pub(crate) struct FlockMetrics {
    order: MetricId,
    speed: MetricId,
    neighbours: MetricId,
    nearest: MetricId,
    flocks: MetricId,
    collisions: MetricId,
    formation_error: MetricId,
    catches: MetricId,
}

impl FromWorld for FlockMetrics {
    fn from_world(world: &mut World) -> Self {
        let mut metrics = world.get_resource_or_init::<Metrics>();
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        let neighbours = cheap("boids.neighbours", "agents", "How many neighbours an agent perceives on average.");
        let formation_error =
            cheap("boids.formation_error", "units", "How far agents in formation are from their slots on average.");
        let catches = cheap("boids.catches", "agents", "How much prey was caught so far.");
        let mut dear = |name: &str, unit, help, every| metrics.declare(MetricSpec::expensive(name, unit, help, every));
        Self {
            order: dear(
                "boids.order",
                "",
                "The order parameter: 1 if all fly the same way, near 0 if each flies its own.",
                1,
            ),
            speed: dear("boids.speed", "units/s", "The mean speed.", 1),
            neighbours,
            nearest: dear(
                "boids.nearest_distance",
                "units",
                "The mean distance to the nearest other agent.",
                PAIRS_EVERY_TICKS,
            ),
            flocks: dear(
                "boids.flocks",
                "flocks",
                "How many flocks there are: groups of agents connected at the cohesion radius.",
                PAIRS_EVERY_TICKS,
            ),
            collisions: dear(
                "boids.collisions",
                "pairs",
                "How many pairs of agents are closer than the collision distance.",
                PAIRS_EVERY_TICKS,
            ),
            formation_error,
            catches,
        }
    }
}

/// The agents of one table that flock.
struct Flocking<'a> {
    movers: &'a Movers,
    agents: &'a [Agent],
    positions: &'a [Position],
    conditions: Option<&'a [Condition]>,
}

impl Flocking<'_> {
    fn takes_part(&self, index: usize) -> bool {
        Condition::acts(self.conditions.map(|conditions| &conditions[index]))
            && flocks(self.movers, self.agents[index].0)
    }
}

impl CellSource<Vec2> for Flocking<'_> {
    fn len(&self) -> usize {
        self.agents.len()
    }

    fn item(&self, index: usize) -> Option<(AgentId, Vec2)> {
        self.takes_part(index).then(|| (self.agents[index].0, self.positions[index].0))
    }
}

/// Records what is wanted.
pub(crate) fn observe(
    config: Res<BoidsConfig>,
    movers: Res<Movers>,
    bounds: Res<WorldBounds>,
    workers: Res<Workers>,
    scratch: Res<Scratch>,
    hunt: Res<HuntRecord>,
    ids: Res<FlockMetrics>,
    agents: Query<(&Agent, &Position, &Velocity, Option<&Condition>)>,
    mut sorted: Local<CellSort<Vec2>>,
    mut metrics: ResMut<Metrics>,
) {
    let (neighbours, perceivers) = scratch.neighbours;
    metrics.record(ids.neighbours, neighbours as f64 / perceivers.max(1) as f64);
    let (error, placed) = scratch.formation_error;
    metrics.record(ids.formation_error, error / placed.max(1) as f64);
    metrics.record(ids.catches, hunt.catches as f64);

    if metrics.wanted(ids.order) || metrics.wanted(ids.speed) {
        let mut order = Order::default();
        for (agent, _, velocity, condition) in &agents {
            if Condition::acts(condition) && flocks(&movers, agent.0) {
                order.add(velocity.0);
            }
        }
        for (id, value) in [(ids.order, order.parameter()), (ids.speed, order.mean_speed())] {
            if metrics.wanted(id) {
                metrics.record(id, value);
            }
        }
    }
    if !(metrics.wanted(ids.nearest) || metrics.wanted(ids.flocks) || metrics.wanted(ids.collisions)) {
        return;
    }
    let Ok(tables) = agents.contiguous_iter() else {
        return;
    };
    let tables: Vec<Flocking> = tables
        .map(|(agents, positions, _, conditions)| Flocking { movers: &movers, agents, positions, conditions })
        .collect();
    sorted.sort(CellGrid::for_radius(*bounds, movers.together_radius), &tables, &workers);
    if metrics.wanted(ids.nearest) {
        metrics.record(ids.nearest, mean_nearest_distance(&sorted));
    }
    if metrics.wanted(ids.flocks) {
        let flocks = Components::of(sorted.items(), &bounds, movers.together_radius).count();
        metrics.record(ids.flocks, flocks as f64);
    }
    if metrics.wanted(ids.collisions) {
        metrics.record(ids.collisions, pairs_closer_than(&sorted, config.collision_distance) as f64);
    }
}
