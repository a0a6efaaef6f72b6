//! What becomes of identities: papers are taken back, epochs and keys change, identities end.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems};
use agent2028_core::check_selector;
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, PaletteEntry, Tone, Unfit};
use agent2028_core::rng::SimRng;
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::foreseen::{may_hold, no_such_papers};
use super::members;
use crate::events::{IDENTITY_ENDED, IdentityEnded, KEYS_ROTATED, KeysRotated};
use crate::identities::Identities;
use crate::scope::covers;
use crate::timestamp::Timestamp;

/// The most keys that one agent has one after the other.
const MOST_ROTATIONS: usize = 4096;

/// Papers are taken back by those who issued them. Others act on it when they hear of it.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RevokePapers {
    /// The agents whose papers are taken back.
    pub select: Selector,
    /// Papers for this capability only, or for what a pattern covers; all if empty.
    pub capability: String,
}

impl Intervention for RevokePapers {
    const NAME: &'static str = "RevokePapers";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Revoke papers of",
        "\u{e860}",
        Tone::Warning,
        "Whoever gave them papers takes them back; the news goes from agent to agent.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        let is_meant = |held: &str| self.capability.is_empty() || covers(&self.capability, held);
        if may_hold(world, &self.select, is_meant) { Ok(()) } else { Err(no_such_papers().into()) }
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let now = Timestamp::now(world.resource::<SimClock>());
        let dice = *world.resource::<SimRng>();
        world.resource_scope(|world, mut identities: Mut<Identities>| {
            let mut bus = world.resource_mut::<EventBus>();
            let state = identities.state();
            let mut found: std::collections::BTreeMap<u32, Vec<u32>> = std::collections::BTreeMap::new();
            for (at, paper) in state.papers.iter().enumerate() {
                let is_meant = self.capability.is_empty() || covers(&self.capability, state.name_of(paper.capability));
                // What is forged is nobody's to take back.
                let is_own = paper.signer.0 == paper.by;
                if is_meant && is_own && !paper.revoked && agents.binary_search(&AgentId(paper.to)).is_ok() {
                    found.entry(paper.by).or_default().push(at as u32);
                }
            }
            let count: usize = found.values().map(Vec::len).sum();
            if count == 0 {
                return Err(no_such_papers());
            }
            for (issuer, papers) in found {
                identities.revoke(&dice, &mut bus, issuer, papers, false, now);
            }
            Ok(format!("{count} papers taken back"))
        })
    }
}

/// Issuers begin a new epoch: all that they attested before no longer holds.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RaiseEpoch {
    /// The issuers.
    pub select: Selector,
}

impl Intervention for RaiseEpoch {
    const NAME: &'static str = "RaiseEpoch";
    const NEEDS: &'static [&'static str] = &["identity"];

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let now = Timestamp::now(world.resource::<SimClock>());
        let dice = *world.resource::<SimRng>();
        world.resource_scope(|world, mut identities: Mut<Identities>| {
            let mut bus = world.resource_mut::<EventBus>();
            let issuers: Vec<u32> = agents
                .iter()
                .map(|agent| agent.0)
                .filter(|agent| identities.state().papers.iter().any(|paper| paper.signer.0 == *agent))
                .collect();
            for issuer in &issuers {
                identities.revoke(&dice, &mut bus, *issuer, Vec::new(), true, now);
            }
            Ok(format!("{} issuers begin a new epoch", issuers.len()))
        })
    }
}

/// Agents put new keys in place of their old ones; their names and papers stay.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RotateKeys {
    /// The agents.
    pub select: Selector,
}

impl Intervention for RotateKeys {
    const NAME: &'static str = "RotateKeys";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Rotate keys of",
        "\u{e863}",
        Tone::Good,
        "New keys in place of their old ones; names and papers stay.",
    ));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let now = Timestamp::now(world.resource::<SimClock>());
        let count = change_members(world, &agents, |member, bus| {
            // Keys of the same moment would leave the former ones no time at all.
            if member.ended.is_some() || member.since.last().is_some_and(|since| *since >= now) {
                return false;
            }
            if member.since.len() >= MOST_ROTATIONS {
                LimitReached::new("keys of one agent", MOST_ROTATIONS as u64, "it keeps those that it has").tell(bus);
                return false;
            }
            member.since.push(now);
            let rotations = member.since.len() as u32 - 1;
            bus.publish(KEYS_ROTATED, Some(AgentId(member.agent)), KeysRotated { rotations });
            true
        })?;
        // What was signed with the former keys may be dated back from now on: the newest list is signed again.
        let dice = *world.resource::<SimRng>();
        world.resource_scope(|world, mut identities: Mut<Identities>| {
            let mut bus = world.resource_mut::<EventBus>();
            let has_list = |agent: &&AgentId| identities.state.lists.contains_key(&agent.0);
            let issuers: Vec<u32> = agents.iter().filter(has_list).map(|agent| agent.0).collect();
            for issuer in issuers {
                let newest = identities.state.lists.get(&issuer).and_then(|lists| lists.last()).map(|list| list.issued);
                let rotated = identities.state.place(issuer).and_then(|at| identities.state.members[at].since.last());
                if newest < rotated.copied() || newest == Some(now) {
                    identities.revoke(&dice, &mut bus, issuer, Vec::new(), false, now);
                }
            }
        });
        Ok(format!("{count} agents have new keys"))
    }
}

/// Agents end their identities, for good.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DeactivateIdentity {
    /// The agents.
    pub select: Selector,
}

impl Intervention for DeactivateIdentity {
    const NAME: &'static str = "DeactivateIdentity";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "End identity of",
        "\u{e510}",
        Tone::Warning,
        "They may prove, sign and vouch for nothing any more, for good.",
    ));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let now = Timestamp::now(world.resource::<SimClock>());
        change_members(world, &agents, |member, bus| {
            if member.ended.is_some() {
                return false;
            }
            member.ended = Some(now);
            bus.publish(IDENTITY_ENDED, Some(AgentId(member.agent)), IdentityEnded);
            true
        })
        .map(|count| format!("{count} identities ended"))
    }
}

/// Changes members and makes the documents of those that changed again.
fn change_members(
    world: &mut World,
    agents: &[AgentId],
    change: impl Fn(&mut crate::state::Member, &mut EventBus) -> bool,
) -> Result<usize, InterventionError> {
    let dice = *world.resource::<SimRng>();
    world.resource_scope(|world, mut identities: Mut<Identities>| {
        let mut bus = world.resource_mut::<EventBus>();
        let mut count = 0;
        for place in agents.iter().filter_map(|agent| identities.state.place(agent.0)).collect::<Vec<_>>() {
            if change(&mut identities.state.members[place], &mut bus) {
                count += 1;
                identities.renew_document(&dice, place);
            }
        }
        Ok(count)
    })
}

check_selector!(RaiseEpoch, RotateKeys, DeactivateIdentity);

impl Check for RevokePapers {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        if !self.capability.is_empty()
            && let Err(error) = agent2028_core::agent::parse_pattern(&self.capability)
        {
            problems.push(format!("{at}.capability"), error.to_string(), "for example \"database.*\"");
        }
    }
}
