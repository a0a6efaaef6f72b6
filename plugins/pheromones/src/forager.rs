//! A forager: its state and how it decides where to turn.

use agent2028_core::agent::{Agent, AgentGroup, AgentGroups, AgentId, AgentIndex, Condition, Position, SpawnBatch};
use agent2028_core::check::{Range, Unit};
use agent2028_core::clock::SimClock;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use agent2028_core::space::WorldBounds;
use bevy::math::Rot2;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{PheromonesConfig, Steering};
use crate::corridors::OnCorridor;
use crate::field::PheromoneField;
use crate::plan::{ForagingPlan, GroupPlan};
use crate::sense::{Antennae, Turn, antenna_tips, sense, turn_towards, weighted_gradient, weighted_scent};
use crate::site::Sites;

/// What a forager is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub enum Activity {
    /// It waits in its nest.
    Rest,
    /// It looks for a resource, with no scent to follow.
    #[default]
    Explore,
    /// It follows scent.
    Follow,
    /// It brings a load home.
    Carry,
    /// It goes home empty-handed.
    Return,
}

impl Activity {
    /// Whether it is out looking.
    #[must_use]
    pub fn searches(self) -> bool {
        matches!(self, Self::Explore | Self::Follow)
    }

    /// Whether it is on its way home.
    #[must_use]
    pub fn homeward(self) -> bool {
        matches!(self, Self::Carry | Self::Return)
    }
}

/// What an agent of a foraging group carries in its head and hands.
#[derive(Component, Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Component)]
pub struct Forager {
    /// Which of the scene's `foraging` entries it belongs to.
    pub group: u16,
    /// Its nest.
    pub nest: u32,
    /// What it is doing.
    pub activity: Activity,
    /// Its load in units of food.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units of food"))]
    pub carried: f32,
    /// Where it heads, of length 1.
    pub heading: Vec2,
    /// Distance walked since it left the nest, in world units.
    #[reflect(@Range::new(0.0, 1e9), @Unit("units"))]
    pub walked: f32,
    /// Length of the shortest way from its nest to what it carries, in world units.
    #[reflect(@Range::new(0.0, 1e9), @Unit("units"))]
    pub shortest: f32,
    /// Seconds since it left the nest or the resource.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub since_s: f32,
    /// The tick in which its rest ends.
    #[reflect(@Unit("tick"))]
    pub rest_until: u64,
    /// Seconds for which it still follows the wall that it ran into.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub deflected_s: f32,
    /// Its place on the corridors, if it is confined to them.
    pub on: Option<OnCorridor>,
    /// Whether its failing has been marked.
    pub alarmed: bool,
}

/// The way a forager has come since it left its nest, if its group reinforces whole paths.
#[derive(Component, Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Component)]
pub struct PathMemory(pub Vec<Vec2>);

/// On scent, and homeward, headings waver this much of what exploring does.
const STEADINESS: f32 = 0.25;
/// How long a forager follows a wall that it ran into before it tries its own way again, in seconds.
const DEFLECTION_S: f32 = 1.0;

impl Forager {
    /// Sends it out of the nest, after a rest if its group rests.
    pub fn leave_nest(&mut self, plan: &GroupPlan, stream: &mut SimStream, clock: &SimClock) {
        self.walked = 0.0;
        self.since_s = 0.0;
        self.activity = Activity::Explore;
        if plan.settings.rest_s > 0.0 {
            let rest = stream.exponential();
            self.rest_until = clock.tick() + clock.ticks_in(f64::from(rest * plan.settings.rest_s));
            self.activity = Activity::Rest;
        }
    }

    /// Turns around.
    pub fn turn_back(&mut self) {
        self.heading = -self.heading;
        if let Some(on) = &mut self.on {
            on.onward = !on.onward;
        }
    }

    /// Follows a wall for a while.
    pub fn deflect(&mut self, along: Vec2) {
        self.heading = along;
        self.deflected_s = DEFLECTION_S;
    }
}

/// What foragers perceive.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The field.
    pub field: &'a PheromoneField,
    /// Nests and resources.
    pub sites: &'a Sites,
    /// Walls, corridors and groups.
    pub plan: &'a ForagingPlan,
    /// The world.
    pub bounds: &'a WorldBounds,
    /// The tick.
    pub tick: u64,
    /// Its length in seconds.
    pub dt: f32,
}

/// What a forager goes by in a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Cue {
    /// Nothing: it has no nest to go to, or its group doesn't forage.
    #[default]
    Nothing,
    /// It rests.
    Rest,
    /// The corridor that it is on.
    Corridor,
    /// The wall that it ran into.
    Wall,
    /// This resource, which it sees.
    Resource(usize),
    /// Scent, by which it turns.
    Scent,
    /// It smells nothing and explores.
    Chance,
    /// Its nest, which it sees or knows the way to.
    Nest,
    /// The scent that leads home.
    HomeScent,
    /// It should smell the way home, but doesn't.
    Lost,
}

/// What a forager smells in a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Smell {
    /// It doesn't smell.
    #[default]
    None,
    /// Weighted scent at the tips of its antennae, and how much more each counts for lying away from the nest.
    Antennae {
        /// The scent.
        smelled: Antennae,
        /// The factor on it.
        preference: Antennae,
        /// Where that turns it; nowhere if it is too faint to notice.
        turn: Option<Turn>,
    },
    /// Weighted scent where it stands, and the direction in which it rises.
    Gradient {
        /// The scent.
        scent: f32,
        /// The direction, of length 1, or zero where it is flat.
        slope: Vec2,
    },
}

/// What a decision was made by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thought {
    /// What it went by.
    pub cue: Cue,
    /// What it smelled.
    pub smell: Smell,
    /// Its heading after the cue and before chance; zero if it didn't choose one.
    pub heading: Vec2,
    /// How far chance turned it, in radians, to the left if positive.
    pub chance: f32,
}

/// One forager's decision: its activity and heading for this tick. Returns what made it so.
pub fn decide(forager: &mut Forager, position: Vec2, around: &Surroundings, stream: &mut SimStream) -> Thought {
    let Some(plan) = around.plan.groups.get(usize::from(forager.group)) else {
        return Thought::default();
    };
    if forager.activity == Activity::Rest {
        if around.tick < forager.rest_until {
            return Thought { cue: Cue::Rest, ..default() };
        }
        forager.activity = Activity::Explore;
        forager.since_s = 0.0;
    }
    forager.since_s += around.dt;
    let settings = &plan.settings;
    if forager.activity.searches() && settings.patience_s > 0.0 && forager.since_s > settings.patience_s {
        forager.activity = Activity::Return;
        forager.turn_back();
    }
    if forager.on.is_some() {
        // Confined foragers choose at forks, while they move.
        return Thought { cue: Cue::Corridor, ..default() };
    }
    let waver = stream.normal();
    let (cue, smell, chance) = if forager.deflected_s > 0.0 {
        forager.deflected_s -= around.dt;
        (Cue::Wall, Smell::None, Some(waver * plan.wander * STEADINESS))
    } else if forager.activity.homeward() {
        go_home(forager, position, plan, around, waver, stream)
    } else {
        search(forager, position, plan, around, waver, stream)
    };
    let heading = forager.heading;
    if let Some(chance) = chance {
        turn_by(forager, chance);
    }
    Thought { cue, smell, heading, chance: chance.unwrap_or(0.0) }
}

fn turn_by(forager: &mut Forager, angle: f32) {
    forager.heading = (Rot2::radians(angle) * forager.heading).normalize_or(Vec2::X);
}

/// Turns a forager that looks for food. Returns what it went by, what it smelled, and how far chance is to turn it, if
/// chance plays a part.
fn search(
    forager: &mut Forager,
    position: Vec2,
    plan: &GroupPlan,
    around: &Surroundings,
    waver: f32,
    stream: &mut SimStream,
) -> (Cue, Smell, Option<f32>) {
    let seen = around.sites.nearest_source(position, plan.settings.sight, 0.0, around.bounds);
    if let Some((source, away)) = seen
        && around.plan.walls.sees(position, position + away)
    {
        forager.heading = turn_towards(forager.heading, away, plan.turn);
        return (Cue::Resource(source), Smell::None, None);
    }
    let nest = around.sites.nests.get(forager.nest as usize);
    let outward = nest.map_or(Vec2::ZERO, |nest| around.bounds.delta(nest.position, position).normalize_or_zero());
    let (followed, smell) = if plan.attractions.is_empty() {
        (false, Smell::None)
    } else {
        match plan.settings.steering {
            Steering::Antennae => follow_antennae(forager, position, plan, around, outward, stream),
            Steering::Gradient => {
                let slope = weighted_gradient(around.field, &plan.attractions, position);
                let scent = weighted_scent(around.field, &plan.attractions, position);
                let felt = slope != Vec2::ZERO && scent.abs() >= plan.settings.sensitivity;
                if felt {
                    let wished = slope + outward * plan.settings.outward;
                    forager.heading = turn_towards(forager.heading, wished, plan.turn);
                }
                (felt, Smell::Gradient { scent, slope })
            }
        }
    };
    forager.activity = if followed { Activity::Follow } else { Activity::Explore };
    let cue = if followed { Cue::Scent } else { Cue::Chance };
    (cue, smell, Some(waver * plan.wander * if followed { STEADINESS } else { 1.0 }))
}

/// Turns by what the antennae smell. Returns whether they smell anything, and what.
fn follow_antennae(
    forager: &mut Forager,
    position: Vec2,
    plan: &GroupPlan,
    around: &Surroundings,
    outward: Vec2,
    stream: &mut SimStream,
) -> (bool, Smell) {
    let tips = antenna_tips(forager.heading, plan.settings.sensor_distance, plan.antenna);
    let smelled = sense(around.field, &around.plan.walls, &plan.attractions, position, tips);
    // What draws draws more if it lies away from the nest; what repels repels from every side.
    let preference = |tip: Vec2, smell: f32| {
        if smell > 0.0 { 1.0 + plan.settings.outward * outward.dot(tip.normalize_or_zero()) } else { 1.0 }
    };
    let preference = Antennae {
        left: preference(tips[0], smelled.left),
        ahead: preference(tips[1], smelled.ahead),
        right: preference(tips[2], smelled.right),
    };
    if smelled.strongest() < plan.settings.sensitivity {
        return (false, Smell::Antennae { smelled, preference, turn: None });
    }
    let turn = smelled.scaled(preference.left, preference.ahead, preference.right).turn();
    turn_by_smell(forager, turn, plan.turn, stream);
    (true, Smell::Antennae { smelled, preference, turn: Some(turn) })
}

fn turn_by_smell(forager: &mut Forager, turn: Turn, most: f32, stream: &mut SimStream) {
    match turn {
        Turn::Straight => {}
        Turn::Left => turn_by(forager, most),
        Turn::Right => turn_by(forager, -most),
        Turn::Either => turn_by(forager, if stream.unit() < 0.5 { most } else { -most }),
    }
}

/// Turns a forager that goes home. Returns what it went by, what it smelled, and how far chance is to turn it, if
/// chance plays a part.
fn go_home(
    forager: &mut Forager,
    position: Vec2,
    plan: &GroupPlan,
    around: &Surroundings,
    waver: f32,
    stream: &mut SimStream,
) -> (Cue, Smell, Option<f32>) {
    let Some(nest) = around.sites.nests.get(forager.nest as usize) else {
        return (Cue::Nothing, Smell::None, None);
    };
    let away = around.bounds.delta(position, nest.position);
    let in_sight = away.length() <= plan.settings.sight + nest.radius;
    if in_sight || plan.homing.is_empty() {
        forager.heading = turn_towards(forager.heading, away, plan.turn);
        let chance = (!in_sight).then_some(waver * plan.wander * STEADINESS);
        return (Cue::Nest, Smell::None, chance);
    }
    let tips = antenna_tips(forager.heading, plan.settings.sensor_distance, plan.antenna);
    let smelled = sense(around.field, &around.plan.walls, &plan.homing, position, tips);
    let lost = smelled.strongest() < plan.settings.sensitivity;
    let turn = smelled.turn();
    turn_by_smell(forager, turn, plan.turn, stream);
    let preference = Antennae { left: 1.0, ahead: 1.0, right: 1.0 };
    let smell = Smell::Antennae { smelled, preference, turn: Some(turn) };
    let cue = if lost { Cue::Lost } else { Cue::HomeScent };
    (cue, smell, Some(waver * plan.wander * if lost { 1.0 } else { STEADINESS }))
}

/// All foragers decide, each for itself.
pub fn decide_foragers(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    workers: Res<Workers>,
    bounds: Res<WorldBounds>,
    field: Res<PheromoneField>,
    sites: Res<Sites>,
    plan: Res<ForagingPlan>,
    mut foragers: Query<(&Agent, &Position, Option<&Condition>, &mut Forager)>,
) {
    let around =
        Surroundings { field: &field, sites: &sites, plan: &plan, bounds: &bounds, tick: clock.tick(), dt: clock.dt() };
    let mut rows: Vec<_> = foragers.iter_mut().filter(|(_, _, condition, _)| Condition::acts(*condition)).collect();
    // Every forager writes only itself and draws from its own stream, so their order does not matter.
    workers.for_each_chunk_mut(&mut rows, 256, |_, rows| {
        for (agent, position, _, forager) in rows {
            let mut stream = dice.stream(DECIDE, agent.0, around.tick);
            decide(forager, position.0, &around, &mut stream);
        }
    });
}

pub(crate) const DECIDE: Purpose = Purpose::new("pheromones.decide");
const START: Purpose = Purpose::new("pheromones.start");

/// Makes foragers of freshly spawned agents whose group forages.
pub fn equip_foragers(world: &mut World, batch: &SpawnBatch) {
    let Some(config) = world.get_resource::<PheromonesConfig>() else {
        return;
    };
    let groups = world.resource::<AgentGroups>();
    let name = groups.get(batch.group).map(|group| group.name.as_str());
    let Some(index) = config.foraging.iter().position(|foraging| Some(foraging.agents.as_str()) == name) else {
        return;
    };
    let plan =
        ForagingPlan::derive(config, world.resource::<PheromoneField>(), groups, world.resource::<SimClock>().dt());
    for (agent, entity) in batch.iter() {
        equip(world, &plan, index, agent, entity);
    }
}

/// Whether the groups of a world bring foragers into it.
pub(crate) fn forages(world: &World, group: &AgentGroup) -> bool {
    let config = world.get_resource::<PheromonesConfig>();
    config.is_some_and(|config| config.foraging.iter().any(|foraging| foraging.agents == group.name))
}

fn equip(world: &mut World, plan: &ForagingPlan, index: usize, agent: AgentId, entity: Entity) {
    let Some(position) = world.get::<Position>(entity).copied() else { return };
    let forager = new_forager(
        index,
        agent,
        position.0,
        plan,
        world.resource::<Sites>(),
        world.resource::<WorldBounds>(),
        world.resource::<SimRng>(),
        world.resource::<SimClock>(),
    );
    let on = forager.on;
    let mut entity = world.entity_mut(entity);
    entity.insert(forager);
    if let Some(on) = on {
        entity.insert(Position(plan.corridors.point(on)));
    }
    if plan.groups[index].reinforcer.is_some() {
        entity.insert(PathMemory::default());
    }
}

/// Whether foragers may have fallen out of step with the section.
pub fn section_changed(config: Res<PheromonesConfig>) -> bool {
    config.is_changed()
}

/// Foragers that were put somewhere else go on from there: those that are confined to corridors on the nearest one.
pub(crate) fn find_ground(world: &mut World, _: &[AgentId]) {
    keep_in_step(world);
}

/// Brings foragers in step with a section that was changed while they forage: agents of groups that forage now become
/// foragers, corridors that were moved take theirs with them, and whole paths are remembered if they are to be marked.
/// Foragers that are in step already stay as they are to the bit, so going on from a checkpoint changes nothing.
pub fn keep_in_step(world: &mut World) {
    world.resource_scope(|world, plan: Mut<ForagingPlan>| {
        let tolerance = world.resource::<PheromonesConfig>().cell_size * 0.1;
        let groups = world.resource::<AgentGroups>();
        let members: Vec<(usize, AgentId)> = plan
            .groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| Some((index, group.group?)))
            .flat_map(|(index, group)| groups.ranges_of(group).flatten().map(move |id| (index, AgentId(id))))
            .collect();
        for (index, agent) in members {
            let Some(entity) = world.resource::<AgentIndex>().get(agent) else { continue };
            let Some(position) = world.get::<Position>(entity).map(|position| position.0) else { continue };
            let group = &plan.groups[index];
            let Some(mut forager) = world.get_mut::<Forager>(entity) else {
                equip(world, &plan, index, agent, entity);
                continue;
            };
            if usize::from(forager.group) != index {
                forager.group = index as u16;
            }
            let astray = forager.on.is_some_and(|on| plan.corridors.point(on).distance(position) > tolerance);
            if group.settings.confined != forager.on.is_some() || astray {
                let onward = forager.on.is_none_or(|on| on.onward);
                let on = if group.settings.confined { plan.corridors.nearest(position) } else { None };
                let on = on.map(|on| OnCorridor { onward, ..on });
                forager.on = on;
                if let Some(on) = on {
                    world.entity_mut(entity).insert(Position(plan.corridors.point(on)));
                }
            }
            if group.reinforcer.is_some() && !world.entity(entity).contains::<PathMemory>() {
                world.entity_mut(entity).insert(PathMemory::default());
            }
        }
    });
}

fn new_forager(
    index: usize,
    agent: AgentId,
    position: Vec2,
    plan: &ForagingPlan,
    sites: &Sites,
    bounds: &WorldBounds,
    dice: &SimRng,
    clock: &SimClock,
) -> Forager {
    let group = &plan.groups[index];
    let mut stream = dice.stream(START, agent, clock.tick());
    let named = group.settings.nest.as_ref().and_then(|name| sites.nests.iter().position(|nest| nest.name == *name));
    let nest = named.or_else(|| sites.nearest_nest(position, bounds)).unwrap_or(0);
    let mut forager = Forager {
        group: index as u16,
        nest: nest as u32,
        activity: Activity::Explore,
        carried: 0.0,
        heading: stream.direction(),
        walked: 0.0,
        shortest: 0.0,
        since_s: 0.0,
        rest_until: 0,
        deflected_s: 0.0,
        on: None,
        alarmed: false,
    };
    if group.settings.confined {
        forager.on = plan.corridors.nearest(position).map(|mut on| {
            on.onward = stream.unit() < 0.5;
            if plan.corridors.to_end(on) <= 0.0 {
                on.onward = !on.onward;
            }
            on
        });
    }
    forager.leave_nest(group, &mut stream, clock);
    forager
}
