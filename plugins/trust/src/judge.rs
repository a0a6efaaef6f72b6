//! What those who trust hold of agents.

use agent2028_core::agent::{AgentId, AgentIndex};
use agent2028_core::belief::{Judgement, Standing};
use bevy::prelude::World;

use crate::trust::Trust;
use crate::trust_record::ISOLATED;

/// Outcomes below which nothing is held of an agent.
const LEAST_OUTCOMES: f64 = 1.0;

/// The score of who never fails: a success counts 0.9 for and 0.1 against.
const BEST_SCORE: f32 = 0.9;

/// An agent that is given no work for lack of trust is held for failed; others are as good as their score is against
/// that of who never fails.
pub(crate) fn reputation(world: &World, tell: &mut dyn FnMut(AgentId, Judgement)) {
    let (Some(trust), Some(index)) = (world.get_resource::<Trust>(), world.get_resource::<AgentIndex>()) else {
        return;
    };
    for (agent, _) in index.iter() {
        let Some(known) = trust.standing(agent).filter(|known| known.pooled().amount() >= LEAST_OUTCOMES) else {
            continue;
        };
        let standing = if known.is(ISOLATED) { Standing::Failed } else { Standing::Sound };
        tell(agent, Judgement { standing, quality: (known.score / BEST_SCORE).clamp(0.0, 1.0) });
    }
}
