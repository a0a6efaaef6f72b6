//! Revocation lists are made, signed, and spread from agent to agent.

use std::sync::Arc;

use agent2028_core::agent::{Agent, AgentId, AgentIndex, Condition};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use bevy::prelude::*;
use rand::Rng;

use crate::config::IdentityConfig;
use crate::events::{LIST_SPREAD, ListSpread, PAPERS_REVOKED, PapersRevoked};
use crate::identities::Identities;
use crate::requests::idle_agents;
use crate::revocation::REVOCATION;
use crate::signature::Signature;
use crate::state::List;
use crate::suite::PublicKeys;
use crate::timestamp::Timestamp;

const PARTNERS: Purpose = Purpose::new("identity.gossip");

/// Whom agents can compare lists with. Whoever knows of links between agents says so here.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Contacts {
    /// Picks by chance an agent that this one can talk to now, if there is any; without it everybody can talk to everybody.
    pub pick: Option<fn(&World, AgentId, &mut SimStream) -> Option<AgentId>>,
}

impl Identities {
    /// Lets somebody take papers back (by their places), or raise the epoch. The issuer knows it at once, others when they
    /// hear of it. Returns the list's number.
    pub(crate) fn revoke(
        &mut self,
        dice: &SimRng,
        bus: &mut EventBus,
        issuer: u32,
        papers: Vec<u32>,
        raise_epoch: bool,
        now: Timestamp,
    ) -> Option<u32> {
        let place = self.state.place(issuer)?;
        let count = papers.len() as u64;
        for paper in &papers {
            self.state.papers[*paper as usize].revoked = true;
        }
        let lists = self.state.lists.entry(issuer).or_default();
        let epoch = lists.last().map_or(0, |list| list.epoch).saturating_add(u32::from(raise_epoch));
        lists.push(List { issued: now, epoch, papers });
        let number = lists.len();
        let signed = self.signed_list(dice, issuer, number - 1)?;
        let lists = self.state.lists.get(&issuer).map_or(&[][..], Vec::as_slice);
        let papers = lists.iter().flat_map(|list| &list.papers);
        let parties = papers.flat_map(|paper| self.state.papers[*paper as usize].parties());
        let parties: Vec<u32> = parties.chain([issuer]).collect();
        self.note_signature(&signed.signature, parties);
        // Every list is checked before anybody takes it over; that this happens once for all changes no result.
        self.state.counts.verified += 1;
        let verify = |signature: &Signature, keys: &PublicKeys, bytes: &[u8]| {
            self.vault.verify_once(signature, keys, REVOCATION, bytes)
        };
        let is_right = signed.verify_if(&self.documents[place], verify).is_ok();
        self.lists.entry(issuer).or_default().push(Arc::new(signed));
        let members = self.state.members.len();
        let known = self.state.known.entry(issuer).or_default();
        known.resize(members, 0);
        if is_right {
            known[place] = number as u32;
        }
        self.state.counts.revoked += count;
        bus.publish(PAPERS_REVOKED, Some(AgentId(issuer)), PapersRevoked { papers: count, list: number as u32 });
        Some(number as u32)
    }

    /// The share of members that know the newest list of an issuer, 0 to 1.
    #[must_use]
    pub fn reach(&self, issuer: AgentId) -> Option<f64> {
        let newest = self.state.lists.get(&issuer.0)?.len() as u32;
        let known = self.state.known.get(&issuer.0)?;
        let informed = known.iter().filter(|number| **number == newest).count();
        Some(informed as f64 / known.len().max(1) as f64)
    }
}

/// Every so often each agent compares the numbers of its lists with those of a few others, and both take over what is newer.
pub(crate) fn spread(world: &mut World) {
    let Some(rules) = world.get_resource::<IdentityConfig>().map(|config| config.revocations) else {
        return;
    };
    let clock = world.resource::<SimClock>();
    let (tick, now) = (clock.tick(), Timestamp::now(clock));
    let every = clock.ticks_in(f64::from(rules.period_s)).max(1);
    if world.resource::<Identities>().state.lists.is_empty() || !tick.is_multiple_of(every) {
        return;
    }
    let mut conditions = world.query::<(&Agent, &Condition)>();
    let idle = idle_agents(&conditions.query(world));
    let (dice, contacts) = (*world.resource::<SimRng>(), world.get_resource::<Contacts>().copied().unwrap_or_default());
    let (state, index) = (&world.resource::<Identities>().state, world.resource::<AgentIndex>());
    let acts = |agent: u32| index.get(AgentId(agent)).is_some() && !idle.contains(&agent);
    let mut meetings: Vec<(usize, usize)> = Vec::new();
    for (place, member) in state.members.iter().enumerate().filter(|(_, member)| acts(member.agent)) {
        let mut stream = dice.stream(PARTNERS, AgentId(member.agent), tick);
        for _ in 0..rules.fanout {
            let other = match contacts.pick {
                Some(pick) => pick(world, AgentId(member.agent), &mut stream).and_then(|other| state.place(other.0)),
                None => Some(((u64::from(stream.next_u32()) * state.members.len() as u64) >> 32) as usize),
            };
            if let Some(other) = other
                && other != place
                && acts(state.members[other].agent)
            {
                meetings.push((place, other));
            }
        }
    }
    world.resource_scope(|world, mut identities: Mut<Identities>| {
        let identities = identities.bypass_change_detection();
        let mut bus = world.resource_mut::<EventBus>();
        for (issuer, known) in &mut identities.state.known {
            let lists = &identities.state.lists[issuer];
            let newest = lists.len() as u32;
            if known.iter().all(|number| *number == newest) {
                continue;
            }
            // What everybody knew before the round, so that the order of meetings is of no effect.
            let before = known.clone();
            for (one, other) in &meetings {
                let best = before[*one].max(before[*other]);
                for place in [*one, *other] {
                    if known[place] < best {
                        known[place] = best;
                        identities.state.counts.lists_heard += 1;
                    }
                }
            }
            if known.iter().all(|number| *number == newest) {
                let after_s = now.seconds_since(lists[lists.len() - 1].issued);
                let told = ListSpread { list: newest, after_ms: (after_s * 1000.0).round() as i64 };
                bus.publish(LIST_SPREAD, Some(AgentId(*issuer)), told);
            }
        }
    });
}
