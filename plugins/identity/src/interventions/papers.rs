//! Attacks on papers: forged, stolen, dated back, and shown in another's name.

use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId};
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, PaletteEntry, Tone, Unfit, room_among,
};
use agent2028_core::parallel::Workers;
use agent2028_core::rehearsal::Rehearsal;
use agent2028_core::rng::SimRng;
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::foreseen::{forges, in_victim, may_hold, no_old_keys, no_papers, no_root, some_chosen};
use super::{RotateKeys, attack, members, refused};
use crate::config::{AttestationConfig, IdentityConfig};
use crate::identities::Identities;
use crate::issue::roots_of;
use crate::scope::{covers, issuer_of};
use crate::state::{AttackKind, Paper, PaperKind};
use crate::timestamp::Timestamp;

/// The most papers of a run that are dated back.
const MOST_DATED_BACK: usize = 4096;

/// The capability that is meant: this one, or the first that is used in the scene.
fn capability_or_first(world: &World, capability: &str) -> Result<String, InterventionError> {
    if !capability.is_empty() {
        return Ok(capability.into());
    }
    let first = world.get_resource::<IdentityConfig>().and_then(|config| config.requests.first());
    first.map(|rule| rule.capability.clone()).ok_or_else(|| refused("say which capability; the scene uses none"))
}

/// Those among the chosen who hold a paper for the capability.
fn holders(world: &World, chosen: &[AgentId], capability: &str) -> Vec<AgentId> {
    let state = world.resource::<Identities>().state();
    let fit = state.papers.iter().filter(|paper| !paper.revoked && covers(state.name_of(paper.capability), capability));
    let holders: std::collections::BTreeSet<u32> = fit.map(|paper| paper.to).collect();
    chosen.iter().copied().filter(|agent| holders.contains(&agent.0)).collect()
}

/// Whether there can be somebody among the victims who holds a paper for the capability.
fn holders_may_be(world: &World, victims: &Selector, capability: &str) -> Result<(), Unfit> {
    let capability = capability_or_first(world, capability).map_err(|error| Unfit { field: "capability", error })?;
    in_victim(may_hold(world, victims, |held| covers(held, &capability)), no_papers(&capability))
}

/// Attacks those who have papers for a capability, in one way. Returns how many attack.
fn attack_holders(
    world: &mut World,
    context: &InterventionContext,
    kind: AttackKind,
    (attackers, victims): (&Selector, &Selector),
    capability: &str,
    per_second: f32,
    duration_s: Option<f32>,
) -> Result<usize, InterventionError> {
    let attackers = members(world, context, attackers)?;
    let capability = capability_or_first(world, capability)?;
    let victims = holders(world, &members(world, context, victims)?, &capability);
    if victims.is_empty() {
        return Err(no_papers(&capability));
    }
    let until = world.resource::<SimClock>().end_of(duration_s);
    let parties = (attackers.as_slice(), victims.as_slice());
    Ok(attack(world, kind, parties, &capability, per_second, until).len())
}

macro_rules! attack_fields {
    ($(#[$docs:meta])* $kind:ident, $(#[$victim_docs:meta])* victim) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
        #[reflect(Default)]
        #[serde(default, deny_unknown_fields)]
        pub struct $kind {
            /// Who does it.
            pub select: Selector,
            $(#[$victim_docs])*
            pub victim: Selector,
            /// The capability that they want; if empty, the first one that is used in the scene.
            pub capability: String,
            /// How often each tries.
            #[reflect(@Range::new(0.0, 1e4), @Unit("1/s"))]
            pub per_second: f32,
            /// For how long; without it for good.
            #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
            pub duration_s: Option<f32>,
        }

        impl Default for $kind {
            fn default() -> Self {
                Self {
                    select: Selector::Count(1),
                    victim: Selector::All,
                    capability: String::new(),
                    per_second: 1.0,
                    duration_s: None,
                }
            }
        }

        impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
                self.victim.check(&format!("{at}.victim"), problems);
                if !self.capability.is_empty()
                    && let Err(error) = agent2028_core::agent::parse_pattern(&self.capability)
                {
                    problems.push(format!("{at}.capability"), error.to_string(), "for example \"database.query\"");
                }
            }
        }
    };
}

attack_fields!(
    /// Agents write themselves papers and sign them in another's name, with keys of their own.
    ForgeSignature,
    /// In whose name: roots and issuers among these, in turn.
    victim
);

attack_fields!(
    /// Agents show another's papers as if they were their own.
    StealDelegation,
    /// Whose papers: of those among these who have any for the capability, in turn.
    victim
);

attack_fields!(
    /// Agents have stolen a key of somebody who has rotated it out since, and sign themselves papers with it, dated back to when
    /// it was in force.
    StealOldKey,
    /// Whose old key: of roots and issuers among these who have rotated their keys, in turn.
    victim
);

attack_fields!(
    /// Agents say that they are another.
    Impersonate,
    /// Whom: of those among these who have papers for the capability, in turn.
    victim
);

impl Intervention for ForgeSignature {
    const NAME: &'static str = "ForgeSignature";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Forge by",
            "\u{e746}",
            Tone::Danger,
            "They write themselves papers in a root's name, signed with keys of their own, and use them.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        capability_or_first(world, &self.capability).map_err(|error| Unfit { field: "capability", error })?;
        let roots = |group: &AgentGroup, config: &IdentityConfig| config.roots.contains(&group.name);
        in_victim(some_chosen(world, &self.victim, roots), no_root())
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let forgers = members(world, context, &self.select)?;
        let capability = capability_or_first(world, &self.capability)?;
        let chosen = members(world, context, &self.victim)?;
        let (groups, config) = (world.resource::<AgentGroups>(), world.resource::<IdentityConfig>());
        let identities = world.resource::<Identities>();
        let roots = roots_of(identities, groups, config);
        let is_root = |agent: &AgentId| identities.document_of(*agent).is_some_and(|own| roots.contains(&own.did));
        let victims: Vec<AgentId> = chosen.into_iter().filter(is_root).collect();
        if victims.is_empty() {
            return Err(no_root());
        }
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let parties = (forgers.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::ForgeSignature, parties, &capability, self.per_second, until);
        let now = Timestamp::now(world.resource::<SimClock>());
        let (dice, workers) = (*world.resource::<SimRng>(), world.resource::<Workers>().clone());
        let mut identities = world.resource_mut::<Identities>();
        let capability = identities.state.name(&capability);
        // Who has forged this already needs no second one.
        let forged = identities.state.papers.iter().filter(|paper| paper.signer.0 != paper.by && !paper.revoked);
        let forged: std::collections::BTreeSet<(u32, u32, u32)> =
            forged.map(|paper| (paper.to, paper.by, paper.capability)).collect();
        let fresh = pairs.iter().filter(|(forger, victim)| !forged.contains(&(*forger, *victim, capability)));
        let papers = fresh.enumerate().filter_map(|(ahead, (forger, victim))| {
            let member = &identities.state.members[identities.state.place(*forger)?];
            Some(Paper {
                kind: PaperKind::Attestation { audience: 0, epoch: u32::MAX },
                rule: None,
                by: *victim,
                to: *forger,
                capability,
                issued: now,
                expires: Timestamp::NEVER,
                seen: now,
                number: (identities.state.papers.len() + ahead) as u64,
                signer: (*forger, member.generation_at(now)),
                revoked: false,
            })
        });
        let papers = papers.collect();
        identities.add_papers(&dice, &workers, papers);
        Ok(format!("{} agents forge signatures", pairs.len()))
    }
}

impl Intervention for StealDelegation {
    const NAME: &'static str = "StealDelegation";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Steal papers by",
            "\u{ea8e}",
            Tone::Danger,
            "They show papers of others, who may use what the scene asks for first, as their own.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        holders_may_be(world, &self.victim, &self.capability)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let parties = (&self.select, &self.victim);
        let (kind, rate, length) = (AttackKind::StealDelegation, self.per_second, self.duration_s);
        let count = attack_holders(world, context, kind, parties, &self.capability, rate, length)?;
        Ok(format!("{count} agents show stolen papers"))
    }
}

impl Intervention for Impersonate {
    const NAME: &'static str = "Impersonate";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Impersonate by",
            "\u{f008}",
            Tone::Danger,
            "They say that they are others, who may use what the scene asks for first.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        holders_may_be(world, &self.victim, &self.capability)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let parties = (&self.select, &self.victim);
        let (kind, rate, length) = (AttackKind::Impersonate, self.per_second, self.duration_s);
        let count = attack_holders(world, context, kind, parties, &self.capability, rate, length)?;
        Ok(format!("{count} agents say that they are others"))
    }
}

impl Intervention for StealOldKey {
    const NAME: &'static str = "StealOldKey";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Use old keys by",
            "\u{eb7a}",
            Tone::Danger,
            "They date papers back with stolen keys that were rotated out.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        let capability = capability_or_first(world, &self.capability);
        let capability = capability.map_err(|error| Unfit { field: "capability", error })?;
        let has_rotated = Rehearsal::times(world, RotateKeys::NAME) > 0;
        let wanted = issuer_of(&capability);
        let may_issue = |group: &AgentGroup, config: &IdentityConfig| {
            let makes_it = |rule: &AttestationConfig| rule.to == group.name && covers(&rule.capability, &wanted);
            // Whoever dates papers back may make issuers.
            config.roots.contains(&group.name) || config.attestations.iter().any(makes_it) || forges(world)
        };
        in_victim(has_rotated && some_chosen(world, &self.victim, may_issue), no_old_keys(&capability))
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let thieves = members(world, context, &self.select)?;
        let capability = capability_or_first(world, &self.capability)?;
        let chosen = members(world, context, &self.victim)?;
        let (groups, config) = (world.resource::<AgentGroups>(), world.resource::<IdentityConfig>());
        let identities = world.resource::<Identities>();
        let (state, roots) = (identities.state(), roots_of(identities, groups, config));
        let wanted = issuer_of(&capability);
        let is_issuer = |agent: &AgentId| {
            let is_root = identities.document_of(*agent).is_some_and(|own| roots.contains(&own.did));
            let makes_it = |paper: &Paper| {
                let is_attested = matches!(paper.kind, PaperKind::Attestation { .. });
                paper.to == agent.0 && is_attested && covers(state.name_of(paper.capability), &wanted)
            };
            is_root || state.papers.iter().any(makes_it)
        };
        let has_old_keys =
            |agent: &AgentId| state.place(agent.0).is_some_and(|place| state.members[place].since.len() > 1);
        let victims: Vec<AgentId> =
            chosen.into_iter().filter(|agent| has_old_keys(agent) && is_issuer(agent)).collect();
        if victims.is_empty() {
            return Err(no_old_keys(&capability));
        }
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let dated_back = state.papers.iter().filter(|paper| paper.seen > paper.issued).count();
        room_among((dated_back + thieves.len()).saturating_sub(1), MOST_DATED_BACK, "papers that are dated back")?;
        let parties = (thieves.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::StealOldKey, parties, &capability, self.per_second, until);
        let now = Timestamp::now(world.resource::<SimClock>());
        let (dice, workers) = (*world.resource::<SimRng>(), world.resource::<Workers>().clone());
        let mut identities = world.resource_mut::<Identities>();
        let capability = identities.state.name(&capability);
        let papers = pairs.iter().enumerate().filter_map(|(ahead, (thief, victim))| {
            let state = &identities.state;
            let since = &state.members[state.place(*victim)?].since;
            let (stolen, issued) = (since.len().checked_sub(2)?, Timestamp(since.last()?.0 - 1));
            // As it would have been then: of the issuer's epoch, and for as long as its own papers last.
            let lists = state.lists.get(victim).map_or(&[][..], Vec::as_slice);
            let epoch = lists.iter().rev().find(|list| list.issued <= issued).map_or(0, |list| list.epoch);
            let held = state.papers.iter().filter(|paper| paper.to == *victim && !paper.revoked);
            let expires = held.map(|paper| paper.expires).max().unwrap_or(Timestamp::NEVER);
            Some(Paper {
                kind: PaperKind::Attestation { audience: 0, epoch },
                rule: None,
                by: *victim,
                to: *thief,
                capability,
                issued,
                expires,
                seen: now,
                number: (state.papers.len() + ahead) as u64,
                signer: (*victim, stolen as u32),
                revoked: false,
            })
        });
        let papers = papers.collect();
        identities.add_papers(&dice, &workers, papers);
        Ok(format!("{} agents date papers back with stolen keys", pairs.len()))
    }
}
