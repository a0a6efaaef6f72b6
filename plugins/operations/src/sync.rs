//! Where the engine meets the world: what it takes over from agents' components, and what it writes to them.

use agent2028_core::agent::{
    Agent, AgentGroups, AgentId, AgentIndex, Capabilities, CapabilityIndex, CapabilityRegistry, Condition, Regions,
    RoutingWeights, ServiceRecord, Status, Tier,
};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::rng::SimRng;
use bevy::ecs::system::{RunSystemOnce, SystemParam};
use bevy::prelude::*;

use crate::config::OperationsConfig;
use crate::engine::{Ground, MOST_IN_A_TICK, Operations};
use crate::server::{IN_SWARM, PRESENT, Server};
use crate::service::Files;
use crate::strategy::StrategyWeights;
use crate::time::Rate;

/// What the engine needs from the world.
#[derive(SystemParam)]
pub(crate) struct Surroundings<'w> {
    config: Res<'w, OperationsConfig>,
    files: Res<'w, Files>,
    dice: Res<'w, SimRng>,
    clock: Res<'w, SimClock>,
    registry: Res<'w, CapabilityRegistry>,
    holders: Res<'w, CapabilityIndex>,
    groups: Res<'w, AgentGroups>,
    weights: Res<'w, RoutingWeights>,
    regions: Res<'w, Regions>,
}

impl Surroundings<'_> {
    fn with<R>(&self, work: impl FnOnce(&Ground) -> R) -> R {
        let (registry, holders, groups) = (&self.registry, &self.holders, &self.groups);
        let (weights, regions) = (&self.weights, &self.regions);
        on_ground(&self.config, &self.files, &self.dice, &self.clock, registry, holders, groups, weights, regions, work)
    }
}

fn on_ground<R>(
    config: &OperationsConfig,
    files: &Files,
    dice: &SimRng,
    clock: &SimClock,
    registry: &CapabilityRegistry,
    holders: &CapabilityIndex,
    groups: &AgentGroups,
    weights: &RoutingWeights,
    regions: &Regions,
    work: impl FnOnce(&Ground) -> R,
) -> R {
    let holders = |name: &str| -> Vec<u32> {
        let id = registry.find(name);
        id.map_or_else(Vec::new, |id| holders.agents_with_any(&[id]).into_iter().map(|agent| agent.0).collect())
    };
    let group = |name: &str| -> Vec<(u32, u32)> {
        let group = groups.find(name);
        group.map_or_else(Vec::new, |group| groups.ranges_of(group).map(|range| (range.start, range.end)).collect())
    };
    let way_ms = |asker: &str, agent: u32| {
        let group = groups.group_of(AgentId(agent)).and_then(|group| groups.groups().get(usize::from(group.0)));
        let home = group.and_then(|group| regions.find(&group.region));
        2.0 * regions.latency_ms(regions.find(asker), home)
    };
    let (dice, rate) = (*dice, Rate::of(clock));
    let weights = StrategyWeights::of(weights);
    work(&Ground { config, files, dice, rate, holders: &holders, group: &group, way_ms: &way_ms, weights })
}

/// Does something with operations and what they need from the world: for interventions and for plugins that act on them
/// (isolating an agent, asking why one was chosen). Agents that came in this tick are known to it. Nothing is done in a world
/// without operations.
pub fn with_ground<R>(world: &mut World, work: impl FnOnce(&mut Operations, &Ground) -> R) -> Option<R> {
    let known = *world.get_resource::<Known>()?;
    if known != Known::of(world.resource()) || !world.get_resource::<Operations>()?.has_begun() {
        world.run_system_once(take_over).ok()?;
    }
    let done = on_operations(world, work)?;
    world.resource_scope(|world, operations: Mut<Operations>| tell_claims(world, &operations));
    Some(done)
}

/// What agents claim from now on stands in their records at once: later in the tick, what stands there is taken over.
fn tell_claims(world: &mut World, operations: &Operations) {
    for &agent in operations.touched() {
        let claimed = operations.server(AgentId(agent)).map(|server| server.claimed_reliability);
        let entity = world.get_resource::<AgentIndex>().and_then(|index| index.get(AgentId(agent)));
        if let (Some(claimed), Some(entity)) = (claimed, entity)
            && let Some(mut record) = world.get_mut::<ServiceRecord>(entity)
        {
            record.bypass_change_detection().reported_reliability = claimed;
        }
    }
}

fn on_operations<R>(world: &mut World, work: impl FnOnce(&mut Operations, &Ground) -> R) -> Option<R> {
    if !world.contains_resource::<Operations>() {
        return None;
    }
    Some(
        world.resource_scope(|world, mut operations: Mut<Operations>| {
            look(world, |ground| work(&mut operations, ground))
        }),
    )
}

/// Lets `work` see what operations need from the world.
pub(crate) fn look<R>(world: &World, work: impl FnOnce(&Ground) -> R) -> R {
    on_ground(
        world.resource(),
        world.resource(),
        world.resource(),
        world.resource(),
        world.resource(),
        world.resource(),
        world.resource(),
        world.resource(),
        world.resource(),
        work,
    )
}

/// How many agents there were, and which id was next, when agents were last counted. Derived: zeros make them be counted.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    agents: usize,
    next: u32,
}

impl Known {
    fn of(index: &AgentIndex) -> Self {
        Self { agents: index.len(), next: index.next_id().0 }
    }
}

/// Takes note of agents that came, left, failed or changed, and of a changed section.
pub(crate) fn take_over(
    around: Surroundings,
    index: Res<AgentIndex>,
    mut known: ResMut<Known>,
    mut operations: ResMut<Operations>,
    changed: Query<
        (&Agent, Ref<ServiceRecord>, Option<Ref<Capabilities>>),
        Or<(Changed<ServiceRecord>, Changed<Capabilities>)>,
    >,
    conditions: Query<(&Agent, &Condition), Changed<Condition>>,
) {
    let operations = &mut *operations;
    around.with(|ground| {
        let begun = operations.has_begun();
        let mut anew = !begun || around.config.is_changed() || around.regions.is_changed();
        let counted = Known::of(&index);
        if *known != counted {
            *known = counted;
            anew = true;
            let there = operations.servers().agents().filter(|(_, server)| server.is(PRESENT));
            let gone: Vec<AgentId> =
                there.map(|(agent, _)| agent).filter(|agent| index.get(*agent).is_none()).collect();
            gone.into_iter().for_each(|agent| operations.dismiss(ground, agent));
        }
        // The query's order depends on history; ids don't.
        let mut changes: Vec<(AgentId, ServiceRecord, bool)> = changed
            .iter()
            .map(|(agent, record, set)| (agent.0, *record, set.is_some_and(|set| set.is_changed())))
            .collect();
        changes.sort_unstable_by_key(|change| change.0);
        for (agent, record, other_set) in changes {
            anew |= other_set;
            match operations.server(agent) {
                None => {
                    operations.enrol(agent, newcomer(&around.groups, agent, &record));
                    anew = true;
                }
                Some(server) if differs(server, &record) => {
                    operations.update(ground, agent, |server| adopt(server, &record));
                }
                Some(_) => {}
            }
        }
        let mut conditions: Vec<(AgentId, Condition)> =
            conditions.iter().map(|(agent, condition)| (agent.0, *condition)).collect();
        conditions.sort_unstable_by_key(|condition| condition.0);
        for (agent, condition) in conditions {
            let health = condition.health.clamp(0.0, 1.0);
            if operations.server(agent).is_some_and(|server| server.health != health) {
                operations.update(ground, agent, |server| server.health = health);
            }
            operations.set_frozen(ground, agent, condition.status == Status::Frozen);
            operations.set_failed(ground, agent, condition.status == Status::Failed);
        }
        if anew {
            operations.adapt(ground);
            operations.hold_members(ground);
        }
        if around.weights.is_changed() {
            operations.rank_anew(ground);
        }
    });
}

/// An agent that can work from now on.
fn newcomer(groups: &AgentGroups, agent: AgentId, record: &ServiceRecord) -> Server {
    let group = groups.group_of(agent).and_then(|group| groups.get(group));
    let swarm = group.is_some_and(|group| group.tier == Tier::Swarm);
    Server {
        flags: PRESENT | if swarm { IN_SWARM } else { 0 },
        latency_ms: record.latency_ms.max(0.0),
        delay_ms: record.latency_ms.max(0.0),
        reliability: record.reliability,
        truth: record.reliability,
        claimed_reliability: record.reported_reliability,
        concurrency: record.max_concurrency.max(1),
        last_seen: record.last_seen,
        ..Server::default()
    }
}

/// Whether somebody else than operations has written to a record.
fn differs(server: &Server, record: &ServiceRecord) -> bool {
    server.latency_ms != record.latency_ms
        || server.reliability != record.reliability
        || server.claimed_reliability != record.reported_reliability
        || server.concurrency != record.max_concurrency
}

/// What somebody else wrote to a record becomes true of the agent: a reliability is how reliable it is from now on, a latency
/// is by how much each of its operations takes longer.
fn adopt(server: &mut Server, record: &ServiceRecord) {
    if record.latency_ms.is_finite() && server.latency_ms != record.latency_ms {
        server.latency_ms = record.latency_ms.max(0.0);
        server.delay_ms = server.latency_ms;
    }
    if record.reliability.is_finite() && server.reliability != record.reliability {
        server.reliability = record.reliability.clamp(0.0, 1.0);
        server.truth = server.reliability;
    }
    if record.reported_reliability.is_finite() {
        server.claimed_reliability = record.reported_reliability.clamp(0.0, 1.0);
    }
    server.concurrency = record.max_concurrency.max(1);
}

/// A tick of work.
pub(crate) fn work(around: Surroundings, mut operations: ResMut<Operations>) {
    let tick = around.clock.tick();
    around.with(|ground| operations.run_tick(ground, tick));
}

/// Tells what happened.
pub(crate) fn tell(mut operations: ResMut<Operations>, mut bus: ResMut<EventBus>) {
    for (agent, told) in operations.take_notices() {
        bus.publish(told.kind(), agent, told);
    }
    if operations.was_held_over() {
        LimitReached::new("operations asked for within a tick", MOST_IN_A_TICK, "the others wait for the next tick")
            .tell(&mut bus);
    }
}

/// Writes what was observed of agents to their records.
pub(crate) fn write_back(
    index: Res<AgentIndex>,
    mut operations: ResMut<Operations>,
    mut records: Query<&mut ServiceRecord>,
) {
    let touched = operations.take_touched();
    for &agent in &touched {
        let Some(entity) = index.get(AgentId(agent)) else { continue };
        let (Some(server), Ok(mut record)) = (operations.server(AgentId(agent)), records.get_mut(entity)) else {
            continue;
        };
        // What operations write themselves they needn't take over in the next tick.
        *record.bypass_change_detection() = ServiceRecord {
            latency_ms: server.latency_ms,
            reliability: server.reliability,
            reported_reliability: server.claimed_reliability,
            current_load: server.load(),
            max_concurrency: server.concurrency,
            last_seen: server.last_seen,
        };
    }
    operations.reuse(touched);
}

pub(crate) fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<Operations>().map_or(Ok(Vec::new()), Operations::save)
}

pub(crate) fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let operations = Operations::load(bytes)?;
    world.insert_resource(operations);
    Ok(())
}

/// Works out anew what isn't saved.
pub(crate) fn derive(world: &mut World) {
    world.insert_resource(Known::default());
    on_operations(world, |operations, ground| {
        if operations.has_begun() {
            operations.adapt(ground);
            operations.hold_members(ground);
        }
    });
}
