//! Numbers of an agent that trust adds to those that its components hold.

use agent2028_core::agent::{Agent, AgentId, AgentIndex};
use agent2028_core::check::Range;
use agent2028_core::quantity::{AddQuantity, Quantity, QuantitySpec};
use bevy::prelude::*;

use crate::trust::Trust;
use crate::trust_record::TrustRecord;

/// Registers `trust`, `reputation`, `trust_confidence`, `ratings` and `credibility`.
pub(crate) fn register(app: &mut App) {
    type Read = fn(&TrustRecord) -> f64;
    let share = |name: &str, help: &str| QuantitySpec::new(name, "", help).within(Range::new(0.0, 1.0));
    let quantities: [(QuantitySpec, Read); 5] = [
        (share("trust", "How much routing trusts the agent: a lower bound of its reputation."), |standing| {
            f64::from(standing.trust)
        }),
        (share("reputation", "How good the agent is held to be by what is said of it."), |standing| {
            f64::from(standing.score)
        }),
        (share("trust_confidence", "How sure the agent's reputation is."), |standing| f64::from(standing.confidence)),
        (
            QuantitySpec::new("ratings", "outcomes", "How much is said of the agent, as far as it is not forgotten.")
                .within(Range::positive()),
            |standing| standing.pooled().amount(),
        ),
        (share("credibility", "How much the agent's word counts when it rates others."), |standing| {
            f64::from(standing.credibility)
        }),
    ];
    for (spec, read) in quantities {
        let one =
            move |world: &World, agent: AgentId, _: &Agent| world.get_resource::<Trust>()?.standing(agent).map(read);
        let all = move |world: &World, column: &mut Vec<(AgentId, f32)>| {
            let (Some(trust), Some(index)) = (world.get_resource::<Trust>(), world.get_resource::<AgentIndex>()) else {
                return;
            };
            let known = |(agent, _)| Some((agent, read(trust.standing(agent)?) as f32));
            column.extend(index.iter().filter_map(known));
        };
        app.add_quantity(Quantity::derived::<&Agent>(spec, one).filled_by(all));
    }
}
