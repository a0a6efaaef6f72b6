//! Numbers of an agent that identities add.

use agent2028_core::agent::{Agent, AgentId};
use agent2028_core::check::Range;
use agent2028_core::quantity::{AddQuantity, Quantity, QuantityKind, QuantitySpec};
use bevy::prelude::*;

use crate::identities::Identities;
use crate::state::{AttackKind, Member, State};

fn member(spec: QuantitySpec, read: fn(&State, usize, &Member) -> f64) -> Quantity {
    Quantity::derived::<&Agent>(spec, move |world, AgentId(agent), _| {
        let state = world.get_resource::<Identities>()?.state();
        let place = state.place(agent)?;
        Some(read(state, place, &state.members[place]))
    })
}

/// Registers `key_generation`, `papers`, `access`, `lists_known` and `dishonest`.
pub(crate) fn register(app: &mut App) {
    let count = |name: &str, unit: &str, help: &str| {
        QuantitySpec::new(name, unit, help).of_kind(QuantityKind::Integer).within(Range::positive())
    };
    app.add_quantity(member(
        count("key_generation", "", "How often the agent's keys were rotated."),
        |_, _, member| (member.since.len() - 1) as f64,
    ));
    app.add_quantity(member(
        count("papers", "papers", "How many attestations and delegations the agent holds."),
        |state, _, member| state.papers.iter().filter(|paper| paper.to == member.agent).count() as f64,
    ));
    app.add_quantity(member(
        QuantitySpec::new("access", "", "What became of the agent's last use of a capability.")
            .among(["none yet", "refused", "allowed"]),
        |state, _, member| match state.last.get(&member.agent) {
            None => 0.0,
            Some(last) if last.refused.is_some() => 1.0,
            Some(_) => 2.0,
        },
    ));
    app.add_quantity(member(
        count("lists_known", "lists", "How many revocation lists the agent knows."),
        |state, place, _| state.known.values().map(|known| f64::from(state.number_of(known[place]))).sum(),
    ));
    app.add_quantity(member(
        QuantitySpec::new("dishonest", "", "What the agent does if it isn't honest.").among([
            "honest",
            "forges",
            "shows stolen papers",
            "says it is another",
            "tampers with channels",
            "rolls lists back",
            "dates back",
        ]),
        |state, _, member| {
            let attack = state.attacks.iter().find(|attack| attack.agent == member.agent);
            attack.map_or(0.0, |attack| match attack.kind {
                AttackKind::ForgeSignature | AttackKind::ForgeList => 1.0,
                AttackKind::StealDelegation => 2.0,
                AttackKind::Impersonate => 3.0,
                // Colours tell seven kinds apart.
                AttackKind::ReplayMessages | AttackKind::ReplayOpening | AttackKind::StripOffers => 4.0,
                AttackKind::RollbackList => 5.0,
                AttackKind::StealOldKey => 6.0,
            })
        },
    ));
}
