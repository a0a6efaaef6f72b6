//! Capabilities given and taken.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::{AgentId, AgentIndex, Capabilities, CapabilityRegistry, grant_capability, withdraw_capability};
use crate::check::{Check, Problems, suggest};
use crate::intervention::{Intervention, InterventionContext, InterventionError, PaletteEntry, Tone};
use crate::selector::Selector;

/// Gives agents a capability.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct GrantCapability {
    /// Which agents.
    pub select: Selector,
    /// The capability, such as `database.query`.
    pub capability: String,
}

/// Takes a capability from agents.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct WithdrawCapability {
    /// Which agents.
    pub select: Selector,
    /// The capability, such as `database.query`.
    pub capability: String,
}

impl Check for GrantCapability {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        if let Err(error) = crate::agent::validate_capability_name(&self.capability) {
            problems.push(format!("{at}.capability"), error.to_string(), "for example \"database.query\"");
        }
    }
}

impl Check for WithdrawCapability {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        if !problems.capabilities.contains(&self.capability) {
            let help = suggest(&self.capability, problems.capabilities.iter(), "capability");
            let message = format!("no agent has the capability \"{}\"", self.capability);
            problems.push(format!("{at}.capability"), message, help);
        }
    }
}

impl Intervention for GrantCapability {
    const NAME: &'static str = "GrantCapability";
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Grant", "\u{e87b}", Tone::Good, "They can do it from now on."));

    fn grants(&self) -> Option<&str> {
        Some(&self.capability)
    }

    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        !has_capability(world, agent, &self.capability)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.chosen_by(&self.select, world, context);
        Ok(format!("{} agents can {} now", grant_capability(world, &agents, &self.capability)?, self.capability))
    }
}

impl Intervention for WithdrawCapability {
    const NAME: &'static str = "WithdrawCapability";
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Withdraw", "\u{e4f5}", Tone::Warning, "They can't do it any more."));

    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        has_capability(world, agent, &self.capability)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.chosen_by(&self.select, world, context);
        Ok(format!("{} agents can {} no more", withdraw_capability(world, &agents, &self.capability)?, self.capability))
    }
}

/// Whether an agent has a capability.
fn has_capability(world: &World, agent: AgentId, capability: &str) -> bool {
    let id = world.resource::<CapabilityRegistry>().find(capability);
    let entity = world.resource::<AgentIndex>().get(agent);
    let set = entity.and_then(|entity| world.get::<Capabilities>(entity));
    id.zip(set).is_some_and(|(id, set)| set.0.contains(id))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    #[test]
    fn capabilities_are_given_to_those_that_lack_them_and_taken_from_those_that_have_them() {
        let mut simulation = simulation(20);
        let capability = || "x.y".to_owned();
        let holders = |world: &World| (0..20).filter(|agent| has_capability(world, AgentId(*agent), "x.y")).count();
        for given in 1..=20 {
            simulation.intervene(GrantCapability { select: Selector::Count(1), capability: capability() });
            simulation.run(1);
            assert_eq!(holders(simulation.world()), given);
        }
        for taken in 1..=20 {
            simulation.intervene(WithdrawCapability { select: Selector::Count(1), capability: capability() });
            simulation.run(1);
            assert_eq!(holders(simulation.world()), 20 - taken);
        }
    }
}
