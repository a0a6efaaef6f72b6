//! The whole life of operations, without any `World`: requested, routed, queued, executed, ended.
//!
//! | module | concept |
//! |---|---|
//! | [`plan`](self) | classes and pools: what is asked for, and who can do it |
//! | `tick` | events in the order of their time |
//! | `route` | requests, admission, choice, back-pressure |
//! | `life` | work, timeouts, retries, ends, agents that fail |
//! | `split` | operations that a swarm does in parts |
//! | `commission` | operations that are asked of a certain agent |
//! | `held_back` | operations that wait until somebody lets them through |
//! | `fault` | what lasts for a while: spikes, exhaustion, lies |

mod commission;
mod fault;
mod held_back;
mod life;
mod plan;
mod route;
mod split;
mod tick;

use std::collections::{BTreeMap, VecDeque};

use agent2028_core::agent::{AgentId, FitnessWeights, Tier};
use agent2028_core::checkpoint::to_bytes;
use agent2028_core::rng::SimRng;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agenda::Agenda;
use crate::config::OperationsConfig;
use crate::events::Notice;
use crate::index::Soonest;
use crate::pool::{Pool, PoolKey, PrefetchPlan};
use crate::roster::Roster;
use crate::server::Server;
use crate::service::Files;
use crate::session::{Book, Outcome};
use crate::slab::{List, NONE, Slab, Stage};
use crate::stats::{Areas, Counts, Tally, Untold};
use crate::strategy::StrategyWeights;
use crate::time::{NEVER, PARTS, Rate, TICK_BITS, Time};
use crate::wheel::Wheel;
use crate::workload::{Source, TraceReader};

pub use commission::{Commission, CommissionEnd};
pub(crate) use fault::is_meant;
pub use fault::{Flood, Hold, HoldKind, Spike};
pub use held_back::HeldBack;
pub use plan::{ClassKey, ClassPlan};

/// What operations need from around them.
pub struct Ground<'a> {
    /// The section.
    pub config: &'a OperationsConfig,
    /// What its files hold.
    pub files: &'a Files,
    /// The dice.
    pub dice: SimRng,
    /// Ticks and seconds.
    pub rate: Rate,
    /// The ids (ascending) of the agents that have a capability.
    pub holders: &'a dyn Fn(&str) -> Vec<u32>,
    /// The ids of a group, as half-open ranges.
    pub group: &'a dyn Fn(&str) -> Vec<(u32, u32)>,
    /// How long the way from a region (by name) to an agent and back takes, in milliseconds.
    pub way_ms: &'a dyn Fn(&str, u32) -> f32,
    /// The weights that strategies multiply fitness by.
    pub weights: StrategyWeights<'a>,
}

/// An attempt at an operation that ended with an agent: what a receipt would say if operations were tried once only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The operation's number.
    pub command: u64,
    /// Who worked on it, or had it waiting.
    pub agent: AgentId,
    /// Which attempt it was, from 0.
    pub attempt: u8,
    /// How it ended.
    pub outcome: Outcome,
    /// Who asked for it, if somebody did who has a name.
    pub buyer: Option<AgentId>,
}

/// What is known of a tier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TierState {
    /// What became of its operations.
    pub counts: Counts,
    /// Operations that it has taken on and that have not ended.
    pub held: u32,
    /// Those of them that are at agents.
    pub at_agents: u32,
    /// Requests that it may take on now, and since when that is worked out.
    tokens: f64,
    token_at: Time,
    /// Whether its work goes to the other tier.
    pub diverting: bool,
    /// Whether the other tier has done some of it.
    taken_over: bool,
    /// Whether something of it is used up, and since when nothing was refused for that.
    exhausted: [bool; 3],
    refused_at: Time,
}

/// An operation that was split over the members of a swarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// The place of the whole.
    parent: u32,
    /// Its number.
    serial: u64,
    /// The bridge, by its place in the section.
    bridge: u16,
    parts: u8,
    answers: Vec<Option<i64>>,
}

/// All that is state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    clock: Time,
    next_serial: u64,
    servers: Roster,
    slab: Slab,
    classes: Vec<ClassKey>,
    sources: Vec<Source>,
    joins: Vec<Option<Join>>,
    free_joins: Vec<u32>,
    /// Whether sources have begun.
    begun: bool,
    book: Book,
    tally: Tally,
    areas: Areas,
    last_areas: Areas,
    tiers: [TierState; 2],
    spikes: Vec<Spike>,
    holds: Vec<Hold>,
    floods: Vec<Flood>,
    untold: Untold,
    told_at: u64,
    assigned: u64,
    assigned_squares: u128,
    queued: u32,
    executing: u32,
}

/// What the state adds up to per tier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct TierSums {
    members: u64,
    /// In millionths.
    health: u64,
    slots: u64,
}

/// Operations on their way, the agents that work on them, and what became of the others.
#[derive(Resource, Debug, Default)]
pub struct Operations {
    state: State,
    pools: Vec<Pool>,
    // What follows is derived, or holds nothing between ticks.
    classes: Vec<ClassPlan>,
    bridges: Vec<plan::BridgePlan>,
    /// The pools of agents beyond those that stand in the bits of their masks, ascending.
    further: BTreeMap<u32, Vec<u16>>,
    /// The pools of each capability, ascending.
    by_capability: BTreeMap<String, Vec<u16>>,
    sums: [TierSums; 2],
    /// Whether each tier is well enough to be given work, as its sums and the settings say.
    well: [bool; 2],
    /// Whether the way to any agent takes time.
    travels: bool,
    wheel: Wheel,
    agenda: Agenda,
    readers: Vec<Option<TraceReader>>,
    /// The class of each workload that has asked since the classes were planned.
    asked: Vec<Option<u16>>,
    /// When which source, then which flood, comes next; and the one that is first.
    order: Soonest,
    soonest: (Time, usize),
    end: Time,
    touched: Vec<u32>,
    answers: VecDeque<split::Answer>,
    notices: Vec<Notice>,
    /// Whether somebody takes the attempts, and those that ended since they were last taken.
    heard: bool,
    attempts: Vec<Attempt>,
    /// The capabilities whose operations are held back, and those that were since they were last taken.
    gated: Vec<String>,
    held: Vec<HeldBack>,
    /// Commissions that ended since they were last taken.
    commissions: Vec<CommissionEnd>,
    settings: plan::Settings,
    tick: u64,
    /// Dice that were thrown ahead, with 1 more than the number of the operation that they are for, and where they let look in which pool.
    thrown: [(u64, [u32; 2], Option<(usize, PrefetchPlan)>); route::THROWN_AHEAD],
    /// Where the next key that is asked for will look.
    foreseen: Option<(usize, PrefetchPlan)>,
    /// How many places of indices were looked at so far.
    looked: u64,
    /// How many operations were asked for in the tick that runs.
    asked_for: u64,
    /// Whether they were too many.
    held_over: bool,
}

#[derive(Serialize)]
struct Saved<'a> {
    state: &'a State,
    pools: Vec<(&'a PoolKey, List, u32)>,
}

#[derive(Deserialize)]
struct Loaded {
    state: State,
    pools: Vec<(PoolKey, List, u32)>,
}

/// The place of a tier in arrays.
const fn of(tier: Tier) -> usize {
    match tier {
        Tier::Individual => 0,
        Tier::Swarm => 1,
    }
}

/// The most operations that are asked for within a tick, by all workloads and floods together; what comes beyond waits for the
/// next tick.
pub const MOST_IN_A_TICK: u64 = 1 << 20;

impl Operations {
    /// The agents that can work; those without [`PRESENT`](crate::server::PRESENT) can't any more.
    #[must_use]
    pub fn servers(&self) -> &Roster {
        &self.state.servers
    }

    /// What operations know of an agent, if it can work.
    #[must_use]
    pub fn server(&self, agent: AgentId) -> Option<&Server> {
        self.state.servers.get(agent.0).filter(|server| server.is(crate::server::PRESENT))
    }

    /// Operations on their way.
    #[must_use]
    pub fn slab(&self) -> &Slab {
        &self.state.slab
    }

    /// Sessions and receipts.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.state.book
    }

    /// What became of operations.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.state.tally
    }

    /// The sources, as the section lists them.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.state.sources
    }

    /// The pools of agents to choose from.
    #[must_use]
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// How many places in the indices of agents and sources were looked at to keep them up to date, since this was made or
    /// loaded: what it costs, without a clock.
    #[must_use]
    pub fn looked(&self) -> u64 {
        self.looked
    }

    /// The pools of agents that have a capability.
    pub fn pools_for(&self, capability: &str) -> impl Iterator<Item = &Pool> {
        self.by_capability.get(capability).into_iter().flatten().map(|number| &self.pools[usize::from(*number)])
    }

    fn index_pools(&mut self) {
        self.by_capability.clear();
        for (number, pool) in self.pools.iter().enumerate() {
            self.by_capability.entry(pool.key.capability.clone()).or_default().push(number as u16);
        }
    }

    /// What is asked for: class by class.
    #[must_use]
    pub fn classes(&self) -> &[ClassKey] {
        &self.state.classes
    }

    /// What is known of a tier.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> &TierState {
        &self.state.tiers[of(tier)]
    }

    /// The mean health of a tier's agents, 0 for those that have failed; nothing if it has none.
    #[must_use]
    pub fn tier_health(&self, tier: Tier) -> Option<f64> {
        let sums = self.sums[of(tier)];
        (sums.members > 0).then(|| sums.health as f64 / 1e6 / sums.members as f64)
    }

    /// How many agents a tier has.
    #[must_use]
    pub fn tier_members(&self, tier: Tier) -> u64 {
        self.sums[of(tier)].members
    }

    /// How many operations all agents that are available can work on at once.
    #[must_use]
    pub fn slots(&self) -> u64 {
        self.sums.iter().map(|sums| sums.slots).sum()
    }

    /// What was added up over time since the start, and over the last tick.
    #[must_use]
    pub fn areas(&self) -> (Areas, Areas) {
        let (now, before) = (self.state.areas, self.state.last_areas);
        let last = Areas {
            in_system: now.in_system.wrapping_sub(before.in_system),
            executing: now.executing.wrapping_sub(before.executing),
            queued: now.queued.wrapping_sub(before.queued),
            time: now.time - before.time,
        };
        (now, last)
    }

    /// Operations that wait at agents or for one.
    #[must_use]
    pub fn queued(&self) -> u32 {
        self.state.queued
    }

    /// Operations that agents work on.
    #[must_use]
    pub fn executing(&self) -> u32 {
        self.state.executing
    }

    /// How evenly operations were given to agents since the start (Jain's index over all agents that can work).
    #[must_use]
    pub fn fairness(&self) -> Option<f64> {
        let members = self.sums.iter().map(|sums| sums.members).sum::<u64>() as usize;
        crate::stats::fairness(members, self.state.assigned as f64, self.state.assigned_squares as f64)
    }

    /// Load spikes that go on.
    #[must_use]
    pub fn spikes(&self) -> &[Spike] {
        &self.state.spikes
    }

    /// Whether every operation that was requested has ended or is on its way.
    #[must_use]
    pub fn conserves(&self) -> bool {
        let total = self.state.tally.total;
        total.requested == total.ended() + self.state.slab.len() as u64
    }

    /// The moment up to which everything has happened.
    #[must_use]
    pub fn clock(&self) -> Time {
        self.state.clock
    }

    /// Whether sources have begun to ask: before, there is nothing to derive.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.state.begun
    }

    /// Whether more than [`MOST_IN_A_TICK`] were to be asked for in the last tick.
    #[must_use]
    pub fn was_held_over(&self) -> bool {
        self.held_over
    }

    /// Takes what is to be told as events.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Notes every attempt from now on, for somebody who [takes](Operations::take_attempts) them in every tick. To be asked
    /// for again after a checkpoint was loaded.
    pub fn hear_attempts(&mut self) {
        self.heard = true;
    }

    /// Puts the attempts that ended since the last call into `into`, in the order in which they ended.
    pub fn take_attempts(&mut self, into: &mut Vec<Attempt>) {
        into.clear();
        std::mem::swap(into, &mut self.attempts);
    }

    /// The agents of which something has changed since they were last taken.
    pub(crate) fn touched(&self) -> &[u32] {
        &self.touched
    }

    /// Takes the agents of which something has changed.
    pub(crate) fn take_touched(&mut self) -> Vec<u32> {
        let mut touched = std::mem::take(&mut self.touched);
        for agent in &touched {
            // Who has left since may be forgotten.
            if let Some(server) = self.state.servers.get_mut(*agent) {
                server.set(crate::server::TOUCHED, false);
            }
        }
        touched.sort_unstable();
        touched
    }

    /// Gives the memory of a list back that [`Operations::take_touched`] gave.
    pub(crate) fn reuse(&mut self, mut touched: Vec<u32>) {
        touched.clear();
        if self.touched.is_empty() {
            self.touched = touched;
        }
    }

    fn touch(&mut self, agent: u32) {
        let server = &mut self.state.servers[agent];
        if !server.is(crate::server::TOUCHED) {
            server.set(crate::server::TOUCHED, true);
            self.touched.push(agent);
        }
    }

    /// The state as bytes.
    ///
    /// # Errors
    /// If a part of it has no binary form.
    pub fn save(&self) -> Result<Vec<u8>, String> {
        let pools = self.pools.iter().map(|pool| (&pool.key, pool.line, pool.cursor)).collect();
        to_bytes(&Saved { state: &self.state, pools })
    }

    /// Becomes what was saved. Pools hold nobody until the next [`Operations::hold_members`].
    ///
    /// # Errors
    /// If the bytes are no state.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        let Loaded { state, pools } = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        state.check(&pools)?;
        let mut loaded = Self { state, soonest: (NEVER, 0), ..Self::default() };
        loaded.pools = pools
            .into_iter()
            .map(|(key, line, cursor)| {
                let mut pool = Pool::new(key);
                (pool.line, pool.cursor) = (line, cursor);
                pool
            })
            .collect();
        loaded.index_pools();
        loaded.rewind_wheel();
        Ok(loaded)
    }

    /// Puts all events onto the wheel anew.
    fn rewind_wheel(&mut self) {
        self.wheel.clear();
        for (place, operation) in self.state.slab.iter() {
            if operation.is(crate::slab::HALTED) {
                self.wheel.insert(2 * place + 1, operation.deadline);
                continue;
            }
            self.wheel.insert(2 * place, operation.due);
            self.wheel.insert(2 * place + 1, operation.deadline);
        }
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.state.servers.bytes()
            + self.state.slab.bytes()
            + self.state.book.bytes()
            + self.wheel.bytes()
            + self.agenda.bytes()
            + self.further.values().map(|pools| pools.capacity() * 2 + 32).sum::<usize>()
            + self.pools.iter().map(Pool::bytes).sum::<usize>()
            + self.state.sources.iter().map(|source| source.tally.bytes() + size_of::<Source>()).sum::<usize>()
            + self.state.tally.bytes()
    }

    /// The moment at which tick `tick` begins.
    #[must_use]
    pub const fn begin_of(tick: u64) -> Time {
        tick.saturating_sub(1) << TICK_BITS
    }

    /// The moment at which tick `tick` ends.
    #[must_use]
    pub const fn end_of(tick: u64) -> Time {
        tick << TICK_BITS
    }

    fn now(&self) -> Time {
        self.state.clock
    }

    /// The tick that a moment lies in.
    fn tick_at(time: Time) -> u64 {
        time / PARTS + 1
    }

    fn weights(&self) -> &FitnessWeights {
        &self.settings.weights
    }
}

impl State {
    /// What was read from a checkpoint may be anything: places must exist, or later steps would look where nothing is.
    fn check(&self, pools: &[(PoolKey, List, u32)]) -> Result<(), String> {
        self.slab.check()?;
        self.book.check()?;
        let operation = |place: u32| place == NONE || (place as usize) < self.slab.places();
        let agent = |agent: u32| self.servers.get(agent).is_some();
        let operations = self.slab.iter().all(|(_, one)| {
            operation(one.next)
                && operation(one.previous)
                && usize::from(one.class) < self.classes.len()
                && (one.join == NONE || (one.join as usize) < self.joins.len())
                && (one.stage() != Stage::InLine || one.pool() < pools.len())
                && (matches!(one.stage(), Stage::Free | Stage::InLine | Stage::Backoff) || agent(one.agent))
        });
        let servers = self.servers.iter().all(|server| {
            operation(server.first_waiting) && operation(server.last_waiting) && operation(server.first_executing)
        });
        let lines = pools.iter().all(|(_, line, _)| operation(line.first) && operation(line.last));
        let free = |join: &u32| self.joins.get(*join as usize).is_some_and(Option::is_none);
        let joins = self.free_joins.iter().all(free) && self.joins.iter().flatten().all(|join| operation(join.parent));
        let tallies = self.tally.check() && self.sources.iter().all(|source| source.tally.check());
        if operations && servers && lines && joins && tallies {
            Ok(())
        } else {
            Err("operations refer to what isn't there".into())
        }
    }
}
