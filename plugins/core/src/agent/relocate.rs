//! Agents that are put somewhere else.

use bevy::prelude::*;

use super::{AgentId, AgentIndex, Position};
use crate::space::WorldBounds;

/// What plugins do with agents that were put somewhere else (in id order), in the order in which the plugins were added.
#[derive(Resource, Clone, Debug, Default)]
pub struct RelocateHooks(pub Vec<fn(&mut World, &[AgentId])>);

/// Moves agents by a displacement in world units, as the world's edges allow. Returns how many were moved; ids that are gone
/// are passed over.
pub fn relocate_agents(world: &mut World, agents: &[AgentId], by: Vec2) -> usize {
    let bounds = *world.resource::<WorldBounds>();
    let mut moved = Vec::with_capacity(agents.len());
    for &agent in agents {
        let Some(entity) = world.resource::<AgentIndex>().get(agent) else { continue };
        if let Some(mut position) = world.get_mut::<Position>(entity) {
            position.0 = bounds.enter(position.0 + by);
            moved.push(agent);
        }
    }
    let hooks = world.get_resource::<RelocateHooks>().cloned().unwrap_or_default();
    for hook in hooks.0 {
        hook(world, &moved);
    }
    moved.len()
}
