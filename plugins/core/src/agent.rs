//! What an agent is: an entity with an id and a place. Everything else is added by the plugins that a scene names.

mod capability;
mod claim;
mod condition;
mod contact;
mod fitness;
mod group;
mod index;
mod motion;
mod observe;
mod places;
mod records;
mod region;
mod relocate;
mod rows;
mod spawn;
mod told;
mod weight;

pub use capability::{
    Capabilities, CapabilityError, CapabilityId, CapabilityIndex, CapabilityRegistry, CapabilitySet, grant_capability,
    parse_pattern, withdraw_capability,
};
pub(crate) use capability::{rebuild_index, validate_name as validate_capability_name};
pub use claim::MotionClaims;
pub(crate) use condition::expire_conditions;
pub use condition::{Condition, ConditionExpiry, Status, degrade_agents, fail_agents, freeze_agents, restart_agents};
pub use contact::{Carrier, Carriers, Letter};
pub use fitness::{FitnessWeights, ServiceRecord, fitness};
pub use group::{AgentGroup, AgentGroups, AgentRow, GroupId, MAX_GROUPS, Placement, Tier};
pub use index::AgentIndex;
pub use motion::{MotionPlugin, require_motion};
pub use places::{Places, keep_rows};
pub use records::{AgentRecord, AgentRows};
pub use region::{Region, Regions, region_of, regions_of_groups};
pub use relocate::{RelocateHooks, relocate_agents};
pub use rows::read_agents;
pub use spawn::MAX_AGENTS;
pub(crate) use spawn::MOST_AT_ONCE;
pub use spawn::{SpawnBatch, SpawnError, SpawnHooks, remove_agents, spawn_group, spawn_scene_group};
pub use told::{AgentLeft, AgentsJoined, ConditionChange, Quarantined};
pub use weight::{RoutingWeights, WeightColumn};

use bevy::prelude::*;
use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::check::Unit;
use crate::checkpoint::AddCheckpoint;
use crate::rng::{Purpose, SimRng};
use crate::{SimSchedule, SimSystems, Turn};

/// An agent's number: dense from 0, never reused in a run. Seeds, ties and hashes use it, never the `Entity`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable, Reflect, Serialize, Deserialize,
)]
#[repr(transparent)]
#[serde(transparent)]
pub struct AgentId(pub u32);

impl AgentId {
    /// No agent at all: the key of random streams that belong to nobody.
    pub const NONE: Self = Self(u32::MAX);

    /// The id as an index into dense arrays.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl std::fmt::Display for AgentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Marks an entity as an agent and carries its id. Count agents with `With<Agent>`: resources are entities too.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, Reflect)]
#[reflect(Component)]
#[repr(transparent)]
#[require(Position)]
pub struct Agent(pub AgentId);

/// Where an agent is, in world units; the world is centred on the origin.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Reflect)]
#[reflect(Component)]
#[repr(transparent)]
pub struct Position(#[reflect(@Unit("units"))] pub Vec2);

/// How an agent moves, in world units per second. Required of every agent as soon as a plugin moves agents.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable, Reflect)]
#[reflect(Component)]
#[repr(transparent)]
pub struct Velocity(#[reflect(@Unit("units/s"))] pub Vec2);

/// An agent's UUID (version 4 layout), derived from the scene's seed when somebody looks.
#[must_use]
pub fn agent_uuid(dice: &SimRng, agent: AgentId) -> Uuid {
    dice.uuid(Purpose::new("agent.uuid"), u64::from(agent.0))
}
/// What agents are, whichever plugins there are.
pub(crate) struct AgentPlugin;

impl Plugin for AgentPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<AgentIndex>()
            .init_resource::<AgentGroups>()
            .init_resource::<Regions>()
            .init_resource::<SpawnHooks>()
            .init_resource::<CapabilityRegistry>()
            .init_resource::<CapabilityIndex>()
            .init_resource::<ConditionExpiry>()
            .init_resource::<RoutingWeights>()
            .init_resource::<observe::AgentMetrics>()
            .register_type::<Agent>()
            .register_type::<Position>()
            .register_type::<Velocity>()
            .register_type::<ServiceRecord>()
            .checkpoint_rare_component_pod::<Region>("regions");
        app.world_mut().register_component::<Condition>();
        app.world_mut().register_component::<Velocity>();
        app.add_systems(SimSchedule, observe::observe_agents.in_set(Turn::CORE.of(SimSystems::Observe)));
    }
}
