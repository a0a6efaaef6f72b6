//! Those who have tasks travel to them, work on them, and are paid.

use agent2028_core::agent::{AgentGroups, AgentId, MotionClaims, Position, Velocity};
use agent2028_core::rng::Purpose;
use bevy::prelude::*;

use super::ground::Ground;
use super::state::TaskAuctions;
use super::task::{NONE, TaskStatus};
use super::worker::{BEGUN, DEFAULTS, INACTIVE, PRESENT, WORKING};
use crate::accounts::AccountId;
use crate::events::TaskTold;
use crate::money::Treasury;

const OUTCOME: Purpose = Purpose::new("market.tasks.outcome");

/// Which groups of bidders others move: these are steered, not moved.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Steered(pub Vec<bool>);

/// What an agent does in a tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Doing {
    /// It is on its way with a velocity.
    Travels(Vec2),
    /// It stands still.
    Stays,
    /// It has nothing to do, or can do nothing.
    Nothing,
}

/// What has to be done for agents in the order of their ids, after all were looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    /// Those who look at their next task.
    begin: Vec<u32>,
    /// Those who have arrived where their task lies.
    arrived: Vec<u32>,
    /// Those whose work is over.
    finished: Vec<u32>,
}

impl TaskAuctions {
    /// What an agent that is somewhere does in this tick. Agents can be looked at in any order.
    #[inline]
    pub(crate) fn look(&self, ground: &Ground<'_>, turns: &mut Turns, agent: AgentId, at: Vec2) -> (Doing, usize) {
        let Some(worker) = self.workers.get(agent) else { return (Doing::Nothing, 0) };
        let group = worker.group as usize;
        if worker.head == NONE || worker.flags & (PRESENT | INACTIVE | DEFAULTS) != PRESENT {
            return (Doing::Nothing, group);
        }
        if worker.is(WORKING) {
            if worker.until <= ground.tick {
                turns.finished.push(agent.0);
            }
            return (Doing::Stays, group);
        }
        if !worker.is(BEGUN) {
            turns.begin.push(agent.0);
            return (Doing::Stays, group);
        }
        let way = ground.bounds.delta(at, Vec2::from(worker.target));
        let distance = way.length();
        // Where a task lies nowhere, there is no distance to it.
        if distance > ground.config.reach {
            let speed = ground.config.bidders.get(group).map_or(0.0, |bidders| bidders.speed);
            // In the last step it goes no further than it must.
            let dt = 1.0 / ground.tick_hz as f32;
            let speed = speed.min((distance - 0.5 * ground.config.reach) / dt);
            return (Doing::Travels(way / distance * speed), group);
        }
        turns.arrived.push(agent.0);
        (Doing::Stays, group)
    }

    /// Carries out what was found, in the order of ids.
    pub(crate) fn work(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, turns: Turns) {
        let Turns { mut begin, mut arrived, mut finished } = turns;
        begin.sort_unstable();
        for agent in begin {
            let Some(slot) = self.workers.get(AgentId(agent)).map(|worker| worker.head) else { continue };
            let Some(task) = self.tasks.get_mut(slot) else { continue };
            task.status = TaskStatus::InProgress;
            let target = task.place.map_or([f32::NAN; 2], <[f32; 2]>::from);
            if let Some(worker) = self.workers.get_mut(AgentId(agent)) {
                worker.set(BEGUN, true);
                worker.target = target;
            }
            if target[0].is_nan() {
                arrived.push(agent);
            }
        }
        arrived.sort_unstable();
        for agent in arrived {
            let work = self.workers.get(AgentId(agent)).and_then(|worker| self.tasks.get(worker.head));
            let Some(work) = work.map(|task| task.work_ticks) else { continue };
            if let Some(worker) = self.workers.get_mut(AgentId(agent)) {
                worker.set(WORKING, true);
                worker.until = ground.tick + work;
            }
        }
        finished.sort_unstable();
        for agent in finished {
            if let Some(slot) = self.workers.get(AgentId(agent)).and_then(super::worker::Worker::task) {
                self.finish(ground, treasury, agent, slot);
            }
        }
    }

    /// An agent's work on a task is over, well or not.
    fn finish(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, agent: u32, slot: u32) {
        let Some(task) = self.tasks.get(slot) else { return };
        let reliability = self.workers.get(AgentId(agent)).map_or(0.0, |worker| worker.reliability);
        let mut stream = ground.dice.stream(OUTCOME.indexed(u64::from(task.round)), AgentId(agent), task.number);
        let done = stream.unit() < reliability;
        let number = task.number;
        if self.nets.has(number) {
            // The manager hears of it by a message, and pays then.
            self.unlink(agent, slot);
            self.take_room(ground, agent, -1);
            self.nets.report(number, agent, done, ground.tick);
        } else if done {
            self.unlink(agent, slot);
            self.take_room(ground, agent, -1);
            self.pay(ground, treasury, slot);
        } else {
            self.default(ground, treasury, slot, true);
        }
    }

    /// Pays who has done a task, which is over with it.
    pub(crate) fn pay(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, slot: u32) {
        let Some(task) = self.tasks.get_mut(slot) else { return };
        let escrow = std::mem::replace(&mut task.escrow, AccountId::MINT);
        let (agent, price, cost, deposit) = (task.assignee, task.price, task.cost, task.deposit);
        let (number, client, task_number) = (usize::from(task.auctioneer), task.client, task.number);
        let purse = treasury.purse_of(AgentId(agent));
        let closed = treasury.accounts_mut().close_escrow(escrow, &[(purse, price + deposit)]);
        debug_assert!(closed.is_ok());
        if let Some(worker) = self.workers.get_mut(AgentId(agent)) {
            worker.completed += 1;
            worker.earned += price;
            worker.profit += price - cost;
        }
        let counts = &mut self.auctioneers[number].counts;
        counts.completed += 1;
        counts.paid += price;
        counts.cost += cost;
        self.told.push((Some(AgentId(agent)), TaskTold::Done { task: task_number, price }));
        self.ratings.push((client, agent, true));
        self.drop_task(ground, slot);
    }

    /// An agent can do nothing, or is gone: what it has is not done.
    pub(crate) fn give_up_all(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, agent: u32) {
        while let Some(slot) = self.workers.get(AgentId(agent)).and_then(|worker| worker.task()) {
            let Some(number) = self.tasks.get(slot).map(|task| task.number) else { return };
            if self.nets.has(number) {
                // Its manager will notice that nothing comes of it.
                self.unlink(agent, slot);
                self.take_room(ground, agent, -1);
                self.nets.abandon(number, agent);
            } else {
                self.default(ground, treasury, slot, true);
            }
        }
    }
}

/// Says which groups travel by themselves, unless others move them.
pub(crate) fn claim(
    ground: &crate::config::TaskMarket,
    groups: &AgentGroups,
    claims: &mut MotionClaims,
    steered: &mut Steered,
) -> bool {
    let placed = ground
        .sources
        .iter()
        .any(|source| source.place.is_some() || matches!(source.arrivals, crate::config::Arrivals::Csv(_)));
    let others: Vec<String> = claims.claimed_by_others("market").map(str::to_owned).collect();
    let taken = |group: &str| others.iter().any(|other| other == group);
    let own = ground.bidders.iter().map(|bidders| bidders.group.clone());
    let changed = claims.claim("market", own.filter(|group| placed && !taken(group) && groups.find(group).is_some()));
    steered.0 = ground.bidders.iter().map(|bidders| taken(&bidders.group)).collect();
    changed
}

/// Moves an agent, or steers it where another plugin moves it.
pub(crate) fn carry_out(
    doing: Doing,
    steered: bool,
    ground: &Ground<'_>,
    position: &mut Position,
    velocity: Option<Mut<'_, Velocity>>,
) {
    let wanted = match doing {
        Doing::Travels(velocity) => velocity,
        Doing::Stays => Vec2::ZERO,
        Doing::Nothing => return,
    };
    if let Some(mut velocity) = velocity {
        velocity.set_if_neq(Velocity(wanted));
    }
    if !steered && wanted != Vec2::ZERO {
        position.0 = ground.bounds.enter(position.0 + wanted / ground.tick_hz as f32);
    }
}
