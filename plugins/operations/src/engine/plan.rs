//! Classes and pools: what is asked for, and who can do it.

use agent2028_core::agent::{AgentId, FitnessWeights, Tier, parse_pattern};
use agent2028_core::clock::{as_written, ticks_in};
use serde::{Deserialize, Serialize};

use super::{Ground, Operations, TierSums, of};
use crate::bridge::{Reducer, individual_name, swarm_name};
use crate::config::{OperationsConfig, WhenFull, Workload};
use crate::index::NOT_THERE;
use crate::pool::{Pool, PoolKey, PoolRank};
use crate::server::{FAILED, FROZEN, IN_SWARM, ISOLATED, PRESENT, Server};
use crate::service::Service;
use crate::slab::{Operation, SWARM};
use crate::strategy::Strategy;
use crate::time::{NEVER, Time};
use crate::workload::Source;

/// What operations of a class ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassKey {
    /// The capability.
    pub capability: String,
    /// The kind.
    pub kind: String,
    /// The tier, if it isn't found by the kind.
    pub tier: Option<Tier>,
    /// The strategy, if not that of the section.
    pub strategy: Option<Strategy>,
    /// The region that asks; empty for none.
    pub region: String,
}

/// What is worked out for a class.
#[derive(Clone, Debug)]
pub struct ClassPlan {
    /// How long agents work on it.
    pub service: Service,
    /// How long an attempt may take.
    pub(super) timeout: Time,
    /// The tier that works on it.
    pub tier: Tier,
    /// The pools of both tiers.
    pub(super) pools: [u16; 2],
}

/// What is worked out for a bridge.
#[derive(Clone, Debug)]
pub(super) struct BridgePlan {
    /// The ids of its individuals.
    pub(super) individuals: Vec<(u32, u32)>,
    /// The class of the parts.
    pub(super) class: u16,
    pub(super) capability: String,
    pub(super) reducer: Reducer,
    pub(super) parts: u8,
}

/// What is looked up often.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings {
    pub(super) weights: FitnessWeights,
    pub(super) capacity: u32,
    pub(super) shed: bool,
    pub(super) most_in_line: u32,
    pub(super) believe: bool,
    pub(super) observation: f32,
    pub(super) most_in_flight: u32,
    pub(super) receipts: usize,
    pub(super) window: u64,
    /// Per tier: operations at agents, operations held, requests per part of a tick.
    pub(super) limits: [(u32, u32, f64); 2],
    pub(super) min_health: f64,
    pub(super) failover: bool,
}

impl Settings {
    fn of(config: &OperationsConfig, ground: &Ground) -> Self {
        let limit = |tier: Tier| {
            let shares = config.orchestrator.shares(tier);
            let most = |whole: Option<u32>, share: f32| {
                whole.map_or(u32::MAX, |whole| (f64::from(whole) * f64::from(share)).round() as u32)
            };
            let per_second = config.orchestrator.most_per_second;
            (
                most(config.orchestrator.most_in_work, shares.cpu),
                most(Some(config.most_in_flight), shares.memory),
                per_second.map_or(f64::INFINITY, |most| most * f64::from(shares.network)),
            )
        };
        Self {
            weights: config.fitness,
            capacity: config.queue.capacity,
            shed: config.queue.when_full == WhenFull::ShedOldest,
            most_in_line: if let WhenFull::Wait { most } = config.queue.when_full { most } else { 0 },
            believe: config.believe_reports,
            observation: config.observation_weight,
            most_in_flight: config.most_in_flight,
            receipts: config.receipts as usize,
            window: ticks_in(f64::from(config.window_s), ground.rate.tick_hz()).clamp(1, 1_000_000_000_000),
            limits: [limit(Tier::Individual), limit(Tier::Swarm)],
            min_health: f64::from(config.orchestrator.min_health),
            failover: config.orchestrator.failover,
        }
    }
}

/// At most this many classes.
const MOST_CLASSES: usize = 4096;

/// The pools that stand in the bits of an agent's mask; the last bit says that it is in further ones.
const MASKED: usize = 63;

/// What an agent brings to its tier.
fn contribution(server: &Server) -> Option<(usize, TierSums)> {
    if !server.is(PRESENT) {
        return None;
    }
    let tier = usize::from(server.is(IN_SWARM));
    let well = !server.is(FAILED) && !server.is(ISOLATED);
    let health = if well { (f64::from(server.health) * 1e6).round() as u64 } else { 0 };
    let slots = if server.is_available() { u64::from(server.slots) } else { 0 };
    Some((tier, TierSums { members: 1, health, slots }))
}

impl Operations {
    /// Takes over the section: settings, sources, classes. Call it before the first tick, whenever the section has changed,
    /// and after loading.
    pub fn adapt(&mut self, ground: &Ground) {
        self.state.begun = true;
        self.settings = Settings::of(ground.config, ground);
        self.judge_tiers();
        self.state.sources.truncate(ground.config.workload.len());
        self.readers.resize_with(ground.config.workload.len(), || None);
        for (index, workload) in ground.config.workload.iter().enumerate() {
            let around = self.around(ground, workload, index);
            let now = self.now();
            match self.state.sources.get_mut(index) {
                Some(source) if source.fits(workload) => source.adapt(&around, now),
                Some(source) => {
                    *source = Source::begin(&around, now, ground.files);
                    self.readers[index] = None;
                }
                None => self.state.sources.push(Source::begin(&around, now, ground.files)),
            }
        }
        self.find_soonest();
        self.plan_classes(ground);
        self.plan_bridges(ground);
    }

    /// Works out what belongs to each class; their pools are found again.
    fn plan_classes(&mut self, ground: &Ground) {
        self.classes.clear();
        self.asked.clear();
        for number in 0..self.state.classes.len() {
            self.plan_class(ground, number);
        }
    }

    fn plan_class(&mut self, ground: &Ground, number: usize) {
        let key = self.state.classes[number].clone();
        let rule = ground.config.services.iter().find(|rule| match parse_pattern(&rule.capability) {
            Ok((literal, true)) => key.capability.starts_with(literal),
            Ok((name, false)) => key.capability == name,
            Err(_) => false,
        });
        let time = rule.map_or(&ground.config.service, |rule| &rule.time);
        let timeout = rule.and_then(|rule| rule.timeout_ms).or(ground.config.timeout_ms);
        let kind = if key.kind.is_empty() { &key.capability } else { &key.kind };
        let tier = key.tier.unwrap_or_else(|| ground.config.orchestrator.tier_of(kind));
        let pools = [Tier::Individual, Tier::Swarm].map(|side| {
            let capability = self.translated(&key.capability, tier, side, ground);
            let region = key.region.clone();
            self.pool_of(ground, PoolKey { capability, tier: side, strategy: key.strategy, region })
        });
        let plan = ClassPlan {
            service: Service::of(time, ground.files),
            timeout: timeout.map_or(NEVER, |ms| ground.rate.parts(f64::from(ms) / 1e3).max(1)),
            tier,
            pools,
        };
        if number < self.classes.len() {
            self.classes[number] = plan;
        } else {
            self.classes.push(plan);
        }
    }

    /// The number of a class, which is planned if it is new.
    pub(super) fn class_of(&mut self, ground: &Ground, key: ClassKey) -> u16 {
        if let Some(known) = self.state.classes.iter().position(|known| *known == key) {
            return known as u16;
        }
        // A trace may name any number of kinds; beyond the last number they share it.
        if self.state.classes.len() >= MOST_CLASSES {
            return MOST_CLASSES as u16 - 1;
        }
        self.state.classes.push(key);
        self.plan_class(ground, self.state.classes.len() - 1);
        (self.state.classes.len() - 1) as u16
    }

    fn pool_of(&mut self, ground: &Ground, key: PoolKey) -> u16 {
        let known = self.by_capability.get(&key.capability).into_iter().flatten();
        if let Some(known) = known.copied().find(|number| self.pools[usize::from(*number)].key == key) {
            return known;
        }
        let number = self.pools.len();
        self.by_capability.entry(key.capability.clone()).or_default().push(number as u16);
        self.pools.push(Pool::new(key));
        self.hold(ground, number);
        number as u16
    }

    /// Fills a pool with the agents that are its members now.
    fn hold(&mut self, ground: &Ground, number: usize) {
        let key = self.pools[number].key.clone();
        let swarm = key.tier == Tier::Swarm;
        let mut members = (ground.holders)(&key.capability);
        members.retain(|agent| {
            self.state.servers.get(*agent).is_some_and(|server| server.is(PRESENT) && server.is(IN_SWARM) == swarm)
        });
        let strategy = key.strategy.unwrap_or(ground.config.strategy);
        // What was foreseen was of other members.
        self.foreseen = None;
        self.thrown.iter_mut().for_each(|thrown| thrown.2 = None);
        // Who was a member before is one no more; a pool that is new has none.
        for agent in self.pools[number].members() {
            if number < MASKED {
                self.state.servers.change_mask(*agent, |mask| *mask &= !(1 << number));
            } else if let Some(pools) = self.further.get_mut(agent) {
                pools.retain(|other| usize::from(*other) != number);
            }
        }
        for agent in &members {
            if number < MASKED {
                self.state.servers.change_mask(*agent, |mask| *mask |= 1 << number);
            } else {
                self.state.servers.change_mask(*agent, |mask| *mask |= 1 << MASKED);
                let pools = self.further.entry(*agent).or_default();
                pools.insert(pools.partition_point(|other| usize::from(*other) < number), number as u16);
            }
        }
        let mut pool = std::mem::replace(&mut self.pools[number], Pool::new(key));
        let ways = if !pool.key.region.is_empty() {
            members.iter().map(|agent| (ground.way_ms)(&pool.key.region, *agent)).collect()
        } else {
            Vec::new()
        };
        pool.hold(members, strategy);
        pool.set_ways(ways);
        self.travels |= pool.has_ways();
        pool.rank_all(|agent, way_ms| self.stand(ground, agent, strategy, way_ms));
        self.pools[number] = pool;
    }

    /// Fills all pools anew: agents came or left, or can do other things than before. Call it before the first tick, whenever
    /// that is so, and after loading.
    pub fn hold_members(&mut self, ground: &Ground) {
        self.sums = [TierSums::default(); 2];
        for server in self.state.servers.iter() {
            if let Some((tier, sums)) = contribution(server) {
                add(&mut self.sums[tier], sums);
            }
        }
        self.judge_tiers();
        self.state.servers.forget_gone();
        self.state.servers.clear_masks();
        self.travels = false;
        self.further.clear();
        for number in 0..self.pools.len() {
            self.hold(ground, number);
        }
        self.plan_classes(ground);
        self.plan_bridges(ground);
        for number in 0..self.pools.len() {
            self.drain_line(ground, number);
        }
    }

    /// Puts all agents in their places in the pools that go by what trust or learning know: that has changed.
    pub fn rank_anew(&mut self, ground: &Ground) {
        for number in 0..self.pools.len() {
            let strategy = self.pools[number].strategy();
            if matches!(strategy, Strategy::TrustWeighted | Strategy::Learned) {
                let key = self.pools[number].key.clone();
                let mut pool = std::mem::replace(&mut self.pools[number], Pool::new(key));
                pool.rank_all(|agent, way_ms| self.stand(ground, agent, strategy, way_ms));
                self.pools[number] = pool;
            }
        }
    }

    /// How long the way of an operation to its agent takes, which that of the answer takes again; 0 if nobody says from where
    /// it was asked.
    #[inline]
    pub(super) fn way(&self, ground: &Ground, operation: &Operation) -> Time {
        if !self.travels {
            return 0;
        }
        let tier = if operation.is(SWARM) { Tier::Swarm } else { Tier::Individual };
        let number = pool_for(&self.classes[usize::from(operation.class)], tier);
        let there_and_back = self.pools[number].way_ms(operation.agent);
        if there_and_back > 0.0 { ground.rate.parts(as_written(there_and_back.into()) / 2e3) } else { 0 }
    }

    /// Where an agent stands in a pool of this strategy, if the way to it and back takes `way_ms` milliseconds.
    #[inline]
    fn stand(&self, ground: &Ground, agent: u32, strategy: Strategy, way_ms: f32) -> PoolRank {
        let Some(server) = self.state.servers.get(agent) else { return PoolRank::NOT_THERE };
        self.stand_as(ground, agent, server, strategy, way_ms)
    }

    #[inline]
    fn stand_as(&self, ground: &Ground, agent: u32, server: &Server, strategy: Strategy, way_ms: f32) -> PoolRank {
        let mut view = server.view(self.settings.believe);
        let load = view.relative_load();
        if !server.is_available() || !(self.settings.shed || server.has_room(self.settings.capacity)) {
            return PoolRank { rank: NOT_THERE, load };
        }
        if !strategy.ranks() {
            return PoolRank { rank: 0, load };
        }
        match strategy {
            Strategy::TrustWeighted => view.trust = ground.weights.trust(AgentId(agent)),
            Strategy::Learned => view.learned = ground.weights.learned(AgentId(agent)),
            Strategy::MinLatency => view.latency_ms += way_ms,
            _ => {}
        }
        PoolRank { rank: view.rank(strategy, self.weights()), load }
    }

    /// Puts an agent in its place in all pools: something about it has changed.
    #[inline]
    pub(super) fn refresh(&mut self, ground: &Ground, agent: u32) {
        let mut mask = self.state.servers.mask(agent);
        while mask != 0 {
            let bit = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            if bit < MASKED {
                self.refresh_in(ground, agent, bit);
                continue;
            }
            let further = self.further.remove(&agent).unwrap_or_default();
            further.iter().for_each(|number| self.refresh_in(ground, agent, usize::from(*number)));
            self.further.insert(agent, further);
        }
    }

    #[inline]
    fn refresh_in(&mut self, ground: &Ground, agent: u32, number: usize) {
        self.looked += 1;
        let pool = &self.pools[number];
        let standing = self.stand(ground, agent, pool.strategy(), pool.way_ms(agent));
        self.pools[number].set(agent, standing);
    }

    /// The pools that an agent is in.
    pub(super) fn pools_of(&self, agent: u32) -> impl Iterator<Item = usize> + use<> {
        let mask = self.state.servers.mask(agent);
        let further =
            if mask >> MASKED == 0 { Vec::new() } else { self.further.get(&agent).cloned().unwrap_or_default() };
        (0..MASKED).filter(move |bit| mask >> bit & 1 != 0).chain(further.into_iter().map(usize::from))
    }

    /// Changes something about an agent that is more than its load.
    pub(super) fn change(&mut self, ground: &Ground, agent: u32, change: impl FnOnce(&mut Server)) {
        let server = &mut self.state.servers[agent];
        if let Some((tier, sums)) = contribution(server) {
            subtract(&mut self.sums[tier], sums);
        }
        change(server);
        server.count_slots();
        if let Some((tier, sums)) = contribution(server) {
            add(&mut self.sums[tier], sums);
        }
        self.judge_tiers();
        self.touch(agent);
        self.refresh(ground, agent);
    }

    /// Makes an agent known that can work. Its pools are filled by [`Operations::hold_members`].
    pub fn enrol(&mut self, agent: AgentId, server: Server) {
        let mut server = server;
        server.set(PRESENT, true);
        server.count_slots();
        // What was sent to it before it could do nothing any more is still on the way.
        let known = self.state.servers.enter(agent);
        (server.coming, server.answering) = (known.coming, known.answering);
        let before = std::mem::replace(known, server);
        if let Some((tier, sums)) = contribution(&before) {
            subtract(&mut self.sums[tier], sums);
        }
        if let Some((tier, sums)) = contribution(&server) {
            add(&mut self.sums[tier], sums);
        }
        self.judge_tiers();
    }

    /// Changes what is known of an agent without it having worked: its health, what it claims, how much it can do.
    pub fn update(&mut self, ground: &Ground, agent: AgentId, change: impl FnOnce(&mut Server)) {
        if self.server(agent).is_some() {
            self.change(ground, agent.0, change);
            self.fill(ground, agent.0);
        }
    }

    /// Takes an agent out of the routing or lets it in again. What it works on goes on.
    pub fn set_isolated(&mut self, ground: &Ground, agent: AgentId, isolated: bool) {
        self.update(ground, agent, |server| server.set(ISOLATED, isolated));
    }

    /// Whether an agent stands still.
    pub(super) fn is_frozen(&self, agent: u32) -> bool {
        self.state.servers[agent].is(FROZEN)
    }

    fn plan_bridges(&mut self, ground: &Ground) {
        self.bridges.clear();
        for bridge in &ground.config.bridges {
            let capability = swarm_name(&bridge.capability);
            let kind = capability.clone();
            let class = self.class_of(
                ground,
                ClassKey { capability, kind, tier: Some(Tier::Swarm), strategy: None, region: String::new() },
            );
            self.bridges.push(BridgePlan {
                individuals: (ground.group)(&bridge.individuals),
                class,
                capability: bridge.capability.clone(),
                reducer: bridge.reducer,
                parts: bridge.parts.clamp(1, 64),
            });
        }
    }

    /// What a capability is called in the tier `side`, if it is asked of `tier`: where nobody there has it by its own name,
    /// the swarm's name for it, or the individual's.
    fn translated(&self, capability: &str, tier: Tier, side: Tier, ground: &Ground) -> String {
        let swarm = side == Tier::Swarm;
        let is_there = |agent: &u32| {
            self.state.servers.get(*agent).is_some_and(|server| server.is(PRESENT) && server.is(IN_SWARM) == swarm)
        };
        if side == tier || (ground.holders)(capability).iter().any(is_there) {
            return capability.to_owned();
        }
        match side {
            Tier::Swarm => swarm_name(capability),
            Tier::Individual => individual_name(capability).unwrap_or(capability).to_owned(),
        }
    }

    /// Whether a tier is well enough to be given work.
    #[inline]
    pub(super) fn is_well(&self, tier: Tier) -> bool {
        self.well[of(tier)]
    }

    /// Works out whether the tiers are well: sums or settings have changed.
    fn judge_tiers(&mut self) {
        self.well = [Tier::Individual, Tier::Swarm]
            .map(|tier| self.tier_health(tier).is_some_and(|health| health >= self.settings.min_health));
    }

    /// What a source needs to know.
    pub(super) fn around<'a>(
        &self,
        ground: &'a Ground<'a>,
        workload: &'a Workload,
        index: usize,
    ) -> crate::workload::Around<'a> {
        let factor = self.factor_of(workload);
        crate::workload::Around { workload, index, factor, dice: &ground.dice, rate: ground.rate, end: self.end }
    }
}

fn add(sums: &mut TierSums, other: TierSums) {
    sums.members += other.members;
    sums.health += other.health;
    sums.slots += other.slots;
}

fn subtract(sums: &mut TierSums, other: TierSums) {
    sums.members -= other.members;
    sums.health -= other.health;
    sums.slots -= other.slots;
}

/// The bridge that an agent fronts for a capability.
pub(super) fn bridge_of(bridges: &[BridgePlan], agent: u32, capability: &str) -> Option<usize> {
    bridges.iter().position(|bridge| {
        bridge.capability == capability && bridge.individuals.iter().any(|(from, to)| (*from..*to).contains(&agent))
    })
}

/// The place of a tier's pool among a class's.
pub(super) fn pool_for(plan: &ClassPlan, tier: Tier) -> usize {
    usize::from(plan.pools[of(tier)])
}
