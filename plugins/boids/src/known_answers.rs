//! The flock's known answers, on plain arrays and in the full schedule.

mod explanations;
mod kernel;
mod rates;
mod robustness;
mod schedule;

use agent2028_core::agent::{
    Agent, AgentGroup, AgentGroups, AgentId, AgentIndex, Condition, Placement, Position, Status, Velocity,
    spawn_scene_group,
};
use agent2028_core::event::EventBus;
use agent2028_core::faults::{Degrade, Freeze, Kill, Remove};
use agent2028_core::metrics::Metrics;
use agent2028_core::parallel::Workers;
use agent2028_core::params::set_live;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_core::{SimCorePlugin, SimSchedule};
use bevy::prelude::*;

use crate::config::*;
use crate::flock::{FlockKernel, FlockParameters, FlockSet, Model, step};
use crate::formation::{Anchor, FormationConfig, Formations, Shape};
use crate::intervention::{AddObstacle, DissolveFormation, MoveTarget, SetFormation};
use crate::measure::Order;
use crate::obstacle::Obstacle;
use crate::{BoidsPlugin, HuntRecord};

/// The classic parameters, per tick.
fn classic() -> FlockParameters {
    FlockParameters {
        separation_radius: 25.0,
        separation_weight: 1.5,
        alignment_radius: 50.0,
        alignment_weight: 1.0,
        heading_only: false,
        cohesion_radius: 50.0,
        cohesion_weight: 1.0,
        avoidance_radius: 0.0,
        avoidance_weight: 0.0,
        view_degrees: 360.0,
        max_speed: 4.0,
        min_speed: 0.0,
        max_force: 0.1,
        gain: 1.0,
    }
}

struct Scene {
    groups: Vec<AgentGroup>,
    config: BoidsConfig,
    world: WorldBounds,
    threads: usize,
}

impl Scene {
    fn new(groups: &[(&str, u32)], config: BoidsConfig) -> Self {
        let groups = groups
            .iter()
            .map(|(name, count)| AgentGroup { name: (*name).into(), count: *count, ..default() })
            .collect();
        Self { groups, config, world: WorldBounds { size: Vec2::splat(600.0), edge: Edge::Wrap }, threads: 1 }
    }

    fn start(&self) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { seed: 7, world: self.world, threads: Some(self.threads), ..default() });
        app.add_plugins(BoidsPlugin { config: self.config.clone() });
        let ids: Vec<_> =
            self.groups.iter().map(|group| app.world_mut().resource_mut::<AgentGroups>().add(group.clone())).collect();
        for id in ids {
            spawn_scene_group(app.world_mut(), id).unwrap();
        }
        app.world_mut().resource_mut::<Metrics>().want_all();
        Simulation::new(std::mem::take(app.world_mut()))
    }
}

fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap()
}

fn state(simulation: &Simulation, agent: u32) -> (Vec2, Vec2) {
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
    let entity = simulation.world().entity(entity);
    (entity.get::<Position>().unwrap().0, entity.get::<Velocity>().unwrap().0)
}

fn place(simulation: &mut Simulation, agent: u32, position: Vec2, velocity: Vec2) {
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
    simulation.world_mut().entity_mut(entity).insert((Position(position), Velocity(velocity)));
}

fn everything() -> BoidsConfig {
    BoidsConfig {
        view_degrees: 300.0,
        strangers: Strangers::Avoid,
        wander: Wander { weight: 0.3, ..default() },
        targets: vec![Target { at: Vec2::new(200.0, 0.0), weight: 0.2, ..default() }],
        obstacles: vec![Obstacle::default()],
        flocks: vec![
            FlockConfig { agents: "starling".into(), ..default() },
            FlockConfig {
                agents: "crow".into(),
                max_speed: Some(180.0),
                leader: Some(Leader { agents: "crow".into(), ..default() }),
                ..default()
            },
        ],
        predators: vec![PredatorConfig { agents: "hawk".into(), catch_radius: Some(6.0), ..default() }],
        formations: vec![FormationConfig {
            agents: "drone".into(),
            anchor: Anchor::Drift { from: Vec2::ZERO, velocity: Vec2::new(60.0, 30.0) },
            ..default()
        }],
        ..default()
    }
}

const EVERYBODY: &[(&str, u32)] = &[("starling", 300), ("crow", 200), ("hawk", 3), ("drone", 9), ("rock", 5)];
