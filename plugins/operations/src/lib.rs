//! Operations: work that is asked of agents, from the request to the receipt.
//!
//! [`OperationsPlugin`] adds to a simulation:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | [`Perceive`](SimSystems::Perceive) | agents that came, left, failed or changed are taken note of; the section is taken over |
//! | [`Act`](SimSystems::Act) | a tick of work: everything that happens in it, in the order of its time |
//! | after [`Act`](SimSystems::Act) | what happened is told as events |
//! | [`Settle`](SimSystems::Settle) | what was observed of agents is written to their records |
//! | [`Observe`](SimSystems::Observe) | metrics |
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`] | the scene's section |
//! | [`workload`], [`service`] | who asks for what and when; how long it takes; CSV files |
//! | [`strategy`], [`pool`], [`index`] | how an agent is chosen without looking at all of them |
//! | [`engine`] | the life of operations, tick by tick, without any `World` |
//! | [`slab`], [`server`], [`roster`], [`time`] | operations on their way, agents that work, moments within ticks |
//! | [`session`] | sessions and receipts with their hash chain |
//! | [`bridge`] | individuals that front a swarm, and reducers |
//! | [`stats`], [`histogram`] | counts, windows, percentiles |
//! | [`interventions`] | faults and attacks |
//!
//! ```
//! use agent2028_core::{SimCorePlugin, agent::*, metrics::Metrics, simulation::Simulation};
//! use agent2028_operations::{OperationsConfig, OperationsPlugin, config::{Poisson, Workload}};
//! use bevy::prelude::*;
//!
//! let mut app = App::new();
//! app.add_plugins(SimCorePlugin::default());
//! let asked = Poisson { capability: "database.query".into(), per_second: 100.0, ..default() };
//! let config = OperationsConfig { workload: vec![Workload::Poisson(asked)], ..default() };
//! app.add_plugins(OperationsPlugin { config, ..default() });
//! let group = AgentGroup { count: 5, capabilities: vec!["database.query".into()], ..default() };
//! let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
//! spawn_scene_group(app.world_mut(), group).unwrap();
//! let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
//! simulation.run(600);
//! let rate = simulation.world().resource::<Metrics>().value("operations.completed_per_s").unwrap();
//! assert!((60.0..140.0).contains(&rate));
//! ```

mod agenda;
pub mod bridge;
pub mod config;
pub mod engine;
pub mod events;
mod explain;
pub mod histogram;
pub mod index;
pub mod interventions;
mod judge;
mod observe;
pub mod pool;
mod quantities;
pub mod roster;
mod section;
pub mod server;
pub mod service;
pub mod session;
pub mod slab;
pub mod stats;
pub mod strategy;
mod sync;
mod wheel;
pub mod workload;

pub use agent2028_core::time;
pub use config::OperationsConfig;
pub use engine::Operations;
pub use events::{FAILOVER_COMPLETED, FAILOVER_INITIATED, OPERATION_FAILED, RESOURCE_AVAILABLE, RESOURCE_EXHAUSTED};
pub use service::Files;
pub use strategy::{LEARNED_COLUMN, Strategy, StrategyWeights, TRUST_COLUMN};
pub use sync::with_ground;

use agent2028_core::agent::{AgentGroups, RoutingWeights};
use agent2028_core::belief::Judges;
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::event::AddEventKinds;
use agent2028_core::explain::Explainers;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{Hook, SimSchedule, SimSystems, TakeTurn};
use bevy::prelude::*;

/// Workloads, routing, queues, sessions, receipts and tiers. Add it after `SimCorePlugin`, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct OperationsPlugin {
    /// The scene's section.
    pub config: OperationsConfig,
    /// What its files hold, and where its traces are.
    pub files: Files,
}

impl Plugin for OperationsPlugin {
    fn build(&self, app: &mut App) {
        let groups = app.world().get_resource::<AgentGroups>().map_or_else(Vec::new, |groups| groups.groups().to_vec());
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::OperationsMetrics::declare(&self.config, &groups, &mut metrics);
        app.insert_resource(self.config.clone())
            .insert_resource(self.files.clone())
            .insert_resource(ids)
            .init_resource::<Operations>()
            .init_resource::<sync::Known>()
            .init_resource::<Explainers>()
            .add_section::<OperationsConfig>("operations")
            .checkpoint_custom("operations.state", true, sync::save, sync::load)
            .after_checkpoint_load(sync::derive)
            .add_event_kinds(events::KINDS)
            .add_interventions(interventions::interventions);
        app.report_memory("agent2028_operations", "operations and the agents that work", |world| {
            world.get_resource::<Operations>().map_or(0, Operations::bytes)
        });
        let mut weights = app.world_mut().get_resource_or_init::<RoutingWeights>();
        weights.register(TRUST_COLUMN);
        weights.register(LEARNED_COLUMN);
        quantities::register(app);
        app.world_mut().get_resource_or_init::<Judges>().add("those who give out work", judge::registry);
        app.world_mut().resource_mut::<Explainers>().add("operations", explain::explain);
        let turn = app.take_turn("operations");
        app.add_systems(SimSchedule, sync::take_over.in_set(turn.of(SimSystems::Perceive)))
            .add_systems(SimSchedule, sync::work.in_set(turn.of(SimSystems::Act)))
            .add_systems(SimSchedule, sync::tell.in_set(turn.of(Hook::Tell)))
            .add_systems(SimSchedule, sync::write_back.in_set(turn.of(SimSystems::Settle)))
            .add_systems(SimSchedule, observe::observe.in_set(turn.of(SimSystems::Observe)));
    }
}
