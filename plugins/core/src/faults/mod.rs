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
pub(crate) use edit::default_of;
pub use edit::{EditableComponents, SetField, SetParam, agents_require};
pub use population::{Remove, Spawn};

use bevy::prelude::*;

use crate::agent::{AgentId, AgentIndex, Condition};
use crate::clock::SimClock;
use crate::intervention::AddIntervention;

/// The condition that an agent is in; that of agents in order if it has none of its own.
fn condition_of(world: &World, agent: AgentId) -> Condition {
    let entity = world.resource::<AgentIndex>().get(agent);
    entity.and_then(|entity| world.get::<Condition>(entity)).copied().unwrap_or_default()
}

/// The tick at which something ends that lasts `seconds`, or never.
fn end_tick(world: &World, seconds: Option<f32>) -> u64 {
    let clock = world.resource::<SimClock>();
    seconds.map_or(u64::MAX, |seconds| clock.tick().saturating_add(clock.ticks_in(f64::from(seconds))))
}

macro_rules! check_selector {
    ($($kind:ty),*) => {
        $(impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
            }
        })*
    };
}
use check_selector;

pub(crate) fn register(app: &mut App) {
    app.add_intervention::<Kill>()
        .add_intervention::<Restart>()
        .add_intervention::<Freeze>()
        .add_intervention::<Degrade>()
        .add_intervention::<Churn>()
        .add_intervention::<Spawn>()
        .add_intervention::<Remove>()
        .add_intervention::<MoveAgents>()
        .add_intervention::<SetParam>()
        .add_intervention::<SetField>()
        .add_intervention::<GrantCapability>()
        .add_intervention::<WithdrawCapability>()
        .register_type::<Condition>()
        .init_resource::<EditableComponents>();
}
