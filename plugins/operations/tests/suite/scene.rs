//! Small scenes for the tests, and the engine without a world.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, RoutingWeights, spawn_scene_group};
use agent2028_core::event::{EventBus, EventKind};
use agent2028_core::metrics::Metrics;
use agent2028_core::rng::SimRng;
use agent2028_core::simulation::Simulation;
use agent2028_operations::config::{Poisson, Workload};
use agent2028_operations::engine::Ground;
use agent2028_operations::server::Server;
use agent2028_operations::time::Rate;
use agent2028_operations::{Files, Operations, OperationsConfig, OperationsPlugin, StrategyWeights};
use bevy::prelude::*;

/// The capability of most tests.
pub const QUERY: &str = "database.query";

/// Independent requests for queries.
pub fn poisson(per_second: f64) -> Workload {
    Workload::Poisson(Poisson { capability: QUERY.into(), per_second, ..default() })
}

/// A group that can do queries.
pub fn group(name: &str, count: u32, max_concurrency: u32) -> AgentGroup {
    AgentGroup { name: name.into(), count, max_concurrency, capabilities: vec![QUERY.into()], ..default() }
}

/// A scene.
#[derive(Clone)]
pub struct Scene {
    pub seed: u64,
    pub tick_hz: f64,
    pub threads: usize,
    pub groups: Vec<AgentGroup>,
    pub config: OperationsConfig,
    pub files: Files,
}

impl Scene {
    pub fn new(groups: Vec<AgentGroup>, config: OperationsConfig) -> Self {
        Self { seed: 3, tick_hz: 60.0, threads: 1, groups, config, files: Files::default() }
    }

    pub fn start(&self) -> Simulation {
        let mut app = App::new();
        let (seed, tick_hz, threads) = (self.seed, self.tick_hz, Some(self.threads));
        app.add_plugins(SimCorePlugin { seed, tick_hz, threads, ..default() });
        app.add_plugins(OperationsPlugin { config: self.config.clone(), files: self.files.clone() });
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

/// Operations of a simulation.
pub fn operations(simulation: &Simulation) -> &Operations {
    simulation.world().resource::<Operations>()
}

/// The engine alone: agents that all can do queries.
pub struct Bare {
    pub config: OperationsConfig,
    pub operations: Operations,
    pub agents: u32,
    pub seed: u64,
    pub tick_hz: f64,
    pub tick: u64,
    files: Files,
    weights: RoutingWeights,
}

impl Bare {
    pub fn new(config: OperationsConfig, servers: impl IntoIterator<Item = Server>, seed: u64, tick_hz: f64) -> Self {
        let mut bare = Self {
            config,
            operations: Operations::default(),
            agents: 0,
            seed,
            tick_hz,
            tick: 0,
            files: Files::default(),
            weights: RoutingWeights::default(),
        };
        for server in servers {
            bare.operations.enrol(AgentId(bare.agents), server);
            bare.agents += 1;
        }
        bare.with(|operations, ground| {
            operations.adapt(ground);
            operations.hold_members(ground);
        });
        bare
    }

    pub fn with<R>(&mut self, work: impl FnOnce(&mut Operations, &Ground) -> R) -> R {
        let agents = self.agents;
        let holders = |name: &str| if name == QUERY { (0..agents).collect() } else { Vec::new() };
        let group = |_: &str| Vec::new();
        let ground = Ground {
            config: &self.config,
            files: &self.files,
            dice: SimRng::new(self.seed),
            rate: Rate::new(self.tick_hz),
            holders: &holders,
            group: &group,
            way_ms: &|_, _| 0.0,
            weights: StrategyWeights::of(&self.weights),
        };
        work(&mut self.operations, &ground)
    }

    /// Runs ticks until `done` says so.
    pub fn run_until(&mut self, mut done: impl FnMut(&Operations) -> bool) {
        let mut tick = self.tick;
        self.with(|operations, ground| {
            while !done(operations) {
                tick += 1;
                operations.run_tick(ground, tick);
            }
        });
        self.tick = tick;
    }
}
