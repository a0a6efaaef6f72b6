//! Small scenes for the tests.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, FitnessWeights, spawn_scene_group};
use agent2028_core::event::{EventBus, EventKind};
use agent2028_core::metrics::Metrics;
use agent2028_core::simulation::Simulation;
use agent2028_operations::config::{Poisson, QueueConfig, ServiceTime, Workload};
use agent2028_operations::{OperationsConfig, OperationsPlugin, Strategy};
use agent2028_trust::{Ratings, Trust, TrustConfig, TrustPlugin};
use bevy::prelude::*;

/// The capability of all tests.
pub const READ: &str = "file.read";

/// Agents that read files with this reliability.
pub fn workers(name: &str, count: u32, reliability: f32) -> AgentGroup {
    let capabilities = vec![READ.into()];
    AgentGroup { name: name.into(), count, reliability, max_concurrency: 4, capabilities, ..default() }
}

/// Agents that do nothing but ask and rate.
pub fn clients(name: &str, count: u32) -> AgentGroup {
    AgentGroup { name: name.into(), count, ..default() }
}

/// A scene.
#[derive(Clone)]
pub struct Scene {
    pub seed: u64,
    pub threads: usize,
    pub groups: Vec<AgentGroup>,
    pub strategy: Strategy,
    pub per_second: f64,
    pub operations: OperationsConfig,
    pub trust: TrustConfig,
    pub ratings: Ratings,
}

impl Scene {
    pub fn new(groups: Vec<AgentGroup>, trust: TrustConfig) -> Self {
        Self {
            seed: 3,
            threads: 1,
            groups,
            strategy: Strategy::TrustWeighted,
            per_second: 400.0,
            operations: OperationsConfig {
                service: ServiceTime::Exponential { mean_ms: 60.0 },
                queue: QueueConfig { capacity: 2, ..default() },
                // Routing sees nothing of how well agents work but what it is told.
                fitness: FitnessWeights { health: 0.3, latency: 0.3, reliability: 0.0, capacity: 0.4 },
                ..default()
            },
            trust,
            ratings: Ratings::default(),
        }
    }

    pub fn start(&self) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { seed: self.seed, threads: Some(self.threads), ..default() });
        let asked = Poisson { capability: READ.into(), per_second: self.per_second, ..default() };
        let workload = vec![Workload::Poisson(asked)];
        let config = OperationsConfig { strategy: self.strategy, workload, ..self.operations.clone() };
        app.add_plugins(OperationsPlugin { config, ..default() });
        app.add_plugins(TrustPlugin { config: self.trust.clone(), ratings: self.ratings.clone() });
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

/// The state of trust.
pub fn trust(simulation: &Simulation) -> &Trust {
    simulation.world().resource::<Trust>()
}

/// The score of an agent.
pub fn score(simulation: &Simulation, agent: u32) -> f32 {
    trust(simulation).standing(AgentId(agent)).unwrap().score
}
