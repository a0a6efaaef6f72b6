//! What the failure detectors hold of agents, all of them together.

use agent2028_core::agent::AgentId;
use agent2028_core::belief::{Judgement, Standing};
use bevy::prelude::World;

use crate::heartbeat::Heartbeats;
use crate::network::Network;
use crate::swim::Swim;

/// What the members believe of each other: an agent is held for failed if at least half of those who could tell hold it for
/// failed (of all members by SWIM, of its neighbours by heartbeats), and suspected if anybody doubts it.
pub(crate) fn detectors(world: &World, tell: &mut dyn FnMut(AgentId, Judgement)) {
    let Some(network) = world.get_resource::<Network>() else { return };
    let (swim, hearts) = (world.get_resource::<Swim>(), world.get_resource::<Heartbeats>());
    let members = network.members().ids();
    let others = members.len().saturating_sub(1);
    let half = |count: u32, of: usize| count > 0 && 2 * count as usize >= of;
    for id in members {
        let agent = AgentId(*id);
        let (doubts, verdicts) = swim.map_or((0, 0), |swim| (swim.doubted_by(agent), swim.judged_by(agent)));
        let unheard = hearts.map_or(0, |hearts| hearts.doubted_by(agent));
        let failed = half(verdicts, others) || (unheard > 0 && half(unheard, network.neighbours(agent).len()));
        let standing = match (failed, doubts.max(unheard)) {
            (true, _) => Standing::Failed,
            (false, 0) => continue,
            (false, _) => Standing::Suspected,
        };
        tell(agent, Judgement { standing, ..Judgement::default() });
    }
}
