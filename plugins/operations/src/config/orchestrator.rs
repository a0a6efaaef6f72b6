//! Which tier works on what.

use agent2028_core::agent::Tier;
use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bridge::Reducer;

/// Which tier works on what, and what happens when a tier isn't well.
///
/// Agents belong to the tier of their group. An operation goes to the tier that its workload names, else to the swarms if its
/// kind is among `swarm_kinds` or begins with `swarm_`, else to the individuals.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct OrchestratorConfig {
    /// The kinds of operations that swarms work on, beside all that begin with `swarm_`; by default `consensus`, `vote`,
    /// `flock`, `explore` and `allocate`.
    pub swarm_kinds: Vec<String>,
    /// A tier whose mean health (0 for agents that have failed) is below this is not well; by default 0.3.
    #[reflect(@Range::new(0.0, 1.0))]
    pub min_health: f32,
    /// Whether the other tier takes over the work of one that isn't well; by default yes. Otherwise it is refused.
    pub failover: bool,
    /// What the individuals get of everything; by default half.
    pub individual: Shares,
    /// What the swarms get of everything; by default half.
    pub swarm: Shares,
    /// Operations that may be in work at once, over both tiers, of which `cpu` is a share; without limit by default.
    #[reflect(@Range::new(1.0, 1e9), @Unit("operations"))]
    pub most_in_work: Option<u32>,
    /// Operations that may be taken on per second, over both tiers, of which `network` is a share; without limit by default.
    #[reflect(@Range::new(1e-3, 1e9), @Unit("1/s"))]
    pub most_per_second: Option<f64>,
}

impl Default for OrchestratorConfig {
    fn default() -> Self {
        Self {
            swarm_kinds: ["consensus", "vote", "flock", "explore", "allocate"].map(str::to_owned).to_vec(),
            min_health: 0.3,
            failover: true,
            individual: Shares::default(),
            swarm: Shares::default(),
            most_in_work: None,
            most_per_second: None,
        }
    }
}

impl OrchestratorConfig {
    /// The tier for an operation of this kind.
    #[must_use]
    pub fn tier_of(&self, kind: &str) -> Tier {
        if kind.starts_with("swarm_") || self.swarm_kinds.iter().any(|known| known == kind) {
            Tier::Swarm
        } else {
            Tier::Individual
        }
    }

    /// What a tier gets.
    #[must_use]
    pub fn shares(&self, tier: Tier) -> &Shares {
        match tier {
            Tier::Individual => &self.individual,
            Tier::Swarm => &self.swarm,
        }
    }
}

/// Shares of what both tiers have together. Those of the two tiers sum to at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Shares {
    /// Share of `most_in_work`; by default 0.5.
    #[reflect(@Range::new(0.0, 1.0))]
    pub cpu: f32,
    /// Share of the section's `most_in_flight`; by default 0.5.
    #[reflect(@Range::new(0.0, 1.0))]
    pub memory: f32,
    /// Share of `most_per_second`; by default 0.5.
    #[reflect(@Range::new(0.0, 1.0))]
    pub network: f32,
}

impl Default for Shares {
    fn default() -> Self {
        Self { cpu: 0.5, memory: 0.5, network: 0.5 }
    }
}

/// Individuals that front a swarm: what they are asked, they ask the members of the swarm, and combine the answers.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct BridgeConfig {
    /// The group of the individuals.
    pub individuals: String,
    /// The group that is the swarm.
    pub swarm: String,
    /// The capability of the individuals that the swarm stands behind. The members have the same one with `swarm_` in
    /// front: `database.query` becomes `swarm_database.query`.
    pub capability: String,
    /// How many members are asked; by default 3.
    #[reflect(@Range::new(1.0, 64.0), @Unit("members"))]
    pub parts: u8,
    /// How their answers become one; by default `Majority`.
    pub reducer: Reducer,
}

impl Default for BridgeConfig {
    fn default() -> Self {
        Self {
            individuals: String::new(),
            swarm: String::new(),
            capability: String::new(),
            parts: 3,
            reducer: Reducer::Majority,
        }
    }
}
