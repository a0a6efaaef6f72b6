//! Attacks on identities, and what is done about them.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, Unfit};
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
use crate::scope::covers;
use crate::state::{Attack, AttackKind, Paper, PaperKind};
use crate::timestamp::Timestamp;

/// The most keys that one agent has one after the other.
const MOST_ROTATIONS: usize = 4096;

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
    /// Agents say that they are another.
    Impersonate,
    /// Whom: of those among these who have papers for the capability, in turn.
    victim
);

impl Intervention for ForgeSignature {
    const NAME: &'static str = "ForgeSignature";
    const NEEDS: &'static [&'static str] = &["identity"];

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

/// Agents listen to sealed channels and send again what went through them.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ReplayMessages {
    /// Who does it.
    pub select: Selector,
    /// How often each sends a message again, of any channel.
    #[reflect(@Range::new(0.0, 1e4), @Unit("1/s"))]
    pub per_second: f32,
    /// For how long; without it for good.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for ReplayMessages {
    fn default() -> Self {
        Self { select: Selector::Count(1), per_second: 1.0, duration_s: None }
    }
}

impl Intervention for ReplayMessages {
    const NAME: &'static str = "ReplayMessages";
    const NEEDS: &'static [&'static str] = &["identity"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        Ok(has_channels(world)?)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        has_channels(world)?;
        let until = end_tick(world, self.duration_s);
        let state = &mut world.resource_mut::<Identities>().state;
        for agent in &agents {
            let (kind, agent) = (AttackKind::ReplayMessages, agent.0);
            state.attacks.retain(|attack| !(attack.kind == kind && attack.agent == agent));
            let per_second = self.per_second;
            state.attacks.push(Attack { kind, agent, victim: agent, capability: 0, per_second, until });
        }
        Ok(format!("{} agents send messages of others again", agents.len()))
    }
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

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let now = Timestamp::now(world.resource::<SimClock>());
        change_members(world, &agents, |member, bus| {
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
        })
        .map(|count| format!("{count} agents have new keys"))
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

check_selector!(ReplayMessages, RaiseEpoch, RotateKeys, DeactivateIdentity);

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
