//! Who is asked about a task, and what they bid.

use agent2028_core::agent::{AgentId, AgentIndex, Capabilities, CapabilityId};
use agent2028_core::rng::{Purpose, SimStream};
use bevy::prelude::*;

use super::Space;
use super::attack::CampaignKind;
use super::ground::{Ground, People};
use super::nearest::Nearest;
use super::post::is_client;
use super::state::TaskAuctions;
use super::task::{NONE, Task, TaskBid, TaskStatus};
use super::worker::{DEFAULTS, PRESENT};
use crate::auction::Direction;
use crate::config::{Auctioneer, BidPolicy, Rule};
use crate::money::{Treasury, between};
use crate::policy::{Policy, PriceRange};
use crate::round::{Opening, SealedRound};

const DRAW: Purpose = Purpose::new("market.tasks.invite");
const PRIVATE: Purpose = Purpose::new("market.tasks.private");
const BID: Purpose = Purpose::new("market.tasks.bid");
const NONCE: Purpose = Purpose::new("market.tasks.nonce");

/// So many times as many bidders as are asked are looked at.
const PATIENCE: usize = 16;
/// And so many at least.
const LEAST_LOOKED_AT: usize = 256;
/// What a ring asks, as a share of the way from its member's cost to the reserve, where the winner is paid what it asks.
const RING_SHARE: f64 = 0.9;
/// Below which share of the reserve a shill that can't see bids bids.
const BLIND_SHILL: f64 = 0.5;

/// Agents by place, and what each of them is like.
pub(crate) struct Crowd<'a, 'w, 's> {
    pub people: &'a People<'w, 's>,
    pub index: &'a AgentIndex,
    pub treasury: &'a Treasury,
}

impl Crowd<'_, '_, '_> {
    fn look(&self, agent: u32) -> Option<(Vec2, Option<&Capabilities>)> {
        let (_, at, capabilities) = self.people.get(self.index.get(AgentId(agent))?).ok()?;
        Some((at.0, capabilities))
    }
}

/// Begins the auctions that are to begin: those with the highest priority first.
pub(crate) fn open_all(state: &mut TaskAuctions, ground: &Ground<'_>, crowd: &Crowd<'_, '_, '_>, space: &mut Space) {
    let mut opening = std::mem::take(&mut state.to_open);
    opening.retain(|slot| state.tasks.get(*slot).is_some_and(|task| task.status == TaskStatus::Open));
    opening.sort_by_key(|slot| state.tasks.get(*slot).map(|task| (std::cmp::Reverse(task.priority), task.number)));
    if opening.iter().any(|slot| state.tasks.get(*slot).is_some_and(|task| task.place.is_some())) {
        // One pass over all agents; the order of their tables depends on history, that of ids doesn't.
        let Space { nearest, places, free } = space;
        places.clear();
        places.resize(crowd.index.next_id().index(), Vec2::NAN);
        for (agent, position, _) in crowd.people.iter() {
            places[agent.0.index()] = position.0;
        }
        free.clear();
        let has_room = |(agent, worker): (AgentId, &super::worker::Worker)| (worker.free_at != NONE).then_some(agent);
        let ready = state.workers.agents().filter_map(has_room);
        free.extend(ready.map(|agent| (agent.0, places[agent.index()])).filter(|(_, at)| at.is_finite()));
        nearest.build(*ground.bounds, free);
    }
    for slot in opening {
        open(state, ground, crowd, &space.nearest, slot);
    }
}

/// Begins a round of auctioning a task.
fn open(state: &mut TaskAuctions, ground: &Ground<'_>, crowd: &Crowd<'_, '_, '_>, nearest: &Nearest, slot: u32) {
    let Some(task) = state.tasks.get(slot) else { return };
    let number = usize::from(task.auctioneer);
    let Some(auctioneer) = ground.config.auctioneers.get(number) else {
        // Its auctioneer is no more: it is cancelled in this tick.
        return state.wake(slot, ground.tick);
    };
    let invited = invite(state, ground, crowd, nearest, task);
    let rule = state.rule_now(auctioneer, task);
    let mut bids: Vec<TaskBid> =
        invited.into_iter().filter_map(|agent| bid(state, ground, crowd, task, agent, rule)).collect();
    collude(state, rule, task, &mut bids);
    let taken = ground.ticks_in(auctioneer.bid_s).max(1);
    let reveal = ground.ticks_in(auctioneer.reveal_s);
    let sealed = (reveal > 0 && rule.is_sealed()).then(|| {
        let admitted = bids.iter().map(|bid| AgentId(bid.bidder));
        let (reveal_at, close_at) = (ground.tick + taken, ground.tick + taken + reveal);
        let mut round = SealedRound::new(task.number, task.round, reveal_at, close_at, admitted);
        for bid in &bids {
            let commitment = opening(ground, task, bid).commit(task.number, task.round, AgentId(bid.bidder));
            // Everybody is admitted and commits once.
            let _ = round.commit(ground.tick, AgentId(bid.bidder), commitment);
        }
        Box::new(round)
    });
    let wake = match rule {
        Rule::ContractNet => u64::MAX,
        rule if rule.is_call() => (ground.tick / taken + 1) * taken,
        rule if rule.has_clock() => {
            let rule = super::clear::rule_of(auctioneer, task);
            ground.tick + super::clear::clock_ends(&rule, &bids, taken)
        }
        _ => ground.tick + taken,
    };
    let deadline = task.deadline;
    if let Some(task) = state.tasks.get_mut(slot) {
        (task.bids, task.sealed, task.since) = (bids, sealed, ground.tick);
    }
    if rule == Rule::ContractNet {
        state.open_net(ground, slot);
    }
    state.wake(slot, wake.min(deadline));
}

/// What a bidder reveals of its bid, with random bits that only it knows.
pub(crate) fn opening(ground: &Ground<'_>, task: &Task, bid: &TaskBid) -> Opening {
    let mut stream = ground.dice.stream(NONCE.indexed(u64::from(task.round)), AgentId(bid.bidder), task.number);
    let mut nonce = [0; 16];
    for part in nonce.chunks_exact_mut(4) {
        part.copy_from_slice(&stream.below(u32::MAX).to_le_bytes());
    }
    Opening { price: bid.price, promise: bid.promised(), nonce }
}

/// Whether an agent may bid for a task.
fn admits(
    state: &TaskAuctions,
    ground: &Ground<'_>,
    crowd: &Crowd<'_, '_, '_>,
    task: &Task,
    agent: u32,
    can: Option<&Capabilities>,
) -> bool {
    let number = usize::from(task.auctioneer);
    let Some(auctioneer) = ground.config.auctioneers.get(number) else { return false };
    let Some(worker) = state.workers.get(AgentId(agent)) else { return false };
    let bits = ground.circles.admits.get(number).copied().unwrap_or(0);
    let has = |skill: CapabilityId| can.is_some_and(|can| can.0.contains(skill));
    let skilled = match ground.circles.skills.get(usize::from(task.source)) {
        Some(Some(skills)) => skills.iter().all(|skill| has(*skill)),
        Some(None) => false,
        None => true,
    };
    worker.is(PRESENT)
        && worker.group < 64
        && bits >> worker.group & 1 == 1
        && !is_client(task, AgentId(agent))
        && skilled
        && task.skills.iter().all(|skill| *skill != u16::MAX && has(CapabilityId(*skill)))
        && worker.fulfilment() >= f64::from(auctioneer.least_fulfilment)
        && (auctioneer.least_trust <= 0.0
            || ground.trust.is_none_or(|trust| {
                trust.standing(AgentId(agent)).map_or(0.0, |standing| standing.trust) >= auctioneer.least_trust
            }))
        && crowd.treasury.balance(AgentId(agent)) >= deposit(task, auctioneer.deposit_share)
}

/// What who wins a task must deposit.
pub(crate) fn deposit(task: &Task, share: f32) -> i64 {
    (task.reserve as f64 * f64::from(share)) as i64
}

/// Those who are asked about a task.
fn invite(
    state: &TaskAuctions,
    ground: &Ground<'_>,
    crowd: &Crowd<'_, '_, '_>,
    nearest: &Nearest,
    task: &Task,
) -> Vec<u32> {
    let number = usize::from(task.auctioneer);
    let Some(auctioneer) = ground.config.auctioneers.get(number) else { return Vec::new() };
    let count = auctioneer.invited as usize;
    let most = (count * PATIENCE).max(LEAST_LOOKED_AT);
    let may = |agent: u32| crowd.look(agent).is_some_and(|(_, can)| admits(state, ground, crowd, task, agent, can));
    if let Some(place) = task.at() {
        return nearest.find(place, count, most, |agent, _| may(agent)).into_iter().map(|(_, agent)| agent).collect();
    }
    let bits = ground.circles.admits.get(number).copied().unwrap_or(0);
    let lists: Vec<&Vec<u32>> = state
        .free
        .iter()
        .enumerate()
        .filter(|(group, list)| bits >> group & 1 == 1 && !list.is_empty())
        .map(|(_, list)| list)
        .collect();
    let total: usize = lists.iter().map(|list| list.len()).sum();
    let at = |mut place: usize| {
        for list in &lists {
            match list.get(place) {
                Some(agent) => return *agent,
                None => place -= list.len(),
            }
        }
        NONE
    };
    if total <= most {
        let mut all: Vec<u32> =
            lists.iter().flat_map(|list| list.iter().copied()).filter(|agent| may(*agent)).collect();
        all.sort_unstable();
        if all.len() > count {
            // The draws depend on the task alone, so that copies of it are auctioned among corresponding bidders.
            let mut stream = ground.dice.global(DRAW.indexed(u64::from(task.round)), task.origin);
            for place in 0..count {
                let other = place + stream.below((all.len() - place) as u32) as usize;
                all.swap(place, other);
            }
            all.truncate(count);
        }
        return all;
    }
    let mut stream = ground.dice.global(DRAW.indexed(u64::from(task.round)), task.number);
    let mut chosen: Vec<u32> = Vec::with_capacity(count);
    for _ in 0..most {
        let agent = at(stream.below(total as u32) as usize);
        if !chosen.contains(&agent) && may(agent) {
            chosen.push(agent);
            if chosen.len() == count {
                break;
            }
        }
    }
    chosen.sort_unstable();
    chosen
}

fn auctioneer_of<'a>(ground: &Ground<'a>, task: &Task) -> Option<&'a Auctioneer> {
    ground.config.auctioneers.get(usize::from(task.auctioneer))
}

/// How long whoever gets a task now may take for it, in seconds.
fn time_for(task: &Task, auctioneer: &Auctioneer, ground: &Ground<'_>) -> f64 {
    let left = task.deadline.saturating_sub(ground.tick) as f64 / ground.tick_hz;
    left.min(f64::from(auctioneer.work_limit_s))
}

/// What an agent bids for a task; nothing if it can't do it in time.
fn bid(
    state: &TaskAuctions,
    ground: &Ground<'_>,
    crowd: &Crowd<'_, '_, '_>,
    task: &Task,
    agent: u32,
    rule: Rule,
) -> Option<TaskBid> {
    let worker = state.workers.get(AgentId(agent))?;
    let group = ground.config.bidders.get(worker.group as usize)?;
    let (position, _) = crowd.look(agent)?;
    // It sets out from where its last task lies.
    let from = state.tasks.get(worker.tail).and_then(Task::at).unwrap_or(position);
    let distance = task.at().map_or(0.0, |place| ground.bounds.delta(from, place).length());
    let mut stream = ground.dice.stream(PRIVATE, AgentId(worker.rank), task.origin);
    let work_s = task.work_ticks as f64 / ground.tick_hz;
    let way = (f64::from(group.per_distance) * f64::from(distance)) as i64;
    let work = (f64::from(group.per_work_s) * work_s) as i64;
    let cost = way.saturating_add(work).saturating_add(between(group.private, &mut stream));
    let mut stream: SimStream = ground.dice.stream(BID.indexed(u64::from(task.round)), AgentId(agent), task.number);
    let range = PriceRange { low: 0, high: task.reserve };
    let policy = match group.policy {
        BidPolicy::Learning => {
            let learner = state.learners.get(&(task.auctioneer, agent)).cloned();
            learner.map(|learner| Policy::Learning(Box::new(learner)))
        }
        _ => None,
    };
    let policy = policy.unwrap_or_else(|| group.policy.begin());
    let asked = match policy {
        // Who would lose does not bid at all.
        Policy::Random | Policy::Adversarial => policy.bid(cost, Direction::Buy, range, &mut stream),
        _ if cost > task.reserve => return None,
        _ => policy.bid(cost, Direction::Buy, range, &mut stream),
    };
    let travel_s = distance / group.speed.max(f32::MIN_POSITIVE);
    let defaults = worker.is(DEFAULTS);
    // Who can't have done it in time does not bid, unless it does not mean to do it, or promises whatever wins.
    let means_it = !defaults && group.policy != BidPolicy::Adversarial;
    if means_it && f64::from(travel_s) + work_s > time_for(task, auctioneer_of(ground, task)?, ground) {
        return None;
    }
    let promise = if group.policy == BidPolicy::Adversarial {
        (0.0, 1.0, 1.0)
    } else {
        (worker.load as f32, 1000.0 * (travel_s + work_s as f32), worker.reliability)
    };
    // Who won't do it asks for hardly anything; a shill that can't see the others guesses.
    let price = if defaults {
        match state.campaign_of(agent) {
            Some(CampaignKind::Shill) if rule != Rule::ContractNet => {
                // It comes when the bids are there to see, or must guess.
                if !auctioneer_of(ground, task)?.seals() {
                    return None;
                }
                (task.reserve as f64 * BLIND_SHILL * stream.unit_fine()) as i64
            }
            _ => (cost / 4).min(task.reserve),
        }
    } else {
        asked
    };
    let promise = if defaults { (0.0, 1.0, 1.0) } else { promise };
    Some(TaskBid { bidder: agent, price, cost, way, promise, honest: !defaults })
}

/// Members of a ring agree: the one that it costs least shall have the task, the others ask for all that there is.
fn collude(state: &TaskAuctions, rule: Rule, task: &Task, bids: &mut [TaskBid]) {
    for campaign in state.campaigns.iter().filter(|campaign| campaign.kind == CampaignKind::Ring) {
        let members: Vec<usize> = (0..bids.len()).filter(|at| campaign.has(bids[*at].bidder)).collect();
        let Some(chosen) = members.iter().copied().min_by_key(|at| (bids[*at].cost, bids[*at].bidder)) else {
            continue;
        };
        for at in members {
            let bid = &mut bids[at];
            if at != chosen {
                bid.price = task.reserve;
            } else if matches!(rule, Rule::FirstPrice | Rule::ContractNet | Rule::SealedBestScore | Rule::Dutch) {
                let way = (task.reserve - bid.cost).max(0) as f64;
                bid.price = bid.cost.min(task.reserve) + (way * RING_SHARE) as i64;
            } else {
                bid.price = bid.cost.min(task.reserve);
            }
        }
    }
}
