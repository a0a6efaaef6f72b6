//! Consensus and the hive mind: agents that agree, although some of them lie.
//!
//! The protocols themselves are pure state machines in `agent2028_consensus_protocol`, re-exported as [`protocol`], which knows no
//! world. [`ConsensusPlugin`] runs the log of it among agents of a simulation, over the links of the network:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | before [`Perceive`](SimSystems::Perceive) | operations learn what they hold back |
//! | [`Decide`](SimSystems::Decide) | operations that were decided go on |
//! | [`Act`](SimSystems::Act) | voters that were killed come back, timers run out, messages are read and answered |
//! | after [`Settle`](SimSystems::Settle) | who is proven to contradict itself loses trust |
//! | [`Observe`](SimSystems::Observe) | metrics |
//!
//! | module | what it holds |
//! |---|---|
//! | [`protocol`] | quorums, ballots and pools, the Byzantine log, and its exploration |
//! | [`hive`] | what a swarm believes, intends and has agreed on, replicated among its members |
//! | [`config`] | the scene's section |
//! | [`log`] | the log of a simulation: its voters, timers and decisions |
//! | [`gate`] | operations that wait for a decision |
//! | `relay` | messages between voters that aren't linked |
//! | [`schedule`] | voters to whom happens what an exploration found |
//! | [`lies`], [`interventions`] | what voters do that lie, and how they come to |
//! | [`events`] | what is told |

pub use agent2028_consensus_protocol as protocol;

pub mod config;
pub mod events;
pub mod gate;
pub mod hive;
pub mod interventions;
pub mod lies;
pub mod log;
mod observe;
mod relay;
pub mod schedule;
mod section;

pub use config::ConsensusConfig;
pub use log::Consensus;

use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::clock::SimClock;
use agent2028_core::event::AddEventKinds;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{After, Before, SimSchedule, SimSystems, TakeTurn};
use agent2028_network::MessageKinds;
use agent2028_trust::score::Outcome;
use agent2028_trust::trust::Observation;
use agent2028_trust::{Trust, TrustConfig};
use bevy::prelude::*;

/// Agents that decide together. Add it after `SimCorePlugin` and the network, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct ConsensusPlugin {
    /// The scene's section.
    pub config: ConsensusConfig,
}

impl Plugin for ConsensusPlugin {
    fn build(&self, app: &mut App) {
        let mut kinds = app.world_mut().get_resource_or_init::<MessageKinds>();
        let talk = log::Talk { direct: kinds.register("consensus"), relayed: kinds.register("consensus, relayed") };
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::ConsensusMetrics::declare(!self.config.gates.is_empty(), &mut metrics);
        app.insert_resource(self.config.clone())
            .insert_resource(ids)
            .insert_resource(talk)
            .init_resource::<Consensus>()
            .add_section::<ConsensusConfig>("consensus")
            .checkpoint_custom("consensus.log", true, log::save, log::load)
            .add_event_kinds(events::KINDS)
            .add_interventions(interventions::interventions);
        app.report_memory("agent2028_consensus", "voters and decisions", |world| {
            world.get_resource::<Consensus>().map_or(0, Consensus::bytes)
        });
        let turn = app.take_turn("consensus");
        app.add_systems(SimSchedule, gate::close.run_if(gate::has_gates).in_set(turn.of(Before(SimSystems::Perceive))))
            .add_systems(SimSchedule, gate::let_through.run_if(gate::is_due).in_set(turn.of(SimSystems::Decide)))
            .add_systems(
                SimSchedule,
                (gate::take.run_if(gate::has_gates), log::vote).chain().in_set(turn.of(SimSystems::Act)),
            )
            .add_systems(SimSchedule, complain.in_set(turn.of(After(SimSystems::Settle))))
            .add_systems(SimSchedule, observe::observe.in_set(turn.of(SimSystems::Observe)));
    }
}

/// Lets those who can prove that somebody contradicts itself rate it as one that failed.
fn complain(
    clock: Res<SimClock>,
    mut consensus: ResMut<Consensus>,
    trust: Option<ResMut<Trust>>,
    config: Option<Res<TrustConfig>>,
) {
    let complaints = std::mem::take(&mut consensus.complaints);
    if let (Some(mut trust), Some(config)) = (trust, config) {
        for (rater, subject) in complaints {
            let (tick, said) = (clock.tick(), Outcome::Failure);
            trust.hear(Observation { tick, rater, subject, said, command: None, honest: true }, &config);
        }
    }
}
