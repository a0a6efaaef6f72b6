//! Capabilities given and taken.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::{grant_capability, withdraw_capability};
use crate::intervention::{Intervention, InterventionContext, InterventionError};
use crate::schema::{Check, Problems, suggest};
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

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents can {} now", grant_capability(world, &agents, &self.capability)?, self.capability))
    }
}

impl Intervention for WithdrawCapability {
    const NAME: &'static str = "WithdrawCapability";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents can {} no more", withdraw_capability(world, &agents, &self.capability)?, self.capability))
    }
}
