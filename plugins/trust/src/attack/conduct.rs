//! What attackers do, tick by tick.

use agent2028_core::agent::{
    AgentGroups, AgentId, AgentIndex, Placement, Position, ServiceRecord, remove_agents, spawn_group,
};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_operations::with_ground;
use bevy::prelude::*;

use super::{Campaign, CampaignKind};
use crate::config::TrustConfig;
use crate::events::{AGENT_WHITEWASHED, Whitewashed};
use crate::score::Outcome;
use crate::trust::{Observation, Trust};

const LIES: Purpose = Purpose::new("trust.lies");
/// The most false ratings within a tick, of one rater and of all.
const MOST_LIES_OF_ONE: u32 = 1000;
pub(crate) const MOST_LIES: u32 = 1 << 18;

/// Those who lie rate their targets without having had anything to do with them.
///
/// Returns whether there would have been more than may be.
pub(crate) fn spread_lies(trust: &mut Trust, config: &TrustConfig, dice: &SimRng, tick: u64, tick_hz: f64) -> bool {
    if trust.campaigns.is_empty() {
        return false;
    }
    let (mut left, mut limited) = (MOST_LIES, false);
    trust.campaigns.retain(|campaign| campaign.until >= tick || matches!(campaign.kind, CampaignKind::OnOff { .. }));
    let campaigns = std::mem::take(&mut trust.campaigns);
    for (number, campaign) in campaigns.iter().enumerate() {
        let said = match campaign.kind {
            CampaignKind::Praise => Outcome::Success,
            CampaignKind::Slander => Outcome::Failure,
            CampaignKind::OnOff { .. } | CampaignKind::Whitewash { .. } => continue,
        };
        if campaign.targets.is_empty() || campaign.per_second <= 0.0 {
            continue;
        }
        let per_tick = campaign.per_second / tick_hz;
        for &rater in &campaign.agents {
            let mut stream = dice.stream(LIES.indexed(number as u64), AgentId(rater), tick);
            // The whole ones for certain, and what is left by chance.
            let times = per_tick as u32 + u32::from(f64::from(stream.unit()) < per_tick - f64::from(per_tick as u32));
            if times > MOST_LIES_OF_ONE || left < times {
                limited = true;
            }
            for _ in 0..times.min(MOST_LIES_OF_ONE).min(left) {
                let at = (f64::from(stream.unit()) * campaign.targets.len() as f64) as usize;
                let subject = campaign.targets[at.min(campaign.targets.len() - 1)];
                left -= 1;
                trust.hear(Observation { tick, rater, subject, said, command: None, honest: false }, config);
            }
        }
    }
    trust.campaigns = campaigns;
    limited
}

/// Whether somebody has to change what it does, or who it is.
pub(crate) fn misbehaviour_is_due(trust: Res<Trust>) -> bool {
    let active =
        |campaign: &Campaign| matches!(campaign.kind, CampaignKind::OnOff { .. } | CampaignKind::Whitewash { .. });
    trust.campaigns.iter().any(active)
}

/// Agents that behave and betray by turns do so; those whose name is ruined come back under another one.
pub(crate) fn misbehave(world: &mut World) {
    let tick = world.resource::<SimClock>().tick();
    let campaigns = std::mem::take(&mut world.resource_mut::<Trust>().campaigns);
    let mut kept = Vec::with_capacity(campaigns.len());
    let mut renamed = Vec::new();
    for campaign in campaigns {
        match campaign.kind {
            CampaignKind::OnOff { good, bad, reliability } => {
                if turn(world, &campaign, (good, bad, reliability), tick) {
                    kept.push(campaign);
                }
            }
            CampaignKind::Whitewash { below, pause } => {
                let mut campaign = campaign;
                for agent in &mut campaign.agents {
                    if let Some(name) = come_back(world, *agent, below, pause, tick) {
                        renamed.push((*agent, name));
                        *agent = name;
                    }
                }
                campaign.agents.sort_unstable();
                kept.push(campaign);
            }
            CampaignKind::Praise | CampaignKind::Slander => kept.push(campaign),
        }
    }
    // Accomplices know each other under their new names.
    for campaign in kept.iter_mut().filter(|campaign| !matches!(campaign.kind, CampaignKind::Whitewash { .. })) {
        // New ids are the highest there are, so that lists stay in order.
        for (old, new) in &renamed {
            if let Ok(at) = campaign.agents.binary_search(old) {
                campaign.agents.remove(at);
                campaign.agents.push(*new);
                if at < campaign.reliabilities.len() {
                    let own = campaign.reliabilities.remove(at);
                    campaign.reliabilities.push(own);
                }
            }
            if let Ok(at) = campaign.targets.binary_search(old) {
                campaign.targets.remove(at);
                campaign.targets.push(*new);
            }
        }
    }
    world.resource_mut::<Trust>().campaigns = kept;
}

/// It is the turn of those who behave and betray by turns. Returns whether they go on.
fn turn(world: &mut World, campaign: &Campaign, (good, bad, reliability): (u64, u64, f32), tick: u64) -> bool {
    let over = tick > campaign.until;
    let period = good.saturating_add(bad).max(1);
    let phase = tick.saturating_sub(campaign.since) % period;
    let betrays = !over && phase >= good;
    let changes = over || phase == 0 || phase == good;
    if changes {
        with_ground(world, |operations, ground| {
            for (agent, own) in campaign.agents.iter().zip(&campaign.reliabilities) {
                let truth = if betrays { reliability } else { *own };
                operations.update(ground, AgentId(*agent), |server| server.truth = truth);
            }
        });
    }
    !over
}

/// An agent whose name is ruined leaves and comes back where it was, as good and as bad as before. Returns its new number.
fn come_back(world: &mut World, agent: u32, below: f32, pause: u64, tick: u64) -> Option<u32> {
    let old = AgentId(agent);
    let standing = *world.resource::<Trust>().standing(old)?;
    let known = standing.pooled().amount() >= 2.0;
    if !known || standing.trust >= below || tick.saturating_sub(standing.since) < pause {
        return None;
    }
    let entity = world.resource::<AgentIndex>().get(old)?;
    let group = world.resource::<AgentGroups>().group_of(old)?;
    let position = world.get::<Position>(entity)?.0;
    let record = world.get::<ServiceRecord>(entity).copied();
    let truth = world
        .get_resource::<agent2028_operations::Operations>()
        .and_then(|operations| operations.server(old))
        .map(|server| server.truth);
    let batch = spawn_group(world, group, 1, &Placement::Points(vec![position])).ok()?;
    let new = batch.first;
    if let (Some(entity), Some(record), Some(truth)) = (batch.entities.first(), record, truth)
        && let Some(mut fresh) = world.get_mut::<ServiceRecord>(*entity)
    {
        fresh.reliability = truth;
        fresh.reported_reliability = truth;
        fresh.max_concurrency = record.max_concurrency;
    }
    remove_agents(world, &[old]);
    let mut trust = world.resource_mut::<Trust>();
    trust.mark_malicious(new.0, tick);
    trust.standing_mut(new.0).since = tick;
    trust.counts.whitewashed += 1;
    let told = Whitewashed { before: agent, trust: standing.trust };
    world.resource_mut::<EventBus>().publish(AGENT_WHITEWASHED, Some(new), told);
    Some(new.0)
}
