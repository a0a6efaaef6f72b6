//! Who gets keys and papers: at the start, when agents join, and before papers end.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, SpawnBatch};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use bevy::prelude::*;

use crate::canonical::Digest;
use crate::config::IdentityConfig;
use crate::did::Did;
use crate::events::{PAPERS_ISSUED, PapersIssued};
use crate::identities::Identities;
use crate::state::{Member, Paper, PaperKind};
use crate::timestamp::Timestamp;

/// A rule of the scene that makes papers.
enum Rule<'a> {
    Attestation(&'a crate::config::AttestationConfig),
    Delegation(&'a crate::config::DelegationConfig),
}

impl Rule<'_> {
    fn parties(&self) -> (&str, &str) {
        match self {
            Self::Attestation(rule) => (&rule.by, &rule.to),
            Self::Delegation(rule) => (&rule.by, &rule.to),
        }
    }

    fn valid_s(&self) -> f64 {
        f64::from(match self {
            Self::Attestation(rule) => rule.valid_s,
            Self::Delegation(rule) => rule.valid_s,
        })
    }

    fn renews(&self) -> bool {
        match self {
            Self::Attestation(rule) => rule.renew,
            Self::Delegation(rule) => rule.renew,
        }
    }

    fn makes(&self, paper: &Paper) -> bool {
        matches!(
            (self, paper.kind),
            (Self::Attestation(_), PaperKind::Attestation { .. }) | (Self::Delegation(_), PaperKind::Delegation { .. })
        )
    }
}

/// The rules with their numbers, attestations first: what is delegated rests on them.
fn rules(config: &IdentityConfig) -> impl Iterator<Item = (u32, Rule<'_>)> {
    let attestations = config.attestations.iter().enumerate().map(|(at, rule)| (at as u32, Rule::Attestation(rule)));
    let delegations = config.delegations.iter().enumerate().map(|(at, rule)| (at as u32, Rule::Delegation(rule)));
    attestations.chain(delegations)
}

/// The living members of a group, in the order of their ids.
pub(crate) fn members_of(
    identities: &Identities,
    groups: &AgentGroups,
    index: &AgentIndex,
    group: &str,
    found: &mut Vec<u32>,
) {
    found.clear();
    let Some(group) = groups.find(group) else {
        return;
    };
    for range in groups.ranges_of(group) {
        let living = range.filter(|agent| index.get(AgentId(*agent)).is_some());
        found.extend(living.filter(|agent| {
            identities.state.place(*agent).is_some_and(|place| identities.state.members[place].ended.is_none())
        }));
    }
}

/// The identifiers of the roots.
pub(crate) fn roots_of(identities: &Identities, groups: &AgentGroups, config: &IdentityConfig) -> Vec<Did> {
    let mut roots = Vec::new();
    for group in config.roots.iter().filter_map(|name| groups.find(name)) {
        for agent in groups.ranges_of(group).flatten() {
            roots.extend(identities.document_of(AgentId(agent)).map(|document| document.did));
        }
    }
    roots
}

/// Gives agents that were just spawned their keys, and everybody the papers that can now be issued.
pub(crate) fn join(world: &mut World, batch: &SpawnBatch) {
    let Some(config) = world.get_resource::<IdentityConfig>().cloned() else {
        return;
    };
    let groups = world.resource::<AgentGroups>();
    let Some(name) = groups.get(batch.group).map(|group| group.name.clone()) else {
        return;
    };
    if !config.has_keys(&name) {
        return;
    }
    let now = Timestamp::now(world.resource::<SimClock>());
    let suite = config.suite_of(&name);
    let members = batch
        .iter()
        .map(|(agent, _)| Member { agent: agent.0, suite, since: vec![now], ended: None })
        .collect::<Vec<_>>();
    let (dice, workers) = (*world.resource::<SimRng>(), world.resource::<Workers>().clone());
    world.resource_scope(|world, mut identities: Mut<Identities>| {
        identities.add_members(&dice, &workers, members);
        identities.issue_missing(world, &config, now);
    });
}

/// Issues what rules that came while the scene ran ask for.
pub(crate) fn follow_rules(world: &mut World) {
    let config = {
        let config = world.resource_ref::<IdentityConfig>();
        if !config.is_changed() || world.resource::<Identities>().state.rules == digest_of_rules(&config) {
            return;
        }
        IdentityConfig::clone(&config)
    };
    let now = Timestamp::now(world.resource::<SimClock>());
    world.resource_scope(|world, mut identities: Mut<Identities>| {
        identities.issue_missing(world, &config, now);
    });
}

/// The digest of the rules that make papers.
fn digest_of_rules(config: &IdentityConfig) -> Digest {
    Digest::of_value(&(&config.attestations, &config.delegations))
}

impl Identities {
    /// Issues what the rules ask for and nobody has yet.
    fn issue_missing(&mut self, world: &mut World, config: &IdentityConfig, now: Timestamp) {
        let (dice, workers) = (*world.resource::<SimRng>(), world.resource::<Workers>().clone());
        self.state.rules = digest_of_rules(config);
        let (mut givers, mut takers) = (Vec::new(), Vec::new());
        for (number, rule) in rules(config) {
            let (by, to) = rule.parties();
            let (groups, index) = (world.resource::<AgentGroups>(), world.resource::<AgentIndex>());
            members_of(self, groups, index, by, &mut givers);
            members_of(self, groups, index, to, &mut takers);
            if givers.is_empty() || takers.is_empty() {
                continue;
            }
            let mut have: Vec<u32> = self
                .state
                .papers
                .iter()
                .filter(|paper| paper.rule == Some(number) && rule.makes(paper))
                .map(|paper| paper.to)
                .collect();
            have.sort_unstable();
            let mut papers = Vec::new();
            for (turn, taker) in takers.iter().enumerate() {
                let giver = givers[turn % givers.len()];
                if have.binary_search(taker).is_err() && giver != *taker {
                    papers.extend(self.paper(number, &rule, giver, *taker, now, papers.len()));
                }
            }
            if papers.is_empty() {
                continue;
            }
            let told = PapersIssued {
                papers: papers.len() as u64,
                delegated: matches!(rule, Rule::Delegation(_)),
                capability: self.state.name_of(papers[0].capability).to_owned(),
            };
            self.add_papers(&dice, &workers, papers);
            if let Some(mut bus) = world.get_resource_mut::<EventBus>() {
                bus.publish(PAPERS_ISSUED, None, told);
            }
        }
    }

    /// The paper that a rule asks for; nothing if the giver holds nothing that it could rest on.
    fn paper(&mut self, number: u32, rule: &Rule, by: u32, to: u32, now: Timestamp, ahead: usize) -> Option<Paper> {
        let until = now.plus_seconds(rule.valid_s());
        let (kind, capability, expires) = match rule {
            Rule::Attestation(rule) => {
                let epoch = self.state.lists.get(&by).and_then(|lists| lists.last()).map_or(0, |list| list.epoch);
                let audience = self.state.name(&rule.audience);
                (PaperKind::Attestation { audience, epoch }, self.state.name(&rule.capability), until)
            }
            Rule::Delegation(rule) => {
                // Who is honest doesn't grant for longer than it may itself. (What it grants is the scene's word.)
                let bound = self.held_until(by)?;
                let capability = self.state.name(&rule.capability);
                (PaperKind::Delegation { redelegable: rule.redelegable }, capability, until.min(bound))
            }
        };
        let member = &self.state.members[self.state.place(by)?];
        Some(Paper {
            kind,
            rule: Some(number),
            by,
            to,
            capability,
            issued: now,
            expires,
            seen: now,
            number: (self.state.papers.len() + ahead) as u64,
            signer: (by, member.generation_at(now)),
            revoked: false,
        })
    }

    /// The end of the paper of an agent that lasts longest.
    fn held_until(&self, agent: u32) -> Option<Timestamp> {
        let mine = self.state.papers.iter().filter(|paper| paper.to == agent && !paper.revoked);
        mine.map(|paper| paper.expires).max()
    }
}

/// Issues papers anew that have used up three quarters of their time, unless they were taken back.
pub(crate) fn renew(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    workers: Res<Workers>,
    config: Res<IdentityConfig>,
    index: Res<AgentIndex>,
    mut identities: ResMut<Identities>,
) {
    let now = Timestamp::now(&clock);
    let identities = identities.bypass_change_detection();
    for (number, rule) in rules(&config) {
        if !rule.renews() {
            continue;
        }
        // What has a quarter of its time left, or less because what it rests on ended sooner.
        let soon = now.plus_seconds(rule.valid_s() / 4.0);
        let due: Vec<usize> = identities
            .state
            .papers
            .iter()
            .enumerate()
            .filter(|(_, paper)| {
                paper.rule == Some(number)
                    && rule.makes(paper)
                    && !paper.revoked
                    && paper.expires <= soon
                    && [paper.by, paper.to].iter().all(|agent| index.get(AgentId(*agent)).is_some())
            })
            .map(|(at, _)| at)
            .collect();
        let mut papers = Vec::with_capacity(due.len());
        for at in due {
            let (by, to, until) = {
                let paper = &identities.state.papers[at];
                (paper.by, paper.to, paper.expires)
            };
            let is_active =
                identities.state.place(by).is_some_and(|place| identities.state.members[place].ended.is_none());
            if let Some(mut paper) = identities.paper(number, &rule, by, to, now, 0)
                && is_active
                && paper.expires > until
            {
                paper.number = identities.state.papers[at].number;
                papers.push((at, paper));
            }
        }
        identities.replace_papers(&dice, &workers, papers);
    }
}
