//! Rows about a tick in which next to nothing happens.

use agent2028_boids::BoidsPlugin;
use agent2028_core::agent::AgentGroup;
use agent2028_core::space::WorldBounds;
use agent2028_identity::IdentityPlugin;
use agent2028_ledger::LedgerPlugin;
use agent2028_network::NetworkPlugin;
use agent2028_operations::OperationsPlugin;
use agent2028_pheromones::PheromonesPlugin;
use agent2028_trust::TrustPlugin;
use bevy::ecs::schedule::{ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;

use crate::measure::{Clock, Failure, Figures, pairs, time};
use crate::row::{Effort, Row, Target, Unit};
use crate::scene::simulation;

const TICK: Unit = Unit::SecondsPer("tick");

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "idle-core",
        work: "a tick of a scene with one idle agent, only core",
        baseline: "an empty schedule run directly",
        unit: TICK,
        clock: Clock::Wall,
        target: Target::Cost(5e-6),
        measure: |effort| idle(effort, |_| {}),
        curve: None,
        why_missed: "",
    },
    Row {
        name: "idle-all",
        work: "the same with all plugins on",
        baseline: "an empty schedule run directly",
        unit: TICK,
        clock: Clock::Wall,
        target: Target::Cost(30e-6),
        measure: |effort| {
            idle(effort, |app| {
                app.add_plugins((
                    BoidsPlugin::default(),
                    PheromonesPlugin::default(),
                    NetworkPlugin::default(),
                    OperationsPlugin::default(),
                    IdentityPlugin::default(),
                    TrustPlugin::default(),
                    LedgerPlugin::default(),
                ));
            })
        },
        curve: None,
        why_missed: "",
    },
];

#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Nothing;

/// One agent at rest.
fn idle(effort: Effort, add_plugins: fn(&mut App)) -> Result<Figures, Failure> {
    let group = AgentGroup { name: "stone".into(), count: 1, velocity: Some(Vec2::ZERO), ..default() };
    let mut simulation = simulation(WorldBounds::default(), 1, group, add_plugins)?;
    simulation.run(1);
    let mut world = World::new();
    let mut schedule = Schedule::new(Nothing);
    schedule.set_executor(SingleThreadedExecutor::new());
    let (ticks, empty) = (effort.at_most(20_000, 100), effort.at_most(1_000_000, 100));
    pairs(
        effort.pairs(11),
        Clock::Wall,
        || Ok(time(ticks as f64, || simulation.run(ticks as u64)).0),
        || {
            let (sample, ()) = time(empty as f64, || {
                for _ in 0..empty {
                    schedule.run(&mut world);
                }
            });
            Ok(sample)
        },
    )
}
