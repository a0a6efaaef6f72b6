//! The scene's section `consensus`.

use std::collections::BTreeSet;

use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::clock::SimClock;
use agent2028_core::ranges::check_ranges;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::protocol::committee::{Committee, CommitteeError, MOST_VOTERS};
use crate::protocol::replica::{Growing, Timing};
use crate::schedule::ScheduleConfig;

/// The most voting power of an agent.
const MOST_POWER: f64 = 1e12;

/// Agents that decide one thing after the other together, over the links of the network: Tendermint (Buchman, Kwon & Milosevic
/// 2018).
///
/// Voters that aren't linked are told by others, who pass messages on over the shortest way; without a network what one says is heard
/// by all in the next tick. Who votes is settled before the first tick; what a voter signs is taken to be signed, and nobody can speak
/// in another's name. Decisions are events, and so they stand in the ledger; where there is the section `trust`, who is proven to
/// contradict itself is rated as one that failed by each who can prove it. Times are read anew in every tick, and can be changed while
/// the simulation runs.
#[derive(Resource, Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ConsensusConfig {
    /// Whose agents vote; all agents of all groups, with a power of 1 each, if the list is empty.
    pub voters: Vec<VoterGroup>,
    /// How long voters wait.
    pub waits: WaitConfig,
    /// Operations that are done only once voters have decided so. Needs the section `operations`. All voters know what is asked for.
    pub gates: Vec<GateConfig>,
    /// What happens to voters in the place of a network, step by step.
    pub schedule: Option<ScheduleConfig>,
}

/// Operations that wait for a decision.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct GateConfig {
    /// The capability that they ask for.
    pub capability: String,
    /// How long they wait; then they are rejected. By default 30.
    #[reflect(@Range::new(1e-3, 1e9), @Unit("s"))]
    pub wait_s: f32,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self { capability: String::new(), wait_s: 30.0 }
    }
}

/// A group whose agents vote.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct VoterGroup {
    /// The group.
    pub group: String,
    /// The voting power of each of its agents; by default 1.
    #[reflect(@Range::new(1.0, MOST_POWER))]
    pub power: u64,
}

/// How long voters wait before they go on without the others.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct WaitConfig {
    /// For a proposal, in the first round; by default 1.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub propose_s: f32,
    /// For more prevotes, once a quorum prevoted for different values, in the first round; by default 0.5.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub prevote_s: f32,
    /// For more precommits, once a quorum precommitted without deciding, in the first round; by default 0.5.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub precommit_s: f32,
    /// How much longer each of them is in each round after; by default 0.25.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub growth_s: f32,
    /// Between a decision and the next height; by default 0.25.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub commit_s: f32,
    /// Until a voter that makes no progress says where it is, so that others send what it lacks; by default 2. Without that, 0,
    /// whoever was cut off is never told what it missed.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub retransmit_s: f32,
}

impl Default for VoterGroup {
    fn default() -> Self {
        Self { group: String::new(), power: 1 }
    }
}

impl Default for WaitConfig {
    fn default() -> Self {
        Self { propose_s: 1.0, prevote_s: 0.5, precommit_s: 0.5, growth_s: 0.25, commit_s: 0.25, retransmit_s: 2.0 }
    }
}

impl WaitConfig {
    /// In ticks.
    #[must_use]
    pub fn timing(&self, clock: &SimClock) -> Timing {
        let ticks = |seconds: f32| clock.ticks_in(f64::from(seconds));
        let growing = |first| Growing { first: ticks(first), per_round: ticks(self.growth_s) };
        Timing {
            propose: growing(self.propose_s),
            prevote: growing(self.prevote_s),
            precommit: growing(self.precommit_s),
            commit: ticks(self.commit_s),
            retransmit: ticks(self.retransmit_s),
        }
    }
}

impl ConsensusConfig {
    /// The groups whose agents vote, among all groups of a scene.
    #[must_use]
    pub fn voters_among(&self, groups: &[String]) -> Vec<VoterGroup> {
        if !self.voters.is_empty() {
            return self.voters.clone();
        }
        groups.iter().map(|group| VoterGroup { group: group.clone(), power: 1 }).collect()
    }
}

impl Check for ConsensusConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        let mut seen = BTreeSet::new();
        for (index, voters) in self.voters.iter().enumerate() {
            let path = format!("{at}.voters[{index}].group");
            problems.check_group(path.clone(), &voters.group);
            if !seen.insert(&voters.group) {
                problems.push(path, format!("the group \"{}\" is listed twice", voters.group), "list each group once");
            }
        }
        let voters = self.voters_among(&problems.groups.iter().map(str::to_owned).collect::<Vec<_>>());
        let place = |voters: &VoterGroup| problems.groups.iter().position(|name| name == voters.group);
        let size = |voters: &VoterGroup| problems.group_sizes.get(place(voters)?).map(|size| u64::from(*size));
        let is_known = voters.iter().all(|voters| size(voters).is_some());
        let number: u64 = voters.iter().filter_map(size).sum();
        if number > MOST_VOTERS as u64 {
            let help = "let fewer agents vote: each message of a voter goes to all others";
            problems.push(format!("{at}.voters"), format!("{number} voters are more than {MOST_VOTERS}"), help);
            return;
        }
        // Agents have ids in the order of their groups.
        let mut in_order: Vec<&VoterGroup> = voters.iter().collect();
        in_order.sort_by_key(|voters| place(voters));
        let powers = in_order.iter().flat_map(|of| vec![of.power; size(of).unwrap_or(0) as usize]).collect();
        let committee = Committee::new(powers);
        if let Err(error @ (CommitteeError::TooMuchPower | CommitteeError::NoPower(_))) = &committee {
            problems.push(format!("{at}.voters"), error.to_string(), "give voters a power of 1 up, and less in all");
        }
        for (index, gate) in self.gates.iter().enumerate() {
            let path = format!("{at}.gates[{index}].capability");
            if !problems.sections.contains("operations") {
                let help = "add the section operations: (), or take the gate away";
                problems.push(path.clone(), "there are no operations that could wait", help);
            }
            if !problems.capabilities.contains(&gate.capability) {
                let message = format!("no agent has the capability \"{}\"", gate.capability);
                problems.push(path, message, "name a capability that agents of the scene have");
            }
        }
        if let Some(schedule) = &self.schedule {
            schedule.check_among(committee.ok().filter(|_| is_known), &format!("{at}.schedule"), problems);
        }
    }
}
