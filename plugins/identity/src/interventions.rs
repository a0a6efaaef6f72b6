//! Attacks on identities, and what is done about them.

mod channels;
mod foreseen;
mod lifecycle;
mod lists;
mod papers;

pub use channels::{ReplayMessages, ReplayOpening, StripOffers};
pub use lifecycle::{DeactivateIdentity, RaiseEpoch, RevokePapers, RotateKeys};
pub use lists::{ForgeList, RollbackList};
pub use papers::{ForgeSignature, Impersonate, StealDelegation, StealOldKey};

use crate::identities::Identities;
use crate::state::{Attack, AttackKind};
use agent2028_core::agent::AgentId;
use agent2028_core::intervention::{InterventionContext, InterventionError, InterventionRegistry};
use agent2028_core::selector::Selector;
use bevy::prelude::*;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<ForgeSignature>()
        .add::<StealDelegation>()
        .add::<Impersonate>()
        .add::<ReplayMessages>()
        .add::<ForgeList>()
        .add::<RollbackList>()
        .add::<ReplayOpening>()
        .add::<StealOldKey>()
        .add::<StripOffers>()
        .add::<RevokePapers>()
        .add::<RaiseEpoch>()
        .add::<RotateKeys>()
        .add::<DeactivateIdentity>();
}

fn refused(message: impl Into<String>) -> InterventionError {
    InterventionError::Refused(message.into())
}

/// The chosen agents that have keys; refused where nobody has.
fn members(world: &World, context: &InterventionContext, select: &Selector) -> Result<Vec<AgentId>, InterventionError> {
    let Some(identities) = world.get_resource::<Identities>() else {
        return Err(refused("nobody has keys in this scene; add a section identity"));
    };
    let mut agents = select.resolve(world, context);
    agents.retain(|agent| identities.document_of(*agent).is_some());
    Ok(agents)
}

/// Adds an attack of each attacker, with the victims in turn. Returns how many.
fn attack(
    world: &mut World,
    kind: AttackKind,
    (attackers, victims): (&[AgentId], &[AgentId]),
    capability: &str,
    per_second: f32,
    until: u64,
) -> Vec<(u32, u32)> {
    let state = &mut world.resource_mut::<Identities>().state;
    let capability = state.name(capability);
    let mut pairs = Vec::new();
    for (turn, attacker) in attackers.iter().enumerate() {
        // The victims by turns, without the attacker itself; both lists are in the order of ids.
        let own = victims.binary_search(attacker).ok();
        let others = victims.len() - usize::from(own.is_some());
        if others > 0 {
            let at = turn % others;
            let at = at + usize::from(own.is_some_and(|own| at >= own));
            pairs.push((attacker.0, victims[at].0));
        }
    }
    let begins = |agent: u32| pairs.binary_search_by_key(&agent, |pair| pair.0).is_ok();
    state.attacks.retain(|attack| !(attack.kind == kind && begins(attack.agent)));
    let begun = pairs.iter().map(|&(agent, victim)| Attack { kind, agent, victim, capability, per_second, until });
    state.attacks.extend(begun);
    pairs
}
