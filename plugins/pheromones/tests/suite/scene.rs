//! Small scenes to run.

use agent2028_boids::{BoidsConfig, BoidsPlugin};
use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{
    Agent, AgentGroup, AgentGroups, AgentId, AgentIndex, Placement, Position, spawn_scene_group,
};
use agent2028_core::event::{EventBus, EventKind};
use agent2028_core::intervention::InterventionLog;
use agent2028_core::metrics::Metrics;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_pheromones::config::{ForagingConfig, NestConfig, ResourceConfig};
use agent2028_pheromones::forager::Forager;
use agent2028_pheromones::{LayerId, PheromoneField, PheromonesConfig, PheromonesPlugin};
use bevy::prelude::*;

/// A scene.
#[derive(Clone)]
pub struct Scene {
    pub seed: u64,
    pub tick_hz: f64,
    pub threads: usize,
    pub world: WorldBounds,
    pub groups: Vec<AgentGroup>,
    pub pheromones: PheromonesConfig,
    pub boids: Option<BoidsConfig>,
}

/// `count` agents around the origin.
pub fn group(name: &str, count: u32) -> AgentGroup {
    let spawn = Placement::Disc { center: Vec2::ZERO, radius: 8.0 };
    AgentGroup { name: name.into(), count, spawn, ..default() }
}

impl Scene {
    /// Forty ants, a nest in the middle and a resource to its right, on a torus.
    pub fn ants() -> Self {
        Self::new(
            vec![group("ant", 40)],
            PheromonesConfig {
                nests: vec![NestConfig::default()],
                resources: vec![ResourceConfig { position: Vec2::new(70.0, 0.0), radius: 12.0, ..default() }],
                foraging: vec![ForagingConfig { agents: "ant".into(), ..default() }],
                ..default()
            },
        )
    }

    pub fn new(groups: Vec<AgentGroup>, pheromones: PheromonesConfig) -> Self {
        Self {
            seed: 3,
            tick_hz: 20.0,
            threads: 1,
            world: WorldBounds { size: Vec2::splat(400.0), edge: Edge::Wrap },
            groups,
            pheromones,
            boids: None,
        }
    }

    /// Its first foraging entry.
    pub fn foraging(&mut self) -> &mut ForagingConfig {
        &mut self.pheromones.foraging[0]
    }

    pub fn start(&self) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin {
            seed: self.seed,
            tick_hz: self.tick_hz,
            world: self.world,
            threads: Some(self.threads),
            ..default()
        });
        app.add_plugins(PheromonesPlugin { config: self.pheromones.clone() });
        if let Some(config) = self.boids.clone() {
            app.add_plugins(BoidsPlugin { config });
        }
        for group in &self.groups {
            let id = app.world_mut().resource_mut::<AgentGroups>().add(group.clone());
            spawn_scene_group(app.world_mut(), id).unwrap();
        }
        app.world_mut().resource_mut::<Metrics>().want_all();
        Simulation::new(std::mem::take(app.world_mut()))
    }
}

/// The last value of a metric; not a number if it has none.
pub fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap_or(f64::NAN)
}

/// How many events of a kind there were.
pub fn events(simulation: &Simulation, kind: EventKind) -> u64 {
    simulation.world().resource::<EventBus>().counts().get(kind.name).copied().unwrap_or(0)
}

/// All foragers in id order with their places.
pub fn foragers(simulation: &mut Simulation) -> Vec<(AgentId, Vec2, Forager)> {
    let world = simulation.world_mut();
    let mut query = world.query::<(&Agent, &Position, &Forager)>();
    let mut all: Vec<_> =
        query.iter(world).map(|(agent, position, forager)| (agent.0, position.0, forager.clone())).collect();
    all.sort_by_key(|(agent, ..)| *agent);
    all
}

/// Puts an agent somewhere.
pub fn place(simulation: &mut Simulation, agent: u32, position: Vec2) {
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
    simulation.world_mut().entity_mut(entity).insert(Position(position));
}

/// A layer by name.
pub fn layer(simulation: &Simulation, name: &str) -> LayerId {
    field(simulation).find(name).unwrap()
}

/// The field.
pub fn field(simulation: &Simulation) -> &PheromoneField {
    simulation.world().resource::<PheromoneField>()
}

/// The intensity of a layer at a point.
pub fn scent(simulation: &Simulation, name: &str, point: Vec2) -> f32 {
    field(simulation).read(layer(simulation, name), point)
}

/// What came of the last intervention.
pub fn last_outcome(simulation: &Simulation) -> Result<String, String> {
    simulation.world().resource::<InterventionLog>().0.last().unwrap().outcome.clone()
}
