//! The kernel in the schedule: tables of agents in, velocities and positions out.

use agent2028_core::agent::{
    Agent, AgentGroups, AgentId, AgentIndex, Condition, MotionClaims, Position, SpawnBatch, Status, Velocity,
    fail_agents,
};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::space::{CellGrid, CellSort, CellSource, WorldBounds};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::BoidsConfig;
use crate::events::{FormationTold, PREY_CAUGHT, PreyCaught};
use crate::flock::{FlockKernel, Influences, Record};
use crate::formation::{Anchor, Formation, FormationChange, FormationConfig, Formations, Station};
use crate::influence::{Catch, Surroundings, find_hunters};
use crate::mover::{Mover, MoverRole, Movers};
use crate::obstacle_grid::ObstacleGrid;

/// What the section `boids` claims to move, for other plugins that move agents.
pub(crate) const SECTION: &str = "boids";

/// What flocking remembers from tick to tick, beside the agents themselves and the formations.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HuntRecord {
    /// How much prey was caught in the run.
    pub catches: u64,
}

/// Working memory of a tick. Nothing in it outlives the tick that wrote it.
#[derive(Resource, Default)]
pub(crate) struct Scratch {
    mover_of: Vec<u8>,
    vigour: Vec<f32>,
    health: Vec<f32>,
    steering: Vec<Vec2>,
    stations: Vec<Station>,
    hunters: CellSort<Record>,
    obstacles: ObstacleGrid,
    catches: Vec<Catch>,
    /// How many neighbours were perceived in this tick, and by how many agents.
    pub neighbours: (u64, usize),
    /// The sum of the distances of agents to their slots, and how many have a slot.
    pub formation_error: (f64, usize),
}

/// Forgets what was derived from a state that a checkpoint has replaced.
pub(crate) fn forget_derived(world: &mut World) {
    world.insert_resource(FlockKernel::default());
    world.insert_resource(Movers::default());
}

/// Keeps the section's working form up to date, and says which groups it moves.
pub(crate) fn derive_movers(
    config: Res<BoidsConfig>,
    groups: Res<AgentGroups>,
    clock: Res<SimClock>,
    mut claims: ResMut<MotionClaims>,
    mut movers: ResMut<Movers>,
) {
    let tick_changed = movers.dt != clock.dt();
    if !(movers.list.is_empty() || tick_changed || config.is_changed() || groups.is_changed() || claims.is_changed()) {
        return;
    }
    if config.is_changed() {
        let moved: Vec<String> = config.moved_groups().map(|(_, group)| group.to_owned()).collect();
        claims.bypass_change_detection().claim(SECTION, moved);
    }
    let claimed: Vec<&str> = claims.claimed_by_others(SECTION).collect();
    *movers = Movers::new(&config, &groups, &claimed, clock.tick_hz());
}

pub(crate) type FlockQuery<'w, 's> =
    Query<'w, 's, (&'static Agent, &'static Position, &'static Velocity, Option<&'static Condition>)>;

/// The agents of one table.
struct Table<'a> {
    movers: &'a Movers,
    agents: &'a [Agent],
    positions: &'a [Position],
    velocities: &'a [Velocity],
    conditions: Option<&'a [Condition]>,
}

impl CellSource<Record> for Table<'_> {
    fn len(&self) -> usize {
        self.agents.len()
    }

    #[inline(always)]
    fn item(&self, index: usize) -> Option<(AgentId, Record)> {
        let agent = self.agents[index].0;
        if !self.movers.moves_everybody() && self.movers.mover_of(agent).is_none() {
            return None;
        }
        let mut velocity = self.velocities[index].0;
        match self.conditions.map(|conditions| conditions[index].status) {
            // Nobody perceives it.
            Some(Status::Failed) => return None,
            // Seen where it stands, and as standing.
            Some(Status::Frozen) => velocity = Vec2::ZERO,
            Some(Status::Active) | None => {}
        }
        Some((agent, Record::new(self.positions[index].0, velocity)))
    }
}

/// Moves the formations' anchors and gives out their slots.
pub(crate) fn lead_formations(
    config: Res<BoidsConfig>,
    movers: Res<Movers>,
    bounds: Res<WorldBounds>,
    groups: Res<AgentGroups>,
    index: Res<AgentIndex>,
    agents: FlockQuery,
    mut formations: ResMut<Formations>,
    mut scratch: ResMut<Scratch>,
    mut bus: ResMut<EventBus>,
) {
    scratch.stations.clear();
    if config.formations.is_empty() && formations.0.is_empty() {
        return;
    }
    let known = std::mem::take(&mut formations.bypass_change_detection().0);
    let mut known: Vec<Option<Formation>> = known.into_iter().map(Some).collect();
    for wanted in &config.formations {
        let same = |formation: &&mut Option<Formation>| {
            formation.as_ref().is_some_and(|formation| formation.config().agents == wanted.agents)
        };
        let formation = known.iter_mut().find(same).and_then(Option::take);
        let mut drawn = draw_up(wanted, formation, &movers, &bounds, &groups, &index, &agents);
        if let Some(change) = drawn.formation.muster(&drawn.active, &bounds) {
            let told = FormationTold { agents: wanted.agents.clone(), change, members: drawn.active.len() as u32 };
            bus.publish(told.kind(), drawn.active.first().map(|(agent, _)| *agent), told);
        }
        drawn.formation.stations(&bounds, &mut scratch.stations);
        if !drawn.led {
            drawn.formation.advance(None, &bounds, movers.dt, movers.speed_unit);
        }
        formations.bypass_change_detection().0.push(drawn.formation);
    }
    for gone in known.into_iter().flatten().filter(Formation::is_formed) {
        let agents = gone.config().agents.clone();
        let told = FormationTold { agents, change: FormationChange::GivenUp, members: 0 };
        bus.publish(told.kind(), None, told);
    }
    scratch.stations.sort_unstable_by_key(|station| station.agent);
}

/// A formation about to give out its slots.
pub(crate) struct DrawnUp {
    pub formation: Formation,
    /// The active members in id order with their places.
    pub active: Vec<(AgentId, Vec2)>,
    /// Whether an agent leads it.
    pub led: bool,
}

/// Brings a formation (a new one, if it isn't known yet) in step with the scene and finds its leader and its members.
pub(crate) fn draw_up(
    wanted: &FormationConfig,
    known: Option<Formation>,
    movers: &Movers,
    bounds: &WorldBounds,
    groups: &AgentGroups,
    index: &AgentIndex,
    agents: &FlockQuery,
) -> DrawnUp {
    let mut formation = known.unwrap_or_else(|| Formation::new(wanted.clone()));
    formation.reconfigure(wanted);
    let leader = match &wanted.anchor {
        Anchor::Leader(group) => {
            first_active(groups, index, agents, group).map(|(_, record)| (record.position(), record.velocity()))
        }
        _ => None,
    };
    // Slots stand where the anchor is while agents choose, and move on as they do. A leader's place is known already.
    if leader.is_some() {
        formation.advance(leader, bounds, movers.dt, movers.speed_unit);
    }
    let active: Vec<(AgentId, Vec2)> = members(groups, index, &wanted.agents)
        .filter_map(|(agent, entity)| {
            let (_, position, _, condition) = agents.get(entity).ok()?;
            Condition::acts(condition).then_some((agent, position.0))
        })
        .collect();
    DrawnUp { formation, active, led: leader.is_some() }
}

/// The agents of a group that exist, in id order.
fn members<'a>(
    groups: &'a AgentGroups,
    index: &'a AgentIndex,
    group: &str,
) -> impl Iterator<Item = (AgentId, Entity)> + 'a {
    let group = groups.find(group);
    let ids = group.into_iter().flat_map(|group| groups.ranges_of(group)).flatten();
    ids.filter_map(|id| index.get(AgentId(id)).map(|entity| (AgentId(id), entity)))
}

pub(crate) fn first_active(
    groups: &AgentGroups,
    index: &AgentIndex,
    agents: &FlockQuery,
    group: &str,
) -> Option<(AgentId, Record)> {
    members(groups, index, group).find_map(|(agent, entity)| {
        let (_, position, velocity, condition) = agents.get(entity).ok()?;
        Condition::acts(condition).then(|| (agent, Record::new(position.0, velocity.0)))
    })
}

/// Sorts all who fly, so that each finds those near it.
pub(crate) fn perceive(
    movers: Res<Movers>,
    bounds: Res<WorldBounds>,
    index: Res<AgentIndex>,
    workers: Res<Workers>,
    agents: FlockQuery,
    mut flock: ResMut<FlockKernel>,
    mut scratch: ResMut<Scratch>,
) {
    let Ok(tables) = agents.contiguous_iter() else {
        return;
    };
    let mut degraded = false;
    let tables: Vec<Table> = tables
        .map(|(agents, positions, velocities, conditions)| {
            degraded |= conditions.is_some_and(|all| all.iter().any(|condition| condition.health < 1.0));
            Table { movers: &movers, agents, positions, velocities, conditions }
        })
        .collect();
    let grid = CellGrid::for_radius(*bounds, movers.cell_radius(&bounds, index.len()));
    flock.perceive(grid, &tables, &workers);

    let scratch = &mut *scratch;
    let ids = flock.perceived().ids();
    scratch.mover_of.clear();
    if movers.several() {
        scratch.mover_of.extend(ids.iter().map(|&id| movers.mover_of(id).unwrap_or(0)));
    }
    scratch.vigour.clear();
    if degraded {
        let first = flock.perceived().id_start();
        scratch.health.clear();
        scratch.health.resize((flock.perceived().id_end() - first) as usize, 1.0);
        for table in &tables {
            for (agent, condition) in table.agents.iter().zip(table.conditions.unwrap_or(&[])) {
                if let Some(health) = scratch.health.get_mut(agent.0.0.wrapping_sub(first) as usize) {
                    *health = condition.health.clamp(0.0, 1.0);
                }
            }
        }
        scratch.vigour.extend(ids.iter().map(|id| scratch.health[(id.0 - first) as usize]));
    }
}

/// Every agent chooses its next velocity.
pub(crate) fn decide(
    config: Res<BoidsConfig>,
    movers: Res<Movers>,
    bounds: Res<WorldBounds>,
    workers: Res<Workers>,
    dice: Res<SimRng>,
    clock: Res<SimClock>,
    groups: Res<AgentGroups>,
    index: Res<AgentIndex>,
    agents: FlockQuery,
    mut flock: ResMut<FlockKernel>,
    mut scratch: ResMut<Scratch>,
) {
    let scratch = &mut *scratch;
    scratch.catches.clear();
    if movers.influenced {
        find_hunters(&mut scratch.hunters, flock.perceived(), &movers.list, &scratch.mover_of, &workers);
        let lead = |mover: &Mover| {
            mover.leader.as_ref().and_then(|leader| first_active(&groups, &index, &agents, &leader.agents))
        };
        let leaders: Vec<Option<(AgentId, Record)>> = movers.list.iter().map(lead).collect();
        scratch.obstacles.fit(&config.obstacles, &config.obstacle_avoidance, &bounds);
        let surroundings = Surroundings {
            bounds: &bounds,
            dice: &dice,
            tick: clock.tick(),
            tick_hz: clock.tick_hz(),
            movers: &movers.list,
            mover_of: &scratch.mover_of,
            agents: flock.perceived(),
            obstacles: &scratch.obstacles,
            avoidance: config.obstacle_avoidance,
            hunters: &scratch.hunters,
            stations: &scratch.stations,
            leaders: &leaders,
            vigour: &scratch.vigour,
        };
        surroundings.steer(&mut scratch.steering, &workers);
        if !scratch.hunters.items().is_empty() {
            scratch.catches = surroundings.catches();
        }
        scratch.formation_error = formation_error(&surroundings);
    } else {
        scratch.formation_error = (0.0, 0);
    }
    let influences = Influences {
        steering: movers.influenced.then_some(scratch.steering.as_slice()),
        vigour: (!scratch.vigour.is_empty()).then_some(scratch.vigour.as_slice()),
    };
    let neighbours = flock.decide(&movers.model(&scratch.mover_of), &influences, &workers);
    scratch.neighbours = (neighbours, flock.perceived().items().len());
}

/// How far the agents that have a slot are from it, in all.
fn formation_error(surroundings: &Surroundings) -> (f64, usize) {
    if surroundings.stations.is_empty() {
        return (0.0, 0);
    }
    let (agents, bounds) = (surroundings.agents, surroundings.bounds);
    let mut error = (0.0, 0);
    for (agent, record) in agents.ids().iter().zip(agents.items()) {
        if let Ok(at) = surroundings.stations.binary_search_by_key(agent, |station| station.agent) {
            let offset = bounds.delta(record.position(), surroundings.stations[at].at);
            error = (error.0 + f64::from(offset.length()), error.1 + 1);
        }
    }
    error
}

/// Prey that was caught fails.
pub(crate) fn catch_prey(world: &mut World) {
    let catches = std::mem::take(&mut world.resource_mut::<Scratch>().catches);
    for caught in &catches {
        if fail_agents(world, &[caught.prey], u64::MAX) == 1 {
            world.resource_mut::<HuntRecord>().catches += 1;
            let name = world.resource::<AgentGroups>().name_of(caught.prey);
            let told = PreyCaught { prey: caught.prey, name };
            world.resource_mut::<EventBus>().publish(PREY_CAUGHT, Some(caught.predator), told);
        }
    }
}

/// Whether anybody was caught in this tick.
pub(crate) fn prey_is_caught(scratch: Res<Scratch>) -> bool {
    !scratch.catches.is_empty()
}

/// All who fly move by the velocity that they chose.
pub(crate) fn fly(
    movers: Res<Movers>,
    bounds: Res<WorldBounds>,
    workers: Res<Workers>,
    flock: Res<FlockKernel>,
    mut agents: Query<(&Agent, &mut Position, &mut Velocity, Option<&Condition>)>,
) {
    let Ok(tables) = agents.contiguous_iter_mut() else {
        return;
    };
    let integrator = Integrator { dt: movers.dt, half: bounds.half(), movers: &movers, bounds: &bounds, flock: &flock };
    for (agents, mut positions, mut velocities, conditions) in tables {
        crate::motion::in_chunks(&workers, &mut positions, &mut velocities, |first, positions, velocities| {
            let chunk = first..first + positions.len();
            match conditions {
                None if integrator.movers.moves_everybody() => {
                    for (agent, (position, velocity)) in
                        agents[chunk].iter().zip(positions.iter_mut().zip(velocities.iter_mut()))
                    {
                        integrator.travel(agent.0, position, velocity);
                    }
                }
                _ => {
                    let statuses = conditions.map(|conditions| &conditions[chunk.clone()]);
                    for (at, (agent, (position, velocity))) in
                        agents[chunk].iter().zip(positions.iter_mut().zip(velocities.iter_mut())).enumerate()
                    {
                        let status = statuses.map_or(Status::Active, |statuses| statuses[at].status);
                        integrator.travel_if_able(agent.0, status, position, velocity);
                    }
                }
            }
        });
    }
}

struct Integrator<'a> {
    dt: f32,
    half: Vec2,
    movers: &'a Movers,
    bounds: &'a WorldBounds,
    flock: &'a FlockKernel,
}

impl Integrator<'_> {
    #[inline(always)]
    fn travel(&self, agent: AgentId, position: &mut Position, velocity: &mut Velocity) {
        // Agents that joined since all decided go on as they are.
        let next = self.flock.decided(agent).unwrap_or(velocity.0);
        (position.0, velocity.0) = crate::motion::travel(self.bounds, self.half, position.0, next, next * self.dt);
    }

    fn travel_if_able(&self, agent: AgentId, status: Status, position: &mut Position, velocity: &mut Velocity) {
        if self.movers.mover_of(agent).is_none() {
            return;
        }
        match status {
            Status::Failed => {
                velocity.0 = Vec2::ZERO;
                self.flock.forget(agent);
            }
            // It keeps its velocity for when it thaws.
            Status::Frozen => {}
            Status::Active => self.travel(agent, position, velocity),
        }
    }
}

/// Gives newly spawned agents a velocity: a random direction, unless their group says otherwise.
pub(crate) fn set_off(world: &mut World, batch: &SpawnBatch) {
    let Some(config) = world.get_resource::<BoidsConfig>() else {
        return;
    };
    let claimed: Vec<&str> =
        world.get_resource::<MotionClaims>().into_iter().flat_map(|claims| claims.claimed_by_others(SECTION)).collect();
    let movers = Movers::new(config, world.resource::<AgentGroups>(), &claimed, world.resource::<SimClock>().tick_hz());
    let dice = *world.resource::<SimRng>();
    let purpose = Purpose::new("boids.heading");
    let courses: Vec<(Entity, Vec2)> = batch
        .iter()
        .enumerate()
        .filter(|(offset, _)| batch.velocity(*offset).is_none())
        .filter_map(|(_, (agent, entity))| {
            let mover = &movers.list[usize::from(movers.mover_of(agent)?)];
            let resting = matches!(mover.role, MoverRole::Formation { .. });
            (!resting).then(|| (entity, dice.stream(purpose, agent, 0).direction() * mover.initial_speed))
        })
        .collect();
    for (entity, course) in courses {
        if let Some(mut velocity) = world.get_mut::<Velocity>(entity) {
            velocity.0 = course;
        }
    }
}
