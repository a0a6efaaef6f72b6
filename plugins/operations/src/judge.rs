//! What those who give out work hold of the agents that do it.

use agent2028_core::agent::AgentId;
use agent2028_core::belief::{Judgement, Standing};
use bevy::prelude::World;

use crate::engine::Operations;
use crate::server::{FAILED, ISOLATED, PRESENT};

/// An agent that gets no work is held for failed; the others are as good as they were observed to be.
pub(crate) fn registry(world: &World, tell: &mut dyn FnMut(AgentId, Judgement)) {
    let Some(operations) = world.get_resource::<Operations>() else { return };
    for (agent, server) in operations.servers().agents() {
        if server.is(PRESENT) {
            let shut_out = server.is(FAILED | ISOLATED);
            let standing = if shut_out { Standing::Failed } else { Standing::Sound };
            tell(agent, Judgement { standing, quality: server.reliability.clamp(0.0, 1.0) });
        }
    }
}
