//! Attacks on identities, and what is done about them.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone, Unfit, room_among,
};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use agent2028_core::schema::{Check, Problems, Range, Unit};
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::IdentityConfig;
use crate::events::{IDENTITY_ENDED, IdentityEnded, KEYS_ROTATED, KeysRotated};
use crate::identities::Identities;
use crate::issue::roots_of;
use crate::scope::{covers, issuer_of};
use crate::state::{Attack, AttackKind, Forged, Paper, PaperKind};
use crate::timestamp::Timestamp;

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

/// The most keys that one agent has one after the other.
const MOST_ROTATIONS: usize = 4096;
/// The most forged lists of a run.
const MOST_FORGED: usize = 4096;
/// The most papers of a run that are dated back.
const MOST_DATED_BACK: usize = 4096;

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

fn has_channels(world: &World) -> Result<(), InterventionError> {
    if world.get_resource::<IdentityConfig>().is_some_and(|config| !config.channels.is_empty()) {
        return Ok(());
    }
    Err(refused("there are no sealed channels in this scene; add identity.channels"))
}

/// The capability that is meant: this one, or the first that is used in the scene.
fn capability_or_first(world: &World, capability: &str) -> Result<String, InterventionError> {
    if !capability.is_empty() {
        return Ok(capability.into());
    }
    let first = world.get_resource::<IdentityConfig>().and_then(|config| config.requests.first());
    first.map(|rule| rule.capability.clone()).ok_or_else(|| refused("say which capability; the scene uses none"))
}

fn end_tick(world: &World, seconds: Option<f32>) -> u64 {
    let clock = world.resource::<SimClock>();
    seconds.map_or(u64::MAX, |seconds| clock.tick().saturating_add(clock.ticks_in(f64::from(seconds))))
}

/// Those among the chosen who hold a paper for the capability.
fn holders(world: &World, chosen: &[AgentId], capability: &str) -> Vec<AgentId> {
    let state = world.resource::<Identities>().state();
    let fit = state.papers.iter().filter(|paper| !paper.revoked && covers(state.name_of(paper.capability), capability));
    let holders: std::collections::BTreeSet<u32> = fit.map(|paper| paper.to).collect();
    chosen.iter().copied().filter(|agent| holders.contains(&agent.0)).collect()
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
        capability_or_first(world, &self.capability).map(|_| ()).map_err(|error| Unfit { field: "capability", error })
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
            return Err(refused("none of the chosen victims is a root"));
        }
        let until = end_tick(world, self.duration_s);
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
        capability_or_first(world, &self.capability).map(|_| ()).map_err(|error| Unfit { field: "capability", error })
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let thieves = members(world, context, &self.select)?;
        let capability = capability_or_first(world, &self.capability)?;
        let victims = holders(world, &members(world, context, &self.victim)?, &capability);
        if victims.is_empty() {
            return Err(refused(format!("none of the chosen victims has papers for {capability}")));
        }
        let until = end_tick(world, self.duration_s);
        let parties = (thieves.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::StealDelegation, parties, &capability, self.per_second, until);
        Ok(format!("{} agents show stolen papers", pairs.len()))
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
        capability_or_first(world, &self.capability).map(|_| ()).map_err(|error| Unfit { field: "capability", error })
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let impostors = members(world, context, &self.select)?;
        let capability = capability_or_first(world, &self.capability)?;
        let victims = holders(world, &members(world, context, &self.victim)?, &capability);
        if victims.is_empty() {
            return Err(refused(format!("none of the chosen victims has papers for {capability}")));
        }
        let until = end_tick(world, self.duration_s);
        let parties = (impostors.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::Impersonate, parties, &capability, self.per_second, until);
        Ok(format!("{} agents say that they are others", pairs.len()))
    }
}

macro_rules! listening_fields {
    ($(#[$docs:meta])* $kind:ident, $(#[$rate_docs:meta])* per_second) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
        #[reflect(Default)]
        #[serde(default, deny_unknown_fields)]
        pub struct $kind {
            /// Who does it.
            pub select: Selector,
            $(#[$rate_docs])*
            #[reflect(@Range::new(0.0, 1e4), @Unit("1/s"))]
            pub per_second: f32,
            /// For how long; without it for good.
            #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
            pub duration_s: Option<f32>,
        }

        impl Default for $kind {
            fn default() -> Self {
                Self { select: Selector::Count(1), per_second: 1.0, duration_s: None }
            }
        }
    };
}

listening_fields!(
    /// Agents listen to sealed channels and send again what went through them.
    ReplayMessages,
    /// How often each sends a message again, of any channel.
    per_second
);

listening_fields!(
    /// Agents listen to sealed channels, open them once more with what they have heard, and send messages again.
    ReplayOpening,
    /// How often each opens a channel again, of any two others, with one message.
    per_second
);

impl Intervention for ReplayMessages {
    const NAME: &'static str = "ReplayMessages";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Replay by",
            "\u{e042}",
            Tone::Danger,
            "They listen to sealed channels and send again what went through them.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        Ok(has_channels(world)?)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let count = listen(world, context, AttackKind::ReplayMessages, &self.select, self.per_second, self.duration_s)?;
        Ok(format!("{count} agents send messages of others again"))
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
        capability_or_first(world, &self.capability).map(|_| ()).map_err(|error| Unfit { field: "capability", error })
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
            return Err(refused(format!(
                "none of the chosen victims is a root or an issuer of {capability} and has rotated its keys"
            )));
        }
        let until = end_tick(world, self.duration_s);
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

macro_rules! list_attack {
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
            /// Upon how many others each presses it, beside those who ask; in the rhythm in which lists are compared.
            #[reflect(@Range::new(0.0, 1e3), @Unit("1/s"))]
            pub per_second: f32,
            /// For how long; without it for good.
            #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
            pub duration_s: Option<f32>,
        }

        impl Default for $kind {
            fn default() -> Self {
                Self { select: Selector::Count(1), victim: Selector::All, per_second: 1.0, duration_s: None }
            }
        }

        impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
                self.victim.check(&format!("{at}.victim"), problems);
            }
        }
    };
}

list_attack!(
    /// Agents make revocation lists in another's name, signed with keys of their own, that take back all it ever issued, and
    /// press them upon others.
    ForgeList,
    /// In whose name: of those among these who have issued anything, in turn.
    victim
);

list_attack!(
    /// Agents hand out an old revocation list as if it were the newest, so that what was taken back counts again.
    RollbackList,
    /// Whose list: of those among these who have made more than one, in turn.
    victim
);

impl Intervention for ForgeList {
    const NAME: &'static str = "ForgeList";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Forge lists by",
            "\u{eb80}",
            Tone::Danger,
            "They make revocation lists in others' names that take back all those issued, and press them upon others.",
        )
        .with_strength("per_second"),
    );

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let forgers = members(world, context, &self.select)?;
        let chosen = members(world, context, &self.victim)?;
        let state = world.resource::<Identities>().state();
        let has_issued = |agent: &AgentId| state.papers.iter().any(|paper| is_own_of(paper, agent.0));
        let victims: Vec<AgentId> = chosen.into_iter().filter(has_issued).collect();
        if victims.is_empty() {
            return Err(refused("none of the chosen victims has issued anything that could be taken back"));
        }
        room_among((state.forged.len() + forgers.len()).saturating_sub(1), MOST_FORGED, "forged lists")?;
        let until = end_tick(world, self.duration_s);
        let parties = (forgers.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::ForgeList, parties, "", self.per_second, until);
        let (now, dice) = (Timestamp::now(world.resource::<SimClock>()), *world.resource::<SimRng>());
        let mut identities = world.resource_mut::<Identities>();
        for (forger, victim) in &pairs {
            let state = &identities.state;
            let Some(place) = state.place(*forger) else { continue };
            let papers = state.papers.iter().zip(0..).filter(|(paper, _)| is_own_of(paper, *victim));
            let forged = Forged {
                issuer: *victim,
                signer: (*forger, state.members[place].generation_at(now)),
                base: state.lists.get(victim).map_or(0, Vec::len) as u32,
                issued: now,
                papers: papers.map(|(_, at)| at).collect(),
            };
            identities.add_forged(&dice, forged);
        }
        Ok(format!("{} agents forge revocation lists", pairs.len()))
    }
}

/// Whether an agent issued a paper, with keys of its own.
fn is_own_of(paper: &Paper, agent: u32) -> bool {
    paper.by == agent && paper.signer.0 == agent
}

impl Intervention for RollbackList {
    const NAME: &'static str = "RollbackList";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Roll lists back by",
            "\u{e8b3}",
            Tone::Danger,
            "They hand out old revocation lists as if they were the newest, so that what was taken back counts again.",
        )
        .with_strength("per_second"),
    );

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let chosen = members(world, context, &self.victim)?;
        let state = world.resource::<Identities>().state();
        let has_older = |agent: &AgentId| state.lists.get(&agent.0).is_some_and(|lists| lists.len() > 1);
        let victims: Vec<AgentId> = chosen.into_iter().filter(has_older).collect();
        if victims.is_empty() {
            return Err(refused("none of the chosen victims has made more than one revocation list"));
        }
        let until = end_tick(world, self.duration_s);
        let parties = (agents.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::RollbackList, parties, "", self.per_second, until);
        Ok(format!("{} agents hand out old revocation lists", pairs.len()))
    }
}

impl Intervention for ReplayOpening {
    const NAME: &'static str = "ReplayOpening";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Reopen channels by",
            "\u{e898}",
            Tone::Danger,
            "They open sealed channels of others once more, with the words that opened them before.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        Ok(has_channels(world)?)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let count = listen(world, context, AttackKind::ReplayOpening, &self.select, self.per_second, self.duration_s)?;
        Ok(format!("{count} agents open channels of others again"))
    }
}

/// Agents stand on the way when others open sealed channels, and strike all suites but the weakest from what these offer.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct StripOffers {
    /// Who does it, in turn.
    pub select: Selector,
    /// Whose offers: of all channels that these open from now on.
    pub victim: Selector,
    /// For how long; without it for good.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for StripOffers {
    fn default() -> Self {
        Self { select: Selector::Count(1), victim: Selector::All, duration_s: None }
    }
}

impl Intervention for StripOffers {
    const NAME: &'static str = "StripOffers";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Strip offers by",
        "\u{f0c5}",
        Tone::Danger,
        "They stand in the way when others open sealed channels, and strike all suites but the weakest from what these offer.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        Ok(has_channels(world)?)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        has_channels(world)?;
        let mut victims = members(world, context, &self.victim)?;
        victims.retain(|victim| agents.binary_search(victim).is_err());
        if agents.is_empty() || victims.is_empty() {
            return Err(refused("nobody whose offers somebody else could strip"));
        }
        let until = end_tick(world, self.duration_s);
        let state = &mut world.resource_mut::<Identities>().state;
        let kind = AttackKind::StripOffers;
        let is_victim = |agent: u32| victims.binary_search(&AgentId(agent)).is_ok();
        state.attacks.retain(|attack| !(attack.kind == kind && is_victim(attack.victim)));
        let pairs = victims.iter().zip(agents.iter().cycle());
        let begun = pairs.map(|(victim, agent)| Attack {
            kind,
            agent: agent.0,
            victim: victim.0,
            capability: 0,
            per_second: 0.0,
            until,
        });
        state.attacks.extend(begun);
        Ok(format!("{} agents strip what {} others offer", agents.len().min(victims.len()), victims.len()))
    }
}

impl Check for StripOffers {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        self.victim.check(&format!("{at}.victim"), problems);
    }
}

/// Lets agents listen to channels and send again what they hear, in one way. Returns how many.
fn listen(
    world: &mut World,
    context: &InterventionContext,
    kind: AttackKind,
    select: &Selector,
    per_second: f32,
    duration_s: Option<f32>,
) -> Result<usize, InterventionError> {
    let agents = members(world, context, select)?;
    has_channels(world)?;
    let until = end_tick(world, duration_s);
    let state = &mut world.resource_mut::<Identities>().state;
    for agent in &agents {
        let agent = agent.0;
        state.attacks.retain(|attack| !(attack.kind == kind && attack.agent == agent));
        state.attacks.push(Attack { kind, agent, victim: agent, capability: 0, per_second, until });
    }
    Ok(agents.len())
}

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
                return Err(refused("the chosen agents have no such papers"));
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

macro_rules! check_selector {
    ($($kind:ty),*) => {
        $(impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
            }
        })*
    };
}

check_selector!(ReplayMessages, ReplayOpening, RaiseEpoch, RotateKeys, DeactivateIdentity);

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
