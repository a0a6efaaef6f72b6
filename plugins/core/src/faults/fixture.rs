//! A small simulation to try faults on.

use bevy::prelude::*;

use crate::SimCorePlugin;
use crate::agent::{AgentGroup, AgentGroups, AgentId, AgentIndex, Condition, spawn_scene_group};
use crate::metrics::Metrics;
use crate::simulation::Simulation;

pub(crate) fn simulation(count: u32) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 7, tick_hz: 10.0, ..default() });
    crate::require_motion(&mut app);
    let group = AgentGroup { name: "bird".into(), count, capabilities: vec!["fly".into()], ..default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_scene_group(app.world_mut(), group).unwrap();
    Simulation::new(std::mem::take(app.world_mut()))
}

pub(super) fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap()
}

pub(super) fn condition(simulation: &Simulation, agent: u32) -> Condition {
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
    simulation.world().get::<Condition>(entity).copied().unwrap_or_default()
}
