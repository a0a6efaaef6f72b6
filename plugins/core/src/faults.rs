//! Faults and changes that need no other plugin: the core of the palette that scenes and the inspector offer.

mod capability;
mod churn;
mod condition;
mod displace;
mod edit;
#[cfg(test)]
pub(crate) mod fixture;
mod population;

pub use capability::{GrantCapability, WithdrawCapability};
pub(crate) use churn::run_churn;
pub use churn::{Churn, ChurnProcesses};
pub use condition::{Degrade, Freeze, Kill, Restart};
pub use displace::MoveAgents;
pub use edit::{EditableComponents, SetField, SetParam, agents_require};
pub use population::{Remove, Spawn};

use bevy::prelude::*;

use crate::agent::{AgentId, AgentIndex, Condition};
use crate::checkpoint::AddCheckpoint;
use crate::intervention::{AddIntervention, InterventionRegistry};

/// The condition that an agent is in; that of agents in order if it has none of its own.
fn condition_of(world: &World, agent: AgentId) -> Condition {
    let entity = world.resource::<AgentIndex>().get(agent);
    entity.and_then(|entity| world.get::<Condition>(entity)).copied().unwrap_or_default()
}

/// Adds the interventions that need no plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<Kill>()
        .add::<Restart>()
        .add::<Degrade>()
        .add::<Freeze>()
        .add::<Churn>()
        .add::<Spawn>()
        .add::<Remove>()
        .add::<MoveAgents>()
        .add::<SetParam>()
        .add::<SetField>()
        .add::<GrantCapability>()
        .add::<WithdrawCapability>();
}

/// What can be done to agents in every scene.
pub(crate) struct FaultPlugin;

impl Plugin for FaultPlugin {
    fn build(&self, app: &mut App) {
        app.add_interventions(interventions)
            .register_type::<Condition>()
            .init_resource::<EditableComponents>()
            .init_resource::<ChurnProcesses>()
            .checkpoint_resource::<ChurnProcesses>("churn");
    }
}
