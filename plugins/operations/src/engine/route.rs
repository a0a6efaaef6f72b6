//! Requests, admission, choice and back-pressure.

use agent2028_core::agent::{AgentId, Tier};
use agent2028_core::rng::Purpose;
use bevy::prelude::*;
use rand::Rng;

use super::plan::pool_for;
use super::{ClassKey, Ground, Operations, of};
use crate::config::Demand;
use crate::events::{OperationsTold, TierResource, other};
use crate::pool::{Choice, PrefetchPlan};
use crate::server::{FAILED, PRESENT};
use crate::session::{Failure, Outcome};
use crate::slab::{GIVEN, List, NONE, Operation, PART, REFUSED, SWARM, Stage, TAKEN_OVER, UNANSWERED, WILL_SUCCEED};
use crate::time::{NEVER, Time};

const CHOICE: Purpose = Purpose::new("operations.choice");

/// Dice are thrown so many choices ahead: while half as many are made, what they look at comes from memory.
pub(super) const THROWN_AHEAD: usize = 16;

/// The dice of an operation's choice: the same whoever throws them and when.
#[inline]
fn throw(ground: &Ground, serial: u64, attempt: u8) -> [u32; 2] {
    let mut stream = ground.dice.stream(CHOICE, AgentId(u32::from(attempt)), serial);
    [stream.next_u32(), stream.next_u32()]
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) class: u16,
    pub(super) workload: u16,
    pub(super) key: u64,
    pub(super) priority: u8,
    pub(super) asker: u32,
    pub(super) join: u32,
    pub(super) part: u32,
    pub(super) flags: u8,
    pub(super) given_ms: f32,
    pub(super) session: u32,
}

impl Operations {
    /// The class of what a workload asks for: the same until settings change.
    fn class_asked(&mut self, ground: &Ground, index: usize, demand: &Demand) -> u16 {
        if let Some(Some(class)) = self.asked.get(index) {
            return *class;
        }
        let key = ClassKey {
            capability: demand.capability.to_owned(),
            kind: demand.kind.to_owned(),
            tier: demand.tier,
            strategy: demand.strategy,
            region: demand.region.to_owned(),
        };
        let class = self.class_of(ground, key);
        if self.asked.len() <= index {
            self.asked.resize(index + 1, None);
        }
        self.asked[index] = Some(class);
        class
    }

    /// It is the turn of a source.
    pub(super) fn ask(&mut self, ground: &Ground, index: usize) {
        if index >= self.state.sources.len() {
            return self.ask_flood(ground, index - self.state.sources.len());
        }
        let workload = &ground.config.workload[index];
        let around = self.around(ground, workload, index);
        let now = self.now();
        let request = self.state.sources[index].take(&around, now, ground.files, &mut self.readers[index]);
        self.reorder(index);
        let Some(request) = request else { return };
        let (class, priority, session_size, given) = match (&request.row, workload.demand()) {
            (Some(row), _) => {
                let (capability, kind) = (row.capability.clone(), row.kind.clone());
                let key = ClassKey { capability, kind, tier: None, strategy: None, region: String::new() };
                (self.class_of(ground, key), row.priority, 0, row.service_ms)
            }
            (None, Some(demand)) => (self.class_asked(ground, index, &demand), demand.priority, demand.session, None),
            (None, None) => return,
        };
        let session = self.session_of(index, session_size);
        let ask = Ask {
            class,
            workload: index as u16,
            key: request.key,
            priority,
            asker: request.user,
            join: NONE,
            part: 0,
            flags: if given.is_some() { GIVEN } else { 0 },
            given_ms: given.unwrap_or(0.0),
            session,
        };
        self.request(ground, ask);
        self.foresee_key(ground, index, class);
    }

    /// The session of a source's next operation.
    fn session_of(&mut self, index: usize, size: u32) -> u32 {
        let open = self.state.sources[index].session;
        let usable = self.state.book.session(open).is_some_and(|session| !session.is_full() && session.size == size);
        if usable {
            return open;
        }
        let opened = self.state.book.open(index as u16, size);
        self.state.sources[index].session = opened;
        opened
    }

    /// Somebody asks for an operation.
    pub(super) fn request(&mut self, ground: &Ground, ask: Ask) {
        let now = self.now();
        self.state.tally.request();
        // A workload's own counts are of what it asked for, not of the parts into which that is split.
        if ask.flags & PART == 0
            && let Some(source) = self.state.sources.get_mut(usize::from(ask.workload))
        {
            source.tally.request();
        }
        if let Some(session) = self.state.book.get_mut(ask.session) {
            session.requested += 1;
        }
        let serial = self.state.next_serial;
        self.state.next_serial += 1;
        let mut operation = Operation {
            serial,
            requested: now,
            routed: now,
            key: ask.key,
            session: ask.session,
            asker: ask.asker,
            join: ask.join,
            class: ask.class,
            workload: ask.workload,
            priority: ask.priority,
            flags: ask.flags,
            given_ms: ask.given_ms,
            part: ask.part,
            ..Operation::free()
        };
        operation.set_stage(Stage::Backoff);
        let place = self.state.slab.insert(operation);
        if self.state.slab.len() > self.settings.most_in_flight as usize {
            self.finish(ground, place, Outcome::Rejected, Failure::OutOfMemory);
        } else if !self.is_held_back(place, &operation) {
            self.dispatch(ground, place);
        }
    }

    /// Finds an agent for an operation that has none.
    pub(super) fn dispatch(&mut self, ground: &Ground, place: u32) {
        let operation = self.state.slab[place];
        if operation.is_commissioned() {
            return self.dispatch_commission(ground, place);
        }
        let first = operation.attempt == 0;
        let wanted = self.classes[usize::from(operation.class)].tier;
        if first {
            self.state.tiers[of(wanted)].counts.requested += 1;
            self.state.slab[place].set(SWARM, wanted == Tier::Swarm);
        }
        let tier = match self.able_tier(&operation, wanted) {
            Ok(tier) => tier,
            Err(failure) => return self.finish(ground, place, Outcome::Rejected, failure),
        };
        if let Err(failure) = self.admit(ground, tier) {
            return self.finish(ground, place, Outcome::Rejected, failure);
        }
        self.state.slab[place].set(TAKEN_OVER, tier != wanted);
        self.state.slab[place].set(SWARM, tier == Tier::Swarm);
        self.state.tiers[of(tier)].held += 1;
        let number = pool_for(&self.classes[usize::from(operation.class)], tier);
        self.state.slab[place].routed = self.now();
        match self.choose(ground, number, &operation) {
            Some(agent) => self.assign(ground, place, number, agent),
            None => self.hold_back(ground, place, number),
        }
    }

    /// The tier that works on an operation: that which is wanted, or the other one, if that isn't well.
    fn able_tier(&mut self, operation: &Operation, wanted: Tier) -> Result<Tier, Failure> {
        if self.is_well(wanted) {
            return Ok(wanted);
        }
        let instead = other(wanted);
        let plan = &self.classes[usize::from(operation.class)];
        let takes_over = self.settings.failover
            && self.is_well(instead)
            && !self.pools[pool_for(plan, instead)].members().is_empty();
        if !takes_over {
            return Err(if self.tier_members(wanted) == 0 { Failure::NoAgent } else { Failure::TierUnwell });
        }
        let state = &mut self.state.tiers[of(wanted)];
        if !state.diverting {
            state.diverting = true;
            state.taken_over = false;
            let health = self.tier_health(wanted).unwrap_or(0.0);
            self.notices.push((None, OperationsTold::Diverted { from: wanted, health }));
        }
        Ok(instead)
    }

    /// Whether a tier may take on one more.
    pub(super) fn admit(&mut self, ground: &Ground, tier: Tier) -> Result<(), Failure> {
        let (at_agents, held, _) = self.settings.limits[of(tier)];
        let now = self.now();
        let state = &mut self.state.tiers[of(tier)];
        let lacking = if state.at_agents >= at_agents {
            Some((TierResource::Cpu, Failure::OutOfCpu))
        } else if state.held >= held {
            Some((TierResource::Memory, Failure::OutOfMemory))
        } else if !state.take_token(now, self.settings.limits[of(tier)].2, ground) {
            Some((TierResource::Network, Failure::OutOfNetwork))
        } else {
            None
        };
        let Some((resource, failure)) = lacking else { return Ok(()) };
        state.refused_at = now;
        if !std::mem::replace(&mut state.exhausted[resource.index()], true) {
            self.notices.push((None, OperationsTold::TierExhausted(tier, resource)));
        }
        Err(failure)
    }

    /// The agent that a pool's strategy chooses for an operation.
    pub(super) fn choose(&mut self, ground: &Ground, number: usize, operation: &Operation) -> Option<u32> {
        let pool = &self.pools[number];
        let Operation { serial, attempt, key, .. } = *operation;
        let of_this = |foreseen: Option<(usize, PrefetchPlan)>| {
            foreseen.filter(|(of, _)| *of == number).map(|(_, foreseen)| foreseen)
        };
        if !pool.strategy().draws() {
            return pool.choose(&Choice { dice: [0; 2], key, foreseen: of_this(self.foreseen) });
        }
        if attempt > 0 || !pool.can_be_foreseen() {
            return pool.choose(&Choice { dice: throw(ground, serial, attempt), key, foreseen: None });
        }
        let place = |serial: u64| (serial % THROWN_AHEAD as u64) as usize;
        let (of, dice, foreseen) = self.thrown[place(serial)];
        let (dice, foreseen) =
            if of == serial + 1 { (dice, of_this(foreseen)) } else { (throw(ground, serial, attempt), None) };
        // The dice of operations that are asked for soon, wherever they then go: first where they let look, then whom they mean.
        let later = serial + THROWN_AHEAD as u64;
        let thrown = Choice { dice: throw(ground, later, 0), key: 0, foreseen: None };
        let soon = self.thrown[place(serial + THROWN_AHEAD as u64 / 2)].2;
        self.thrown[place(serial)] = (later + 1, thrown.dice, pool.foresee(&thrown).map(|foreseen| (number, foreseen)));
        if let Some(agent) = of_this(soon).and_then(|foreseen| pool.likely(&foreseen)) {
            self.state.servers.ask_for(agent);
        }
        pool.choose(&Choice { dice, key, foreseen })
    }

    /// Asks for the memory of the agent that the next operation of a source will fall on by its key.
    fn foresee_key(&mut self, ground: &Ground, index: usize, class: u16) {
        let plan = &self.classes[usize::from(class)];
        let number = pool_for(plan, plan.tier);
        let pool = &self.pools[number];
        if pool.strategy() != crate::strategy::Strategy::ConsistentHash || !pool.can_be_foreseen() {
            return;
        }
        let around = self.around(ground, &ground.config.workload[index], index);
        let Some(key) = self.state.sources[index].foresee_key(&around) else { return };
        let foreseen = pool.foresee(&Choice { dice: [0; 2], key, foreseen: None });
        if let Some(agent) = foreseen.as_ref().and_then(|foreseen| pool.likely(foreseen)) {
            self.state.servers.ask_for(agent);
        }
        self.foreseen = foreseen.map(|foreseen| (number, foreseen));
    }

    /// Nobody can take an operation.
    fn hold_back(&mut self, ground: &Ground, place: u32, number: usize) {
        let anybody = |agent: &u32| self.state.servers[*agent].is_available();
        let line = self.pools[number].line;
        if line.len < self.settings.most_in_line && !self.pools[number].members().is_empty() {
            self.state.queued += 1;
            self.state.slab[place].set_stage(Stage::InLine);
            self.state.slab[place].set_pool(number);
            self.pools[number].line.insert(&mut self.state.slab, place);
            self.set_attempt_deadline(place);
            return;
        }
        // Whether anybody is there is only asked for the reason; the first of many is enough.
        let failure = if self.pools[number].members().iter().take(64).any(anybody) {
            Failure::QueueFull
        } else {
            self.why_nobody(number)
        };
        self.end_attempt_early(place);
        self.finish(ground, place, Outcome::Rejected, failure);
    }

    /// Whether all members of a pool are gone, or some are there but full.
    fn why_nobody(&self, number: usize) -> Failure {
        let tier = self.sums[of(self.pools[number].key.tier)];
        if self.pools[number].members().is_empty() || tier.slots == 0 { Failure::NoAgent } else { Failure::QueueFull }
    }

    fn set_attempt_deadline(&mut self, place: u32) {
        let timeout = self.classes[usize::from(self.state.slab[place].class)].timeout;
        if timeout < NEVER {
            let deadline = self.now().saturating_add(timeout).min(NEVER - 1);
            self.set_deadline(place, deadline);
        }
    }

    /// Gives an operation to an agent.
    pub(super) fn assign(&mut self, ground: &Ground, place: u32, number: usize, agent: u32) {
        let now = self.now();
        self.pools[number].note(agent);
        let full = !self.state.servers[agent].has_room(self.settings.capacity);
        if full && !self.shed(ground, agent, place) {
            self.end_attempt_early(place);
            return self.finish(ground, place, Outcome::Rejected, Failure::QueueFull);
        }
        let server = &mut self.state.servers[agent];
        // The sum of squares grows by (n + 1)² − n².
        self.state.assigned += 1;
        self.state.assigned_squares += 2 * u128::from(server.assigned) + 1;
        server.assigned = server.assigned.saturating_add(1);
        let tier = usize::from(self.state.slab[place].is(SWARM));
        self.state.tiers[tier].at_agents += 1;
        let operation = &mut self.state.slab[place];
        let waited_in_line = operation.stage() == Stage::InLine;
        operation.agent = agent;
        operation.routed = now;
        operation.set(REFUSED, false);
        operation.set(UNANSWERED, false);
        let operation = *operation;
        match self.way(ground, &operation) {
            0 => self.join(ground, place),
            way => {
                self.state.servers[agent].coming += 1;
                self.state.slab[place].set_stage(Stage::Outbound);
                self.set_due(place, now.saturating_add(way).min(NEVER - 1));
            }
        }
        // The wait for an agent counts.
        if !waited_in_line {
            self.set_attempt_deadline(place);
        }
        self.touch(agent);
        self.refresh(ground, agent);
    }

    /// An operation is at its agent, which begins to work on it or lets it wait.
    fn join(&mut self, ground: &Ground, place: u32) {
        let agent = self.state.slab[place].agent;
        let server = &self.state.servers[agent];
        if server.executing < server.slots && server.waiting == 0 && !self.is_frozen(agent) {
            self.start(ground, place);
        } else {
            self.state.slab[place].set_stage(Stage::Waiting);
            self.change_waiting(agent, |list, slab| list.insert(slab, place));
            self.state.queued += 1;
        }
    }

    /// An operation arrives at its agent in another region.
    pub(super) fn arrive(&mut self, ground: &Ground, place: u32) {
        let agent = self.state.slab[place].agent;
        let server = &mut self.state.servers[agent];
        server.coming = server.coming.saturating_sub(1);
        if server.is(PRESENT) && !server.is(FAILED) {
            self.join(ground, place);
            self.touch(agent);
            self.refresh(ground, agent);
        } else {
            self.touch(agent);
            let tier = usize::from(self.state.slab[place].is(SWARM));
            self.state.tiers[tier].at_agents -= 1;
            self.state.slab[place].set(WILL_SUCCEED, false);
            self.state.slab[place].set(REFUSED, true);
            self.send_back(ground, place);
        }
    }

    /// The answer of an agent in another region sets out.
    pub(super) fn send_back(&mut self, ground: &Ground, place: u32) {
        let operation = self.state.slab[place];
        let due = self.now().saturating_add(self.way(ground, &operation)).min(NEVER - 1);
        self.state.servers[operation.agent].answering += 1;
        self.state.slab[place].set_stage(Stage::Returning);
        self.set_due(place, due);
    }

    /// Makes room at an agent by rejecting what has waited there longest. Nothing is rejected for something of lower priority.
    fn shed(&mut self, ground: &Ground, agent: u32, newcomer: u32) -> bool {
        let list = self.waiting_list(agent);
        let oldest = list.first;
        if oldest == NONE || self.state.slab[oldest].priority > self.state.slab[newcomer].priority {
            return false;
        }
        self.leave(oldest);
        self.finish(ground, oldest, Outcome::Rejected, Failure::Shed);
        true
    }

    /// The list of those that wait in front of an agent.
    pub(super) fn waiting_list(&self, agent: u32) -> List {
        let server = &self.state.servers[agent];
        List { first: server.first_waiting, last: server.last_waiting, len: server.waiting }
    }

    pub(super) fn change_waiting(&mut self, agent: u32, change: impl FnOnce(&mut List, &mut crate::slab::Slab)) {
        let mut list = self.waiting_list(agent);
        change(&mut list, &mut self.state.slab);
        let server = &mut self.state.servers[agent];
        (server.first_waiting, server.last_waiting, server.waiting) = (list.first, list.last, list.len);
    }

    /// Those who wait in a pool's line go to agents that have room by now.
    pub(super) fn drain_line(&mut self, ground: &Ground, number: usize) {
        while self.pools[number].line.len > 0 {
            let place = self.pools[number].line.first;
            let operation = self.state.slab[place];
            let Some(agent) = self.choose(ground, number, &operation) else { return };
            self.leave_line(place, number);
            self.assign(ground, place, number, agent);
        }
    }

    /// Those who wait for any agent come to this one for as long as it has room.
    pub(super) fn call_line(&mut self, ground: &Ground, agent: u32) {
        for number in self.pools_of(agent) {
            while self.pools[number].line.len > 0 && self.pools[number].can_choose(agent) {
                let place = self.pools[number].line.first;
                self.leave_line(place, number);
                self.assign(ground, place, number, agent);
            }
        }
    }

    pub(super) fn leave_line(&mut self, place: u32, number: usize) {
        self.pools[number].line.remove(&mut self.state.slab, place);
        self.state.queued -= 1;
    }
}

impl super::TierState {
    /// Takes one of the requests that come in at `per_second`; at most those of a second are saved up.
    fn take_token(&mut self, now: Time, per_second: f64, ground: &Ground) -> bool {
        if per_second == f64::INFINITY {
            return true;
        }
        let passed = ground.rate.seconds(now.saturating_sub(self.token_at));
        self.token_at = now;
        self.tokens = (self.tokens + passed * per_second).min(per_second.max(1.0));
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }
}
