//! Consensus and the hive mind: agents that agree, although some of them lie.
//!
//! The protocols themselves are pure state machines in `agent2028_consensus_protocol`, re-exported as [`protocol`], which knows no
//! world. [`ConsensusPlugin`] runs the log of it among agents of a simulation, over the links of the network:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | [`Act`](SimSystems::Act) | voters that were killed come back, timers run out, messages are read and answered |
//! | [`Observe`](SimSystems::Observe) | metrics |
//!
//! | module | what it holds |
//! |---|---|
//! | [`protocol`] | quorums, ballots and pools, the Byzantine log, and its exploration |
//! | [`hive`] | what a swarm believes, intends and has agreed on, replicated among its members |
//! | [`config`] | the scene's section |
//! | [`log`] | the log of a simulation: its voters, timers and decisions |
//! | [`lies`], [`interventions`] | what voters do that lie, and how they come to |
//! | [`events`] | what is told |

pub use agent2028_consensus_protocol as protocol;

pub mod config;
pub mod events;
pub mod hive;
pub mod interventions;
pub mod lies;
pub mod log;
mod observe;

pub use config::ConsensusConfig;
pub use log::Consensus;

use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::event::AddEventKinds;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{SimSchedule, SimSystems, TakeTurn};
use agent2028_network::MessageKinds;
use bevy::prelude::*;

/// Agents that decide together. Add it after `SimCorePlugin` and the network, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct ConsensusPlugin {
    /// The scene's section.
    pub config: ConsensusConfig,
}

impl Plugin for ConsensusPlugin {
    fn build(&self, app: &mut App) {
        let kind = app.world_mut().get_resource_or_init::<MessageKinds>().register("consensus");
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::ConsensusMetrics::declare(&mut metrics);
        app.insert_resource(self.config.clone())
            .insert_resource(ids)
            .insert_resource(log::Talk(kind))
            .init_resource::<Consensus>()
            .add_section::<ConsensusConfig>("consensus")
            .checkpoint_custom("consensus.log", true, log::save, log::load)
            .add_event_kinds(events::KINDS)
            .add_interventions(interventions::interventions);
        app.report_memory("agent2028_consensus", "voters and decisions", |world| {
            world.get_resource::<Consensus>().map_or(0, Consensus::bytes)
        });
        let turn = app.take_turn("consensus");
        app.add_systems(SimSchedule, log::vote.in_set(turn.of(SimSystems::Act)))
            .add_systems(SimSchedule, observe::observe.in_set(turn.of(SimSystems::Observe)));
    }
}
