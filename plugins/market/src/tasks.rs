//! The task market: tasks are put up, auctioned, travelled to, worked on and paid.
//!
//! | module | what it holds |
//! |---|---|
//! | [`task`], [`worker`], [`state`] | tasks, those who bid, and how auctions stand |
//! | [`table`] | tasks from CSV files |
//! | `post`, `invite`, `nearest` | putting up tasks, asking bidders, finding those nearby |
//! | [`rule`], `clear`, [`contract_nets`] | the rules of auctioneers, how auctions end, contract nets over the network |
//! | `work` | travel, work and pay |
//! | [`attack`], [`interventions`] | attacks that go on, and how they begin |
//! | `audit` | what must hold in every tick |
//! | [`probe`] | what lies would have gained |
//! | `observe` | metrics |

pub mod attack;
mod audit;
mod clear;
pub mod contract_nets;
mod ground;
pub mod interventions;
mod invite;
mod nearest;
mod observe;
mod post;
pub mod probe;
mod quantities;
pub mod rule;
pub mod state;
pub mod table;
pub mod task;
mod work;
pub mod worker;

pub use ground::TaskTables;
pub use state::TaskAuctions;

use agent2028_core::agent::{
    Agent, AgentGroups, AgentId, AgentIndex, CapabilityRegistry, Carriers, Condition, MotionClaims, Position, Velocity,
};
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::metrics::Metrics;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::rng::SimRng;
use agent2028_core::space::WorldBounds;
use agent2028_core::{After, Before, SimSchedule, SimSystems};
use agent2028_trust::score::Outcome;
use agent2028_trust::trust::Observation;
use agent2028_trust::{Trust, TrustConfig};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use crate::accounts::AccountId;
use crate::config::{BidPolicy, MarketConfig};
use crate::money::Treasury;
use crate::{MarketPlugin, Part};

use contract_nets::Post;
use ground::{Circles, Ground, People};
use invite::Crowd;
use nearest::Nearest;
use work::{Doing, Steered, Turns};
use worker::{INACTIVE, PRESENT};

/// Adds the task market to an app.
pub(crate) fn build(plugin: &MarketPlugin, app: &mut App) {
    let Some(config) = &plugin.config.tasks else { return };
    let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
    let ids = observe::TaskMetrics::declare(config, &mut metrics);
    // An auctioneer may have another rule later: whoever might announce by letter has a carrier.
    let by_letter = config.auctioneers.iter().any(|auctioneer| !auctioneer.clients.is_empty());
    let carriers = app.world().get_resource::<Carriers>().copied().filter(|_| by_letter);
    let carrier = carriers.map(|carriers| carriers.0(app.world_mut(), "market.contract"));
    let has_places = config
        .sources
        .iter()
        .any(|source| source.place.is_some() || matches!(source.arrivals, crate::config::Arrivals::Csv(_)));
    if has_places {
        agent2028_core::require_motion(app);
    }
    app.insert_resource(ids)
        .insert_resource(plugin.tables.clone())
        .insert_resource(Post(carrier))
        .init_resource::<TaskAuctions>()
        .init_resource::<Circles>()
        .init_resource::<Steered>()
        .init_resource::<MotionClaims>()
        .init_resource::<Space>()
        .checkpoint_custom("market.tasks", true, save, load)
        .after_checkpoint_load(derive);
    let groups = app.world().get_resource::<AgentGroups>().cloned().unwrap_or_default();
    let mut claims = app.world_mut().resource_mut::<MotionClaims>();
    work::claim(config, &groups, &mut claims, &mut Steered::default());
    app.report_memory("agent2028_market", "tasks and those who bid for them", |world| {
        world.get_resource::<TaskAuctions>().map_or(0, TaskAuctions::bytes)
            + world.get_resource::<Space>().map_or(0, Space::bytes)
    });
    quantities::register(app);
    app.add_systems(SimSchedule, muster.in_set(Part::Tasks.of(Before(SimSystems::Perceive))))
        .add_systems(SimSchedule, put_up.in_set(Part::Tasks.of(SimSystems::Decide)))
        .add_systems(SimSchedule, converse.run_if(letters_are_due).in_set(Part::Tasks.of(SimSystems::Act)))
        .add_systems(SimSchedule, (clear_auctions, go_on).chain().in_set(Part::Tasks.of(SimSystems::Settle)))
        .add_systems(SimSchedule, tell.in_set(Part::Tasks.of(After(SimSystems::Settle))))
        .add_systems(SimSchedule, observe::observe.in_set(Part::Tasks.of(SimSystems::Observe)));
}

/// Agents by place. Derived anew when it is needed.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Space {
    nearest: Nearest,
    /// Where each agent is, by id.
    places: Vec<Vec2>,
    /// Those that have room for a task, by id, and where they are.
    free: Vec<(u32, Vec2)>,
}

impl Space {
    fn bytes(&self) -> usize {
        self.nearest.bytes() + self.places.capacity() * 8 + self.free.capacity() * size_of::<(u32, Vec2)>()
    }
}

/// What all systems of the task market look at.
#[derive(SystemParam)]
struct Surroundings<'w> {
    config: Res<'w, MarketConfig>,
    circles: Res<'w, Circles>,
    tables: Res<'w, TaskTables>,
    names: Res<'w, CapabilityRegistry>,
    bounds: Res<'w, WorldBounds>,
    dice: Res<'w, SimRng>,
    clock: Res<'w, SimClock>,
    index: Res<'w, AgentIndex>,
}

impl Surroundings<'_> {
    fn ground<'a>(&'a self, trust: Option<&'a Trust>) -> Option<Ground<'a>> {
        let around = (&*self.bounds, &*self.dice, &*self.clock);
        let config = self.config.tasks.as_ref()?;
        Some(Ground::new(config, &self.circles, &self.tables, &self.names, around, trust))
    }
}

/// Takes note of agents that came, left or failed, and of a changed section.
fn muster(
    around: (Res<MarketConfig>, Res<TaskTables>, Res<CapabilityRegistry>, Res<WorldBounds>, Res<SimRng>, Res<SimClock>),
    (groups, index): (Res<AgentGroups>, Res<AgentIndex>),
    conditions: Query<(&Agent, &Condition), Changed<Condition>>,
    (mut circles, mut claims, mut steered): (ResMut<Circles>, ResMut<MotionClaims>, ResMut<Steered>),
    (mut state, mut treasury): (ResMut<TaskAuctions>, ResMut<Treasury>),
) {
    let (section, tables, names, bounds, dice, clock) = around;
    let Some(config) = &section.tasks else { return };
    let state = &mut *state;
    circles.look(config, &groups, &index, &names, section.is_changed() || groups.is_changed());
    if section.is_changed() || claims.is_changed() || steered.0.len() != config.bidders.len() {
        // Whoever moves agents looks again only if something has changed.
        if work::claim(config, &groups, claims.bypass_change_detection(), &mut steered) {
            claims.set_changed();
        }
    }
    let ground = Ground::new(config, &circles, &tables, &names, (&bounds, &dice, &clock), None);
    state.begin(&ground, &mut treasury);
    if section.is_changed() {
        state.readmit(&ground);
    }
    state.enrol(&ground, &groups, &index);
    state.end_campaigns(ground.tick);
    // Who is gone is nobody's worker any more.
    if state.present != index.len() {
        let there = state.workers.agents().filter(|(_, worker)| worker.is(PRESENT));
        let gone: Vec<u32> =
            there.map(|(agent, _)| agent).filter(|agent| index.get(*agent).is_none()).map(|agent| agent.0).collect();
        state.learners.retain(|(_, learner), _| gone.binary_search(learner).is_err());
        for agent in gone {
            state.set_flag(&ground, agent, PRESENT, false);
            state.give_up_all(&ground, &mut treasury, agent);
        }
        state.workers.retain(|_, worker| worker.is(PRESENT));
        state.present = index.len();
    }
    let mut changed: Vec<(AgentId, bool)> =
        conditions.iter().map(|(agent, condition)| (agent.0, !Condition::acts(Some(condition)))).collect();
    changed.sort_unstable();
    for (agent, inactive) in changed {
        state.set_flag(&ground, agent.0, INACTIVE, inactive);
        let failed = inactive && conditions_failed(&conditions, &index, agent);
        if failed {
            state.give_up_all(&ground, &mut treasury, agent.0);
        }
    }
}

/// Whether an agent has failed, and is not only frozen.
fn conditions_failed(
    conditions: &Query<(&Agent, &Condition), Changed<Condition>>,
    index: &AgentIndex,
    agent: AgentId,
) -> bool {
    let condition = index.get(agent).and_then(|entity| conditions.get(entity).ok());
    condition.is_some_and(|(_, condition)| !Condition::perceived(Some(condition)))
}

impl TaskAuctions {
    /// The first thing that is done: auctioneers get their funds.
    fn begin(&mut self, ground: &Ground<'_>, treasury: &mut Treasury) {
        for number in self.auctioneers.len()..ground.config.auctioneers.len() {
            let mut state = state::AuctioneerState::default();
            let auctioneer = &ground.config.auctioneers[number];
            if auctioneer.clients.is_empty() {
                state.fund = treasury.accounts_mut().open_fund();
                // Budgets are bounded together.
                let _ = treasury.accounts_mut().issue(state.fund, auctioneer.budget);
            }
            self.auctioneers.push(state);
        }
        // Whose clients have been taken away while it runs pays from a fund with nothing in it: no money comes from nowhere.
        for (state, auctioneer) in self.auctioneers.iter_mut().zip(&ground.config.auctioneers) {
            if auctioneer.clients.is_empty() && state.fund == AccountId::MINT {
                state.fund = treasury.accounts_mut().open_fund();
            }
        }
        let groups = ground.config.bidders.len().max(self.free.len());
        self.free.resize_with(groups, Vec::new);
    }

    /// Takes those who have come among the workers.
    fn enrol(&mut self, ground: &Ground<'_>, groups: &AgentGroups, index: &AgentIndex) {
        let next = index.next_id().0;
        if self.welcomed >= next {
            return;
        }
        let mut coming: Vec<(u32, u32, u32, f32)> = Vec::new();
        for (number, bidders) in ground.config.bidders.iter().enumerate() {
            let Some(group) = groups.find(&bidders.group) else { continue };
            let reliability = groups.get(group).map_or(1.0, |group| group.reliability);
            let members = groups.ranges_of(group).flatten().zip(0..);
            let new = members.filter(|(agent, _)| *agent >= self.welcomed && index.get(AgentId(*agent)).is_some());
            coming.extend(new.map(|(agent, rank)| (agent, number as u32, rank, reliability)));
        }
        coming.sort_unstable_by_key(|(agent, ..)| *agent);
        self.workers.enter_all(coming.iter().map(|(agent, ..)| AgentId(*agent)));
        for (agent, group, rank, reliability) in coming {
            if let Some(worker) = self.workers.get_mut(AgentId(agent)) {
                (worker.group, worker.rank, worker.reliability) = (group, rank, reliability);
                worker.set(PRESENT, true);
            }
            let bidders = &ground.config.bidders[group as usize];
            self.set_free(agent, bidders.capacity);
        }
        self.welcomed = next;
        self.mark_attackers();
        self.present = index.len();
    }

    /// Whoever bids goes by the section as it is now.
    fn readmit(&mut self, ground: &Ground<'_>) {
        let agents: Vec<(u32, u32)> = self.workers.agents().map(|(agent, worker)| (agent.0, worker.group)).collect();
        let workers = &self.workers;
        let learns = |agent: u32| {
            let group = workers.get(AgentId(agent)).and_then(|worker| ground.config.bidders.get(worker.group as usize));
            group.is_some_and(|group| group.policy == BidPolicy::Learning)
        };
        self.learners.retain(|(_, agent), _| learns(*agent));
        for (agent, group) in agents {
            let bidders = ground.config.bidders.get(group as usize);
            self.set_free(agent, bidders.map_or(0, |bidders| bidders.capacity));
        }
    }

    fn set_flag(&mut self, ground: &Ground<'_>, agent: u32, flag: u32, on: bool) {
        let Some(worker) = self.workers.get_mut(AgentId(agent)) else { return };
        worker.set(flag, on);
        let capacity = ground.config.bidders.get(worker.group as usize).map_or(0, |group| group.capacity);
        self.set_free(agent, capacity);
    }
}

/// Puts up tasks, and asks for bids.
fn put_up(
    around: Surroundings,
    trust: Option<Res<Trust>>,
    treasury: Res<Treasury>,
    people: People,
    (mut state, mut space): (ResMut<TaskAuctions>, ResMut<Space>),
) {
    let Some(ground) = around.ground(trust.as_deref()) else { return };
    let state = &mut *state;
    post::put_up(state, &ground);
    if !state.to_open.is_empty() {
        let crowd = Crowd { people: &people, index: &around.index, treasury: &treasury };
        invite::open_all(state, &ground, &crowd, &mut space);
    }
}

fn letters_are_due(state: Res<TaskAuctions>) -> bool {
    !state.nets.is_empty()
}

/// Managers and contractors write to each other.
fn converse(world: &mut World) {
    let post = world.resource::<Post>().0.clone();
    let arrived = post.as_ref().map_or_else(Vec::new, |carrier| carrier.arrived(world));
    let letters = world.resource_scope(|world, mut state: Mut<TaskAuctions>| {
        world.resource_scope(|world, mut treasury: Mut<Treasury>| {
            let config = world.resource::<MarketConfig>();
            let Some(config) = &config.tasks else { return Vec::new() };
            let around = (world.resource(), world.resource(), world.resource());
            let ground = Ground::new(config, world.resource(), world.resource(), world.resource(), around, None);
            state.converse(&ground, &mut treasury, &arrived)
        })
    });
    match &post {
        Some(carrier) => {
            let moment = agent2028_core::time::end_of(world.resource::<SimClock>().tick());
            contract_nets::send(world, carrier, moment, letters);
        }
        None => world.resource_mut::<TaskAuctions>().keep(letters),
    }
}

/// Auctions whose time has come are cleared.
fn clear_auctions(around: Surroundings, mut state: ResMut<TaskAuctions>, mut treasury: ResMut<Treasury>) {
    let Some(ground) = around.ground(None) else { return };
    state.clear_due(&ground, &mut treasury);
}

/// Those who have tasks go on with them.
fn go_on(
    around: Surroundings,
    steered: Res<Steered>,
    mut state: ResMut<TaskAuctions>,
    mut treasury: ResMut<Treasury>,
    mut agents: Query<(&Agent, &mut Position, Option<&mut Velocity>)>,
) {
    let Some(ground) = around.ground(None) else { return };
    let state = &mut *state;
    let mut turns = Turns::default();
    for (agent, mut position, velocity) in &mut agents {
        let (doing, group) = state.look(&ground, &mut turns, agent.0, position.0);
        if doing != Doing::Nothing {
            let steered = steered.0.get(group).copied().unwrap_or(false);
            work::carry_out(doing, steered, &ground, &mut position, velocity);
        }
    }
    state.work(&ground, &mut treasury, turns);
}

/// Tells what happened, and lets clients rate who worked for them.
fn tell(
    clock: Res<SimClock>,
    mut state: ResMut<TaskAuctions>,
    mut bus: ResMut<EventBus>,
    trust: Option<ResMut<Trust>>,
    config: Option<Res<TrustConfig>>,
) {
    for (agent, told) in std::mem::take(&mut state.told) {
        bus.publish(told.kind(), agent, told);
    }
    let ratings = std::mem::take(&mut state.ratings);
    if let (Some(mut trust), Some(config)) = (trust, config) {
        for (rater, subject, done) in ratings.into_iter().filter(|(rater, ..)| *rater != task::NONE) {
            let said = if done { Outcome::Success } else { Outcome::Failure };
            let tick = clock.tick();
            trust.hear(Observation { tick, rater, subject, said, command: None, honest: true }, &config);
        }
    }
}

fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<TaskAuctions>().map_or(Ok(Vec::new()), TaskAuctions::save)
}

fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let state = TaskAuctions::load(bytes)?;
    world.insert_resource(state);
    Ok(())
}

/// Works out anew what isn't saved.
fn derive(world: &mut World) {
    world.insert_resource(Circles::default());
    world.insert_resource(Steered::default());
}
